/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_OPTIONS_H
#define PAM_UNSHARE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* Bytes that the value of proc= may have, with its NUL. What is longer is refused. */
#define OPTIONS_PROC_SIZE 64

/* Who shares a session. */
enum scope {
	SCOPE_SESSION, /* nobody: each login has its own */
	SCOPE_USER,    /* all logins of the user */
	SCOPE_GROUP,   /* all logins of all users with the same primary group */
};

/* What the administrator wrote after pam_unshare.so in a file of /etc/pam.d, or in a rule. */
struct options {
	bool debug;      /* log details */
	bool root;       /* isolate uid 0 too */
	bool open_only;  /* this line of the stack does nothing at close */
	bool close_only; /* this line of the stack does nothing at open */
	bool linger;     /* after the last close, stay as long as the session has a process */
	bool private;    /* mount propagation from the host is off too */
	bool direct;     /* nothing tells systemctl to go by D-Bus */
	enum scope scope;
	unsigned int grace_ms;
	int namespaces;               /* CLONE_NEW*: further ones of the session */
	char proc[OPTIONS_PROC_SIZE]; /* options of the private /proc, added to the old one's */
	const char *exempt; /* LISTs (subjects.h), which point into the arguments; or NULL */
	const char *only;
	const char *conf; /* the rule file; NULL for the default one, which need not be there */
};

/* options_default - what holds if nothing is written. */
struct options options_default(void);

/*
 * options_parse - read the arguments of the PAM line.
 * @argc, @argv: as libpam passes them; options keep pointing into them.
 * @options: filled, with the defaults for what is not given.
 * @error: quotes the first argument that is wrong, and says what would be right. The others are
 *         read all the same, so that `debug` holds whatever stands beside it.
 *
 * Returns 0 or -EINVAL.
 */
int options_parse(int argc, const char *const *argv, struct options *options, struct error *error);

/*
 * options_parse_rule - read one option of a rule: the same without those that are about the line.
 * Returns 0 or -EINVAL, with an error that has no remedy yet.
 */
int options_parse_rule(const char *word, struct options *options, struct error *error);

/*
 * options_name - the name of an option, as it is written: "debug", "scope=". @index counts from 0;
 * NULL behind the last one. @in_rule: set to whether a rule may hold it, too.
 */
const char *options_name(size_t index, bool *in_rule);

#endif
