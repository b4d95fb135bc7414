/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_INIT_INHERITED_H
#define PAM_UNSHARE_INIT_INHERITED_H

#include <stdbool.h>
#include <sys/resource.h>

/* What PID 1 has from the application and is not to keep; the module does the rest (launch.c). */

/*
 * inherited_reset_oom_score - set oom_score_adj to 0. Returns whether it is. Needs
 * CAP_SYS_RESOURCE, so call it before the capabilities go.
 */
bool inherited_reset_oom_score(void);

/*
 * inherited_drop_capabilities - all but CAP_KILL, from the bounding set too. Returns 0; or -1 and
 * errno, and PID 1 must not go on.
 */
int inherited_drop_capabilities(void);

/* inherited_raise_files - open as many files as the hard limit allows. Returns how many. */
rlim_t inherited_raise_files(void);

#endif
