/* SPDX-License-Identifier: MIT */

#include "base/strings.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

char *string_format(const char *format, ...)
{
	char *result;
	va_list args;

	va_start(args, format);
	if (vasprintf(&result, format, args) == -1)
		memory_check(result = NULL);
	va_end(args);
	return result;
}

char *string_copy(const char *text)
{
	return text ? memory_check(strdup(text)) : NULL;
}

void string_add(char **text, const char *separator, const char *format, ...)
{
	char *before = *text, *item;
	va_list args;

	va_start(args, format);
	if (vasprintf(&item, format, args) == -1)
		memory_check(item = NULL);
	va_end(args);
	*text = before && *before ? string_format("%s%s%s", before, separator, item) : item;
	if (*text != item)
		free(item);
	free(before);
}

int string_number(const char *text, long long *number)
{
	char *end;
	long long value;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (*end != '\0' || errno != 0)
		return -EINVAL;
	*number = value;
	return 0;
}

char *string_decimal(char buffer[STRING_DECIMAL], long long number)
{
	unsigned long long left =
		number < 0 ? -(unsigned long long)number : (unsigned long long)number;
	char *at = buffer + STRING_DECIMAL - 1;

	*at = '\0';
	do
		*--at = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (number < 0)
		*--at = '-';
	return at;
}
