/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_CHECK_MODULES_H
#define NSINFO_CHECK_MODULES_H

#include <stdbool.h>
#include <stddef.h>

/* The files of PAM modules. */

/*
 * module_fault - can libpam load this module of a session stack? It is tried in a child, once for
 * each file.
 * @root: if it is not "", which it is but in tests, nothing is tried.
 * @module: as in the file in /etc/pam.d.
 * Returns NULL if it can; else why not, which the caller frees.
 */
char *module_fault(const char *root, const char *module);

#endif
