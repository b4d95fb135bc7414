/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_LIMITS_H
#define NSINFO_LIMITS_H

/* How long nsinfo waits for something; common/limits.h has what it shares with the module. */

/* kill: beyond the grace time, for SIGKILL and the kernel's own work; how often it looks. */
#define KILL_MARGIN_MS 3000
#define KILL_POLL_MS   50

/* For all PID 1s together that are still in execve(2) when /proc is read. */
#define EXECVE_LIMIT_MS 1000
#define EXECVE_PAUSE_MS 1

/* check: until PID 1 of the test session has its title, on a busy machine. */
#define TITLE_LIMIT_MS 5000
#define TITLE_PAUSE_MS 5

/* check: for the proc connector to tell of a process. */
#define HEAR_LIMIT_MS 100

#endif
