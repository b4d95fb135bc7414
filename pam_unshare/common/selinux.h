/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_SELINUX_H
#define PAM_UNSHARE_SELINUX_H

#include <stdbool.h>

/*
 * What SELinux's own file system tells (selinux(8)), read as libselinux does, without that library.
 * All of it reads files: call it in the application or in nsinfo, never in a clone.
 */

/* The name of our policy module (packaging/selinux). */
#define SELINUX_MODULE "pam_unshare"

/* selinux_is_enabled - whether the kernel has a policy of SELinux, enforced or not. */
bool selinux_is_enabled(void);

/* selinux_enforces - whether the kernel enforces a policy of SELinux. */
bool selinux_enforces(void);

/*
 * selinux_allows - ask the policy, as security_compute_av(3) does. Nothing is logged.
 * @source, @target: contexts.
 * @class, @permission: as the policy names them.
 *
 * Returns 1 or 0; or a negative errno: -EINVAL if there is no such context, -ENOENT if there is no
 * SELinux, or no such class or permission.
 */
int selinux_allows(
	const char *source, const char *target, const char *class, const char *permission);

#endif
