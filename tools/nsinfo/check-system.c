/* SPDX-License-Identifier: MIT */

/* nsinfo check: the files that were installed, the applications' settings, systemd and D-Bus. */

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "check.h"
#include "cleanup.h"
#include "config.h"
#include "policy/rules.h"
#include "text.h"

#define BLANKS " \t\r\n"

/* --- what was installed --- */

char *check_error(const struct error *error)
{
	char text[1024];

	error_describe(error, text, sizeof(text));
	return text_copy(text);
}

/* Root's own, and every directory above it too: else another user may put a program in its place.
 */
static bool is_roots_own(const char *root, const char *path, char **who)
{
	_cleanup_free_ char *part = text_copy(path);

	for (;;) {
		_cleanup_free_ char *full = text_format("%s%s", root, *part ? part : "/");
		struct stat st;
		char *slash;

		if (stat(full, &st) == 0 && (st.st_uid != 0 || (st.st_mode & 022) != 0)) {
			*who = text_copy(*part ? part : "/");
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
	_cleanup_free_ char *full = text_format("%s%s", root, path);
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
	if (!is_roots_own(root, path, &who)) {
		findings_add(findings, FINDING_PROBLEM, subject,
			"make it root's, and writable by root alone",
			"%s can be changed by others than root", who);
		return false;
	}
	return true;
}

/* In a child: a library's initialisation may do anything. */
static bool can_load(const char *path, char *reason, size_t size)
{
	int ends[2], status;
	ssize_t length;
	pid_t child;

	if (pipe(ends) == -1) {
		snprintf(reason, size, "%s", strerror(errno));
		return false;
	}
	fflush(NULL);
	child = fork();
	if (child == 0) {
		void *library = dlopen(path, RTLD_NOW);
		const char *error = library ? NULL : dlerror();

		if (library && !dlsym(library, "pam_sm_open_session"))
			error = "it has no pam_sm_open_session";
		if (error)
			(void)!write(ends[1], error, strlen(error));
		_exit(error ? 1 : 0);
	}
	close(ends[1]);
	length = child > 0 ? read(ends[0], reason, size - 1) : 0;
	reason[length > 0 ? length : 0] = '\0';
	close(ends[0]);
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static void check_rules(struct findings *findings)
{
	struct options options = options_default();
	struct login login = {.user = "root", .service = "nsinfo-check"};
	struct rule rule = {0};
	struct error error = {0};
	_cleanup_free_ char *message = NULL;

	if (rules_find(CONFDIR "/unshare.conf", false, &options, &login, &rule, &error) == 0) {
		findings_add(findings, FINDING_OK, "rules", NULL, "%s/unshare.conf%s", CONFDIR,
			access(CONFDIR "/unshare.conf", F_OK) == 0
				? " is understood"
				: " is not there, and need not be");
	} else {
		message = check_error(&error);
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
	char reason[512];

	if (check_file(findings, root, "module", module, false)) {
		if (*root || can_load(module, reason, sizeof(reason)))
			findings_add(findings, FINDING_OK, "module", NULL,
				"%s is root's own and can be loaded", module);
		else
			findings_add(findings, FINDING_PROBLEM, "module",
				"install it again, and what it links to",
				"libpam cannot load it: %s", reason);
	}
	if (check_file(findings, root, "module", SESSION_INIT, true))
		findings_add(findings, FINDING_OK, "module", NULL,
			"%s is root's own and executable", SESSION_INIT);
	if (!*root)
		check_rules(findings);
}

/* --- sshd and sudo --- */

static bool exists(const char *root, const char *path)
{
	_cleanup_free_ char *full = text_format("%s%s", root, path);

	return access(full, F_OK) == 0;
}

struct sshd {
	const char *root;
	char *use_pam; /* the first value counts, sshd_config(5) */
	int depth;
	bool unreadable;
};

static void read_sshd_config(struct sshd *sshd, const char *path);

static void include_sshd_config(struct sshd *sshd, const char *pattern)
{
	_cleanup_free_ char *full = *pattern == '/'
					    ? text_format("%s%s", sshd->root, pattern)
					    : text_format("%s/etc/ssh/%s", sshd->root, pattern);
	glob_t found = {0};

	if (glob(full, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc && !sshd->use_pam; i++)
			read_sshd_config(sshd, found.gl_pathv[i]);
	globfree(&found);
}

/* UsePAM stands before the first Match block or nowhere. */
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
	while (!sshd->use_pam && getline(&line, &size, file) != -1) {
		char *state = NULL;
		char *keyword = strtok_r(line, BLANKS "=", &state), *value;

		if (!keyword || *keyword == '#')
			continue;
		if (strcasecmp(keyword, "Match") == 0)
			break;
		value = strtok_r(NULL, BLANKS "=\"", &state);
		if (value && strcasecmp(keyword, "UsePAM") == 0)
			sshd->use_pam = text_copy(value);
		for (; value && strcasecmp(keyword, "Include") == 0;
			value = strtok_r(NULL, BLANKS "\"", &state))
			include_sshd_config(sshd, value);
	}
	sshd->depth--;
}

static void check_sshd(struct findings *findings, const char *root)
{
	struct sshd sshd = {.root = root};
	_cleanup_free_ char *path = text_format("%s/etc/ssh/sshd_config", root);

	if (!exists(root, "/etc/ssh/sshd_config"))
		return;
	read_sshd_config(&sshd, path);
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
	free(sshd.use_pam);
}

/* Does a line of the file turn pam_session off? -1 if it cannot be read. */
static int turns_session_off(const char *path)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	int result = 0;

	if (!file)
		return errno == ENOENT ? 0 : -1;
	while (getline(&line, &size, file) != -1) {
		const char *at = line + strspn(line, BLANKS);

		if (strncmp(at, "Defaults", 8) != 0)
			continue;
		at = strstr(at, "pam_session");
		if (at)
			result = at[-1] == '!';
	}
	return result;
}

static void check_sudo(struct findings *findings, const char *root)
{
	_cleanup_free_ char *pattern = text_format("%s/etc/sudoers.d/*", root);
	_cleanup_free_ char *main_file = text_format("%s/etc/sudoers", root);
	const char *culprit = main_file;
	glob_t found = {0};
	int off;

	if (!exists(root, "/etc/sudoers"))
		return;
	off = turns_session_off(main_file);
	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc && off == 0; i++) {
			off = turns_session_off(found.gl_pathv[i]);
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
	else
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

/* --- systemd and D-Bus --- */

/*
 * Has a file that PATTERN names a piece that holds all of WORDS? Pieces end with END: lines of a
 * unit, elements of XML.
 */
static bool files_hold(const char *root, const char *pattern, const char *const *words, char end)
{
	_cleanup_free_ char *full = text_format("%s%s", root, pattern);
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

static void check_user_manager(struct findings *findings, const char *root)
{
	static const char *const units[] = {"/etc/systemd/system/user@.service",
		"/etc/systemd/system/user@.service.d/*.conf",
		"/run/systemd/system/user@.service.d/*.conf",
		"/usr/lib/systemd/system/user@.service.d/*.conf",
		"/lib/systemd/system/user@.service.d/*.conf", NULL};
	static const char *const invisible[] = {"ProtectProc=", "invisible", NULL};

	if (!exists(root, "/usr/lib/systemd/system/user@.service") &&
		!exists(root, "/lib/systemd/system/user@.service"))
		return;
	if (any_holds(root, units, invisible, '\n'))
		findings_add(findings, FINDING_OK, "systemd", NULL,
			"user@.service hides the host's processes (ProtectProc=invisible)");
	else
		findings_add(findings, FINDING_WARNING, "systemd",
			"put this into /etc/systemd/system/user@.service.d/pam_unshare.conf, then "
			"systemctl daemon-reload:\n[Service]\nProtectProc=invisible",
			"what a user starts with \"systemd-run --user\" runs outside of the "
			"session "
			"and sees every process of the host");
}

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

	if (!exists(root, "/usr/share/dbus-1/system.d/org.freedesktop.systemd1.conf"))
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

void check_bypass(struct findings *findings, const char *root)
{
	check_user_manager(findings, root);
	check_bus(findings, root);
}
