/* SPDX-License-Identifier: MIT */

/* nsinfo check: the files that were installed, and the rules. */

#include "check/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "check/modules.h"
#include "config.h"
#include "policy/rules.h"

bool check_is_roots_own(const char *root, const char *path, char **who)
{
	_cleanup_free_ char *part = string_copy(path);

	for (;;) {
		_cleanup_free_ char *full = string_format("%s%s", root, *part ? part : "/");
		struct stat st;
		char *slash;

		if (stat(full, &st) == 0 && (st.st_uid != 0 || (st.st_mode & 022) != 0)) {
			*who = string_copy(*part ? part : "/");
			return false;
		}
		slash = strrchr(part, '/');
		if (!slash || *part == '\0')
			return true;
		*slash = '\0';
	}
}

static bool check_file(struct findings *findings, const char *root, const char *subject,
	const char *path, bool executable)
{
	_cleanup_free_ char *full = string_format("%s%s", root, path);
	_cleanup_free_ char *who = NULL;
	struct stat st;

	if (stat(full, &st) == -1) {
		findings_add(findings, FINDING_PROBLEM, subject,
			"install pam_unshare again; until then every isolated login is refused",
			"cannot find %s: %s", path, strerror(errno));
		return false;
	}
	if (executable && !(st.st_mode & 0111)) {
		findings_add(findings, FINDING_PROBLEM, subject, "chmod 755 it",
			"%s is not executable", path);
		return false;
	}
	if (!check_is_roots_own(root, path, &who)) {
		findings_add(findings, FINDING_PROBLEM, subject,
			"make it root's, and writable by root alone",
			"%s can be changed by others than root", who);
		return false;
	}
	return true;
}

static void check_rules(struct findings *findings)
{
	struct options options = options_default();
	struct login login = {.user = "root", .service = CHECK_SERVICE};
	struct rule rule = {0};
	struct error error = {0};
	_cleanup_free_ char *message = NULL;

	if (rules_find(CONFDIR "/unshare.conf", false, &options, &login, &rule, &error) == 0) {
		findings_add(findings, FINDING_OK, "rules", NULL, "%s/unshare.conf%s", CONFDIR,
			access(CONFDIR "/unshare.conf", F_OK) == 0
				? " is understood"
				: " is not there, and need not be");
	} else {
		message = findings_reason(&error);
		findings_add(findings, error.code == EACCES ? FINDING_NOTE : FINDING_PROBLEM,
			"rules", error.remedy, "%s%s", message,
			error.code == EACCES ? ""
					     : "; until it is corrected all but root are refused");
	}
	login_forget_groups(&login);
}

void check_files(struct findings *findings, const char *root)
{
	static const char module[] = SECUREDIR "/" CHECK_MODULE;
	_cleanup_free_ char *fault = module_fault(root, module);

	if (check_file(findings, root, "module", module, false)) {
		if (!fault)
			findings_add(findings, FINDING_OK, "module", NULL,
				"%s is root's own and can be loaded", module);
		else
			findings_add(findings, FINDING_PROBLEM, "module",
				"install it again, and what it links to",
				"libpam cannot load it: %s", fault);
	}
	if (check_file(findings, root, "module", SESSION_INIT, true))
		findings_add(findings, FINDING_OK, "module", NULL,
			"%s is root's own and executable", SESSION_INIT);
	if (!*root)
		check_rules(findings);
}
