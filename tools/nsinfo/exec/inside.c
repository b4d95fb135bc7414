/* SPDX-License-Identifier: MIT */

/*
 * nsinfo exec: the monitor, and the process that becomes the command. Both come by fork(2) from
 * nsinfo and hold a copy of its memory, with the environment of root's shell: nobody but root may
 * trace them. No malloc, no stdio here.
 */

#include "exec/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "common/syscalls.h"
#include "exec/message.h"

#define CONTROL 3 /* of the command's process, until it runs */

__attribute__((noreturn)) static void fail(int control, enum exec_step step, int code)
{
	const struct exec_message message = {.what = EXEC_FAILED, .step = step, .value = code};

	exec_message_send(control, &message, 0);
	_exit(exec_exit_status(step, code));
}

/* --- the command's process, in the session --- */

/* A cgroup that cannot be entered (it has domains below, or ended) is no reason to stay out. */
static void enter_cgroups(const struct exec_plan *plan)
{
	for (size_t i = 0; i < plan->n_cgroups; i++)
		(void)!write(plan->cgroups[i], "0", 1);
}

/* In the foreground of its terminal before it can read from it. SIGTTOU is blocked. */
static void be_a_job(const struct exec_plan *plan)
{
	setpgid(0, 0);
	if (plan->terminal >= 0 && plan->foreground)
		tcsetpgrp(plan->terminal, getpgrp());
}

/* Nothing of the caller's is left but the control socket, until execve(2) closes it. */
static void keep_own_descriptors(const struct exec_plan *plan)
{
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(plan->standard[fd], fd) == -1)
			fail(plan->control, EXEC_DESCRIPTORS, errno);
	if (plan->control != CONTROL && dup3(plan->control, CONTROL, O_CLOEXEC) == -1)
		fail(plan->control, EXEC_DESCRIPTORS, errno);
	if (sys_close_range(CONTROL + 1, ~0U) == -1)
		fail(CONTROL, EXEC_DESCRIPTORS, errno);
}

static void take_limits(const struct exec_plan *plan)
{
	for (int i = 0; plan->has_limits && i < (int)RLIM_NLIMITS; i++)
		/* EPERM: root may not raise it here, and has a lower one. */
		if (setrlimit((__rlimit_resource_t)i, &plan->limits[i]) == -1 && errno != EPERM)
			fail(CONTROL, EXEC_LIMITS, errno);
}

static void default_signals(void)
{
	for (int signal = 1; signal <= SIGRTMAX; signal++)
		(void)sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
}

/*
 * Under some securebits, which root's shell may have, setresuid(2) leaves capabilities behind, here
 * and in each set-user-ID program that the user runs later (capabilities(7)).
 */
static void reset_securebits(void)
{
	if (prctl(PR_GET_SECUREBITS) != 0 && prctl(PR_SET_SECUREBITS, 0) == -1)
		fail(CONTROL, EXEC_CAPABILITIES, errno);
}

/* The inheritable ones are left in any case. */
static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	if (sys_capset(&header, none) == -1)
		fail(CONTROL, EXEC_CAPABILITIES, errno);
}

/*
 * Who has a session keyring may use all keys in it, root's too (session-keyring(7)): a new one,
 * empty, of the user. EPERM is a container's, which lets nobody use keys.
 */
static void leave_keyring(void)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) == -1 && errno != ENOSYS &&
		errno != EPERM)
		fail(CONTROL, EXEC_KEYRING, errno);
}

/*
 * From the change of ids to execve(2) the user could trace this process, which has root's memory
 * and a descriptor of nsinfo's, if it were dumpable (ptrace(2)). The kernel makes it what
 * fs.suid_dumpable says, 0 unless somebody debugs (proc(5)); 0 is what it has to be.
 */
static void become_user(const struct exec_plan *plan)
{
	const struct passwd *user = plan->user;

	reset_securebits();
	if (setgroups((size_t)plan->n_groups, plan->groups) == -1)
		fail(CONTROL, EXEC_GROUPS, errno);
	if (setresgid(user->pw_gid, user->pw_gid, user->pw_gid) == -1)
		fail(CONTROL, EXEC_GROUP, errno);
	if (setresuid(user->pw_uid, user->pw_uid, user->pw_uid) == -1 ||
		prctl(PR_SET_DUMPABLE, 0) == -1)
		fail(CONTROL, EXEC_USER, errno);
	if (user->pw_uid != 0)
		drop_capabilities();
	leave_keyring();
	umask(022);
}

/*
 * The caller's directory if the session has it by that name, too; else "/". A name may lead
 * elsewhere there, and the user can change it while it is looked up: it is compared, and as the
 * user who may not enter it, the command does not start in it.
 */
static void change_directory(const struct exec_plan *plan)
{
	const struct stat *wanted = &plan->directory_is;
	_cleanup_close_ int fd =
		sys_open_path(AT_FDCWD, plan->directory, O_DIRECTORY, RESOLVE_NO_LINKS);
	struct stat st;
	bool there = fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == wanted->st_dev &&
		     st.st_ino == wanted->st_ino && fchdir(fd) == 0;

	if (!there && chdir("/") == -1)
		fail(CONTROL, EXEC_DIRECTORY, errno);
}

static void become_command(const struct exec_plan *plan)
{
	char *const shell[] = {(char *)plan->shell, NULL};
	char *const *argv = *plan->argv ? plan->argv : shell;
	sigset_t none;

	enter_cgroups(plan);
	be_a_job(plan);
	keep_own_descriptors(plan);
	sigemptyset(&none);
	if (plan->user) {
		take_limits(plan);
		default_signals();
		become_user(plan);
		environ = plan->environment;
	}
	/* Before a file system of the user's is asked for anything: ^C has to end a wait for it. */
	sigprocmask(SIG_SETMASK, plan->user ? &none : &plan->mask, NULL);
	change_directory(plan);
	execvp(argv[0], argv);
	fail(CONTROL, EXEC_RUN, errno);
}

/* --- the monitor --- */

struct monitor {
	int control, signals;
	int terminal; /* -1: none */
	pid_t command;
	pid_t foreground; /* who had the terminal when it was taken away; 0: it was not */
	bool told;        /* nsinfo knows that the command stopped */
};

/* SIGHUP, as when a terminal is gone; SIGCONT, so that a stopped command learns of it. */
static void hang_up(const struct monitor *monitor)
{
	kill(-monitor->command, SIGHUP);
	kill(-monitor->command, SIGCONT);
}

/*
 * A shell gives the terminal to its own jobs: what it did is found again. The monitor itself, which
 * blocks the terminal's signals, has it in between; then reading stops the command with SIGTTIN.
 */
static void give_terminal(struct monitor *monitor, bool foreground)
{
	if (monitor->terminal < 0)
		return;
	if (!foreground) {
		pid_t now = tcgetpgrp(monitor->terminal);

		if (now > 0 && now != getpgrp())
			monitor->foreground = now;
		tcsetpgrp(monitor->terminal, getpgrp());
		return;
	}
	if (tcgetpgrp(monitor->terminal) != getpgrp())
		return;
	if (monitor->foreground <= 0 || tcsetpgrp(monitor->terminal, monitor->foreground) == -1)
		tcsetpgrp(monitor->terminal, monitor->command);
}

static void obey(struct monitor *monitor)
{
	struct exec_message order;

	if (recv(monitor->control, &order, sizeof(order), 0) != (ssize_t)sizeof(order)) {
		hang_up(monitor); /* nsinfo is dead */
		_exit(EXEC_CANNOT_RUN);
	}
	if (order.what == EXEC_SIGNAL) {
		kill(-monitor->command, order.value);
		return;
	}
	monitor->told = false;
	if (order.what != EXEC_GO_ON)
		return;
	give_terminal(monitor, order.value);
	kill(-monitor->command, SIGCONT);
}

/*
 * To a stop nsinfo answers; until then it is not told of another. A command that stops and goes on
 * by itself all the time would fill the socket, and stop nsinfo once for each time.
 */
static void look_at_command(struct monitor *monitor)
{
	struct exec_message message = {0};
	int status;

	if (waitpid(monitor->command, &status, WNOHANG | WUNTRACED) <= 0)
		return;
	if (WIFSTOPPED(status)) {
		message.what = EXEC_STOPPED;
		message.value = WSTOPSIG(status);
		if (!monitor->told)
			exec_message_send(monitor->control, &message, 0);
		monitor->told = true;
		return;
	}
	message.what = EXEC_ENDED;
	message.value = status;
	exec_message_send(monitor->control, &message, 0);
	_exit(EXIT_SUCCESS);
}

static void take_signal(struct monitor *monitor)
{
	struct signalfd_siginfo info;

	if (read(monitor->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP) /* the kernel's, to the leader of the session only */
		hang_up(monitor);
	else
		look_at_command(monitor);
}

__attribute__((noreturn)) static void watch(struct monitor *monitor)
{
	struct pollfd p[] = {
		{.fd = monitor->signals, .events = POLLIN},
		{.fd = monitor->control, .events = POLLIN},
	};

	for (;;) {
		if (poll(p, 2, -1) == -1)
			continue;
		if (p[0].revents)
			take_signal(monitor);
		if (p[1].revents)
			obey(monitor);
	}
}

/* Nice, real-time or never killed for want of memory: that is root's shell, not a login. */
static void be_ordinary(void)
{
	struct sched_param other = {0};
	char now[16] = "";
	_cleanup_close_ int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);

	if (fd >= 0 && read(fd, now, sizeof(now)) > 0 && *now == '-')
		(void)!pwrite(fd, "0", 1, 0);
	if (sched_getscheduler(0) == SCHED_FIFO || sched_getscheduler(0) == SCHED_RR)
		sched_setscheduler(0, SCHED_OTHER, &other);
	if (getpriority(PRIO_PROCESS, 0) < 0)
		setpriority(PRIO_PROCESS, 0, 0);
}

/*
 * If there is no terminal, the new session is for /dev/tty, which must not be the caller's.
 * Back outside, since nobody is to take the monitor for an application that holds the session open,
 * and it is to hold none of its mounts. That is not possible from a user namespace; then it stays.
 */
static pid_t fork_command(const struct exec_plan *plan)
{
	int home = sys_pidfd_open(plan->nsinfo);
	pid_t command;

	if (setsid() == -1 || (plan->terminal >= 0 && ioctl(plan->terminal, TIOCSCTTY, 0) == -1))
		fail(plan->control, EXEC_TERMINAL, errno);
	if (home == -1 || setns(plan->pidfd, plan->flags) == -1)
		fail(plan->control, EXEC_ENTER, errno);
	command = fork();
	if (command == 0)
		become_command(plan);
	if (command == -1)
		fail(plan->control, EXEC_FORK, errno);
	setpgid(command, command); /* as it does itself: whoever is first */
	(void)!setns(home, plan->flags);
	close(home);
	return command;
}

static int watch_signals(const struct exec_plan *plan)
{
	sigset_t watched;
	int fd;

	sigemptyset(&watched);
	sigaddset(&watched, SIGCHLD);
	sigaddset(&watched, SIGHUP);
	fd = signalfd(-1, &watched, SFD_CLOEXEC);
	if (fd == -1)
		fail(plan->control, EXEC_FORK, errno);
	return fd;
}

void exec_monitor(const struct exec_plan *plan)
{
	struct monitor monitor = {.control = plan->control, .terminal = plan->terminal};

	if (plan->user)
		be_ordinary();
	monitor.signals = watch_signals(plan);
	monitor.command = fork_command(plan);
	for (int fd = 0; fd <= 2; fd++) {
		/* A pipe ends when the command has closed its end. */
		if (plan->standard[fd] != plan->terminal)
			close(plan->standard[fd]);
		close(fd);
	}
	watch(&monitor);
}
