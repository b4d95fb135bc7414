/* SPDX-License-Identifier: MIT */

/*
 * Usage: flip exchange A B [A B]...   swap the two names of each pair, for ever
 *        flip wander PATH             give it one new name after the other, for ever
 *        flip bury PATH LENGTH        move it down to where its path is longer than LENGTH bytes
 *
 * What a user can do to the directories that lead to a mount. Says "ready" before it begins.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAIRS_MAX 16

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE (1 << 1)
#endif

static void say_ready(void)
{
	printf("ready\n");
	fflush(stdout);
}

static int fail(const char *what)
{
	fprintf(stderr, "flip: %s: %s\n", what, strerror(errno));
	return 1;
}

/* A name in a directory, which may be renamed itself meanwhile. */
struct name {
	int directory;
	const char *last;
};

static struct name open_name(char *path)
{
	char *slash = strrchr(path, '/');
	struct name name = {AT_FDCWD, path};

	if (slash) {
		*slash = '\0';
		name = (struct name){open(path, O_PATH | O_DIRECTORY), slash + 1};
		if (name.directory == -1)
			exit(fail(path));
	}
	return name;
}

static int exchange(int count, char **paths)
{
	struct name names[PAIRS_MAX * 2];

	for (int i = 0; i < count; i++)
		names[i] = open_name(paths[i]);
	say_ready();
	for (;;)
		for (int i = 0; i < count; i += 2)
			if (syscall(SYS_renameat2, names[i].directory, names[i].last,
				    names[i + 1].directory, names[i + 1].last,
				    RENAME_EXCHANGE) == -1)
				return fail(names[i].last);
}

static int wander(const char *path)
{
	char from[PATH_MAX], to[PATH_MAX];

	snprintf(from, sizeof(from), "%s", path);
	say_ready();
	for (unsigned long i = 0;; i++) {
		snprintf(to, sizeof(to), "%s.%lu", path, i);
		if (rename(from, to) == -1)
			return fail(from);
		strcpy(from, to);
	}
}

/* A directory below another, each with a name as long as it can be. */
static int bury(const char *path, size_t length)
{
	char name[NAME_MAX + 1];
	int from = open(".", O_PATH | O_DIRECTORY);
	int at = from;

	memset(name, 'd', NAME_MAX);
	name[NAME_MAX] = '\0';
	for (size_t depth = 0; depth * NAME_MAX <= length && at != -1; depth++) {
		if (mkdirat(at, name, 0755) == -1 && errno != EEXIST)
			return fail("mkdir");
		at = openat(at, name, O_PATH | O_DIRECTORY);
	}
	if (at == -1 || renameat(from, path, at, "buried") == -1)
		return fail(path);
	say_ready();
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 4 && argc % 2 == 0 && argc - 2 <= PAIRS_MAX * 2 &&
		strcmp(argv[1], "exchange") == 0)
		return exchange(argc - 2, argv + 2);
	if (argc == 3 && strcmp(argv[1], "wander") == 0)
		return wander(argv[2]);
	if (argc == 4 && strcmp(argv[1], "bury") == 0)
		return bury(argv[2], strtoul(argv[3], NULL, 10));
	fprintf(stderr, "usage: flip exchange A B... | wander PATH | bury PATH LENGTH\n");
	return 2;
}
