/* SPDX-License-Identifier: MIT */
#include "common/report.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

#define REPORT_SIZE 16384
#define LINE_SIZE   512

struct report {
	int64_t step_us; /* when the last step ended */
	size_t length, next;
	unsigned int left_out;
	char text[REPORT_SIZE]; /* strings, one behind the other */
	char last[64];
};

struct report *report_new(void)
{
	struct report *report = malloc(sizeof(*report));

	if (report) {
		report->step_us = clock_now_us();
		report->length = report->next = 0;
		report->left_out = 0;
	}
	return report;
}

void report_free(struct report *report)
{
	free(report);
}

__attribute__((format(printf, 2, 0))) static void add(
	struct report *report, const char *format, va_list arguments)
{
	char line[LINE_SIZE];
	int length = vsnprintf(line, sizeof(line), format, arguments);
	size_t size = strlen(line) + 1;

	/* From the first one that does not fit on, all are left out. */
	if (length < 0 || report->left_out > 0 || report->length + size > sizeof(report->text)) {
		report->left_out++;
		return;
	}
	memcpy(report->text + report->length, line, size);
	report->length += size;
}

void report_add(struct report *report, const char *format, ...)
{
	va_list arguments;

	if (!report)
		return;
	va_start(arguments, format);
	add(report, format, arguments);
	va_end(arguments);
}

void report_step(struct report *report, const char *step)
{
	int64_t now;

	if (!report)
		return;
	now = clock_now_us();
	report_add(report, "%s took %lld us", step, (long long)(now - report->step_us));
	report->step_us = now;
}

const char *report_next(struct report *report)
{
	const char *line;

	if (!report)
		return NULL;
	if (report->next < report->length) {
		line = report->text + report->next;
		report->next += strlen(line) + 1;
		return line;
	}
	if (report->left_out == 0)
		return NULL;
	snprintf(
		report->last, sizeof(report->last), "%u more lines are left out", report->left_out);
	report->left_out = 0;
	return report->last;
}
