/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_RLIMITS_H
#define PAM_UNSHARE_RLIMITS_H

#include <stdbool.h>
#include <sys/resource.h>

#include "common/error.h"

/*
 * The application's limits of memory. pam_limits sets those of the user in the application itself,
 * which is often larger already: it then gets no memory any more, not even the little that a
 * session takes. Without our line such a login works, for fork(2) does not count.
 */

#define RLIMITS_COUNT 2

struct rlimits {
	struct rlimit before[RLIMITS_COUNT];
	bool lifted[RLIMITS_COUNT];
};

/*
 * rlimits_lift - lift them, until rlimits_restore. Without CAP_SYS_RESOURCE as far as the hard
 * limits go. Call both in the application.
 */
void rlimits_lift(struct rlimits *limits);

/*
 * rlimits_restore - put them back. Returns 0, or -1 and errno if one of them could not be: the
 * user would then have more than pam_limits grants.
 */
int rlimits_restore(const struct rlimits *limits);

/* rlimits_explain - if memory was short: name the limits that are in force, and what to do. */
void rlimits_explain(struct error *error);

#endif
