/* SPDX-License-Identifier: MIT */
#include "init/number.h"

#include <limits.h>

long long number_parse(const char *text)
{
	long long value = 0;

	if (*text == '\0')
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || value > (LLONG_MAX - 9) / 10)
			return -1;
		value = value * 10 + (*text - '0');
	}
	return value;
}
