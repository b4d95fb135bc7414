/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_DESCRIPTORS_H
#define PAM_UNSHARE_DESCRIPTORS_H

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Descriptors. All of it may be called in the application, in a clone and in PID 1. */

/* descriptor_close - close it if it is open, and note that it is not: -1. Keeps errno. */
static inline void descriptor_close(int *fd)
{
	int code = errno;

	if (*fd != -1)
		close(*fd);
	*fd = -1;
	errno = code;
}

/*
 * descriptor_move - move it away from the standard ones. If the application has closed one of
 * these, its child would find ours in the place, or replace it. Returns 0; or -1, and it stays.
 */
static inline int descriptor_move(int *fd)
{
	int kept;

	if (*fd > STDERR_FILENO)
		return 0;
	kept = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (kept == -1)
		return -1;
	close(*fd);
	*fd = kept;
	return 0;
}

/* descriptor_keep - a new descriptor, moved away from the standard ones; -1 and errno stay. */
static inline int descriptor_keep(int fd)
{
	if (fd != -1 && descriptor_move(&fd) == -1)
		descriptor_close(&fd);
	return fd;
}

#endif
