/* SPDX-License-Identifier: MIT */

/*
 * nsinfo check: does SELinux's policy let the applications open sessions? nsinfo runs in root's own
 * domain, and so the session that it tries does not tell.
 */

#include "common/selinux.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "check/check.h"
#include "check/root.h"
#include "config.h"

/* What opens sessions in a domain of its own, in the targeted policies of Debian and Fedora. */
static const struct {
	const char *service, *domain;
} applications[] = {
	{"sshd", "sshd_t"},
	{"sshd", "sshd_session_t"},
	{"login", "local_login_t"},
	{"cron", "crond_t"},
	{"crond", "crond_t"},
};

/* LEVEL: of multi-level security, which a policy may be without. */
static int may_mount(const char *domain, const char *level)
{
	_cleanup_free_ char *source = string_format("system_u:system_r:%s%s", domain, level);
	_cleanup_free_ char *target = string_format("system_u:object_r:proc_t%s", level);

	return selinux_allows(source, target, "filesystem", "mount");
}

/* As selinux_allows; -EINVAL if the policy has no such domain. */
static int may_open_sessions(const char *domain)
{
	int result = may_mount(domain, ":s0");

	return result == -EINVAL ? may_mount(domain, "") : result;
}

void check_selinux(struct findings *findings, const char *root)
{
	int denied = 0;

	if (!selinux_enforces())
		return;
	for (size_t i = 0; i < sizeof(applications) / sizeof(applications[0]); i++) {
		_cleanup_free_ char *stack =
			string_format("/etc/pam.d/%s", applications[i].service);
		int allowed = may_open_sessions(applications[i].domain);

		if (allowed == -EINVAL || !root_has(root, stack))
			continue;
		if (allowed < 0) {
			findings_untried(findings, "SELinux", "what its policy allows", -allowed);
			return;
		}
		denied += allowed == 0;
		if (allowed == 0)
			findings_add(findings,
				check_level_without_session(root, applications[i].service),
				"SELinux", "load the policy module: semodule -i " SELINUX_POLICY,
				"SELinux is enforcing, and its policy does not let %s open a "
				"session (%s may not mount): with the line each login by it is "
				"refused",
				applications[i].service, applications[i].domain);
	}
	if (denied == 0)
		findings_add(findings, FINDING_OK, "SELinux", NULL,
			"SELinux is enforcing, and its policy lets sshd, login and cron open "
			"sessions");
}
