/* SPDX-License-Identifier: MIT */

/* nsinfo check: the settings of sshd and sudo. */

#include "check/check.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "check/root.h"

#define BLANKS " \t\r\n"

/* An application that is told to use another service than the one of its name. */
static void check_other_service(
	struct findings *findings, const char *root, const char *usual, const char *service)
{
	const struct check_wish asked = {.asked = true};

	if (strcmp(service, usual) == 0)
		return;
	findings_add(findings, FINDING_NOTE, usual, NULL,
		"its configuration says that it uses the service %s: that one counts", service);
	check_service(findings, root, service, &asked, NULL);
}

/* --- sshd --- */

struct sshd {
	const char *root;
	char *use_pam; /* the first value counts, sshd_config(5) */
	char *service; /* PAMServiceName */
	int depth;
	bool unreadable;
};

static void read_sshd_config(struct sshd *sshd, const char *path);

static void include_sshd_config(struct sshd *sshd, const char *pattern)
{
	_cleanup_free_ char *full = *pattern == '/'
					    ? string_format("%s%s", sshd->root, pattern)
					    : string_format("%s/etc/ssh/%s", sshd->root, pattern);
	glob_t found = {0};

	if (glob(full, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			read_sshd_config(sshd, found.gl_pathv[i]);
	globfree(&found);
}

/* UsePAM and PAMServiceName stand before the first Match block or nowhere. */
static void read_sshd_config(struct sshd *sshd, const char *path)
{
	_cleanup_fclose_ FILE *file = sshd->depth < 16 ? fopen(path, "re") : NULL;
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	if (!file) {
		sshd->unreadable |= errno == EACCES;
		return;
	}
	sshd->depth++;
	while (getline(&line, &size, file) != -1) {
		char *state = NULL;
		char *keyword = strtok_r(line, BLANKS "=", &state), *value;

		if (!keyword || *keyword == '#')
			continue;
		if (strcasecmp(keyword, "Match") == 0)
			break;
		value = strtok_r(NULL, BLANKS "=\"", &state);
		if (value && !sshd->use_pam && strcasecmp(keyword, "UsePAM") == 0)
			sshd->use_pam = string_copy(value);
		if (value && !sshd->service && strcasecmp(keyword, "PAMServiceName") == 0)
			sshd->service = string_copy(value);
		for (; value && strcasecmp(keyword, "Include") == 0;
			value = strtok_r(NULL, BLANKS "\"", &state))
			include_sshd_config(sshd, value);
	}
	sshd->depth--;
}

static void check_sshd(struct findings *findings, const char *root)
{
	struct sshd sshd = {.root = root};
	_cleanup_free_ char *path = string_format("%s/etc/ssh/sshd_config", root);
	_cleanup_free_ char *vendors = string_format("%s/usr/etc/ssh/sshd_config", root);

	if (!root_has(root, "/etc/ssh/sshd_config") &&
		!root_has(root, "/usr/etc/ssh/sshd_config")) {
		if (root_has(root, "/usr/sbin/sshd"))
			findings_untried(findings, "sshd",
				"whether sshd uses PAM: it has no sshd_config", 0);
		return;
	}
	read_sshd_config(&sshd, root_has(root, "/etc/ssh/sshd_config") ? path : vendors);
	if (sshd.unreadable && !sshd.use_pam)
		findings_add(findings, FINDING_NOTE, "sshd", NULL,
			"only root may read the configuration of sshd: UsePAM is not known");
	else if (!sshd.use_pam || strcasecmp(sshd.use_pam, "yes") != 0)
		findings_add(findings, FINDING_PROBLEM, "sshd",
			"write \"UsePAM yes\" in /etc/ssh/sshd_config and reload sshd",
			"sshd does not use PAM (UsePAM %s): no ssh login is isolated",
			sshd.use_pam ? sshd.use_pam : "is not set, which means no");
	else
		findings_add(findings, FINDING_OK, "sshd", NULL, "sshd uses PAM");
	if (sshd.service)
		check_other_service(findings, root, "sshd", sshd.service);
	free(sshd.use_pam);
	free(sshd.service);
}

/* --- sudo --- */

/* "Defaults pam_service=NAME", sudoers(5). */
static void check_service_of_sudo(struct findings *findings, const char *root, const char *line,
	const char *setting, const char *usual)
{
	const char *at = strstr(line, setting);
	_cleanup_free_ char *name = NULL;

	if (!at || (at > line && !strchr(BLANKS ",", at[-1])))
		return;
	at += strlen(setting);
	at += strspn(at, BLANKS "=\"");
	name = string_format("%.*s", (int)strcspn(at, BLANKS ",\""), at);
	check_other_service(findings, root, usual, name);
}

/* Files of other places that it includes are not read: sudoers(5) has too many ways to name them.
 */
static void check_include(struct findings *findings, const char *path, const char *line)
{
	static const char known[] = "/etc/sudoers.d";
	const char *name;

	if (strncmp(line, "@include", 8) != 0 && strncmp(line, "#include", 8) != 0)
		return;
	name = line + 8;
	name += strncmp(name, "dir", 3) == 0 ? 3 : 0;
	if (!strchr(BLANKS, *name))
		return;
	name += strspn(name, BLANKS "\"");
	if (strncmp(name, known, strlen(known)) == 0)
		return;
	_cleanup_free_ char *what = string_format("whether sudo opens PAM sessions, with what %s "
						  "includes from %.*s",
		path, (int)strcspn(name, BLANKS "\""), name);
	findings_untried(findings, "sudo", what, 0);
}

/* Does a line of the file turn pam_session off? -1 if it cannot be read. */
static int turns_session_off(struct findings *findings, const char *root, const char *path)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	int result = 0;

	if (!file)
		return errno == ENOENT ? 0 : -1;
	while (getline(&line, &size, file) != -1) {
		const char *at = line + strspn(line, BLANKS);

		check_include(findings, path + strlen(root), at);
		if (strncmp(at, "Defaults", 8) != 0)
			continue;
		check_service_of_sudo(findings, root, at, "pam_service", "sudo");
		check_service_of_sudo(findings, root, at, "pam_login_service", "sudo-i");
		at = strstr(at, "pam_session");
		if (at)
			result = at[-1] == '!';
	}
	return result;
}

static void check_sudo(struct findings *findings, const char *root)
{
	_cleanup_free_ char *pattern = string_format("%s/etc/sudoers.d/*", root);
	_cleanup_free_ char *main_file = string_format("%s/etc/sudoers", root);
	const char *culprit = main_file;
	size_t before = findings->count;
	glob_t found = {0};
	int off;

	if (!root_has(root, "/etc/sudoers")) {
		if (root_has(root, "/usr/bin/sudo"))
			findings_untried(findings, "sudo",
				"whether sudo opens PAM sessions: there is no /etc/sudoers", 0);
		return;
	}
	off = turns_session_off(findings, root, main_file);
	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc && off == 0; i++) {
			off = turns_session_off(findings, root, found.gl_pathv[i]);
			culprit = found.gl_pathv[i];
		}
	}
	if (off < 0)
		findings_add(findings, FINDING_NOTE, "sudo", NULL,
			"only root may read the configuration of sudo: pam_session is not known");
	else if (off)
		findings_add(findings, FINDING_PROBLEM, "sudo",
			"take \"!pam_session\" out of it (with visudo)",
			"sudo opens no PAM session: !pam_session in %s", culprit + strlen(root));
	else if (findings->count == before) /* all of it was read */
		findings_add(findings, FINDING_OK, "sudo", NULL, "sudo opens PAM sessions");
	globfree(&found);
}

void check_application(struct findings *findings, const char *root, const char *service)
{
	if (strcmp(service, "sshd") == 0)
		check_sshd(findings, root);
	else if (strcmp(service, "sudo") == 0)
		check_sudo(findings, root);
}
