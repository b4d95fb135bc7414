/* SPDX-License-Identifier: MIT */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/descriptors.h"
#include "common/facts.h"
#include "common/limits.h"
#include "common/syscalls.h"
#include "procfs/replace.h"

/*
 *   application                     waits for the starter, then for PID 1
 *   `- starter                      unshare(CLONE_NEWPID), starts PID 1, exits
 *      `- PID 1                     mounts, drops privileges, execs session-init
 *
 * The application itself cannot unshare and clone: PID 1 would be its child. A clone has no exit
 * signal, so that an application that waits for any of its children never sees the starter
 * (wait(2), __WCLONE).
 *
 * All three share the application's memory. Hence the rule for everything that runs between a clone
 * and its execve(2), here, in procfs/replace.c and in
 * the walks of procfs/reach.c: no malloc, no stdio, no lock. Another thread may hold
 * the lock, and a clone that is killed with it would leave the application waiting for ever. So
 * is errno shared, and the application would see what a clone leaves there: it does nothing but
 * wait while PID 1 works, and takes no errno for its own afterwards.
 */
#define STACK_SIZE (32 * 1024)

struct chain {
	struct launch *launch;
	char *stack; /* of the starter; PID 1's is above */
	pid_t pid;
	int pidfd;
	int working;   /* PID 1 shares memory with the application; the kernel clears it */
	int executing; /* PID 1 got as far as execve */
	int result;    /* what failed, in whichever of the two; 0 while nothing did */
	struct error *error;
};

/*
 * The limits that a user may lower, in the application that su or sudo is, and that would end PID 1
 * or keep it from its work: each is to be no lower than this. RLIMIT_SIGPENDING, because a signal
 * that finds no room in the queue arrives without its sender (kernel/signal.c,
 * __send_signal_locked), and would look as if it came from the host.
 */
static const struct {
	int resource;
	rlim_t least;
} least_limits[] = {
	{RLIMIT_CPU, RLIM_INFINITY},
	{RLIMIT_RTTIME, RLIM_INFINITY},
	{RLIMIT_FSIZE, RLIM_INFINITY},
	{RLIMIT_DATA, RLIM_INFINITY},
	{RLIMIT_AS, RLIM_INFINITY},
	{RLIMIT_STACK, 8UL << 20},
	{RLIMIT_SIGPENDING, 1024},
};

static int raise_limit(int resource, rlim_t least)
{
	struct rlimit limit;

	if (sys_prlimit(resource, NULL, &limit) == -1)
		return -1;
	if (limit.rlim_cur >= least)
		return 0;
	limit.rlim_cur = least;
	if (limit.rlim_max < least)
		limit.rlim_max = least;
	return sys_prlimit(resource, &limit, NULL);
}

/*
 * As many files as PID 1 watches when a session is full, and what carrying out the plan takes: a
 * user may have a thousand mounts that hide a procfs (fuse.conf(5)). Without CAP_SYS_RESOURCE as
 * far as it goes; fewer logins find room then (init/logins.c).
 */
static void raise_files(rlim_t least)
{
	struct rlimit limit;

	if (raise_limit(RLIMIT_NOFILE, least) == -1 &&
		sys_prlimit(RLIMIT_NOFILE, NULL, &limit) == 0)
		raise_limit(RLIMIT_NOFILE, limit.rlim_max);
}

static int raise_limits(void)
{
	for (size_t i = 0; i < sizeof(least_limits) / sizeof(*least_limits); i++)
		if (raise_limit(least_limits[i].resource, least_limits[i].least) == -1)
			return -1;
	return 0;
}

/*
 * What a process inherits (fork(2)) and a user may choose: PID 1 starts with the system's defaults
 * in its place. All of it is PID 1's alone, though it shares the application's memory. So
 * oom_score_adj is not here: the kernel changes that of all who share memory (fs/proc/base.c,
 * __set_oom_adj), and session-init does it.
 *
 * If the kernel refuses (a container without CAP_SYS_NICE or CAP_SYS_RESOURCE), a session of one
 * login goes on: its user harms nobody else.
 */
static int take_defaults(const struct launch *launch, struct error *error)
{
	const struct sys_sched_attr normal = {.size = sizeof(normal), .policy = SCHED_OTHER};
	unsigned char all_cpus[1024]; /* more than there can be: the kernel takes its cpuset's */

	memset(all_cpus, 0xff, sizeof(all_cpus));
	if (sys_sched_setattr(&normal) == 0 &&
		sys_sched_setaffinity(sizeof(all_cpus), all_cpus) == 0 &&
		prctl(PR_SET_TIMERSLACK, 50000L) == 0 && raise_limits() == 0)
		return 0;
	if (launch->listener == -1)
		return 0;
	error_explain(error, errno, "give the PID 1 of a shared session the system's limits", NULL,
		"the application lacks CAP_SYS_NICE or CAP_SYS_RESOURCE, as is usual in a "
		"container",
		"grant both, or start it with the default priority and limits");
	return -LAUNCH_KEEPS_LIMITS;
}

/*
 * Leave PID 1 CAP_KILL, for as long as it lives, and what session-init needs when it starts:
 * CAP_SETPCAP to empty its bounding set, forty system calls that a login need not wait for, and
 * CAP_SYS_RESOURCE for its oom_score_adj. A container may not grant the latter, and session-init
 * can do without. Being uid 0 gives it no capability at execve any more (SECBIT_NOROOT), so it gets
 * these as ambient ones.
 */
static int drop_privileges(struct error *error)
{
	__u32 set = 1U << CAP_KILL | 1U << CAP_SETPCAP;
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (sys_capget(&header, data) == -1)
		return error_set(error, errno, "look at the capabilities of PID 1", NULL);
	if (prctl(PR_CAPBSET_READ, CAP_SYS_RESOURCE) == 1)
		set |= data[0].permitted & 1U << CAP_SYS_RESOURCE;
	data[0] = (struct __user_cap_data_struct){set, set, set};
	data[1] = (struct __user_cap_data_struct){0};

	/* Not glibc's: see syscalls.h. su runs with the caller's real uid, who could then signal
	 * it. */
	if (sys_setgroups(0, NULL) == -1 || sys_setresgid(0, 0, 0) == -1 ||
		sys_setresuid(0, 0, 0) == -1)
		return error_set(error, errno, "become root in PID 1", NULL);
	if (prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED) == -1)
		return error_set(error, errno, "make root unprivileged in PID 1", NULL);
	if (sys_capset(&header, data) == -1)
		return error_set(error, errno, "drop the capabilities of PID 1", NULL);
	for (unsigned long c = 0; c < 32; c++)
		if ((set & 1U << c) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0) == -1)
			return error_set(error, errno, "keep the capabilities of PID 1", NULL);
	return 0;
}

/* Leave the descriptors that facts.h promises, and no other: some hold the host's secrets. */
static int arrange_descriptors(const struct launch *launch, int procfs, struct error *error)
{
	const int first_free = FACT_FD_CGROUP + 1;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct {
		int from, to;
	} move[] = {
		{null, STDIN_FILENO},
		{null, STDOUT_FILENO},
		{null, STDERR_FILENO},
		{launch->application, FACT_FD_APPLICATION},
		{launch->channel, FACT_FD_CHANNEL},
		{procfs, FACT_FD_PROC},
		{launch->listener, FACT_FD_LISTENER}, /* these are -1 if nobody may join */
		{launch->directory, FACT_FD_DIRECTORY},
		{launch->cgroup, FACT_FD_CGROUP},
	};
	const size_t count = sizeof(move) / sizeof(*move);
	int last = 0;

	if (null == -1)
		return error_set(error, errno, "open", "/dev/null");
	/* First out of the way of each other, then into place: dup2 ends with close-on-exec off. */
	for (size_t i = 0; i < count; i++) {
		if (move[i].from == -1)
			continue;
		move[i].from = fcntl(move[i].from, F_DUPFD_CLOEXEC, first_free);
		if (move[i].from == -1)
			return error_set(error, errno == EINVAL ? EMFILE : errno,
				"arrange the descriptors of PID 1", NULL);
	}
	for (size_t i = 0; i < count; i++) {
		if (move[i].from == -1)
			continue;
		if (dup2(move[i].from, move[i].to) == -1)
			return error_set(error, errno, "arrange the descriptors of PID 1", NULL);
		last = move[i].to > last ? move[i].to : last;
	}
	if (sys_close_range((unsigned int)last + 1, ~0U) == -1)
		return error_set(
			error, errno, "close the application's descriptors in PID 1", NULL);
	return 0;
}

/*
 * The SELinux domain in which session-init runs is the application's. Two things would change it,
 * to the domain of the user, in which it could not do its work: pam_selinux has told the kernel in
 * which context the application's next program is to run, the user's shell, and a clone inherits
 * that (setexeccon(3)); and for sudo and su of confined users the policy has such a change at each
 * program. So PID 1 says that its own next program stays in this context. It is each task's own:
 * the application's shell runs as pam_selinux said.
 *
 * Not for AppArmor, which takes other words in this file. What SELinux refuses here, execve(2)
 * shows.
 */
static void stay_in_context(void)
{
	char context[256];
	int fd = openat(FACT_FD_PROC, "self/attr/exec", O_WRONLY | O_CLOEXEC);
	int current =
		fd == -1 ? -1 : openat(FACT_FD_PROC, "self/attr/current", O_RDONLY | O_CLOEXEC);
	ssize_t length = current == -1 ? -1 : read(current, context, sizeof(context));

	if (length > 0 && (size_t)length < sizeof(context)) /* a longer one would be cut */
		(void)!write(fd, context, (size_t)length);
	descriptor_close(&current);
	descriptor_close(&fd);
}

/* If session-init is not there: a package may be being unpacked, and nobody is refused for that. */
static int execute(const struct launch *launch, struct error *error)
{
	const struct timespec pause = {.tv_nsec = EXECUTE_PAUSE_MS * 1000000L};

	for (int tries = 0; tries < EXECUTE_TRIES; tries++) {
		execve(launch->path, launch->argv, launch->environment);
		if (errno != ENOENT)
			break;
		nanosleep(&pause, NULL);
		errno = ENOENT;
	}
	error_set(error, errno, "execute", launch->path);
	error->remedy = error->code == ENOENT
				? "if pam_unshare is being upgraded, log in again when that is "
				  "done; else reinstall it"
				: "reinstall pam_unshare: its session-init has to be executable, "
				  "and on a file system that is not mounted noexec";
	return -error->code;
}

static int become_init(struct chain *chain)
{
	struct launch *launch = chain->launch;
	struct error *error = chain->error;
	int64_t start;
	int procfs, result;

	/* A slave gets what the host mounts later (a home, a USB disk), and gives nothing back. */
	if (mount(NULL, "/", NULL, MS_REC | (launch->private ? MS_PRIVATE : MS_SLAVE), NULL) == -1)
		return error_set(error, errno, "switch off mount propagation to the host", NULL);
	raise_files(FACT_FILES + procfs_files(launch->plan));
	start = launch->timed ? clock_now_us() : 0;
	procfs = procfs_replace(launch->plan, error);
	if (procfs < 0)
		return procfs;
	if (launch->timed)
		launch->procfs_us = clock_now_us() - start;
	if (setsid() == -1 || chdir("/") == -1)
		return error_set(
			error, errno, "leave the application's session and directory", NULL);
	result = arrange_descriptors(launch, procfs, error);
	if (result < 0)
		return result;
	/* Late: what the login waits for is done at the priority that the application has. */
	result = take_defaults(launch, error);
	if (result < 0)
		return result;
	result = drop_privileges(error);
	if (result < 0)
		return result;
	if (launch->selinux)
		stay_in_context();
	chain->executing = 1;
	return execute(launch, error);
}

static int init_main(void *argument)
{
	struct chain *chain = argument;

	chain->result = become_init(chain);
	_exit(1);
}

static int starter_main(void *argument)
{
	struct chain *chain = argument;

	if (unshare(CLONE_NEWPID) == -1) {
		chain->result = error_set(chain->error, errno, "create a PID namespace", NULL);
		_exit(1);
	}
	/* The starter shares the application's descriptors, so the pidfd arrives there. */
	chain->pid = clone(init_main, chain->stack + 2 * STACK_SIZE,
		CLONE_VM | CLONE_PIDFD | CLONE_CHILD_CLEARTID, chain, &chain->pidfd, NULL,
		&chain->working);
	if (chain->pid == -1)
		chain->result = error_set(chain->error, errno, "start PID 1", NULL);
	_exit(0);
}

/*
 * Wait until PID 1 has a memory of its own or none: the kernel then clears the word and wakes who
 * waits for it (clone(2), CLONE_CHILD_CLEARTID; kernel/fork.c, mm_release: exit and execve alike).
 * Returns whether it happened in time.
 */
static int wait_for_init(struct chain *chain, long seconds)
{
	struct timespec deadline;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += seconds;
	while (__atomic_load_n(&chain->working, __ATOMIC_ACQUIRE) != 0)
		if (sys_futex_wait(&chain->working, 1, &deadline) == -1 && errno == ETIMEDOUT)
			return 0;
	return 1;
}

/* Kill PID 1 where it was born. Returns whether it is certain to need its stack no more. */
static int end_init(struct chain *chain)
{
	if (chain->pidfd == -1)
		return 1;
	sys_pidfd_send_signal(chain->pidfd, SIGKILL);
	return wait_for_init(chain, 1);
}

static int refuse_killed(struct error *error, const char *reason)
{
	return error_explain(error, EINTR, "start PID 1", NULL, reason,
		"look in the kernel's log: memory may be short, or a seccomp filter kills it");
}

static int run_chain(struct chain *chain)
{
	pid_t starter;
	int status;

	/*
	 * If the application adopts its descendants' orphans, PID 1 would become its child
	 * (PR_SET_CHILD_SUBREAPER): not while the starter exits.
	 */
	int subreaper = 0;

	if (prctl(PR_GET_CHILD_SUBREAPER, &subreaper) == -1 ||
		(subreaper && prctl(PR_SET_CHILD_SUBREAPER, 0) == -1))
		return error_set(
			chain->error, errno, "keep PID 1 from being the application's child", NULL);
	starter = clone(starter_main, chain->stack + STACK_SIZE,
		CLONE_VM | CLONE_VFORK | CLONE_FILES, chain);
	if (starter == -1)
		chain->result = error_set(chain->error, errno, "start the starter of PID 1", NULL);
	else if (waitpid(starter, &status, __WCLONE) == -1)
		chain->result =
			error_set(chain->error, errno, "wait for the starter of PID 1", NULL);
	else if (chain->result == 0 && status != 0)
		chain->result =
			refuse_killed(chain->error, "the process that starts it was killed");
	else if (chain->result == 0 && !wait_for_init(chain, LAUNCH_LIMIT_S))
		chain->result = error_explain(chain->error, ETIMEDOUT, "start PID 1", NULL,
			"it was not ready after 10 s",
			"look for a mount or a disk that does not answer");
	else if (chain->result == 0 && !chain->executing)
		chain->result = refuse_killed(chain->error, "it was killed");
	if (subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1) == -1 && chain->result == 0)
		chain->result = error_set(
			chain->error, errno, "adopt orphans again in the application", NULL);
	return chain->result;
}

int launch_init(struct launch *launch, pid_t *pid, int *pidfd, struct error *error)
{
	struct chain chain = {.launch = launch, .pidfd = -1, .working = 1, .error = error};
	int result;

	*pidfd = -1;
	chain.stack = mmap(NULL, 2 * STACK_SIZE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (chain.stack == MAP_FAILED)
		return error_set(
			error, errno, "allocate the stacks of PID 1 and its starter", NULL);
	result = run_chain(&chain);
	*pid = chain.pid;
	*pidfd = chain.pidfd;
	/* A PID 1 that does not die in time (stuck on a dead disk) may still need its stack. */
	if (result == 0 || end_init(&chain))
		munmap(chain.stack, 2 * STACK_SIZE);
	return result;
}
