/* SPDX-License-Identifier: MIT */

/* nsinfo list: a line a session. */

#include "commands/commands.h"

#include <stdlib.h>
#include <string.h>

#include "commands/scan.h"
#include "commands/session-row.h"

static bool matches(const char *wanted, const char *value)
{
	return !wanted || (value && strcmp(wanted, value) == 0);
}

static size_t fill(
	struct table *table, const struct sessions *sessions, const char *user, const char *service)
{
	size_t count = 0;

	for (size_t i = 0; i < sessions->count; i++) {
		if (!matches(user, sessions->list[i]->user) ||
			!matches(service, sessions->list[i]->service))
			continue;
		session_row_add(table, sessions->list[i]);
		count++;
	}
	return count;
}

static int run(struct cli *cli, const char *user, const char *service)
{
	struct proc proc = PROC_CLOSED;
	struct sessions sessions;
	struct table *table = table_new("sessions", session_row_columns, &cli->format);
	int r;

	cli_columns(cli, table);
	r = scan_sessions(&proc, &sessions, true);
	if (r == 0) {
		if (fill(table, &sessions, user, service) == 0 && cli_is_for_people(cli))
			fprintf(stderr, "%s\n", sessions_none(&sessions));
		else
			r = table_print(table);
	}
	table_free(table);
	sessions_free(&sessions);
	proc_close(&proc);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int list_main(int argc, char **argv)
{
	struct cli cli = {.command = &command_list};
	const char *user = NULL, *service = NULL;
	int c;

	while ((c = cli_getopt(&cli, argc, argv)) != -1) {
		if (c == 'u')
			user = optarg;
		else if (c == 's')
			service = optarg;
	}
	if (optind < argc)
		cli_usage_error(&cli, "unexpected argument: %s", argv[optind]);
	return run(&cli, user, service);
}

static const struct cli_option options[] = {
	{'s', "service", "SERVICE", "only those of this PAM service"},
	{'u', "user", "USER", "only this user's"},
	{0},
};

const struct command command_list = {
	.name = "list",
	.arguments = "[options]",
	.summary = "list the sessions",
	.options = options,
	.columns = session_row_columns,
	.main = list_main,
};
