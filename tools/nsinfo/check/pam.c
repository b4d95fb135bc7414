/* SPDX-License-Identifier: MIT */

/* nsinfo check: is a service's login isolated, and what comes of a failure? */

#include <errno.h>
#include <security/pam_modules.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/strings.h"
#include "check/check.h"
#include "policy/policy.h"
#include "policy/rules.h"
#include "read/pamconf.h"
#include "read/pamrun.h"

static const char *const logins[] = {"su", "su-l", "sudo", "sudo-i", "sshd", "login", "remote",
	"runuser", "runuser-l", "cron", "crond", "atd", "gdm-password", "lightdm", "sddm", "xdm",
	"xrdp-sesman", "cockpit", "slurm"};

/* What needs /proc/self or threads when it opens, or changes what a session is to contain. */
static const char *const earlier[] = {"pam_systemd.so", "pam_elogind.so", "pam_loginuid.so",
	"pam_selinux.so", "pam_limits.so", "pam_namespace.so", "pam_mount.so"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* One service's stack, and what the checks of it share. */
struct stack {
	struct findings *findings;
	const char *service;
	size_t before; /* how many findings there were */
	struct pamconf conf;
	size_t ours;   /* the line that opens the session */
	int *results;  /* what each module returns */
	bool *reached; /* whether it is called */
};

static bool is_one_of(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

bool check_is_login(const char *service)
{
	return is_one_of(service, logins, COUNT(logins));
}

static bool is_ours(const struct pamconf_line *line)
{
	return pamconf_is(line, CHECK_MODULE);
}

static bool opens(const struct pamconf_line *line)
{
	return is_ours(line) && !pamconf_has_argument(line, "close");
}

/* These return the same always: there is no other case to think of. */
static bool is_constant(const struct pamconf_line *line)
{
	return pamconf_is(line, "pam_permit.so") || pamconf_is(line, "pam_deny.so");
}

static int run_stack(struct stack *s)
{
	return pamrun_result(&s->conf, s->results, s->reached);
}

/* Would the login get in past ours, with these results? */
static bool is_bypassed(struct stack *s)
{
	if (run_stack(s) != PAM_SUCCESS)
		return false;
	for (size_t i = 0; i < s->conf.count; i++)
		if (opens(&s->conf.lines[i]) && s->reached[i])
			return false;
	return true;
}

/*
 * A jump is a condition that somebody meant, unless it is always taken; an end of the stack before
 * ours is a mistake.
 */
static void add_bypass(struct stack *s, size_t i, int code)
{
	const struct pamconf_line *line = &s->conf.lines[i];
	_cleanup_free_ char *remedy = string_format(
		"move the line of pam_unshare before %s:%u", line->file, line->number);

	if (line->actions[code] > 0)
		findings_add(s->findings, is_constant(line) ? FINDING_PROBLEM : FINDING_NOTE,
			s->service, is_constant(line) ? remedy : NULL,
			"not isolated if %s (%s:%u) returns %s: it jumps over pam_unshare",
			line->module, line->file, line->number, pamcontrol_code_name(code));
	else
		findings_add(s->findings, FINDING_PROBLEM, s->service, remedy,
			"not isolated if %s (%s:%u, %s) returns %s: it ends the stack before "
			"pam_unshare",
			line->module, line->file, line->number, line->control,
			pamcontrol_code_name(code));
}

/* The line that decided: the last that was called before ours. -1 if there is none. */
static long last_reached(const struct stack *s)
{
	long last = -1;

	for (size_t i = 0; i < s->ours; i++)
		if (s->reached[i] && s->conf.lines[i].kind == PAMCONF_MODULE)
			last = (long)i;
	return last;
}

/*
 * If every module succeeds, is ours called? Each line that prevents it is named, and then taken
 * to return something else. Returns false if ours is never called.
 */
static bool find_usual_results(struct stack *s)
{
	long i;

	for (size_t tries = 0; is_bypassed(s); tries++) {
		i = last_reached(s);
		if (i < 0 || tries > s->conf.count)
			return false;
		add_bypass(s, (size_t)i, s->results[i]);
		if (is_constant(&s->conf.lines[i]))
			return false;
		for (s->results[i] = PAM_SUCCESS + 1; s->results[i] < PAMCONTROL_CODES;
			s->results[i]++)
			if (!is_bypassed(s) && run_stack(s) == PAM_SUCCESS)
				break;
		if (s->results[i] == PAMCONTROL_CODES)
			return false;
	}
	return true;
}

/* Does a single other result of one line before ours let the login get in past it? */
static void check_bypasses(struct stack *s)
{
	for (size_t i = 0; i < s->ours; i++) {
		int usual = s->results[i];

		if (s->conf.lines[i].kind != PAMCONF_MODULE || usual != PAM_SUCCESS ||
			is_constant(&s->conf.lines[i]))
			continue;
		for (int code = PAM_SUCCESS + 1; code < PAMCONTROL_CODES; code++) {
			s->results[i] = code;
			if (is_bypassed(s)) {
				add_bypass(s, i, code);
				break;
			}
		}
		s->results[i] = usual;
	}
}

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

	if (line->kind != PAMCONF_MODULE || is_constant(line) || is_ours(line))
		return false;
	for (int code = PAM_SUCCESS; code < PAMCONTROL_CODES; code++) {
		int action = line->actions[code];

		if (action == usual || action == PAMCONTROL_BAD || action == PAMCONTROL_DIE)
			continue;
		s->results[i] = code;
		return true;
	}
	return false;
}

/* I is find_refusal()'s. A broken line has been named before. */
static void add_refusal(struct stack *s, long i)
{
	const struct pamconf_line *line = &s->conf.lines[i < 0 ? (long)s->ours : i];
	int result = s->results[i < 0 ? (long)s->ours : i];
	const char *why = i < 0                       ? "no line of the stack counts as a success"
			  : line->actions[result] > 0 ? "it jumps past the end of the stack"
						      : "libpam takes that for a failure";

	if (line->kind == PAMCONF_MODULE)
		findings_add(s->findings, FINDING_PROBLEM, s->service,
			"correct that line: see pam.conf(5)",
			"every login is refused, root's too: if %s (%s:%u, %s) returns %s, %s",
			line->module, line->file, line->number, line->control,
			pamcontrol_code_name(result), why);
}

/* Does anybody get in if ours succeeds? */
static bool check_refusal(struct stack *s)
{
	for (size_t tries = 0; run_stack(s) != PAM_SUCCESS; tries++) {
		long i = find_refusal(s);

		if (i >= 0 && tries <= s->conf.count && take_other_result(s, (size_t)i))
			continue;
		add_refusal(s, i);
		return false;
	}
	return true;
}

/* What the stack returns if every line of ours that opens returns CODE. */
static int run_with(struct stack *s, int code)
{
	int result;

	for (size_t i = 0; i < s->conf.count; i++)
		if (opens(&s->conf.lines[i]))
			s->results[i] = code;
	result = run_stack(s);
	for (size_t i = 0; i < s->conf.count; i++)
		if (opens(&s->conf.lines[i]))
			s->results[i] = PAM_SUCCESS;
	return result;
}

static void check_failure(struct stack *s)
{
	const struct pamconf_line *line = &s->conf.lines[s->ours];

	if (run_with(s, PAM_SYSTEM_ERR) == PAM_SUCCESS) {
		findings_add(s->findings, FINDING_PROBLEM, s->service,
			"write \"session required pam_unshare.so\"",
			"a failure to isolate lets the login through: the control is \"%s\" "
			"(%s:%u)",
			line->control, line->file, line->number);
		return;
	}
	if (run_with(s, PAM_MODULE_UNKNOWN) == PAM_SUCCESS)
		findings_add(s->findings, FINDING_WARNING, s->service,
			"leave module_unknown out of the control",
			"without the file of the module the login is let through, not isolated "
			"(%s:%u)",
			line->file, line->number);
}

/* pam_selinux and pam_namespace close something first, with "close" or "unmnt_only"... */
static bool opens_later(const struct pamconf_line *line, const char *module)
{
	return pamconf_is(line, module) && !pamconf_has_argument(line, "close");
}

static void check_order(struct stack *s)
{
	for (size_t i = s->ours + 1; i < s->conf.count; i++) {
		const struct pamconf_line *line = &s->conf.lines[i];

		for (size_t j = 0; j < COUNT(earlier); j++)
			if (opens_later(line, earlier[j]))
				findings_add(s->findings, FINDING_WARNING, s->service,
					"move the line of pam_unshare behind it, to the end of the "
					"stack",
					"%s (%s:%u) stands after pam_unshare: there it has no "
					"/proc/self and no threads",
					earlier[j], line->file, line->number);
	}
}

/*
 * Whether the rule file that the line names, if it names one, is understood, or not ours to read.
 */
static bool conf_is_right(const struct options *options, struct error *error)
{
	struct login login = {.user = "root", .service = CHECK_SERVICE};
	struct rule rule = {0};
	int result = 0;

	if (options->conf)
		result = rules_find(options->conf, true, options, &login, &rule, error);
	login_forget_groups(&login);
	return result == 0 || error->code == EACCES;
}

static void check_options(struct stack *s)
{
	for (size_t i = 0; i < s->conf.count; i++) {
		const struct pamconf_line *line = &s->conf.lines[i];
		struct options options;
		struct error error = {0};
		_cleanup_free_ char *message = NULL;

		if (!is_ours(line))
			continue;
		if (options_parse(line->n_arguments, (const char *const *)line->arguments, &options,
			    &error) == 0 &&
			conf_is_right(&options, &error))
			continue;
		message = findings_reason(&error);
		findings_add(s->findings, FINDING_PROBLEM, s->service, error.remedy,
			"%s:%u: %s; until it is corrected all but root are refused", line->file,
			line->number, message);
	}
}

static void check_broken(struct stack *s)
{
	for (size_t i = 0; i < s->conf.count; i++)
		if (s->conf.lines[i].kind == PAMCONF_BROKEN)
			findings_add(s->findings, FINDING_PROBLEM, s->service,
				"correct the line: see pam.conf(5)",
				"%s:%u: libpam cannot use this line, and takes it for a module "
				"that fails",
				s->conf.lines[i].file, s->conf.lines[i].number);
}

static void check_place(struct stack *s)
{
	const struct pamconf_line *line = &s->conf.lines[s->ours];

	check_options(s);
	if (find_usual_results(s) && check_refusal(s) && !is_bypassed(s)) {
		check_bypasses(s);
		check_failure(s);
	}
	check_order(s);
	if (!policy_service_forks(s->service))
		findings_add(s->findings, FINDING_NOTE, s->service,
			"take the line out of this file, or of the one that it includes",
			"this service starts programs without a fork and cannot be isolated: "
			"pam_unshare leaves it alone");
	for (size_t i = s->before; i < s->findings->count; i++)
		if (s->findings->list[i].level >= FINDING_WARNING)
			return;
	findings_add(s->findings, FINDING_OK, s->service, NULL,
		"isolated (%s:%u); a failure refuses the login", line->file, line->number);
}

static void check_absent(struct stack *s, bool asked)
{
	_cleanup_free_ char *remedy = string_format(
		"to isolate it, add \"session required pam_unshare.so\" at the end of %s",
		s->conf.found ? s->conf.source : "a file for it in /etc/pam.d");

	if (!policy_service_forks(s->service))
		findings_add(s->findings, FINDING_OK, s->service, NULL,
			"not isolated, and cannot be: it starts programs without a fork");
	else
		findings_add(s->findings, asked ? FINDING_PROBLEM : FINDING_NOTE, s->service,
			remedy, "not isolated: pam_unshare is not in its session stack");
}

static bool find_ours(struct stack *s)
{
	for (size_t i = 0; i < s->conf.count; i++) {
		if (!opens(&s->conf.lines[i]))
			continue;
		s->ours = i;
		return true;
	}
	return false;
}

static bool check_stack(struct stack *s, bool asked)
{
	if (s->conf.problem)
		findings_add(s->findings, FINDING_PROBLEM, s->service,
			"correct it: until then nobody gets in through this service", "%s",
			s->conf.problem);
	if (!s->conf.found && asked)
		findings_add(s->findings, FINDING_NOTE, s->service, NULL,
			"it has no file in /etc/pam.d: libpam uses \"other\"");
	check_broken(s);
	if (!find_ours(s)) {
		check_absent(s, asked);
		return false;
	}
	s->results = memory_check(calloc(s->conf.count, sizeof(*s->results))); /* PAM_SUCCESS */
	s->reached = memory_check(calloc(s->conf.count, sizeof(*s->reached)));
	for (size_t i = 0; i < s->conf.count; i++)
		if (pamconf_is(&s->conf.lines[i], "pam_deny.so"))
			s->results[i] = PAM_SESSION_ERR;
	check_place(s);
	free(s->results);
	free(s->reached);
	return true;
}

bool check_service(struct findings *findings, const char *root, const char *service, bool asked)
{
	struct stack s = {.findings = findings, .service = service, .before = findings->count};
	bool isolated = false;

	if (pamconf_read(root, service, &s.conf) < 0)
		findings_add(findings, asked ? FINDING_PROBLEM : FINDING_NOTE, service, NULL,
			"libpam has no configuration for it, nor an \"other\" in /etc/pam.d");
	else
		isolated = check_stack(&s, asked);
	pamconf_free(&s.conf);
	return isolated;
}
