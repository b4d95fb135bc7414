/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_DIGITS_H
#define PAM_UNSHARE_DIGITS_H

#define DIGITS_SIZE 16

/*
 * digits_of - a number in decimal, without stdio: a clone that shares memory with the application
 * may call it. Returns the text, which is within the buffer.
 */
static inline const char *digits_of(unsigned int number, char buffer[DIGITS_SIZE])
{
	char *at = &buffer[DIGITS_SIZE - 1];

	*at = '\0';
	do
		*--at = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	return at;
}

#endif
