/* SPDX-License-Identifier: MIT */

/*
 * PID 1 of a session. It reaps, and it ends every process of the session when the application
 * closes it, dies, or when root on the host sends SIGTERM. Static and without allocation: the
 * memory of one page table and a few pages is what a login costs for as long as it lasts.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "facts.h"

#define CAP_KILL 5 /* capabilities(7); musl-gcc has no linux/capability.h */

#define GRACE_DEFAULT_MS 2000
#define GRACE_MAX_MS     3600000

/* After SIGKILL only a process in uninterruptible sleep stays; the kernel ends it when it wakes. */
#define KILL_WAIT_MS 500

/* The kernel's struct linux_dirent64, getdents64(2). */
struct directory_entry {
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

static int signals; /* a signalfd of every signal */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Decimal digits alone; -1 for anything else. */
static long parse_number(const char *text)
{
	long value = 0;

	if (*text == '\0')
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || value > GRACE_MAX_MS)
			return -1;
		value = value * 10 + (*text - '0');
	}
	return value;
}

static int grace_ms(void)
{
	const char *fact = getenv(FACT_GRACE);
	long value = fact ? parse_number(fact) : -1;

	return value < 0 || value > GRACE_MAX_MS ? GRACE_DEFAULT_MS : (int)value;
}

static void reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* Take every pending signal. Returns 1 if one of them asks to end the session. */
static int take_signals(void)
{
	struct signalfd_siginfo info;
	int end = 0;

	while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		/*
		 * A sender that this namespace cannot name has PID 0: it is in an ancestor
		 * (kernel/signal.c, send_signal_locked). Nobody can forge that: rt_sigqueueinfo(2)
		 * refuses si_code SI_USER. Signals from inside, root's too, change nothing.
		 */
		if (info.ssi_signo == SIGTERM && info.ssi_code == SI_USER && info.ssi_pid == 0)
			end = 1;
	}
	reap();
	return end;
}

/* A pidfd is readable once its process has no live thread: a zombie that waits to be reaped. */
static int is_dead(int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

/*
 * A pidfd of a live process of the session. 0 if there is none, -1 if it cannot be known.
 * Neither kill(-1, 0) nor wait tells: zombies that the application has yet to reap count for the
 * one, and the application's children are none of ours for the other.
 */
static int find_live(void)
{
	char buffer[2048] __attribute__((aligned(8)));
	long length;

	if (lseek(FACT_FD_PROC, 0, SEEK_SET) == -1)
		return -1;
	while ((length = syscall(SYS_getdents64, FACT_FD_PROC, buffer, sizeof(buffer))) > 0) {
		for (long at = 0; at < length;) {
			struct directory_entry *entry =
				(struct directory_entry *)(void *)(buffer + at);
			long pid = parse_number(entry->name);
			int pidfd;

			at += entry->length;
			if (pid <= 1)
				continue;
			pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
			if (pidfd == -1 && errno == ESRCH)
				continue;
			if (pidfd == -1)
				return -1;
			if (!is_dead(pidfd))
				return pidfd;
			close(pidfd);
		}
	}
	return length == 0 ? 0 : -1;
}

/* Wait until no process of the session lives, at most LIMIT_MS. Returns 1 when none does. */
static int wait_for_all(int limit_ms)
{
	int64_t deadline = now_ms() + limit_ms;

	for (;;) {
		int pidfd = find_live();
		int64_t left = deadline - now_ms();
		struct pollfd p[] = {
			{.fd = pidfd, .events = POLLIN},
			{.fd = signals, .events = POLLIN},
		};

		if (pidfd == 0)
			return 1;
		if (left > 0)
			poll(p, 2, (int)left);
		if (pidfd > 0)
			close(pidfd);
		if (left <= 0)
			return 0;
		take_signals();
	}
}

static void end_session(void)
{
	if (!wait_for_all(0)) {
		kill(-1, SIGHUP);
		kill(-1, SIGTERM);
		kill(-1, SIGCONT); /* last: a stopped process wakes with the other two pending */
		if (!wait_for_all(grace_ms())) {
			kill(-1, SIGKILL);
			wait_for_all(KILL_WAIT_MS);
		}
	}
	(void)!write(FACT_FD_REPORT, "", 1); /* the application may be dead: nobody to tell then */
	_exit(0); /* the kernel ends and reaps what is left (pid_namespaces(7)) */
}

/* The kernel's struct __user_cap_header_struct and __user_cap_data_struct, capget(2). */
struct capability_header {
	uint32_t version;
	int32_t pid;
};
struct capability_data {
	uint32_t effective, permitted, inheritable;
};

/*
 * The module leaves CAP_KILL and CAP_SETPCAP (launch.c); here the bounding set goes down to
 * CAP_KILL, and so do all others. Returns 0 or -1.
 */
static int drop_capabilities(void)
{
	struct capability_header header = {.version = 0x20080522}; /* _LINUX_CAPABILITY_VERSION_3 */
	struct capability_data data[2] = {
		{.effective = 1 << CAP_KILL, .permitted = 1 << CAP_KILL},
	};

	for (unsigned long c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) != -1; c++)
		if (c != CAP_KILL && prctl(PR_CAPBSET_DROP, c, 0, 0, 0) == -1)
			return -1;
	return (int)syscall(SYS_capset, &header, data); /* ambient ones go with the inheritable */
}

int main(void)
{
	static const char misuse[] = "session-init is started by pam_unshare, see pam_unshare(8)\n";
	struct pollfd p[] = {
		{.fd = FACT_FD_APPLICATION, .events = POLLIN},
		{.events = POLLIN},
	};
	sigset_t all;

	if (getpid() != 1 || !getenv(FACT_USER)) {
		(void)!write(STDERR_FILENO, misuse, sizeof(misuse) - 1);
		return 2;
	}

	/*
	 * Blocked, not ignored: the kernel drops a signal to PID 1 that has no handler, but queues
	 * a blocked one (kernel/signal.c, sig_ignored), and SIGCHLD must arrive.
	 */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals == -1 || drop_capabilities() == -1)
		return 1;
	p[1].fd = signals;

	reap();
	for (;;) {
		if (poll(p, 2, -1) == -1 && errno != EINTR)
			return 1;
		if (p[0].revents != 0 || take_signals())
			end_session();
	}
}
