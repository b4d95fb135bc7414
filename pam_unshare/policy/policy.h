/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_POLICY_H
#define PAM_UNSHARE_POLICY_H

#include "policy/options.h"
#include "policy/rules.h"
#include "policy/subjects.h"

/* What the PAM line and the rules decide for one login. */
struct policy {
	bool isolate;
	const char *reason;     /* a literal, for the log and for nsinfo check */
	struct options options; /* to isolate with */
	struct rule rule;       /* the rule that decided, if one was found */
};

/*
 * policy_decide - isolate this login, or leave it alone?
 * @options: of the PAM line.
 * @login: who logs in to what.
 * @policy: filled.
 * @error: what is wrong in a rule file, or with looking up the user's groups.
 *
 * Returns 0, or a negative errno: nothing is decided then.
 */
int policy_decide(const struct options *options, struct login *login, struct policy *policy,
	struct error *error);

/*
 * policy_service_forks - whether an application that opens a session as this PAM service starts the
 * user's program in a child, as all but a few do: one that does not cannot be isolated, and is
 * left alone.
 */
bool policy_service_forks(const char *service);

#endif
