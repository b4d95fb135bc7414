/* SPDX-License-Identifier: MIT */

#include "check/stack.h"

#include <security/pam_modules.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "check/check.h"
#include "check/modules.h"
#include "read/pamrun.h"

bool stack_is_ours(const struct pamconf_line *line)
{
	return pamconf_is(line, CHECK_MODULE);
}

bool stack_opens(const struct pamconf_line *line)
{
	return stack_is_ours(line) && !pamconf_has_argument(line, "close");
}

static void take_usual_result(struct stack *s, size_t i)
{
	const struct pamconf_line *line = &s->conf.lines[i];

	s->fixed[i] = line->kind != PAMCONF_MODULE;
	if (line->kind == PAMCONF_BROKEN)
		s->results[i] = PAM_PERM_DENIED; /* libpam's PAM_MUST_FAIL_CODE */
	if (line->kind != PAMCONF_MODULE)
		return;
	s->faults[i] = module_fault(s->root, line->module);
	s->fixed[i] = s->faults[i] || pamconf_is(line, "pam_permit.so") ||
		      pamconf_is(line, "pam_deny.so");
	if (s->faults[i])
		s->results[i] = PAM_MODULE_UNKNOWN;
	else if (pamconf_is(line, "pam_deny.so"))
		s->results[i] = PAM_SESSION_ERR;
}

int stack_read(struct stack *s)
{
	size_t count;
	bool found = false;

	s->closes = -1;
	s->before = s->findings->count;
	if (pamconf_read(s->root, s->service, &s->conf) < 0)
		return -1;
	count = s->conf.count + 1; /* calloc(3) of nothing may be NULL */
	s->results = memory_check(calloc(count, sizeof(*s->results))); /* PAM_SUCCESS */
	s->fixed = memory_check(calloc(count, sizeof(*s->fixed)));
	s->faults = memory_check(calloc(count, sizeof(*s->faults)));
	s->reached = memory_check(calloc(count, sizeof(*s->reached)));
	s->told = memory_check(calloc(count, sizeof(*s->told)));
	s->taken = memory_check(calloc(count, sizeof(*s->taken)));
	for (size_t i = s->conf.count; i-- > 0;) {
		take_usual_result(s, i);
		if (!stack_is_ours(&s->conf.lines[i]))
			continue;
		if (!stack_opens(&s->conf.lines[i])) {
			s->closes = (long)i;
			continue;
		}
		found = true;
		if (s->faults[i] && s->works)
			continue;
		s->ours = i;
		s->works = !s->faults[i];
	}
	return found;
}

void stack_free(struct stack *s)
{
	for (size_t i = 0; s->faults && i < s->conf.count; i++)
		free(s->faults[i]);
	free(s->faults);
	free(s->results);
	free(s->fixed);
	free(s->reached);
	free(s->told);
	free(s->taken);
	pamconf_free(&s->conf);
}

int stack_run(struct stack *s)
{
	return pamrun_result(&s->conf, s->results, s->reached);
}

bool stack_ignores_session_err(const struct stack *s)
{
	return s->ignores_session_err || strcmp(s->service, "sudo") == 0 ||
	       strcmp(s->service, "sudo-i") == 0;
}

bool stack_result_lets_in(const struct stack *s, int result)
{
	return result == PAM_SUCCESS || (result == PAM_SESSION_ERR && stack_ignores_session_err(s));
}

bool stack_lets_in(struct stack *s)
{
	return stack_result_lets_in(s, stack_run(s));
}

bool stack_is_bypassed(struct stack *s)
{
	if (!stack_lets_in(s))
		return false;
	for (size_t i = 0; i < s->conf.count; i++)
		if (stack_opens(&s->conf.lines[i]) && s->reached[i] && s->results[i] == PAM_SUCCESS)
			return false;
	return true;
}
