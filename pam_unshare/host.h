/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_HOST_H
#define PAM_UNSHARE_HOST_H

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

#include "error.h"

/* The namespaces that a session may have beside its PID and mount namespace. */
#define HOST_FURTHER 5

/*
 * Where the application was before it opened a session: what it needs to get back there.
 *
 * An application that forks and does not exec (an FTP server) passes all its descriptors on, and
 * O_CLOEXEC ones with them. So no directory is among these: by its path in /proc/self/fd the user
 * could reach the host's /proc.
 */
struct host {
	int application; /* pidfd of the application: leads to its own PID namespace */
	int mount_namespace;
	int further[HOST_FURTHER]; /* -1 for those that the session does not have */
	int pocket;                /* socket in which the root and working directory are */
	dev_t root_device;         /* which directory the root is */
	ino_t root_inode;
	ino_t pid_namespace;     /* its inode number */
	char cwd_path[PATH_MAX]; /* where it is on a procfs, or empty (host_note_cwd) */
};

/* host_init - nothing kept yet. */
void host_init(struct host *host);

/*
 * host_keep - note where the application is, in descriptors that are O_CLOEXEC.
 * @namespaces: CLONE_NEW* of the further namespaces that the session will have.
 *
 * Refuses where a session is open in this process already: its children can go to one only.
 * Returns 0 or a negative errno; host_forget closes what was kept, also after an error.
 */
int host_keep(struct host *host, int namespaces, struct error *error);

/*
 * host_return - go back to all namespaces, root and working directory. Once: it uses up what was
 * kept. Goes through all its steps, reports the first failure. Returns 0 or a negative errno.
 */
int host_return(struct host *host, struct error *error);

/* host_note_cwd - note the path of the working directory, "/" where it was deleted. */
void host_note_cwd(struct host *host);

/* host_forget - close what was kept. */
void host_forget(struct host *host);

/* host_move_descriptor - move it away from the standard ones. Returns 0; or -1, and it stays. */
int host_move_descriptor(int *fd);

/* host_keep_descriptor - a new descriptor, moved away from the standard ones; -1 and errno stay. */
int host_keep_descriptor(int fd);

/*
 * This thread's own directory in /proc. It is "self" where that is the same, as in every
 * application but a few: the kernel takes a third of the time to find it.
 */
#define HOST_PROC(file) (gettid() == getpid() ? "/proc/self/" file : "/proc/thread-self/" file)

#endif
