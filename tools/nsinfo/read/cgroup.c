/* SPDX-License-Identifier: MIT */

#include "read/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/strings.h"
#include "read/mounts.h"

/* Is WORD one of a comma-separated LIST? */
static bool has_word(const char *list, const char *word, size_t length)
{
	for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',')
		if (strcspn(at, ",") == length && strncmp(at, word, length) == 0)
			return true;
	return false;
}

/* Version 1 mounts a hierarchy by its controllers, version 2 has one and none. */
static bool is_hierarchy(const struct mount *mount, const char *controllers)
{
	if (*controllers == '\0')
		return strcmp(mount->type, "cgroup2") == 0;
	return strcmp(mount->type, "cgroup") == 0 &&
	       has_word(mount->options, controllers, strcspn(controllers, ","));
}

/* The directory of a cgroup here, where the part of the hierarchy that it is in is mounted. */
static char *find_directory(const struct mounts *mounts, const struct cgroup *cgroup)
{
	for (size_t i = 0; i < mounts->info.count; i++) {
		const struct mount *mount = &mounts->info.mounts[i];
		size_t length = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);

		if (!is_hierarchy(mount, cgroup->controllers) ||
			strncmp(cgroup->path, mount->root, length) != 0 ||
			(cgroup->path[length] != '/' && cgroup->path[length] != '\0'))
			continue;
		return string_format("%s%s", mount->target, cgroup->path + length);
	}
	return NULL;
}

static void read_limits(struct cgroup *cgroup)
{
	static const char *const names[] = {"pids.max", "memory.max", "cpu.max"};

	for (size_t i = 0; cgroup->directory && i < sizeof(names) / sizeof(names[0]); i++) {
		_cleanup_free_ char *path = string_format("%s/%s", cgroup->directory, names[i]);
		_cleanup_fclose_ FILE *file = fopen(path, "re");
		char value[64];

		if (!file || !fgets(value, sizeof(value), file))
			continue;
		value[strcspn(value, "\n")] = '\0';
		if (strncmp(value, "max", 3) == 0)
			continue;
		cgroup->limits[cgroup->n_limits++] =
			(struct cgroup_limit){.name = names[i], .value = string_copy(value)};
	}
}

/* "4:memory:/user.slice" */
static void parse_line(struct cgroups *cgroups, const struct mounts *mounts, const char *line)
{
	const char *controllers = strchr(line, ':');
	const char *path = controllers ? strchr(controllers + 1, ':') : NULL;
	struct cgroup *cgroup;

	if (!path || strcmp(path, ":/") == 0)
		return;
	controllers++;
	cgroups->list = memory_grow(cgroups->list, cgroups->count, sizeof(*cgroups->list));
	cgroup = &cgroups->list[cgroups->count++];
	*cgroup = (struct cgroup){
		.controllers = string_format("%.*s", (int)(path - controllers), controllers),
		.path = string_copy(path + 1),
	};
	cgroup->directory = find_directory(mounts, cgroup);
	read_limits(cgroup);
}

int cgroups_read(const struct proc *proc, pid_t pid, struct cgroups *cgroups)
{
	_cleanup_free_ char *text = NULL;
	struct mounts mounts;
	char *state = NULL;
	int r;

	*cgroups = (struct cgroups){0};
	r = proc_read(proc, pid, "cgroup", &text, NULL);
	if (r < 0)
		return r;
	mounts_read(proc, getpid(), &mounts);
	for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state))
		parse_line(cgroups, &mounts, line);
	mounts_free(&mounts);
	return 0;
}

void cgroups_free(struct cgroups *cgroups)
{
	for (size_t i = 0; i < cgroups->count; i++) {
		struct cgroup *cgroup = &cgroups->list[i];

		for (size_t j = 0; j < cgroup->n_limits; j++)
			free(cgroup->limits[j].value);
		free(cgroup->controllers);
		free(cgroup->path);
		free(cgroup->directory);
	}
	free(cgroups->list);
	*cgroups = (struct cgroups){0};
}

static bool is_own(const struct cgroups *own, const struct cgroup *cgroup)
{
	for (size_t i = 0; i < own->count; i++)
		if (strcmp(own->list[i].controllers, cgroup->controllers) == 0 &&
			strcmp(own->list[i].path, cgroup->path) == 0)
			return true;
	return false;
}

size_t cgroups_open(
	const struct proc *proc, const struct cgroups *cgroups, int **fds, const char **failed)
{
	struct cgroups own;
	size_t count = 0;

	*fds = memory_check(calloc(cgroups->count + 1, sizeof(**fds)));
	*failed = NULL;
	cgroups_read(proc, getpid(), &own);
	for (size_t i = 0; i < cgroups->count; i++) {
		const struct cgroup *cgroup = &cgroups->list[i];
		_cleanup_free_ char *path = NULL;
		int fd;

		if (!cgroup->directory || is_own(&own, cgroup))
			continue;
		path = string_format("%s/cgroup.procs", cgroup->directory);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd >= 0)
			(*fds)[count++] = fd;
		else if (errno != ENOENT)
			*failed = cgroup->path;
	}
	cgroups_free(&own);
	return count;
}
