/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_INIT_PROCESSES_H
#define PAM_UNSHARE_INIT_PROCESSES_H

#include <stdbool.h>

/* What lives in the session beside PID 1. */

/* processes_reap - reap every child that is dead. */
void processes_reap(void);

/*
 * processes_find_live - a pidfd of a live process of the session, which the caller closes. 0 if
 * there is none, -1 if it cannot be known.
 */
int processes_find_live(void);

/*
 * processes_wait_for_all - wait until none lives, at most LIMIT_MS. Returns whether none does.
 * Meanwhile it reaps, and takes SIGNALS (signals.h); none of them ends the wait.
 */
bool processes_wait_for_all(int signals, int limit_ms);

#endif
