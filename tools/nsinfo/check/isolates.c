/* SPDX-License-Identifier: MIT */

/* nsinfo check: does each login through a stack open a session, or else is refused? */

#include <security/pam_modules.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "check/stack.h"

/* --- lines and modules that libpam cannot use --- */

/* Is a login refused, and by line I among others? */
static bool refuses(struct stack *s, size_t i)
{
	int action = s->conf.lines[i].actions[s->results[i]];

	return !stack_lets_in(s) && s->reached[i] &&
	       (action == PAMCONTROL_BAD || action == PAMCONTROL_DIE);
}

static void add_broken(struct stack *s, size_t i, const char *consequence)
{
	findings_add(s->findings, FINDING_PROBLEM, s->service, "correct the line: see pam.conf(5)",
		"%s:%u: libpam cannot use this line, and takes it for a module that fails%s",
		s->conf.lines[i].file, s->conf.lines[i].number, consequence);
}

/* What comes of it that the module of line I cannot be loaded. */
static void add_fault(struct stack *s, size_t i)
{
	const struct pamconf_line *line = &s->conf.lines[i];
	bool refused = refuses(s, i), open = !s->works && stack_is_bypassed(s);

	if (!refused && !open && line->silent)
		return;
	findings_add(s->findings, refused || open ? FINDING_PROBLEM : FINDING_NOTE, s->service,
		stack_is_ours(line) ? "install pam_unshare, or take its line out"
		: pamconf_is(line, "pam_unshare")
			? "write pam_unshare.so"
			: "install what has this module, or take the line out",
		"libpam cannot load %s (%s:%u): %s; %s", line->module, line->file, line->number,
		s->faults[i],
		refused                       ? "every login is refused, root's too"
		: open && stack_is_ours(line) ? "logins are let in, and not isolated"
					      : "the stack goes on without it");
}

bool stack_is_usable(struct stack *s)
{
	bool usable = true;

	for (size_t i = 0; i < s->conf.count; i++) {
		if (s->conf.lines[i].kind == PAMCONF_BROKEN)
			add_broken(
				s, i, refuses(s, i) ? ": every login is refused, root's too" : "");
		else if (s->faults[i])
			add_fault(s, i);
		else
			continue;
		usable &= !refuses(s, i);
	}
	return usable;
}

/* --- what passes ours by --- */

static const char *name_of(const struct pamconf_line *line)
{
	return line->kind == PAMCONF_MODULE ? line->module : "a line that libpam cannot use";
}

/* The line that decided: the last that was called before ours. -1 if there is none. */
static long last_reached(const struct stack *s)
{
	long last = -1;

	for (size_t i = 0; i < s->ours; i++)
		if (s->reached[i] && s->conf.lines[i].kind != PAMCONF_SUBSTACK)
			last = (long)i;
	return last;
}

/* Does this action leave it to the next line what happens? */
static bool goes_on(int action)
{
	return action == PAMCONTROL_IGNORE || action == PAMCONTROL_OK || action == PAMCONTROL_BAD ||
	       action == PAMCONTROL_RESET;
}

/* "it", or "then pam_x.so (FILE:LINE)": what passes ours by if line I returns CODE. */
static char *what_decides(const struct stack *s, size_t i, int code, bool *jump)
{
	long last = last_reached(s);
	const struct pamconf_line *line;

	*jump = s->conf.lines[i].actions[code] > 0;
	if (!goes_on(s->conf.lines[i].actions[code]) || last < 0)
		return string_copy("it");
	line = &s->conf.lines[last];
	*jump = line->actions[s->results[last]] > 0;
	return string_format("then %s (%s:%u)", name_of(line), line->file, line->number);
}

/*
 * After a run in which line I has returned CODE. A jump is a condition that somebody meant, unless
 * it is always taken; an end of the stack before ours is a mistake.
 */
static void add_bypass(struct stack *s, size_t i, int code, bool always)
{
	const struct pamconf_line *line = &s->conf.lines[i];
	bool jump = false;
	_cleanup_free_ char *decides = what_decides(s, i, code, &jump), *remedy = NULL;

	if (stack_is_ours(line))
		remedy = string_format(
			"write \"required\" in the place of \"%s\" there", line->control);
	else if (!jump || always)
		remedy = string_format(
			"correct %s:%u, or move it behind pam_unshare", line->file, line->number);
	findings_add(s->findings, jump && !always ? FINDING_NOTE : FINDING_PROBLEM, s->service,
		remedy, "not isolated if %s (%s:%u, %s) returns %s: %s %s%s", name_of(line),
		line->file, line->number, line->control, pamcontrol_code_name(code), decides,
		jump ? "jumps over pam_unshare" : "ends the stack before pam_unshare",
		code == PAM_SESSION_ERR && !jump ? ", and sudo goes on in spite of it" : "");
}

/* Does another result of line I lead to ours, or to a later line that passes it by? -1: none. */
static int find_other_result(struct stack *s, size_t i)
{
	int usual = s->results[i], found = -1;

	for (int code = PAM_SUCCESS; !s->fixed[i] && code < PAMCONTROL_CODES; code++) {
		s->results[i] = code;
		if (stack_is_bypassed(s) ? found == -1 && last_reached(s) > (long)i
					 : stack_lets_in(s))
			found = code;
	}
	s->results[i] = usual;
	return found;
}

/*
 * If every module succeeds, is ours called? Each line that prevents it is named, and then taken
 * to return something else. Returns false if ours is never called.
 */
static bool find_usual_results(struct stack *s)
{
	for (size_t tries = 0; stack_is_bypassed(s); tries++) {
		long i = last_reached(s);
		int other;

		if (i < 0 || tries > s->conf.count) {
			findings_add(s->findings, FINDING_PROBLEM, s->service,
				"write the session stack in a simpler way",
				"not isolated: no way through the stack leads to pam_unshare");
			return false;
		}
		other = find_other_result(s, (size_t)i);
		stack_run(s); /* what was tried is not what is */
		add_bypass(s, (size_t)i, s->results[i], other == -1);
		s->told[i] |= 1U << s->results[i];
		if (other == -1)
			return false;
		s->results[i] = other;
	}
	return true;
}

/* The line is there twice, and the first is passed by: it is the second that counts. */
static void take_reached(struct stack *s)
{
	stack_run(s);
	while (s->ours + 1 < s->conf.count &&
		!(stack_opens(&s->conf.lines[s->ours]) && s->reached[s->ours] &&
			s->results[s->ours] == PAM_SUCCESS))
		s->ours++;
}

/* Does a single other result of one line before ours let the login get in past it? */
static void check_bypasses(struct stack *s)
{
	for (size_t i = 0; i < s->ours; i++) {
		int usual = s->results[i];

		if (s->conf.lines[i].kind != PAMCONF_MODULE || s->fixed[i] ||
			stack_is_ours(&s->conf.lines[i]))
			continue;
		for (int code = PAM_SUCCESS; code < PAMCONTROL_CODES; code++) {
			s->results[i] = code;
			if (code == usual || !stack_is_bypassed(s))
				continue;
			if (!s->told[i])
				add_bypass(s, i, code, false);
			s->told[i] |= 1U << code;
		}
		s->results[i] = usual;
	}
}

/* "pam_x.so (FILE:LINE) returns CODE and ...": what stack_find_way() found. The caller frees. */
static char *describe_way(const struct stack *s)
{
	char *way = NULL;

	for (size_t i = 0; i < s->conf.count; i++) {
		const struct pamconf_line *line = &s->conf.lines[i];

		if (s->taken[i] < 0 || s->fixed[i] || stack_is_ours(line) ||
			(s->taken[i] == s->results[i] && line->actions[s->taken[i]] <= 0))
			continue;
		string_add(&way, " and ", "%s (%s:%u) returns %s", line->module, line->file,
			line->number, pamcontrol_code_name(s->taken[i]));
	}
	return way ? way : string_copy("the other modules return what they usually do");
}

/* And several together? That is rare, or meant. */
static void check_ways_past(struct stack *s)
{
	_cleanup_free_ char *way = NULL;

	if (!stack_find_way(s, false))
		return;
	way = describe_way(s);
	findings_add(s->findings, FINDING_NOTE, s->service,
		"if that is not meant, correct these lines",
		"several results together pass pam_unshare by: %s", way);
}

/* --- who gets in --- */

/*
 * The line that refuses with these results: the first that fails, or the last, if it jumps too far.
 * -1 if there is none: no line counts as a success.
 */
static long find_refusal(const struct stack *s)
{
	long found = -1;

	for (size_t i = 0; i < s->conf.count; i++) {
		const struct pamconf_line *line = &s->conf.lines[i];
		int action = line->actions[s->results[i]];

		if (!s->reached[i])
			continue;
		if (line->kind == PAMCONF_BROKEN || action == PAMCONTROL_BAD ||
			action == PAMCONTROL_DIE)
			return (long)i;
		found = action > 0 ? (long)i : -1;
	}
	return found;
}

/* A line whose success refuses is a condition that somebody meant, if another result does not. */
static bool take_other_result(struct stack *s, size_t i)
{
	const struct pamconf_line *line = &s->conf.lines[i];
	int usual = line->actions[s->results[i]];

	if (line->kind != PAMCONF_MODULE || s->fixed[i] || stack_is_ours(line))
		return false;
	for (int code = PAM_SUCCESS; code < PAMCONTROL_CODES; code++) {
		int action = line->actions[code];

		if (action == usual || action == PAMCONTROL_BAD || action == PAMCONTROL_DIE)
			continue;
		findings_add(s->findings, FINDING_NOTE, s->service, NULL,
			"refused if %s (%s:%u) returns %s", line->module, line->file, line->number,
			pamcontrol_code_name(s->results[i]));
		s->results[i] = code;
		return true;
	}
	return false;
}

/* I is find_refusal()'s. */
static void add_refusal(struct stack *s, long i)
{
	const struct pamconf_line *line = &s->conf.lines[i < 0 ? 0 : i];

	if (i < 0)
		findings_add(s->findings, FINDING_PROBLEM, s->service,
			"correct the stack: see pam.conf(5)",
			"every login is refused, root's too: no line of the stack counts as a "
			"success");
	else if (line->kind == PAMCONF_BROKEN)
		add_broken(s, (size_t)i, ": every login is refused, root's too");
	else
		findings_add(s->findings, FINDING_PROBLEM, s->service,
			"correct that line: see pam.conf(5)",
			"every login is refused, root's too: if %s (%s:%u, %s) returns %s, %s",
			line->module, line->file, line->number, line->control,
			pamcontrol_code_name(s->results[i]),
			line->actions[s->results[i]] > 0 ? "it jumps past the end of the stack"
							 : "libpam takes that for a failure");
}

bool stack_anybody_gets_in(struct stack *s)
{
	for (size_t tries = 0; !stack_lets_in(s); tries++) {
		long i = find_refusal(s);

		if (i >= 0 && tries <= s->conf.count && take_other_result(s, (size_t)i))
			continue;
		add_refusal(s, i);
		return false;
	}
	return true;
}

/* --- what comes of a failure --- */

/* Does a login get in if every line of ours that opens returns CODE? */
static bool lets_in_with(struct stack *s, int code)
{
	bool result;

	for (size_t i = 0; i < s->conf.count; i++)
		if (stack_opens(&s->conf.lines[i]))
			s->results[i] = code;
	result = stack_lets_in(s);
	for (size_t i = 0; i < s->conf.count; i++)
		if (stack_opens(&s->conf.lines[i]))
			s->results[i] = PAM_SUCCESS;
	return result;
}

static void check_failure(struct stack *s)
{
	const struct pamconf_line *line = &s->conf.lines[s->ours];

	if (lets_in_with(s, PAM_SYSTEM_ERR))
		findings_add(s->findings, FINDING_PROBLEM, s->service,
			"write \"session required pam_unshare.so\"",
			"a failure to isolate lets the login through: the control is \"%s\" "
			"(%s:%u)",
			line->control, line->file, line->number);
	else if (lets_in_with(s, PAM_MODULE_UNKNOWN))
		findings_add(s->findings, FINDING_WARNING, s->service,
			"leave module_unknown out of the control",
			"without the file of the module the login is let through, not isolated "
			"(%s:%u)",
			line->file, line->number);
}

/* Does what other modules return undo a failure of ours? "reset" and "done" in a substack may. */
static void check_ways_of_failure(struct stack *s)
{
	_cleanup_free_ char *way = NULL;

	if (!stack_find_way(s, true))
		return;
	way = describe_way(s);
	findings_add(s->findings, FINDING_WARNING, s->service,
		"correct these lines: see pam.conf(5)",
		"a failure to isolate lets the login through if %s", way);
}

/*
 * libpam keeps the first failure. So in sudo, which goes on after PAM_SESSION_ERR, a failure of
 * ours counts for nothing beside such a one.
 */
static void check_two_failures(struct stack *s)
{
	_cleanup_free_ char *lines = string_copy("");

	for (size_t i = 0; i < s->conf.count; i++) {
		const struct pamconf_line *line = &s->conf.lines[i];
		int usual = s->results[i];
		bool gets_in;

		if (line->kind != PAMCONF_MODULE || s->fixed[i] || stack_is_ours(line))
			continue;
		s->results[i] = PAM_SESSION_ERR;
		gets_in = !stack_is_bypassed(s) && lets_in_with(s, PAM_SYSTEM_ERR);
		s->results[i] = usual;
		if (gets_in)
			string_add(
				&lines, ", ", "%s (%s:%u)", line->module, line->file, line->number);
	}
	if (*lines)
		findings_add(s->findings, FINDING_NOTE, s->service,
			"if the file is sudo's alone, write \"[success=ok ignore=ignore "
			"session_err=ignore default=bad]\" in the place of \"required\": sudo "
			"ignores this failure in any case",
			"if one of these fails with session_err, and pam_unshare fails, too, then "
			"sudo goes on, not isolated: %s",
			lines);
}

void check_isolates(struct stack *s)
{
	if (!stack_is_usable(s) || (s->works && !find_usual_results(s)) ||
		!stack_anybody_gets_in(s))
		return;
	if (!s->works) {
		findings_add(s->findings, FINDING_PROBLEM, s->service,
			"install pam_unshare, or take its line out",
			"not isolated: libpam cannot load %s (%s:%u)",
			s->conf.lines[s->ours].module, s->conf.lines[s->ours].file,
			s->conf.lines[s->ours].number);
		return;
	}
	if (stack_is_bypassed(s)) { /* by what was taken to let somebody in */
		add_bypass(s, (size_t)last_reached(s), s->results[last_reached(s)], false);
		return;
	}
	take_reached(s);
	check_bypasses(s);
	check_ways_past(s);
	check_failure(s);
	if (lets_in_with(s, PAM_SYSTEM_ERR))
		return;
	if (stack_ignores_session_err(s))
		check_two_failures(s);
	else
		check_ways_of_failure(s);
}
