/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_CHECK_SETTINGS_H
#define NSINFO_CHECK_SETTINGS_H

#include <stddef.h>

/*
 * settings_read - what a file of systemd's settings and its drop-ins (NAME.d/NAME.conf) assign
 * last, as in systemd.unit(5) and logind.conf(5).
 * @directories: COUNT of them, the one whose files count before those of the same name first.
 * @section: "[Service]".
 * Returns the value, which the caller frees; NULL if nothing is assigned.
 */
char *settings_read(const char *root, const char *const *directories, size_t count,
	const char *name, const char *section, const char *setting);

#endif
