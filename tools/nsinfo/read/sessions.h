/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_SESSIONS_H
#define NSINFO_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "read/proc.h"

/*
 * The sessions that the reader's /proc shows, found in the kernel's state alone.
 *
 * A process is a session's PID 1 if
 *   - all of its uids are 0, as the reader's user namespace sees them: no user can forge that,
 *   - its PID at the innermost level of NSpid is 1,
 *   - its executable is session-init at the place it was installed in, by any version, or
 *     where the reader may not see that (a user, ptrace(2)): its name is "session-init".
 * Only then are its facts, or for a user its title, believed. The second form could be imitated
 * by root, or by what root starts in a container, and by nobody else.
 */

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

	/* The facts; NULL, -1 or 0 where they are not known. */
	char *user, *service, *tty, *rhost, *scope;
	long long uid, grace_ms;
	time_t start;

	long processes; /* in it and below it, PID 1 too; -1 if not known */
	struct application *logins;
	size_t n_logins;
	struct session *parent; /* the session that it was opened in, or NULL */
};

/* What the scan saw of one process. */
struct process {
	pid_t pid;
	uint64_t ns;             /* its PID namespace; 0 if the reader may not see it */
	uint64_t children;       /* its children's; 0 if that was not looked for */
	struct process *next;    /* in the same namespace */
	struct session *session; /* of which it is PID 1; else NULL */
	char *command;           /* short name, of an application; else NULL */
};

struct pid_namespace; /* private to sessions.c */

struct sessions {
	struct proc *proc;
	bool quick;
	int64_t deadline_ms;   /* until when PID 1s that are still being started are waited for */
	struct session **list; /* by start */
	size_t count;
	struct session *own; /* the session that the reader is in, or NULL */
	struct process *processes;
	size_t n_processes;
	struct pid_namespace *table;
	size_t n_namespaces, table_size;
};

/*
 * sessions_read - scan /proc once.
 * @sessions: filled; sessions_free() it in any case.
 * @quick: for a list: where it can do without, "status" is not read.
 *
 * Returns 0 or a negative errno; that the reader may not see something is no error.
 */
int sessions_read(struct sessions *sessions, struct proc *proc, bool quick);
void sessions_free(struct sessions *sessions);

/* sessions_of - the innermost session that a process is in; NULL if none, or not known. */
struct session *sessions_of(struct sessions *sessions, const struct process *process);

/* sessions_contains - is the process in the session, or in a namespace or session below it? */
bool sessions_contains(
	struct sessions *sessions, const struct session *session, const struct process *process);

/* sessions_process - what the scan saw of a PID; NULL if there is none. */
const struct process *sessions_process(const struct sessions *sessions, pid_t pid);

/* sessions_oldest - the first process of a session's login: the oldest but PID 1; or NULL. */
const struct process *sessions_oldest(struct sessions *sessions, const struct session *session);

/*
 * sessions_hidden - does /proc hide PID 1, with hidepid= from a user? Then nobody can tell whether
 * the reader is in a session.
 */
bool sessions_hidden(const struct sessions *sessions);

/* sessions_none - a sentence for whoever looks for sessions and sees none. */
const char *sessions_none(const struct sessions *sessions);

enum session_match {
	SESSION_FOUND,
	SESSION_NONE,
	SESSION_AMBIGUOUS, /* a user with more than one */
};

/*
 * sessions_find - the session that NAME means: the inode number of its namespace, the PID of its
 * PID 1, of any process in it or of its application, or a user's name if that user has one session.
 */
enum session_match sessions_find(
	struct sessions *sessions, const char *name, struct session **session);

/* session_state_name - "open"...; NULL if not known. */
const char *session_state_name(enum session_state state);

#endif
