/* SPDX-License-Identifier: MIT */

#include "cli.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "print/text.h"

enum {
	OPTION_COLOR = 0x1000, /* beyond the letters, and the commands' own */
};

static const struct option common_options[] = {
	{"json", no_argument, NULL, 'J'},
	{"noheadings", no_argument, NULL, 'n'},
	{"output", required_argument, NULL, 'o'},
	{"raw", no_argument, NULL, 'r'},
	{"color", optional_argument, NULL, OPTION_COLOR},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
};
#define COMMON_SHORT "Jno:rhV"
#define COMMON_COUNT (sizeof(common_options) / sizeof(common_options[0]))
#define OPTIONS_MAX  24

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

static void print_help(const struct command *command)
{
	printf("Usage: nsinfo %s %s\n\n%c%s.\n\nOptions:\n", command->name, command->arguments,
		toupper((unsigned char)command->summary[0]), command->summary + 1);
	if (command->options)
		fputs(command->options, stdout);
	if (command->columns)
		fputs("  -J, --json             JSON\n"
		      "  -n, --noheadings       no headings\n"
		      "  -o, --output LIST      these columns; +LIST adds to the usual ones\n"
		      "  -r, --raw              one blank between columns, for scripts\n",
			stdout);
	if (command->color)
		fputs("      --color[=WHEN]     colours: auto, always or never\n", stdout);
	fputs("  -h, --help             this text\n"
	      "  -V, --version          the version\n",
		stdout);
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

static size_t count_options(const struct option *options)
{
	size_t count = 0;

	while (options && options[count].name)
		count++;
	return count;
}

int cli_getopt(struct cli *cli, int argc, char **argv)
{
	const struct command *command = cli->command;
	struct option options[OPTIONS_MAX] = {0};
	size_t own = count_options(command->long_options);
	char letters[OPTIONS_MAX * 2];
	int c;

	if (own)
		memcpy(options, command->long_options, own * sizeof(*options));
	memcpy(options + own, common_options, sizeof(common_options));
	snprintf(letters, sizeof(letters), "%s%s",
		command->short_options ? command->short_options : "", COMMON_SHORT);
	do
		c = getopt_long(argc, argv, letters, options, NULL);
	while (c != -1 && common_option(cli, c));
	if (c == '?') {
		fprintf(stderr, "Try 'nsinfo %s --help'.\n", command->name);
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

bool cli_color(const struct cli *cli)
{
	if (!cli->color || strcmp(cli->color, "auto") == 0)
		return isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	return strcmp(cli->color, "always") == 0;
}
