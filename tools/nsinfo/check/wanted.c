/* SPDX-License-Identifier: MIT */

#include "check/wanted.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/strings.h"

#define BLANKS     " \t\r\n"
#define SEPARATORS BLANKS ","

static void add(struct wanted *wanted, const char *name, unsigned int number)
{
	if (wanted_place(wanted, name))
		return;
	wanted->list = memory_grow(wanted->list, wanted->count, sizeof(*wanted->list));
	wanted->list[wanted->count++] = (struct wanted_service){
		string_copy(name), string_format("%s:%u", WANTED_FILE, number)};
}

/* The names of a line. With commas they are understood as well, for else none would be watched. */
static void add_names(
	struct findings *findings, struct wanted *wanted, char *line, unsigned int number)
{
	char *state = NULL, *name;

	line[strcspn(line, "#")] = '\0';
	if (strchr(line, ','))
		findings_add(findings, FINDING_WARNING, "PAM",
			"write blanks in the place of commas",
			"%s:%u: one name is separated from the next by a blank, not by a comma",
			WANTED_FILE, number);
	for (name = strtok_r(line, SEPARATORS, &state); name;
		name = strtok_r(NULL, SEPARATORS, &state))
		add(wanted, name, number);
}

void wanted_read(struct findings *findings, const char *root, struct wanted *wanted)
{
	_cleanup_free_ char *path = string_format("%s%s", root, WANTED_FILE), *line = NULL;
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	unsigned int number = 0;
	size_t size = 0;

	*wanted = (struct wanted){0};
	while (file && getline(&line, &size, file) != -1)
		add_names(findings, wanted, line, ++number);
	/* errno is fopen's, or getline's: a directory can be opened. */
	wanted->unread = file ? ferror(file) : errno != ENOENT;
	if (wanted->unread)
		findings_untried(
			findings, "PAM", "whether what " WANTED_FILE " names is isolated", errno);
}

const char *wanted_place(const struct wanted *wanted, const char *service)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (strcmp(wanted->list[i].name, service) == 0)
			return wanted->list[i].place;
	return NULL;
}

void wanted_free(struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->count; i++) {
		free(wanted->list[i].name);
		free(wanted->list[i].place);
	}
	free(wanted->list);
	*wanted = (struct wanted){0};
}
