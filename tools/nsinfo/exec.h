/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_EXEC_H
#define NSINFO_EXEC_H

#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "cgroup.h"

/*
 * nsinfo exec has three processes:
 *
 *     nsinfo    outside: has the caller's terminal and files, and relays (exec-outside.c)
 *     monitor   outside too, where the session can neither see nor signal it: has the new terminal,
 *               starts the command, and tells nsinfo when it stops or ends (exec-inside.c)
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
	int pidfd, flags; /* of the session's PID 1; which namespaces to enter */

	/* exec-outside.c sets these */
	int standard[3]; /* what the command gets as 0, 1 and 2 */
	int terminal;    /* the slave of its terminal; -1: none */
	bool foreground; /* of that terminal, from the start */
	int control;     /* the socket to nsinfo */
	pid_t nsinfo;    /* to whose namespaces the monitor goes back */
	sigset_t signals,
		mask; /* what is blocked in nsinfo and in the monitor; the caller's mask */
};

enum exec_step {
	EXEC_ENTER,
	EXEC_TERMINAL,
	EXEC_FORK,
	EXEC_DESCRIPTORS,
	EXEC_DIRECTORY,
	EXEC_LIMITS,
	EXEC_KEYRING,
	EXEC_GROUPS,
	EXEC_GROUP,
	EXEC_USER,
	EXEC_CAPABILITIES,
	EXEC_RUN,
};

/* What goes over the control socket. Its end tells that nsinfo, or the monitor, is gone. */
struct exec_message {
	enum {
		/* to nsinfo */
		EXEC_FAILED, /* the step could not be done: an errno; from the command's process too
			      */
		EXEC_STOPPED, /* by this signal. Not said again before the next order to go on or
				 stay */
		EXEC_ENDED,   /* a status of waitpid(2) */

		/* to the monitor */
		EXEC_SIGNAL, /* send it to the command */
		EXEC_GO_ON,  /* 1: in the foreground of its terminal; 0: in the background */
		EXEC_STAY,   /* stopped as it is */
	} what;
	int value;
	enum exec_step step;
};

/* exec_message_send - never blocks on the way to the monitor. Returns 0 or a negative errno. */
int exec_message_send(int control, const struct exec_message *message, int flags);

/* exec_monitor - the monitor, from its birth by fork(2) on. */
void exec_monitor(const struct exec_plan *plan) __attribute__((noreturn));

/* exec_run - start the command, and serve it until it has ended. Returns nsinfo's exit status. */
int exec_run(struct exec_plan *plan);

#endif
