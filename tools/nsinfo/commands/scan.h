/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_SCAN_H
#define NSINFO_SCAN_H

#include <stdbool.h>

#include "read/proc.h"
#include "read/sessions.h"

/* How a command gets at the sessions. What goes wrong is said on standard error. */

/*
 * scan_sessions - open /proc and read the sessions.
 * @proc, @sessions: proc_close() and sessions_free() them in any case.
 * @quick: as sessions_read() has it.
 *
 * Returns 0 or a negative errno.
 */
int scan_sessions(struct proc *proc, struct sessions *sessions, bool quick);

/*
 * scan_choose - the session that a command's argument SESSION means. If it means none or more than
 * one, the choices are printed. Returns NULL then.
 */
struct session *scan_choose(struct sessions *sessions, const char *name);

#endif
