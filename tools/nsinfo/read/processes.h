/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_PROCESSES_H
#define NSINFO_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "read/proc.h"
#include "read/session.h"

/* Every process that the reader's /proc shows, by PID namespace, and which of them are PID 1. */

/* What was seen of one process. */
struct process {
	pid_t pid;
	uint64_t ns;             /* its PID namespace; 0 if the reader may not see it */
	uint64_t children;       /* its children's; 0 if that was not looked for */
	struct process *next;    /* in the same namespace */
	struct session *session; /* of which it is PID 1; else NULL */
	char *command;           /* short name, of an application; else NULL */
};

struct pid_namespace {
	uint64_t inode;
	struct process *first; /* its processes */
	long count;
	bool held; /* by an application in the reader's namespace */

	/* sessions.c fills these */
	struct session *session;
	bool holds;                /* a session was opened in it, other than the reader's */
	bool climbed;              /* container is known */
	struct session *container; /* the session around a namespace that is none itself */
};

struct processes {
	struct process *list; /* in the order of /proc: by PID */
	size_t count;
	struct pid_namespace *namespaces; /* by inode */
	size_t n_namespaces;
};

/*
 * processes_read - scan /proc once.
 * @processes: filled; processes_free() it in any case. The sessions in it are the caller's.
 * @quick: as sessions_read() has it.
 *
 * Returns 0 or a negative errno; that the reader may not see something is no error.
 */
int processes_read(struct processes *processes, const struct proc *proc, bool quick);
void processes_free(struct processes *processes);

/* processes_find - what was seen of a PID; NULL if there is none. */
const struct process *processes_find(const struct processes *processes, pid_t pid);

/* processes_namespace - a PID namespace that a process is in; NULL if none is, or for inode 0. */
struct pid_namespace *processes_namespace(const struct processes *processes, uint64_t inode);

/* process_is_application - are its children born in another namespace? */
bool process_is_application(const struct process *process);

/* process_read_children - look where they are born, and what an application is called. */
void process_read_children(struct process *process, const struct proc *proc);

#endif
