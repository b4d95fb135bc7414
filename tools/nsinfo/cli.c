/* SPDX-License-Identifier: MIT */

#include "cli.h"

#include <ctype.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "config.h"
#include "print/text.h"

#define OPTIONS_MAX 24

enum {
	OPTION_COLOR = 0x1000, /* beyond the letters, and the commands' own */
};

/* Of all commands, but in --help of those that print a table. */
static const struct cli_option table_options[] = {
	{'J', "json", NULL, "JSON"},
	{'n', "noheadings", NULL, "no headings"},
	{'o', "output", "LIST", "these columns; +LIST adds to the usual ones"},
	{'r', "raw", NULL, "one blank between columns, for scripts"},
	{0},
};

static const struct cli_option color_options[] = {
	{OPTION_COLOR, "color", "[=WHEN]", "colours: auto, always or never"},
	{0},
};

static const struct cli_option common_options[] = {
	{'h', "help", NULL, "this text"},
	{'V', "version", NULL, "the version"},
	{0},
};

void cli_usage_error(const struct cli *cli, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "nsinfo %s: ", cli->command->name);
	va_start(args, format);
	text_vprint(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry 'nsinfo %s --help'.\n", cli->command->name);
	exit(EXIT_USAGE);
}

static void print_options(const struct cli_option *option)
{
	for (; option && option->letter; option++) {
		_cleanup_free_ char *words = string_format("--%s%s%s", option->name,
			option->argument && *option->argument != '[' ? " " : "",
			option->argument ? option->argument : "");

		if (option->letter <= UCHAR_MAX)
			printf("  -%c, ", option->letter);
		else
			fputs("      ", stdout);
		printf("%-17s  %s\n", words, option->help);
	}
}

static void print_help(const struct command *command)
{
	printf("Usage: nsinfo %s %s\n\n%c%s.\n\nOptions:\n", command->name, command->arguments,
		toupper((unsigned char)command->summary[0]), command->summary + 1);
	print_options(command->options);
	if (command->columns)
		print_options(table_options);
	if (command->color)
		print_options(color_options);
	print_options(common_options);
	if (command->columns) {
		fputs("\nColumns:\n", stdout);
		for (const struct table_column *c = command->columns; c->name; c++)
			printf("  %9s  %s\n", c->name, c->help);
	}
	printf("\nFor more see nsinfo(1).\n");
}

static int common_option(struct cli *cli, int c)
{
	switch (c) {
	case 'J':
		cli->format.json = true;
		return 1;
	case 'n':
		cli->format.noheadings = true;
		return 1;
	case 'o':
		cli->format.columns = optarg;
		return 1;
	case 'r':
		cli->format.raw = true;
		return 1;
	case OPTION_COLOR:
		cli->color = optarg ? optarg : "always";
		if (strcmp(cli->color, "auto") != 0 && strcmp(cli->color, "always") != 0 &&
			strcmp(cli->color, "never") != 0)
			cli_usage_error(
				cli, "--color is auto, always or never, not \"%s\"", cli->color);
		return 1;
	case 'h':
		print_help(cli->command);
		exit(EXIT_SUCCESS);
	case 'V':
		puts("nsinfo (pam_unshare) " PACKAGE_VERSION);
		exit(EXIT_SUCCESS);
	default:
		return 0;
	}
}

/* What getopt_long(3) wants to know. */
struct accepted {
	struct option options[OPTIONS_MAX + 1];
	size_t count;
	char letters[2 * OPTIONS_MAX + 2]; /* "+ab:" */
};

static void add_options(struct accepted *accepted, const struct cli_option *option)
{
	char *to = accepted->letters + strlen(accepted->letters);

	for (; option && option->letter && accepted->count < OPTIONS_MAX; option++) {
		accepted->options[accepted->count++] = (struct option){
			.name = option->name,
			.has_arg = !option->argument          ? no_argument
				   : *option->argument == '[' ? optional_argument
							      : required_argument,
			.val = option->letter,
		};
		if (option->letter > UCHAR_MAX)
			continue;
		*to++ = (char)option->letter;
		if (option->argument)
			*to++ = ':';
	}
}

int cli_getopt(struct cli *cli, int argc, char **argv)
{
	struct accepted accepted = {0};
	int c;

	if (cli->command->stops)
		accepted.letters[0] = '+';
	add_options(&accepted, cli->command->options);
	add_options(&accepted, table_options);
	add_options(&accepted, color_options);
	add_options(&accepted, common_options);
	do
		c = getopt_long(argc, argv, accepted.letters, accepted.options, NULL);
	while (c != -1 && common_option(cli, c));
	if (c == '?') {
		fprintf(stderr, "Try 'nsinfo %s --help'.\n", cli->command->name);
		exit(EXIT_USAGE);
	}
	return c;
}

void cli_columns(struct cli *cli, struct table *table)
{
	const char *wrong = table_choose(table, cli->format.columns);

	if (wrong)
		cli_usage_error(cli, "no such column: %s", wrong);
}

bool cli_is_for_people(const struct cli *cli)
{
	return !cli->format.json && !cli->format.raw && !cli->format.noheadings;
}

bool cli_wants_table(const struct cli *cli)
{
	return cli->format.columns || cli->format.raw || cli->format.noheadings;
}

bool cli_color(const struct cli *cli)
{
	if (!cli->color || strcmp(cli->color, "auto") == 0)
		return isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	return strcmp(cli->color, "always") == 0;
}
