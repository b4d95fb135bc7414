/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_SHARE_H
#define PAM_UNSHARE_SHARE_H

#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/report.h"
#include "way.h"

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
	/*
	 * The application's before it opened. Not the inode number: the kernel gives that to a
	 * later namespace when this one has gone, which a session that lingers outlives.
	 */
	uint64_t mount_namespace;
	char kind;        /* 'u' for all logins of a user, 'g' for all of a primary group */
	unsigned long id; /* the uid or gid */
	int namespaces;   /* the further namespaces of the session */
};

#define SHARE_NAME_SIZE 88

struct share {
	int directory;              /* RUN_DIRECTORY */
	int lock;                   /* its file "lock" */
	int listener;               /* of the session that is being opened; -1 while none is */
	int cgroup;                 /* where its PID 1 goes when it is shared; -1 like LISTENER */
	off_t byte;                 /* of the lock: that of the uid or gid */
	ino_t inode;                /* of the listener's name */
	int turns, patience;        /* of waiting: all that are left, and for who is asked now */
	char name[SHARE_NAME_SIZE]; /* of the socket */
};

/* What no share has been prepared in yet; share_end takes it. */
#define SHARE_NONE ((struct share){.directory = -1, .lock = -1, .listener = -1, .cgroup = -1})

/*
 * share_meet - decide how a login comes to the session that it shares, and join it if it is there.
 * @share: SHARE_NONE; share_end frees it, whatever is returned.
 * @key: who shares; its mount namespace is filled in.
 * @mount_namespace: descriptor of the application's. Who has another one has other mounts
 *                   (pam_namespace(8), a tmpfs of its own on /tmp), and would lose them by joining.
 * @application: pidfd of the application.
 * @init: filled if it is joined: pidfd and channel are O_CLOEXEC, and the caller's to close.
 * @report: gets how it went.
 * @why: filled if the way is WAY_OWN_INSTEAD.
 *
 * Any number of applications may do this at the same time: one of them opens. Waits no longer than
 * SHARE_LIMIT_MS, however others behave: in turns of its own, so that on a machine that is too busy
 * for who opens the session it takes longer for this one too.
 *
 * Returns WAY_WITHIN; WAY_JOINED, when PID 1 has counted the login in; WAY_FIRST, when
 * share->listener and share->name are ready for a new PID 1; or WAY_OWN_INSTEAD. After the latter
 * share->listener may be there too: others from the same place may join.
 */
enum way share_meet(struct share *share, struct share_key *key, int mount_namespace,
	int application, struct session_init *init, struct report *report, struct error *why);

/* share_withdraw - take the name back, after PID 1 could not be started. */
void share_withdraw(struct share *share);

void share_end(struct share *share);

/*
 * share_clean - remove the name of a PID 1 that was killed, unless somebody listens there again.
 * Called in the host's mount namespace; waits for nobody.
 */
void share_clean(const struct share_key *key);

#endif
