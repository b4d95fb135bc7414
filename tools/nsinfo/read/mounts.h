/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_MOUNTS_H
#define NSINFO_MOUNTS_H

#include "common/mountinfo.h"
#include "read/proc.h"

/*
 * The mounts that a process sees, as the module reads them. But the module refuses a login if it
 * does not understand a line that could be about a procfs; nsinfo goes on without it.
 */
struct mounts {
	struct mountinfo info;
	char *wrong; /* the first such line; NULL if there is none */
};

/* mounts_read - mounts_free() in any case. Returns 0 or a negative errno. */
int mounts_read(const struct proc *proc, pid_t pid, struct mounts *mounts);
void mounts_free(struct mounts *mounts);

/* mounts_at - the mount that is on top at a mount point; NULL if it is none. */
const struct mount *mounts_at(const struct mounts *mounts, const char *point);

/*
 * mounts_options - of the mount, then those of the file system that are not among them:
 * "rw,nosuid,hidepid=2". The caller frees.
 */
char *mounts_options(const struct mount *mount);

#endif
