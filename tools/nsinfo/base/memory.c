/* SPDX-License-Identifier: MIT */

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

void *memory_check(void *p)
{
	if (!p) {
		fputs("nsinfo: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *memory_grow(void *array, size_t count, size_t size)
{
	/* Room doubles at each power of two: as many reallocations as the array has bits. */
	if (count & (count - 1))
		return array;
	return memory_check(reallocarray(array, count ? count * 2 : 1, size));
}
