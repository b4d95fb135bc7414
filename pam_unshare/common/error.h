/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_ERROR_H
#define PAM_UNSHARE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What went wrong, made where it happens and printed once (module.c):
 *
 *     alice: cannot execute /usr/libexec/...: Permission denied; reinstall pam_unshare ...
 *     USER:  cannot STEP OBJECT: REASON; REMEDY
 *
 * Nothing is formatted or allocated when it is made, so that a clone that shares memory with the
 * application can fill it. doc/messages.md lists them all.
 */
struct error {
	const char *step;   /* a literal: what could not be done, "mount the private /proc" */
	char object[256];   /* the path or word it was done to, cut if too long; or empty */
	bool is_word;       /* the object is a word that somebody wrote, and is quoted */
	int code;           /* positive errno, or 0 */
	const char *reason; /* a literal: why, in the place of the errno's own text; or NULL */
	const char *remedy; /* a literal: what to do about it; or NULL */
	char file[128];     /* of a rule that is wrong, or empty */
	unsigned int line;
};

/*
 * error_set - note a failure.
 * @error: to fill.
 * @code: a positive errno, or 0 if none says what is wrong.
 * @step: infinitive that completes "cannot ...".
 * @object: appended to the step, copied; NULL for none.
 *
 * The remedy is the one that the code suggests; the caller may set a better one afterwards, and a
 * reason. Allocates nothing: may be called in a clone.
 *
 * Returns -code, or -EINVAL if code is 0, so that `return error_set(...)` leaves a function.
 */
int error_set(struct error *error, int code, const char *step, const char *object);

/* error_suggests - is the remedy the one that the code suggests, and no better one? */
bool error_suggests(const struct error *error);

/* error_add - append to the object, which has room for it to end in dots. */
void error_add(struct error *error, const char *text);

/*
 * error_explain - the same with a reason and a remedy of our own, both literals; the remedy may be
 * NULL.
 */
int error_explain(struct error *error, int code, const char *step, const char *object,
	const char *reason, const char *remedy);

/*
 * error_word - note that a word of an administrator's cannot be understood.
 * @word: copied, and quoted in the message.
 * @right: a literal: what would be right.
 * @remedy: a literal: where to correct it; or NULL.
 *
 * Returns -EINVAL.
 */
int error_word(struct error *error, const char *word, const char *right, const char *remedy);

/* error_locate - say where what is wrong is written. FILE is copied. */
void error_locate(struct error *error, const char *file, unsigned int line);

/*
 * error_format - the error as one sentence, into a buffer of SIZE bytes:
 * "USER: FILE, line LINE: cannot STEP OBJECT: REASON; REMEDY". What is not known is left out: USER
 * may be "". Bytes that are not printable become "?".
 */
void error_format(const struct error *error, const char *user, char *buffer, size_t size);

/* error_describe - the same without the user and without the remedy. */
void error_describe(const struct error *error, char *buffer, size_t size);

/*
 * error_printable - copy TEXT, which may come from the network or from NSS, into a buffer of SIZE
 * bytes with each control character and each byte beyond ASCII as "?". If it is too long, it is cut
 * and ends in "...". Returns the buffer.
 */
const char *error_printable(const char *text, char *buffer, size_t size);

#endif
