/* SPDX-License-Identifier: MIT */
#include "policy/policy.h"

#include <string.h>

#include "config.h"

/*
 * These open a session and then exec without forking: what they start would stay in the host's
 * PID namespace with the session's /proc, and systemd's user manager does not start at all.
 */
static const char *const services_without_fork[] = {"systemd-user", "systemd-run0", "polkit-1"};

bool policy_service_forks(const char *service)
{
	for (size_t i = 0; i < sizeof(services_without_fork) / sizeof(*services_without_fork); i++)
		if (strcmp(service, services_without_fork[i]) == 0)
			return false;
	return true;
}

static int skip(struct policy *policy, const char *reason)
{
	policy->isolate = false;
	policy->reason = reason;
	return 0;
}

/* If no rule names the login: exempt= and only=. */
static int decide_by_line(struct login *login, struct policy *policy, struct error *error)
{
	const struct options *options = &policy->options;
	int found;

	if (options->exempt) {
		found = subjects_match(options->exempt, login, error);
		if (found < 0)
			return found;
		if (found)
			return skip(policy, "exempt= names the user");
	}
	if (options->only) {
		found = subjects_match(options->only, login, error);
		if (found < 0)
			return found;
		if (!found)
			return skip(policy, "only= does not name the user");
	}
	return 0;
}

int policy_decide(const struct options *options, struct login *login, struct policy *policy,
	struct error *error)
{
	int result;

	*policy = (struct policy){.isolate = true, .reason = "the default", .options = *options};
	if (!policy_service_forks(login->service))
		return skip(policy, "the service does not fork, so it cannot be isolated");

	result = rules_find(options->conf ? options->conf : CONFDIR "/unshare.conf",
		options->conf != NULL, options, login, &policy->rule, error);
	if (result < 0)
		return result;
	if (policy->rule.found && policy->rule.skip)
		return skip(policy, "a rule says so");
	if (policy->rule.found) {
		policy->options = policy->rule.options;
		policy->reason = "a rule says so";
	} else {
		result = decide_by_line(login, policy, error);
		if (result < 0)
			return result;
	}
	if (policy->isolate && login->uid == 0 && !policy->options.root)
		return skip(policy, "uid 0, and the option root is not given");
	return 0;
}
