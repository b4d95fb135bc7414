/* SPDX-License-Identifier: MIT */

/* nsinfo check: a setting of systemd or of one of its daemons. */

#include "check/settings.h"

#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strings.h"

#define BLANKS " \t\r\n"

/* What follows NAME and "=" in a line, or NULL. */
static const char *assigned(const char *line, const char *name)
{
	line += strspn(line, BLANKS);
	if (strncmp(line, name, strlen(name)) != 0)
		return NULL;
	line += strlen(name);
	line += strspn(line, BLANKS);
	return *line == '=' ? line + 1 + strspn(line + 1, BLANKS) : NULL;
}

/* The last assignment in the section counts; *VALUE stays as it is if there is none. */
static void read_file(const char *path, const char *section, const char *setting, char **value)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	bool within = false, continued = false;

	while (file && getline(&line, &size, file) != -1) {
		const char *start = line + strspn(line, BLANKS);
		const char *found = assigned(line, setting);
		char *end = line + strlen(line);

		if (*start == '#' || *start == ';')
			continue;
		while (end > start && strchr(BLANKS, end[-1]))
			*--end = '\0';
		if (!continued && *start == '[')
			within = strcmp(start, section) == 0;
		if (!continued && within && found) {
			free(*value);
			*value = string_copy(found);
		}
		continued = end > start && end[-1] == '\\';
	}
}

static const char *file_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* Behind LAST in the order of names; of several with one name the first, which hides the others. */
static const char *next_drop_in(const glob_t *found, const char *last)
{
	const char *next = NULL;

	for (size_t i = 0; i < found->gl_pathc; i++) {
		const char *path = found->gl_pathv[i];

		if ((!last || strcmp(file_name(path), file_name(last)) > 0) &&
			(!next || strcmp(file_name(path), file_name(next)) < 0))
			next = path;
	}
	return next;
}

char *settings_read(const char *root, const char *const *directories, size_t count,
	const char *name, const char *section, const char *setting)
{
	char *value = NULL;
	bool has_file = false;
	glob_t drop_ins = {0};

	for (size_t i = 0; i < count; i++) {
		_cleanup_free_ char *path = string_format("%s%s/%s", root, directories[i], name);
		_cleanup_free_ char *pattern = string_format("%s.d/*.conf", path);

		if (!has_file && access(path, F_OK) == 0) {
			has_file = true;
			read_file(path, section, setting, &value);
		}
		glob(pattern, i ? GLOB_APPEND : 0, NULL, &drop_ins);
	}
	for (const char *path = NULL; (path = next_drop_in(&drop_ins, path));)
		read_file(path, section, setting, &value);
	globfree(&drop_ins);
	return value;
}
