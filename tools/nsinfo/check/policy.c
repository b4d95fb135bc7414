/* SPDX-License-Identifier: MIT */

/* nsinfo check --as: what the line and the rules decide for one user and service. */

#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "check/check.h"
#include "common/namespaces.h"
#include "policy/policy.h"
#include "read/pamconf.h"

static const char *const scope_names[] = {
	[SCOPE_SESSION] = "session", [SCOPE_USER] = "user", [SCOPE_GROUP] = "group"};

/* " with=ipc,net", or nothing. */
static char *describe_namespaces(const struct options *options)
{
	_cleanup_free_ char *names = NULL;

	for (size_t i = 0; i < NAMESPACES_COUNT; i++)
		if (options->namespaces & namespaces[i].flag)
			string_add(&names, ",", "%s", namespaces[i].name);
	return string_format("%s%s", names ? " with=" : "", names ? names : "");
}

/* How the session would be: what differs from the defaults, and what always matters. */
static char *describe(const struct options *options)
{
	_cleanup_free_ char *with = describe_namespaces(options);

	return string_format("scope=%s on_close=%s grace=%u propagation=%s%s%s%s",
		scope_names[options->scope], options->linger ? "linger" : "kill",
		options->grace_ms / 1000, options->private ? "private" : "slave",
		*options->proc ? " proc=" : "", options->proc, with);
}

/* What of the stack, or of the application, stands against it. The caller frees; NULL if nothing
 * does. */
static char *find_obstacle(const char *root, const char *service)
{
	const struct check_wish asked = {.asked = true};
	struct findings found = {0};
	char *obstacle = NULL;

	check_service(&found, root, service, &asked, NULL);
	check_application(&found, root, service);
	for (size_t i = 0; i < found.count && !obstacle; i++)
		if (found.list[i].level == FINDING_PROBLEM)
			obstacle = string_copy(found.list[i].message);
	findings_free(&found);
	return obstacle;
}

static void add_decision(struct findings *findings, const char *root,
	const struct pamconf_line *line, const struct policy *policy, const char *user,
	const char *service)
{
	_cleanup_free_ char *obstacle = policy->isolate ? find_obstacle(root, service) : NULL;
	_cleanup_free_ char *how = describe(&policy->options);
	_cleanup_free_ char *where = NULL;

	if (policy->rule.found)
		where = string_format("the rule in %s:%u", policy->rule.file, policy->rule.line);
	else
		where = string_format("the line in %s:%u", line->file, line->number);
	if (obstacle)
		findings_add(findings, FINDING_PROBLEM, service, "run nsinfo check for what to do",
			"%s would be isolated by %s (%s), but: %s", user, where, how, obstacle);
	else if (policy->isolate)
		findings_add(findings, FINDING_OK, service, NULL, "%s is isolated by %s: %s", user,
			where, how);
	else
		findings_add(findings, FINDING_OK, service, NULL,
			"%s is let in without a session: %s (%s)", user, policy->reason, where);
}

static void decide(struct findings *findings, const char *root, const struct pamconf_line *line,
	struct login *login)
{
	struct options options;
	struct policy policy;
	struct error error = {0};
	int result = check_line_options(line, &options, &error);

	if (result == 0)
		result = policy_decide(&options, login, &policy, &error);
	if (result == 0) {
		add_decision(findings, root, line, &policy, login->user, login->service);
		return;
	}
	_cleanup_free_ char *message = findings_reason(&error);
	if (error.code == EACCES && geteuid() != 0)
		findings_add(findings, FINDING_NOTE, login->service, NULL,
			"what is decided for %s is not known: %s", login->user, message);
	else
		findings_add(findings, FINDING_PROBLEM, login->service, error.remedy,
			"%s is %s: %s", login->user,
			login->uid == 0 ? "let in without a session, to repair it" : "refused",
			message);
}

static bool leaves_alone(const struct pamconf_line *line, struct login *login)
{
	struct options options;
	struct policy policy;
	struct error error = {0};

	return check_line_options(line, &options, &error) == 0 &&
	       policy_decide(&options, login, &policy, &error) == 0 && !policy.isolate;
}

/* The first line that does not leave the user alone, or else the first. NULL if there is none. */
static const struct pamconf_line *find_line(const struct pamconf *conf, struct login *login)
{
	const struct pamconf_line *first = NULL;

	for (size_t i = 0; i < conf->count; i++) {
		const struct pamconf_line *line = &conf->lines[i];

		if (!pamconf_is(line, CHECK_MODULE) || pamconf_has_argument(line, "close"))
			continue;
		if (!leaves_alone(line, login))
			return line;
		if (!first)
			first = line;
	}
	return first;
}

bool check_decision(
	struct findings *findings, const char *root, const char *service, const char *user)
{
	const struct passwd *passwd = getpwnam(user);
	const struct pamconf_line *line = NULL;
	struct pamconf conf = {0};
	struct login login = {.user = user, .service = service};

	if (!passwd)
		return false;
	login.uid = passwd->pw_uid;
	login.gid = passwd->pw_gid;
	if (pamconf_read(root, service, &conf) == 0)
		line = find_line(&conf, &login);
	if (line)
		decide(findings, root, line, &login);
	else
		findings_add(findings, FINDING_NOTE, service, NULL,
			"%s is let in without a session: pam_unshare is not in its session stack",
			user);
	login_forget_groups(&login);
	pamconf_free(&conf);
	return true;
}
