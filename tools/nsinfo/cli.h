/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_CLI_H
#define NSINFO_CLI_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

#include "proc.h"
#include "sessions.h"
#include "table.h"

/* Exit statuses that all commands share, see nsinfo(1). */
#define EXIT_USAGE      2
#define EXIT_CANNOT_RUN 125 /* nsinfo exec: as env(1), timeout(1) and nohup(1) have it */
#define EXIT_NOT_EXEC   126
#define EXIT_NOT_FOUND  127

/* What --help says of a command, and the options that it has beside the common ones. */
struct command {
	const char *name;
	const char *arguments; /* "[options] SESSION" */
	const char *summary;   /* one sentence */
	const char *options;   /* a line each, "  -u, --user USER ...\n"; or NULL */
	const char *short_options;
	const struct option *long_options;
	const struct table_column *columns; /* of -o; NULL if the command prints no table */
	size_t n_columns;
	bool color;
	int (*main)(int argc, char **argv);
};

extern const struct command command_status, command_list, command_show, command_ps, command_pid,
	command_exec, command_kill, command_check;

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

/* cli_error - "nsinfo: ..." on standard error, printable. */
void cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* cli_columns - -o of this command, or the usage error that it is. */
void cli_columns(struct cli *cli, struct table *table);

/* cli_is_for_people - a table with headings, no JSON and nothing for scripts. */
bool cli_is_for_people(const struct cli *cli);

/* cli_color - are colours wanted? */
bool cli_color(const struct cli *cli);

/* cli_sessions - open /proc and scan it; says what is wrong. QUICK is sessions_read()'s. Returns 0
 * or a negative errno. */
int cli_sessions(struct proc *proc, struct sessions *sessions, bool quick);

#endif
