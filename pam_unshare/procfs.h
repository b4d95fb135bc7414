/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_PROCFS_H
#define PAM_UNSHARE_PROCFS_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "mountinfo.h"

/*
 * The private /proc. The application plans (it may allocate and parse), PID 1 carries the plan
 * out (it may not): a procfs shows the PID namespace of the process that mounts it.
 */

#define PROCFS_OPTIONS_MAX 8
#define PROCFS_ADDED_MAX   64

struct procfs_option {
	const char *key;
	const char *value; /* NULL for a flag */
};

/* One procfs to replace: the one on /proc, and every other one that a path leads to. */
struct procfs_instance {
	const char *target;
	unsigned int depth;      /* mounts to detach there */
	unsigned int attributes; /* MOUNT_ATTR_*, as the old one has them */
	struct procfs_option options[PROCFS_OPTIONS_MAX];
	size_t option_count;
	char added[PROCFS_ADDED_MAX];  /* the text of those that add to the old one's */
	size_t carried, carried_count; /* what was mounted below it: a part of plan->carried */
};

struct procfs_carried {
	const char *path;
	bool procfs; /* it is itself a part of a procfs */
	int fd; /* PID 1's: the detached copy of the mount, with all that is mounted below it */
};

struct procfs_plan {
	struct mountinfo info; /* owns all strings */
	struct procfs_instance *instances;
	size_t instance_count; /* at least 1; the first is the one on /proc */
	struct procfs_carried *carried;
	size_t carried_count;
	const char **unbindable; /* mounts to make bindable, so that they can be carried over */
	size_t unbindable_count;
	const char **processes; /* mounts of a single process's directory of a procfs: to detach */
	size_t process_count;
};

/*
 * procfs_plan_make - find out what has to be replaced and carried over.
 * @info: the mounts of the application's new mount namespace; the plan takes it over and
 *        empties it, whatever is returned.
 * @options: comma-separated options that add to those of each old procfs (the option proc=), or
 *           "". At most PROCFS_ADDED_MAX bytes of it count.
 * @plan: filled; procfs_plan_free frees it, also after an error.
 * @error: filled when something is wrong.
 *
 * Call it in the application. Returns 0 or a negative errno.
 */
int procfs_plan_make(
	struct mountinfo *info, const char *options, struct procfs_plan *plan, struct error *error);

void procfs_plan_free(struct procfs_plan *plan);

/*
 * procfs_replace - carry the plan out.
 *
 * Call it in the session's PID 1 before it execs, in the session's mount namespace, with
 * propagation from there to the host switched off. Allocates nothing.
 *
 * The old instances are detached, not covered, so that no unmount reveals them. Their attributes
 * and options are kept. What was mounted below them (lxcfs's files, binfmt_misc, a container's
 * masks) is moved onto the new ones; if that cannot be done the whole fails: a mask that got lost
 * is a security hole. Mounts below a process's directory (/proc/1234/...) are not carried over:
 * that PID is another process in the session, or none. With subset=pid a mount on a file that the
 * new procfs does not have is dropped: there is nothing to mask any more.
 *
 * Returns an open directory (O_CLOEXEC) of a procfs that lists every process of the session,
 * whatever hidepid= says, or a negative errno with the error filled.
 */
int procfs_replace(struct procfs_plan *plan, struct error *error);

#endif
