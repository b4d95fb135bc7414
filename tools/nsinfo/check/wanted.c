/* SPDX-License-Identifier: MIT */

#include "check/wanted.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/strings.h"

#define BLANKS " \t\r\n"

static void add(struct wanted *wanted, const char *name, unsigned int number)
{
	if (wanted_place(wanted, name))
		return;
	wanted->list = memory_grow(wanted->list, wanted->count, sizeof(*wanted->list));
	wanted->list[wanted->count++] = (struct wanted_service){
		string_copy(name), string_format("%s:%u", WANTED_FILE, number)};
}

void wanted_read(struct findings *findings, const char *root, struct wanted *wanted)
{
	_cleanup_free_ char *path = string_format("%s%s", root, WANTED_FILE), *line = NULL;
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	unsigned int number = 0;
	size_t size = 0;

	*wanted = (struct wanted){0};
	if (!file && errno != ENOENT)
		findings_untried(
			findings, "PAM", "whether what " WANTED_FILE " names is isolated", errno);
	while (file && getline(&line, &size, file) != -1) {
		char *state = NULL, *name;

		number++;
		line[strcspn(line, "#")] = '\0';
		for (name = strtok_r(line, BLANKS, &state); name;
			name = strtok_r(NULL, BLANKS, &state))
			add(wanted, name, number);
	}
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
