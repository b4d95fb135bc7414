/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_CLOCK_H
#define PAM_UNSHARE_CLOCK_H

#include <stdint.h>
#include <time.h>

/*
 * clock_now_ms - the time of CLOCK_MONOTONIC in milliseconds. It may be called everywhere: in the
 * application, in a clone, in PID 1 (clock_gettime(2) takes no lock and sets no errno here).
 */
static inline int64_t clock_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
