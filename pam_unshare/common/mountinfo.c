/* SPDX-License-Identifier: MIT */
#include "common/mountinfo.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
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

/* A decimal number that ends at END and fits into an int. */
static bool parse_number(const char *text, char end, int *number)
{
	long value = 0;

	if (!text || *text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9'; text++) {
		value = value * 10 + (*text - '0');
		if (value > INT_MAX)
			return false;
	}
	*number = (int)value;
	return *text == end;
}

static bool parse_device(const char *text, dev_t *device)
{
	const char *colon = text ? strchr(text, ':') : NULL;
	int major, minor;

	if (!colon || !parse_number(text, ':', &major) || !parse_number(colon + 1, '\0', &minor))
		return false;
	*device = makedev((unsigned int)major, (unsigned int)minor);
	return true;
}

/*
 * ID PARENT MAJOR:MINOR ROOT TARGET ATTRIBUTES [OPTIONAL...] - TYPE SOURCE OPTIONS
 *
 * A file system may write the root in its own way, without a slash (struct super_operations,
 * show_path: nsfs has "net:[4026531840]").
 */
static bool parse_line(char *line, struct mount *mount)
{
	char *at = line;
	char *field;
	char *root, *target;

	if (!parse_number(strsep(&at, " "), '\0', &mount->id) ||
		!parse_number(strsep(&at, " "), '\0', &mount->parent) ||
		!parse_device(strsep(&at, " "), &mount->device))
		return false;
	root = strsep(&at, " ");
	target = strsep(&at, " ");
	mount->attributes = strsep(&at, " ");
	mount->unbindable = mount->gone = false;
	while ((field = strsep(&at, " ")) && strcmp(field, "-") != 0)
		if (strcmp(field, "unbindable") == 0)
			mount->unbindable = true;
	mount->type = strsep(&at, " ");
	strsep(&at, " ");
	mount->options = at;
	if (!at || *target != '/')
		return false;
	unescape(root);
	unescape(target);
	mount->root = root;
	mount->target = target;
	return true;
}

/* Put a line together again that could not be understood. */
static void join_fields(char *line, const char *end)
{
	for (; line < end; line++)
		if (*line == '\0')
			*line = ' ';
}

int mountinfo_next(char **at, struct mount *mount)
{
	while (**at != '\0') {
		char *line = *at;
		char *end = strchrnul(line, '\n');
		char *next = *end == '\n' ? end + 1 : end;

		*end = '\0';
		if (parse_line(line, mount)) {
			*at = next;
			return 1;
		}
		join_fields(line, end);
		if (strstr(line, "proc")) /* as a type, or in a path */
			return -EBADMSG;
		*at = next;
	}
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	const struct mount *const *first = a, *const *second = b;

	return ((*first)->id > (*second)->id) - ((*first)->id < (*second)->id);
}

/* A user may have a thousand mounts, one on the other (fuse.conf(5)): parents are found fast. */
static void sort_by_id(struct mountinfo *info)
{
	for (size_t i = 0; i < info->count; i++)
		info->by_id[i] = &info->mounts[i];
	qsort(info->by_id, info->count, sizeof(*info->by_id), compare_ids);
}

int mountinfo_parse(char *text, struct mountinfo *info)
{
	size_t lines = 0;
	char *at = text;
	int result;

	*info = (struct mountinfo){.text = text};
	for (const char *c = text; *c != '\0'; c++)
		lines += *c == '\n';
	info->mounts = calloc(lines + 1, sizeof(*info->mounts));
	info->by_id = calloc(lines + 1, sizeof(*info->by_id));
	if (!info->mounts || !info->by_id)
		return -ENOMEM;
	while ((result = mountinfo_next(&at, &info->mounts[info->count])) == 1)
		info->count++;
	info->wrong = at;
	sort_by_id(info);
	return result;
}

int mountinfo_read(int fd, struct mountinfo *info)
{
	size_t size = 16384, length = 0;
	char *text = malloc(size);
	ssize_t got;

	*info = (struct mountinfo){.text = text};
	if (!text)
		return -ENOMEM;
	if (lseek(fd, 0, SEEK_SET) == -1)
		return -errno;
	while ((got = read(fd, text + length, size - length - 1)) > 0) {
		length += (size_t)got;
		if (size - length < 4096) {
			char *larger = realloc(text, size * 2);

			if (!larger)
				return -ENOMEM;
			info->text = text = larger;
			size *= 2;
		}
	}
	if (got == -1)
		return -errno;
	text[length] = '\0';
	return mountinfo_parse(text, info);
}

void mountinfo_free(struct mountinfo *info)
{
	free(info->mounts);
	free(info->by_id);
	free(info->text);
	*info = (struct mountinfo){0};
}

int mountinfo_refuse(const char *line, struct error *error)
{
	error_word(error, line, "it is a line of mountinfo, and could be about a procfs",
		"unmount what it is about, and report it to the authors of pam_unshare");
	error->code = EBADMSG;
	return -EBADMSG;
}

bool mountinfo_is_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	if (length == 1) /* "/" */
		return true;
	return strncmp(path, directory, length) == 0 &&
	       (path[length] == '\0' || path[length] == '/');
}

struct mount *mountinfo_find(const struct mountinfo *info, int id)
{
	const struct mount wanted = {.id = id}, *key = &wanted;
	struct mount **found = info->count == 0 ? NULL
						: bsearch(&key, info->by_id, info->count,
							  sizeof(*info->by_id), compare_ids);

	return found ? *found : NULL;
}

const struct mount *mountinfo_lookup(const struct mountinfo *info, const char *path)
{
	const struct mount *here = NULL;

	/* The root mount's own parent is outside what the process sees. */
	for (size_t i = 0; i < info->count && !here; i++)
		if (strcmp(info->mounts[i].target, "/") == 0 &&
			(info->mounts[i].parent == info->mounts[i].id ||
				!mountinfo_find(info, info->mounts[i].parent)))
			here = &info->mounts[i];

	/*
	 * As a path walk does: of the mounts on this one, the first on the way, until there is
	 * none. A mount on the root directory itself is not entered: the walk begins below it.
	 */
	for (size_t depth = 0; here && depth < info->count; depth++) {
		const struct mount *next = NULL;

		for (size_t i = 0; i < info->count; i++) {
			const struct mount *m = &info->mounts[i];

			if (m->parent == here->id && m != here && !m->gone &&
				m->target[1] != '\0' && mountinfo_is_below(path, m->target) &&
				(!next || strlen(m->target) <= strlen(next->target)))
				next = m;
		}
		if (!next)
			break;
		here = next;
	}
	return here;
}
