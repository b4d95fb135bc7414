/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_MEMORY_H
#define NSINFO_MEMORY_H

#include <stddef.h>

/* memory_check - P, or an abort if it is NULL: a tool that has no memory has nothing to say. */
void *memory_check(void *p);

/* memory_grow - make room for one more in an array of COUNT items of SIZE bytes. */
void *memory_grow(void *array, size_t count, size_t size);

#endif
