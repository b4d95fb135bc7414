/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_INIT_SIGNALS_H
#define PAM_UNSHARE_INIT_SIGNALS_H

#include <stdbool.h>

/* signals_open - block every signal. Returns a signalfd of all of them, or -1. */
int signals_open(void);

/*
 * signals_take - take every signal that is pending; none is fine. Returns whether one of them asks
 * to end the session: SIGTERM from root on the host.
 */
bool signals_take(int signals);

#endif
