/* SPDX-License-Identifier: MIT */

/*
 * PID 1 of a session. It reaps, and it ends every process of the session when the last
 * application has closed it or died, or when root on the host sends SIGTERM. Static and without
 * allocation: the memory of a few pages is what a login costs for as long as it lasts.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/facts.h"
#include "common/limits.h"
#include "common/protocol.h"

#define CAPABILITIES_MAX 64 /* bits in the kernel's set, capget(2) */
#define CAP_KILL         5  /* capabilities(7); musl-gcc has no linux/capability.h */

/* The kernel's struct linux_dirent64, getdents64(2). */
struct directory_entry {
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

static int signals; /* a signalfd of every signal */

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
	int64_t deadline = clock_now_ms() + limit_ms;

	for (;;) {
		int pidfd = find_live();
		int64_t left = deadline - clock_now_ms();
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

/* An application that has the session open, or one that has connected and not yet asked to join. */
struct application {
	struct pollfd channel; /* -1 once it is gone; no events: it waits for MESSAGE_DONE */
	struct pollfd pidfd;   /* -1 as long as it has not joined */
};

/* What PID 1 has open beside two descriptors for each application. */
#define DESCRIPTORS_OF_ITS_OWN (FACT_FILES - 2 * FACT_LOGINS_MAX)

/* What poll(2) watches, as it wants it: where few log in, one page of memory holds it all. */
static struct {
	struct pollfd signals;
	struct pollfd listener;
	struct pollfd live;
	struct application applications[FACT_LOGINS_MAX];
} watched;
static struct application *const applications = watched.applications;
static int application_count;
static int application_limit = 1;
static int listener = -1; /* where others join; or -1 */

static void close_descriptor(int fd)
{
	if (fd != -1)
		close(fd);
}

/* Returns whether it was sent: the other side may be dead. */
static int say(int channel, char message)
{
	return send(channel, &message, 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
}

/*
 * Take one message, and the descriptor that came with it or -1. 0 for none, -1 at the end, and for
 * who wants to join by another version of the protocol.
 */
static int hear(int channel, int *fd)
{
	char message[2] = {0};
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
	struct iovec part = {.iov_base = message, .iov_len = sizeof(message)};
	struct msghdr m = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got = recvmsg(channel, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = (struct cmsghdr *)(void *)control;

	*fd = -1;
	if (got == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got <= 0)
		return -1;
	if (m.msg_controllen >= CMSG_LEN(sizeof(int)) && c->cmsg_level == SOL_SOCKET &&
		c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(int));
	if (message[0] == MESSAGE_JOIN && (unsigned char)message[1] != PROTOCOL_VERSION)
		return -1;
	return message[0];
}

static void add_application(int channel, int pidfd)
{
	applications[application_count++] = (struct application){
		.channel = {.fd = channel, .events = POLLIN},
		.pidfd = {.fd = pidfd, .events = POLLIN},
	};
}

static void accept_application(void)
{
	int channel = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (channel == -1)
		poll(NULL, 0, 10); /* the machine is out of files, and the listener stays ready */
	else if (application_count >= application_limit)
		close(channel); /* it opens another session, which later ones join */
	else
		add_application(channel, -1);
}

static void drop_application(int i)
{
	close_descriptor(applications[i].channel.fd);
	close_descriptor(applications[i].pidfd.fd);
	applications[i] = applications[--application_count];
}

static void hang_up(struct application *application)
{
	close_descriptor(application->channel.fd);
	application->channel.fd = -1;
}

/*
 * One that cannot be counted in is told at once, or it would wait in vain. No pidfd came along
 * where there was no room for it (unix(7), MSG_CTRUNC).
 */
static void join(struct application *application, int pidfd)
{
	if (pidfd != -1 && say(application->channel.fd, MESSAGE_WELCOME)) {
		application->pidfd.fd = pidfd;
	} else {
		close_descriptor(pidfd);
		hang_up(application);
	}
}

static void hear_application(struct application *application)
{
	int fd;
	int message = hear(application->channel.fd, &fd);

	if (message == MESSAGE_JOIN && application->pidfd.fd == -1) {
		join(application, fd);
		return;
	}
	close_descriptor(fd);
	if (message == MESSAGE_CLOSE)
		application->channel.events = 0;
	else if (message == -1)
		hang_up(application);
}

static int is_closing(const struct application *application)
{
	return application->channel.fd != -1 && application->channel.events == 0;
}

/* How many have the session open. */
static int count_logins(void)
{
	int count = 0;

	for (int i = 0; i < application_count; i++)
		count += applications[i].pidfd.fd != -1 && !is_closing(&applications[i]);
	return count;
}

static void dismiss_closing(void)
{
	for (int i = application_count - 1; i >= 0; i--) {
		if (is_closing(&applications[i])) {
			say(applications[i].channel.fd, MESSAGE_DONE);
			drop_application(i);
		}
	}
}

/* Nobody is heard from here to the end: who closes meanwhile finds the answer there. */
static void announce_end(void)
{
	for (int i = 0; i < application_count; i++)
		if (applications[i].channel.fd != -1)
			say(applications[i].channel.fd, MESSAGE_ENDING);
}

/* Who has connected and not yet joined is not to wait for the end: it opens another session. */
static void dismiss_waiting(void)
{
	for (int i = application_count - 1; i >= 0; i--)
		if (applications[i].pidfd.fd == -1)
			drop_application(i);
}

/* Whether the name leads here: another session may have taken it meanwhile. */
static int is_ours(const char *name)
{
	const char *inode = getenv(FACT_INODE);
	struct stat status;

	return inode && fstatat(FACT_FD_DIRECTORY, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       strtoull(inode, NULL, 10) == status.st_ino;
}

static void stop_listening(void)
{
	const char *name = getenv(FACT_SOCKET);

	if (!name || listener == -1)
		return;
	/* In this order: while the name is there, somebody listens, and nobody replaces it. */
	if (is_ours(name))
		unlinkat(FACT_FD_DIRECTORY, name, 0);
	close(listener);
	listener = -1;
}

static void end_session(void)
{
	stop_listening();
	dismiss_waiting();
	if (!wait_for_all(0)) {
		announce_end();
		kill(-1, SIGHUP);
		kill(-1, SIGTERM);
		kill(-1, SIGCONT); /* last: a stopped process wakes with the other two pending */
		if (!wait_for_all(grace_ms())) {
			kill(-1, SIGKILL);
			wait_for_all(KILL_WAIT_MS);
		}
	}
	dismiss_closing();
	_exit(0); /* the kernel ends and reaps what is left (pid_namespaces(7)) */
}

/* With nobody left who has the session open: end it, unless it lingers and something lives. */
static int end_or_linger(void)
{
	const char *fact = getenv(FACT_CLOSE);
	int live = fact && strcmp(fact, "linger") == 0 ? find_live() : 0;

	if (live == 0)
		end_session();
	return live;
}

/* Wait for something to happen, and take it all in. LIVE is a pidfd to watch too, or -1. */
static void take_events(int live)
{
	int count = application_count;

	watched.signals = (struct pollfd){.fd = signals, .events = POLLIN};
	watched.listener = (struct pollfd){.fd = listener, .events = POLLIN};
	watched.live = (struct pollfd){.fd = live, .events = POLLIN};
	if (poll((struct pollfd *)(void *)&watched, (nfds_t)(3 + 2 * count), -1) == -1)
		return;
	if (watched.signals.revents != 0 && take_signals())
		end_session();
	/* Backwards: dropping one puts the last in its place. */
	for (int i = count - 1; i >= 0; i--) {
		struct application *application = &applications[i];

		if (application->channel.revents != 0)
			hear_application(application);
		if (application->pidfd.revents != 0 ||
			(application->channel.fd == -1 && application->pidfd.fd == -1))
			drop_application(i);
	}
	if (watched.listener.revents != 0)
		accept_application();
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
 * The kernel prefers to end a process with a high oom_score_adj, and a user may raise it for all
 * that is started afterwards (proc_pid_oom_score_adj(5)). Returns whether it is 0. Lowering it
 * takes CAP_SYS_RESOURCE below what root once set, and a /proc that can be written to.
 */
static int reset_oom_score(void)
{
	char text[8];
	int fd = openat(FACT_FD_PROC, "self/oom_score_adj", O_RDONLY | O_CLOEXEC);
	int is_zero = fd != -1 && read(fd, text, sizeof(text)) == 2 && text[0] == '0';

	close_descriptor(fd);
	if (!is_zero) {
		fd = openat(FACT_FD_PROC, "self/oom_score_adj", O_WRONLY | O_CLOEXEC);
		is_zero = fd != -1 && write(fd, "0", 1) == 1;
		close_descriptor(fd);
	}
	return is_zero;
}

/*
 * The module leaves CAP_KILL, and CAP_SETPCAP and CAP_SYS_RESOURCE until here (launch.c); now the
 * bounding set goes down to CAP_KILL, and so do all others. Returns 0 or -1.
 */
static int drop_capabilities(void)
{
	struct capability_header header = {.version = 0x20080522}; /* _LINUX_CAPABILITY_VERSION_3 */
	struct capability_data data[2] = {
		{.effective = 1 << CAP_KILL, .permitted = 1 << CAP_KILL},
	};

	for (unsigned long c = 0; c < CAPABILITIES_MAX; c++) {
		if (c == CAP_KILL || prctl(PR_CAPBSET_DROP, c, 0, 0, 0) == 0)
			continue;
		if (errno != EINVAL || c < CAP_KILL)
			return -1;
		break; /* beyond the last that this kernel knows */
	}
	return (int)syscall(SYS_capset, &header, data); /* ambient ones go with the inheritable */
}

/*
 * For how many applications there is room within a limit of open files. Beyond it poll(2) does not
 * only lack descriptors: it refuses to watch so many (EINVAL), whether they are open or not.
 */
static int room_in(rlim_t files)
{
	if (files >= FACT_FILES)
		return FACT_LOGINS_MAX;
	if (files < 2 + DESCRIPTORS_OF_ITS_OWN)
		return 1;
	return (int)(files - DESCRIPTORS_OF_ITS_OWN) / 2;
}

static void make_room(void)
{
	struct rlimit files = {.rlim_cur = 0};

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	application_limit = room_in(files.rlim_cur);
}

static int is_own_protocol(void)
{
	const char *fact = getenv(FACT_PROTOCOL);

	return fact && parse_number(fact) == PROTOCOL_VERSION;
}

int main(void)
{
	static const char misuse[] = "session-init is started by pam_unshare, see pam_unshare(8)\n";
	int has_defaults;
	sigset_t all;

	if (getpid() != 1 || !getenv(FACT_USER)) {
		(void)!write(STDERR_FILENO, misuse, sizeof(misuse) - 1);
		return 2;
	}

	/* Each is installed where the other looks for it: this is an installation gone wrong. */
	if (!is_own_protocol())
		return 1;

	/*
	 * Blocked, not ignored: the kernel drops a signal to PID 1 that has no handler, but queues
	 * a blocked one (kernel/signal.c, sig_ignored), and SIGCHLD must arrive.
	 */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	has_defaults = reset_oom_score();
	if (signals == -1 || drop_capabilities() == -1)
		return 1;
	make_room();
	listener = getenv(FACT_SOCKET) ? FACT_FD_LISTENER : -1;
	/* What one of them chose is not to end the others' session. */
	if (!has_defaults)
		stop_listening();
	add_application(FACT_FD_CHANNEL, FACT_FD_APPLICATION);
	reap();
	for (;;) {
		int live = -1;

		if (count_logins() == 0)
			live = end_or_linger();
		dismiss_closing();
		take_events(live);
		close_descriptor(live);
	}
}
