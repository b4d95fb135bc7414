/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_TESTS_FUZZ_DIRECTORY_H
#define PAM_UNSHARE_TESTS_FUZZ_DIRECTORY_H

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

/* For what reads files below a directory: one of its own, which is removed at the end. */
static char fuzz_directory[] = "/dev/shm/pam_unshare-fuzz-XXXXXX"; /* in memory: it is fast */

static inline void fuzz_remove_directory(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", fuzz_directory);
	if (system(command) != 0)
		perror(command);
}

/* At the first call, make it, with these directories in it; NULL at the end. */
static inline void fuzz_make_directory(const char *const *directories)
{
	static int made;

	if (made)
		return;
	made = 1;
	FUZZ_HOLDS(mkdtemp(fuzz_directory) && chdir(fuzz_directory) == 0);
	atexit(fuzz_remove_directory);
	for (; *directories; directories++)
		FUZZ_HOLDS(mkdir(*directories, 0755) == 0);
}

static inline void fuzz_write(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	FUZZ_HOLDS(fd != -1 && write(fd, data, size) == (ssize_t)size && close(fd) == 0);
}

#endif
