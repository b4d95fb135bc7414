/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_EXEC_PLAN_H
#define NSINFO_EXEC_PLAN_H

#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "read/sessions.h"

/*
 * nsinfo exec has three processes:
 *
 *     nsinfo    outside: has the caller's terminal and files, and relays (outside.c)
 *     monitor   outside too, where the session can neither see nor signal it: has the new terminal,
 *               starts the command, and tells nsinfo when it stops or ends (inside.c)
 *     command   in the session
 *
 * The monitor is there for job control. A process group in which nobody has a parent in the same
 * session (setsid(2)), but in another group, is orphaned: there SIGTSTP and SIGTTIN stop nobody
 * (setpgid(2), get_signal() in the kernel's kernel/signal.c). So the parent of the command is the
 * leader of the session that its terminal belongs to. nsinfo is in the session of the caller's
 * terminal, and cannot be.
 */

/* All that the command needs, found out before the session is entered: NSS and /sys are outside. */
struct exec_plan {
	char **argv;
	const char *shell;         /* without a command */
	const struct passwd *user; /* NULL: stay as we are */
	gid_t *groups;
	int n_groups;
	char **environment; /* NULL: the caller's */
	struct rlimit limits[RLIM_NLIMITS];
	bool has_limits;

	char *directory; /* the caller's */
	struct stat directory_is;

	int *cgroups;
	size_t n_cgroups;
	int pidfd; /* of the session's PID 1 */
	int flags; /* CLONE_NEW*: the namespaces to enter */

	/* outside.c sets these */
	int standard[3];  /* what the command gets as 0, 1 and 2 */
	int terminal;     /* the slave of its terminal; -1: none */
	bool foreground;  /* of that terminal, from the start */
	int control;      /* the socket to nsinfo */
	pid_t nsinfo;     /* to whose namespaces the monitor goes back */
	sigset_t signals; /* what is blocked in nsinfo and in the monitor */
	sigset_t mask;    /* the caller's */
};

/*
 * exec_plan_make - find out what is needed to run a command in a session.
 * @user: whose it is to be, or NULL.
 * @argv: the command; empty for a shell. The plan keeps pointing to both.
 *
 * exec_plan_free() it in any case. Returns 0, or a negative errno: what is wrong is said on
 * standard error.
 */
int exec_plan_make(struct exec_plan *plan, struct sessions *sessions, const struct session *session,
	const char *user, char **argv);
void exec_plan_free(struct exec_plan *plan);

#endif
