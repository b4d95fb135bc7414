/* SPDX-License-Identifier: MIT */

#include "sessions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "cli.h"
#include "cleanup.h"
#include "text.h"

#include "pam_unshare/facts.h"

#define INIT_NAME "session-init" /* its comm: 15 bytes at most */

/* --- PID namespaces, a hash table by inode --- */

struct namespace
{
	uint64_t inode; /* 0: a free slot */
	struct session *session;
	pid_t member; /* some process in it */
	long processes;
	bool climbed;              /* container is known */
	struct session *container; /* the session around a namespace that is none itself */
};

static struct namespace *namespace_slot(struct namespace *table, size_t size, uint64_t inode)
{
	size_t i = (size_t)(inode * 0x9e3779b97f4a7c15ULL >> 32) & (size - 1);

	while (table[i].inode != 0 && table[i].inode != inode)
		i = (i + 1) & (size - 1);
	return &table[i];
}

static struct namespace *namespace_find(const struct sessions *sessions, uint64_t inode)
{
	struct namespace *slot;

	if (sessions->table_size == 0 || inode == 0)
		return NULL;
	slot = namespace_slot(sessions->table, sessions->table_size, inode);
	return slot->inode ? slot : NULL;
}

static void namespace_grow(struct sessions *sessions)
{
	size_t size = sessions->table_size ? sessions->table_size * 2 : 64;
	struct namespace *table = memory_check(calloc(size, sizeof(*table)));

	for (size_t i = 0; i < sessions->table_size; i++)
		if (sessions->table[i].inode != 0)
			*namespace_slot(table, size, sessions->table[i].inode) = sessions->table[i];
	free(sessions->table);
	sessions->table = table;
	sessions->table_size = size;
}

static struct namespace *namespace_add(struct sessions *sessions, uint64_t inode, pid_t member)
{
	struct namespace *slot;

	if (sessions->n_namespaces * 2 >= sessions->table_size)
		namespace_grow(sessions);
	slot = namespace_slot(sessions->table, sessions->table_size, inode);
	if (slot->inode == 0) {
		*slot = (struct namespace){.inode = inode, .member = member};
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

static enum executable read_executable(const struct proc *proc, pid_t pid)
{
	static const char replaced[] = " (deleted)"; /* by an upgrade while the session is open */
	char path[sizeof(SESSION_INIT) + sizeof(replaced)];
	int r = proc_link(proc, pid, "exe", path, sizeof(path));

	if (r < 0)
		return EXECUTABLE_UNKNOWN;
	if (strncmp(path, SESSION_INIT, strlen(SESSION_INIT)) != 0)
		return EXECUTABLE_OTHER;
	if (path[strlen(SESSION_INIT)] == '\0' ||
		strcmp(path + strlen(SESSION_INIT), replaced) == 0)
		return EXECUTABLE_SESSION_INIT;
	return EXECUTABLE_OTHER;
}

static bool is_init(const struct proc_status *status, enum executable executable)
{
	for (int i = 0; i < 4; i++)
		if (status->uid[i] != 0)
			return false;
	if (status->nspid[status->levels - 1] != 1)
		return false;
	return executable == EXECUTABLE_SESSION_INIT || strcmp(status->name, INIT_NAME) == 0;
}

/* --- what PID 1 says of its session --- */

static long long number_or_unknown(const char *text)
{
	long long number;

	return text && text_number(text, &number) == 0 ? number : -1;
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
	session->user = text_copy(proc_environ(text, length, FACT_USER));
	session->service = text_copy(proc_environ(text, length, FACT_SERVICE));
	session->tty = text_copy(without_dev(proc_environ(text, length, FACT_TTY)));
	session->rhost = text_copy(proc_environ(text, length, FACT_RHOST));
	session->scope = text_copy(proc_environ(text, length, FACT_SCOPE));
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
	session->service = text_copy(bracket + 2);
	*bracket = '\0';
	session->user = text_copy(title + strlen(prefix));
}

static void session_free(struct session *session)
{
	for (size_t i = 0; i < session->n_logins; i++)
		free(session->logins[i].command);
	free(session->logins);
	free(session->user);
	free(session->service);
	free(session->tty);
	free(session->rhost);
	free(session->scope);
	free(session);
}

static time_t read_start(struct proc *proc, pid_t pid)
{
	struct proc_stat stat;

	return proc_stat(proc, pid, &stat) < 0 ? 0 : proc_start(proc, &stat);
}

/* A session of PID, or NULL if PID is not the PID 1 of one. */
static struct session *session_read(struct proc *proc, pid_t pid, uint64_t ns,
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
	r = read_facts(proc, session);
	if (r == -EINVAL || (r == -ENODATA && session->verified)) {
		session_free(session); /* session-init, but not started by the module */
		return NULL;
	}
	if (r < 0)
		read_title(proc, session);
	if (r == -ENODATA || status->state == 'Z')
		session->state = SESSION_ENDING;
	if (session->start <= 0)
		session->start = read_start(proc, pid);
	return session;
}

/* --- the scan --- */

static void add_session(struct sessions *sessions, struct session *session)
{
	if (!session)
		return;
	sessions->list = memory_grow(sessions->list, sessions->count, sizeof(*sessions->list));
	sessions->list[sessions->count++] = session;
	if (session->level == 0)
		sessions->own = session;
	if (session->ns != 0)
		namespace_add(sessions, session->ns, session->init)->session = session;
}

/* A process of which the reader sees the namespace. */
static void scan_process(struct sessions *sessions, const struct process *process)
{
	struct proc *proc = sessions->proc;
	struct namespace *ns = namespace_add(sessions, process->ns, process->pid);
	enum executable executable;
	struct proc_status status;

	ns->processes++;
	/* Of one's own namespace PID 1 is PID 1; of another's it may have any number. */
	if (ns->session || (process->ns == proc->own_pid_ns && process->pid != 1))
		return;
	executable = read_executable(proc, process->pid);
	if (executable == EXECUTABLE_OTHER || proc_status(proc, process->pid, &status) < 0)
		return;
	add_session(sessions, session_read(proc, process->pid, process->ns, &status, executable));
}

/* A process of which the reader, a user, sees what ps(1) sees and no more. */
static void scan_foreign_process(struct sessions *sessions, struct process *process)
{
	struct proc *proc = sessions->proc;
	struct proc_status status;

	if (proc_status(proc, process->pid, &status) < 0)
		return;
	if (status.levels == 1)
		process->ns = process->children = proc->own_pid_ns;
	add_session(sessions, session_read(proc, process->pid, process->ns, &status,
				      read_executable(proc, process->pid)));
}

static int scan(struct sessions *sessions)
{
	struct proc *proc = sessions->proc;
	_cleanup_free_ pid_t *pids = NULL;
	size_t count;
	int r = proc_pids(proc, &pids, &count);

	if (r < 0)
		return r;
	sessions->processes = memory_check(calloc(count ? count : 1, sizeof(struct process)));
	for (size_t i = 0; i < count; i++) {
		struct process process = {.pid = pids[i]};

		r = proc_ns(proc, pids[i], "pid", &process.ns);
		if (r == -ENOENT || r == -ESRCH)
			continue;
		if (r < 0) {
			scan_foreign_process(sessions, &process);
		} else {
			/* None where its PID 1 has died, or has yet to be born. */
			if (proc_ns(proc, pids[i], "pid_for_children", &process.children) < 0)
				process.children = 0;
			scan_process(sessions, &process);
		}
		sessions->processes[sessions->n_processes++] = process;
	}
	return 0;
}

/* --- who is in which session --- */

/* The session of a namespace, or the one around it: a user's own containers are in the login. */
static struct session *namespace_session(struct sessions *sessions, struct namespace *ns, int depth)
{
	uint64_t inode;

	if (ns->session || ns->climbed || depth >= PROC_LEVELS)
		return ns->session ? ns->session : ns->container;
	ns->climbed = true;
	if (ns->inode == sessions->proc->own_pid_ns)
		return NULL;
	if (sessions->proc->parent(sessions->proc, ns->member, &inode) < 0) {
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
	struct namespace *ns = namespace_find(sessions, process->ns);

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

/* A session at the first level below the reader's cannot be inside another. */
static void find_parents(struct sessions *sessions)
{
	for (size_t i = 0; i < sessions->count; i++) {
		struct session *session = sessions->list[i];
		struct namespace *ns;
		uint64_t inode;

		if (session->level == 0)
			continue;
		session->parent = sessions->own;
		if (session->level == 1 || session->ns == 0 ||
			sessions->proc->parent(sessions->proc, session->init, &inode) < 0)
			continue;
		ns = namespace_find(sessions, inode);
		if (ns)
			session->parent = namespace_session(sessions, ns, 0);
	}
}

static void count_processes(struct sessions *sessions)
{
	for (size_t i = 0; i < sessions->count; i++)
		if (sessions->list[i]->ns != 0)
			sessions->list[i]->processes = 0;
	for (size_t i = 0; i < sessions->table_size; i++) {
		struct namespace *ns = &sessions->table[i];
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

static void add_login(struct sessions *sessions, const struct process *process)
{
	struct namespace *ns = namespace_find(sessions, process->children);
	struct session *session = ns ? ns->session : NULL;
	char *command;

	if (!session)
		return;
	command = proc_comm(sessions->proc, process->pid);
	if (!command)
		return;
	session->logins = memory_grow(session->logins, session->n_logins, sizeof(struct login));
	session->logins[session->n_logins++] =
		(struct login){.pid = process->pid, .command = command};
}

static void find_logins(struct sessions *sessions)
{
	for (size_t i = 0; i < sessions->n_processes; i++) {
		const struct process *process = &sessions->processes[i];

		if (process->children != 0 && process->children != process->ns)
			add_login(sessions, process);
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
		struct namespace *ns = namespace_find(sessions, process->ns);
		struct proc_stat stat;
		char name[TEXT_TIME];

		if (!ns || !ns->session || !ns->session->tty ||
			strcmp(ns->session->tty, "ssh") != 0 || ns->session->init == process->pid ||
			proc_stat(sessions->proc, process->pid, &stat) < 0 || stat.tty == 0)
			continue;
		free(ns->session->tty);
		ns->session->tty = text_copy(proc_tty_name(stat.tty, name, sizeof(name)));
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

int sessions_read(struct sessions *sessions, struct proc *proc)
{
	int r;

	*sessions = (struct sessions){.proc = proc};
	r = scan(sessions);
	if (r < 0)
		return r;
	find_parents(sessions);
	count_processes(sessions);
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
	free(sessions->processes);
	free(sessions->table);
	*sessions = (struct sessions){0};
}

/* --- the argument SESSION --- */

static struct session *find_by_process(struct sessions *sessions, pid_t pid)
{
	const struct process *process;
	struct session *session;
	struct namespace *ns;

	for (size_t i = 0; i < sessions->count; i++)
		if (sessions->list[i]->init == pid)
			return sessions->list[i];
	process = sessions_process(sessions, pid);
	if (!process)
		return NULL;
	if (process->children != process->ns) {
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

	if (text_number(name, &number) < 0 || number <= 0)
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

static void print_choice(const struct session *session)
{
	char since[TEXT_TIME];
	_cleanup_free_ char *ns = session->ns ? text_format("%llu", (unsigned long long)session->ns)
					      : text_format("init %d", (int)session->init);

	text_print(stderr, "  %-12s %s [%s] since %s%s%s\n", ns,
		session->user ? session->user : "?", session->service ? session->service : "?",
		text_time_long(session->start, time(NULL), since, sizeof(since)),
		session->rhost ? " from " : "", session->rhost ? session->rhost : "");
}

struct session *sessions_choose(struct sessions *sessions, const char *name)
{
	struct session *session;
	enum session_match match = sessions_find(sessions, name, &session);

	if (match == SESSION_FOUND)
		return session;
	if (sessions->count == 0) {
		cli_error("no session \"%s\": there is none here at all", name);
		return NULL;
	}
	if (match == SESSION_AMBIGUOUS)
		cli_error("%s has more than one session; choose one of:", name);
	else
		cli_error("no session \"%s\"; there are:", name);
	for (size_t i = 0; i < sessions->count; i++) {
		const char *user = sessions->list[i]->user;

		if (match == SESSION_NONE || (user && strcmp(user, name) == 0))
			print_choice(sessions->list[i]);
	}
	return NULL;
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
