/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_CGROUP_H
#define NSINFO_CGROUP_H

#include <stddef.h>

#include "read/proc.h"

/* Control groups, version 1 and 2, of one process: cgroups(7). */

struct cgroup_limit {
	const char *name; /* "pids.max" */
	char *value;
};

struct cgroup {
	char *controllers; /* "memory", "name=systemd"; empty for version 2 */
	char *path;
	char *directory; /* where it is mounted here; NULL if it is not */
	struct cgroup_limit limits[3];
	size_t n_limits;
};

struct cgroups {
	struct cgroup *list;
	size_t count;
};

/* cgroups_read - those of a process, without the ones at the root. cgroups_free() in any case. */
int cgroups_read(const struct proc *proc, pid_t pid, struct cgroups *cgroups);
void cgroups_free(struct cgroups *cgroups);

/*
 * cgroups_open - descriptors of the "cgroup.procs" that differ from the caller's own; a process
 * that writes "0" to one moves there.
 * @fds: the caller frees it and closes them.
 * @failed: the path of one that exists but cannot be opened, or NULL; points into CGROUPS.
 */
size_t cgroups_open(
	const struct proc *proc, const struct cgroups *cgroups, int **fds, const char **failed);

#endif
