/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_TESTS_TREE_H
#define NSINFO_TESTS_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "read/proc.h"
#include "read/sessions.h"

/* A made-up directory tree, for tests: a /proc, or a root with an /etc. */

/* tree_new - an empty directory; its path. tree_free() removes it with all that is in it. */
char *tree_new(void);
void tree_free(char *tree);

/* Files are made with the directories above them. */
void tree_write(const char *tree, const char *path, const char *text);
void tree_write_bytes(const char *tree, const char *path, const char *bytes, size_t size);
void tree_link(const char *tree, const char *path, const char *target);

#define HOST_NS 4026531836ULL

/* A process of a made-up /proc; what is 0 or NULL gets what an ordinary one has. */
struct fake {
	int pid;
	const char *nspid; /* "12\t1" */
	uint64_t ns, children;
	uint64_t parent; /* the namespace around ns */
	const char *uid; /* "0\t0\t0\t0" */
	const char *name, *exe, *cmdline, *environ;
	bool hidden; /* what only root may see is not there to see */
};

#define ENVIRON_END "\0" /* between, and behind, the facts */

void tree_process(const char *tree, const struct fake *fake);

/* tree_proc - a made-up /proc with a "self" and the host's PID 1; opened. */
void tree_proc(const char *tree, struct proc *proc);

#endif
