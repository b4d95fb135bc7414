/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_PAMCONF_H
#define NSINFO_PAMCONF_H

#include <stdbool.h>
#include <stddef.h>

#include "read/pamcontrol.h"

/*
 * The session stack of a service, read as libpam reads it (its pam_handlers.c), and Debian's libpam
 * with its "@include".
 */

/* Of includes of both kinds: libpam's PAM_SUBSTACK_MAX_LEVEL. */
#define PAMCONF_INCLUDES_MAX 16

enum pamconf_kind {
	PAMCONF_MODULE,
	PAMCONF_SUBSTACK, /* where one begins: jumps count it as one line with what is in it */
	PAMCONF_BROKEN,   /* libpam takes it for a module that always fails */
};

struct pamconf_line {
	enum pamconf_kind kind;
	bool silent;         /* "-session": libpam does not log that the module is missing */
	int level;           /* of substacks */
	char *file;          /* without the root */
	unsigned int number; /* of its first line there */
	char *control;       /* as written */
	char *module;        /* as written; NULL if broken */
	char **arguments;
	int n_arguments;
	int actions[PAMCONTROL_CODES];
};

struct pamconf {
	struct pamconf_line *lines;
	size_t count;
	char *source;  /* the service's file, without the root; "other" if it has none */
	bool found;    /* the service has a file, or lines in pam.conf */
	bool other;    /* the lines are those of "other": it has none of its own for the session */
	char *problem; /* what libpam refuses the whole service for; or NULL */
	char *mistake; /* the first, which does harm elsewhere, or in some versions; or NULL */
	bool garbled;  /* the mistake is in the form of a file, and what was read of it is not sure
			*/
	char *unreadable; /* a file that only root may read, so that the rest is not sure; or NULL
			   */
};

/*
 * pamconf_read - the session stack of a service.
 * @root: prefix of /etc and /usr/lib: "" but in tests.
 * pamconf_free() in any case. Returns 0 or a negative errno.
 */
int pamconf_read(const char *root, const char *service, struct pamconf *conf);
void pamconf_free(struct pamconf *conf);

/* pamconf_is - is the line's module this one? "pam_unix.so", in any directory. */
bool pamconf_is(const struct pamconf_line *line, const char *module);

/* pamconf_has_argument - is it one of the line's? */
bool pamconf_has_argument(const struct pamconf_line *line, const char *argument);

/*
 * pamconf_services - every service that has a file, or lines in pam.conf if that is read: sorted
 * names, NULL at the end.
 * The caller frees each and the array.
 */
char **pamconf_services(const char *root);

#endif
