/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_CHECK_SERVICES_H
#define NSINFO_CHECK_SERVICES_H

#include <stdbool.h>

/* What is known of services by their names: doc/applications.md says how. */

enum service_kind {
	SERVICE_UNKNOWN,
	SERVICE_LOGIN,  /* gives logins that can be isolated */
	SERVICE_STAYS,  /* starts its program without a fork, and pam_unshare leaves it alone */
	SERVICE_BREAKS, /* cannot work behind the line */
	SERVICE_NONE,   /* opens no session: the line has no effect */
	SERVICE_OPEN,   /* lets its users in, not isolated, in spite of the line */
};

/*
 * service_kind - @why: what of the service makes it so, for SERVICE_STAYS and later; may be NULL.
 */
enum service_kind service_kind(const char *service, const char **why);

#endif
