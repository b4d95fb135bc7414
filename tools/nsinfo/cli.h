/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_CLI_H
#define NSINFO_CLI_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

#include "print/table.h"

#define EXIT_USAGE 2 /* of all commands: see nsinfo(1) */

/* An option: from arrays of these come getopt_long(3) and --help. */
struct cli_option {
	int letter; /* what cli_getopt() returns; above 255 if there is no short form; 0 ends */
	const char *name;
	const char *argument; /* "USER"; "[=WHEN]" if it may be left out; NULL if it takes none */
	const char *help;
};

/* What --help says of a command, and the options that it has beside the common ones. */
struct command {
	const char *name;
	const char *arguments;            /* "[options] SESSION" */
	const char *summary;              /* one sentence */
	const struct cli_option *options; /* or NULL */
	bool stops; /* getopt_long(3) stops at the first argument that is no option */
	const struct table_column *columns; /* of -o; NULL if the command prints no table */
	bool color;
	int (*main)(int argc, char **argv);
};

/* The options that all commands share, as given. */
struct cli {
	const struct command *command;
	struct table_format format;
	const char *color; /* "auto", "always", "never" */
};

/*
 * cli_getopt - getopt_long(3) that carries the common options out itself: -h and -V print and
 * exit, a wrong option exits with EXIT_USAGE.
 *
 * Returns the command's own options, and -1 at the end.
 */
int cli_getopt(struct cli *cli, int argc, char **argv);

/* cli_usage_error - says what is wrong with the arguments, and exits with EXIT_USAGE. */
void cli_usage_error(const struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/* cli_columns - -o of this command, or the usage error that it is. */
void cli_columns(struct cli *cli, struct table *table);

/* cli_is_for_people - a table with headings, no JSON and nothing for scripts. */
bool cli_is_for_people(const struct cli *cli);

/* cli_wants_table - -o, -n or -r: of a command that prints text, a table is wanted. */
bool cli_wants_table(const struct cli *cli);

/* cli_color - are colours wanted? */
bool cli_color(const struct cli *cli);

#endif
