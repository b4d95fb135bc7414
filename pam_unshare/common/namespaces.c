/* SPDX-License-Identifier: MIT */
#include "common/namespaces.h"

#include <string.h>

#define OWN(name, flag)  {name, flag, false},
#define WITH(name, flag) {name, flag, true},
const struct namespace namespaces[NAMESPACES_COUNT] = {NAMESPACES(OWN, WITH)};

const struct namespace *namespaces_find(const char *name, size_t length)
{
	for (size_t i = 0; i < NAMESPACES_COUNT; i++)
		if (strlen(namespaces[i].name) == length &&
			memcmp(namespaces[i].name, name, length) == 0)
			return &namespaces[i];
	return NULL;
}
