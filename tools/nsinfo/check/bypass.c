/* SPDX-License-Identifier: MIT */

/* nsinfo check: systemd, D-Bus and pam_mount, which can show the host from outside a session. */

#include "check/check.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "check/root.h"
#include "config.h"

#define BLANKS " \t\r\n"

/*
 * Has a file that PATTERN names a piece that holds all of WORDS? Pieces end with END: lines of a
 * unit, elements of XML.
 */
static bool files_hold(const char *root, const char *pattern, const char *const *words, char end)
{
	_cleanup_free_ char *full = string_format("%s%s", root, pattern);
	glob_t found = {0};
	bool held = false;

	if (glob(full, 0, NULL, &found) != 0)
		return false;
	for (size_t i = 0; i < found.gl_pathc && !held; i++) {
		_cleanup_fclose_ FILE *file = fopen(found.gl_pathv[i], "re");
		_cleanup_free_ char *line = NULL;
		size_t size = 0;

		while (file && !held && getdelim(&line, &size, end, file) != -1) {
			const char *const *word = words;

			while (*word && strstr(line, *word))
				word++;
			held = !*word && line[strspn(line, BLANKS)] != '#';
		}
	}
	globfree(&found);
	return held;
}

static bool any_holds(
	const char *root, const char *const *patterns, const char *const *words, char end)
{
	for (; *patterns; patterns++)
		if (files_hold(root, *patterns, words, end))
			return true;
	return false;
}

/* --- systemd --- */

static void check_user_manager(struct findings *findings, const char *root)
{
	static const char *const units[] = {"/etc/systemd/system/user@.service",
		"/etc/systemd/system/user@.service.d/*.conf",
		"/run/systemd/system/user@.service.d/*.conf",
		"/usr/lib/systemd/system/user@.service.d/*.conf",
		"/lib/systemd/system/user@.service.d/*.conf", NULL};
	static const char *const invisible[] = {"ProtectProc=", "invisible", NULL};

	if (!root_has(root, "/usr/lib/systemd/system/user@.service") &&
		!root_has(root, "/lib/systemd/system/user@.service"))
		return;
	if (any_holds(root, units, invisible, '\n'))
		findings_add(findings, FINDING_OK, "systemd", NULL,
			"user@.service hides the host's processes (ProtectProc=invisible)");
	else
		findings_add(findings, FINDING_WARNING, "systemd",
			"put this into /etc/systemd/system/user@.service.d/pam_unshare.conf, then "
			"systemctl daemon-reload:\n[Service]\nProtectProc=invisible",
			"what a user starts with \"systemd-run --user\" runs outside of the "
			"session and sees every process of the host");
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
	static const char *const policies[] = {
		"/etc/dbus-1/system.d/*.conf", "/usr/share/dbus-1/system.d/*.conf", NULL};
	const char *const words[] = {"<deny", "send_interface=", interface, member, NULL};

	return any_holds(root, policies, words, '>');
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
	_cleanup_free_ char *full = string_format("%s%s", root, path), *text = NULL;
	_cleanup_fclose_ FILE *file = fopen(full, "re");
	size_t size = 0;
	bool comment = false;

	while (file && getdelim(&text, &size, '>', file) != -1) {
		const char *open = strstr(text, "<!--"), *element = strstr(text, "<luserconf");

		if (element && !comment && !(open && open < element)) {
			findings_add(findings, FINDING_WARNING, "pam_mount",
				"take <luserconf> out of it, if users are not to see the host",
				"%s lets users name programs that start before the session, on the "
				"host",
				path);
			return;
		}
		comment = (comment || open) && !strstr(text, "-->");
	}
}

void check_bypass(struct findings *findings, const char *root)
{
	check_pam_mount(findings, root);
	check_user_manager(findings, root);
	check_bus(findings, root);
}
