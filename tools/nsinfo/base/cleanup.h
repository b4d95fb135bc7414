/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_CLEANUP_H
#define NSINFO_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/descriptors.h"

/* Variables that clean up after themselves, so that a function may return early. */

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

/* Also called by itself. A negative errno in the place of a descriptor is none. */
static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		descriptor_close(fd);
	*fd = -1;
}

static inline void cleanup_fclose(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void cleanup_closedir(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define _cleanup_free_     __attribute__((cleanup(cleanup_free)))
#define _cleanup_close_    __attribute__((cleanup(cleanup_close)))
#define _cleanup_fclose_   __attribute__((cleanup(cleanup_fclose)))
#define _cleanup_closedir_ __attribute__((cleanup(cleanup_closedir)))

#endif
