/* SPDX-License-Identifier: MIT */
#include "place.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/facts.h"
#include "common/limits.h"

/* Whether a file in /proc is there and says this, without what follows. */
static bool file_begins(const char *path, const char *text)
{
	char buffer[64];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd == -1 ? -1 : read(fd, buffer, sizeof(buffer));

	if (fd != -1)
		close(fd);
	return got >= (ssize_t)strlen(text) && memcmp(buffer, text, strlen(text)) == 0;
}

/*
 * The value of PID 1's FACT_SOCKET, into a buffer. Returns 1 when found, 0 when not, -1 if there
 * is no environment at all.
 */
static int read_socket_fact(char *value, size_t size)
{
	char *line = NULL;
	size_t room = 0;
	int result = -1;
	FILE *file = fopen("/proc/1/environ", "re");

	while (file && result != 1 && getdelim(&line, &room, '\0', file) > 0) {
		result = strncmp(line, FACT_SOCKET "=", strlen(FACT_SOCKET "=")) == 0;
		if (result == 1)
			snprintf(value, size, "%s", line + strlen(FACT_SOCKET "="));
	}
	free(line);
	if (file)
		fclose(file);
	return result;
}

/* A PID 1 that has just been started has none until the kernel has loaded session-init. */
static int wait_for_socket_fact(char *value, size_t size)
{
	const struct timespec pause = {.tv_nsec = SHARE_TURN_MS * 1000000L};
	int result = read_socket_fact(value, size);

	for (int turns = 0; turns < SHARE_TURNS && result == -1; turns++) {
		nanosleep(&pause, NULL);
		result = read_socket_fact(value, size);
	}
	return result;
}

bool place_is_session(void)
{
	struct stat init;

	return stat("/proc/1", &init) == 0 && init.st_uid == 0 &&
	       file_begins("/proc/1/comm", "session-init\n");
}

enum place place_find(char *socket, size_t size)
{
	if (!place_is_session())
		return PLACE_OUTSIDE;
	return wait_for_socket_fact(socket, size) == 1 ? PLACE_SHARED : PLACE_ALONE;
}

bool place_is_unit(void)
{
	static const char gone[] = " (deleted)";
	const ssize_t gone_length = (ssize_t)strlen(gone);
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	const char *name;

	if (length == -1)
		return false;
	path[length] = '\0';
	/* After an update of systemd, until it is restarted; proc(5). */
	if (length > gone_length && strcmp(path + length - gone_length, gone) == 0)
		path[length - gone_length] = '\0';
	name = strrchr(path, '/');
	/* systemd-executor since version 255, before it systemd itself. */
	return name && (strcmp(name, "/systemd") == 0 || strcmp(name, "/systemd-executor") == 0);
}
