/* SPDX-License-Identifier: MIT */

/* nsinfo check: programs that tell somebody a PID, and what lets them work in a session. */

#include "check/check.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "check/root.h"
#include "config.h"

static bool glob_has(const char *root, const char *pattern)
{
	_cleanup_free_ char *full = string_format("%s%s", root, pattern);
	glob_t found = {0};
	bool has = glob(full, 0, NULL, &found) == 0;

	globfree(&found);
	return has;
}

/* Is a login isolated from which users run programs of theirs? */
static bool users_are_isolated(const char *root)
{
	static const char *const logins[] = {"sshd", "login", "su", "su-l"};

	for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++)
		if (check_level_without_session(root, logins[i]) == FINDING_PROBLEM)
			return true;
	return false;
}

/* --- at --- */

static void check_at(struct findings *findings, const char *root)
{
	if (!root_has(root, "/usr/bin/at") ||
		!(root_has(root, "/usr/lib/systemd/system/atd.service") ||
			root_has(root, "/lib/systemd/system/atd.service")))
		return;
	if (glob_has(root, "/etc/systemd/system/*.wants/atd-wake.path") ||
		glob_has(root, "/etc/systemd/system/*.wants/atd-wake.timer"))
		return;
	findings_add(findings, FINDING_NOTE, "at",
		"copy atd-wake.service, atd-wake.path and atd-wake.timer from " EXAMPLESDIR
		" to /etc/systemd/system, then systemctl daemon-reload; systemctl enable --now "
		"atd-wake.path atd-wake.timer",
		"at(1) cannot wake atd from a session: its jobs start up to an hour late");
}

/* --- podman --- */

/* What a line sets KEY to, without quotes and blanks, as TOML has it. The caller frees, or NULL. */
static char *value_of(const char *line, const char *key)
{
	line += strspn(line, " \t");
	if (strncmp(line, key, strlen(key)) != 0)
		return NULL;
	line += strlen(key);
	line += strspn(line, " \t");
	if (*line != '=')
		return NULL;
	line++;
	line += strspn(line, " \t\"'");
	return string_format("%.*s", (int)strcspn(line, " \t\r\n\"'#"), line);
}

/* The last one counts, containers.conf(5). */
static void read_cgroup_manager(const char *path, char **manager)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) != -1) {
		char *value = value_of(line, "cgroup_manager");

		if (!value)
			continue;
		free(*manager);
		*manager = value;
	}
}

static void check_podman(struct findings *findings, const char *root)
{
	static const char *const files[] = {"/usr/share/containers/containers.conf",
		"/etc/containers/containers.conf", "/etc/containers/containers.conf.d/*.conf"};
	static const char remedy[] =
		"copy " EXAMPLESDIR
		"/containers.conf to /etc/containers/containers.conf.d/pam_unshare.conf";
	_cleanup_free_ char *manager = NULL;
	glob_t found = {0};

	if (!root_has(root, "/usr/bin/podman"))
		return;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		_cleanup_free_ char *pattern = string_format("%s%s", root, files[i]);

		glob(pattern, i ? GLOB_APPEND : 0, NULL, &found);
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		read_cgroup_manager(found.gl_pathv[i], &manager);
	globfree(&found);
	if (!manager)
		findings_add(findings, FINDING_NOTE, "podman", remedy,
			"a container that rootless podman makes outside of a session does not "
			"start in one");
	else if (strcmp(manager, "cgroupfs") != 0)
		findings_add(findings, FINDING_NOTE, "podman", remedy,
			"with cgroup_manager=\"%s\" rootless podman starts no container in a "
			"session",
			manager);
}

void check_programs(struct findings *findings, const char *root)
{
	if (!users_are_isolated(root))
		return;
	check_at(findings, root);
	check_podman(findings, root);
}
