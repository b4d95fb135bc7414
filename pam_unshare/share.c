/* SPDX-License-Identifier: MIT */
#include "share.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "facts.h"
#include "protocol.h"
#include "syscalls.h"

/*
 * How long PID 1 may take to answer. It does nothing that blocks: it is stopped then, or the
 * machine is so busy that it has not run for as long.
 */
#define ANSWER_LIMIT_MS 5000

static void close_descriptor(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int open_directory(struct share *share, struct error *error)
{
	struct stat status;

	if (mkdir(RUN_DIRECTORY, 0700) == -1 && errno != EEXIST)
		return error_set(error, errno, "create the directory", RUN_DIRECTORY);
	share->directory = open(RUN_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (share->directory == -1 || fstat(share->directory, &status) == -1)
		return error_set(error, errno, "open the directory", RUN_DIRECTORY);
	if (status.st_uid != 0 || (status.st_mode & 077) != 0) {
		error_set(error, EPERM, "trust the directory", RUN_DIRECTORY);
		error->remedy = "it has to be root's, with mode 0700: remove it";
		return -EPERM;
	}
	return 0;
}

int share_begin(struct share *share, ino_t namespace, char kind, unsigned long id, int namespaces,
	struct error *error)
{
	int result;

	*share = (struct share){.directory = -1, .lock = -1, .listener = -1, .key = id};
	snprintf(share->name, sizeof(share->name), "%lu-%c%lu-%x", (unsigned long)namespace, kind,
		id, (unsigned int)namespaces);
	result = open_directory(share, error);
	if (result < 0)
		return result;
	share->lock =
		openat(share->directory, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (share->lock == -1)
		return error_set(error, errno, "open the lock in", RUN_DIRECTORY);
	return 0;
}

void share_end(struct share *share)
{
	close_descriptor(&share->listener);
	close_descriptor(&share->lock);
	close_descriptor(&share->directory);
}

void share_withdraw(struct share *share)
{
	if (share->listener != -1)
		unlinkat(share->directory, share->name, 0);
}

/*
 * A lock of the open file, one byte for each uid or gid: it is gone with the process that holds
 * it, and leaves no file of its own (fcntl(2), F_OFD_SETLK). Not waited for with F_OFD_SETLKW: its
 * holder may be stopped by its user.
 */
static bool lock(const struct share *share, long long deadline)
{
	const struct timespec pause = {.tv_nsec = 500000};
	struct flock range = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)share->key,
		.l_len = 1,
	};

	while (fcntl(share->lock, F_OFD_SETLK, &range) == -1) {
		if (now_ms() >= deadline)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

static struct sockaddr_un address_of(const struct share *share)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", RUN_DIRECTORY, share->name);
	return address;
}

/* Ask to be counted in: one byte, with the application's pidfd. */
static bool send_join(int channel, int application)
{
	char message = MESSAGE_JOIN;
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec part = {.iov_base = &message, .iov_len = 1};
	struct msghdr m = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &application, sizeof(int));
	return sendmsg(channel, &m, MSG_NOSIGNAL) == 1;
}

/* PID 1's answer, and its PID as the kernel translates it for the reader (unix(7)). */
static bool receive_welcome(int channel, pid_t *init_pid)
{
	char message = 0;
	union {
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct iovec part = {.iov_base = &message, .iov_len = 1};
	struct msghdr m = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct ucred sender = {0};

	if (recvmsg(channel, &m, MSG_CMSG_CLOEXEC) != 1)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS)
			memcpy(&sender, CMSG_DATA(c), sizeof(sender));
	*init_pid = sender.pid;
	return message == MESSAGE_WELCOME && sender.uid == 0 && sender.pid > 0;
}

/*
 * A pidfd of PID 1, or -1. Not sent by it: the kernel keeps a process without capabilities from
 * that while root has many descriptors under way (unix(7), ETOOMANYREFS), and an open session may
 * have two (host.c). Its PID cannot have been reused: PID 1 alone holds the other end of the
 * channel, so it lived when the pidfd was opened if the channel is not hung up afterwards.
 */
static int open_init(int channel, pid_t init_pid)
{
	struct pollfd p = {.fd = channel};
	int init = sys_pidfd_open(init_pid);

	if (init != -1 && poll(&p, 1, 0) != 0)
		close_descriptor(&init);
	return init;
}

/* Join who listens under the name. Returns whether somebody did, and took us in. */
static bool try_join(
	const struct share *share, int application, int *channel, int *init, pid_t *init_pid)
{
	const struct timeval limit = {.tv_sec = ANSWER_LIMIT_MS / 1000};
	const int on = 1;
	struct sockaddr_un address = address_of(share);

	*channel = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (*channel == -1)
		return false;
	if (setsockopt(*channel, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
		setsockopt(*channel, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0 &&
		setsockopt(*channel, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0 &&
		connect(*channel, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
		send_join(*channel, application) && receive_welcome(*channel, init_pid)) {
		*init = open_init(*channel, *init_pid);
		if (*init != -1)
			return true;
	}
	close_descriptor(channel);
	return false;
}

/* Take the name for a new session. Returns 0 or a negative errno. */
static int listen_here(struct share *share, struct error *error)
{
	struct sockaddr_un address = address_of(share);

	if (unlinkat(share->directory, share->name, 0) == -1 && errno != ENOENT)
		return error_set(error, errno, "remove the leftover", address.sun_path);
	share->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (share->listener == -1 ||
		bind(share->listener, (const struct sockaddr *)&address, sizeof(address)) == -1 ||
		listen(share->listener, SOMAXCONN) == -1) {
		error_set(error, errno, "listen on", address.sun_path);
		close_descriptor(&share->listener);
		return -EADDRINUSE;
	}
	return 0;
}

int share_join(struct share *share, int application, int *channel, int *init, pid_t *init_pid,
	struct error *error)
{
	/* Longer than its holder may wait in vain for two answers: then it opens for all. */
	long long deadline = now_ms() + SHARE_LIMIT_MS - ANSWER_LIMIT_MS;
	int result = 0;

	/* Without the lock first: as a rule the session is there and takes us in. */
	if (try_join(share, application, channel, init, init_pid))
		return 1;
	if (!lock(share, deadline))
		return error_set(error, ETIMEDOUT, "wait for another login to open", share->name);
	/* Another login may have opened it meanwhile. What does not answer now is a leftover. */
	if (try_join(share, application, channel, init, init_pid))
		result = 1;
	else
		result = listen_here(share, error);
	close_descriptor(&share->lock); /* the name is taken: PID 1 will answer who comes now */
	return result;
}

/* Whether the name is there and nobody listens: connect(2) then fails so, and in no other case. */
static bool is_leftover(const struct share *share)
{
	struct sockaddr_un address = address_of(share);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool refused = fd != -1 &&
		       connect(fd, (const struct sockaddr *)&address, sizeof(address)) == -1 &&
		       errno == ECONNREFUSED;

	close_descriptor(&fd);
	return refused;
}

void share_clean(ino_t namespace, char kind, unsigned long id, int namespaces)
{
	struct share share;
	struct error ignored;

	/* Who has the lock is about to replace the name. */
	if (share_begin(&share, namespace, kind, id, namespaces, &ignored) == 0 &&
		lock(&share, 0) && is_leftover(&share))
		unlinkat(share.directory, share.name, 0);
	share_end(&share);
}

/* Whether a file in /proc is there and says this, without what follows. */
static bool says(const char *path, const char *text)
{
	char buffer[64];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd == -1 ? -1 : read(fd, buffer, sizeof(buffer));

	if (fd != -1)
		close(fd);
	return got >= (ssize_t)strlen(text) && memcmp(buffer, text, strlen(text)) == 0;
}

/*
 * The value of PID 1's FACT_SOCKET without the namespace that it was opened in, into a buffer.
 * Returns 1 when found, 0 when not, -1 where there is no environment at all.
 */
static int read_socket_fact(char *value, size_t size)
{
	char *line = NULL;
	size_t room = 0;
	int result = -1;
	FILE *file = fopen("/proc/1/environ", "re");

	while (file && result != 1 && getdelim(&line, &room, '\0', file) > 0) {
		result = strncmp(line, FACT_SOCKET "=", strlen(FACT_SOCKET "=")) == 0 &&
			 strchr(line, '-');
		if (result == 1)
			snprintf(value, size, "%s", strchr(line, '-'));
	}
	free(line);
	if (file)
		fclose(file);
	return result;
}

/* A PID 1 that has just been started has none until the kernel has loaded session-init. */
static int wait_for_socket_fact(char *value, size_t size)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	int result = read_socket_fact(value, size);

	for (int tries = 0; tries < 1000 && result == -1; tries++) {
		nanosleep(&pause, NULL);
		result = read_socket_fact(value, size);
	}
	return result;
}

enum share_place share_place(const struct share *share)
{
	const char *ours = strchr(share->name, '-'); /* after the number of the namespace */
	char theirs[sizeof(share->name)];
	struct stat init;

	if (stat("/proc/1", &init) == -1 || init.st_uid != 0 ||
		!says("/proc/1/comm", "session-init\n"))
		return SHARE_OUTSIDE;
	if (ours && wait_for_socket_fact(theirs, sizeof(theirs)) == 1 && strcmp(theirs, ours) == 0)
		return SHARE_THERE;
	return SHARE_INSIDE;
}
