/* SPDX-License-Identifier: MIT */

/* nsinfo status: where am I? Exit status 0 in a session, 1 outside, 2 if that cannot be told. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "commands/commands.h"
#include "commands/scan.h"
#include "commands/session-row.h"
#include "print/text.h"
#include "read/mounts.h"

#define EXIT_INSIDE  0
#define EXIT_OUTSIDE 1
#define EXIT_UNKNOWN 2

static void line(const char *key, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void line(const char *key, const char *format, ...)
{
	va_list args;

	printf("%11s: ", key);
	va_start(args, format);
	text_vprint(stdout, format, args);
	va_end(args);
	fputc('\n', stdout);
}

/* The terminal that this command runs on, for a user who may not read the session's facts. */
static char *own_tty(const struct proc *proc)
{
	struct proc_stat stat;
	char name[PROC_TTY];

	if (proc_stat(proc, getpid(), &stat) < 0)
		return NULL;
	return string_copy(proc_tty_name(stat.tty, name));
}

/* WHAT it is. A procfs elsewhere is worth a line: it may show what /proc does not. */
static void print_proc(const struct proc *proc, const struct sessions *sessions, const char *what)
{
	_cleanup_free_ char *options = NULL;
	struct mounts mounts;
	const struct mount *mount = NULL;

	if (mounts_read(proc, getpid(), &mounts) == 0)
		mount = mounts_at(&mounts, "/proc");
	if (mount)
		options = mounts_options(mount);
	line("/proc", "%sshows %zu process%s%s%s", what, sessions->processes.count,
		sessions->processes.count == 1 ? "" : "es", options ? "; mounted " : "",
		options ? options : "");
	for (size_t i = 0; i < mounts.info.count; i++) {
		mount = &mounts.info.mounts[i];
		if (strcmp(mount->type, "proc") == 0 && !mountinfo_is_below(mount->target, "/proc"))
			line("Also", "a procfs at %s", mount->target);
	}
	if (mounts.wrong)
		line("Also", "a mount that is not understood: %s", mounts.wrong);
	mounts_free(&mounts);
}

static void print_inside(
	const struct proc *proc, const struct sessions *sessions, const struct session *session)
{
	char since[TEXT_TIME];

	puts("This is an isolated login: a PID namespace and a /proc of its own.\n");
	if (session->user && session->uid >= 0)
		line("User", "%s (%lld)", session->user, session->uid);
	else if (session->user)
		line("User", "%s", session->user);
	if (session->service)
		line("Service", "%s", session->service);
	if (session->tty)
		line("Terminal", "%s", session->tty);
	if (session->rhost)
		line("From", "%s", session->rhost);
	if (session->start > 0)
		line("Since", "%s",
			text_time_long(session->start, time(NULL), since, sizeof(since)));
	if (session->scope)
		line("Scope", "%s", session->scope);
	line("Namespace", "%llu", (unsigned long long)session->ns);
	print_proc(proc, sessions, "private, ");
	if (sessions->count > 1)
		line("Sessions", "%zu opened from in here (nsinfo list)", sessions->count - 1);
}

/* Who may see every process knows how many sessions there are. */
static bool knows_all(const struct sessions *sessions)
{
	for (size_t i = 0; i < sessions->count; i++)
		if (!sessions->list[i]->verified)
			return false;
	return geteuid() == 0;
}

static void print_outside(const struct proc *proc, const struct sessions *sessions)
{
	struct proc_status init;

	fputs("This shell is not isolated: its PID namespace is ", stdout);
	if (proc_status(proc, 1, &init) == 0 && strcmp(init.name, SESSION_INIT_NAME) != 0)
		text_print(stdout, "%s's", init.name);
	else
		fputs("not a session's", stdout);
	text_print(stdout, " (%llu),\nand its /proc shows %zu processes.\n",
		(unsigned long long)proc->own_pid_ns, sessions->processes.count);
	if (!knows_all(sessions))
		return;
	if (sessions->count == 0)
		puts("No session is open below it.");
	else
		printf("%zu session%s open below it: see \"nsinfo list\".\n", sessions->count,
			sessions->count == 1 ? " is" : "s are");
}

static void print_unknown(const struct proc *proc, const struct sessions *sessions)
{
	puts("Only root can tell whether this is an isolated login: /proc hides PID 1.\n");
	line("Namespace", "%llu, not the machine's first", (unsigned long long)proc->own_pid_ns);
	print_proc(proc, sessions, "");
}

static void print_json(const struct sessions *sessions, int status)
{
	struct json json = JSON(stdout);

	json_object(&json, NULL);
	json_object(&json, "status");
	if (status == EXIT_UNKNOWN)
		json_null(&json, "isolated");
	else
		json_bool(&json, "isolated", sessions->own);
	session_row_json(sessions->own, &json, "session");
	json_number(&json, "visible", (long long)sessions->processes.count);
	json_known(&json, "sessions", knows_all(sessions),
		(long long)sessions->count - (sessions->own != NULL));
	json_end_object(&json);
	json_end_object(&json);
}

/* With hidepid= in the machine's own namespace it is clear, in any other it is not. */
static int judge(const struct proc *proc, const struct sessions *sessions)
{
	if (sessions->own)
		return EXIT_INSIDE;
	return sessions_hidden(sessions) && proc->own_pid_ns != PROC_FIRST_PID_NS ? EXIT_UNKNOWN
										  : EXIT_OUTSIDE;
}

static void print(
	struct cli *cli, const struct proc *proc, const struct sessions *sessions, int status)
{
	if (cli_wants_table(cli))
		session_row_print(cli, sessions->own);
	else if (cli->format.json)
		print_json(sessions, status);
	else if (status == EXIT_UNKNOWN)
		print_unknown(proc, sessions);
	else if (sessions->own)
		print_inside(proc, sessions, sessions->own);
	else
		print_outside(proc, sessions);
}

static int status_main(int argc, char **argv)
{
	struct cli cli = {.command = &command_status};
	struct proc proc = PROC_CLOSED;
	struct sessions sessions;
	int status = EXIT_UNKNOWN;

	while (cli_getopt(&cli, argc, argv) != -1)
		;
	if (optind < argc)
		cli_usage_error(&cli, "unexpected argument: %s", argv[optind]);
	if (scan_sessions(&proc, &sessions, true) == 0) {
		if (sessions.own && !sessions.own->tty)
			sessions.own->tty = own_tty(&proc);
		status = judge(&proc, &sessions);
		print(&cli, &proc, &sessions, status);
	}
	sessions_free(&sessions);
	proc_close(&proc);
	return status;
}

const struct command command_status = {
	.name = "status",
	.arguments = "[options]",
	.summary = "is this an isolated login? exit status 0 if it is, 1 if not",
	.columns = session_row_columns,
	.main = status_main,
};
