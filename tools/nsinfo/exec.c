/* SPDX-License-Identifier: MIT */

/*
 * nsinfo exec: root runs a command in a session. Three processes: this one stays outside and waits;
 * one enters the session's namespaces and forks there; that child, which is ours by CLONE_PARENT,
 * becomes the command. So nothing that is left running holds the session open from outside.
 */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "cgroup.h"
#include "cleanup.h"
#include "cli.h"
#include "pidfd.h"
#include "text.h"

#define GROUPS_MAX 65536 /* the kernel's NGROUPS_MAX */

/* All that the command needs, found out before the session is entered: NSS and /sys are outside. */
struct plan {
	char **argv;
	const char *shell; /* without a command */
	char *directory;
	const struct passwd *user; /* NULL: stay as we are */
	gid_t *groups;
	int n_groups;
	int *cgroups;
	size_t n_cgroups;
	int pidfd, flags;
	int terminal; /* -1: none, or not in its foreground */
	int report;   /* what failed, if anything; closed by a successful exec */
	sigset_t mask;
};

struct failure {
	char step[32];
	int code;
	pid_t child; /* the forker's message: no failure */
};

static int fail(int report, const char *step, int code)
{
	struct failure failure = {.code = code};

	snprintf(failure.step, sizeof(failure.step), "%s", step);
	(void)!write(report, &failure, sizeof(failure));
	return EXIT_CANNOT_RUN;
}

/* --- the child, in the session --- */

static const char *become_user(const struct plan *plan)
{
	const struct passwd *user = plan->user;

	if (setgroups((size_t)plan->n_groups, plan->groups) == -1)
		return "set the groups";
	if (setresgid(user->pw_gid, user->pw_gid, user->pw_gid) == -1)
		return "set the group";
	if (setresuid(user->pw_uid, user->pw_uid, user->pw_uid) == -1)
		return "set the user";
	if (setenv("HOME", user->pw_dir, 1) == -1 || setenv("USER", user->pw_name, 1) == -1 ||
		setenv("LOGNAME", user->pw_name, 1) == -1 || setenv("SHELL", plan->shell, 1) == -1)
		return "set the environment";
	return NULL;
}

/* A job of its own in the foreground, so that ^C and ^Z reach the command and not nsinfo. */
static void take_terminal(const struct plan *plan)
{
	if (plan->terminal < 0)
		return;
	setpgid(0, 0);
	tcsetpgrp(plan->terminal, getpgrp()); /* SIGTTOU is blocked */
}

static int become_command(const struct plan *plan)
{
	char *const shell[] = {(char *)plan->shell, NULL};
	char *const *argv = *plan->argv ? plan->argv : shell;
	const char *step;

	/* A cgroup that cannot be entered (it has domains below, or ended) is no reason to stay
	 * out. */
	for (size_t i = 0; i < plan->n_cgroups; i++)
		(void)!write(plan->cgroups[i], "0", 1);
	if (chdir(plan->directory) == -1 && chdir("/") == -1)
		return fail(plan->report, "change to /", errno);
	take_terminal(plan);
	step = plan->user ? become_user(plan) : NULL;
	if (step)
		return fail(plan->report, step, errno);
	sigprocmask(SIG_SETMASK, &plan->mask, NULL);
	execvp(argv[0], argv);
	return fail(plan->report, "run", errno);
}

/* --- the forker --- */

static int enter_and_fork(const struct plan *plan)
{
	struct failure message = {0};

	if (setns(plan->pidfd, plan->flags) == -1)
		return fail(plan->report, "enter the namespaces", errno);
	message.child = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
	if (message.child == -1)
		return fail(plan->report, "fork in the session", errno);
	if (message.child == 0)
		return become_command(plan);
	(void)!write(plan->report, &message, sizeof(message));
	return 0;
}

/* --- outside --- */

static const struct {
	const char *name;
	int flag;
} namespaces[] = {
	{"user", CLONE_NEWUSER},
	{"mnt", CLONE_NEWNS},
	{"pid", CLONE_NEWPID},
	{"ipc", CLONE_NEWIPC},
	{"uts", CLONE_NEWUTS},
	{"net", CLONE_NEWNET},
	{"cgroup", CLONE_NEWCGROUP},
	{"time", 0x80 /* CLONE_NEWTIME, Linux 5.6 */},
};

/* Only those that differ: entering one's own user namespace is an error (setns(2)). */
static int differing_namespaces(const struct proc *proc, pid_t pid)
{
	int flags = 0;

	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++) {
		uint64_t own, theirs;

		if (proc_ns(proc, getpid(), namespaces[i].name, &own) == 0 &&
			proc_ns(proc, pid, namespaces[i].name, &theirs) == 0 && own != theirs)
			flags |= namespaces[i].flag;
	}
	return flags;
}

static int plan_user(struct plan *plan, const char *name)
{
	const char *shell = getenv("SHELL");

	plan->shell = shell && *shell ? shell : "/bin/sh";
	if (!name)
		return 0;
	plan->user = getpwnam(name);
	if (!plan->user) {
		cli_error("no user %s", name);
		return -ENOENT;
	}
	plan->shell = *plan->user->pw_shell ? plan->user->pw_shell : "/bin/sh";
	plan->n_groups = GROUPS_MAX;
	plan->groups = memory_check(calloc(GROUPS_MAX, sizeof(*plan->groups)));
	if (getgrouplist(name, plan->user->pw_gid, plan->groups, &plan->n_groups) == -1) {
		cli_error("cannot look up the groups of %s", name);
		return -EINVAL;
	}
	return 0;
}

/* The terminal, if it is ours to give to the command. */
static int foreground_terminal(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (isatty(fd))
			return tcgetpgrp(fd) == getpgrp() ? fd : -1;
	return -1;
}

static int plan_session(
	struct plan *plan, const struct sessions *sessions, const struct session *session)
{
	const struct process *init = sessions_process(sessions, session->init);
	const char *failed;
	struct cgroups cgroups;

	plan->pidfd = init ? pidfd_open_process(sessions->proc, init) : -ESRCH;
	if (plan->pidfd < 0) {
		cli_error("the session ended");
		return plan->pidfd;
	}
	plan->flags = differing_namespaces(sessions->proc, session->init);
	if (!(plan->flags & CLONE_NEWPID)) {
		cli_error("this shell is in that session already");
		return -EINVAL;
	}
	cgroups_read(sessions->proc, session->init, &cgroups);
	plan->n_cgroups = cgroups_open(sessions->proc, &cgroups, &plan->cgroups, &failed);
	if (failed)
		cli_error("note: cannot enter the cgroup %s", failed);
	cgroups_free(&cgroups);
	return 0;
}

/* Signals that somebody sends to nsinfo are meant for the command. */
static const int forwarded[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM};

static void wanted_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	sigaddset(set, SIGCONT);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		sigaddset(set, forwarded[i]);
}

/* The command stopped: so does this job, until the shell goes on with it. */
static void stop(const struct plan *plan)
{
	tcsetpgrp(plan->terminal, getpgrp());
	kill(0, SIGSTOP);
}

/* The shell goes on with this job, in the foreground (fg) or not (bg): so does the command. */
static void go_on(const struct plan *plan, pid_t child)
{
	if (plan->terminal < 0)
		return;
	if (tcgetpgrp(plan->terminal) == getpgrp())
		tcsetpgrp(plan->terminal, child);
	kill(-child, SIGCONT);
}

static void take_signal(const struct plan *plan, pid_t child, const siginfo_t *info)
{
	if (info->si_signo == SIGCHLD)
		return;
	if (info->si_signo == SIGCONT)
		go_on(plan, child);
	/* The terminal's own (SI_KERNEL) reach the command too, unless it is a job of its own. */
	else if (info->si_code != SI_KERNEL || plan->terminal >= 0)
		kill(child, info->si_signo);
}

static int wait_for(const struct plan *plan, pid_t child)
{
	sigset_t set;
	siginfo_t info;
	int status;

	wanted_signals(&set);
	for (;;) {
		pid_t got =
			waitpid(child, &status, WNOHANG | (plan->terminal >= 0 ? WUNTRACED : 0));

		if (got == -1)
			return EXIT_CANNOT_RUN;
		if (got == child && WIFSTOPPED(status)) {
			stop(plan);
			continue;
		}
		if (got == child)
			break;
		if (sigwaitinfo(&set, &info) > 0)
			take_signal(plan, child, &info);
	}
	if (plan->terminal >= 0)
		tcsetpgrp(plan->terminal, getpgrp());
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* What the forker and the child say. Returns the child, or -1 and the exit status. */
static pid_t read_report(const struct plan *plan, int report, int *status)
{
	struct failure message;
	pid_t child = -1;
	bool failed = false;

	while (read(report, &message, sizeof(message)) == (ssize_t)sizeof(message)) {
		if (message.child > 0) {
			child = message.child;
			continue;
		}
		failed = true;
		if (strcmp(message.step, "run") != 0) {
			cli_error("cannot %s: %s", message.step, strerror(message.code));
			*status = EXIT_CANNOT_RUN;
			continue;
		}
		cli_error("cannot run %s: %s", *plan->argv ? *plan->argv : plan->shell,
			strerror(message.code));
		*status = message.code == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXEC;
	}
	if (failed && child > 0) {
		waitpid(child, NULL, 0);
		if (plan->terminal >= 0)
			tcsetpgrp(plan->terminal, getpgrp());
	}
	if (!failed && child < 0)
		*status = EXIT_CANNOT_RUN;
	return failed ? -1 : child;
}

static int run(struct plan *plan)
{
	int ends[2], status = EXIT_CANNOT_RUN;
	pid_t forker, child;
	sigset_t set;

	if (pipe2(ends, O_CLOEXEC) == -1)
		return EXIT_CANNOT_RUN;
	wanted_signals(&set);
	sigaddset(&set, SIGTTOU); /* tcsetpgrp(3) from the background */
	sigprocmask(SIG_BLOCK, &set, &plan->mask);
	plan->report = ends[1];
	plan->terminal = foreground_terminal();
	fflush(NULL);
	forker = fork();
	if (forker == 0)
		_exit(enter_and_fork(plan));
	close(ends[1]);
	if (forker == -1) {
		cli_error("cannot fork: %s", strerror(errno));
		close(ends[0]);
		return EXIT_CANNOT_RUN;
	}
	waitpid(forker, NULL, 0);
	child = read_report(plan, ends[0], &status);
	close(ends[0]);
	return child > 0 ? wait_for(plan, child) : status;
}

static int exec_in(const char *name, const char *user, char **argv)
{
	struct proc proc = PROC_CLOSED;
	struct sessions sessions;
	struct plan plan = {.argv = argv, .pidfd = -1};
	const struct session *session;
	int status = EXIT_CANNOT_RUN;

	if (cli_sessions(&proc, &sessions, false) == 0) {
		session = sessions_choose(&sessions, name);
		plan.directory = getcwd(NULL, 0);
		if (!plan.directory)
			plan.directory = text_copy("/");
		if (session && plan_user(&plan, user) == 0 &&
			plan_session(&plan, &sessions, session) == 0)
			status = run(&plan);
	}
	for (size_t i = 0; i < plan.n_cgroups; i++)
		close(plan.cgroups[i]);
	free(plan.cgroups);
	free(plan.groups);
	free(plan.directory);
	if (plan.pidfd >= 0)
		close(plan.pidfd);
	sessions_free(&sessions);
	proc_close(&proc);
	return status;
}

/* getopt(3) stops at the first argument that is no option: the session, and then the command. */
static int exec_main(int argc, char **argv)
{
	struct cli cli = {.command = &command_exec};
	const char *user = NULL, *name = NULL;
	int c;

	for (;;) {
		while ((c = cli_getopt(&cli, argc, argv)) != -1)
			if (c == 'u')
				user = optarg;
		if (name || optind >= argc)
			break;
		name = argv[optind++];
	}
	if (!name)
		cli_usage_error(&cli, "which session?");
	if (geteuid() != 0) {
		cli_error("only root may enter a session");
		return EXIT_CANNOT_RUN;
	}
	return exec_in(name, user, argv + optind);
}

static const struct option long_options[] = {
	{"user", required_argument, NULL, 'u'},
	{0},
};

const struct command command_exec = {
	.name = "exec",
	.arguments = "SESSION [-u USER] [--] [COMMAND...]",
	.summary = "run a command, or a shell, inside a session",
	.options = "  -u, --user USER        as this user, not as root\n",
	.short_options = "+u:",
	.long_options = long_options,
	.main = exec_main,
};
