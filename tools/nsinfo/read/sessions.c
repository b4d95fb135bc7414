/* SPDX-License-Identifier: MIT */

#include "read/sessions.h"

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
#include "read/parallel.h"

#define INIT_NAME "session-init" /* its comm: 15 bytes at most */

/* --- PID namespaces, a hash table by inode --- */

struct pid_namespace {
	uint64_t inode; /* 0: a free slot */
	struct session *session;
	struct process *first, **last; /* its processes */
	long processes;
	bool held;                 /* by an application in the reader's namespace */
	bool holds;                /* a session was opened in it, other than the reader's */
	bool climbed;              /* container is known */
	struct session *container; /* the session around a namespace that is none itself */
};

static struct pid_namespace *namespace_slot(
	struct pid_namespace *table, size_t size, uint64_t inode)
{
	size_t i = (size_t)(inode * 0x9e3779b97f4a7c15ULL >> 32) & (size - 1);

	while (table[i].inode != 0 && table[i].inode != inode)
		i = (i + 1) & (size - 1);
	return &table[i];
}

static struct pid_namespace *namespace_find(const struct sessions *sessions, uint64_t inode)
{
	struct pid_namespace *slot;

	if (sessions->table_size == 0 || inode == 0)
		return NULL;
	slot = namespace_slot(sessions->table, sessions->table_size, inode);
	return slot->inode ? slot : NULL;
}

static void namespace_grow(struct sessions *sessions)
{
	size_t size = sessions->table_size ? sessions->table_size * 2 : 64;
	struct pid_namespace *table = memory_check(calloc(size, sizeof(*table)));

	for (size_t i = 0; i < sessions->table_size; i++)
		if (sessions->table[i].inode != 0)
			*namespace_slot(table, size, sessions->table[i].inode) = sessions->table[i];
	free(sessions->table);
	sessions->table = table;
	sessions->table_size = size;
}

static struct pid_namespace *namespace_add(struct sessions *sessions, uint64_t inode)
{
	struct pid_namespace *slot;

	if (sessions->n_namespaces * 2 >= sessions->table_size)
		namespace_grow(sessions);
	slot = namespace_slot(sessions->table, sessions->table_size, inode);
	if (slot->inode == 0) {
		*slot = (struct pid_namespace){.inode = inode};
		sessions->n_namespaces++;
	}
	return slot;
}

/* --- is it PID 1 of a session? --- */

enum executable {
	EXECUTABLE_SESSION_INIT,
	EXECUTABLE_OTHER,
	EXECUTABLE_UNKNOWN, /* not for this reader to see; or PID 1 has let go of its memory */
};

/*
 * Whether PATH is where a session-init is installed, this version's or another's: a session goes on
 * when it is replaced by an upgrade. It is in a directory of the protocol's version; that of 0.1.0
 * was not.
 */
static bool is_session_init(const char *path)
{
	static const char replaced[] = " (deleted)";
	static const char name[] = "/" INIT_NAME;
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

static enum executable read_executable(const struct proc *proc, pid_t pid)
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

static bool is_init(const struct proc_status *status, enum executable executable)
{
	return is_roots_init(status) &&
	       (executable == EXECUTABLE_SESSION_INIT || strcmp(status->name, INIT_NAME) == 0);
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
	static const char prefix[] = "pam_unshare: ";
	_cleanup_free_ char *title = NULL;
	char *bracket, *at;
	size_t length;

	if (proc_read(proc, session->init, "cmdline", &title, &length) < 0 ||
		strncmp(title, prefix, strlen(prefix)) != 0)
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
	session->user = string_copy(title + strlen(prefix));
}

static void session_free(struct session *session)
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
	const struct proc_status *status, enum executable executable)
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
static bool may_be_in_execve(const struct proc_status *status, enum executable executable)
{
	return executable != EXECUTABLE_OTHER && status->has_memory && is_roots_init(status);
}

static bool is_in_execve(const struct proc *proc, pid_t pid)
{
	_cleanup_free_ char *text = NULL;
	size_t length;

	return proc_read(proc, pid, "cmdline", &text, &length) == 0 && length == 0;
}

/* The same, once PID has got through execve. */
static struct session *session_read(const struct sessions *sessions, pid_t pid, uint64_t ns,
	struct proc_status *status, enum executable executable)
{
	const struct timespec pause = {.tv_nsec = EXECVE_PAUSE_MS * 1000000};
	const struct proc *proc = sessions->proc;
	bool started = false;

	for (;;) {
		struct session *session = session_new(proc, pid, ns, status, executable);

		if ((session && session->user) || started ||
			!may_be_in_execve(status, executable) ||
			clock_now_ms() > sessions->deadline_ms)
			return session;
		if (session)
			session_free(session);
		/* What was read of it before is to be read once more when it has started. */
		started = !is_in_execve(proc, pid);
		if (!started)
			nanosleep(&pause, NULL);
		executable = read_executable(proc, pid);
		if (proc_status(proc, pid, status) < 0)
			return NULL;
	}
}

/* --- the scan: what can be read of each process by itself runs in parallel() --- */

/*
 * What "status" would say of a PID 1 whose application stands in the reader's own namespace,
 * without reading that file, which costs as much as all others together. Its owner is known from
 * the directory (always the effective uid: proc_pid(5)); session-init exits unless it is PID 1.
 * Only where root has entered a nested session by setns(2) from here is the level a deeper one, and
 * a list's PROCS and PARENT off by that: so the commands that act do not use it.
 */
static int quick_status(const struct sessions *sessions, const struct pid_namespace *ns, pid_t pid,
	struct proc_status *status)
{
	uid_t owner;

	if (!sessions->quick || !ns->held || proc_owner(sessions->proc, pid, &owner) < 0)
		return -ENODATA;
	*status = (struct proc_status){
		.state = 'S',
		.has_memory = true, /* or its executable would not have been seen */
		.uid = {owner, owner, owner, owner},
		.nspid = {pid, 1},
		.levels = 2,
	};
	return 0;
}

static struct session *read_init(
	const struct sessions *sessions, const struct pid_namespace *ns, pid_t pid)
{
	enum executable executable = read_executable(sessions->proc, pid);
	struct proc_status status;

	if (executable == EXECUTABLE_OTHER)
		return NULL;
	if ((executable == EXECUTABLE_UNKNOWN || quick_status(sessions, ns, pid, &status) < 0) &&
		proc_status(sessions->proc, pid, &status) < 0)
		return NULL;
	return session_read(sessions, pid, ns->inode, &status, executable);
}

/* A process of which the reader, a user, sees what ps(1) sees and no more. */
static void scan_foreign_process(const struct sessions *sessions, struct process *process)
{
	const struct proc *proc = sessions->proc;
	struct proc_status status;

	if (proc_status(proc, process->pid, &status) < 0) {
		process->pid = 0;
		return;
	}
	if (status.levels == 1)
		process->ns = proc->own_pid_ns;
	process->session = session_read(
		sessions, process->pid, process->ns, &status, read_executable(proc, process->pid));
}

static bool is_application(const struct process *process)
{
	return process->children != 0 && process->children != process->ns;
}

/* Are its children born elsewhere? Then what is it called? */
static void scan_children(const struct proc *proc, struct process *process)
{
	if (proc_ns(proc, process->pid, "pid_for_children", &process->children) < 0)
		process->children = 0; /* its PID 1 has died, or has yet to be born */
	if (is_application(process))
		process->command = proc_comm(proc, process->pid);
}

/* Every process: one link, and those of the reader's namespace a second. */
static void scan_process(void *data, size_t index)
{
	struct sessions *sessions = data;
	const struct proc *proc = sessions->proc;
	struct process *process = &sessions->processes[index];
	int r = proc_ns(proc, process->pid, "pid", &process->ns);

	if (r == -EACCES || r == -EPERM)
		scan_foreign_process(sessions, process);
	else if (r < 0)
		process->pid = 0;
	else if (process->ns == proc->own_pid_ns)
		scan_children(proc, process);
}

/* Every namespace: its first process is PID 1, unless the PIDs have wrapped around since. */
static void scan_namespace(void *data, size_t index)
{
	struct sessions *sessions = data;
	struct pid_namespace *ns = &sessions->table[index];

	if (ns->inode == 0)
		return;
	for (struct process *p = ns->first; p; p = p->next) {
		/* Of one's own namespace PID 1 is PID 1; of another's it may have any number. */
		if (ns->inode == sessions->proc->own_pid_ns && p->pid != 1)
			continue;
		if (!p->session)
			p->session = read_init(sessions, ns, p->pid);
		if (p->session)
			return;
	}
}

static int list_processes(struct sessions *sessions)
{
	_cleanup_free_ pid_t *pids = NULL;
	size_t count;
	int r = proc_pids(sessions->proc, &pids, &count);

	if (r < 0)
		return r;
	sessions->processes = memory_check(calloc(count ? count : 1, sizeof(struct process)));
	sessions->n_processes = count;
	for (size_t i = 0; i < count; i++)
		sessions->processes[i].pid = pids[i];
	return 0;
}

static void drop_vanished(struct sessions *sessions)
{
	size_t kept = 0;

	for (size_t i = 0; i < sessions->n_processes; i++)
		if (sessions->processes[i].pid != 0)
			sessions->processes[kept++] = sessions->processes[i];
	sessions->n_processes = kept;
}

static void group_by_namespace(struct sessions *sessions)
{
	for (size_t i = 0; i < sessions->n_processes; i++)
		if (sessions->processes[i].ns != 0)
			namespace_add(sessions, sessions->processes[i].ns);
	for (size_t i = 0; i < sessions->table_size; i++)
		sessions->table[i].last = &sessions->table[i].first;
	for (size_t i = 0; i < sessions->n_processes; i++) {
		struct process *process = &sessions->processes[i];
		struct pid_namespace *ns = namespace_find(sessions, process->ns);

		if (!ns)
			continue;
		*ns->last = process;
		ns->last = &process->next;
		ns->processes++;
		ns = namespace_find(sessions, process->children);
		if (ns && is_application(process))
			ns->held = true;
	}
}

static time_t read_start(struct proc *proc, pid_t pid)
{
	struct proc_stat stat;

	return proc_stat(proc, pid, &stat) < 0 ? 0 : proc_start(proc, &stat);
}

static void add_session(struct sessions *sessions, struct session *session)
{
	struct pid_namespace *ns = namespace_find(sessions, session->ns);

	sessions->list = memory_grow(sessions->list, sessions->count, sizeof(*sessions->list));
	sessions->list[sessions->count++] = session;
	if (session->start <= 0)
		session->start = read_start(sessions->proc, session->init);
	if (session->level == 0)
		sessions->own = session;
	if (ns)
		ns->session = session;
}

static int scan(struct sessions *sessions)
{
	int r = list_processes(sessions);

	if (r < 0)
		return r;
	parallel(sessions->n_processes, scan_process, sessions);
	drop_vanished(sessions);
	group_by_namespace(sessions);
	parallel(sessions->table_size, scan_namespace, sessions);
	for (size_t i = 0; i < sessions->n_processes; i++)
		if (sessions->processes[i].session)
			add_session(sessions, sessions->processes[i].session);
	return 0;
}

/* --- who is in which session --- */

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
	if (namespace_find(sessions, inode))
		ns->container =
			namespace_session(sessions, namespace_find(sessions, inode), depth + 1);
	return ns->container;
}

struct session *sessions_of(struct sessions *sessions, const struct process *process)
{
	struct pid_namespace *ns = namespace_find(sessions, process->ns);

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

const struct process *sessions_process(const struct sessions *sessions, pid_t pid)
{
	for (size_t i = 0; i < sessions->n_processes; i++)
		if (sessions->processes[i].pid == pid)
			return &sessions->processes[i];
	return NULL;
}

const struct process *sessions_oldest(struct sessions *sessions, const struct session *session)
{
	for (size_t i = 0; i < sessions->n_processes; i++) {
		const struct process *process = &sessions->processes[i];

		if (process->pid != session->init && sessions_of(sessions, process) == session)
			return process;
	}
	return NULL;
}

bool sessions_hidden(const struct sessions *sessions)
{
	return !sessions_process(sessions, 1);
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
		ns = namespace_find(sessions, inode);
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
	for (size_t i = 0; i < sessions->table_size; i++) {
		struct pid_namespace *ns = &sessions->table[i];
		struct session *at;

		if (ns->inode == 0 || ns->processes == 0)
			continue;
		for (at = namespace_session(sessions, ns, 0); at; at = at->parent)
			at->processes += ns->processes;
	}
	/* A user sees few namespaces, but in a session every process is the session's. */
	if (sessions->own)
		sessions->own->processes = (long)sessions->n_processes;
}

/*
 * An application's children are born elsewhere. Of the reader's own namespace all are known; of
 * another one it is worth looking for them only if a session was opened in it.
 */
static void find_applications(struct sessions *sessions)
{
	for (size_t i = 0; i < sessions->table_size; i++) {
		if (!sessions->table[i].holds)
			continue;
		for (struct process *p = sessions->table[i].first; p; p = p->next)
			if (p->children == 0)
				scan_children(sessions->proc, p);
	}
}

static void find_logins(struct sessions *sessions)
{
	for (size_t i = 0; i < sessions->n_processes; i++) {
		struct process *process = &sessions->processes[i];
		struct pid_namespace *ns = namespace_find(sessions, process->children);
		struct session *session = ns ? ns->session : NULL;

		if (!is_application(process) || !session || !process->command)
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
	for (size_t i = 0; i < sessions->n_processes; i++) {
		const struct process *process = &sessions->processes[i];
		struct pid_namespace *ns = namespace_find(sessions, process->ns);
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

	*sessions = (struct sessions){
		.proc = proc, .quick = quick, .deadline_ms = clock_now_ms() + EXECVE_LIMIT_MS};
	r = scan(sessions);
	if (r < 0)
		return r;
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
	for (size_t i = 0; i < sessions->n_processes; i++)
		free(sessions->processes[i].command);
	free(sessions->list);
	free(sessions->processes);
	free(sessions->table);
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
	process = sessions_process(sessions, pid);
	if (!process)
		return NULL;
	if (is_application(process)) {
		ns = namespace_find(sessions, process->children);
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
