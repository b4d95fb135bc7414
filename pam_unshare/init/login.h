/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_INIT_LOGIN_H
#define PAM_UNSHARE_INIT_LOGIN_H

#include <poll.h>
#include <stdbool.h>

/*
 * One login, as PID 1 knows it: the application on the other side of a channel. What becomes of it
 * is a table in login.c.
 */

enum login_state {
	LOGIN_CONNECTED, /* has not joined yet */
	LOGIN_OPEN,      /* has the session open */
	LOGIN_SILENT,    /* has it open, and has hung up: only its end can be seen */
	LOGIN_CLOSING,   /* has closed it, and waits for MESSAGE_DONE */
	LOGIN_GONE,
};

struct login {
	enum login_state state;
	int channel; /* -1 if SILENT or GONE */
	int pidfd;   /* of the application; -1 if CONNECTED or GONE */
};

/* login_first - the one that opened the session and started PID 1. */
struct login login_first(void);

/* login_connected - one that wants to join. The login owns the channel. */
struct login login_connected(int channel);

/* login_has_open - whether the session must go on for it. */
bool login_has_open(const struct login *login);

/* What of a login poll(2) watches. */
enum {
	LOGIN_CHANNEL,
	LOGIN_PIDFD,
	LOGIN_DESCRIPTORS,
};

/* login_watch - fill in what is to be watched; nothing has been seen yet. */
void login_watch(const struct login *login, struct pollfd watched[LOGIN_DESCRIPTORS]);

/* login_take - take in what poll(2) has seen. */
void login_take(struct login *login, const struct pollfd watched[LOGIN_DESCRIPTORS]);

/* login_end - the session ends, which may take the grace time. It is not heard any more. */
void login_end(struct login *login);

/* login_dismiss - if it waits for the answer to its close, give it. */
void login_dismiss(struct login *login);

#endif
