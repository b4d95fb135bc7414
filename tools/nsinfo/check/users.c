/* SPDX-License-Identifier: MIT */

/* nsinfo check: whom the lines of a stack, and the rules, leave alone. */

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "check/check.h"
#include "check/services.h"
#include "check/stack.h"
#include "check/wanted.h"
#include "policy/policy.h"

#define USERS_MAX      2000 /* a directory service may tell of any number */
#define ORDINARY_FIRST 1000 /* below are the system's; UID_MIN of login.defs(5) by default */
#define NOBODY         65534

struct users {
	size_t count, alone;
	char *example; /* the first who is left alone, and why */
	bool all;      /* no, whoever may come: also somebody whom no rule and no option names */
};

/*
 * Each line opens a session for those whom it isolates. Fills POLICY with what isolates them, or
 * with the first that leaves them alone. Returns 0 or a negative errno.
 */
static int decide(const struct stack *s, const char *user, uid_t uid, gid_t gid,
	struct policy *policy, struct error *error)
{
	bool found = false;

	for (size_t i = 0; i < s->conf.count; i++) {
		const struct pamconf_line *line = &s->conf.lines[i];
		struct login login = {.user = user, .uid = uid, .gid = gid, .service = s->service};
		struct options options;
		struct policy decided;
		int result;

		if (!stack_opens(line) || s->faults[i])
			continue;
		result = check_line_options(line, &options, error);
		if (result == 0)
			result = policy_decide(&options, &login, &decided, error);
		login_forget_groups(&login);
		if (result < 0)
			return result;
		if (!found || decided.isolate)
			*policy = decided;
		if (decided.isolate)
			return 0;
		found = true;
	}
	return 0;
}

static char *describe(const char *user, const struct policy *policy)
{
	if (policy->rule.found)
		return string_format(
			"%s: the rule in %s:%u", user, policy->rule.file, policy->rule.line);
	return string_format("%s: %s", user, policy->reason);
}

static int count_user(const struct stack *s, const struct passwd *passwd, struct users *users,
	struct error *error)
{
	struct policy policy = {0};
	int result = decide(s, passwd->pw_name, passwd->pw_uid, passwd->pw_gid, &policy, error);

	if (result < 0)
		return result;
	users->count++;
	if (!policy.isolate && users->alone++ == 0)
		users->example = describe(passwd->pw_name, &policy);
	return 0;
}

/* Of those that getpwent(3) tells. Returns 0 or a negative errno. */
static int count_users(const struct stack *s, struct users *users, struct error *error)
{
	const struct passwd *passwd;
	struct policy policy = {0};
	int result = decide(s, " ", (uid_t)-2, (gid_t)-2, &policy, error);

	users->all = !policy.isolate;
	setpwent();
	while (result == 0 && users->count < USERS_MAX && (passwd = getpwent()))
		if (passwd->pw_uid >= ORDINARY_FIRST && passwd->pw_uid != NOBODY)
			result = count_user(s, passwd, users, error);
	endpwent();
	return result;
}

static void add_error(struct stack *s, const struct error *error)
{
	const struct pamconf_line *line = &s->conf.lines[s->ours];
	_cleanup_free_ char *reason = findings_reason(error);

	if (error->code == EACCES && geteuid() != 0)
		findings_add(s->findings, FINDING_NOTE, s->service, "run nsinfo check as root",
			"the line is there (%s:%u), but whom the rules leave alone is not known: "
			"%s",
			line->file, line->number, reason);
	else
		findings_add(s->findings, FINDING_PROBLEM, s->service, error->remedy,
			"all but root are refused: %s", reason);
}

/* --- names in a LIST --- */

/* subjects.h: a user, @group, uid, range or "*". */
static void check_name(struct stack *s, const char *option, const char *name)
{
	bool group = *name == '@';

	if (isdigit((unsigned char)*name) || *name == '*' ||
		(group ? getgrnam(name + 1) != NULL : getpwnam(name) != NULL))
		return;
	findings_add(s->findings, FINDING_WARNING, s->service,
		"correct it, unless it comes later: it may be known to a directory service",
		"%s names %s, and there is no such %s", option, name, group ? "group" : "user");
}

static void check_names(struct stack *s, const char *option, const char *list)
{
	_cleanup_free_ char *copy = string_copy(list);
	char *to = copy;

	if (!list)
		return;
	for (const char *at = list;; at++) {
		if (*at == '\\' && at[1] != '\0') {
			*to++ = *++at;
		} else if (*at == ',' || *at == '\0') {
			*to = '\0';
			check_name(s, option, copy);
			to = copy;
		} else {
			*to++ = *at;
		}
		if (*at == '\0')
			return;
	}
}

static void check_all_names(struct stack *s)
{
	for (size_t i = 0; i < s->conf.count; i++) {
		const struct pamconf_line *line = &s->conf.lines[i];
		struct options options;
		struct error error = {0};

		if (!stack_opens(line) || check_line_options(line, &options, &error) < 0)
			continue;
		check_names(s, "exempt=", options.exempt);
		check_names(s, "only=", options.only);
	}
}

/* --- what is said --- */

/* The line is as it should be. Whom does it isolate? */
static void add_result(struct stack *s, const struct users *users)
{
	const struct pamconf_line *line = &s->conf.lines[s->ours];
	_cleanup_free_ char *but = NULL;

	if (users->alone > 0)
		but = string_format(", but for %zu of %s%zu users, for example %s", users->alone,
			users->count == USERS_MAX ? "the first " : "", users->count,
			users->example);
	if (service_kind(s->service, NULL) == SERVICE_UNKNOWN && !s->named && !s->asked)
		findings_add(s->findings, FINDING_NOTE, s->service,
			"if an application uses it, name it in " WANTED_FILE
			"; else take the line out",
			"the line is there (%s:%u), but nsinfo knows no application that uses this "
			"service",
			line->file, line->number);
	else
		findings_add(s->findings, FINDING_OK, s->service, NULL,
			"isolated (%s:%u)%s; a failure refuses the login", line->file, line->number,
			but ? but : "");
}

void check_users(struct stack *s)
{
	const struct pamconf_line *line = &s->conf.lines[s->ours];
	struct users users = {0};
	struct error error = {0};

	if (!*s->root)
		check_all_names(s);
	if (!*s->root && count_users(s, &users, &error) < 0)
		add_error(s, &error);
	else if (users.all && users.count == users.alone)
		findings_add(s->findings, FINDING_PROBLEM, s->service,
			"correct the line, or the rule, that says so",
			"nobody is isolated: everybody is let in without a session (%s:%u)%s%s",
			line->file, line->number, users.example ? ", for example " : "",
			users.example ? users.example : "");
	else
		add_result(s, &users);
	free(users.example);
}
