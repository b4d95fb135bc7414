/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_LIST_H
#define NSINFO_LIST_H

#include "cli.h"

/* The columns of a session, which status and show share with list. */
#define LIST_N_COLUMNS 13
extern const struct table_column list_columns[LIST_N_COLUMNS];

/* list_row - add a session to a table of these columns. */
void list_row(struct table *table, const struct session *session);

/* list_json - a session as an object of all the keys that JSON has for it. */
void list_json(const struct session *session, struct json *json, const char *key);

#endif
