/* SPDX-License-Identifier: MIT */

/* nsinfo ps: a session's processes, with the PID inside and the PID on the host side by side. */

#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/strings.h"
#include "commands/commands.h"
#include "commands/scan.h"
#include "print/text.h"

enum {
	COLUMN_NS,
	COLUMN_PID,
	COLUMN_HOSTPID,
	COLUMN_PPID,
	COLUMN_USER,
	COLUMN_UID,
	COLUMN_TTY,
	COLUMN_START,
	COLUMN_STATE,
	COLUMN_COMMAND,
};

static const struct table_column columns[] = {
	[COLUMN_NS] = {"NS", "ns", 10, TABLE_BOTH | TABLE_RIGHT | TABLE_NUMBER,
		"the session's namespace"},
	[COLUMN_PID] = {"PID", "pid", 3, TABLE_BOTH | TABLE_RIGHT | TABLE_NUMBER,
		"PID in the session"},
	[COLUMN_HOSTPID] = {"HOSTPID", "hostpid", 5, TABLE_BOTH | TABLE_RIGHT | TABLE_NUMBER,
		"PID on the host"},
	[COLUMN_PPID] = {"PPID", "ppid", 3, TABLE_JSON | TABLE_RIGHT | TABLE_NUMBER,
		"parent's PID in the session; none if it is outside"},
	[COLUMN_USER] = {"USER", "user", 0.1, TABLE_BOTH | TABLE_TRUNC, "whose it is"},
	[COLUMN_UID] = {"UID", "uid", 5, TABLE_JSON | TABLE_RIGHT | TABLE_NUMBER,
		"the user's number"},
	[COLUMN_TTY] = {"TTY", "tty", 5, TABLE_BOTH, "terminal"},
	[COLUMN_START] = {"START", "start", 5, TABLE_BOTH, "when it started"},
	[COLUMN_STATE] = {"S", "process_state", 1, TABLE_BOTH, "state, as in ps(1)"},
	[COLUMN_COMMAND] = {"COMMAND", "command", 0.5, TABLE_BOTH | TABLE_TREE | TABLE_TRUNC,
		"command line"},
	{0},
};

/* One process that is to be printed. */
struct entry {
	pid_t pid; /* in the reader's /proc */
	struct proc_status status;
	struct proc_stat stat;
	const struct session *session;
	struct entry *parent;
	bool printed;
};

struct entries {
	struct entry *list;
	size_t count;
};

static int compare_pid(const void *a, const void *b)
{
	const struct entry *s = a, *t = b;

	return s->pid < t->pid ? -1 : s->pid > t->pid;
}

static void collect(
	struct sessions *sessions, const struct session *session, struct entries *entries)
{
	for (size_t i = 0; i < sessions->processes.count; i++) {
		const struct process *process = &sessions->processes.list[i];
		struct entry entry = {.pid = process->pid, .session = session};

		if (!sessions_contains(sessions, session, process) ||
			proc_status(sessions->proc, process->pid, &entry.status) < 0 ||
			proc_stat(sessions->proc, process->pid, &entry.stat) < 0)
			continue;
		entries->list = memory_grow(entries->list, entries->count, sizeof(*entries->list));
		entries->list[entries->count++] = entry;
	}
	if (entries->count == 0)
		return;
	qsort(entries->list, entries->count, sizeof(*entries->list), compare_pid);
	for (size_t i = 0; i < entries->count; i++) {
		struct entry key = {.pid = entries->list[i].status.ppid};

		entries->list[i].parent = bsearch(
			&key, entries->list, entries->count, sizeof(*entries->list), compare_pid);
	}
}

static void fill_user(struct table *table, uid_t uid)
{
	const struct passwd *passwd = getpwuid(uid);

	table_number(table, COLUMN_UID, uid);
	if (passwd)
		table_text(table, COLUMN_USER, passwd->pw_name);
	else
		table_number(table, COLUMN_USER, uid);
}

static void print_entry(struct table *table, struct proc *proc, struct entries *entries,
	struct entry *entry, long parent)
{
	int level = entry->session->level;
	char tty[PROC_TTY];
	long row = table_row(table, parent);

	entry->printed = true;
	if (entry->session->ns)
		table_number(table, COLUMN_NS, (long long)entry->session->ns);
	if (level < entry->status.levels)
		table_number(table, COLUMN_PID, entry->status.nspid[level]);
	if (level > 0)
		table_number(table, COLUMN_HOSTPID, entry->pid);
	if (entry->parent && level < entry->parent->status.levels)
		table_number(table, COLUMN_PPID, entry->parent->status.nspid[level]);
	fill_user(table, entry->status.uid[1]);
	table_text(table, COLUMN_TTY, proc_tty_name(entry->stat.tty, tty));
	table_time(table, COLUMN_START, proc_start(proc, &entry->stat));
	table_take(table, COLUMN_STATE, string_format("%c", entry->status.state));
	table_take(table, COLUMN_COMMAND, proc_command(proc, entry->pid));
	for (size_t i = 0; i < entries->count; i++)
		if (entries->list[i].parent == entry && !entries->list[i].printed)
			print_entry(table, proc, entries, &entries->list[i], row);
}

static void add_session(
	struct table *table, struct sessions *sessions, const struct session *session)
{
	struct entries entries = {0};

	collect(sessions, session, &entries);
	for (size_t i = 0; i < entries.count; i++)
		if (!entries.list[i].parent)
			print_entry(table, sessions->proc, &entries, &entries.list[i], -1);
	free(entries.list);
}

/* Which sessions the arguments mean; without one, the reader's own, or all. */
static int add_chosen(struct table *table, struct sessions *sessions, const char *name)
{
	const struct session *session = sessions->own;

	if (name) {
		session = scan_choose(sessions, name);
		if (!session)
			return -1;
	}
	if (session) {
		table_hide(table, COLUMN_NS);
		if (session->level == 0)
			table_hide(table, COLUMN_HOSTPID);
		if (session->ns == 0)
			text_error("only root may see which processes are in this session");
		add_session(table, sessions, session);
		return session->ns ? 0 : -1;
	}
	for (size_t i = 0; i < sessions->count; i++)
		if (!sessions->list[i]->parent)
			add_session(table, sessions, sessions->list[i]);
	return 0;
}

/* Not an error: a user may ask, and there may be nothing. */
static void say_why_none(const struct sessions *sessions)
{
	fprintf(stderr, "%s\n",
		sessions->count == 0 ? sessions_none(sessions)
				     : "Only root may see which processes are in a session.");
}

static int run(struct cli *cli, const char *name)
{
	struct proc proc = PROC_CLOSED;
	struct sessions sessions;
	struct table *table = table_new("processes", columns, &cli->format);
	int r;

	cli_columns(cli, table);
	r = scan_sessions(&proc, &sessions, false);
	if (r == 0)
		r = add_chosen(table, &sessions, name);
	if (r == 0 && table_is_empty(table) && cli_is_for_people(cli))
		say_why_none(&sessions);
	else if (r == 0)
		r = table_print(table);
	table_free(table);
	sessions_free(&sessions);
	proc_close(&proc);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int ps_main(int argc, char **argv)
{
	struct cli cli = {.command = &command_ps};

	while (cli_getopt(&cli, argc, argv) != -1)
		;
	if (argc - optind > 1)
		cli_usage_error(&cli, "more than one session");
	return run(&cli, argv[optind]);
}

const struct command command_ps = {
	.name = "ps",
	.arguments = "[options] [SESSION]",
	.summary = "show a session's processes as a tree, with PIDs inside and outside",
	.columns = columns,
	.main = ps_main,
};
