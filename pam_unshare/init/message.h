/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_INIT_MESSAGE_H
#define PAM_UNSHARE_INIT_MESSAGE_H

#include <stdbool.h>

/* One message from or to an application (common/protocol.h). Neither waits. */

/* message_say - returns whether it was sent: the other side may be dead. */
bool message_say(int channel, char message);

#define HEARD_NOTHING 0
#define HEARD_END     (-1)

/*
 * message_hear - take one message. Returns its byte; HEARD_NOTHING if there is none; HEARD_END
 * at the end, and for MESSAGE_JOIN by another version of the protocol. In FD is the descriptor that
 * came with it, which the caller closes, or -1.
 */
int message_hear(int channel, int *fd);

#endif
