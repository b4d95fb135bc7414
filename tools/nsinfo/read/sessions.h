/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_SESSIONS_H
#define NSINFO_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "read/proc.h"
#include "read/processes.h"
#include "read/session.h"

/* The sessions that the reader's /proc shows, found in the kernel's state alone. */

struct sessions {
	struct proc *proc;
	struct processes processes;
	struct session **list; /* by start */
	size_t count;
	struct session *own; /* the session that the reader is in, or NULL */
};

/*
 * sessions_read - scan /proc once.
 * @sessions: filled; sessions_free() it in any case.
 * @quick: for a list: if it can do without, "status" is not read.
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

#endif
