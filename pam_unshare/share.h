/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_SHARE_H
#define PAM_UNSHARE_SHARE_H

#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"

/*
 * Where logins that share a session meet (scope=user, scope=group): PID 1 listens on a socket in
 * RUN_DIRECTORY, which only root can enter. A socket that nobody listens on is a leftover, and is
 * replaced; so nothing there can be wrong after a crash.
 *
 * su runs with the real uid of its caller, who may stop it at any point, or freeze it and the PID 1
 * that it started. So nobody is waited for beyond SHARE_LIMIT_MS in all, and who comes back after
 * it was passed over finds another's name in the place of its own: it has a session that nobody
 * joins, and harms nobody.
 */

/* Who shares. Two logins with the same one of these meet. */
struct share_key {
	ino_t pid_namespace; /* the application's: the kernel lets a process join only what is below
				its own namespace (setns(2)) */
	uint64_t mount_namespace; /* the application's before it opened (share_find_mounts) */
	char kind;                /* 'u' for all logins of a user, 'g' for all of a primary group */
	unsigned long id;         /* the uid or gid */
	int namespaces;           /* the further namespaces of the session */
};

#define SHARE_NAME_SIZE 88

struct share {
	int directory;              /* RUN_DIRECTORY */
	int lock;                   /* its file "lock" */
	int listener;               /* of the session that is being opened; -1 while none is */
	off_t byte;                 /* of the lock: that of the uid or gid */
	ino_t inode;                /* of the listener's name */
	int turns, patience;        /* of waiting: all that are left, and for who is asked now */
	char name[SHARE_NAME_SIZE]; /* of the socket */
};

/* Where the application itself is. */
enum share_place {
	SHARE_OUTSIDE, /* in no session */
	SHARE_INSIDE,  /* in a session that is not for this login */
	SHARE_THERE,   /* in the very session that this login shares: there is nothing to do */
};

/*
 * share_place - see whether the application is in a session, and in which. Reads the environment
 * of its PID 1, after it has made sure that it is a session's. The namespaces where @key was opened
 * do not count: the application is in those of the session.
 */
enum share_place share_place(const struct share_key *key);

/*
 * share_find_mounts - the mount namespace of a key.
 * @mount_namespace: descriptor of it. Who has another one has other mounts (pam_namespace(8), a
 *                   tmpfs of its own on /tmp), and would lose them by joining.
 *
 * Not its inode number: the kernel gives that to a later namespace when this one has gone, which a
 * session that lingers outlives. Returns 0, or a negative errno if the kernel has no other name
 * for it.
 */
int share_find_mounts(struct share_key *key, int mount_namespace, struct error *error);

/*
 * share_begin - prepare to meet others.
 * @share: filled; share_end frees it, also after an error.
 *
 * Returns 0, or a negative errno: there is no directory that only root can enter.
 */
int share_begin(struct share *share, const struct share_key *key, struct error *error);

/*
 * share_join - join the session that is there, or get ready to open one that others can join.
 * @application: pidfd of the application.
 * @channel: set to a socket to PID 1 (O_CLOEXEC), the caller's to close.
 * @init: set to a pidfd of PID 1, likewise.
 * @init_pid: set to its PID in the application's PID namespace.
 *
 * Any number of applications may do this at the same time: one of them opens. Waits no longer than
 * SHARE_LIMIT_MS, however others behave: in turns of its own, so that on a machine that is too busy
 * for who opens the session it takes longer for this one too.
 *
 * Returns 1 when joined; 0 when share->listener and share->name are ready for a new PID 1; or a
 * negative errno when neither works.
 */
int share_join(struct share *share, int application, int *channel, int *init, pid_t *init_pid,
	struct error *error);

/* share_withdraw - take the name back, after PID 1 could not be started. */
void share_withdraw(struct share *share);

void share_end(struct share *share);

/*
 * share_clean - remove the name of a PID 1 that was killed, unless somebody listens there again.
 * Called in the host's mount namespace; waits for nobody.
 */
void share_clean(const struct share_key *key);

#endif
