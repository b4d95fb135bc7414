/* SPDX-License-Identifier: MIT */
#include "channel.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/protocol.h"

bool channel_join(int channel, int application)
{
	char message[] = {MESSAGE_JOIN, PROTOCOL_VERSION};
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec part = {.iov_base = message, .iov_len = sizeof(message)};
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
	return sendmsg(channel, &m, MSG_NOSIGNAL) == sizeof(message);
}

int channel_welcome(int channel, pid_t *init_pid)
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
	ssize_t got = recvmsg(channel, &m, MSG_CMSG_CLOEXEC);

	if (got != 1)
		return got == -1 && errno == EAGAIN ? 0 : -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS)
			memcpy(&sender, CMSG_DATA(c), sizeof(sender));
	*init_pid = sender.pid;
	return message == MESSAGE_WELCOME && sender.uid == 0 && sender.pid > 0 ? 1 : -1;
}

void channel_withdraw(int channel)
{
	char message = MESSAGE_CLOSE;

	shutdown(channel, SHUT_RD);
	send(channel, &message, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	recv(channel, &message, 1, MSG_DONTWAIT);
}

int channel_hear(int channel, long limit_ms)
{
	struct pollfd p = {.fd = channel, .events = POLLIN};
	const int64_t end = clock_now_ms() + limit_ms;
	int64_t left = limit_ms;
	char message;
	int ready;

	do {
		ready = poll(&p, 1, (int)left);
		left = end - clock_now_ms();
	} while (ready == -1 && errno == EINTR && left > 0);
	if (ready == 0)
		errno = ETIMEDOUT;
	if (ready != 1)
		return -1;
	return recv(channel, &message, 1, MSG_DONTWAIT) == 1 ? message : 0;
}

int channel_close(int channel)
{
	const char message = MESSAGE_CLOSE;

	if (send(channel, &message, 1, MSG_NOSIGNAL) == 1)
		return 0;
	return errno == EPIPE || errno == ECONNRESET ? 0 : -1;
}
