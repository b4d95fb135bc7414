/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_FINDINGS_H
#define NSINFO_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* What nsinfo check found out. */

enum finding_level {
	FINDING_OK,
	FINDING_NOTE,    /* worth knowing */
	FINDING_WARNING, /* isolation has a gap, or will have one */
	FINDING_PROBLEM, /* a login is not isolated, or will be refused */
};

struct finding {
	enum finding_level level;
	char *subject; /* "sshd", "kernel" */
	char *message;
	char *remedy; /* or NULL */
};

struct findings {
	struct finding *list;
	size_t count;
};

/* findings_add - REMEDY is copied, NULL for none. */
void findings_add(struct findings *findings, enum finding_level level, const char *subject,
	const char *remedy, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* findings_copy - the same finding, of another list. */
void findings_copy(struct findings *findings, const struct finding *finding);

/*
 * findings_untried - a note that WHAT could not be tried. CODE is an errno, or 0 if none is known.
 */
void findings_untried(struct findings *findings, const char *subject, const char *what, int code);

/*
 * findings_reason - an error of the module, without the user and the remedy: a part of a message.
 * The caller frees.
 */
char *findings_reason(const struct error *error);

size_t findings_count(const struct findings *findings, enum finding_level level);
const char *finding_level_name(enum finding_level level);

/* findings_print - in paragraphs, by subject, as wide as the terminal. */
void findings_print(const struct findings *findings, bool color);

void findings_free(struct findings *findings);

#endif
