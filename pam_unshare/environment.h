/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_ENVIRONMENT_H
#define PAM_UNSHARE_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/types.h>

#include "common/error.h"
#include "request.h"

#define ENVIRONMENT_MAX 12

/* PID 1's title and its environment: the facts of the session (facts.h). */
struct environment {
	char *title;
	char *facts[ENVIRONMENT_MAX + 1]; /* for execve: ends with NULL */
	size_t count;
	bool failed;
};

/*
 * environment_make - write the facts down.
 * @request: who opens the session and how.
 * @socket: name of the socket where others join, or NULL if none can.
 * @inode: what the name leads to.
 * @environment: filled; environment_free frees it, also after an error.
 *
 * Call it in the application. Returns 0 or -ENOMEM.
 */
int environment_make(const struct session_request *request, const char *socket, ino_t inode,
	struct environment *environment, struct error *error);

void environment_free(struct environment *environment);

#endif
