/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_CHECK_ROOT_H
#define NSINFO_CHECK_ROOT_H

#include <stdbool.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strings.h"

/* root_has - is there such a file below ROOT, the prefix of every path: "" but in tests? */
static inline bool root_has(const char *root, const char *path)
{
	_cleanup_free_ char *full = string_format("%s%s", root, path);

	return access(full, F_OK) == 0;
}

#endif
