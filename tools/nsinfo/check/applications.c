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

/* The next word, without its quotes. Ends it with a NUL and moves *AT behind it. NULL at the end.
 */
static char *next_word(char **at, const char *blanks)
{
	char *start = *at + strspn(*at, blanks), *end;
	bool quoted = *start == '"';

	start += quoted;
	end = start + strcspn(start, quoted ? "\"" : blanks);
	if (!quoted && end == start)
		return NULL;
	*at = *end ? end + 1 : end;
	*end = '\0';
	return start;
}

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
		char *at = line, *keyword = next_word(&at, BLANKS "="), *value;

		if (!keyword || *keyword == '#')
			continue;
		if (strcasecmp(keyword, "Match") == 0)
			break;
		value = next_word(&at, BLANKS "=");
		if (value && !sshd->use_pam && strcasecmp(keyword, "UsePAM") == 0)
			sshd->use_pam = string_copy(value);
		if (value && !sshd->service && strcasecmp(keyword, "PAMServiceName") == 0)
			sshd->service = string_copy(value);
		for (; value && strcasecmp(keyword, "Include") == 0; value = next_word(&at, BLANKS))
			include_sshd_config(sshd, value);
	}
	sshd->depth--;
}

/* Options of the command line count over the file. sshd shows them in its title, sshd.c. */
static void check_running_sshd(struct findings *findings)
{
	glob_t found = {0};

	if (glob("/proc/[0-9]*/cmdline", 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		_cleanup_fclose_ FILE *file = fopen(found.gl_pathv[i], "re");
		_cleanup_free_ char *title = NULL;
		size_t size = 0;

		if (!file || getdelim(&title, &size, '\0', file) == -1 ||
			strncmp(title, "sshd: ", 6) != 0 || !strstr(title, "[listener]") ||
			(!strstr(title, " -o") && !strstr(title, " -f")))
			continue;
		findings_add(findings, FINDING_WARNING, "sshd",
			"write what they say into sshd_config, if it is about UsePAM",
			"sshd runs with options, which count over its configuration and were not "
			"looked at: %s",
			title);
	}
	globfree(&found);
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
	if (!*root)
		check_running_sshd(findings);
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
