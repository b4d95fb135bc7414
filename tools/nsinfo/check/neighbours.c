/* SPDX-License-Identifier: MIT */

/* nsinfo check: the other modules of a stack, and the moment at which each opens and closes. */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "check/check.h"
#include "check/root.h"
#include "check/stack.h"

/* A module, and what it does at a wrong moment. */
struct neighbour {
	const char *module;
	const char *unless; /* an argument with which it does not; or NULL */
	const char *what;
	const char *only; /* an argument without which it does not; or NULL */
	bool harmless;    /* a note, no warning */
};

/* What breaks behind ours: there is no /proc/self and no thread, and the session exists already. */
static const struct neighbour late[] = {
	{"pam_systemd.so", NULL, "tells logind a PID, and finds no /proc/self"},
	{"pam_systemd_home.so", NULL, "mounts a home of which PID 1 does not know"},
	{"pam_loginuid.so", NULL, "sets no login uid there, without a word"},
	{"pam_selinux.so", "close", "cannot write to /proc/self"},
	{"pam_apparmor.so", NULL, "cannot write to /proc/self"},
	{"pam_smack.so", NULL, "cannot write to /proc/self"},
	{"pam_setquota.so", NULL, "finds no /proc/self there, and refuses the login"},
	{"pam_mount.so", NULL, "mounts inside of the session alone"},
	/* Since CVE-2025-6020 was mended, but for Debian 12's. */
	{"pam_namespace.so", NULL,
		"refuses the login there if it mounts through /proc/self, as that of "
		"Ubuntu 22.04 does"},
};

/* What closes too early before a single line: while the session runs, and inside of it. */
static const struct neighbour early[] = {
	{"pam_mount.so", NULL, "its volumes stay mounted on the host"},
	{"pam_ecryptfs.so", NULL, "the home stays mounted and readable on the host"},
	{"pam_encfs.so", NULL,
		"it finds no /proc/self and crashes the application, and the home stays mounted"},
	{"pam_zfs_key.so", NULL, "the home stays mounted and its key loaded"},
	{"pam_fscrypt.so", NULL, "the home is in use and is not locked"},
	{"pam_systemd_home.so", NULL, "the home is in use and is not deactivated"},
	{"pam_exec.so", "type=open_session",
		"its program runs inside the session, and the user's processes still do, too"},
	{"pam_script.so", NULL,
		"its script runs inside the session, and the user's processes still do, too"},
	{"pam_keyinit.so", NULL, "the session's processes lose their keys before they are ended",
		"revoke", true},
	{"pam_selinux.so", "open", "it finds no /proc/self and cannot restore the context", NULL,
		true},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct neighbour *find(
	const struct neighbour *list, size_t count, const struct pamconf_line *line)
{
	for (size_t i = 0; i < count; i++)
		if (pamconf_is(line, list[i].module) &&
			!(list[i].unless && pamconf_has_argument(line, list[i].unless)) &&
			!(list[i].only && !pamconf_has_argument(line, list[i].only)))
			return &list[i];
	return NULL;
}

/* --- what stands behind ours --- */

/* These do nothing that could break, whatever their place. */
static bool does_nothing(const struct stack *s, size_t i)
{
	const struct pamconf_line *line = &s->conf.lines[i];

	return line->kind != PAMCONF_MODULE || stack_is_ours(line) || s->fixed[i] ||
	       pamconf_has_argument(line, "close") || pamconf_has_argument(line, "unmnt_only");
}

/* A file that is included twice has each line twice. */
static bool stands_before(const struct stack *s, size_t i)
{
	for (size_t before = 0; before < i; before++)
		if (s->conf.lines[before].number == s->conf.lines[i].number &&
			strcmp(s->conf.lines[before].file, s->conf.lines[i].file) == 0)
			return true;
	return false;
}

static void check_behind(struct stack *s)
{
	_cleanup_free_ char *others = string_copy("");
	size_t count = 0;

	for (size_t i = s->ours + 1; i < s->conf.count; i++) {
		const struct pamconf_line *line = &s->conf.lines[i];
		const struct neighbour *known = find(late, COUNT(late), line);

		if (does_nothing(s, i) || stands_before(s, i))
			continue;
		if (known) {
			findings_add(s->findings, FINDING_WARNING, s->service,
				"move the line of pam_unshare behind it, to the end of the stack",
				"%s (%s:%u) stands after pam_unshare: it %s", line->module,
				line->file, line->number, known->what);
			continue;
		}
		string_add(&others, ", ", "%s (%s:%u)", line->module, line->file, line->number);
		count++;
	}
	if (count > 0)
		findings_add(s->findings, FINDING_NOTE, s->service,
			"if one of them fails, move the line of pam_unshare to the end of the "
			"stack",
			"%s stand%s after pam_unshare, where a module finds no /proc/self and "
			"cannot start a thread",
			others, count == 1 ? "s" : "");
}

/* --- what stands before ours, and closes first --- */

/* The module of line I if it needs the session gone before it closes, and is not in time. */
static const struct neighbour *is_early(const struct stack *s, size_t i)
{
	bool in_time = s->closes >= 0 && s->closes < (long)i;

	if (pamconf_is(&s->conf.lines[i], "pam_selinux.so") &&
		!root_has(s->root, "/sys/fs/selinux/enforce"))
		return NULL; /* it does nothing then */
	return in_time || s->fixed[i] ? NULL : find(early, COUNT(early), &s->conf.lines[i]);
}

/* su-l has a pam_keyinit of its own, and that of su, which it includes: the first says it all. */
static bool is_again(const struct stack *s, size_t i, const struct neighbour *known)
{
	for (size_t before = 0; before < i; before++)
		if (is_early(s, before) == known)
			return true;
	return false;
}

static void check_before(struct stack *s)
{
	/* Before each line that a jump may count. */
	_cleanup_free_ char *remedy = string_format(
		"add \"session required pam_unshare.so close\" as the first session line of %s",
		s->conf.source);

	for (size_t i = 0; i < s->ours; i++) {
		const struct pamconf_line *line = &s->conf.lines[i];
		const struct neighbour *known = is_early(s, i);

		if (!known)
			continue;
		if (known->harmless && !is_again(s, i, known))
			findings_add(s->findings, FINDING_NOTE, s->service, NULL,
				"%s (%s:%u) closes first: %s; two lines mend that, see "
				"pam_unshare(8)",
				line->module, line->file, line->number, known->what);
		else if (!known->harmless)
			findings_add(s->findings, FINDING_WARNING, s->service, remedy,
				"%s (%s:%u) closes before pam_unshare, while the session still "
				"runs: %s",
				line->module, line->file, line->number, known->what);
	}
}

/* --- the two lines --- */

static void check_pair(struct stack *s)
{
	const struct pamconf_line *ours = &s->conf.lines[s->ours];

	for (size_t i = 0; i < s->conf.count; i++)
		if (stack_is_ours(&s->conf.lines[i]) &&
			!pamconf_has_argument(&s->conf.lines[i], "open"))
			return;
	findings_add(s->findings, FINDING_WARNING, s->service,
		"write \"session required pam_unshare.so close\" as the first session line, or "
		"take the word \"open\" out",
		"nothing closes what %s:%u opens: the session goes on until the application ends",
		ours->file, ours->number);
}

/* --- sharing --- */

/* Who shares has the same mount namespace, and pam_namespace makes one for each login. */
static void check_sharing(struct stack *s)
{
	const struct pamconf_line *ours = &s->conf.lines[s->ours];
	struct options options;
	struct error error = {0};

	if (check_line_options(ours, &options, &error) < 0 || options.scope == SCOPE_SESSION)
		return;
	for (size_t i = 0; i < s->ours; i++) {
		const struct pamconf_line *line = &s->conf.lines[i];

		if (!pamconf_is(line, "pam_namespace.so") ||
			pamconf_has_argument(line, "unmnt_only"))
			continue;
		findings_add(s->findings, FINDING_NOTE, s->service,
			"if logins are to share a session, take pam_namespace.so out of the stack",
			"scope= shares nothing here: pam_namespace.so (%s:%u) gives each login "
			"mounts of its own, and a session of its own keeps them apart",
			line->file, line->number);
		return;
	}
}

void check_neighbours(struct stack *s)
{
	stack_run(s);
	if (s->closes >= 0 && !s->reached[s->closes])
		s->closes = -1; /* it is passed by, and closes nothing */
	check_sharing(s);
	check_pair(s);
	check_before(s);
	check_behind(s);
}
