/* SPDX-License-Identifier: MIT */

/* nsinfo: see, understand and debug the logins that pam_unshare isolates. */

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "commands/commands.h"
#include "print/text.h"

static const struct command *const commands[] = {
	&command_status,
	&command_list,
	&command_show,
	&command_ps,
	&command_pid,
	&command_exec,
	&command_kill,
	&command_check,
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *out)
{
	fputs("Usage: nsinfo [COMMAND] [options]\n\n"
	      "See, understand and debug the logins that pam_unshare isolates.\n\nCommands:\n",
		out);
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(out, "  %-7s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\nWithout a command it is \"nsinfo status\". SESSION is the inode number of a\n"
	      "session's PID namespace, the PID of any process in it, or the name of a user\n"
	      "who has one session.\n\n"
	      "\"nsinfo COMMAND --help\" lists a command's options and columns.\n"
	      "For more see nsinfo(1).\n",
		out);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

/* What was printed must have arrived: a full disk is a failure. */
static int finish(int status)
{
	if (fflush(stdout) == EOF || ferror(stdout)) {
		perror("nsinfo: standard output");
		return status ? status : EXIT_FAILURE;
	}
	return status;
}

int main(int argc, char **argv)
{
	const struct command *command;

	setlocale(LC_ALL, "");
	if (argc < 2 || argv[1][0] == '-') {
		if (argc > 1 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
			usage(stdout);
			return finish(EXIT_SUCCESS);
		}
		return finish(command_status.main(argc, argv));
	}
	if (strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return finish(EXIT_SUCCESS);
	}
	command = find_command(argv[1]);
	if (!command) {
		text_error("no command \"%s\"; \"nsinfo --help\" lists them", argv[1]);
		return EXIT_USAGE;
	}
	/* getopt(3) puts argv[0] before its messages. */
	argv[1] = argv[0];
	return finish(command->main(argc - 1, argv + 1));
}
