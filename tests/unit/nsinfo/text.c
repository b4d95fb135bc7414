/* SPDX-License-Identifier: MIT */

/* What reaches the terminal, and JSON, of names that hold anything. */

#include "../unit.h"

#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "print/json.h"
#include "read/proc.h"
#include "print/table.h"
#include "print/text.h"
#include "tree.h"
#include "base/strings.h"

static void expect_printable(const char *text, const char *wanted)
{
	_cleanup_free_ char *found = text_printable(text);

	assert_string_equal(found, wanted);
}

TEST_CASE(control_characters, "control characters and broken characters are not printed")
{
	expect_printable("plain text", "plain text");
	expect_printable("\033[2J", "\\x1b[2J");
	expect_printable("a\nb\tc\rd\177", "a\\x0ab\\x09c\\x0dd\\x7f");
	expect_printable("\xc2\x9b"
			 "31m",
		"\\xc2\\x9b31m"); /* C1's CSI */
	expect_printable("\xff\xfe", "\\xff\\xfe");
	expect_printable("\xe2\x82", "\\xe2\\x82"); /* cut */
	expect_printable("", "");
}

TEST_CASE(directions, "characters that turn the direction of writing are not printed")
{
	if (!setlocale(LC_ALL, "C.UTF-8"))
		skip();
	expect_printable("\xe2\x80\xae"
			 "gpj.exe",
		"\\xe2\\x80\\xaegpj.exe");
	expect_printable("J\xc3\xbcrgen", "J\xc3\xbcrgen");
}

TEST_CASE(decimals, "a number is written as printf writes it")
{
	static const long long values[] = {0, 7, -1, 10, 4026531836, LLONG_MAX, LLONG_MIN};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char wanted[STRING_DECIMAL], found[STRING_DECIMAL];

		snprintf(wanted, sizeof(wanted), "%lld", values[i]);
		assert_string_equal(string_decimal(found, values[i]), wanted);
	}
}

TEST_CASE(numbers, "a number is decimal digits and nothing else")
{
	static const char *const wrong[] = {
		"", "-1", "+1", " 1", "1 ", "0x10", "1e3", "9223372036854775808"};
	long long number;

	assert_int_equal(string_number("0042", &number), 0);
	assert_int_equal(number, 42);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_not_equal(string_number(wrong[i], &number), 0);
}

static char *wrapped(const char *text, size_t indent, size_t width)
{
	char *result = NULL;
	size_t size;
	FILE *out = open_memstream(&result, &size);

	text_wrap(out, text, indent, width);
	fclose(out);
	return result;
}

TEST_CASE(wrapping, "text is broken at blanks and newlines")
{
	_cleanup_free_ char *two = wrapped("one two three", 2, 10);
	_cleanup_free_ char *forced = wrapped("one\ntwo", 2, 40);
	_cleanup_free_ char *wide = wrapped("abcdefghijklmnop x", 2, 10);

	assert_string_equal(two, "one two\n  three\n");
	assert_string_equal(forced, "one\n  two\n");
	assert_string_equal(wide, "abcdefghijklmnop\n  x\n");
}

TEST_CASE(json_strings, "JSON is valid, whatever a string holds")
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct json json = JSON(out);

	json_object(&json, NULL);
	json_string(&json, "a", "q\"b\\n\n\033\177");
	json_string(&json, "u", "J\xc3\xbc \xff \xed\xa0\x80 \xc0\xaf \xc2\x9b \xe2\x80\xae");
	json_string(&json, "n", NULL);
	json_array(&json, "l");
	json_end_array(&json);
	json_end_object(&json);
	fclose(out);
	assert_string_equal(text, "{\n   \"a\": \"q\\\"b\\\\n\\u000a\\u001b\\u007f\",\n"
				  "   \"u\": \"J\xc3\xbc \\ufffd \\ufffd\\ufffd\\ufffd "
				  "\\ufffd\\ufffd \\u009b \\u202e\",\n"
				  "   \"n\": null,\n   \"l\": []\n}\n");
	free(text);
}

TEST_CASE(times, "times are short for people and ISO 8601 for programs")
{
	char text[TEXT_TIME];

	setenv("TZ", "UTC", 1);
	assert_string_equal(text_time_iso(1700000000, text, sizeof(text)), "2023-11-14T22:13:20Z");
	assert_string_equal(text_time_short(1700000000, 1700000100, text, sizeof(text)), "22:13");
	assert_string_equal(text_time_short(1700000000, 1700000000 + 2 * 86400, text, sizeof(text)),
		"Tue 22:13");
	assert_string_equal(
		text_time_short(1700000000, 1700000000 + 30 * 86400, text, sizeof(text)), "Nov 14");
	assert_string_equal(
		text_time_short(1700000000, 1700000000 + 900 * 86400LL, text, sizeof(text)),
		"2023-11");
}

/* --- files of /proc --- */

TEST_CASE(names_with_brackets, "a process's name may hold brackets and blanks")
{
	struct proc proc;
	struct proc_stat stat;
	char *tree = tree_new();

	tree_proc(tree, &proc);
	tree_write(tree, "7/stat",
		"7 (a) S 9 (b c)) S 1 1 1 34817 1 0 0 0 0 0 0 0 0 0 20 0 1 0 777 0\n");
	assert_int_equal(proc_stat(&proc, 7, &stat), 0);
	assert_int_equal(stat.tty, 34817);
	assert_int_equal(stat.start, 777);
	tree_write(tree, "8/stat", "8 (short");
	assert_int_not_equal(proc_stat(&proc, 8, &stat), 0);
	proc_close(&proc);
	tree_free(tree);
}

TEST_CASE(status_fields, "a process's name cannot make up a field of status")
{
	struct proc proc;
	struct proc_status status;
	char *tree = tree_new();

	tree_proc(tree, &proc);
	tree_write(tree, "7/status",
		"Name:\tUid:\\n0\nState:\tZ "
		"(zombie)\nPPid:\t3\nUid:\t1\t2\t3\t4\nNSpid:\t7\t5\t1\n");
	assert_int_equal(proc_status(&proc, 7, &status), 0);
	assert_string_equal(status.name, "Uid:\\n0");
	assert_int_equal(status.state, 'Z');
	assert_int_equal(status.uid[0], 1);
	assert_int_equal(status.uid[3], 4);
	assert_int_equal(status.levels, 3);
	assert_int_equal(status.nspid[1], 5);
	tree_write(tree, "8/status", "Name:\tx\n");
	assert_int_not_equal(proc_status(&proc, 8, &status), 0);
	assert_int_not_equal(proc_status(&proc, 9, &status), 0);
	proc_close(&proc);
	tree_free(tree);
}

TEST_CASE(command_lines, "a command line is one line, or the name in brackets")
{
	struct proc proc;
	char *tree = tree_new();
	char *command;

	tree_proc(tree, &proc);
	tree_write_bytes(tree, "7/cmdline", "ls\0-l\0\0", 7);
	command = proc_command(&proc, 7);
	assert_string_equal(command, "ls -l");
	free(command);
	tree_write(tree, "8/cmdline", "");
	tree_write(tree, "8/comm", "kthreadd\n");
	command = proc_command(&proc, 8);
	assert_string_equal(command, "[kthreadd]");
	free(command);
	assert_null(proc_command(&proc, 9));
	proc_close(&proc);
	tree_free(tree);
}

TEST_CASE(environments, "a fact is found by its whole name")
{
	static const char block[] = "AB=1\0A=2\0B\0=3\0C=";

	assert_string_equal(proc_environ(block, sizeof(block), "A"), "2");
	assert_string_equal(proc_environ(block, sizeof(block), "AB"), "1");
	assert_string_equal(proc_environ(block, sizeof(block), "C"), "");
	assert_null(proc_environ(block, sizeof(block), "B"));
	assert_null(proc_environ(block, 0, "A"));
}

TEST_CASE(limits, "limits are those of the process, or not known")
{
	static const char unlimited[] = "Max cpu time              unlimited            unlimited"
					"            seconds   \n";
	struct rlimit found[RLIM_NLIMITS];
	char text[4096] =
		"Limit                     Soft Limit           Hard Limit           Units\n";
	struct proc proc;
	char *tree = tree_new();

	tree_proc(tree, &proc);
	for (int i = 0; i < (int)RLIM_NLIMITS; i++) {
		tree_write(tree, "7/limits", text);
		assert_int_not_equal(proc_limits(&proc, 7, found), 0);
		strcat(text, i == RLIMIT_NOFILE ? "Max open files            1024                 "
						  "1048576              files     \n"
						: unlimited);
	}
	tree_write(tree, "7/limits", text);
	assert_int_equal(proc_limits(&proc, 7, found), 0);
	assert_true(found[RLIMIT_NOFILE].rlim_cur == 1024);
	assert_true(found[RLIMIT_NOFILE].rlim_max == 1048576);
	assert_true(found[RLIMIT_CPU].rlim_cur == RLIM_INFINITY);
	assert_true(found[RLIMIT_RTTIME].rlim_max == RLIM_INFINITY);
	proc_close(&proc);
	tree_free(tree);
}

/* --- columns --- */

static const struct table_column columns[] = {
	{"ONE", "one", 5, TABLE_SHOW | TABLE_JSON, "1"},
	{"TWO", "two", 5, TABLE_JSON | TABLE_NUMBER, "2"},
	{"THREE", "three", 5, TABLE_SHOW, "3"},
	{0},
};

TEST_CASE(chosen_columns, "-o chooses columns, and + adds to the usual ones")
{
	const struct table_format format = {0};
	struct table *table = table_new("x", columns, &format);

	assert_true(table_wants(table, 0) && !table_wants(table, 1) && table_wants(table, 2));
	assert_null(table_choose(table, "+two"));
	assert_true(table_wants(table, 0) && table_wants(table, 1) && table_wants(table, 2));
	assert_null(table_choose(table, "two"));
	assert_true(!table_wants(table, 0) && table_wants(table, 1) && !table_wants(table, 2));
	assert_string_equal(table_choose(table, "one,four"), "four");
	assert_non_null(table_choose(table, ""));
	table_free(table);
}

TEST_CASE(json_row, "JSON has null for what is not known")
{
	const struct table_format format = {.json = true};
	struct table *table = table_new("x", columns, &format);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct json json = JSON(out);

	table_row(table, -1);
	table_number(table, 1, -7);
	table_json_row(table, 0, &json, NULL);
	fclose(out);
	assert_string_equal(text, "{\n   \"one\": null,\n   \"two\": -7\n}\n");
	free(text);
	table_free(table);
}

int main(void)
{
	setlocale(LC_ALL, "C.UTF-8");
	return test_cases_run("nsinfo-text", test_cases, NULL, NULL, NULL);
}
