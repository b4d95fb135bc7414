/* SPDX-License-Identifier: MIT */

#include "read/mounts.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/strings.h"

/* The kernel writes blank, tab, newline, backslash and '#' as a backslash and three octal digits.
 */
static char *unescape(const char *field)
{
	char *result = memory_check(strdup(field));
	char *to = result;

	for (const char *p = result; *p; to++) {
		if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' &&
			p[3] >= '0' && p[3] <= '7') {
			*to = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
			p += 4;
		} else {
			*to = *p++;
		}
	}
	*to = '\0';
	return result;
}

/* The options of the mount, and those of the file system that are not among them. */
static char *join_options(const char *own, const char *super)
{
	char *result = string_copy(own);
	_cleanup_free_ char *copy = string_copy(super);
	char *state = NULL;

	for (char *word = strtok_r(copy, ",", &state); word; word = strtok_r(NULL, ",", &state)) {
		char *longer;

		if (strcmp(word, "rw") == 0 || strcmp(word, "ro") == 0)
			continue;
		longer = string_format("%s,%s", result, word);
		free(result);
		result = longer;
	}
	return result;
}

/* 36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw,errors=continue */
static void parse_line(struct mounts *mounts, char *line)
{
	char *fields[6], *rest, *state = NULL, *type, *super;
	struct mount *mount;

	rest = strstr(line, " - ");
	if (!rest)
		return;
	*rest = '\0';
	for (size_t i = 0; i < 6; i++) {
		fields[i] = strtok_r(i ? NULL : line, " ", &state);
		if (!fields[i])
			return;
	}
	type = strtok_r(rest + 3, " ", &state);
	if (!type || !strtok_r(NULL, " ", &state))
		return;
	super = strtok_r(NULL, " ", &state);
	mounts->list = memory_grow(mounts->list, mounts->count, sizeof(*mounts->list));
	mount = &mounts->list[mounts->count++];
	mount->root = unescape(fields[3]);
	mount->point = unescape(fields[4]);
	mount->options = join_options(fields[5], super ? super : "");
	mount->type = unescape(type);
	mount->super = unescape(super ? super : "");
}

int mounts_read(const struct proc *proc, pid_t pid, struct mounts *mounts)
{
	_cleanup_free_ char *text = NULL;
	char *state = NULL;
	int r;

	*mounts = (struct mounts){0};
	r = proc_read(proc, pid, "mountinfo", &text, NULL);
	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state))
		parse_line(mounts, line);
	return 0;
}

void mounts_free(struct mounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++) {
		struct mount *mount = &mounts->list[i];

		free(mount->root);
		free(mount->point);
		free(mount->options);
		free(mount->type);
		free(mount->super);
	}
	free(mounts->list);
	*mounts = (struct mounts){0};
}

const struct mount *mounts_at(const struct mounts *mounts, const char *point)
{
	const struct mount *found = NULL;

	/* Later lines are mounted over earlier ones. */
	for (size_t i = 0; i < mounts->count; i++)
		if (strcmp(mounts->list[i].point, point) == 0)
			found = &mounts->list[i];
	return found;
}
