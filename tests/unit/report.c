/* SPDX-License-Identifier: MIT */

/* What the option debug tells of an opening. */

#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "common/report.h"

TEST_CASE(lines_in_order, "lines come out as they were added, with the time of each step")
{
	struct report *report = report_new();

	assert_non_null(report);
	report_add(report, "the procfs on %s is replaced", "/proc");
	report_step(report, "starting PID 1");
	assert_string_equal(report_next(report), "the procfs on /proc is replaced");
	assert_non_null(strstr(report_next(report), "starting PID 1 took "));
	assert_null(report_next(report));
	report_free(report);
}

TEST_CASE(nobody_wants_it, "a report that nobody wants is NULL, and takes everything")
{
	report_add(NULL, "%s", "a line");
	report_step(NULL, "a step");
	assert_null(report_next(NULL));
	report_free(NULL);
}

TEST_CASE(left_out, "what does not fit is counted and told")
{
	struct report *report = report_new();
	char name[4096];
	size_t count = 0;
	unsigned int more = 0;
	const char *line;

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

TEST_MAIN("report", NULL, NULL)
