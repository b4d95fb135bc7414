/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_SESSION_H
#define PAM_UNSHARE_SESSION_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/error.h"
#include "request.h"
#include "way.h"

/*
 * A session: one PID namespace and one mount namespace, between pam_open_session and
 * pam_close_session. Only this file and what it calls touches a namespace.
 */
struct session;

/*
 * session_open - put the application's next children into a session: a new one, or one that
 * other logins have open and that this one shares.
 * @request: who and how.
 * @session: set to the session, which session_close and session_free take; NULL if the
 *           application itself is in the session that the login shares, and nothing was to do.
 * @error: filled when something is wrong.
 *
 * Call it in the application; the thread that calls it is the one whose children are isolated.
 * The application stays where it is: it keeps its PID, working directory, children and signals.
 * Until session_close it has no /proc/self and cannot create threads (clone(2), EINVAL).
 *
 * Returns 0, or a negative errno; the application is then exactly as it was before.
 */
int session_open(
	const struct session_request *request, struct session **session, struct error *error);

/*
 * session_close - end every process of the session, and go back to the host's namespaces.
 * @session: from session_open; stays to be freed.
 * @error: filled when something is wrong.
 *
 * Call it in the process that opened the session; in any other (a forked copy of the
 * application) it does nothing, as it does when the session is closed already. It waits until
 * no live process is left, at most for the grace time and a second; a PID 1 that has not said
 * so by then is killed, and all the session with it, unless others may have it open. It goes
 * through all its steps whatever fails, and reports the first failure.
 *
 * Returns 0 or a negative errno.
 */
int session_close(struct session *session, struct error *error);

/* session_free - forget a session, without closing it. */
void session_free(struct session *session);

/* session_is_open - whether it is this process that opened the session and has not closed it. */
bool session_is_open(const struct session *session);

/* session_way - how the login came to it. session_why - the reason of WAY_OWN_INSTEAD. */
enum way session_way(const struct session *session);
const struct error *session_why(const struct session *session);

/* PID 1's PID in the application's PID namespace, and the inode number of the new namespace. */
pid_t session_init_pid(const struct session *session);
ino_t session_namespace(const struct session *session);

#endif
