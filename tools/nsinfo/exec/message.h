/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_EXEC_MESSAGE_H
#define NSINFO_EXEC_MESSAGE_H

/* What the monitor and nsinfo say to each other (plan.h says who they are). */

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
		/* to nsinfo; of a stop it is not told again before it orders to go on or to stay */
		EXEC_FAILED,  /* the step, with this errno; the command's process says it, too */
		EXEC_STOPPED, /* by this signal */
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

/* The exit statuses of nsinfo exec itself: as env(1), timeout(1) and nohup(1) have them. */
#define EXEC_CANNOT_RUN 125
#define EXEC_NOT_EXEC   126
#define EXEC_NOT_FOUND  127

/* exec_exit_status - nsinfo's, if this step failed with this errno. */
int exec_exit_status(enum exec_step step, int code);

#endif
