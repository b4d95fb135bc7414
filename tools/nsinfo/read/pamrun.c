/* SPDX-License-Identifier: MIT */

#include "read/pamrun.h"

#include <security/pam_modules.h>
#include <stddef.h>
#include <string.h>

/* The lines that a jump of COUNT from I passes over; a substack counts as one with its head. */
static size_t jump(const struct pamconf *conf, size_t i, int count, int *left)
{
	int level = conf->lines[i].level;

	while (i + 1 < conf->count && conf->lines[i + 1].level >= level && count > 0) {
		do
			i++;
		while (i + 1 < conf->count && conf->lines[i + 1].level > level);
		count--;
	}
	*left = count;
	return i;
}

/* The last line of the substack that I is in: what is decided there holds for it alone. */
static size_t end_of_stack(const struct pamconf *conf, size_t i)
{
	int level = conf->lines[i].level;

	while (i + 1 < conf->count && conf->lines[i + 1].level >= level)
		i++;
	return i;
}

static void take_good(struct pamrun_verdict *state, int result)
{
	if (state->impression == PAMRUN_UNDECIDED ||
		(state->impression == PAMRUN_POSITIVE && state->status == PAM_SUCCESS)) {
		state->impression = PAMRUN_POSITIVE;
		state->status = result;
	}
}

static void take_bad(struct pamrun_verdict *state, int result)
{
	if (state->impression != PAMRUN_NEGATIVE) {
		state->impression = PAMRUN_NEGATIVE;
		state->status = result == PAM_IGNORE ? PAM_PERM_DENIED : result;
	}
}

/* Returns the line after which it goes on. */
static size_t take(const struct pamconf *conf, size_t i, int result, struct pamrun_verdict *now,
	const struct pamrun_verdict *before)
{
	int action = conf->lines[i].actions[result], left;

	switch (action) {
	case PAMCONTROL_IGNORE:
		return i;
	case PAMCONTROL_RESET:
		*now = *before;
		return i;
	case PAMCONTROL_OK:
		take_good(now, result);
		return i;
	case PAMCONTROL_DONE:
		take_good(now, result);
		return now->impression == PAMRUN_POSITIVE ? end_of_stack(conf, i) : i;
	case PAMCONTROL_BAD:
		take_bad(now, result);
		return i;
	case PAMCONTROL_DIE:
		take_bad(now, result);
		return end_of_stack(conf, i);
	default:
		i = jump(conf, i, action, &left);
		if (left > 0)
			*now = (struct pamrun_verdict){PAMRUN_NEGATIVE, PAM_PERM_DENIED};
		return i;
	}
}

void pamrun_start(struct pamrun_state *state)
{
	memset(state, 0, sizeof(*state));    /* so that states can be compared by their bytes */
	state->now.status = PAM_PERM_DENIED; /* libpam's PAM_MUST_FAIL_CODE */
	state->before[0] = state->now;
}

size_t pamrun_step(const struct pamconf *conf, size_t i, int result, struct pamrun_state *state)
{
	const struct pamconf_line *line = &conf->lines[i];

	if (line->level > state->level)
		state->before[line->level] = state->now;
	state->level = line->level;
	if (line->kind != PAMCONF_SUBSTACK)
		i = take(conf, i, result, &state->now, &state->before[line->level]);
	return i + 1;
}

int pamrun_end(const struct pamrun_state *state)
{
	if (state->now.status == PAM_SUCCESS && state->now.impression != PAMRUN_POSITIVE)
		return PAM_PERM_DENIED;
	return state->now.status;
}

int pamrun_result(const struct pamconf *conf, const int *results, bool *reached)
{
	struct pamrun_state state;

	for (size_t i = 0; reached && i < conf->count; i++)
		reached[i] = false;
	pamrun_start(&state);
	for (size_t i = 0; i < conf->count;) {
		if (reached && conf->lines[i].kind != PAMCONF_SUBSTACK)
			reached[i] = true;
		i = pamrun_step(conf, i, results[i], &state);
	}
	return pamrun_end(&state);
}
