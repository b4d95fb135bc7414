/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_SESSION_ROW_H
#define NSINFO_SESSION_ROW_H

#include "cli.h"
#include "print/json.h"
#include "print/table.h"
#include "read/sessions.h"

/* A session as a line: what list prints, and status and show with -o, -n and -r. */

extern const struct table_column session_row_columns[];

/* session_row_add - add a session to a table of these columns. */
void session_row_add(struct table *table, const struct session *session);

/* session_row_print - a table of this session alone; of none if it is NULL. */
void session_row_print(struct cli *cli, const struct session *session);

/* session_row_json - a session as an object of all the keys that JSON has for it. */
void session_row_json(const struct session *session, struct json *json, const char *key);

#endif
