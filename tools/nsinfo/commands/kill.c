/* SPDX-License-Identifier: MIT */

/* nsinfo kill: end a session, or send a signal to its processes. */

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/strings.h"
#include "commands/commands.h"
#include "commands/scan.h"
#include "common/clock.h"
#include "common/limits.h"
#include "print/text.h"
#include "read/pidfd.h"

/* --- with -s --- */

static const struct {
	const char *name;
	int number;
} signals[] = {
	{"HUP", SIGHUP},
	{"INT", SIGINT},
	{"QUIT", SIGQUIT},
	{"ILL", SIGILL},
	{"TRAP", SIGTRAP},
	{"ABRT", SIGABRT},
	{"BUS", SIGBUS},
	{"FPE", SIGFPE},
	{"KILL", SIGKILL},
	{"USR1", SIGUSR1},
	{"SEGV", SIGSEGV},
	{"USR2", SIGUSR2},
	{"PIPE", SIGPIPE},
	{"ALRM", SIGALRM},
	{"TERM", SIGTERM},
	{"STKFLT", SIGSTKFLT},
	{"CHLD", SIGCHLD},
	{"CONT", SIGCONT},
	{"STOP", SIGSTOP},
	{"TSTP", SIGTSTP},
	{"TTIN", SIGTTIN},
	{"TTOU", SIGTTOU},
	{"URG", SIGURG},
	{"XCPU", SIGXCPU},
	{"XFSZ", SIGXFSZ},
	{"VTALRM", SIGVTALRM},
	{"PROF", SIGPROF},
	{"WINCH", SIGWINCH},
	{"IO", SIGIO},
	{"PWR", SIGPWR},
	{"SYS", SIGSYS},
};

/* "TERM", "SIGTERM", "15", "RTMIN+1". Returns 0 if it is none. */
static int parse_signal(const char *text)
{
	long long number;
	int base = 0;

	if (string_number(text, &number) == 0)
		return number > 0 && number <= SIGRTMAX ? (int)number : 0;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	if (strncasecmp(text, "RTMIN", 5) == 0)
		base = SIGRTMIN;
	else if (strncasecmp(text, "RTMAX", 5) == 0)
		base = SIGRTMAX;
	if (base) {
		number = strtol(text + 5, NULL, 10);
		return base + number >= SIGRTMIN && base + number <= SIGRTMAX ? base + (int)number
									      : 0;
	}
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (strcasecmp(text, signals[i].name) == 0)
			return signals[i].number;
	return 0;
}

/* PID 1 is spared: SIGKILL would end the session without grace, and others it does not obey. */
static int signal_processes(
	struct sessions *sessions, const struct session *session, int signal, long *signalled)
{
	int result = 0;

	*signalled = 0;
	for (size_t i = 0; i < sessions->processes.count; i++) {
		const struct process *process = &sessions->processes.list[i];
		_cleanup_close_ int fd = -1;
		int r;

		if (process->pid == session->init || process->pid == getpid() ||
			!sessions_contains(sessions, session, process))
			continue;
		fd = pidfd_open_process(sessions->proc, process);
		r = fd < 0 ? fd : pidfd_signal(fd, signal);
		if (r == 0)
			++*signalled;
		else if (r != -ESRCH)
			result = r;
	}
	return result;
}

/* --- without --- */

/* Is a process left that runs? A zombie waits for its parent, an application on the host. */
static bool is_alive(struct sessions *sessions, const struct session *session)
{
	for (size_t i = 0; i < sessions->processes.count; i++) {
		const struct process *process = &sessions->processes.list[i];
		struct proc_status status;
		uint64_t ns;

		if (process->pid == session->init || !sessions_contains(sessions, session, process))
			continue;
		if (proc_ns(sessions->proc, process->pid, "pid", &ns) == 0 && ns == process->ns &&
			proc_status(sessions->proc, process->pid, &status) == 0 &&
			status.state != 'Z' && status.state != 'X')
			return true;
	}
	return false;
}

static int wait_for_end(
	struct sessions *sessions, const struct session *session, int pidfd, long long limit_ms)
{
	int64_t deadline = clock_now_ms() + limit_ms;
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	for (;;) {
		int64_t left = deadline - clock_now_ms();

		if (poll(&p, 1, left > KILL_POLL_MS ? KILL_POLL_MS : left > 0 ? (int)left : 0) == 1)
			return 0;
		if (left <= 0)
			return is_alive(sessions, session) ? -ETIMEDOUT : 0;
	}
}

static int end_session(struct sessions *sessions, const struct session *session)
{
	const struct process *init = processes_find(&sessions->processes, session->init);
	long long grace = session->grace_ms >= 0 ? session->grace_ms : GRACE_DEFAULT_MS;
	_cleanup_close_ int fd = -1;
	int r;

	fd = init ? pidfd_open_process(sessions->proc, init) : -ESRCH;
	if (fd < 0)
		return fd;
	r = pidfd_signal(fd, SIGTERM);
	return r < 0 ? r : wait_for_end(sessions, session, fd, grace + KILL_MARGIN_MS);
}

/* --- the command --- */

static void print_json(const struct session *session, const char *key, long long value)
{
	struct json json = JSON(stdout);

	json_object(&json, NULL);
	json_known(&json, "ns", session->ns != 0, (long long)session->ns);
	json_number(&json, "init", session->init);
	json_number(&json, key, value);
	json_end_object(&json);
}

static int run_signal(
	struct cli *cli, struct sessions *sessions, const struct session *session, int signal)
{
	long signalled;
	int r = signal_processes(sessions, session, signal, &signalled);

	if (cli->format.json)
		print_json(session, "signalled", signalled);
	if (r < 0)
		text_error("cannot signal every process: %s", strerror(-r));
	return r;
}

static int run_end(struct cli *cli, struct sessions *sessions, const struct session *session)
{
	int64_t start = clock_now_ms();
	int r = end_session(sessions, session);

	if (r == -ESRCH)
		r = 0; /* it ended by itself: what was wanted */
	if (r == 0 && cli->format.json)
		print_json(session, "milliseconds", clock_now_ms() - start);
	if (r == -ETIMEDOUT)
		text_error("its processes did not end in time: see \"nsinfo ps %d\"",
			(int)session->init);
	else if (r < 0)
		text_error("cannot ask PID 1 to end the session: %s", strerror(-r));
	return r;
}

static int run(struct cli *cli, struct sessions *sessions, const char *name, int signal)
{
	const struct session *session = scan_choose(sessions, name);

	if (!session)
		return -ESRCH;
	if (session->ns == 0 || (!signal && geteuid() != 0)) {
		text_error("only root may end or signal the session of %s",
			session->user ? session->user : "another user");
		return -EPERM;
	}
	if (session->level == 0 && !signal) {
		text_error("a session is ended from outside: PID 1 obeys nobody inside");
		return -EPERM;
	}
	return signal ? run_signal(cli, sessions, session, signal)
		      : run_end(cli, sessions, session);
}

static int kill_main(int argc, char **argv)
{
	struct cli cli = {.command = &command_kill};
	struct proc proc = PROC_CLOSED;
	struct sessions sessions;
	int c, signal = 0, r;

	while ((c = cli_getopt(&cli, argc, argv)) != -1) {
		if (c != 's')
			continue;
		signal = parse_signal(optarg);
		if (!signal)
			cli_usage_error(&cli, "no such signal: %s", optarg);
	}
	if (argc - optind != 1)
		cli_usage_error(&cli, optind == argc ? "which session?" : "more than one session");
	r = scan_sessions(&proc, &sessions, false);
	if (r == 0)
		r = run(&cli, &sessions, argv[optind], signal);
	sessions_free(&sessions);
	proc_close(&proc);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static const struct cli_option options[] = {
	{'s', "signal", "SIGNAL", "send this to each process but PID 1; end nothing"},
	{'J', "json", NULL, "say as JSON what was done"},
	{0},
};

const struct command command_kill = {
	.name = "kill",
	.arguments = "[options] SESSION",
	.summary = "end a session, or with -s signal its processes",
	.options = options,
	.main = kill_main,
};
