/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_INIT_CHANNEL_H
#define PAM_UNSHARE_INIT_CHANNEL_H

#include <stdbool.h>

/* One message from or to an application (common/protocol.h). Neither waits. */

/* channel_say - returns whether it was sent: the other side may be dead. */
bool channel_say(int channel, char message);

#define CHANNEL_NOTHING 0
#define CHANNEL_END     (-1)

/*
 * channel_hear - take one message. Returns its byte; CHANNEL_NOTHING if there is none; CHANNEL_END
 * at the end, and for MESSAGE_JOIN by another version of the protocol. In FD is the descriptor that
 * came with it, which the caller closes, or -1.
 */
int channel_hear(int channel, int *fd);

#endif
