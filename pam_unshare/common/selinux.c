/* SPDX-License-Identifier: MIT */
#include "common/selinux.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FILE_SYSTEM "/sys/fs/selinux/"

/* The number that a file says; -1 and errno if there is none. */
static long read_number(const char *path)
{
	char text[16];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd == -1 ? -1 : read(fd, text, sizeof(text) - 1);
	int code = errno;

	if (fd != -1)
		close(fd);
	errno = code;
	if (length == -1)
		return -1;
	text[length] = '\0';
	return strtol(text, NULL, 10);
}

bool selinux_is_enabled(void)
{
	return read_number(FILE_SYSTEM "enforce") != -1;
}

bool selinux_enforces(void)
{
	return read_number(FILE_SYSTEM "enforce") == 1;
}

/*
 * The answer has six numbers (selinuxfs.c, sel_write_access). The first has a bit for each
 * permission; the last one's lowest says that the domain is permissive, and so may do everything.
 */
static int ask(const char *question, size_t length, unsigned long *allowed)
{
	char answer[128];
	unsigned long flags;
	int fd = open(FILE_SYSTEM "access", O_RDWR | O_CLOEXEC);
	ssize_t got = -1;
	int code;

	if (fd == -1)
		return -errno;
	if (write(fd, question, length) != -1)
		got = read(fd, answer, sizeof(answer) - 1);
	code = errno;
	close(fd);
	if (got == -1)
		return -code;
	answer[got] = '\0';
	if (sscanf(answer, "%lx %*x %*x %*x %*u %lx", allowed, &flags) != 2)
		return -EBADMSG;
	if (flags & 1)
		*allowed = ULONG_MAX;
	return 0;
}

int selinux_allows(
	const char *source, const char *target, const char *class, const char *permission)
{
	char text[1024];
	long class_number, bit;
	unsigned long allowed = 0;
	int length, result;

	snprintf(text, sizeof(text), FILE_SYSTEM "class/%s/index", class);
	class_number = read_number(text);
	if (class_number == -1)
		return -errno;
	snprintf(text, sizeof(text), FILE_SYSTEM "class/%s/perms/%s", class, permission);
	bit = read_number(text);
	if (bit == -1)
		return -errno;
	if (bit < 1 || bit > 32)
		return -EINVAL;
	length = snprintf(text, sizeof(text), "%s %s %ld", source, target, class_number);
	if (length < 0 || (size_t)length >= sizeof(text))
		return -ENAMETOOLONG;
	result = ask(text, (size_t)length, &allowed);
	return result < 0 ? result : (int)(allowed >> (bit - 1) & 1);
}
