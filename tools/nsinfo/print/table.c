/* SPDX-License-Identifier: MIT */

#include "print/table.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/strings.h"
#include "print/text.h"

#define COLUMNS_MAX 64

struct cell {
	char *text;
	void (*write)(struct json *json, const char *key, const void *data);
	const void *data;
};

struct row {
	long parent;
	struct cell *cells;
	struct libscols_line *line;
};

struct table {
	const char *name;
	const struct table_column *columns;
	size_t n_columns;
	struct table_format format;
	size_t chosen[COLUMNS_MAX];
	size_t n_chosen;
	bool asked; /* by -o */
	char *wrong;
	struct row *rows;
	size_t n_rows;
};

static void choose_usual(struct table *table)
{
	int flag = table->format.json ? TABLE_JSON : TABLE_SHOW;

	for (size_t i = 0; i < table->n_columns; i++)
		if (table->columns[i].flags & flag)
			table->chosen[table->n_chosen++] = i;
}

struct table *table_new(
	const char *name, const struct table_column *columns, const struct table_format *format)
{
	struct table *table = memory_check(calloc(1, sizeof(*table)));

	table->name = name;
	table->columns = columns;
	while (columns[table->n_columns].name)
		table->n_columns++;
	table->format = *format;
	choose_usual(table);
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->n_rows; i++) {
		for (size_t c = 0; c < table->n_columns; c++)
			free(table->rows[i].cells[c].text);
		free(table->rows[i].cells);
	}
	free(table->rows);
	free(table->wrong);
	free(table);
}

static int choose_one(struct table *table, const char *name)
{
	for (size_t i = 0; i < table->n_columns; i++) {
		if (strcasecmp(table->columns[i].name, name) != 0)
			continue;
		if (table->n_chosen < COLUMNS_MAX)
			table->chosen[table->n_chosen++] = i;
		return 0;
	}
	return -EINVAL;
}

const char *table_choose(struct table *table, const char *list)
{
	_cleanup_free_ char *copy = NULL;
	char *state = NULL;

	if (!list)
		return NULL;
	if (*list == '+')
		list++;
	else
		table->n_chosen = 0;
	table->asked = true;
	copy = string_copy(list);
	for (char *name = strtok_r(copy, ",", &state); name; name = strtok_r(NULL, ",", &state)) {
		if (choose_one(table, name) < 0) {
			table->wrong = string_copy(name);
			return table->wrong;
		}
	}
	return table->n_chosen ? NULL : "(none given)";
}

bool table_wants(const struct table *table, size_t column)
{
	for (size_t i = 0; i < table->n_chosen; i++)
		if (table->chosen[i] == column)
			return true;
	return false;
}

void table_hide(struct table *table, size_t column)
{
	size_t kept = 0;

	if (table->asked || table->format.json)
		return;
	for (size_t i = 0; i < table->n_chosen; i++)
		if (table->chosen[i] != column)
			table->chosen[kept++] = table->chosen[i];
	table->n_chosen = kept;
}

long table_row(struct table *table, long parent)
{
	struct row *row;

	table->rows = memory_grow(table->rows, table->n_rows, sizeof(*table->rows));
	row = &table->rows[table->n_rows++];
	row->parent = parent;
	row->line = NULL;
	row->cells = memory_check(calloc(table->n_columns, sizeof(*row->cells)));
	return (long)table->n_rows - 1;
}

static struct cell *last_cell(struct table *table, size_t column)
{
	return &table->rows[table->n_rows - 1].cells[column];
}

void table_take(struct table *table, size_t column, char *text)
{
	struct cell *cell = last_cell(table, column);

	free(cell->text);
	cell->text = text;
}

void table_text(struct table *table, size_t column, const char *text)
{
	if (table_wants(table, column))
		table_take(table, column, string_copy(text));
}

void table_number(struct table *table, size_t column, long long number)
{
	char digits[STRING_DECIMAL];

	table_text(table, column, string_decimal(digits, number));
}

void table_time(struct table *table, size_t column, time_t t)
{
	char text[TEXT_TIME];

	if (table->format.json || table->format.raw)
		table_text(table, column, text_time_iso(t, text, sizeof(text)));
	else
		table_text(table, column, text_time_short(t, time(NULL), text, sizeof(text)));
}

void table_json_write(struct table *table, size_t column,
	void (*write)(struct json *json, const char *key, const void *data), const void *data)
{
	struct cell *cell = last_cell(table, column);

	cell->write = write;
	cell->data = data;
}

/* --- JSON --- */

static void write_cell(
	const struct table_column *column, const struct cell *cell, struct json *json)
{
	if (cell->write)
		cell->write(json, column->key, cell->data);
	else if ((column->flags & TABLE_NUMBER) && cell->text)
		json_number(json, column->key, strtoll(cell->text, NULL, 10));
	else
		json_string(json, column->key, cell->text);
}

void table_json_row(const struct table *table, long row, struct json *json, const char *key)
{
	json_object(json, key);
	for (size_t i = 0; i < table->n_chosen; i++)
		write_cell(&table->columns[table->chosen[i]],
			&table->rows[row].cells[table->chosen[i]], json);
	json_end_object(json);
}

static void print_json(const struct table *table)
{
	struct json json = JSON(stdout);

	json_object(&json, NULL);
	json_array(&json, table->name);
	for (size_t i = 0; i < table->n_rows; i++)
		table_json_row(table, (long)i, &json, NULL);
	json_end_array(&json);
	json_end_object(&json);
}

/* --- libsmartcols --- */

static int smartcols_flags(const struct table *table, const struct table_column *column)
{
	if (table->format.raw)
		return 0;
	return (column->flags & TABLE_RIGHT ? SCOLS_FL_RIGHT : 0) |
	       (column->flags & TABLE_TRUNC ? SCOLS_FL_TRUNC : 0) |
	       (column->flags & TABLE_TREE ? SCOLS_FL_TREE : 0);
}

/*
 * libsmartcols encodes control characters itself, but lets through those that turn the direction;
 * so ours are encoded before. With --raw it takes every byte that is no printable ASCII.
 */
static char *cell_text(const struct table *table, const struct cell *cell)
{
	if (table->format.raw)
		return string_copy(cell->text ? cell->text : "-");
	return text_printable(cell->text && *cell->text ? cell->text : "-");
}

static int fill_line(const struct table *table, struct libscols_line *line, const struct row *row)
{
	for (size_t i = 0; i < table->n_chosen; i++) {
		const struct cell *cell = &row->cells[table->chosen[i]];
		char *text = cell_text(table, cell);

		if (scols_line_refer_data(line, i, text) < 0) {
			free(text);
			return -ENOMEM;
		}
	}
	return 0;
}

static int fill(struct table *table, struct libscols_table *out)
{
	for (size_t i = 0; i < table->n_chosen; i++) {
		const struct table_column *column = &table->columns[table->chosen[i]];

		if (!scols_table_new_column(
			    out, column->name, column->width, smartcols_flags(table, column)))
			return -ENOMEM;
	}
	for (size_t i = 0; i < table->n_rows; i++) {
		struct row *row = &table->rows[i];

		row->line = scols_table_new_line(
			out, row->parent >= 0 ? table->rows[row->parent].line : NULL);
		if (!row->line || fill_line(table, row->line, row) < 0)
			return -ENOMEM;
	}
	return 0;
}

bool table_is_empty(const struct table *table)
{
	return table->n_rows == 0;
}

int table_print(struct table *table)
{
	struct libscols_table *out;
	int r;

	if (table->format.json) {
		print_json(table);
		return 0;
	}
	scols_init_debug(0);
	out = scols_new_table();
	if (!out)
		return -ENOMEM;
	scols_table_enable_raw(out, table->format.raw);
	scols_table_enable_noheadings(out, table->format.noheadings);
	scols_table_enable_noencoding(out, !table->format.raw);
	r = fill(table, out);
	if (r == 0)
		r = scols_print_table(out);
	scols_unref_table(out);
	return r;
}
