/* SPDX-License-Identifier: MIT */
#include "policy.h"

#include <stddef.h>
#include <string.h>

/*
 * These open a session and then exec without forking: what they start would stay in the host's
 * PID namespace with the session's /proc, and systemd's user manager does not start at all.
 */
static const char *const services_without_fork[] = {"systemd-user", "polkit-1"};

struct policy_decision policy_decide(const struct options *options, const char *service, uid_t uid)
{
	for (size_t i = 0; i < sizeof(services_without_fork) / sizeof(*services_without_fork); i++)
		if (strcmp(service, services_without_fork[i]) == 0)
			return (struct policy_decision){
				POLICY_SKIP, "the service does not fork, so it cannot be isolated"};
	if (uid == 0 && !options->root)
		return (struct policy_decision){
			POLICY_SKIP, "uid 0, and the option root is not given"};
	return (struct policy_decision){POLICY_ISOLATE, "the default"};
}
