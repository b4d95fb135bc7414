/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_SESSION_H
#define NSINFO_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "read/proc.h"

/*
 * One session: is a process the PID 1 of one, and what does it say of it?
 *
 * A process is a session's PID 1 if
 *   - all of its uids are 0, as the reader's user namespace sees them: no user can forge that,
 *   - its PID at the innermost level of NSpid is 1,
 *   - its executable is session-init at the place it was installed in, by any version, or
 *     if the reader may not see that (a user, ptrace(2)): its name is "session-init".
 * Only then are its facts, or for a user its title, believed. The second form could be imitated
 * by root, or by what root starts in a container, and by nobody else.
 */

#define SESSION_INIT_NAME "session-init" /* its comm: 15 bytes at most */

enum session_state {
	SESSION_UNKNOWN,   /* the reader may not see who holds it */
	SESSION_OPEN,      /* an application holds it open */
	SESSION_LINGERING, /* none does, but it has processes */
	SESSION_ENDING,    /* none does, and it has none; or PID 1 is on its way out */
};

/* An application: its next children are born in the session. */
struct application {
	pid_t pid;
	const char *command; /* its short name */
};

struct session {
	uint64_t ns;   /* inode of the PID namespace; 0 if not known */
	pid_t init;    /* PID 1, in the numbers of the reader's /proc */
	int level;     /* of the session's PIDs in NSpid: 0 if it is the reader's own */
	bool verified; /* the executable was seen */
	enum session_state state;

	/* The facts; NULL, -1 or 0 if they are not known. */
	char *user, *service, *tty, *rhost, *scope;
	long long uid, grace_ms;
	time_t start;

	long processes; /* in it and below it, PID 1 too; -1 if not known */
	struct application *logins;
	size_t n_logins;
	struct session *parent; /* the session that it was opened in, or NULL */
};

/* session_state_name - "open"...; NULL if not known. */
const char *session_state_name(enum session_state state);

enum session_executable {
	EXECUTABLE_SESSION_INIT,
	EXECUTABLE_OTHER,
	EXECUTABLE_UNKNOWN, /* not for this reader to see; or PID 1 has let go of its memory */
};

/* session_executable - what a process runs. */
enum session_executable session_executable(const struct proc *proc, pid_t pid);

/*
 * session_read - the session that a process is PID 1 of.
 * @ns: the process's PID namespace; 0 if not known.
 * @status, @executable: of the process; status is read again if it is still in execve(2).
 * @deadline_ms: of clock_now_ms(), until when that is waited for.
 *
 * Returns the session, with what PID 1 says, which session_free() frees; or NULL if it is none.
 */
struct session *session_read(const struct proc *proc, pid_t pid, uint64_t ns,
	struct proc_status *status, enum session_executable executable, int64_t deadline_ms);
void session_free(struct session *session);

#endif
