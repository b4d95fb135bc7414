/* SPDX-License-Identifier: MIT */

#include "check/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/strings.h"
#include "print/text.h"

#define INDENT    11 /* "  problem  " */
#define WIDTH_MAX 100

static const struct {
	const char *name, *color;
} levels[] = {
	[FINDING_OK] = {"ok", "\033[32m"},
	[FINDING_NOTE] = {"note", "\033[36m"},
	[FINDING_WARNING] = {"warning", "\033[33m"},
	[FINDING_PROBLEM] = {"problem", "\033[1;31m"},
};

static void free_one(struct finding *finding)
{
	free(finding->subject);
	free(finding->message);
	free(finding->remedy);
}

/* Was just that said before? A file that is included twice is wrong twice. */
static bool is_known(const struct findings *findings, const struct finding *finding)
{
	for (const struct finding *before = findings->list; before < finding; before++)
		if (strcmp(before->subject, finding->subject) == 0 &&
			strcmp(before->message, finding->message) == 0)
			return true;
	return false;
}

void findings_add(struct findings *findings, enum finding_level level, const char *subject,
	const char *remedy, const char *format, ...)
{
	struct finding *finding;
	va_list args;

	findings->list = memory_grow(findings->list, findings->count, sizeof(*findings->list));
	finding = &findings->list[findings->count++];
	*finding = (struct finding){
		.level = level,
		.subject = string_copy(subject),
		.remedy = string_copy(remedy),
	};
	va_start(args, format);
	if (vasprintf(&finding->message, format, args) == -1)
		memory_check(finding->message = NULL);
	va_end(args);
	if (is_known(findings, finding)) {
		free_one(finding);
		findings->count--;
	}
}

void findings_copy(struct findings *findings, const struct finding *finding)
{
	findings_add(findings, finding->level, finding->subject, finding->remedy, "%s",
		finding->message);
}

void findings_untried(struct findings *findings, const char *subject, const char *what, int code)
{
	findings_add(findings, FINDING_NOTE, subject, NULL, "could not try %s%s%s", what,
		code ? ": " : "", code ? strerror(code) : "");
}

char *findings_reason(const struct error *error)
{
	char text[1024];

	error_describe(error, text, sizeof(text));
	return string_copy(text);
}

size_t findings_count(const struct findings *findings, enum finding_level level)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++)
		count += findings->list[i].level == level;
	return count;
}

const char *finding_level_name(enum finding_level level)
{
	return levels[level].name;
}

static size_t terminal_width(void)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");
	long long width = 80;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		width = size.ws_col;
	else if (columns && string_number(columns, &width) < 0)
		width = 80;
	return width < 40 ? 40 : width > WIDTH_MAX ? WIDTH_MAX : (size_t)width;
}

static void print_one(const struct finding *finding, bool color, size_t width)
{
	printf("  %s%-7s%s  ", color ? levels[finding->level].color : "",
		levels[finding->level].name, color ? "\033[0m" : "");
	text_wrap(stdout, finding->message, INDENT, width);
	if (finding->remedy) {
		printf("%*s-> ", INDENT, "");
		text_wrap(stdout, finding->remedy, INDENT + 3, width);
	}
}

static bool seen_before(const struct findings *findings, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (strcmp(findings->list[j].subject, findings->list[i].subject) == 0)
			return true;
	return false;
}

void findings_print(const struct findings *findings, bool color)
{
	size_t width = terminal_width();

	for (size_t i = 0; i < findings->count; i++) {
		if (seen_before(findings, i))
			continue;
		text_print(stdout, "%s%s\n", i ? "\n" : "", findings->list[i].subject);
		for (size_t j = i; j < findings->count; j++)
			if (strcmp(findings->list[j].subject, findings->list[i].subject) == 0)
				print_one(&findings->list[j], color, width);
	}
}

void findings_free(struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		free_one(&findings->list[i]);
	free(findings->list);
	*findings = (struct findings){0};
}
