/* SPDX-License-Identifier: MIT */
#include "tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/ptrace.h"
#include "application.h"
#include "common/protocol.h"
#include "common/syscalls.h"

struct trace *trace;

/* In memory that the application and its tracer share. */
static struct control {
	enum {
		IDLE,
		BEGINS, /* the application asks to be traced */
		TRACED,
		REFUSED, /* the kernel lets nobody trace */
	} state;
	struct disturbance list[TRACER_DISTURBANCES + 1];
	char calls[TRACER_DISTURBANCES][TRACER_CALL_SIZE];
} * control;

enum role {
	UNKNOWN, /* until its parent's stop tells */
	APPLICATION,
	STARTER,
	INIT,
};

/* Who is traced, or was. A login that is tried anew has a starter and a PID 1 for each try. */
static struct tracee {
	pid_t pid;
	enum role role;
	bool newborn;   /* it has stopped, and its parent has not */
	bool holds;     /* the child that it is about to have */
	bool gone;      /* it has ended, or executed session-init, or is held for good */
	bool returning; /* the call that it is in is not made, and returns this: */
	long result;
	bool closing; /* the call that it is in is close(2) */
} tracees[64];

#define TRACEES (sizeof(tracees) / sizeof(*tracees))

static unsigned int seen[TRACER_DISTURBANCES]; /* how many calls each disturbance was for */
static bool noting, over;

/*
 * Calls and how they are noted.
 */

/* What stands for an argument: see describe. */
static const struct known {
	long number;
	const char *name;
	const char *arguments;
	bool by_init_alone; /* of itself: for the application it would be for good */
} known[] = {
	{SYS_openat, "openat", "dp"},
	{SYS_openat2, "openat2", "dp"},
	{SYS_open_tree, "open_tree", "dp"},
	{SYS_newfstatat, "stat", "dp"},
	{SYS_statx, "statx", "dp"},
	{SYS_fstat, "fstat", "f"},
	{SYS_statfs, "statfs", "p"},
	{SYS_fstatfs, "fstatfs", "f"},
	{SYS_mkdirat, "mkdir", "dpo"},
	{SYS_unlinkat, "unlinkat", "dp"},
#ifdef SYS_stat
	{SYS_stat, "stat", "p"},
	{SYS_open, "openat", "p"},
	{SYS_mkdir, "mkdir", "po"},
	{SYS_poll, "poll", "  n"},
	{SYS_dup2, "dup2", " n"},
#endif
	{SYS_ppoll, "poll", "  t"},
	{SYS_dup3, "dup2", " n"},
	{SYS_getcwd, "getcwd", ""},
	{SYS_chdir, "chdir", "p"},
	{SYS_fchdir, "fchdir", "f"},
	{SYS_chroot, "chroot", "p"},
	{SYS_lseek, "lseek", "f"},
	{SYS_read, "read", "f"},
	{SYS_close, "close", ""},
	{SYS_fcntl, "fcntl", "fw"},
	{SYS_ioctl, "ioctl", "fw"},
	{SYS_setsockopt, "setsockopt", "  w"},
	{SYS_socket, "socket", "w"},
	{SYS_socketpair, "socketpair", " w"},
	{SYS_bind, "bind", ""},
	{SYS_listen, "listen", ""},
	{SYS_connect, "connect", ""},
	{SYS_shutdown, "shutdown", ""},
	{SYS_sendto, "send", " c"},
	{SYS_recvfrom, "recv", ""},
	{SYS_sendmsg, "sendmsg", ""},
	{SYS_recvmsg, "recvmsg", ""},
	{SYS_unshare, "unshare", "w"},
	{SYS_setns, "setns", "fw"},
	{SYS_clone, "clone", "w"},
	{SYS_wait4, "waitpid", ""},
	{SYS_execve, "execve", ""},
	{SYS_exit_group, "exit", ""},
	{SYS_exit, "exit", ""},
	{SYS_pidfd_open, "pidfd_open", ""},
	{SYS_pidfd_send_signal, "pidfd_send_signal", " n"},
	{SYS_prctl, "prctl", "wn"},
	{SYS_futex, "futex", ""},
	{SYS_clock_nanosleep, "nanosleep", ""},
	{SYS_rt_sigprocmask, "sigprocmask", "  b"},
	{SYS_mremap, "mremap", ""},
	{SYS_madvise, "madvise", ""},
	{SYS_capget, "capget", ""},
	{SYS_mount, "mount", " p w", true},
	{SYS_umount2, "umount2", "p", true},
	{SYS_move_mount, "move_mount", "f dpw", true},
	{SYS_fsopen, "fsopen", "p", true},
	{SYS_fsconfig, "fsconfig", " wp", true},
	{SYS_fsmount, "fsmount", "", true},
	{SYS_close_range, "close_range", "n", true},
	{SYS_setsid, "setsid", "", true},
	{SYS_setgroups, "setgroups", "n", true},
	{SYS_setresuid, "setresuid", "nnn", true},
	{SYS_setresgid, "setresgid", "nnn", true},
	{SYS_capset, "capset", "", true},
	{SYS_sched_setattr, "sched_setattr", "", true},
	{SYS_sched_setaffinity, "sched_setaffinity", "", true},
	{SYS_prlimit64, "prlimit", " w"},
	{TRACER_ALLOCATES, "", "p"},
	{TRACER_MAPS, "mmap", ""},
	{TRACER_FREES, NULL, ""},
};

/* The words of an argument: the first of the call that it has all bits of, or is. */
static const struct word {
	long number;
	unsigned long bits;
	bool is; /* these and no others */
	const char *word;
} words[] = {
	{SYS_unshare, CLONE_NEWNS, false, "CLONE_NEWNS"},
	{SYS_unshare, CLONE_NEWPID, true, "CLONE_NEWPID"},
	{SYS_unshare, CLONE_FS, true, "CLONE_FS"},
	{SYS_setns, CLONE_NEWNS | CLONE_NEWPID, false, "CLONE_NEWPID|CLONE_NEWNS"},
	{SYS_setns, CLONE_NEWNS, true, "CLONE_NEWNS"},
	{SYS_setns, CLONE_NEWPID, true, "CLONE_NEWPID"},
	{SYS_setns, CLONE_NEWTIME, true, "CLONE_NEWTIME"},
	{SYS_clone, CLONE_PIDFD, false, "PID 1"},
	{SYS_clone, CLONE_VFORK, false, "starter"},
	{SYS_prctl, PR_GET_CHILD_SUBREAPER, true, "PR_GET_CHILD_SUBREAPER"},
	{SYS_prctl, PR_SET_CHILD_SUBREAPER, true, "PR_SET_CHILD_SUBREAPER"},
	{SYS_prctl, PR_SET_SECUREBITS, true, "PR_SET_SECUREBITS"},
	{SYS_prctl, PR_CAP_AMBIENT, true, "PR_CAP_AMBIENT"},
	{SYS_prctl, PR_SET_TIMERSLACK, true, "PR_SET_TIMERSLACK"},
	{SYS_prctl, PR_CAPBSET_READ, true, "PR_CAPBSET_READ"},
	{SYS_prlimit64, RLIMIT_AS, true, "RLIMIT_AS"},
	{SYS_prlimit64, RLIMIT_DATA, true, "RLIMIT_DATA"},
	{SYS_prlimit64, RLIMIT_NOFILE, true, "RLIMIT_NOFILE"},
	{SYS_prlimit64, RLIMIT_CPU, true, "RLIMIT_CPU"},
	{SYS_prlimit64, RLIMIT_RTTIME, true, "RLIMIT_RTTIME"},
	{SYS_prlimit64, RLIMIT_FSIZE, true, "RLIMIT_FSIZE"},
	{SYS_prlimit64, RLIMIT_STACK, true, "RLIMIT_STACK"},
	{SYS_prlimit64, RLIMIT_SIGPENDING, true, "RLIMIT_SIGPENDING"},
	{SYS_fcntl, F_OFD_SETLK, true, "F_OFD_SETLK"},
	{SYS_fcntl, F_DUPFD_CLOEXEC, true, "F_DUPFD_CLOEXEC"},
	{SYS_ioctl, SIOCSIFFLAGS, true, "SIOCSIFFLAGS"},
	{SYS_ioctl, _IOR(0xb7, 0x5, uint64_t), true, "NS_GET_MNTNS_ID"},
	{SYS_setsockopt, SO_PASSCRED, true, "SO_PASSCRED"},
	{SYS_socket, AF_INET, true, "AF_INET"},
	{SYS_socket, AF_UNIX, true, "AF_UNIX"},
	{SYS_socketpair, SOCK_SEQPACKET, false, "SOCK_SEQPACKET"},
	{SYS_socketpair, SOCK_DGRAM, false, "SOCK_DGRAM"},
	{SYS_mount, MS_REC | MS_SLAVE, true, "MS_REC|MS_SLAVE"},
	{SYS_mount, MS_REC | MS_PRIVATE, true, "MS_REC|MS_PRIVATE"},
	{SYS_mount, MS_PRIVATE, true, "MS_PRIVATE"},
	{SYS_move_mount, MOVE_MOUNT_BENEATH, false, "beneath"},
	{SYS_move_mount, MOVE_MOUNT_T_EMPTY_PATH, false, "onto"},
	{SYS_fsconfig, SYSCALLS_FSCONFIG_CMD_CREATE, true, "create"},
	{SYS_fsconfig, SYSCALLS_FSCONFIG_SET_STRING, true, "set"},
	{SYS_fsconfig, SYSCALLS_FSCONFIG_SET_FLAG, true, "set"},
};

/*
 * What always holds of an argument: these bits are set. No descriptor is born that a child could
 * inherit, no path is followed that a user can change, nobody is waited for without an end.
 */
static const struct rule {
	long number;
	int argument;
	unsigned long bits;
	const char *rule;
} rules[] = {
	{SYS_openat, 2, O_CLOEXEC, "O_CLOEXEC"},
	{SYS_open_tree, 2, OPEN_TREE_CLOEXEC, "OPEN_TREE_CLOEXEC"},
	{SYS_socket, 1, SOCK_CLOEXEC, "SOCK_CLOEXEC"},
	{SYS_socketpair, 1, SOCK_CLOEXEC, "SOCK_CLOEXEC"},
	{SYS_fsopen, 1, FSOPEN_CLOEXEC, "FSOPEN_CLOEXEC"},
	{SYS_fsmount, 1, FSMOUNT_CLOEXEC, "FSMOUNT_CLOEXEC"},
	{SYS_recvmsg, 2, MSG_CMSG_CLOEXEC, "MSG_CMSG_CLOEXEC"},
	{SYS_sendto, 3, MSG_NOSIGNAL, "no SIGPIPE"},
	{SYS_sendmsg, 2, MSG_NOSIGNAL, "no SIGPIPE"},
	{SYS_recvfrom, 3, MSG_DONTWAIT, "MSG_DONTWAIT"},
	{SYS_statx, 2, AT_STATX_DONT_SYNC, "that no server of a user's is asked"},
	{SYS_umount2, 1, MNT_DETACH, "MNT_DETACH"},
	{SYS_futex, 3, ~0UL, "an end of the wait"}, /* any bit */
	{SYS_ppoll, 2, ~0UL, "an end of the wait"},
	{SYS_wait4, 2, __WCLONE, "that no child of the application's is waited for"},
	{SYS_clone, 0, CLONE_VM, "no copy of the application"},
};

__attribute__((format(printf, 1, 2))) static void violate(const char *format, ...)
{
	va_list arguments;

	if (trace->violation[0] != '\0')
		return;
	va_start(arguments, format);
	vsnprintf(trace->violation, sizeof(trace->violation), format, arguments);
	va_end(arguments);
}

/* Up to SIZE bytes of its memory, as text: up to the end of a page in any case. */
static const char *read_text(pid_t pid, uint64_t address, char *text, size_t size)
{
	const size_t page = 4096 - address % 4096;
	struct iovec here = {text, size - 1};
	struct iovec there[] = {
		{(void *)(uintptr_t)address, page < size - 1 ? page : size - 1},
		{(void *)(uintptr_t)(address + page), page < size - 1 ? size - 1 - page : 0},
	};

	memset(text, 0, size);
	if (process_vm_readv(pid, &here, 1, there, 2, 0) == -1)
		text[0] = '\0';
	return text;
}

static long read_milliseconds(pid_t pid, uint64_t address)
{
	struct timespec time;
	struct iovec here = {&time, sizeof(time)};
	struct iovec there = {(void *)(uintptr_t)address, sizeof(time)};

	if (process_vm_readv(pid, &here, 1, &there, 1, 0) != sizeof(time))
		return -1;
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Whether this is a pidfd of the application. */
static bool is_application(pid_t pid, int fd)
{
	char path[64], line[128];
	int found = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)pid, fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Pid: %d", &found) == 1)
			break;
	if (file)
		fclose(file);
	return found == tracees[0].pid;
}

/* "/proc/4001/mountinfo" as "/proc/PID/mountinfo": the same in each run. */
static void hide_pid(char *path)
{
	char pid[16];
	char *at;

	snprintf(pid, sizeof(pid), "/%d/", (int)tracees[0].pid);
	at = strstr(path, pid);
	if (at) {
		memmove(at + strlen("/PID/"), at + strlen(pid), strlen(at + strlen(pid)) + 1);
		memcpy(at, "/PID/", strlen("/PID/"));
	}
}

/* What a descriptor is open on: a path, "mnt" for a namespace, "socket", "pidfd of PID 1". */
static void name_descriptor(pid_t pid, int fd, char *name, size_t size)
{
	char path[64], target[300] = "";

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
	if (readlink(path, target, 255) == -1)
		snprintf(target, sizeof(target), "closed");
	if (strstr(target, "pidfd"))
		snprintf(target, sizeof(target), "pidfd of %s",
			is_application(pid, fd) ? "the application" : "PID 1");
	else if (strncmp(target, "anon_inode:", strlen("anon_inode:")) == 0)
		memmove(target, target + strlen("anon_inode:"),
			strlen(target) + 1 - strlen("anon_inode:"));
	else if (target[0] != '/')
		target[strcspn(target, ":")] = '\0';
	else
		hide_pid(target);
	snprintf(name, size, "%.*s", (int)size - 1, target);
}

static const char *word_of(long number, unsigned long bits)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (words[i].number == number &&
			(words[i].is ? bits == words[i].bits
				     : (bits & words[i].bits) == words[i].bits))
			return words[i].word;
	return "?";
}

#define ARGUMENT_SIZE 96

/* A path, from the directory that it is relative to. What differs from run to run is left out. */
static void name_path(pid_t pid, uint64_t address, int directory, char part[ARGUMENT_SIZE])
{
	const char meet[] = RUN_DIRECTORY "/", descriptor[] = "self/fd/";
	char base[ARGUMENT_SIZE] = "", path[ARGUMENT_SIZE / 2];

	read_text(pid, address, path, sizeof(path));
	if (path[0] != '/' && directory != AT_FDCWD)
		name_descriptor(pid, directory, base, sizeof(path));
	if (base[0] != '\0' && path[0] != '\0' && strcmp(base, "/") != 0)
		strcat(base, "/");
	snprintf(part, ARGUMENT_SIZE, "%s%s", base, path);
	if (strncmp(path, descriptor, strlen(descriptor)) == 0)
		part[strlen(descriptor)] = '\0';
	if (strncmp(part, meet, strlen(meet)) == 0 && part[strlen(meet)] <= '9')
		strcpy(part + strlen(meet), "NAME");
}

/*
 * An argument as text. KIND p is a path, f a descriptor, w what has a word, n a number, o an octal
 * one, t a time, c the first byte of a message, b whether a signal mask is to be filled.
 */
static void name_argument(pid_t pid, const struct known *call, char kind, uint64_t argument,
	int directory, char part[ARGUMENT_SIZE])
{
	part[0] = '\0';
	if (kind == 'p')
		name_path(pid, argument, directory, part);
	else if (kind == 'f')
		name_descriptor(pid, (int)argument, part, ARGUMENT_SIZE);
	else if (kind == 'w')
		strcpy(part, word_of(call->number, argument));
	else if (kind == 'n' && argument < 1000000) /* else it is an address */
		snprintf(part, ARGUMENT_SIZE, "%d", (int)argument);
	else if (kind == 't')
		snprintf(part, ARGUMENT_SIZE, "%ld", read_milliseconds(pid, argument));
	else if (kind == 'o')
		snprintf(part, ARGUMENT_SIZE, "%o", (unsigned int)argument);
	else if (kind == 'c')
		read_text(pid, argument, part, 2);
	else if (kind == 'b')
		strcpy(part, argument ? "block" : "restore");
}

static void describe(const struct tracee *tracee, const struct known *call,
	const uint64_t *arguments, char *text)
{
	static const char *const roles[] = {"unknown: ", "", "starter: ", "PID 1: "};
	int directory = AT_FDCWD;
	char part[ARGUMENT_SIZE];
	size_t length;

	strcpy(text, roles[tracee->role]);
	strcat(text, call->name);
	for (size_t i = 0; call->arguments[i] != '\0'; i++) {
		if (call->arguments[i] == 'd') /* the directory of the path behind it */
			directory = (int)arguments[i];
		name_argument(tracee->pid, call, call->arguments[i], arguments[i], directory, part);
		length = strlen(text);
		if (part[0] != '\0')
			snprintf(text + length, TRACER_CALL_SIZE - length, "%s%s",
				length > 0 ? " " : "", part);
	}
}

/*
 * The rules.
 */

static void check_open_how(pid_t pid, uint64_t address, const char *text)
{
	const __u64 no_links = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
	struct sys_open_how how = {0};
	struct iovec here = {&how, sizeof(how)}, there = {(void *)(uintptr_t)address, sizeof(how)};

	if (process_vm_readv(pid, &here, 1, &there, 1, 0) != sizeof(how) ||
		(how.resolve & no_links) != no_links || !(how.flags & O_CLOEXEC))
		violate("%s: a path is walked that a user could have changed", text);
}

/* PID 1 lowers none. The application changes those of memory, and puts them back (add_limits). */
static void check_limit(pid_t pid, enum role role, const uint64_t *arguments, const char *text)
{
	struct rlimit new, old;
	struct iovec here = {&new, sizeof(new)},
		     there = {(void *)(uintptr_t)arguments[2], sizeof(new)};

	if (role == APPLICATION && (arguments[1] == RLIMIT_AS || arguments[1] == RLIMIT_DATA))
		return;
	if (role != INIT || process_vm_readv(pid, &here, 1, &there, 1, 0) != sizeof(new) ||
		prlimit(pid, (int)arguments[1], NULL, &old) == -1 || new.rlim_cur < old.rlim_cur ||
		new.rlim_max < old.rlim_max)
		violate("%s: a limit is changed", text);
}

static void check_signals_are_blocked(pid_t pid, const char *text)
{
	const uint64_t can_be_blocked =
		0x7fffffff & ~(1U << (SIGKILL - 1)) & ~(1U << (SIGSTOP - 1));
	uint64_t blocked;

	if (ptrace(PTRACE_GETSIGMASK, pid, sizeof(blocked), &blocked) == -1 ||
		(blocked & can_be_blocked) != can_be_blocked)
		violate("%s: signals could arrive", text);
}

static void check_rules(const struct tracee *tracee, const struct known *call,
	const uint64_t *arguments, const char *text)
{
	const enum role role = tracee->role;
	const pid_t pid = tracee->pid;

	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		const uint64_t bits = arguments[rules[i].argument] & rules[i].bits;

		if (rules[i].number == call->number &&
			(rules[i].bits == ~0UL ? bits == 0 : bits != rules[i].bits))
			violate("%s: without %s", text, rules[i].rule);
	}
	if (role != INIT && call->by_init_alone)
		violate("%s: another process than PID 1 does that", text);
	if (role != APPLICATION && call->number == TRACER_ALLOCATES)
		violate("%s: it shares memory with the application", text);
	if (call->number == SYS_openat2)
		check_open_how(pid, arguments[2], text);
	if (call->number == SYS_prlimit64 && arguments[2] != 0)
		check_limit(pid, role, arguments, text);
	if (call->number == SYS_unshare || call->number == SYS_clone)
		check_signals_are_blocked(pid, text);
	if (call->number == SYS_clone && (arguments[0] & (CSIGNAL | CLONE_FS)))
		violate("%s: no child in disguise", text);
	if (call->number == SYS_fcntl && arguments[1] == F_DUPFD)
		violate("%s: without F_DUPFD_CLOEXEC", text);
	if (call->number == SYS_statx && role == INIT &&
		arguments[2] != (AT_EMPTY_PATH | AT_STATX_DONT_SYNC))
		violate("%s: by a path", text);
#ifdef SYS_poll
	if (call->number == SYS_poll && (int)arguments[2] < 0)
		violate("%s: it may wait for ever", text);
#endif
	if (call->number == SYS_umount2 && strcmp(text, "PID 1: umount2 .") != 0 &&
		strcmp(text, "PID 1: umount2 self/fd/") != 0)
		violate("%s: by a path", text);
}

/*
 * Calls are noted, and disturbed.
 */

void tracer_in_application(void (*act)(void))
{
	char path[64];
	pid_t child = fork();

	if (child == 0) {
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)tracees[0].pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		CHECK(fd != -1 && setns(fd, CLONE_NEWNS) == 0);
		act();
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

/* How the call is to be disturbed, or NULL. */
static const struct disturbance *disturbance_of(const char *text)
{
	const struct disturbance *found = NULL;

	for (size_t i = 0; control->list[i].call; i++) {
		const struct disturbance *d = &control->list[i];

		if (d->whole ? strcmp(text, d->call) != 0
			     : strncmp(text, d->call, strlen(d->call)) != 0)
			continue;
		seen[i]++;
		if (!found && (d->number == 0 || d->number == seen[i]))
			found = d;
	}
	return found;
}

static void disturb(struct tracee *tracee, const struct disturbance *d)
{
	trace->disturbed[d - control->list]++;
	switch (d->how) {
	case TRACER_RETURNS:
		ptrace_skip_call(tracee->pid);
		tracee->returning = true;
		tracee->result = d->result;
		break;
	case TRACER_KILLS:
		kill(tracee->pid, SIGKILL);
		break;
	case TRACER_HOLDS_CHILD:
		tracee->holds = true;
		break;
	case TRACER_ACTS:
		d->act();
		break;
	}
}

static const struct known *find_call(long number)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i].number == number)
			return &known[i];
	return NULL;
}

/*
 * Whether the call is the module's: from the limits of memory that it looks at, or from the message
 * of a byte that ends the session, until libpam tells audit(8).
 */
static bool is_the_modules(const struct known *call, const uint64_t *arguments)
{
	if (call->number == SYS_prlimit64 || (call->number == SYS_sendto && arguments[2] == 1))
		noting = true;
	if (call->number == SYS_socket && arguments[0] == AF_NETLINK)
		over = true;
	return noting && !over;
}

static void at_entry(struct tracee *tracee, const struct __ptrace_syscall_info *info)
{
	const struct known *call = find_call((long)info->entry.nr);
	const uint64_t *arguments = (const uint64_t *)info->entry.args;
	const struct disturbance *d;
	char *text;

	if (!call || !is_the_modules(call, arguments))
		return;
	if (!call->name) {
		if (tracee->role != APPLICATION)
			violate("memory that is shared with the application is freed");
		return;
	}
	/* What is tried for a second takes many calls: the last of them stay under one number. */
	text = trace->calls[trace->count < TRACER_CALLS ? trace->count++ : TRACER_CALLS - 1];
	describe(tracee, call, arguments, text);
	check_rules(tracee, call, arguments, text);
	tracee->closing = call->number == SYS_close;
	d = disturbance_of(text);
	if (d)
		disturb(tracee, d);
}

static void at_exit(struct tracee *tracee, const struct __ptrace_syscall_info *info)
{
	if (tracee->returning)
		ptrace_set_result(tracee->pid, tracee->result);
	else if (tracee->closing && info->exit.rval == -EBADF)
		violate("a descriptor was closed that is not open");
	tracee->returning = tracee->closing = false;
}

/*
 * PID 1 as session-init finds itself.
 */

static void read_file(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = fd == -1 ? 0 : read(fd, text, size - 1);
	if (fd != -1)
		close(fd);
	for (ssize_t i = 0; i < length; i++)
		if (text[i] == '\0')
			text[i] = '\n';
}

static void note_init(pid_t pid)
{
	for (int fd = 0; fd < TRACER_FDS; fd++) {
		name_descriptor(pid, fd, trace->fds[fd], sizeof(*trace->fds));
		if (strcmp(trace->fds[fd], "closed") == 0)
			trace->fds[fd][0] = '\0';
	}
	read_file(pid, "cmdline", trace->title, sizeof(trace->title));
	read_file(pid, "environ", trace->environment, sizeof(trace->environment));
	trace->executed = true;
}

/*
 * The tracer.
 */

static struct tracee *find_tracee(pid_t pid)
{
	struct tracee *free = NULL;

	for (size_t i = 0; i < TRACEES; i++) {
		if (tracees[i].pid == pid)
			return &tracees[i];
		if (!free && (tracees[i].pid == 0 || (i > 0 && tracees[i].gone)))
			free = &tracees[i];
	}
	if (!free)
		_exit(1); /* and the application is killed */
	*free = (struct tracee){.pid = pid};
	return free;
}

/* A child of the application is the starter, and its child PID 1. */
static void note_birth(const struct tracee *parent)
{
	unsigned long pid;
	struct tracee *child;

	ptrace(PTRACE_GETEVENTMSG, parent->pid, NULL, &pid);
	child = find_tracee((pid_t)pid);
	child->role = parent->role == APPLICATION ? STARTER : INIT;
	if (child->role == INIT)
		trace->init = child->pid;
	child->gone = parent->holds;
	if (child->newborn && !child->gone)
		ptrace(PTRACE_SYSCALL, child->pid, NULL, NULL);
}

/* Returns whether the application wants no tracer any more. */
static bool at_call(struct tracee *tracee)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->pid, sizeof(info), &info) == -1)
		return false;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		at_exit(tracee, &info);
	else if (info.entry.nr == TRACER_END)
		return true;
	else
		at_entry(tracee, &info);
	return false;
}

/* Somebody has stopped: it goes on, as it is to. Returns as at_call. */
static bool at_stop(struct tracee *tracee, int status)
{
	const int event = status >> 16;
	int signal = WSTOPSIG(status);

	if (event == PTRACE_EVENT_EXEC) {
		note_init(tracee->pid);
		tracee->gone = true;
		ptrace(PTRACE_DETACH, tracee->pid, NULL, NULL);
		return false;
	}
	if (event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE)
		note_birth(tracee);
	if (tracee->role == UNKNOWN) {
		tracee->newborn = true;
		return false;
	}
	if (signal == (SIGTRAP | 0x80)) {
		if (at_call(tracee))
			return true;
		signal = 0;
	}
	if (!tracee->gone)
		ptrace(PTRACE_SYSCALL, tracee->pid, NULL, event ? 0 : signal);
	return false;
}

/* Each PID 1 has executed session-init, or will not. */
static bool inits_are_over(void)
{
	for (size_t i = 1; i < TRACEES; i++)
		if (tracees[i].pid != 0 && !tracees[i].gone)
			return false;
	return true;
}

static bool attach(pid_t application)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
			     PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	int status;

	memset(tracees, 0, sizeof(tracees));
	memset(seen, 0, sizeof(seen));
	noting = over = false;
	tracees[0] = (struct tracee){.pid = application, .role = APPLICATION};
	return ptrace(PTRACE_SEIZE, application, NULL, options) == 0 &&
	       ptrace(PTRACE_INTERRUPT, application, NULL, NULL) == 0 &&
	       waitpid(application, &status, __WALL) == application;
}

/* From tracer_begin to tracer_end. */
static void follow(pid_t application)
{
	bool ends = false;
	int status;
	pid_t pid;

	ptrace(PTRACE_SYSCALL, application, NULL, NULL);
	while (!ends || !inits_are_over()) {
		pid = waitpid(-1, &status, __WALL);
		if (pid == application && !WIFSTOPPED(status))
			_exit(0);
		if (WIFSTOPPED(status))
			ends |= at_stop(find_tracee(pid), status);
		else
			find_tracee(pid)->gone = true;
	}
	control->state = IDLE;
	ptrace(PTRACE_DETACH, application, NULL, NULL);
}

/* It ends with the application's process group (application.c). */
__attribute__((noreturn)) static void run_tracer(pid_t application)
{
	sys_close_range(3, ~0U);
	for (;;) {
		while (__atomic_load_n(&control->state, __ATOMIC_ACQUIRE) != BEGINS)
			usleep(50);
		if (attach(application)) {
			control->state = TRACED;
			follow(application);
		} else {
			control->state = REFUSED;
		}
	}
}

/*
 * No child of the application's, also where that adopts orphans. It stays: what the application
 * starts while it has a session open is born inside.
 */
void tracer_prepare(void)
{
	static pid_t owner;
	const pid_t application = getpid();
	int subreaper;
	pid_t child;

	if (owner == application)
		return;
	owner = application;
	CHECK(access("/proc/self", F_OK) == 0, "too late: a session is open");

	trace = mmap(
		NULL, sizeof(*trace), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	control = mmap(
		NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(trace != MAP_FAILED && control != MAP_FAILED);
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY); /* for Yama, which knows it or not */
	CHECK(prctl(PR_GET_CHILD_SUBREAPER, &subreaper) == 0);
	CHECK(prctl(PR_SET_CHILD_SUBREAPER, 0) == 0);
	fflush(NULL);
	child = fork();
	CHECK(child != -1);
	if (child == 0) {
		if (fork() == 0)
			run_tracer(application);
		_exit(0);
	}
	CHECK(waitpid(child, NULL, 0) == child);
	CHECK(prctl(PR_SET_CHILD_SUBREAPER, subreaper) == 0);
}

static void copy_disturbances(const struct disturbance *list)
{
	size_t count = 0;

	for (; list && list->call; list++, count++) {
		CHECK(count < TRACER_DISTURBANCES && strlen(list->call) < TRACER_CALL_SIZE);
		control->list[count] = *list;
		control->list[count].call = strcpy(control->calls[count], list->call);
	}
	control->list[count].call = NULL;
}

void tracer_begin(const struct disturbance *list)
{
	tracer_prepare();
	memset(&trace->count, 0, sizeof(*trace) - offsetof(struct trace, count));
	copy_disturbances(list);
	__atomic_store_n(&control->state, BEGINS, __ATOMIC_RELEASE);
	while (__atomic_load_n(&control->state, __ATOMIC_ACQUIRE) == BEGINS)
		usleep(50);
	if (control->state == REFUSED)
		application_skip("nobody may trace here (ptrace)");
}

/* For whoever reads a failure. */
static void print_calls(void)
{
	for (size_t i = 0; i < trace->count; i++)
		fprintf(stderr, "# %3zu %s\n", i + 1, trace->calls[i]);
}

void tracer_end(void)
{
	syscall(TRACER_END);
	if (trace->violation[0] != '\0')
		print_calls();
	CHECK(trace->violation[0] == '\0', "%s", trace->violation);
}

size_t tracer_called(const char *text, size_t from)
{
	for (size_t i = from ? from - 1 : 0; i < trace->count; i++)
		if (strncmp(trace->calls[i], text, strlen(text)) == 0)
			return i + 1;
	return 0;
}

size_t tracer_count(const char *text)
{
	size_t count = 0;

	for (size_t i = 0; i < trace->count; i++)
		count += strncmp(trace->calls[i], text, strlen(text)) == 0;
	return count;
}

void tracer_check_order(const char *const *calls)
{
	size_t at = 1;

	for (; *calls; calls++) {
		at = tracer_called(*calls, at);
		if (!at)
			print_calls();
		CHECK(at, "%s is missing, or stands elsewhere", *calls);
		at++;
	}
}

pam_handle_t *tracer_open(const char *service, const struct disturbance *list)
{
	pam_handle_t *pamh = application_start(service, USER);
	int result;

	tracer_begin(list);
	result = pam_open_session(pamh, 0);
	tracer_end();
	CHECK(result == PAM_SUCCESS);
	return pamh;
}

void tracer_close(pam_handle_t *pamh, const struct disturbance *list)
{
	tracer_begin(list);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	tracer_end();
}

void tracer_refused(
	const char *service, const struct disturbance *list, const char *step, const char *more)
{
	pam_handle_t *pamh = application_start(service, USER);
	char *before = application_state();
	int result;

	tracer_begin(list);
	result = pam_open_session(pamh, 0);
	tracer_end();
	CHECK(result == PAM_SYSTEM_ERR);
	for (size_t i = 0; list && list[i].call; i++)
		CHECK(trace->disturbed[i] > 0, "it does not come to %s", list[i].call);
	application_check_state(before);
	CHECK(application_log_count("\n") == 1);
	application_check_says(step, more);
	CHECK(trace->init == 0 || application_goes(trace->init), "PID 1 is still there");
}
