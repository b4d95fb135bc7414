/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_ERROR_H
#define PAM_UNSHARE_ERROR_H

#include <stddef.h>

/*
 * What went wrong, made where it happens and printed once (module.c). Nothing is formatted or
 * allocated when it is made, so that a clone that shares memory with the application can fill it.
 */
struct error {
	const char *step;   /* a literal: what could not be done, "mount the private /proc" */
	char object[256];   /* the path or word it was done to, cut where too long; or empty */
	int code;           /* positive errno; 0 where STEP says it all */
	const char *remedy; /* a literal: what to do about it; or NULL */
	char file[128];     /* of a rule that is wrong, or empty */
	unsigned int line;
};

/*
 * error_set - note a failure.
 * @error: to fill.
 * @code: a positive errno, or 0 where the step itself says what is wrong.
 * @step: infinitive that completes "cannot ...".
 * @object: appended to the step, copied; NULL for none.
 *
 * The remedy is the one that the code suggests; the caller may set a better one afterwards.
 * Allocates nothing: may be called in a clone.
 *
 * Returns -code, or -EINVAL where code is 0, so that `return error_set(...)` leaves a function.
 */
int error_set(struct error *error, int code, const char *step, const char *object);

/* error_locate - say where what is wrong is written. FILE is copied. */
void error_locate(struct error *error, const char *file, unsigned int line);

/*
 * error_format - the error as one sentence without the user, into a buffer of SIZE bytes:
 * "cannot STEP OBJECT (FILE, line LINE) for USER: ERRNO'S TEXT; REMEDY". Bytes that are not
 * printable become "?".
 */
void error_format(const struct error *error, const char *user, char *buffer, size_t size);

/*
 * error_printable - copy TEXT, which may come from the network or from NSS, into a buffer of SIZE
 * bytes with each control character and each byte beyond ASCII as "?", cut where it is too long.
 * Returns the buffer.
 */
const char *error_printable(const char *text, char *buffer, size_t size);

#endif
