/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_PIDFD_H
#define NSINFO_PIDFD_H

#include "read/proc.h"
#include "read/processes.h"

/*
 * pidfd_open_process - a descriptor of the process that the scan saw, and of no other that has got
 * its PID since: its PID namespace, which never changes, must be the same.
 *
 * Returns the descriptor, close-on-exec, or a negative errno: -ESRCH if it is gone.
 */
int pidfd_open_process(const struct proc *proc, const struct process *process);

/* pidfd_signal - returns 0 or a negative errno. */
int pidfd_signal(int pidfd, int signal);

#endif
