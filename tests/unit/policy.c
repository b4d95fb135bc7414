/* SPDX-License-Identifier: MIT */

/* Who is isolated. */

#include "unit.h"

#include "policy.h"

static void users(void **state)
{
	const struct options options = {0};

	(void)state;
	assert_int_equal(policy_decide(&options, "sshd", 1000).action, POLICY_ISOLATE);
	assert_int_equal(policy_decide(&options, "sshd", (uid_t)-2).action, POLICY_ISOLATE);
}

static void root(void **state)
{
	const struct options without = {0}, with = {.root = true};

	(void)state;
	assert_int_equal(policy_decide(&without, "sshd", 0).action, POLICY_SKIP);
	assert_int_equal(policy_decide(&with, "sshd", 0).action, POLICY_ISOLATE);
}

static void services_without_fork(void **state)
{
	const struct options options = {.root = true};

	(void)state;
	assert_int_equal(policy_decide(&options, "systemd-user", 1000).action, POLICY_SKIP);
	assert_int_equal(policy_decide(&options, "polkit-1", 1000).action, POLICY_SKIP);
	assert_int_equal(policy_decide(&options, "systemd-user", 0).action, POLICY_SKIP);
	assert_int_equal(policy_decide(&options, "systemd-user2", 1000).action, POLICY_ISOLATE);
	assert_int_equal(policy_decide(&options, "polkit", 1000).action, POLICY_ISOLATE);
	assert_int_equal(policy_decide(&options, "", 1000).action, POLICY_ISOLATE);
}

static void reasons(void **state)
{
	const struct options options = {0};

	(void)state;
	assert_non_null(policy_decide(&options, "sshd", 1000).reason);
	assert_non_null(policy_decide(&options, "sshd", 0).reason);
	assert_non_null(policy_decide(&options, "polkit-1", 1000).reason);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("every user but root is isolated", users),
		TEST("uid 0 is skipped, and isolated with the option root", root),
		TEST("services that exec without forking are skipped, by their exact names",
			services_without_fork),
		TEST("each decision has a reason for the log", reasons),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
