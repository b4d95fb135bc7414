/* SPDX-License-Identifier: MIT */

/*
 * nsinfo check: all ways through a stack, whatever its modules return. There are many, but few
 * states: what libpam knows at a line. So each state is entered once.
 */

#include <security/pam_modules.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "check/stack.h"
#include "read/pamrun.h"

/* Where a way is. */
struct point {
	size_t line;
	bool failed; /* a line of ours has been called, and has failed */
	struct pamrun_state state;
};

struct walk {
	struct stack *s;
	bool failing; /* our lines are reached, and fail; else no way may come to one */
	struct point *entered;
	size_t count;
};

static bool is_same(const struct point *a, const struct point *b)
{
	return a->line == b->line && a->failed == b->failed &&
	       memcmp(&a->state, &b->state, sizeof(a->state)) == 0;
}

static bool enter(struct walk *walk, const struct point *point)
{
	for (size_t i = 0; i < walk->count; i++)
		if (is_same(&walk->entered[i], point))
			return false;
	walk->entered = memory_grow(walk->entered, walk->count, sizeof(*walk->entered));
	walk->entered[walk->count++] = *point;
	return true;
}

/* Codes with the same action differ if they are what pam_open_session(3) may return. */
static bool is_like(const struct pamconf_line *line, int a, int b)
{
	bool told = a == PAM_SUCCESS || b == PAM_SUCCESS || a == PAM_SESSION_ERR ||
		    b == PAM_SESSION_ERR || a == PAM_IGNORE || b == PAM_IGNORE;

	return line->actions[a] == line->actions[b] && !told;
}

static bool is_first_of_its_kind(const struct pamconf_line *line, int code)
{
	for (int before = 0; before < code; before++)
		if (is_like(line, before, code))
			return false;
	return true;
}

static bool go_on(struct walk *walk, const struct point *point);

static bool try_code(struct walk *walk, const struct point *point, int code, bool failed)
{
	struct point next = *point;

	next.failed |= failed;
	next.line = pamrun_step(&walk->s->conf, point->line, code, &next.state);
	walk->s->taken[point->line] = code;
	if (go_on(walk, &next))
		return true;
	walk->s->taken[point->line] = -1;
	return false;
}

static bool try_all_codes(struct walk *walk, const struct point *point)
{
	const struct stack *s = walk->s;
	const struct pamconf_line *line = &s->conf.lines[point->line];
	int usual = s->results[point->line];
	uint32_t told = s->told[point->line];

	if (!(told & 1U << usual) && try_code(walk, point, usual, false))
		return true;
	for (int code = 0; code < PAMCONTROL_CODES; code++)
		if (code != usual && !(told & 1U << code) && is_first_of_its_kind(line, code) &&
			try_code(walk, point, code, false))
			return true;
	return false;
}

/* Does a way lead from here to a login that gets in without a session? It is in taken then. */
static bool go_on(struct walk *walk, const struct point *point)
{
	const struct stack *s = walk->s;
	const struct pamconf_line *line = &s->conf.lines[point->line];

	if (point->line == s->conf.count)
		return point->failed == walk->failing &&
		       stack_result_lets_in(s, pamrun_end(&point->state));
	if (!enter(walk, point))
		return false;
	if (stack_opens(line) && !s->faults[point->line])
		return walk->failing && try_code(walk, point, PAM_SYSTEM_ERR, true);
	if (s->fixed[point->line] || stack_is_ours(line))
		return try_code(walk, point, s->results[point->line], false);
	return try_all_codes(walk, point);
}

bool stack_find_way(struct stack *s, bool failing)
{
	struct walk walk = {.s = s, .failing = failing};
	struct point start = {.line = 0};
	bool found;

	for (size_t i = 0; i < s->conf.count; i++)
		s->taken[i] = -1;
	pamrun_start(&start.state);
	found = go_on(&walk, &start);
	free(walk.entered);
	return found;
}
