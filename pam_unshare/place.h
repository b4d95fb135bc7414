/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_PLACE_H
#define PAM_UNSHARE_PLACE_H

#include <stdbool.h>
#include <stddef.h>

/* Where the application itself is, before it opens a session. */
enum place {
	PLACE_OUTSIDE, /* in no session */
	PLACE_ALONE,   /* in a session that nobody joins */
	PLACE_SHARED,  /* in a session that others may join */
};

/*
 * place_find - see where the application is: in the environment of its PID 1, once that is known
 * for a session's.
 * @socket: a buffer of SIZE bytes for FACT_SOCKET, the name that others join by; of PLACE_SHARED.
 *
 * Call it in the application, before anything is changed. A PID 1 that has just been started is
 * waited for, SHARE_LIMIT_MS at most.
 */
enum place place_find(char *socket, size_t size);

/* place_is_session - is the application in a session? Without a look at which. */
bool place_is_session(void);

/*
 * place_is_unit - is the application systemd, which starts a unit with PAMName=? It opens the
 * session and then executes the unit's program without a fork (systemd's exec-invoke.c, setup_pam):
 * that would stay in the host's PID namespace, with a /proc in which it is not.
 */
bool place_is_unit(void);

#endif
