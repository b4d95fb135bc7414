/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_PROCFS_PLAN_H
#define PAM_UNSHARE_PROCFS_PLAN_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/mountinfo.h"
#include "common/report.h"
#include "procfs/reach.h"

/*
 * The private /proc. The application plans (it may allocate and parse), PID 1 carries the plan out
 * (replace.h; it may not): a procfs shows the PID namespace of the process that mounts it.
 */

#define PROCFS_OPTIONS_MAX 8
#define PROCFS_ADDED_SIZE  64

struct procfs_option {
	const char *key;
	const char *value; /* NULL for a flag */
};

/* One procfs to replace: the one on /proc, and every other one. */
struct procfs_instance {
	const char *target;
	struct reach_way way;
	size_t detach, depth;    /* mounts to detach there, topmost first: a part of plan->detach */
	unsigned int attributes; /* MOUNT_ATTR_*, as the old one has them */
	struct procfs_option options[PROCFS_OPTIONS_MAX];
	size_t option_count;
	char added[PROCFS_ADDED_SIZE]; /* the text of those that add to the old one's */
	size_t carried, carried_count; /* what was mounted below it: a part of plan->carried */
	size_t unbindable, unbindable_count; /* a part of plan->unbindable */
};

struct procfs_carried {
	const char *path;
	bool procfs; /* it is itself a part of a procfs */
	int fd; /* PID 1's: the detached copy of the mount, with all that is mounted below it */
};

/* A mount of a single process's directory of a procfs, or of a file in it: to detach. */
struct procfs_process {
	const char *target;
	struct reach_way way;
};

/*
 * A mount that hides a procfs which is to be replaced. It may go away while the session lasts (a
 * user unmounts their FUSE, or the host its own), so it is taken aside and put back afterwards.
 */
struct procfs_cover {
	const char *target;
	struct reach_way way;
	const char *hides;       /* the mount point of what it hides, */
	size_t levels;           /* so many directories below its own */
	int id;                  /* REACH_ANY for a procfs that has been replaced */
	int fd;                  /* PID 1's: its root, */
	int place;               /* its mount point, or -1 until that is found; and, till then, */
	int parent;              /* the directory that it is in, */
	char name[NAME_MAX + 1]; /* and the name that it has there */
};

struct procfs_plan {
	struct mountinfo info;             /* owns all strings */
	int mountinfo;                     /* descriptor that it was read from, the caller's */
	struct procfs_instance *instances; /* the first is the one on /proc; hidden ones are last */
	size_t instance_count, visible_count; /* at least 1 */
	int *detach;                          /* mount ids */
	struct procfs_carried *carried;
	size_t carried_count;
	const char **unbindable; /* mounts to make bindable, so that they can be carried over */
	size_t unbindable_count;
	struct procfs_process *processes; /* hidden ones are last */
	size_t process_count, visible_process_count;
	struct procfs_cover *covers; /* in the order in which they have to be taken aside */
	size_t cover_count;
	bool locked; /* PID 1's: what hides the hidden ones is locked, and they stay */
	bool plain;  /* the procfs on /proc is the only mount that shows processes */
	dev_t *ours; /* PID 1's: the file systems of the new instances */
	size_t our_count;
};

/*
 * procfs_plan_make - find out what has to be replaced and carried over.
 * @info: the mounts of the application's new mount namespace; the plan takes it over and
 *        empties it, whatever is returned.
 * @mountinfo: descriptor that it was read from; stays the caller's, and open as long as the plan.
 * @options: comma-separated options that add to those of each old procfs (the option proc=), or
 *           "". What does not fit into PROCFS_ADDED_SIZE bytes is refused.
 * @plan: filled; procfs_plan_free frees it, also after an error.
 * @error: filled when something is wrong.
 *
 * Call it in the application. Returns 0 or a negative errno; -ESTALE if the mounts changed while
 * they were read, and another try may succeed.
 */
int procfs_plan_make(struct mountinfo *info, int mountinfo, const char *options,
	struct procfs_plan *plan, struct error *error);

void procfs_plan_free(struct procfs_plan *plan);

/* procfs_files - how many descriptors carrying it out may keep open at a time, beside a few. */
size_t procfs_files(const struct procfs_plan *plan);

/*
 * procfs_shows_processes - whether this mount is a procfs, or a part of one, that leads to
 * processes.
 */
bool procfs_shows_processes(const struct mount *mount);

/* procfs_is_whole - whether it is all of a procfs. */
bool procfs_is_whole(const struct mount *mount);

/*
 * procfs_leads_to_host - whether a directory on the mount ID leads to the host's processes. A mount
 * that is not listed is of another mount namespace, outside of the root directory, or detached:
 * "the parent directory" leads up to what is mounted there. One on a procfs, or on a mount on a
 * procfs, goes with that.
 */
bool procfs_leads_to_host(const struct mountinfo *info, int id);

/* procfs_plan_report - tell of a plan that PID 1 has carried out; for debug. */
void procfs_plan_report(const struct procfs_plan *plan, struct report *report);

#endif
