/* SPDX-License-Identifier: MIT */

/* nsinfo check: the settings of sshd; sudo.c has those of sudo. */

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

void check_other_service(struct findings *findings, const char *root, const char *usual,
	const char *service, bool ignores_session_err)
{
	const struct check_wish asked = {.asked = true, .ignores_session_err = ignores_session_err};

	if (strcmp(service, usual) == 0)
		return;
	findings_add(findings, FINDING_NOTE, usual, NULL,
		"its configuration says that it uses the service %s: that one counts", service);
	check_service(findings, root, service, &asked, NULL);
}

enum finding_level check_level_without_session(const char *root, const char *service)
{
	const struct check_wish wish = {0};
	struct findings ignored = {0};
	bool has_line = check_service(&ignored, root, service, &wish, NULL);

	findings_free(&ignored);
	return has_line ? FINDING_PROBLEM : FINDING_NOTE;
}

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
		char *keyword = strtok_r(line, BLANKS "=\"", &state), *value;

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
		findings_add(findings, check_level_without_session(root, "sshd"), "sshd",
			"write \"UsePAM yes\" in /etc/ssh/sshd_config and reload sshd",
			"sshd does not use PAM (UsePAM %s): no ssh login is isolated",
			sshd.use_pam ? sshd.use_pam : "is not set, which means no");
	else
		findings_add(findings, FINDING_OK, "sshd", NULL, "sshd uses PAM");
	if (sshd.service)
		check_other_service(findings, root, "sshd", sshd.service, false);
	if (root_has(root, "/usr/sbin/dropbear"))
		findings_add(findings, FINDING_WARNING, "sshd", NULL,
			"dropbear is installed, too: it opens no PAM session, and whoever comes by "
			"it is not isolated");
	free(sshd.use_pam);
	free(sshd.service);
}

void check_application(struct findings *findings, const char *root, const char *service)
{
	if (strcmp(service, "sshd") == 0)
		check_sshd(findings, root);
	else if (strcmp(service, "sudo") == 0)
		check_sudo(findings, root);
}
