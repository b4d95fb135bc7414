/* SPDX-License-Identifier: MIT */

#include "read/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/strings.h"
#include "common/clock.h"
#include "common/facts.h"
#include "config.h"

const char *session_state_name(enum session_state state)
{
	switch (state) {
	case SESSION_OPEN:
		return "open";
	case SESSION_LINGERING:
		return "lingering";
	case SESSION_ENDING:
		return "ending";
	case SESSION_UNKNOWN:
		break;
	}
	return NULL;
}

/* --- is it PID 1 of a session? --- */

/*
 * Whether PATH is where a session-init is installed, this version's or another's: a session goes on
 * when it is replaced by an upgrade. It is in a directory of the protocol's version; that of 0.1.0
 * was not.
 */
static bool is_session_init(const char *path)
{
	static const char replaced[] = " (deleted)";
	static const char name[] = "/" SESSION_INIT_NAME;
	size_t digits;

	if (strncmp(path, SESSION_INIT_DIRECTORY, strlen(SESSION_INIT_DIRECTORY)) != 0)
		return false;
	path += strlen(SESSION_INIT_DIRECTORY);
	digits = *path == '/' ? strspn(path + 1, "0123456789") : 0;
	if (digits > 0)
		path += 1 + digits;
	if (strncmp(path, name, strlen(name)) != 0)
		return false;
	path += strlen(name);
	return *path == '\0' || strcmp(path, replaced) == 0;
}

enum session_executable session_executable(const struct proc *proc, pid_t pid)
{
	char path[sizeof(SESSION_INIT) + 32];
	int r = proc_link(proc, pid, "exe", path, sizeof(path));

	if (r < 0)
		return EXECUTABLE_UNKNOWN;
	return is_session_init(path) ? EXECUTABLE_SESSION_INIT : EXECUTABLE_OTHER;
}

static bool is_roots_init(const struct proc_status *status)
{
	for (int i = 0; i < 4; i++)
		if (status->uid[i] != 0)
			return false;
	return status->nspid[status->levels - 1] == 1;
}

static bool is_init(const struct proc_status *status, enum session_executable executable)
{
	return is_roots_init(status) && (executable == EXECUTABLE_SESSION_INIT ||
						strcmp(status->name, SESSION_INIT_NAME) == 0);
}

/* --- what PID 1 says of its session --- */

static long long number_or_unknown(const char *text)
{
	long long number;

	return text && string_number(text, &number) == 0 ? number : -1;
}

/* Some applications say "pts/0", some "/dev/pts/0" (pam_set_item(3) asks for the latter). */
static const char *without_dev(const char *tty)
{
	return tty && strncmp(tty, "/dev/", 5) == 0 ? tty + 5 : tty;
}

static int read_facts(const struct proc *proc, struct session *session)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = proc_read(proc, session->init, "environ", &text, &length);

	if (r < 0)
		return r;
	if (length == 0)
		return -ENODATA; /* on its way out: its memory is gone */
	session->user = string_copy(proc_environ(text, length, FACT_USER));
	session->service = string_copy(proc_environ(text, length, FACT_SERVICE));
	session->tty = string_copy(without_dev(proc_environ(text, length, FACT_TTY)));
	session->rhost = string_copy(proc_environ(text, length, FACT_RHOST));
	session->scope = string_copy(proc_environ(text, length, FACT_SCOPE));
	session->uid = number_or_unknown(proc_environ(text, length, FACT_UID));
	session->grace_ms = number_or_unknown(proc_environ(text, length, FACT_GRACE));
	session->start = (time_t)number_or_unknown(proc_environ(text, length, FACT_START));
	return session->user ? 0 : -EINVAL;
}

/* "pam_unshare: USER [SERVICE]": a user's name may hold " [", a service's is a file name. */
static void read_title(const struct proc *proc, struct session *session)
{
	_cleanup_free_ char *title = NULL;
	char *bracket, *at;
	size_t length;

	if (proc_read(proc, session->init, "cmdline", &title, &length) < 0 ||
		strncmp(title, FACT_TITLE, strlen(FACT_TITLE)) != 0)
		return;
	bracket = title;
	for (at = title; (at = strstr(at, " [")); at++)
		bracket = at;
	length = strlen(bracket);
	if (bracket == title || bracket[length - 1] != ']')
		return;
	bracket[length - 1] = '\0';
	session->service = string_copy(bracket + 2);
	*bracket = '\0';
	session->user = string_copy(title + strlen(FACT_TITLE));
}

void session_free(struct session *session)
{
	free(session->logins);
	free(session->user);
	free(session->service);
	free(session->tty);
	free(session->rhost);
	free(session->scope);
	free(session);
}

/* A session of PID as it is now, or NULL if PID is not the PID 1 of one. */
static struct session *session_new(const struct proc *proc, pid_t pid, uint64_t ns,
	const struct proc_status *status, enum session_executable executable)
{
	struct session *session;
	int r;

	if (!is_init(status, executable))
		return NULL;
	session = memory_check(calloc(1, sizeof(*session)));
	session->ns = ns;
	session->init = pid;
	session->level = status->levels - 1;
	session->verified = executable == EXECUTABLE_SESSION_INIT;
	session->uid = session->grace_ms = session->processes = -1;
	session->start = -1;
	r = read_facts(proc, session);
	if (r == -EINVAL || (r == -ENODATA && session->verified)) {
		session_free(session); /* session-init, but not started by the module */
		return NULL;
	}
	if (r < 0)
		read_title(proc, session);
	if (r == -ENODATA || status->state == 'Z')
		session->state = SESSION_ENDING;
	return session;
}

/*
 * The application goes on as soon as PID 1 has let go of the memory that the two shared. PID 1 is
 * then still in execve(2), with no arguments, no environment and perhaps its old name (the kernel's
 * fs/binfmt_elf.c: begin_new_exec comes before create_elf_tables).
 */
static bool may_be_in_execve(const struct proc_status *status, enum session_executable executable)
{
	return executable != EXECUTABLE_OTHER && status->has_memory && is_roots_init(status);
}

static bool is_in_execve(const struct proc *proc, pid_t pid)
{
	_cleanup_free_ char *text = NULL;
	size_t length;

	return proc_read(proc, pid, "cmdline", &text, &length) == 0 && length == 0;
}

struct session *session_read(const struct proc *proc, pid_t pid, uint64_t ns,
	struct proc_status *status, enum session_executable executable, int64_t deadline_ms)
{
	const struct timespec pause = {.tv_nsec = EXECVE_PAUSE_MS * 1000000};
	bool started = false;

	for (;;) {
		struct session *session = session_new(proc, pid, ns, status, executable);

		if ((session && session->user) || started ||
			!may_be_in_execve(status, executable) || clock_now_ms() > deadline_ms)
			return session;
		if (session)
			session_free(session);
		/* What was read of it before is to be read once more when it has started. */
		started = !is_in_execve(proc, pid);
		if (!started)
			nanosleep(&pause, NULL);
		executable = session_executable(proc, pid);
		if (proc_status(proc, pid, status) < 0)
			return NULL;
	}
}
