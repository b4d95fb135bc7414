/* SPDX-License-Identifier: MIT */

#include "commands/scan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "print/text.h"

int scan_sessions(struct proc *proc, struct sessions *sessions, bool quick)
{
	int r = proc_open(proc, "/proc");

	*sessions = (struct sessions){0};
	if (r == -ENOENT)
		text_error(
			"/proc is not of this process's PID namespace, so it tells nothing of it");
	else if (r < 0)
		text_error("cannot open /proc: %s", strerror(-r));
	if (r < 0)
		return r;
	r = sessions_read(sessions, proc, quick);
	if (r < 0)
		text_error("cannot read /proc: %s", strerror(-r));
	return r;
}

static void print_choice(const struct session *session)
{
	char since[TEXT_TIME];
	_cleanup_free_ char *ns = session->ns
					  ? string_format("%llu", (unsigned long long)session->ns)
					  : string_format("init %d", (int)session->init);

	text_print(stderr, "  %-12s %s [%s] since %s%s%s\n", ns,
		session->user ? session->user : "?", session->service ? session->service : "?",
		text_time_long(session->start, time(NULL), since, sizeof(since)),
		session->rhost ? " from " : "", session->rhost ? session->rhost : "");
}

struct session *scan_choose(struct sessions *sessions, const char *name)
{
	struct session *session;
	enum session_match match = sessions_find(sessions, name, &session);

	if (match == SESSION_FOUND)
		return session;
	if (sessions->count == 0) {
		text_error("no session \"%s\": %s", name,
			sessions_hidden(sessions) ? "/proc hides the processes of others"
						  : "there is none here at all");
		return NULL;
	}
	if (match == SESSION_AMBIGUOUS)
		text_error("%s has more than one session; choose one of:", name);
	else
		text_error("no session \"%s\"; there are:", name);
	for (size_t i = 0; i < sessions->count; i++) {
		const char *user = sessions->list[i]->user;

		if (match == SESSION_NONE || (user && strcmp(user, name) == 0))
			print_choice(sessions->list[i]);
	}
	return NULL;
}
