/* SPDX-License-Identifier: MIT */

/*
 * PID 1 of a session. It reaps, and it ends every process of the session when the last application
 * has closed it or died, or when root on the host sends SIGTERM.
 *
 * The rule of this folder: no allocation, no stdio, and no page of memory touched without need. It
 * is linked statically, and the few pages that it has are what a login costs for as long as it
 * lasts. A session that is not shared runs nothing of logins.c, and does not touch its table.
 */

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/descriptors.h"
#include "common/facts.h"
#include "common/limits.h"
#include "common/protocol.h"
#include "init/inherited.h"
#include "init/login.h"
#include "init/logins.h"
#include "init/processes.h"
#include "init/settings.h"
#include "init/signals.h"

struct session {
	struct settings settings;
	int signals; /* a signalfd of every signal */
};

/* Returns whether one of them asks to end the session. */
static bool take_signals(const struct session *session)
{
	bool end = signals_take(session->signals);

	processes_reap();
	return end;
}

/* A pidfd of what keeps a session that nobody has open; 0 if nothing does, -1 if not known. */
static int find_what_lingers(const struct session *session)
{
	return session->settings.lingers ? processes_find_live() : 0;
}

/* The session of one application. Returns when it is to end. */
static void keep_own(const struct session *session, struct login *login)
{
	int live;

	while (login_has_open(login)) {
		struct pollfd watched[1 + LOGIN_DESCRIPTORS] = {
			{.fd = session->signals, .events = POLLIN},
		};

		login_watch(login, &watched[1]);
		poll(watched, 1 + LOGIN_DESCRIPTORS, -1);
		if (take_signals(session))
			return;
		login_take(login, &watched[1]);
	}
	while ((live = find_what_lingers(session)) != 0) {
		struct pollfd watched[] = {
			{.fd = session->signals, .events = POLLIN},
			{.fd = live, .events = POLLIN},
		};

		login_dismiss(login);
		poll(watched, 2, -1);
		descriptor_close(&live);
		if (take_signals(session))
			return;
	}
}

/* One that others may join for as long as it is there. Returns when it is to end. */
static void keep_shared(const struct session *session, struct logins *logins)
{
	for (;;) {
		int live = -1;

		if (logins_count_open(logins) == 0)
			live = find_what_lingers(session);
		if (live == 0)
			return;
		logins_dismiss(logins);
		logins_wait(logins, session->signals, live);
		descriptor_close(&live);
		logins_leave_cgroup(logins);
		if (take_signals(session))
			return;
		logins_take(logins);
	}
}

/*
 * Nobody is heard from here on: who closes meanwhile finds the answer at the end. The kernel ends
 * and reaps what is left then (pid_namespaces(7)).
 */
static _Noreturn void end_session(const struct session *session, struct login *logins, int count)
{
	if (!processes_wait_for_all(session->signals, 0)) {
		for (int i = 0; i < count; i++)
			login_end(&logins[i]);
		kill(-1, SIGHUP);
		kill(-1, SIGTERM);
		kill(-1, SIGCONT); /* last: a stopped process wakes with the other two pending */
		if (!processes_wait_for_all(session->signals, session->settings.grace_ms)) {
			kill(-1, SIGKILL);
			processes_wait_for_all(session->signals, KILL_WAIT_MS);
		}
	}
	for (int i = 0; i < count; i++)
		login_dismiss(&logins[i]);
	_exit(0);
}

static _Noreturn void run_own(const struct session *session)
{
	struct login login = login_first();

	keep_own(session, &login);
	end_session(session, &login, 1);
}

static _Noreturn void run_shared(const struct session *session, bool has_defaults)
{
	static struct logins logins;

	logins_start(&logins, inherited_raise_files());
	/* What one of them chose is not to end the others' session. */
	if (!has_defaults)
		logins_stop_listening(&logins, &session->settings);
	keep_shared(session, &logins);
	logins_stop_listening(&logins, &session->settings);
	end_session(session, logins.all, logins.count);
}

int main(void)
{
	static const char misuse[] = "session-init is started by pam_unshare, see pam_unshare(8)\n";
	struct session session = {.settings = settings_read()};
	bool has_defaults;

	if (getpid() != 1 || !getenv(FACT_USER)) {
		(void)!write(STDERR_FILENO, misuse, sizeof(misuse) - 1);
		return 2;
	}

	/* Each is installed where the other looks for it: this is an installation gone wrong. */
	if (session.settings.protocol != PROTOCOL_VERSION)
		return 1;

	session.signals = signals_open();
	has_defaults = inherited_reset_oom_score();
	if (session.signals == -1 || inherited_drop_capabilities() == -1)
		return 1;
	processes_reap();
	if (session.settings.socket)
		run_shared(&session, has_defaults);
	run_own(&session);
}
