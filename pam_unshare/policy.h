/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_POLICY_H
#define PAM_UNSHARE_POLICY_H

#include <sys/types.h>

#include "options.h"

/* What the options decide for one login. */
enum policy_action {
	POLICY_ISOLATE,
	POLICY_SKIP,
};

struct policy_decision {
	enum policy_action action;
	const char *reason; /* a literal, for the log at debug level */
};

/*
 * policy_decide - isolate this login, or leave it alone?
 * @options: of the PAM line.
 * @service: the PAM service.
 * @uid: of the user who logs in.
 */
struct policy_decision policy_decide(const struct options *options, const char *service, uid_t uid);

#endif
