/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_TABLE_H
#define NSINFO_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "print/json.h"

/*
 * What a command prints: rows of cells, as a table, a tree, raw or JSON. libsmartcols lays it out;
 * the JSON is json.h's.
 */

enum table_flags {
	TABLE_SHOW = 1 << 0, /* without -o, in the table */
	TABLE_JSON = 1 << 1, /* without -o, in JSON */
	TABLE_BOTH = TABLE_SHOW | TABLE_JSON,
	TABLE_RIGHT = 1 << 2,  /* aligned to the right */
	TABLE_TRUNC = 1 << 3,  /* cut if the terminal is too narrow */
	TABLE_TREE = 1 << 4,   /* draws the rows' parents */
	TABLE_NUMBER = 1 << 5, /* a number in JSON */
};

/* From one array of these come the headings, -o, JSON and the list in --help. */
struct table_column {
	const char *name; /* as -o and the heading have it; NULL ends the array */
	const char *key;  /* in JSON */
	double width;     /* libsmartcols' hint: below 1 a part of the terminal's width */
	int flags;
	const char *help;
};

struct table_format {
	bool json, raw, noheadings;
	const char *columns; /* -o, or NULL */
};

struct table;

/*
 * table_new - an empty table of these columns; rows are filled by a column's place among them.
 * @name: the array's key in JSON.
 */
struct table *table_new(
	const char *name, const struct table_column *columns, const struct table_format *format);
void table_free(struct table *table);

/*
 * table_choose - take a LIST of -o, "A,B" or "+A,B"; NULL for the usual ones.
 *
 * Returns NULL, or the word that is no column (valid until the table is freed).
 */
const char *table_choose(struct table *table, const char *list);

/* table_wants - is the column printed? What is not need not be read; its cells stay empty. */
bool table_wants(const struct table *table, size_t column);

/* table_hide - leave a column out, unless it was asked for. */
void table_hide(struct table *table, size_t column);

/* table_row - a new row. @parent: the row it hangs from in a tree, or -1. Returns its number. */
long table_row(struct table *table, long parent);

/* Fill a cell. One that is not filled, or with NULL, is "-", and null in JSON. */
void table_text(struct table *table, size_t column, const char *text);
void table_number(struct table *table, size_t column, long long number);
/* table_take - text that the table frees. */
void table_take(struct table *table, size_t column, char *text);
/* table_time - short for people; ISO 8601 in UTC in JSON and with --raw. */
void table_time(struct table *table, size_t column, time_t t);

/* table_json_write - an array that stands in JSON instead of the cell's text. */
void table_json_write(struct table *table, size_t column,
	void (*write)(struct json *json, const char *key, const void *data), const void *data);

bool table_is_empty(const struct table *table);

/* table_print - on standard output. Returns 0 or a negative errno. */
int table_print(struct table *table);

/* table_json_row - the row's object in a document of one's own. */
void table_json_row(const struct table *table, long row, struct json *json, const char *key);

#endif
