/* SPDX-License-Identifier: MIT */

#include "read/mounts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/strings.h"

/* TEXT without the lines that mountinfo_next() stops at. It is taken apart. */
static char *without_wrong_lines(char *text)
{
	char *kept = memory_check(calloc(strlen(text) + 2, 1));
	char *to = kept, *state = NULL;

	for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
		_cleanup_free_ char *copy = string_copy(line);
		char *at = copy;
		struct mount mount;

		if (mountinfo_next(&at, &mount) != -EBADMSG)
			to = stpcpy(stpcpy(to, line), "\n");
	}
	return kept;
}

int mounts_read(const struct proc *proc, pid_t pid, struct mounts *mounts)
{
	_cleanup_free_ char *text = NULL;
	int r;

	*mounts = (struct mounts){0};
	r = proc_read(proc, pid, "mountinfo", &text, NULL);
	if (r < 0)
		return r;
	r = mountinfo_parse(string_copy(text), &mounts->info);
	if (r != -EBADMSG)
		return r;
	mounts->wrong = string_copy(mounts->info.wrong);
	mountinfo_free(&mounts->info);
	return mountinfo_parse(without_wrong_lines(text), &mounts->info);
}

void mounts_free(struct mounts *mounts)
{
	mountinfo_free(&mounts->info);
	free(mounts->wrong);
	*mounts = (struct mounts){0};
}

const struct mount *mounts_at(const struct mounts *mounts, const char *point)
{
	const struct mount *found = mountinfo_lookup(&mounts->info, point);

	if (found)
		return strcmp(found->target, point) == 0 ? found : NULL;
	/*
	 * The root directory is no mount point, as in a chroot(2): the last one is most often on
	 * top.
	 */
	for (size_t i = 0; i < mounts->info.count; i++)
		if (strcmp(mounts->info.mounts[i].target, point) == 0)
			found = &mounts->info.mounts[i];
	return found;
}

char *mounts_options(const struct mount *mount)
{
	char *result = string_copy(mount->attributes);
	_cleanup_free_ char *copy = string_copy(mount->options);
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
