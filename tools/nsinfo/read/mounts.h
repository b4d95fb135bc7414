/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_MOUNTS_H
#define NSINFO_MOUNTS_H

#include <stddef.h>

#include "read/proc.h"

/* A line of /proc/PID/mountinfo, proc_pid_mountinfo(5), with its escapes taken out. */
struct mount {
	char *root;    /* which part of the file system is mounted */
	char *point;   /* where */
	char *options; /* of this mount and of the file system, "rw,nosuid,hidepid=2" */
	char *type;
	char *super; /* of the file system alone: a cgroup's controllers */
};

struct mounts {
	struct mount *list;
	size_t count;
};

/* mounts_read - the mounts that a process sees. mounts_free() in any case. */
int mounts_read(const struct proc *proc, pid_t pid, struct mounts *mounts);
void mounts_free(struct mounts *mounts);

/* mounts_at - the mount that is on top at a path; NULL if none is. */
const struct mount *mounts_at(const struct mounts *mounts, const char *point);

#endif
