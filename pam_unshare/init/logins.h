/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_INIT_LOGINS_H
#define PAM_UNSHARE_INIT_LOGINS_H

#include <poll.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "common/facts.h"
#include "init/login.h"
#include "init/settings.h"

/* The logins of a shared session, and where they join. No other session has any of this. */

/* What poll(2) watches: these, and behind them what each login has. */
enum {
	WATCHED_SIGNALS,
	WATCHED_LISTENER,
	WATCHED_LIVE,
	WATCHED_LOGINS,
};
#define WATCHED_MAX (WATCHED_LOGINS + LOGIN_DESCRIPTORS * FACT_LOGINS_MAX)

struct logins {
	int listener; /* -1 once nobody can join any more */
	int room;     /* for so many of them */
	bool left;    /* the control group of the first */
	int count;
	struct login all[FACT_LOGINS_MAX];
	struct pollfd watched[WATCHED_MAX];
};

/* logins_start - the first one, and the listener. PID 1 may open so many FILES. */
void logins_start(struct logins *logins, rlim_t files);

/* logins_room - for how many logins there is room within a limit of open files. */
int logins_room(rlim_t files);

/* logins_add - LOGINS owns it then. There must be room. */
void logins_add(struct logins *logins, struct login login);

/* logins_count_open - how many have the session open. */
int logins_count_open(const struct logins *logins);

/* logins_wait - for something to happen. LIVE is a pidfd to watch too, or -1. */
void logins_wait(struct logins *logins, int signals, int live);

/*
 * logins_leave_cgroup - if somebody comes to join: out of the control group of the first login.
 * Call it after logins_wait and before signals are taken. A SIGTERM for all of that control group
 * is then seen before anybody has joined, or does not reach PID 1; but for one that systemd was
 * about to send to each process of a list that it had read before.
 */
void logins_leave_cgroup(struct logins *logins);

/* logins_take - take in what logins_wait has seen. */
void logins_take(struct logins *logins);

/* logins_accept - take in one that wants to join, or turn it away. */
void logins_accept(struct logins *logins);

/* logins_dismiss - answer those that have closed. */
void logins_dismiss(struct logins *logins);

/* logins_stop_listening - nobody joins any more. May be called again. */
void logins_stop_listening(struct logins *logins, const struct settings *settings);

#endif
