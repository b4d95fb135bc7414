/* SPDX-License-Identifier: MIT */

#include "read/sessions.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/strings.h"

static time_t read_start(struct proc *proc, pid_t pid)
{
	struct proc_stat stat;

	return proc_stat(proc, pid, &stat) < 0 ? 0 : proc_start(proc, &stat);
}

static void add_session(struct sessions *sessions, struct session *session)
{
	struct pid_namespace *ns = processes_namespace(&sessions->processes, session->ns);

	sessions->list = memory_grow(sessions->list, sessions->count, sizeof(*sessions->list));
	sessions->list[sessions->count++] = session;
	if (session->start <= 0)
		session->start = read_start(sessions->proc, session->init);
	if (session->level == 0)
		sessions->own = session;
	if (ns)
		ns->session = session;
}

/* The session of a namespace, or the one around it: a user's own containers are in the login. */
static struct session *namespace_session(
	struct sessions *sessions, struct pid_namespace *ns, int depth)
{
	uint64_t inode;

	if (ns->session || ns->climbed || depth >= PROC_LEVELS)
		return ns->session ? ns->session : ns->container;
	ns->climbed = true;
	if (ns->inode == sessions->proc->own_pid_ns)
		return NULL;
	if (!ns->first || sessions->proc->parent(sessions->proc, ns->first->pid, &inode) < 0) {
		/* All that a session's /proc shows is in the session. */
		ns->container = sessions->own;
		return ns->container;
	}
	if (processes_namespace(&sessions->processes, inode))
		ns->container = namespace_session(
			sessions, processes_namespace(&sessions->processes, inode), depth + 1);
	return ns->container;
}

struct session *sessions_of(struct sessions *sessions, const struct process *process)
{
	struct pid_namespace *ns = processes_namespace(&sessions->processes, process->ns);

	if (ns)
		return namespace_session(sessions, ns, 0);
	return sessions->own;
}

bool sessions_contains(
	struct sessions *sessions, const struct session *session, const struct process *process)
{
	const struct session *at = sessions_of(sessions, process);

	while (at && at != session)
		at = at->parent;
	return at != NULL;
}

const struct process *sessions_oldest(struct sessions *sessions, const struct session *session)
{
	for (size_t i = 0; i < sessions->processes.count; i++) {
		const struct process *process = &sessions->processes.list[i];

		if (process->pid != session->init && sessions_of(sessions, process) == session)
			return process;
	}
	return NULL;
}

bool sessions_hidden(const struct sessions *sessions)
{
	return !processes_find(&sessions->processes, 1);
}

const char *sessions_none(const struct sessions *sessions)
{
	return sessions_hidden(sessions)
		       ? "No session is seen: /proc hides the processes of others."
		       : "No sessions.";
}

/* A session at the first level below the reader's cannot be inside another. */
static void find_parents(struct sessions *sessions)
{
	for (size_t i = 0; i < sessions->count; i++) {
		struct session *session = sessions->list[i];
		struct pid_namespace *ns;
		uint64_t inode;

		if (session->level == 0)
			continue;
		session->parent = sessions->own;
		if (session->level == 1 || session->ns == 0 ||
			sessions->proc->parent(sessions->proc, session->init, &inode) < 0)
			continue;
		ns = processes_namespace(&sessions->processes, inode);
		if (!ns)
			continue;
		ns->holds = true;
		session->parent = namespace_session(sessions, ns, 0);
	}
}

static void count_processes(struct sessions *sessions)
{
	for (size_t i = 0; i < sessions->count; i++)
		if (sessions->list[i]->ns != 0)
			sessions->list[i]->processes = 0;
	for (size_t i = 0; i < sessions->processes.n_namespaces; i++) {
		struct pid_namespace *ns = &sessions->processes.namespaces[i];
		struct session *at;

		for (at = namespace_session(sessions, ns, 0); at; at = at->parent)
			at->processes += ns->count;
	}
	/* A user sees few namespaces, but in a session every process is the session's. */
	if (sessions->own)
		sessions->own->processes = (long)sessions->processes.count;
}

/*
 * An application's children are born elsewhere. Of the reader's own namespace all are known; of
 * another one it is worth looking for them only if a session was opened in it.
 */
static void find_applications(struct sessions *sessions)
{
	for (size_t i = 0; i < sessions->processes.n_namespaces; i++) {
		if (!sessions->processes.namespaces[i].holds)
			continue;
		for (struct process *p = sessions->processes.namespaces[i].first; p; p = p->next)
			if (p->children == 0)
				process_read_children(p, sessions->proc);
	}
}

static void find_logins(struct sessions *sessions)
{
	for (size_t i = 0; i < sessions->processes.count; i++) {
		struct process *process = &sessions->processes.list[i];
		struct pid_namespace *ns =
			processes_namespace(&sessions->processes, process->children);
		struct session *session = ns ? ns->session : NULL;

		if (!process_is_application(process) || !session || !process->command)
			continue;
		session->logins =
			memory_grow(session->logins, session->n_logins, sizeof(struct application));
		session->logins[session->n_logins++] =
			(struct application){.pid = process->pid, .command = process->command};
	}
}

static void find_states(struct sessions *sessions)
{
	for (size_t i = 0; i < sessions->count; i++) {
		struct session *session = sessions->list[i];

		/* The application of the reader's own session is outside, out of sight. */
		if (session->state != SESSION_UNKNOWN || session->ns == 0 || session->level == 0 ||
			!session->verified)
			continue;
		session->state = session->n_logins > 0    ? SESSION_OPEN
				 : session->processes > 1 ? SESSION_LINGERING
							  : SESSION_ENDING;
	}
}

/*
 * sshd opens the session before it has a terminal, and calls it "ssh" (OpenSSH's auth-pam.c). The
 * real one is that of the session's first process that has one.
 */
static void find_terminals(struct sessions *sessions)
{
	for (size_t i = 0; i < sessions->processes.count; i++) {
		const struct process *process = &sessions->processes.list[i];
		struct pid_namespace *ns = processes_namespace(&sessions->processes, process->ns);
		struct proc_stat stat;
		char name[PROC_TTY];

		if (!ns || !ns->session || !ns->session->tty ||
			strcmp(ns->session->tty, "ssh") != 0 || ns->session->init == process->pid ||
			proc_stat(sessions->proc, process->pid, &stat) < 0 || stat.tty == 0)
			continue;
		free(ns->session->tty);
		ns->session->tty = string_copy(proc_tty_name(stat.tty, name));
	}
}

static int compare_start(const void *a, const void *b)
{
	const struct session *s = *(struct session *const *)a;
	const struct session *t = *(struct session *const *)b;

	if (s->start != t->start)
		return s->start < t->start ? -1 : 1;
	return s->init < t->init ? -1 : s->init > t->init;
}

int sessions_read(struct sessions *sessions, struct proc *proc, bool quick)
{
	int r;

	*sessions = (struct sessions){.proc = proc};
	r = processes_read(&sessions->processes, proc, quick);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sessions->processes.count; i++)
		if (sessions->processes.list[i].session)
			add_session(sessions, sessions->processes.list[i].session);
	find_parents(sessions);
	count_processes(sessions);
	find_applications(sessions);
	find_logins(sessions);
	find_states(sessions);
	find_terminals(sessions);
	if (sessions->count > 0)
		qsort(sessions->list, sessions->count, sizeof(*sessions->list), compare_start);
	return 0;
}

void sessions_free(struct sessions *sessions)
{
	for (size_t i = 0; i < sessions->count; i++)
		session_free(sessions->list[i]);
	free(sessions->list);
	processes_free(&sessions->processes);
	*sessions = (struct sessions){0};
}

/* --- the argument SESSION --- */

static struct session *find_by_process(struct sessions *sessions, pid_t pid)
{
	const struct process *process;
	struct session *session;
	struct pid_namespace *ns;

	for (size_t i = 0; i < sessions->count; i++)
		if (sessions->list[i]->init == pid)
			return sessions->list[i];
	process = processes_find(&sessions->processes, pid);
	if (!process)
		return NULL;
	if (process_is_application(process)) {
		ns = processes_namespace(&sessions->processes, process->children);
		session = sessions_of(sessions, process);
		/* The application, unless it stands in a session itself: then that one is meant. */
		if (ns && ns->session && (!session || session == sessions->own))
			return ns->session;
	}
	return sessions_of(sessions, process);
}

static struct session *find_by_number(struct sessions *sessions, const char *name)
{
	long long number;

	if (string_number(name, &number) < 0 || number <= 0)
		return NULL;
	for (size_t i = 0; i < sessions->count; i++)
		if (sessions->list[i]->ns == (uint64_t)number)
			return sessions->list[i];
	return number <= INT32_MAX ? find_by_process(sessions, (pid_t)number) : NULL;
}

enum session_match sessions_find(
	struct sessions *sessions, const char *name, struct session **session)
{
	*session = find_by_number(sessions, name);
	if (*session)
		return SESSION_FOUND;
	for (size_t i = 0; i < sessions->count; i++) {
		struct session *candidate = sessions->list[i];

		if (!candidate->user || strcmp(candidate->user, name) != 0)
			continue;
		if (*session)
			return SESSION_AMBIGUOUS;
		*session = candidate;
	}
	return *session ? SESSION_FOUND : SESSION_NONE;
}
