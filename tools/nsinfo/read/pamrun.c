/* SPDX-License-Identifier: MIT */

#include "read/pamrun.h"

#include <security/pam_modules.h>
#include <stddef.h>

enum impression { UNDECIDED, POSITIVE, NEGATIVE };

struct state {
	enum impression impression;
	int status;
};

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

static void take_good(struct state *state, int result)
{
	if (state->impression == UNDECIDED ||
		(state->impression == POSITIVE && state->status == PAM_SUCCESS)) {
		state->impression = POSITIVE;
		state->status = result;
	}
}

static void take_bad(struct state *state, int result)
{
	if (state->impression != NEGATIVE) {
		state->impression = NEGATIVE;
		state->status = result == PAM_IGNORE ? PAM_PERM_DENIED : result;
	}
}

/* Returns the line after which it goes on. */
static size_t take(const struct pamconf *conf, size_t i, int result, struct state *state,
	const struct state *before)
{
	int action = conf->lines[i].actions[result], left;

	switch (action) {
	case PAMCONTROL_IGNORE:
		return i;
	case PAMCONTROL_RESET:
		*state = *before;
		return i;
	case PAMCONTROL_OK:
		take_good(state, result);
		return i;
	case PAMCONTROL_DONE:
		take_good(state, result);
		return state->impression == POSITIVE ? end_of_stack(conf, i) : i;
	case PAMCONTROL_BAD:
		take_bad(state, result);
		return i;
	case PAMCONTROL_DIE:
		take_bad(state, result);
		return end_of_stack(conf, i);
	default:
		i = jump(conf, i, action, &left);
		if (left > 0)
			*state = (struct state){NEGATIVE, PAM_PERM_DENIED};
		return i;
	}
}

int pamrun_result(const struct pamconf *conf, const int *results, bool *reached)
{
	struct state state = {UNDECIDED, PAM_PERM_DENIED}; /* libpam's PAM_MUST_FAIL_CODE */
	struct state before[PAMCONF_INCLUDES_MAX + 2] = {state};
	int level = 0;

	for (size_t i = 0; reached && i < conf->count; i++)
		reached[i] = false;
	for (size_t i = 0; i < conf->count; i++) {
		const struct pamconf_line *line = &conf->lines[i];

		if (line->level > level)
			before[line->level] = state;
		level = line->level;
		if (line->kind == PAMCONF_SUBSTACK)
			continue;
		if (reached)
			reached[i] = true;
		i = take(conf, i, results[i], &state, &before[level]);
	}
	if (state.status == PAM_SUCCESS && state.impression != POSITIVE)
		return PAM_PERM_DENIED;
	return state.status;
}
