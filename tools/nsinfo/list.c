/* SPDX-License-Identifier: MIT */

/* nsinfo list: a line a session. */

#include "list.h"

#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "text.h"

enum {
	COLUMN_NS,
	COLUMN_INIT,
	COLUMN_USER,
	COLUMN_UID,
	COLUMN_SERVICE,
	COLUMN_TTY,
	COLUMN_FROM,
	COLUMN_SINCE,
	COLUMN_PROCS,
	COLUMN_SCOPE,
	COLUMN_STATE,
	COLUMN_LOGINS,
	COLUMN_PARENT,
};

#define BOTH (TABLE_SHOW | TABLE_JSON)

const struct table_column list_columns[LIST_N_COLUMNS] = {
	[COLUMN_NS] = {"NS", "ns", 10, BOTH | TABLE_RIGHT | TABLE_NUMBER,
		"PID namespace (inode number)"},
	[COLUMN_INIT] = {"INIT", "init", 5, BOTH | TABLE_RIGHT | TABLE_NUMBER,
		"PID 1 of the session, as the host numbers it"},
	[COLUMN_USER] = {"USER", "user", 0.1, BOTH | TABLE_TRUNC, "who logged in"},
	[COLUMN_UID] = {"UID", "uid", 5, TABLE_JSON | TABLE_RIGHT | TABLE_NUMBER,
		"the user's number"},
	[COLUMN_SERVICE] = {"SERVICE", "service", 4, BOTH, "PAM service"},
	[COLUMN_TTY] = {"TTY", "tty", 5, BOTH, "terminal"},
	[COLUMN_FROM] = {"FROM", "rhost", 0.1, BOTH | TABLE_TRUNC, "remote host"},
	[COLUMN_SINCE] = {"SINCE", "since", 5, BOTH, "when it opened"},
	[COLUMN_PROCS] = {"PROCS", "processes", 1, BOTH | TABLE_RIGHT | TABLE_NUMBER,
		"processes in it"},
	[COLUMN_SCOPE] = {"SCOPE", "scope", 5, BOTH, "who shares it: session, user or group"},
	[COLUMN_STATE] = {"STATE", "state", 4, BOTH, "open, lingering or ending"},
	[COLUMN_LOGINS] = {"LOGINS", "logins", 0.1, BOTH | TABLE_TRUNC,
		"applications that hold it open, and their PIDs"},
	[COLUMN_PARENT] = {"PARENT", "parent", 10, TABLE_RIGHT | TABLE_NUMBER,
		"session that it was opened in"},
};

static char *logins_text(const struct session *session)
{
	char *text = NULL;

	for (size_t i = 0; i < session->n_logins; i++) {
		char *longer = text_format("%s%s%s:%d", text ? text : "", text ? "," : "",
			session->logins[i].command, (int)session->logins[i].pid);

		free(text);
		text = longer;
	}
	return text;
}

static void logins_json(struct json *json, const char *key, const void *data)
{
	const struct session *session = data;

	if (session->state == SESSION_UNKNOWN) {
		json_null(json, key);
		return;
	}
	json_array(json, key);
	for (size_t i = 0; i < session->n_logins; i++) {
		json_object(json, NULL);
		json_number(json, "pid", session->logins[i].pid);
		json_string(json, "command", session->logins[i].command);
		json_end_object(json);
	}
	json_end_array(json);
}

void list_row(struct table *table, const struct session *session)
{
	table_row(table, -1);
	if (session->ns)
		table_number(table, COLUMN_NS, (long long)session->ns);
	table_number(table, COLUMN_INIT, session->init);
	table_text(table, COLUMN_USER, session->user);
	if (session->uid >= 0)
		table_number(table, COLUMN_UID, session->uid);
	table_text(table, COLUMN_SERVICE, session->service);
	table_text(table, COLUMN_TTY, session->tty);
	table_text(table, COLUMN_FROM, session->rhost);
	if (session->start > 0)
		table_time(table, COLUMN_SINCE, session->start);
	if (session->processes >= 0)
		table_number(table, COLUMN_PROCS, session->processes);
	table_text(table, COLUMN_SCOPE, session->scope);
	table_text(table, COLUMN_STATE, session_state_name(session->state));
	table_take(table, COLUMN_LOGINS, logins_text(session));
	table_json_write(table, COLUMN_LOGINS, logins_json, session);
	if (session->parent && session->parent->ns)
		table_number(table, COLUMN_PARENT, (long long)session->parent->ns);
}

void list_json(const struct session *session, struct json *json, const char *key)
{
	struct table_format format = {.json = true};
	struct table *table;

	if (!session) {
		json_null(json, key);
		return;
	}
	table = table_new("", list_columns, LIST_N_COLUMNS, &format);
	list_row(table, session);
	table_json_row(table, 0, json, key);
	table_free(table);
}

static bool matches(const char *wanted, const char *value)
{
	return !wanted || (value && strcmp(wanted, value) == 0);
}

static size_t fill(
	struct table *table, const struct sessions *sessions, const char *user, const char *service)
{
	size_t count = 0;

	for (size_t i = 0; i < sessions->count; i++) {
		if (!matches(user, sessions->list[i]->user) ||
			!matches(service, sessions->list[i]->service))
			continue;
		list_row(table, sessions->list[i]);
		count++;
	}
	return count;
}

static int run(struct cli *cli, const char *user, const char *service)
{
	struct proc proc = PROC_CLOSED;
	struct sessions sessions;
	struct table *table = table_new("sessions", list_columns, LIST_N_COLUMNS, &cli->format);
	int r;

	cli_columns(cli, table);
	r = cli_sessions(&proc, &sessions, true);
	if (r == 0) {
		if (fill(table, &sessions, user, service) == 0 && cli_is_for_people(cli))
			fprintf(stderr, "%s\n", sessions_none(&sessions));
		else
			r = table_print(table);
	}
	table_free(table);
	sessions_free(&sessions);
	proc_close(&proc);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int list_main(int argc, char **argv)
{
	struct cli cli = {.command = &command_list};
	const char *user = NULL, *service = NULL;
	int c;

	while ((c = cli_getopt(&cli, argc, argv)) != -1) {
		if (c == 'u')
			user = optarg;
		else if (c == 's')
			service = optarg;
	}
	if (optind < argc)
		cli_usage_error(&cli, "unexpected argument: %s", argv[optind]);
	return run(&cli, user, service);
}

static const struct option long_options[] = {
	{"user", required_argument, NULL, 'u'},
	{"service", required_argument, NULL, 's'},
	{0},
};

const struct command command_list = {
	.name = "list",
	.arguments = "[options]",
	.summary = "list the sessions",
	.options = "  -s, --service SERVICE  only those of this PAM service\n"
		   "  -u, --user USER        only this user's\n",
	.short_options = "u:s:",
	.long_options = long_options,
	.columns = list_columns,
	.n_columns = LIST_N_COLUMNS,
	.main = list_main,
};
