/* SPDX-License-Identifier: MIT */
#include "init/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "common/protocol.h"

bool message_say(int channel, char message)
{
	return send(channel, &message, 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
}

/*
 * There is room for one descriptor, and not for two, as CMSG_SPACE would leave: the kernel drops
 * the others, which nobody here would close.
 */
int message_hear(int channel, int *fd)
{
	unsigned char message[2] = {0};
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
	struct iovec part = {.iov_base = message, .iov_len = sizeof(message)};
	struct msghdr m = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_LEN(sizeof(int)),
	};
	ssize_t got = recvmsg(channel, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = (struct cmsghdr *)(void *)control;

	*fd = -1;
	if (got == -1 && (errno == EAGAIN || errno == EINTR))
		return HEARD_NOTHING;
	if (got <= 0)
		return HEARD_END;
	if (m.msg_controllen >= CMSG_LEN(sizeof(int)) && c->cmsg_level == SOL_SOCKET &&
		c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(int));
	if (message[0] == MESSAGE_JOIN && message[1] != PROTOCOL_VERSION)
		return HEARD_END;
	return message[0];
}
