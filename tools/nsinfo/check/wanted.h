/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_CHECK_WANTED_H
#define NSINFO_CHECK_WANTED_H

#include <stdbool.h>
#include <stddef.h>

#include "check/findings.h"
#include "config.h"

/*
 * The services that the administrator has named as those that are to be isolated, in
 * /etc/security/unshare.services: words, and comments behind a "#". A package's update that takes
 * our line out of a service's file is found so.
 */

#define WANTED_FILE CONFDIR "/unshare.services"

struct wanted {
	struct wanted_service {
		char *name;
		char *place; /* "FILE:LINE" */
	} * list;
	size_t count;
	bool unread; /* the file is there, and cannot be read */
};

/*
 * wanted_read - @root: prefix of /etc: "" but in tests. A file that is not there names none; one
 * that cannot be read is a finding. wanted_free() in any case.
 */
void wanted_read(struct findings *findings, const char *root, struct wanted *wanted);

/* wanted_place - where the service is named, or NULL. */
const char *wanted_place(const struct wanted *wanted, const char *service);

void wanted_free(struct wanted *wanted);

#endif
