/* SPDX-License-Identifier: MIT */

/* nsinfo pid: which session is a PID in, and what is it called there? And the way back. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/strings.h"
#include "commands/commands.h"
#include "commands/scan.h"
#include "print/text.h"

enum {
	COLUMN_HOSTPID,
	COLUMN_PID,
	COLUMN_NS,
	COLUMN_INIT,
	COLUMN_USER,
	COLUMN_SERVICE,
	COLUMN_LEVELS,
	COLUMN_COMMAND,
};

static const struct table_column columns[] = {
	[COLUMN_HOSTPID] = {"HOSTPID", "hostpid", 5, TABLE_BOTH | TABLE_RIGHT | TABLE_NUMBER,
		"PID on the host"},
	[COLUMN_PID] = {"PID", "pid", 3, TABLE_BOTH | TABLE_RIGHT | TABLE_NUMBER,
		"PID in the session"},
	[COLUMN_NS] = {"NS", "ns", 10, TABLE_BOTH | TABLE_RIGHT | TABLE_NUMBER,
		"the session's namespace"},
	[COLUMN_INIT] = {"INIT", "init", 5, TABLE_JSON | TABLE_RIGHT | TABLE_NUMBER,
		"PID 1 of the session, as the host numbers it"},
	[COLUMN_USER] = {"USER", "user", 0.1, TABLE_BOTH, "whose session it is"},
	[COLUMN_SERVICE] = {"SERVICE", "service", 4, TABLE_BOTH, "PAM service"},
	[COLUMN_LEVELS] = {"LEVELS", "levels", 10, TABLE_BOTH,
		"its PID at each level, from the host's down to its own"},
	[COLUMN_COMMAND] = {"COMMAND", "command", 0.3, TABLE_BOTH | TABLE_TRUNC, "command line"},
	{0},
};

static char *levels_text(const struct proc_status *status)
{
	char text[PROC_LEVELS * 12] = "";
	size_t length = 0;

	for (int i = 0; i < status->levels; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%d",
			i ? "/" : "", (int)status->nspid[i]);
	return string_copy(text);
}

static void levels_json(struct json *json, const char *key, const void *data)
{
	const struct proc_status *status = data;

	json_array(json, key);
	for (int i = 0; i < status->levels; i++)
		json_number(json, NULL, status->nspid[i]);
	json_end_array(json);
}

/* The row of one process. STATUS lives until the table is printed. */
static void add_row(struct table *table, struct sessions *sessions, const struct process *process,
	const struct proc_status *status, const struct session *session)
{
	table_row(table, -1);
	if (!sessions->own) /* in a session nobody knows what the host calls it */
		table_number(table, COLUMN_HOSTPID, process->pid);
	table_take(table, COLUMN_LEVELS, levels_text(status));
	table_json_write(table, COLUMN_LEVELS, levels_json, status);
	table_take(table, COLUMN_COMMAND, proc_command(sessions->proc, process->pid));
	if (!session)
		return;
	if (session->level < status->levels)
		table_number(table, COLUMN_PID, status->nspid[session->level]);
	if (session->ns)
		table_number(table, COLUMN_NS, (long long)session->ns);
	table_number(table, COLUMN_INIT, session->init);
	table_text(table, COLUMN_USER, session->user);
	table_text(table, COLUMN_SERVICE, session->service);
}

/* The process that is called PID in the session, at the session's level of NSpid. */
static const struct process *find_inside(struct sessions *sessions, const struct session *session,
	pid_t pid, struct proc_status *status)
{
	for (size_t i = 0; i < sessions->processes.count; i++) {
		const struct process *process = &sessions->processes.list[i];

		if (sessions_contains(sessions, session, process) &&
			proc_status(sessions->proc, process->pid, status) == 0 &&
			session->level < status->levels && status->nspid[session->level] == pid)
			return process;
	}
	return NULL;
}

static int add_pid(struct table *table, struct sessions *sessions, const struct session *session,
	const char *argument, struct proc_status *status)
{
	const struct process *process;
	long long pid;

	if (string_number(argument, &pid) < 0 || pid <= 0 || pid > INT32_MAX) {
		text_error("not a PID: %s", argument);
		return -EINVAL;
	}
	if (session) {
		process = find_inside(sessions, session, (pid_t)pid, status);
		if (!process) {
			text_error("no process %lld in this session%s", pid,
				session->ns ? "" : ", or only root may see it");
			return -ESRCH;
		}
		add_row(table, sessions, process, status, session);
		return 0;
	}
	process = processes_find(&sessions->processes, (pid_t)pid);
	if (!process || proc_status(sessions->proc, (pid_t)pid, status) < 0) {
		text_error("no process %lld", pid);
		return -ESRCH;
	}
	add_row(table, sessions, process, status, sessions_of(sessions, process));
	return 0;
}

static int add_pids(struct table *table, struct sessions *sessions, const char *name, int argc,
	char **argv, struct proc_status *statuses)
{
	const struct session *session = NULL;
	int result = 0;

	if (name) {
		session = scan_choose(sessions, name);
		if (!session)
			return -ESRCH;
	}
	if (sessions->own)
		table_hide(table, COLUMN_HOSTPID);
	for (int i = 0; i < argc; i++) {
		int r = add_pid(table, sessions, session, argv[i], &statuses[i]);

		if (r < 0)
			result = r;
	}
	return result;
}

static int run(struct cli *cli, const char *name, int argc, char **argv)
{
	struct proc proc = PROC_CLOSED;
	struct sessions sessions;
	struct table *table = table_new("pids", columns, &cli->format);
	struct proc_status *statuses = memory_check(calloc((size_t)argc, sizeof(*statuses)));
	int r;

	cli_columns(cli, table);
	r = scan_sessions(&proc, &sessions, false);
	if (r == 0)
		r = add_pids(table, &sessions, name, argc, argv, statuses);
	if (!table_is_empty(table) || cli->format.json)
		table_print(table);
	table_free(table);
	free(statuses);
	sessions_free(&sessions);
	proc_close(&proc);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int pid_main(int argc, char **argv)
{
	struct cli cli = {.command = &command_pid};
	const char *name = NULL;
	int c;

	while ((c = cli_getopt(&cli, argc, argv)) != -1)
		if (c == 's')
			name = optarg;
	if (optind == argc)
		cli_usage_error(&cli, "which PID?");
	return run(&cli, name, argc - optind, argv + optind);
}

static const struct cli_option options[] = {
	{'s', "session", "SESSION", "the PIDs are those that this session sees"},
	{0},
};

const struct command command_pid = {
	.name = "pid",
	.arguments = "[options] PID...",
	.summary = "translate PIDs: the host's to a session's, or with --session back",
	.options = options,
	.columns = columns,
	.main = pid_main,
};
