/* SPDX-License-Identifier: MIT */

/* nsinfo check: the session stack of one service. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "check/check.h"
#include "check/root.h"
#include "check/services.h"
#include "check/stack.h"
#include "check/wanted.h"
#include "config.h"
#include "policy/rules.h"
#include "read/libpam.h"

int check_line_options(
	const struct pamconf_line *line, struct options *options, struct error *error)
{
	return options_parse(
		line->n_arguments, (const char *const *)line->arguments, options, error);
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

/* Returns whether all of them are right. */
static bool check_options(struct stack *s)
{
	bool right = true;

	for (size_t i = 0; i < s->conf.count; i++) {
		const struct pamconf_line *line = &s->conf.lines[i];
		struct options options;
		struct error error = {0};
		_cleanup_free_ char *message = NULL;

		if (!stack_is_ours(line))
			continue;
		if (check_line_options(line, &options, &error) == 0 &&
			conf_is_right(&options, &error))
			continue;
		right = false;
		message = findings_reason(&error);
		findings_add(s->findings, FINDING_PROBLEM, s->service, error.remedy,
			"%s:%u: %s; until it is corrected all but root are refused", line->file,
			line->number, message);
	}
	return right;
}

/* Whoever can write one of its files can take our line out. */
static void check_owners(struct stack *s)
{
	const char *last = "";

	for (size_t i = 0; !*s->root && i < s->conf.count; i++) {
		_cleanup_free_ char *which = NULL;
		const char *file = s->conf.lines[i].file;

		if (strcmp(file, last) != 0 && !check_is_roots_own(s->root, file, &which))
			findings_add(s->findings, FINDING_PROBLEM, s->service,
				"make it root's, and writable by root alone",
				"%s can be changed by others than root", which);
		last = file;
	}
}

/* Lines and files that libpam understands otherwise than whoever wrote them. */
static void check_files_of(struct stack *s)
{
	const struct pamconf *conf = &s->conf;

	if (conf->unreadable) {
		findings_add(s->findings, FINDING_NOTE, s->service, "run nsinfo check as root",
			"only root may read %s: whether it is isolated is not known",
			conf->unreadable);
		return;
	}
	if (conf->problem && !conf->garbled)
		findings_add(s->findings, FINDING_PROBLEM, s->service,
			"correct it: until then nobody gets in through this service", "%s",
			conf->problem);
	if (conf->mistake)
		findings_add(s->findings, FINDING_PROBLEM, s->service,
			"correct it: see pam.conf(5)", "%s", conf->mistake);
	check_owners(s);
}

/* A file for it of some other distribution's libpam. */
static void check_unread(struct stack *s)
{
	for (const char *const *d = libpam_other_directories(); *d; d++) {
		_cleanup_free_ char *path = string_format("%s/%s", *d, s->service);

		if (root_has(s->root, path))
			findings_add(s->findings, FINDING_WARNING, s->service,
				"if it is meant to count, copy it to /etc/pam.d",
				"%s is there, and this machine's libpam does not read it", path);
	}
}

/* --- without our line --- */

static bool is_in_etc(const char *path)
{
	return strncmp(path, "/etc/", strlen("/etc/")) == 0;
}

/* The caller frees. */
static char *how_to_isolate(const struct stack *s)
{
	static const char line[] = "\"session required pam_unshare.so\"";

	if (!s->conf.found)
		return string_format(
			"to isolate it, write a file for it, /etc/pam.d/%s, with %s at "
			"its end",
			s->service, line);
	if (strcmp(s->conf.source, "/etc/pam.conf") == 0)
		return string_format("to isolate it, add \"%s session required pam_unshare.so\" at "
				     "the end of /etc/pam.conf",
			s->service);
	if (!is_in_etc(s->conf.source))
		return string_format("to isolate it, copy %s, which is its vendor's, to "
				     "/etc/pam.d/%s, and add %s at the end of the copy",
			s->conf.source, s->service, line);
	return string_format("to isolate it, add %s at the end of %s", line, s->conf.source);
}

static void check_absent(struct stack *s)
{
	_cleanup_free_ char *remedy = how_to_isolate(s);
	bool wanted = s->asked || s->named;
	const char *why = NULL;
	enum service_kind kind = service_kind(s->service, &why);

	if (!check_options(s))
		return;
	if (s->closes >= 0)
		findings_add(s->findings, FINDING_PROBLEM, s->service,
			"add \"session required pam_unshare.so open\" at the end of the stack",
			"not isolated: pam_unshare only closes (%s:%u), and opens nothing",
			s->conf.lines[s->closes].file, s->conf.lines[s->closes].number);
	else if (kind > SERVICE_LOGIN)
		findings_add(s->findings, wanted ? FINDING_PROBLEM : FINDING_NOTE, s->service,
			s->named ? "take its name out of " WANTED_FILE : NULL,
			"not isolated, and cannot be: %s", why);
	else if (s->named)
		findings_add(s->findings, FINDING_PROBLEM, s->service, remedy,
			"not isolated, though %s names it: pam_unshare is not in its session "
			"stack",
			s->named);
	else
		findings_add(s->findings, wanted ? FINDING_PROBLEM : FINDING_NOTE, s->service,
			remedy, "not isolated: pam_unshare is not in its session stack");
	if (!s->conf.problem && stack_is_usable(s))
		stack_anybody_gets_in(s);
}

/* --- with our line --- */

/* A service that the line does not suit. */
static void check_suits(struct stack *s)
{
	static const char remedy[] =
		"take the line out of this file, or of the one that it includes";
	const char *why = NULL;

	switch (service_kind(s->service, &why)) {
	case SERVICE_STAYS:
		findings_add(s->findings, s->named ? FINDING_PROBLEM : FINDING_NOTE, s->service,
			remedy, "not isolated, and cannot be: %s, and pam_unshare leaves it alone",
			why);
		break;
	case SERVICE_NONE:
		findings_add(s->findings, s->named ? FINDING_PROBLEM : FINDING_NOTE, s->service,
			remedy, "the line has no effect here: %s", why);
		break;
	case SERVICE_BREAKS:
		findings_add(s->findings, FINDING_PROBLEM, s->service, remedy,
			"it cannot work behind the line of pam_unshare: %s", why);
		break;
	case SERVICE_OPEN:
		findings_add(s->findings, FINDING_PROBLEM, s->service, remedy,
			"not isolated in spite of the line: it cannot work behind it: %s", why);
		break;
	default:
		break;
	}
}

static bool is_fine(const struct stack *s)
{
	if (!s->works || service_kind(s->service, NULL) > SERVICE_LOGIN)
		return false;
	for (size_t i = s->before; i < s->findings->count; i++)
		if (s->findings->list[i].level == FINDING_PROBLEM)
			return false;
	return true;
}

/* A path that leads to another file than the one that is installed and was checked. */
static void check_path(struct stack *s)
{
	static const char installed[] = SECUREDIR "/" CHECK_MODULE;
	const struct pamconf_line *line = &s->conf.lines[s->ours];
	struct stat here, there;

	if (*s->root || !s->works || *line->module != '/')
		return;
	if (stat(line->module, &here) == 0 && stat(installed, &there) == 0 &&
		here.st_dev == there.st_dev && here.st_ino == there.st_ino)
		return;
	findings_add(s->findings, FINDING_WARNING, s->service,
		"write pam_unshare.so without a directory: libpam finds it",
		"%s (%s:%u) is not %s, the module that belongs to this nsinfo", line->module,
		line->file, line->number, installed);
}

static void check_present(struct stack *s)
{
	check_options(s);
	check_isolates(s);
	check_neighbours(s);
	check_logind(s);
	check_suits(s);
	check_path(s);
	if (is_fine(s))
		check_users(s);
}

bool check_service(struct findings *findings, const char *root, const char *service,
	const struct check_wish *wish, struct check_line *line)
{
	struct stack s = {.findings = findings,
		.root = root,
		.service = service,
		.asked = wish->asked,
		.ignores_session_err = wish->ignores_session_err,
		.named = wish->named};
	int has_line = stack_read(&s);

	if (has_line < 0)
		findings_add(findings, wish->asked || wish->named ? FINDING_PROBLEM : FINDING_NOTE,
			service, NULL,
			"libpam has no configuration for it, nor an \"other\" in /etc/pam.d");
	else if (!s.conf.found && !s.conf.mistake && (wish->asked || wish->named))
		findings_add(s.findings, FINDING_NOTE, s.service, NULL,
			"it has no file in /etc/pam.d: libpam uses \"other\"");
	check_files_of(&s);
	check_unread(&s);
	if (s.conf.unreadable || s.conf.garbled)
		; /* nothing else is sure */
	else if (has_line == 0)
		check_absent(&s);
	else if (has_line > 0)
		check_present(&s);
	if (line)
		line->other = s.conf.other;
	if (line && has_line > 0)
		line->place = string_format(
			"%s:%u", s.conf.lines[s.ours].file, s.conf.lines[s.ours].number);
	stack_free(&s);
	return has_line > 0;
}
