/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_WAY_H
#define PAM_UNSHARE_WAY_H

#include <sys/types.h>

/*
 * How a login comes to its session: decided in one place (session.c, decide_and_go). If a shared
 * one cannot be had after all, the way becomes WAY_OWN_INSTEAD.
 */
enum way {
	WAY_OWN,         /* it opens one that it shares with nobody, as was asked for */
	WAY_OWN_INSTEAD, /* it opens one, as it cannot join the one that it shares; there is a
			    reason */
	WAY_FIRST,       /* it opens the one that it shares: others are to join it */
	WAY_JOINED,      /* it joins the one that it shares */
	WAY_WITHIN,      /* the application is in that session: there is nothing to do */
};

/* PID 1 of a session, as the application has it. */
struct session_init {
	pid_t pid;   /* in the application's PID namespace */
	int pidfd;   /* or -1 */
	int channel; /* socket to it (common/protocol.h), or -1 */
};

#endif
