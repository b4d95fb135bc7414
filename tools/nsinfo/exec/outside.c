/* SPDX-License-Identifier: MIT */

/*
 * nsinfo exec: the side that has the caller's terminal. Nothing of it gets into the session: the
 * command has a terminal of its own, or pipes, and this process copies bytes.
 */

#include "exec/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "exec/inside.h"
#include "exec/message.h"
#include "exec/stream.h"
#include "exec/terminal.h"
#include "print/text.h"

enum {
	TYPED,    /* from the caller's terminal to the command's */
	SHOWN,    /* and back */
	STANDARD, /* and two more: 0, 1 and 2 if they are no terminals */
	STREAMS = STANDARD + 3,
};

struct job {
	struct terminal terminal;
	int master;      /* of the command's terminal; -1: it has none */
	int ends[3];     /* nsinfo's, of the pipes that the command has as 0, 1 and 2; -1: none */
	int control;     /* the socket to the monitor */
	int signals;     /* signalfd(2) */
	bool interested; /* the command has used its terminal, or is about to */
	bool has_modes;  /* the command's terminal has got those of the caller's */
	bool foreground; /* the caller's terminal is raw, and what is typed goes to the command */
	bool ended, broken;
	int status;
	struct exec_message failure; /* .value is 0 if there is none */
	struct stream streams[STREAMS];
};

/* --- orders to the monitor --- */

static void order(const struct job *job, int what, int value)
{
	const struct exec_message message = {.what = what, .value = value};

	exec_message_send(job->control, &message, MSG_DONTWAIT);
}

/* --- job control --- */

static void set_foreground(struct job *job, bool foreground)
{
	job->foreground = foreground;
	job->streams[TYPED].paused = !foreground;
	if (!foreground) {
		terminal_restore(&job->terminal);
		return;
	}
	/* Until now the command was in the background of its terminal, and could not set any. */
	if (!job->has_modes)
		terminal_copy_modes(&job->terminal, job->master);
	job->has_modes = true;
	terminal_raw(&job->terminal);
	terminal_copy_size(&job->terminal, job->master);
}

/* The shell goes on with this job, in the foreground (fg) or not (bg): so does the command. */
static void go_on(struct job *job)
{
	bool ours = terminal_is_ours(&job->terminal);

	/* In the background the modes are left as the shell has set them. */
	if (job->master >= 0 && (ours || job->foreground))
		set_foreground(job, ours && job->interested);
	order(job, EXEC_GO_ON, job->foreground);
}

/*
 * Stop, with all processes of this job. Returns false if that cannot be: in an orphaned process
 * group, where no shell could go on with it, the kernel ignores these signals.
 */
static bool stop_job(int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	kill(0, signal);
	sigprocmask(SIG_UNBLOCK, &set, NULL); /* stopped here */
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigpending(&set);
	return sigismember(&set, SIGCONT);
}

/*
 * What the kernel does in an orphaned process group: it ignores ^Z, and hangs up who would read
 * from a terminal in vain. With SIGSTOP somebody stopped the command, who will go on with it.
 */
static void go_on_without_shell(struct job *job, int signal)
{
	if (signal == SIGTTIN || signal == SIGTTOU)
		order(job, EXEC_SIGNAL, SIGHUP);
	if (signal != SIGSTOP) {
		go_on(job);
		return;
	}
	if (job->master >= 0 && job->interested && terminal_is_ours(&job->terminal))
		set_foreground(job, true);
	order(job, EXEC_STAY, 0);
}

static void command_stopped(struct job *job, int signal)
{
	bool wants_terminal = signal == SIGTTIN || signal == SIGTTOU;

	if (wants_terminal && job->master >= 0) {
		job->interested = true;
		if (!job->foreground && terminal_is_ours(&job->terminal)) {
			go_on(job);
			return;
		}
	}
	if (job->foreground)
		set_foreground(job, false);
	if (!stop_job(wants_terminal ? signal : SIGTSTP))
		go_on_without_shell(job, signal);
	/* Otherwise SIGCONT is waiting to be read. */
}

/* The caller's terminal hung up: so does the command's. The monitor gets SIGHUP for that. */
static void hang_up(struct job *job)
{
	job->foreground = false;
	stream_close(&job->streams[TYPED]);
	stream_close(&job->streams[SHOWN]);
	cleanup_close(&job->master);
}

/* --- what is read --- */

static void end(struct job *job)
{
	job->ended = true;
	stream_close(&job->streams[TYPED]);
	stream_close(&job->streams[STANDARD]);
	for (int i = 0; i < STREAMS; i++)
		if (stream_is_open(&job->streams[i]))
			stream_finish(&job->streams[i]);
}

static void take_message(struct job *job)
{
	struct exec_message message;

	if (recv(job->control, &message, sizeof(message), 0) != (ssize_t)sizeof(message)) {
		job->broken = true;
		end(job);
		return;
	}
	if (message.what == EXEC_FAILED) {
		job->failure = message;
	} else if (message.what == EXEC_STOPPED) {
		command_stopped(job, message.value);
	} else {
		job->status = message.value;
		end(job);
	}
}

/*
 * Signals that somebody sends to nsinfo are meant for the command. Those of the terminal come only
 * while it is not raw.
 */
static const int forwarded[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGTSTP};

static void take_signal(struct job *job)
{
	struct signalfd_siginfo info;
	int signal;

	if (read(job->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	signal = (int)info.ssi_signo;
	if (signal == SIGCONT) {
		go_on(job);
	} else if (signal == SIGWINCH) {
		if (job->master >= 0)
			terminal_copy_size(&job->terminal, job->master);
	} else if (!job->ended) {
		order(job, EXEC_SIGNAL, signal);
	} else if (signal == SIGTSTP) {
		command_stopped(job, signal);
	} else {
		/* Nobody takes what the command has left. */
		for (int i = 0; i < STREAMS; i++)
			stream_close(&job->streams[i]);
	}
}

static void move_streams(struct job *job, struct pollfd *answers)
{
	struct stream *typed = &job->streams[TYPED];

	/* A shell may have taken the terminal: what is typed is no longer for the command. */
	if (job->foreground && answers[0].revents && !terminal_is_ours(&job->terminal))
		set_foreground(job, false);
	if (typed->paused)
		answers[0].revents &= POLLHUP | POLLERR;
	for (int i = 0; i < STREAMS; i++)
		if (stream_is_open(&job->streams[i]))
			stream_move(&job->streams[i], answers + 2 * i);
	if (job->master >= 0 && !job->ended && !stream_is_open(typed))
		hang_up(job);
}

static bool is_done(const struct job *job)
{
	for (int i = 0; job->ended && i < STREAMS; i++)
		if (stream_is_open(&job->streams[i]))
			return false;
	return job->ended;
}

static void serve(struct job *job)
{
	while (!is_done(job)) {
		struct pollfd p[2 * STREAMS + 2];
		const int signals = 2 * STREAMS, control = signals + 1;

		for (int i = 0; i < STREAMS; i++)
			stream_ask(&job->streams[i], p + 2 * i);
		p[signals] = (struct pollfd){.fd = job->signals, .events = POLLIN};
		p[control] =
			(struct pollfd){.fd = job->ended ? -1 : job->control, .events = POLLIN};
		if (poll(p, sizeof(p) / sizeof(*p), -1) == -1)
			continue;
		move_streams(job, p);
		if (p[signals].revents)
			take_signal(job);
		if (p[control].revents)
			take_message(job);
	}
}

/* --- the beginning --- */

/*
 * A pipe in the place of one of the caller's files. The user opens it again by /dev/stdout, so it
 * is the user's.
 */
static int open_pipe(struct exec_plan *plan, struct job *job, int fd)
{
	int ends[2], mine = fd == STDIN_FILENO ? 1 : 0;

	if (pipe2(ends, O_CLOEXEC) == -1)
		return -errno;
	plan->standard[fd] = ends[!mine];
	job->ends[fd] = ends[mine];
	if (fcntl(ends[mine], F_SETFL, O_NONBLOCK) == -1 ||
		(plan->user && fchown(ends[0], plan->user->pw_uid, (gid_t)-1) == -1))
		return -errno;
	return 0;
}

/*
 * With a pipe at either side the terminal may be another program's, of a pager: it is left alone
 * until the command reads from its own, which stops it with SIGTTIN.
 */
static int open_files(struct exec_plan *plan, struct job *job)
{
	int r = terminal_open(&job->terminal);

	if (r == 0 && job->terminal.fd >= 0)
		r = terminal_new(&job->terminal, plan->user ? plan->user->pw_uid : 0, &job->master,
			&plan->terminal);
	for (int fd = 0; r == 0 && fd <= 2; fd++) {
		if (isatty(fd))
			plan->standard[fd] = plan->terminal;
		else
			r = open_pipe(plan, job, fd);
	}
	job->interested = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	plan->foreground = job->interested && terminal_is_ours(&job->terminal);
	if (r == 0 && plan->foreground)
		terminal_copy_modes(&job->terminal, job->master);
	job->has_modes = plan->foreground;
	return r;
}

/* The streams own their descriptors, so that the end of one is not the end of another. */
static int copy_of(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return copy == -1 ? -errno : copy;
}

/* Takes both over; a negative one is the error that it has to return. */
static int open_stream(struct stream *stream, int from, int to)
{
	stream_open(stream, from, to);
	return from < 0 ? from : to < 0 ? to : 0;
}

static int open_streams(struct job *job)
{
	int r = 0;

	if (job->master >= 0) {
		r = open_stream(
			&job->streams[TYPED], copy_of(job->terminal.fd), copy_of(job->master));
		if (r == 0)
			r = open_stream(&job->streams[SHOWN], copy_of(job->master),
				copy_of(job->terminal.fd));
	}
	for (int fd = 0; r == 0 && fd <= 2; fd++) {
		struct stream *stream = &job->streams[STANDARD + fd];

		if (job->ends[fd] < 0)
			continue;
		if (fd == STDIN_FILENO)
			r = open_stream(stream, copy_of(fd), job->ends[fd]);
		else
			r = open_stream(stream, job->ends[fd], terminal_open_again(fd, O_WRONLY));
		job->ends[fd] = -1;
	}
	return r;
}

static void block_signals(struct exec_plan *plan)
{
	static const int others[] = {SIGCHLD, SIGCONT, SIGWINCH, SIGTTIN, SIGTTOU, SIGPIPE};

	sigemptyset(&plan->signals);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(*forwarded); i++)
		sigaddset(&plan->signals, forwarded[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		sigaddset(&plan->signals, others[i]);
	sigprocmask(SIG_BLOCK, &plan->signals, &plan->mask);
}

static int open_signals(const struct exec_plan *plan)
{
	sigset_t read_here = plan->signals;

	sigdelset(&read_here, SIGCHLD);
	sigdelset(&read_here, SIGTTIN);
	sigdelset(&read_here, SIGTTOU);
	sigdelset(&read_here, SIGPIPE);
	return signalfd(-1, &read_here, SFD_CLOEXEC | SFD_NONBLOCK);
}

/*
 * In the monitor: what is nsinfo's. Its end of the control socket and the master above all, by the
 * end of which the monitor learns that nsinfo is dead.
 */
static void close_outside(struct job *job)
{
	for (int i = 0; i < STREAMS; i++)
		stream_close(&job->streams[i]);
	cleanup_close(&job->master);
	cleanup_close(&job->terminal.fd);
	cleanup_close(&job->signals);
	close(job->control);
}

static void close_inside(struct exec_plan *plan)
{
	for (int fd = 0; fd <= 2; fd++)
		if (plan->standard[fd] != plan->terminal)
			cleanup_close(&plan->standard[fd]);
	cleanup_close(&plan->terminal);
	close(plan->control);
}

static pid_t start(struct exec_plan *plan, struct job *job)
{
	int control[2];
	pid_t monitor;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) == -1)
		return -errno;
	job->control = control[0];
	plan->control = control[1];
	plan->nsinfo = getpid();
	fflush(NULL);
	monitor = fork();
	if (monitor == 0) {
		close_outside(job);
		exec_monitor(plan);
	}
	if (monitor == -1)
		monitor = -errno;
	close_inside(plan);
	return monitor;
}

/* --- the end --- */

static const char *const steps[] = {
	[EXEC_ENTER] = "enter the namespaces",
	[EXEC_TERMINAL] = "take the terminal",
	[EXEC_FORK] = "fork in the session",
	[EXEC_DESCRIPTORS] = "prepare the descriptors",
	[EXEC_DIRECTORY] = "change to /",
	[EXEC_LIMITS] = "set the limits",
	[EXEC_KEYRING] = "make a session keyring",
	[EXEC_GROUPS] = "set the groups",
	[EXEC_GROUP] = "set the group",
	[EXEC_USER] = "set the user",
	[EXEC_CAPABILITIES] = "drop the capabilities",
};

static int report_failure(const struct exec_plan *plan, const struct exec_message *failure)
{
	const char *reason = strerror(failure->value);

	if (failure->step != EXEC_RUN)
		text_error("cannot %s: %s", steps[failure->step], reason);
	else
		text_error("cannot run %s: %s", *plan->argv ? *plan->argv : plan->shell, reason);
	return exec_exit_status(failure->step, failure->value);
}

static int exit_status(const struct exec_plan *plan, const struct job *job)
{
	for (int i = 0; i < STREAMS; i++) {
		if (job->streams[i].error == 0)
			continue;
		text_error("cannot write what the command printed: %s",
			strerror(job->streams[i].error));
		return EXEC_CANNOT_RUN;
	}
	if (job->failure.value)
		return report_failure(plan, &job->failure);
	if (job->broken) {
		text_error("the process that waited for the command was killed");
		return EXEC_CANNOT_RUN;
	}
	return WIFSIGNALED(job->status) ? 128 + WTERMSIG(job->status) : WEXITSTATUS(job->status);
}

static int run(struct exec_plan *plan, struct job *job)
{
	pid_t monitor;
	int r = open_files(plan, job);

	if (r == 0)
		r = open_streams(job);
	job->signals = open_signals(plan);
	if (r == 0 && job->signals == -1)
		r = -errno;
	if (r < 0) {
		text_error("cannot make a terminal or a pipe for the command: %s", strerror(-r));
		return EXEC_CANNOT_RUN;
	}
	monitor = start(plan, job);
	if (monitor < 0) {
		text_error("cannot fork: %s", strerror(-monitor));
		return EXEC_CANNOT_RUN;
	}
	terminal_restore_if_killed(&job->terminal);
	set_foreground(job, plan->foreground);
	serve(job);
	terminal_close(&job->terminal);
	close(job->control);
	waitpid(monitor, NULL, 0);
	return exit_status(plan, job);
}

int exec_run(struct exec_plan *plan)
{
	struct job job = {.terminal = TERMINAL_NONE, .master = -1, .ends = {-1, -1, -1}};

	plan->terminal = -1;
	for (int fd = 0; fd <= 2; fd++)
		plan->standard[fd] = -1;
	for (int i = 0; i < STREAMS; i++)
		job.streams[i].from = job.streams[i].to = -1;
	block_signals(plan);
	return run(plan, &job);
}
