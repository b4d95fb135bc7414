/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_PAMRUN_H
#define NSINFO_PAMRUN_H

#include <stdbool.h>

#include "read/pamconf.h"

/*
 * pamrun_result - what pam_open_session(3) would return (libpam's pam_dispatch.c).
 * @results: what each line's module returns: PAM_PERM_DENIED if it is broken.
 * @reached: filled: was the line's module called? NULL if that does not matter.
 */
int pamrun_result(const struct pamconf *conf, const int *results, bool *reached);

#endif
