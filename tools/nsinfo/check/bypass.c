/* SPDX-License-Identifier: MIT */

/* nsinfo check: systemd, D-Bus and pam_mount, which can show the host from outside a session. */

#include "check/check.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "check/root.h"
#include "check/settings.h"
#include "config.h"

#define BLANKS " \t\r\n"

/* --- systemd --- */

/* From the one whose files count before those of the same name in the others, systemd.unit(5). */
static const char *const unit_directories[] = {"/etc/systemd/system", "/run/systemd/system",
	"/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"};

#define UNIT_DIRECTORIES (sizeof(unit_directories) / sizeof(unit_directories[0]))

static bool user_manager_is_invisible(const char *root)
{
	_cleanup_free_ char *value = settings_read(root, unit_directories, UNIT_DIRECTORIES,
		"user@.service", "[Service]", "ProtectProc");

	return value && strcmp(value, "invisible") == 0;
}

static void check_user_manager(struct findings *findings, const char *root)
{
	if (!root_has(root, "/usr/lib/systemd/system/user@.service") &&
		!root_has(root, "/lib/systemd/system/user@.service"))
		return;
	if (user_manager_is_invisible(root))
		findings_add(findings, FINDING_OK, "systemd", NULL,
			"user@.service hides the host's processes (ProtectProc=invisible)");
	else
		findings_add(findings, FINDING_WARNING, "systemd",
			"put this into /etc/systemd/system/user@.service.d/pam_unshare.conf, then "
			"systemctl daemon-reload:\n[Service]\nProtectProc=invisible",
			"what a user starts with \"systemd-run --user\" runs outside of the "
			"session and sees every process of the host");
}

/* --- XML --- */

/* The file's text with blanks in the place of comments; the caller frees. NULL if there is none. */
static char *read_xml(const char *path)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	char *text = NULL, *end;
	size_t size = 0;

	if (!file || getdelim(&text, &size, '\0', file) == -1) {
		free(text);
		return NULL;
	}
	for (char *at = text; (at = strstr(at, "<!--")); at = end) {
		end = strstr(at + strlen("<!--"), "-->");
		end = end ? end + strlen("-->") : at + strlen(at);
		memset(at, ' ', (size_t)(end - at));
	}
	return text;
}

/* Has a file that PATTERN names an element that holds all of WORDS? */
static bool elements_hold(const char *root, const char *pattern, const char *const *words)
{
	_cleanup_free_ char *full = string_format("%s%s", root, pattern);
	glob_t found = {0};
	bool held = false;

	if (glob(full, 0, NULL, &found) != 0)
		return false;
	for (size_t i = 0; i < found.gl_pathc && !held; i++) {
		_cleanup_free_ char *text = read_xml(found.gl_pathv[i]);
		char *state = NULL, *element = text ? strtok_r(text, ">", &state) : NULL;

		for (; element && !held; element = strtok_r(NULL, ">", &state)) {
			const char *const *word = words;

			while (*word && strstr(element, *word))
				word++;
			held = !*word;
		}
	}
	globfree(&found);
	return held;
}

/* --- D-Bus --- */

/* What gives out command lines, and in which interface of org.freedesktop.systemd1 it is. */
static const char *const bus_methods[][2] = {
	{"systemd1.Manager\"", "\"GetUnitProcesses\""},
	{"systemd1.Service\"", "\"GetProcesses\""},
	{"systemd1.Scope\"", "\"GetProcesses\""},
	{"systemd1.Slice\"", "\"GetProcesses\""},
	{"systemd1.Socket\"", "\"GetProcesses\""},
	{"systemd1.Mount\"", "\"GetProcesses\""},
	{"systemd1.Swap\"", "\"GetProcesses\""},
};

/* dbus-daemon(1) refuses a rule with a member and no interface, and the file with it. */
static bool bus_denies(const char *root, const char *interface, const char *member)
{
	const char *const words[] = {"<deny", "send_interface=", interface, member, NULL};

	return elements_hold(root, "/etc/dbus-1/system.d/*.conf", words) ||
	       elements_hold(root, "/usr/share/dbus-1/system.d/*.conf", words);
}

static void check_bus(struct findings *findings, const char *root)
{
	static const char remedy[] =
		"copy " EXAMPLESDIR "/dbus-policy.conf to /etc/dbus-1/system.d/pam_unshare.conf, "
		"then systemctl reload dbus";

	if (!root_has(root, "/usr/share/dbus-1/system.d/org.freedesktop.systemd1.conf"))
		return;
	for (size_t i = 0; i < sizeof(bus_methods) / sizeof(*bus_methods); i++) {
		if (bus_denies(root, bus_methods[i][0], bus_methods[i][1]))
			continue;
		findings_add(findings, FINDING_WARNING, "D-Bus", remedy,
			"\"systemctl status UNIT\" shows users the command lines of a unit's "
			"processes, also inside a session");
		return;
	}
	findings_add(findings, FINDING_OK, "D-Bus", NULL,
		"the bus denies GetUnitProcesses and GetProcesses to users");
}

/* --- pam_mount --- */

/*
 * With <luserconf> a user's own file names volumes, and the FUSE programs that mount them: these
 * run as the user, on the host, before our line is reached (pam_mount.conf(5)).
 */
static void check_pam_mount(struct findings *findings, const char *root)
{
	static const char path[] = "/etc/security/pam_mount.conf.xml";
	_cleanup_free_ char *full = string_format("%s%s", root, path), *text = read_xml(full);

	if (text && strstr(text, "<luserconf"))
		findings_add(findings, FINDING_WARNING, "pam_mount",
			"take <luserconf> out of it, if users are not to see the host",
			"%s lets users name programs that start before the session, on the host",
			path);
}

void check_bypass(struct findings *findings, const char *root)
{
	check_pam_mount(findings, root);
	check_user_manager(findings, root);
	check_bus(findings, root);
}
