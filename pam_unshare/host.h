/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_HOST_H
#define PAM_UNSHARE_HOST_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/namespaces.h"

/* Which directory it is, as the kernel knows without asking its file system (statx(2)). */
struct host_directory {
	unsigned int major, minor;
	unsigned long long inode; /* 0 if root may not know it (fuse(4)) */
	unsigned long long mount; /* as in /proc/PID/mountinfo */
};

/*
 * Where the application was before it opened a session: what it needs to get back there.
 *
 * An application that forks and does not exec (an FTP server) passes all its descriptors on, and
 * O_CLOEXEC ones with them. So no directory is among these while a session is open: by its path in
 * /proc/self/fd the user could reach the host's /proc. The root directory is the mount namespace's
 * as a rule, and the working directory is found again by its path. If they are not found so, both
 * are under way in a socket, which nobody can look into: not even /proc shows what is in it.
 */
struct host {
	int application; /* pidfd of the application: leads to its own PID namespace */
	int mount_namespace;
	int others[NAMESPACES_COUNT]; /* those of with=; -1 for those that the session does not have
				       */
	int root, cwd;                /* O_PATH, until host_let_go */
	int directories;              /* socket in which these two are under way, or -1 */
	struct host_directory root_directory, cwd_directory;
	bool in_root;            /* the root is the mount namespace's: no chroot */
	ino_t pid_namespace;     /* its inode number */
	char cwd_path[PATH_MAX]; /* as getcwd(2) says; empty if it has none */
};

/* host_init - nothing kept yet. */
void host_init(struct host *host);

/*
 * host_keep - note where the application is, in descriptors that are O_CLOEXEC.
 * @flags: CLONE_NEW* of the further namespaces that the session will have.
 *
 * Refuses if a session is open in this process already: its children can go to one only.
 * Returns 0 or a negative errno; host_forget closes what was kept, also after an error.
 */
int host_keep(struct host *host, int flags, struct error *error);

/*
 * host_settle - see to it that host_return can do without the two directories open. The last step
 * before the application enters a session, with signals blocked.
 * @joins: it will enter one that is there; its root and working directory may be anywhere then.
 *
 * The application goes back to its mount namespace, as host_return will, to see whether it finds
 * its root and working directory again. If it does not, both are put into a socket. Two
 * descriptors under way count for uid 0 on the whole machine: beyond 512 such sessions nobody else
 * could pass one (unix(7), ETOOMANYREFS).
 *
 * Returns 0 or a negative errno; then host_return leads back.
 */
int host_settle(struct host *host, bool joins, struct error *error);

/* host_let_go - close the two directories: the session is open. */
void host_let_go(struct host *host);

/*
 * host_is_root - whether a session's "/" is the directory that was the application's root. In a
 * chroot it never is, even if that is the same one: other things may be mounted there.
 */
bool host_is_root(const struct host *host, const struct host_directory *directory);

/* host_look - see which directory it is. PATH may be empty for DIRFD itself. Returns 0 or -1. */
int host_look(int dirfd, const char *path, struct host_directory *directory);

/*
 * host_enter_again - enter the working directory by its path, in a session's mount namespace, or
 * "/" if the path does not lead there. Symbolic links are not followed, and what was reached is
 * compared: root enters what the user may not, and the user may change the path at any time. What
 * is on a procfs has another inode number in the private one: there the path has to do.
 *
 * Returns 0 or a negative errno.
 */
int host_enter_again(const struct host *host, struct error *error);

/*
 * host_return - go back to all namespaces, root and working directory. Once: it uses up what was
 * kept. Goes through all its steps, reports the first failure. Returns 0 or a negative errno.
 *
 * A working directory that is not there any more, or that root may not enter (FUSE, NFS with
 * root_squash), is no failure: the application is then in the nearest directory above.
 */
int host_return(struct host *host, struct error *error);

/* host_forget - close what was kept. */
void host_forget(struct host *host);

/*
 * This thread's own directory in /proc. It is "self" where that is the same, as in every
 * application but a few: the kernel takes a third of the time to find it.
 */
#define HOST_PROC(file) (gettid() == getpid() ? "/proc/self/" file : "/proc/thread-self/" file)

#endif
