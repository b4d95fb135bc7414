/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_PROCFS_REPLACE_H
#define PAM_UNSHARE_PROCFS_REPLACE_H

#include "common/error.h"
#include "procfs/plan.h"

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
 * Each mount is reached by descriptors and known by its id (reach.h), and seen to be out of the
 * tree afterwards. Unless there was only one, mountinfo is read again in the end: no procfs but the
 * new ones may be left.
 *
 * Returns an open directory (O_CLOEXEC) of a procfs that lists every process of the session,
 * whatever hidepid= says, or a negative errno with the error filled; -ESTALE as procfs_plan_make.
 */
int procfs_replace(struct procfs_plan *plan, struct error *error);

#endif
