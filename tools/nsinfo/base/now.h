/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_NOW_H
#define NSINFO_NOW_H

#include <time.h>

/* now_ms - milliseconds of a clock that only goes forward, to measure how long something takes. */
static inline double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

#endif
