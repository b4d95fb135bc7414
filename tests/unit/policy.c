/* SPDX-License-Identifier: MIT */

/* Who is isolated. */

#include "unit.h"

#include "policy.h"

/* What is decided where no rule names the login. */
static bool isolated(const struct options *options, const char *service, uid_t uid)
{
	struct login login = {.user = "somebody", .uid = uid, .gid = 100, .service = service};
	struct policy policy;
	struct error error;

	assert_int_equal(policy_decide(options, &login, &policy, &error), 0);
	assert_non_null(policy.reason);
	login_free(&login);
	return policy.isolate;
}

static void users(void **state)
{
	const struct options options = {0};

	(void)state;
	assert_true(isolated(&options, "sshd", 1000));
	assert_true(isolated(&options, "sshd", (uid_t)-2));
}

static void root(void **state)
{
	const struct options without = {0}, with = {.root = true};

	(void)state;
	assert_false(isolated(&without, "sshd", 0));
	assert_true(isolated(&with, "sshd", 0));
}

static void services_without_fork(void **state)
{
	const struct options options = {.root = true};

	(void)state;
	assert_false(isolated(&options, "systemd-user", 1000));
	assert_false(isolated(&options, "polkit-1", 1000));
	assert_false(isolated(&options, "systemd-user", 0));
	assert_true(isolated(&options, "systemd-user2", 1000));
	assert_true(isolated(&options, "polkit", 1000));
	assert_true(isolated(&options, "", 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("every user but root is isolated", users),
		TEST("uid 0 is skipped, and isolated with the option root", root),
		TEST("services that exec without forking are skipped, by their exact names",
			services_without_fork),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
