/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_LAUNCH_H
#define PAM_UNSHARE_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "procfs/plan.h"

/*
 * Starting PID 1 without copying the application: a chain of clones that share its memory, so
 * that the cost does not grow with it and no secret of the application gets into the session.
 */

struct launch {
	const char *path; /* of session-init */
	char *const *argv;
	char *const *environment;
	struct procfs_plan *plan;
	bool selinux;    /* session-init is to stay in the application's context */
	bool private;    /* no mount propagation from the host either */
	int application; /* pidfd of the application, becomes FACT_FD_APPLICATION */
	int channel;     /* socket to it, becomes FACT_FD_CHANNEL */
	int listener;    /* where others join, becomes FACT_FD_LISTENER; or -1 */
	int directory;   /* that its name is in, becomes FACT_FD_DIRECTORY; or -1 */
	int cgroup;      /* share.h, becomes FACT_FD_CGROUP; or -1 */

	bool timed;        /* whether launch_init sets: */
	int64_t procfs_us; /* how long replacing /proc took */
};

/*
 * Beyond all errnos: others were to join, and the kernel would not let PID 1 go back to the
 * system's defaults. A member of the group could then end or slow what all share.
 */
#define LAUNCH_KEEPS_LIMITS 4096

/*
 * launch_init - start a session's PID 1 in a new PID namespace.
 * @launch: what to start; all of it stays the caller's.
 * @pid: set to PID 1's PID in the application's PID namespace.
 * @pidfd: set to its pidfd (O_CLOEXEC), the caller's to close. -1 if it was never born.
 * @error: filled when something is wrong.
 *
 * Call it in the application, with all signals blocked, in the session's new mount namespace
 * (whose propagation and /proc PID 1 then sets up). It returns when PID 1 has started executing
 * session-init, has failed, or after LAUNCH_LIMIT_S seconds. PID 1 is no child of the
 * application: the host's init adopts and reaps it. After an error it is dead or dying.
 *
 * Returns 0, a negative errno, or -LAUNCH_KEEPS_LIMITS.
 */
int launch_init(struct launch *launch, pid_t *pid, int *pidfd, struct error *error);

#endif
