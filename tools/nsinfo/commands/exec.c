/* SPDX-License-Identifier: MIT */

/* nsinfo exec: root runs a command in a session. exec/plan.h says how it is done. */

#include "commands/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "commands/scan.h"
#include "exec/message.h"
#include "exec/outside.h"
#include "print/text.h"

static int exec_in(const char *name, const char *user, char **argv)
{
	struct proc proc = PROC_CLOSED;
	struct sessions sessions;
	struct exec_plan plan = {.pidfd = -1};
	const struct session *session;
	int status = EXEC_CANNOT_RUN;

	if (scan_sessions(&proc, &sessions, false) == 0) {
		session = scan_choose(&sessions, name);
		if (session && exec_plan_make(&plan, &sessions, session, user, argv) == 0)
			status = exec_run(&plan);
	}
	exec_plan_free(&plan);
	sessions_free(&sessions);
	proc_close(&proc);
	return status;
}

/* What is opened from here on is never 0, 1 or 2. */
static int open_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	return fd;
}

/* getopt(3) stops at the first argument that is no option: the session, and then the command. */
static int exec_main(int argc, char **argv)
{
	struct cli cli = {.command = &command_exec};
	const char *user = NULL, *name = NULL;
	int c;

	for (;;) {
		while ((c = cli_getopt(&cli, argc, argv)) != -1)
			if (c == 'u')
				user = optarg;
		if (name || optind >= argc)
			break;
		name = argv[optind++];
	}
	if (!name)
		cli_usage_error(&cli, "which session?");
	if (geteuid() != 0) {
		text_error("only root may enter a session");
		return EXEC_CANNOT_RUN;
	}
	if (open_standard_files() == -1) {
		text_error("cannot open /dev/null: %s", strerror(errno));
		return EXEC_CANNOT_RUN;
	}
	return exec_in(name, user, argv + optind);
}

static const struct cli_option options[] = {
	{'u', "user", "USER", "as this user, not as root; with a login's environment"},
	{0},
};

const struct command command_exec = {
	.name = "exec",
	.arguments = "SESSION [-u USER] [--] [COMMAND...]",
	.summary = "run a command, or a shell, inside a session",
	.options = options,
	.stops = true,
	.main = exec_main,
};
