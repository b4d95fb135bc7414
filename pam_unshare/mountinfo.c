/* SPDX-License-Identifier: MIT */
#include "mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Space, tab, newline and backslash stand as \040, \011, \012 and \134 (fs/proc_namespace.c). */
static void unescape(char *text)
{
	char *out = text;

	for (; *text != '\0'; out++) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] >= '0' &&
			text[2] <= '7' && text[3] >= '0' && text[3] <= '7') {
			*out = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
				      (text[3] - '0'));
			text += 4;
		} else {
			*out = *text++;
		}
	}
	*out = '\0';
}

static bool parse_id(const char *text, int *id)
{
	char *end;
	long value;

	if (!text || *text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtol(text, &end, 10);
	*id = (int)value;
	return *end == '\0' && errno == 0 && value == *id;
}

/* ID PARENT MAJOR:MINOR ROOT TARGET ATTRIBUTES [OPTIONAL...] - TYPE SOURCE OPTIONS */
static int parse_line(char *line, struct mount *mount)
{
	char *at = line;
	char *field;
	char *root, *target;

	if (!parse_id(strsep(&at, " "), &mount->id) || !parse_id(strsep(&at, " "), &mount->parent))
		return -EBADMSG;
	strsep(&at, " ");
	root = strsep(&at, " ");
	target = strsep(&at, " ");
	mount->attributes = strsep(&at, " ");
	mount->unbindable = false;
	while ((field = strsep(&at, " ")) && strcmp(field, "-") != 0)
		if (strcmp(field, "unbindable") == 0)
			mount->unbindable = true;
	mount->type = strsep(&at, " ");
	strsep(&at, " ");
	mount->options = at;
	if (!at || *root != '/' || *target != '/')
		return -EBADMSG;
	unescape(root);
	unescape(target);
	mount->root = root;
	mount->target = target;
	return 0;
}

int mountinfo_parse(char *text, struct mountinfo *info)
{
	size_t lines = 0;
	char *at = text;

	*info = (struct mountinfo){.text = text};
	for (const char *c = text; *c != '\0'; c++)
		lines += *c == '\n';
	info->mounts = calloc(lines + 1, sizeof(*info->mounts));
	if (!info->mounts)
		return -ENOMEM;
	while (at && *at != '\0') {
		char *line = strsep(&at, "\n");

		if (parse_line(line, &info->mounts[info->count]) < 0)
			return -EBADMSG;
		info->count++;
	}
	return 0;
}

int mountinfo_read(const char *path, struct mountinfo *info)
{
	size_t size = 16384, length = 0;
	char *text = malloc(size);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = 0;
	int result;

	*info = (struct mountinfo){0};
	if (fd == -1 || !text) {
		result = text ? -errno : -ENOMEM;
		goto out;
	}
	while ((got = read(fd, text + length, size - length - 1)) > 0) {
		length += (size_t)got;
		if (size - length < 4096) {
			char *larger = realloc(text, size * 2);

			if (!larger) {
				result = -ENOMEM;
				goto out;
			}
			text = larger;
			size *= 2;
		}
	}
	if (got == -1) {
		result = -errno;
		goto out;
	}
	text[length] = '\0';
	close(fd);
	return mountinfo_parse(text, info);
out:
	if (fd != -1)
		close(fd);
	free(text);
	return result;
}

void mountinfo_free(struct mountinfo *info)
{
	free(info->mounts);
	free(info->text);
	*info = (struct mountinfo){0};
}

bool mountinfo_is_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	if (length == 1) /* "/" */
		return true;
	return strncmp(path, directory, length) == 0 &&
	       (path[length] == '\0' || path[length] == '/');
}

static bool is_listed(const struct mountinfo *info, int id)
{
	for (size_t i = 0; i < info->count; i++)
		if (info->mounts[i].id == id)
			return true;
	return false;
}

const struct mount *mountinfo_lookup(const struct mountinfo *info, const char *path)
{
	const struct mount *here = NULL;

	/* The root mount's own parent is outside what the process sees. */
	for (size_t i = 0; i < info->count && !here; i++)
		if (strcmp(info->mounts[i].target, "/") == 0 &&
			(info->mounts[i].parent == info->mounts[i].id ||
				!is_listed(info, info->mounts[i].parent)))
			here = &info->mounts[i];

	/* As a path walk does: of the mounts on this one, the first on the way, until there is
	 * none. */
	for (size_t depth = 0; here && depth < info->count; depth++) {
		const struct mount *next = NULL;

		for (size_t i = 0; i < info->count; i++) {
			const struct mount *m = &info->mounts[i];

			if (m->parent == here->id && m != here &&
				mountinfo_is_below(path, m->target) &&
				(!next || strlen(m->target) <= strlen(next->target)))
				next = m;
		}
		if (!next)
			break;
		here = next;
	}
	return here;
}
