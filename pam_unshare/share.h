/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_SHARE_H
#define PAM_UNSHARE_SHARE_H

#include <sys/types.h>

#include "error.h"

/*
 * Where logins that share a session meet (scope=user, scope=group): PID 1 listens on a socket in
 * RUN_DIRECTORY, which only root can enter. A socket that nobody listens on is a leftover, and is
 * replaced; so nothing there can be wrong after a crash.
 */
struct share {
	int directory;     /* RUN_DIRECTORY */
	int lock;          /* its file "lock" */
	int listener;      /* of the session that is being opened; -1 while none is */
	unsigned long key; /* what the lock is for: the uid or gid */
	char name[64];     /* of the socket */
};

/*
 * share_begin - prepare to meet others.
 * @share: filled; share_end frees it, also after an error.
 * @namespace: inode number of the application's PID namespace. The kernel lets a process join
 *             only what is below its own namespace (setns(2)), so each one has names of its own.
 * @kind: 'u' for all logins of a user, 'g' for all of a primary group.
 * @id: the uid or gid.
 * @namespaces: the further namespaces of the session: who has others does not share.
 *
 * Returns 0, or a negative errno: there is no directory that only root can enter.
 */
int share_begin(struct share *share, ino_t namespace, char kind, unsigned long id, int namespaces,
	struct error *error);

/*
 * share_join - join the session that is there, or get ready to open one that others can join.
 * @application: pidfd of the application.
 * @channel: set to a socket to PID 1 (O_CLOEXEC), the caller's to close.
 * @init: set to a pidfd of PID 1, likewise.
 * @init_pid: set to its PID in the application's PID namespace.
 *
 * Any number of applications may do this at the same time: one of them opens. Takes at most
 * SHARE_LIMIT_MS, however others behave.
 *
 * Returns 1 when joined; 0 when share->listener and share->name are ready for a new PID 1; or a
 * negative errno when neither works.
 */
int share_join(struct share *share, int application, int *channel, int *init, pid_t *init_pid,
	struct error *error);

/* Where the application itself is. */
enum share_place {
	SHARE_OUTSIDE, /* in no session */
	SHARE_INSIDE,  /* in a session that is not for this login */
	SHARE_THERE,   /* in the very session that this login shares: there is nothing to do */
};

/*
 * share_place - see whether the application is in a session, and in which. Reads the environment
 * of its PID 1, after it has made sure that it is a session's.
 */
enum share_place share_place(const struct share *share);

/* share_withdraw - take the name back, after PID 1 could not be started. */
void share_withdraw(struct share *share);

void share_end(struct share *share);

/*
 * share_clean - remove the name of a PID 1 that was killed, unless somebody listens there again.
 * Parameters as of share_begin. Called in the host's mount namespace; waits for nobody.
 */
void share_clean(ino_t namespace, char kind, unsigned long id, int namespaces);

#define SHARE_LIMIT_MS 20000

#endif
