/* SPDX-License-Identifier: MIT */

#include "commands/session-row.h"

#include <stdlib.h>

#include "base/strings.h"

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

const struct table_column session_row_columns[] = {
	[COLUMN_NS] = {"NS", "ns", 10, TABLE_BOTH | TABLE_RIGHT | TABLE_NUMBER,
		"PID namespace (inode number)"},
	[COLUMN_INIT] = {"INIT", "init", 5, TABLE_BOTH | TABLE_RIGHT | TABLE_NUMBER,
		"PID 1 of the session, as the host numbers it"},
	[COLUMN_USER] = {"USER", "user", 0.1, TABLE_BOTH | TABLE_TRUNC, "who logged in"},
	[COLUMN_UID] = {"UID", "uid", 5, TABLE_JSON | TABLE_RIGHT | TABLE_NUMBER,
		"the user's number"},
	[COLUMN_SERVICE] = {"SERVICE", "service", 4, TABLE_BOTH, "PAM service"},
	[COLUMN_TTY] = {"TTY", "tty", 5, TABLE_BOTH, "terminal"},
	[COLUMN_FROM] = {"FROM", "rhost", 0.1, TABLE_BOTH | TABLE_TRUNC, "remote host"},
	[COLUMN_SINCE] = {"SINCE", "since", 5, TABLE_BOTH, "when it opened"},
	[COLUMN_PROCS] = {"PROCS", "processes", 1, TABLE_BOTH | TABLE_RIGHT | TABLE_NUMBER,
		"processes in it"},
	[COLUMN_SCOPE] = {"SCOPE", "scope", 5, TABLE_BOTH, "who shares it: session, user or group"},
	[COLUMN_STATE] = {"STATE", "state", 4, TABLE_BOTH, "open, lingering or ending"},
	[COLUMN_LOGINS] = {"LOGINS", "logins", 0.1, TABLE_BOTH | TABLE_TRUNC,
		"applications that hold it open, and their PIDs"},
	[COLUMN_PARENT] = {"PARENT", "parent", 10, TABLE_RIGHT | TABLE_NUMBER,
		"session that it was opened in"},
	{0},
};

static char *logins_text(const struct session *session)
{
	char *text = NULL;

	for (size_t i = 0; i < session->n_logins; i++) {
		char *longer = string_format("%s%s%s:%d", text ? text : "", text ? "," : "",
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

void session_row_add(struct table *table, const struct session *session)
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

void session_row_print(struct cli *cli, const struct session *session)
{
	struct table *table = table_new("sessions", session_row_columns, &cli->format);

	cli_columns(cli, table);
	if (session) {
		session_row_add(table, session);
		table_print(table);
	}
	table_free(table);
}

void session_row_json(const struct session *session, struct json *json, const char *key)
{
	struct table_format format = {.json = true};
	struct table *table;

	if (!session) {
		json_null(json, key);
		return;
	}
	table = table_new("", session_row_columns, &format);
	session_row_add(table, session);
	table_json_row(table, 0, json, key);
	table_free(table);
}
