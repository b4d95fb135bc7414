/* SPDX-License-Identifier: MIT */

/* nsinfo check: the settings of sudo, sudoers(5). */

#include "check/check.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "check/root.h"
#include "check/stack.h"
#include "config.h"

#define BLANKS " \t\r\n"

/* With it systemctl reaches systemd in a session. The module puts it into a login's environment. */
#define VARIABLE "SYSTEMCTL_FORCE_BUS"

struct sudo {
	struct findings *findings;
	const char *root;
	char *off;      /* the file that turned pam_session off for all; NULL if it is on */
	char *off_some; /* the last that did so for some: these settings win, wherever they stand */
	bool directory_read; /* it is included again, or includes itself */
	bool unreadable;
	char *service; /* of PAM, if the settings name another than sudo's own */
	bool keeps;    /* the variable: env_keep names it, or nothing is taken away */
};

/* Cuts a comment off. "#1000" is an ID, and "\#" and what is in quotes are no comments. */
static bool cut_comment(char *text)
{
	bool quoted = false;

	for (; *text; text++) {
		if (*text == '\\' && text[1] != '\0') {
			text++;
		} else if (*text == '"') {
			quoted = !quoted;
		} else if (*text == '#' && !quoted && !isdigit((unsigned char)text[1])) {
			*text = '\0';
			return true;
		}
	}
	return false;
}

/* Does the line end in a backslash? That goes. */
static bool cut_backslash(char *line)
{
	char *end = line + strlen(line);

	while (end > line && strchr(BLANKS, end[-1]))
		end--;
	if (end == line || end[-1] != '\\')
		return false;
	end[-1] = ' ';
	return true;
}

static bool is_include(const char *line)
{
	return strncmp(line, "@include", 8) == 0 || strncmp(line, "#include", 8) == 0;
}

/* A line with those that continue it, without comments. The caller frees; NULL at the end. */
static char *read_sudoers_line(FILE *file)
{
	_cleanup_free_ char *chunk = NULL;
	char *line = NULL;
	size_t size = 0;

	while (getline(&chunk, &size, file) != -1) {
		_cleanup_free_ char *before = line;
		const char *start = chunk + strspn(chunk, BLANKS);

		line = string_format("%s%s", before ? before : "", before ? chunk : start);
		if (is_include(line) || cut_comment(line) || !cut_backslash(line))
			break;
	}
	return line;
}

/* Where a line of Defaults sets NAME, not in quotes; the last one counts. Or NULL. */
static const char *find_setting(const char *line, const char *name)
{
	const char *found = NULL;
	bool quoted = false;

	for (const char *at = line + 1; *at; at++) {
		quoted ^= *at == '"' && at[-1] != '\\';
		if (!quoted && strchr(BLANKS ",!", at[-1]) &&
			strncmp(at, name, strlen(name)) == 0 &&
			strchr(BLANKS ",=", at[strlen(name)]))
			found = at;
	}
	return found;
}

/* "Defaults pam_service=NAME", sudoers(5). */
static void check_service_of_sudo(
	struct sudo *sudo, const char *line, const char *setting, const char *usual)
{
	const char *at = find_setting(line, setting);
	char *name;

	if (!at)
		return;
	at += strlen(setting);
	at += strspn(at, BLANKS "=\"");
	name = string_format("%.*s", (int)strcspn(at, BLANKS ",\""), at);
	check_other_service(sudo->findings, sudo->root, usual, name, true);
	if (strcmp(usual, "sudo") != 0) {
		free(name);
		return;
	}
	free(sudo->service);
	sudo->service = name;
}

/* "!pam_session", "! pam_session"; two of "!" are none. @at: what find_setting() found. */
static bool is_off(const char *at)
{
	bool off = false;

	while (strchr(BLANKS "!", at[-1]))
		off ^= *--at == '!';
	return off;
}

static void take_pam_session(struct sudo *sudo, const char *path, const char *line)
{
	bool all = line[strlen("Defaults")] == ' ' || line[strlen("Defaults")] == '\t', off;
	const char *at = find_setting(line, "pam_session");
	char **value = all ? &sudo->off : &sudo->off_some;

	if (!at)
		return;
	off = is_off(at);
	if (!off && !all)
		return;
	free(*value);
	*value = off ? string_copy(path) : NULL;
}

/* Does a list in quotes, or a single name, hold the variable, or a pattern for it? */
static bool list_has_variable(const char *list)
{
	const char *end = *list == '"' ? strchr(list + 1, '"') : list + strcspn(list, BLANKS ",");

	list += *list == '"';
	while (end && list < end) {
		size_t length = strcspn(list, BLANKS "\",");
		_cleanup_free_ char *word = string_format("%.*s", (int)length, list);

		if (fnmatch(word, VARIABLE, 0) == 0)
			return true;
		list += length + 1;
	}
	return false;
}

/* "env_keep += NAME", "env_keep = \"NAME NAME\"", "!env_reset", sudoers(5); also those for some. */
static void take_environment(struct sudo *sudo, const char *line)
{
	const char *reset = find_setting(line, "env_reset"), *at = line;

	if (reset)
		sudo->keeps |= is_off(reset);
	while ((at = strstr(at, "env_keep"))) {
		const char *list;
		bool has;

		at += strlen("env_keep");
		at += strspn(at, BLANKS);
		list = at + strcspn(at, "=");
		list += strspn(list, "=" BLANKS);
		has = list_has_variable(list);
		if (*at == '+')
			sudo->keeps |= has;
		else if (*at == '-')
			sudo->keeps &= !has;
		else if (*at == '=')
			sudo->keeps = has;
	}
}

static void read_sudoers(struct sudo *sudo, const char *path);

/* sudo skips names with a dot, and those that end in "~": of editors and package managers. */
static int is_read_by_sudo(const struct dirent *entry)
{
	const char *name = entry->d_name;

	return !strchr(name, '.') && name[strlen(name) - 1] != '~';
}

static void read_sudoers_directory(struct sudo *sudo, const char *path)
{
	_cleanup_free_ char *full = string_format("%s%s", sudo->root, path);
	struct dirent **entries = NULL;
	int count;

	if (sudo->directory_read)
		return;
	sudo->directory_read = true;
	count = scandir(full, &entries, is_read_by_sudo, alphasort);
	if (count == -1)
		sudo->unreadable |= errno != ENOENT;
	for (int i = 0; i < count; i++) {
		_cleanup_free_ char *inside = string_format("%s/%s", path, entries[i]->d_name);

		read_sudoers(sudo, inside);
		free(entries[i]);
	}
	free(entries);
}

/* Files of other places are not read: sudoers(5) has too many ways to name them. */
static void include_sudoers(struct sudo *sudo, const char *path, const char *line)
{
	static const char known[] = "/etc/sudoers.d";
	const char *at = line + strlen("@include");
	bool directory = strncmp(at, "dir", 3) == 0;
	_cleanup_free_ char *name = NULL;

	at += directory ? 3 : 0;
	if (!strchr(BLANKS, *at))
		return;
	at += strspn(at, BLANKS "\"");
	name = string_format("%.*s", (int)strcspn(at, BLANKS "\""), at);
	if (directory && (strcmp(name, known) == 0 || strcmp(name, "/etc/sudoers.d/") == 0)) {
		read_sudoers_directory(sudo, known);
		return;
	}
	_cleanup_free_ char *what = string_format(
		"whether sudo opens PAM sessions, with what %s includes from %s", path, name);
	findings_untried(sudo->findings, "sudo", what, 0);
}

/* PATH is without the root. */
static void read_sudoers(struct sudo *sudo, const char *path)
{
	_cleanup_free_ char *full = string_format("%s%s", sudo->root, path);
	_cleanup_fclose_ FILE *file = fopen(full, "re");
	char *line;

	if (!file) {
		sudo->unreadable |= errno != ENOENT;
		return;
	}
	while ((line = read_sudoers_line(file))) {
		if (is_include(line))
			include_sudoers(sudo, path, line);
		else if (strncmp(line, "Defaults", 8) == 0) {
			check_service_of_sudo(sudo, line, "pam_service", "sudo");
			check_service_of_sudo(sudo, line, "pam_login_service", "sudo-i");
			take_pam_session(sudo, path, line);
			take_environment(sudo, line);
		}
		free(line);
	}
}

/* Does the service have a line that opens sessions and puts the variable there? */
static bool puts_variable(const char *root, const char *service)
{
	struct pamconf conf;
	bool puts = false;

	if (pamconf_read(root, service, &conf) == 0)
		for (size_t i = 0; i < conf.count; i++) {
			struct options options;
			struct error ignored;

			puts |= stack_opens(&conf.lines[i]) &&
				check_line_options(&conf.lines[i], &options, &ignored) == 0 &&
				!options.direct;
		}
	pamconf_free(&conf);
	return puts;
}

/* Are there sessions, but for those of sudo itself, in which systemctl reaches systemd? */
static bool is_put_elsewhere(const char *root)
{
	char **services = pamconf_services(root);
	bool put = false;

	for (char **service = services; *service; service++) {
		if (!put && strncmp(*service, "sudo", strlen("sudo")) != 0)
			put = puts_variable(root, *service);
		free(*service);
	}
	free(services);
	return put;
}

/* What sudo runs gets an environment of its own, but for env_keep and what its stack puts there. */
static void check_environment(const struct sudo *sudo)
{
	const char *service = sudo->service ? sudo->service : "sudo";
	bool opens = !sudo->off && !sudo->off_some;

	if (!root_has(sudo->root, "/run/systemd/system") || sudo->keeps || sudo->unreadable ||
		(opens && puts_variable(sudo->root, service)) || !is_put_elsewhere(sudo->root))
		return;
	findings_add(sudo->findings, FINDING_NOTE, "sudo",
		"install -m 440 " EXAMPLESDIR "/sudoers /etc/sudoers.d/pam_unshare",
		"\"sudo systemctl\" does not work in a session, and \"sudo apt-get install\" does "
		"not restart daemons there: sudo does not keep " VARIABLE);
}

void check_sudo(struct findings *findings, const char *root)
{
	struct sudo sudo = {.findings = findings, .root = root};
	size_t before = findings->count;

	if (!root_has(root, "/etc/sudoers")) {
		if (root_has(root, "/usr/bin/sudo"))
			findings_untried(findings, "sudo",
				"whether sudo opens PAM sessions: there is no /etc/sudoers", 0);
		return;
	}
	read_sudoers(&sudo, "/etc/sudoers");
	if (sudo.off || sudo.off_some)
		findings_add(findings, check_level_without_session(root, "sudo"), "sudo",
			"take \"!pam_session\" out of it (with visudo)",
			"sudo opens no PAM session: !pam_session in %s",
			sudo.off ? sudo.off : sudo.off_some);
	else if (sudo.unreadable)
		findings_add(findings, FINDING_NOTE, "sudo", NULL,
			"only root may read the configuration of sudo: pam_session is not known");
	else if (findings->count == before) /* all of it was read */
		findings_add(findings, FINDING_OK, "sudo", NULL, "sudo opens PAM sessions");
	check_environment(&sudo);
	free(sudo.service);
	free(sudo.off);
	free(sudo.off_some);
}
