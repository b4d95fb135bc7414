/* SPDX-License-Identifier: MIT */

#include "read/processes.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/memory.h"
#include "common/clock.h"
#include "read/parallel.h"

struct scan {
	const struct proc *proc;
	struct processes *processes;
	bool quick;
	int64_t deadline_ms; /* until when PID 1s that are still being started are waited for */
};

/* --- what can be read of each process by itself runs in parallel() --- */

/*
 * What "status" would say of a PID 1 whose application stands in the reader's own namespace,
 * without reading that file, which costs as much as all others together. Its owner is known from
 * the directory (always the effective uid: proc_pid(5)); session-init exits unless it is PID 1.
 * If root has entered a nested session by setns(2) from here, the level is a deeper one, and a
 * list's PROCS and PARENT are off by that: so the commands that act do not use it.
 */
static int quick_status(const struct scan *scan, const struct pid_namespace *ns, pid_t pid,
	struct proc_status *status)
{
	uid_t owner;

	if (!scan->quick || !ns->held || proc_owner(scan->proc, pid, &owner) < 0)
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

static struct session *read_init(const struct scan *scan, const struct pid_namespace *ns, pid_t pid)
{
	enum session_executable executable = session_executable(scan->proc, pid);
	struct proc_status status;

	if (executable == EXECUTABLE_OTHER)
		return NULL;
	if ((executable == EXECUTABLE_UNKNOWN || quick_status(scan, ns, pid, &status) < 0) &&
		proc_status(scan->proc, pid, &status) < 0)
		return NULL;
	return session_read(scan->proc, pid, ns->inode, &status, executable, scan->deadline_ms);
}

/* A process of which the reader, a user, sees what ps(1) sees and no more. */
static void scan_foreign_process(const struct scan *scan, struct process *process)
{
	const struct proc *proc = scan->proc;
	struct proc_status status;

	if (proc_status(proc, process->pid, &status) < 0) {
		process->pid = 0;
		return;
	}
	if (status.levels == 1)
		process->ns = proc->own_pid_ns;
	process->session = session_read(proc, process->pid, process->ns, &status,
		session_executable(proc, process->pid), scan->deadline_ms);
}

bool process_is_application(const struct process *process)
{
	return process->children != 0 && process->children != process->ns;
}

/* Are its children born elsewhere? Then what is it called? */
void process_read_children(struct process *process, const struct proc *proc)
{
	if (proc_ns(proc, process->pid, "pid_for_children", &process->children) < 0)
		process->children = 0; /* its PID 1 has died, or has yet to be born */
	if (process_is_application(process))
		process->command = proc_comm(proc, process->pid);
}

/* Every process: one link, and those of the reader's namespace a second. */
static void scan_process(void *data, size_t index)
{
	const struct scan *scan = data;
	const struct proc *proc = scan->proc;
	struct process *process = &scan->processes->list[index];
	int r = proc_ns(proc, process->pid, "pid", &process->ns);

	if (r == -EACCES || r == -EPERM)
		scan_foreign_process(scan, process);
	else if (r < 0)
		process->pid = 0;
	else if (process->ns == proc->own_pid_ns)
		process_read_children(process, proc);
}

/* Every namespace: its first process is PID 1, unless the PIDs have wrapped around since. */
static void scan_namespace(void *data, size_t index)
{
	const struct scan *scan = data;
	struct pid_namespace *ns = &scan->processes->namespaces[index];

	for (struct process *p = ns->first; p; p = p->next) {
		/* Of one's own namespace PID 1 is PID 1; of another's it may have any number. */
		if (ns->inode == scan->proc->own_pid_ns && p->pid != 1)
			continue;
		if (!p->session)
			p->session = read_init(scan, ns, p->pid);
		if (p->session)
			return;
	}
}

static int list_processes(struct processes *processes, const struct proc *proc)
{
	_cleanup_free_ pid_t *pids = NULL;
	size_t count;
	int r = proc_pids(proc, &pids, &count);

	if (r < 0)
		return r;
	processes->list = memory_check(calloc(count ? count : 1, sizeof(struct process)));
	processes->count = count;
	for (size_t i = 0; i < count; i++)
		processes->list[i].pid = pids[i];
	return 0;
}

static void drop_vanished(struct processes *processes)
{
	size_t kept = 0;

	for (size_t i = 0; i < processes->count; i++)
		if (processes->list[i].pid != 0)
			processes->list[kept++] = processes->list[i];
	processes->count = kept;
}

/* --- PID namespaces --- */

static int compare_inodes(const void *a, const void *b)
{
	const struct pid_namespace *s = a, *t = b;

	return s->inode < t->inode ? -1 : s->inode > t->inode;
}

struct pid_namespace *processes_namespace(const struct processes *processes, uint64_t inode)
{
	const struct pid_namespace key = {.inode = inode};

	if (processes->n_namespaces == 0)
		return NULL;
	return bsearch(&key, processes->namespaces, processes->n_namespaces,
		sizeof(*processes->namespaces), compare_inodes);
}

/* Each namespace that a process is known to be in, once. */
static void list_namespaces(struct processes *processes)
{
	struct pid_namespace *list =
		memory_check(calloc(processes->count ? processes->count : 1, sizeof(*list)));
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < processes->count; i++)
		if (processes->list[i].ns != 0)
			list[count++].inode = processes->list[i].ns;
	qsort(list, count, sizeof(*list), compare_inodes);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || list[kept - 1].inode != list[i].inode)
			list[kept++].inode = list[i].inode;
	processes->namespaces = list;
	processes->n_namespaces = kept;
}

static void group_by_namespace(struct processes *processes)
{
	list_namespaces(processes);
	for (size_t i = processes->count; i-- > 0;) {
		struct process *process = &processes->list[i];
		struct pid_namespace *ns = processes_namespace(processes, process->ns);

		if (!ns)
			continue;
		process->next = ns->first;
		ns->first = process;
		ns->count++;
		ns = processes_namespace(processes, process->children);
		if (ns && process_is_application(process))
			ns->held = true;
	}
}

int processes_read(struct processes *processes, const struct proc *proc, bool quick)
{
	struct scan scan = {
		.proc = proc,
		.processes = processes,
		.quick = quick,
		.deadline_ms = clock_now_ms() + EXECVE_LIMIT_MS,
	};
	int r;

	*processes = (struct processes){0};
	r = list_processes(processes, proc);
	if (r < 0)
		return r;
	parallel(processes->count, scan_process, &scan);
	drop_vanished(processes);
	group_by_namespace(processes);
	parallel(processes->n_namespaces, scan_namespace, &scan);
	return 0;
}

void processes_free(struct processes *processes)
{
	for (size_t i = 0; i < processes->count; i++)
		free(processes->list[i].command);
	free(processes->list);
	free(processes->namespaces);
	*processes = (struct processes){0};
}

const struct process *processes_find(const struct processes *processes, pid_t pid)
{
	for (size_t i = 0; i < processes->count; i++)
		if (processes->list[i].pid == pid)
			return &processes->list[i];
	return NULL;
}
