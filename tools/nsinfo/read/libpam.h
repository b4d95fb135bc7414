/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_LIBPAM_H
#define NSINFO_LIBPAM_H

#include <stdbool.h>

/*
 * Where this machine's libpam looks, which each distribution decides when it builds it. libpam has
 * no call that tells, so its own file is read: the directories are strings in it.
 */

/*
 * libpam_config_directories - of services' files, in the order in which libpam looks ("/etc/pam.d"
 * first), NULL at the end. If libpam's file tells nothing, all that any distribution has.
 */
const char *const *libpam_config_directories(void);

/*
 * libpam_include_directories - of the files that these include: the same, but with Debian's changes
 * (its patch 031_pam_include) the first alone.
 */
const char *const *libpam_include_directories(void);

/* libpam_has_at_include - does it understand "@include"? That is Debian's, too. */
bool libpam_has_at_include(void);

/* libpam_module_directories - the same of modules that are named without a directory. */
const char *const *libpam_module_directories(void);

/* libpam_other_directories - of services' files for some distribution's libpam, and not for this.
 */
const char *const *libpam_other_directories(void);

#endif
