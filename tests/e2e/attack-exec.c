/* SPDX-License-Identifier: MIT */

/*
 * What a user's command may try that root runs with "nsinfo exec"; for nsinfo-exec.sh.
 *
 *     attack-exec type TEXT           type it and Enter into each terminal that this process has
 *     attack-exec take PID            everything of a process: trace it, read it, take its
 * descriptors attack-exec stalk SECRET FILE   the same to each process that comes, for the moment
 * in which it can be had, until FILE is there; says what of root's it got attack-exec hold-key
 * COMMAND..  run it with a key "secret" in the session keyring attack-exec find-key            look
 * for that key
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

#define FDS 16 /* descriptors of a process that are tried */

static int type(char **argv)
{
	int fds[] = {0, 1, 2, open("/dev/tty", O_RDWR | O_CLOEXEC)};

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++) {
		for (char *at = argv[0]; *at; at++)
			(void)!ioctl(fds[i], TIOCSTI, at);
		(void)!ioctl(fds[i], TIOCSTI, "\n");
	}
	return 0;
}

/* What a process has open as FD, into NAME. Returns its length, 0 if it cannot be had. */
static ssize_t taken(pid_t pid, int fd, char name[PATH_MAX])
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int got = pidfd == -1 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	char path[64];
	ssize_t n = 0;

	if (got >= 0) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", got);
		n = readlink(path, name, PATH_MAX - 1);
		close(got);
	}
	if (pidfd >= 0)
		close(pidfd);
	name[n > 0 ? n : 0] = '\0';
	return n > 0 ? n : 0;
}

static ssize_t environment(pid_t pid, char *buffer, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd == -1 ? -1 : read(fd, buffer, size);
	if (fd >= 0)
		close(fd);
	return n;
}

static int take(char **argv)
{
	pid_t pid = atoi(argv[0]);
	char name[PATH_MAX], variables[65536];
	ssize_t n = environment(pid, variables, sizeof(variables));

	for (ssize_t i = 0; i < n; i++)
		putchar(variables[i] ? variables[i] : '\n');
	for (int fd = 0; fd < FDS; fd++)
		if (taken(pid, fd, name))
			printf("fd %d: %s\n", fd, name);
	/* Last: while it is stopped it cannot be asked. */
	if (ptrace(PTRACE_ATTACH, pid, 0, 0) == 0) {
		printf("traced\n");
		waitpid(pid, NULL, __WALL);
		ptrace(PTRACE_DETACH, pid, 0, 0);
	}
	return 0;
}

/* Whatever can be had of it, as long as it is there. */
static void look(pid_t pid, const char *secret)
{
	char path[64], name[PATH_MAX], variables[65536];

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	do {
		ssize_t n = environment(pid, variables, sizeof(variables));

		if (n > 0 && memmem(variables, (size_t)n, secret, strlen(secret)))
			printf("got the environment\n");
		for (int fd = 0; fd < FDS; fd++)
			if (taken(pid, fd, name) && strncmp(name, "pipe:", 5) != 0)
				printf("got %s\n", name);
	} while (access(path, F_OK) == 0);
}

/* The last one that began in this PID namespace: proc_loadavg(5). */
static pid_t newest(void)
{
	char text[128] = "", *last;
	int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		(void)!read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	last = strrchr(text, ' ');
	return last ? atoi(last) : 0;
}

static int stalk(char **argv)
{
	pid_t last = newest();
	int seen = 0;

	printf("stalking\n");
	fflush(stdout);
	while (access(argv[1], F_OK) == -1) {
		pid_t now = newest();

		if (now == last)
			continue;
		last = now;
		seen++;
		look(now, argv[0]);
	}
	printf("seen %d\n", seen);
	return 0;
}

static int hold_key(char **argv)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) == -1 ||
		syscall(SYS_add_key, "user", "secret", "hunter2", 7, KEY_SPEC_SESSION_KEYRING) ==
			-1) {
		perror("no keys");
		return 77;
	}
	execvp(argv[0], argv);
	return 127;
}

static int find_key(char **argv)
{
	long key =
		syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", "secret", 0);
	char payload[64] = "";

	(void)argv;
	if (key == -1)
		printf("no key\n");
	else if (syscall(SYS_keyctl, KEYCTL_READ, key, payload, sizeof(payload) - 1) > 0)
		printf("key: %s\n", payload);
	else
		printf("a key, which cannot be read\n");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int arguments;
		int (*run)(char **argv);
	} attacks[] = {
		{"type", 1, type},
		{"take", 1, take},
		{"stalk", 2, stalk},
		{"hold-key", 1, hold_key},
		{"find-key", 0, find_key},
	};

	for (size_t i = 0; argc > 1 && i < sizeof(attacks) / sizeof(*attacks); i++)
		if (strcmp(argv[1], attacks[i].name) == 0 && argc - 2 >= attacks[i].arguments)
			return attacks[i].run(argv + 2);
	fprintf(stderr, "attack-exec: see the source\n");
	return 2;
}
