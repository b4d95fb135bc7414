/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_PAMCONF_H
#define NSINFO_PAMCONF_H

#include <security/pam_modules.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The session stack of a service, read as libpam reads it (its pam_handlers.c, and pam_dispatch.c
 * for what it does with the results), and Debian's libpam with its "@include".
 */

#define PAMCONF_CODES 32 /* the kinds of result that a module can have, PAM_SUCCESS... */

/* What the control field makes of a result; above 0 it is the number of lines to jump over. */
enum pamconf_action {
	PAMCONF_IGNORE = 0,
	PAMCONF_OK = -1,
	PAMCONF_DONE = -2,
	PAMCONF_BAD = -3,
	PAMCONF_DIE = -4,
	PAMCONF_RESET = -5,
	PAMCONF_UNDEFINED = -6,
};

enum pamconf_kind {
	PAMCONF_MODULE,
	PAMCONF_SUBSTACK, /* where one begins: jumps count it as one line with what is in it */
	PAMCONF_BROKEN,   /* libpam takes it for a module that always fails */
};

struct pamconf_line {
	enum pamconf_kind kind;
	int level;           /* of substacks */
	char *file;          /* without the root */
	unsigned int number; /* of its first line there */
	char *control;       /* as written */
	char *module;        /* as written; NULL if broken */
	char **arguments;
	int n_arguments;
	int actions[PAMCONF_CODES];
};

struct pamconf {
	struct pamconf_line *lines;
	size_t count;
	char *source;  /* the service's file, without the root; "other" where it has none */
	bool found;    /* the service has a file, or lines in pam.conf */
	char *problem; /* what libpam refuses the whole service for; or NULL */
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

/* pamconf_has_argument */
bool pamconf_has_argument(const struct pamconf_line *line, const char *argument);

/*
 * pamconf_run - what pam_open_session(3) would return.
 * @results: what each line's module returns.
 * @reached: filled: was the line's module called? NULL if that does not matter.
 */
int pamconf_run(const struct pamconf *conf, const int *results, bool *reached);

/*
 * pamconf_services - every service that has a file, or lines in pam.conf where that is read: sorted
 * names, NULL at the end.
 * The caller frees each and the array.
 */
char **pamconf_services(const char *root);

/* pamconf_code_name - "success", "system_err"... */
const char *pamconf_code_name(int code);

#endif
