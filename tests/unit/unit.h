/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_TESTS_UNIT_H
#define PAM_UNSHARE_TESTS_UNIT_H

/* What cmocka.h needs before it, in the order that it wants. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/*
 * A test is a sentence that says what holds, above the body that shows it:
 *
 *     TEST_CASE(closes_once, "closing twice does nothing the second time")
 *     {
 *             ...
 *     }
 *
 *     TEST_MAIN("session", NULL, NULL)
 *
 * All that are in the file run, in the order in which they stand there. A body may use STATE, which
 * cmocka gives it.
 */
struct test_case {
	const char *sentence;
	void (*body)(void **state);
	void *argument; /* what *STATE is; NULL of those that TEST_CASE defines */
	unsigned int line;
	struct test_case *next;
};

static struct test_case *test_cases;

#define TEST_CASE(name, what_holds)                                                                \
	static void name(void **state);                                                            \
	__attribute__((constructor)) static void name##_is_run(void)                               \
	{                                                                                          \
		static struct test_case this = {                                                   \
			.sentence = (what_holds), .body = (name), .line = __LINE__};               \
		test_case_add(&this);                                                              \
	}                                                                                          \
	static void name(__attribute__((unused)) void **state)

#define TEST_MAIN(name, set_up, tear_down)                                                         \
	int main(void)                                                                             \
	{                                                                                          \
		return test_cases_run(name, test_cases, NULL, set_up, tear_down);                  \
	}

/* Constructors run in any order. */
static inline void test_case_add(struct test_case *added)
{
	struct test_case **at = &test_cases;

	while (*at && (*at)->line <= added->line)
		at = &(*at)->next;
	added->next = *at;
	*at = added;
}

/*
 * test_cases_run - run them. SET_UP runs before each, TEAR_DOWN after each; or NULL. RUN is called
 * in the place of each body, with *STATE on the test case; or NULL.
 */
static inline int test_cases_run(const char *name, const struct test_case *cases,
	CMUnitTestFunction run, CMFixtureFunction set_up, CMFixtureFunction tear_down)
{
	struct CMUnitTest *tests;
	size_t count = 0;
	int result;

	for (const struct test_case *c = cases; c; c = c->next)
		count++;
	tests = test_calloc(count, sizeof(*tests)); /* a program may have an allocator of its own */
	count = 0;
	for (const struct test_case *c = cases; c; c = c->next)
		tests[count++] = (struct CMUnitTest){
			.name = c->sentence,
			.test_func = run ? run : c->body,
			.setup_func = set_up,
			.teardown_func = tear_down,
			.initial_state = run ? (void *)(size_t)c : c->argument,
		};
	result = _cmocka_run_group_tests(name, tests, count, NULL, NULL);
	test_free(tests);
	return result;
}

#endif
