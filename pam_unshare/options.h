/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_OPTIONS_H
#define PAM_UNSHARE_OPTIONS_H

#include <stdbool.h>

#include "error.h"

/* What the administrator wrote after pam_unshare.so in a file of /etc/pam.d. */
struct options {
	bool debug; /* log details */
	bool root;  /* isolate uid 0 too */
	unsigned int grace_ms;
};

/*
 * options_parse - read the arguments of the PAM line.
 * @argc, @argv: as libpam passes them.
 * @options: filled, with the defaults for what is not given.
 * @error: names the first argument that is wrong. The others are read all the same, so that
 *         `debug` holds whatever stands beside it.
 *
 * Returns 0 or -EINVAL.
 */
int options_parse(int argc, const char **argv, struct options *options, struct error *error);

#endif
