/* SPDX-License-Identifier: MIT */

/* What the option debug tells of an opening. */

#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "common/report.h"

static void lines_in_order(void **state)
{
	struct report *report = report_new();

	(void)state;
	assert_non_null(report);
	report_add(report, "the procfs on %s is replaced", "/proc");
	report_step(report, "starting PID 1");
	assert_string_equal(report_next(report), "the procfs on /proc is replaced");
	assert_non_null(strstr(report_next(report), "starting PID 1 took "));
	assert_null(report_next(report));
	report_free(report);
}

static void nobody_wants_it(void **state)
{
	(void)state;
	report_add(NULL, "%s", "a line");
	report_step(NULL, "a step");
	assert_null(report_next(NULL));
	report_free(NULL);
}

static void left_out(void **state)
{
	struct report *report = report_new();
	char name[4096];
	size_t count = 0;
	unsigned int more = 0;
	const char *line;

	(void)state;
	assert_non_null(report);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (int i = 0; i < 1000; i++)
		report_add(report, "line %d: %s", i, i % 2 ? name : "short");
	while ((line = report_next(report))) {
		char begin[32];

		snprintf(begin, sizeof(begin), "line %zu: ", count);
		if (strncmp(line, begin, strlen(begin)) == 0)
			count++;
		else
			assert_int_equal(sscanf(line, "%u more lines are left out", &more), 1);
	}
	assert_true(count > 10);
	assert_int_equal(count + more, 1000);
	report_free(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("lines come out as they were added, with the time of each step",
			lines_in_order),
		TEST("a report that nobody wants is NULL, and takes everything", nobody_wants_it),
		TEST("what does not fit is counted and told", left_out),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
