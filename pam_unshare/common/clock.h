/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_CLOCK_H
#define PAM_UNSHARE_CLOCK_H

#include <stdint.h>
#include <time.h>

/*
 * clock_now_us, clock_now_ms - the time of CLOCK_MONOTONIC in microseconds and in milliseconds.
 * They may be called everywhere, in a clone too: clock_gettime(2) takes no lock.
 */
static inline int64_t clock_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static inline int64_t clock_now_ms(void)
{
	return clock_now_us() / 1000;
}

#endif
