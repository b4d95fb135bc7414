/* SPDX-License-Identifier: MIT */

#include "exec/message.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/types.h>

int exec_message_send(int control, const struct exec_message *message, int flags)
{
	ssize_t n;

	do
		n = send(control, message, sizeof(*message), MSG_NOSIGNAL | flags);
	while (n == -1 && errno == EINTR);
	return n == -1 ? -errno : 0;
}

int exec_exit_status(enum exec_step step, int code)
{
	if (step != EXEC_RUN)
		return EXEC_CANNOT_RUN;
	return code == ENOENT ? EXEC_NOT_FOUND : EXEC_NOT_EXEC;
}
