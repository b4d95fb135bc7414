/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_STRINGS_H
#define NSINFO_STRINGS_H

/* string_format - asprintf() that aborts without memory. The caller frees. */
char *string_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* string_copy - strdup() that aborts without memory; NULL stays NULL. */
char *string_copy(const char *text);

/*
 * string_add - one more item at the end of a list in *TEXT, behind a separator if it is not the
 * first. *TEXT is replaced; NULL is an empty list.
 */
void string_add(char **text, const char *separator, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* string_number - the decimal number that TEXT is, and nothing else. Returns 0 or -EINVAL. */
int string_number(const char *text, long long *number);

/*
 * string_decimal - NUMBER in decimal, somewhere in BUFFER; returns where it begins. What is done
 * many times a process is not done with printf(3), which takes ten times as long.
 */
#define STRING_DECIMAL 24
char *string_decimal(char buffer[STRING_DECIMAL], long long number);

#endif
