/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_CHANNEL_H
#define PAM_UNSHARE_CHANNEL_H

#include <stdbool.h>
#include <sys/types.h>

/* What the application says to PID 1, and hears from it (common/protocol.h). */

/* channel_join - ask to be counted in, with the application's pidfd. Returns whether it was sent.
 */
bool channel_join(int channel, int application);

/*
 * channel_welcome - take PID 1's answer, without waiting.
 * @pid: set to its PID, as the kernel translates it for the reader (unix(7)).
 *
 * Returns 1 for a welcome, 0 if there is no answer yet, and -1 for any other.
 */
int channel_welcome(int channel, pid_t *pid);

/*
 * channel_withdraw - do not be counted in, when PID 1 comes to it at last: it cannot welcome who
 * does not listen any more. What it sent before is read, or it would not learn that the login is
 * over (unix(7), ECONNRESET).
 */
void channel_withdraw(int channel);

/*
 * channel_close - say that the login is over. Returns 0, also if PID 1 is dead, and the session
 * with it; or -1 and errno.
 */
int channel_close(int channel);

/*
 * channel_hear - wait for PID 1 to say something, at most LIMIT_MS. Returns the message; 0 if PID 1
 * has died, and the kernel ends the rest; or -1 and errno, ETIMEDOUT if it says nothing.
 */
int channel_hear(int channel, long limit_ms);

#endif
