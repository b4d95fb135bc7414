/* SPDX-License-Identifier: MIT */
#include "init/processes.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/facts.h"
#include "init/number.h"
#include "init/signals.h"

/* The kernel's struct linux_dirent64, getdents64(2). */
struct directory_entry {
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

void processes_reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* A pidfd is readable once its process has no live thread: a zombie that waits to be reaped. */
static bool is_dead(int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

/* A pidfd of the process if it lives. 0 if it does not, -1 if it cannot be known. */
static int open_if_live(pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (pidfd == -1)
		return errno == ESRCH ? 0 : -1;
	if (!is_dead(pidfd))
		return pidfd;
	close(pidfd);
	return 0;
}

/*
 * Neither kill(-1, 0) nor wait tells: zombies that the application has yet to reap count for the
 * one, and the application's children are none of ours for the other.
 */
int processes_find_live(void)
{
	char buffer[2048] __attribute__((aligned(8)));
	long length;

	if (lseek(FACT_FD_PROC, 0, SEEK_SET) == -1)
		return -1;
	while ((length = syscall(SYS_getdents64, FACT_FD_PROC, buffer, sizeof(buffer))) > 0) {
		for (long at = 0; at < length;) {
			struct directory_entry *entry =
				(struct directory_entry *)(void *)(buffer + at);
			long long pid = number_parse(entry->name);
			int found = pid > 1 ? open_if_live((pid_t)pid) : 0;

			if (found != 0)
				return found;
			at += entry->length;
		}
	}
	return length == 0 ? 0 : -1;
}

bool processes_wait_for_all(int signals, int limit_ms)
{
	int64_t deadline = clock_now_ms() + limit_ms;

	for (;;) {
		int pidfd = processes_find_live();
		int64_t left = deadline - clock_now_ms();
		struct pollfd p[] = {
			{.fd = pidfd, .events = POLLIN},
			{.fd = signals, .events = POLLIN},
		};

		if (pidfd == 0)
			return true;
		if (left > 0)
			poll(p, 2, (int)left);
		if (pidfd > 0)
			close(pidfd);
		if (left <= 0)
			return false;
		signals_take(signals);
		processes_reap();
	}
}
