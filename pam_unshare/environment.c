/* SPDX-License-Identifier: MIT */
#include "environment.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/facts.h"
#include "common/protocol.h"

__attribute__((format(printf, 2, 3))) static void add(
	struct environment *environment, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&environment->facts[environment->count], format, arguments) == -1) {
		environment->facts[environment->count] = NULL;
		environment->failed = true;
	} else {
		environment->count++;
	}
	va_end(arguments);
}

static const char *scope_of(const struct session_request *request, const char *socket)
{
	if (!socket)
		return "session";
	return request->share == 'g' ? "group" : "user";
}

int environment_make(const struct session_request *request, const char *socket, ino_t inode,
	struct environment *environment, struct error *error)
{
	char user[128], service[128];

	*environment = (struct environment){0};
	if (asprintf(&environment->title, FACT_TITLE_FORMAT,
		    error_printable(request->user, user, sizeof(user)),
		    error_printable(request->service, service, sizeof(service))) == -1) {
		environment->title = NULL;
		environment->failed = true;
	}
	add(environment, FACT_USER "=%s", request->user);
	add(environment, FACT_UID "=%lu", (unsigned long)request->uid);
	add(environment, FACT_SERVICE "=%s", request->service);
	if (request->tty && *request->tty != '\0')
		add(environment, FACT_TTY "=%s", request->tty);
	if (request->rhost && *request->rhost != '\0')
		add(environment, FACT_RHOST "=%s", request->rhost);
	add(environment, FACT_START "=%lld", (long long)time(NULL));
	add(environment, FACT_SCOPE "=%s", scope_of(request, socket));
	add(environment, FACT_GRACE "=%u", request->grace_ms);
	add(environment, FACT_CLOSE "=%s", request->linger ? "linger" : "kill");
	add(environment, FACT_PROTOCOL "=%d", PROTOCOL_VERSION);
	if (socket) {
		add(environment, FACT_SOCKET "=%s", socket);
		add(environment, FACT_INODE "=%llu", (unsigned long long)inode);
	}
	if (environment->failed)
		return error_set(error, ENOMEM, "note the facts of the session", NULL);
	return 0;
}

void environment_free(struct environment *environment)
{
	free(environment->title);
	for (size_t i = 0; i < environment->count; i++)
		free(environment->facts[i]);
	*environment = (struct environment){0};
}
