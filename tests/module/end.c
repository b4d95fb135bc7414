/* SPDX-License-Identifier: MIT */

/* How a session ends: what its processes get, and that nothing of it stays. */

#include "application.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/*
 * A process in the background of the session: a grandchild of the application, as what a shell
 * leaves behind. It holds the pipe's write end, so whoever reads sees its end.
 */
static int out[2];

static void in_background(void (*body)(void))
{
	char byte;
	pid_t child;

	CHECK(pipe2(out, O_CLOEXEC) == 0);
	child = fork();
	CHECK(child != -1);
	if (child == 0) {
		setsid();
		if (fork() == 0) {
			body();
			for (;;)
				pause();
		}
		_exit(0);
	}
	CHECK(waitpid(child, NULL, 0) == child);
	close(out[1]);
	CHECK(read(out[0], &byte, 1) == 1 && byte == '+'); /* it is ready */
}

static void say(char byte)
{
	CHECK(write(out[1], &byte, 1) == 1);
}

/* What it said until it ended, at most for SECONDS. "..." at the end where it has not ended. */
static const char *hear(double seconds)
{
	static char text[64];
	size_t length = 0;
	double deadline = now() + seconds;

	memset(text, 0, sizeof(text));
	while (length < sizeof(text) - 4) {
		struct pollfd p = {.fd = out[0], .events = POLLIN};
		double left = deadline - now();
		ssize_t got;

		if (poll(&p, 1, left < 0 ? 0 : (int)(left * 1000) + 1) == 0) {
			strcpy(text + length, "...");
			break;
		}
		got = read(out[0], text + length, 1);
		if (got <= 0)
			break;
		length++;
	}
	close(out[0]);
	return text;
}

static void note_signal(int signal)
{
	char byte = signal == SIGHUP    ? 'H'
		    : signal == SIGTERM ? 'T'
		    : signal == SIGCONT ? 'C'
					: '?';

	(void)!write(out[1], &byte, 1);
}

static void note_signals(void)
{
	struct sigaction action = {.sa_handler = note_signal};

	sigfillset(&action.sa_mask);
	for (int signal = 1; signal < 32; signal++)
		if (signal != SIGKILL && signal != SIGSTOP)
			sigaction(signal, &action, NULL);
}

static void obedient(void)
{
	say('+');
}

static void stubborn(void)
{
	note_signals();
	say('+');
}

static void on_term(int signal)
{
	(void)signal;
	_exit(0);
}

static void saves_at_term(void)
{
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, on_term);
	say('+');
}

static void stops(void)
{
	note_signals();
	say('+');
	raise(SIGSTOP);
}

static void stops_obediently(void)
{
	say('+');
	raise(SIGSTOP);
}

static void is_traced(void)
{
	/* A tracer that never lets its child go on. */
	pid_t child = fork();

	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(child, NULL, WUNTRACED);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	say('+');
}

static pam_handle_t *open_session(void)
{
	pam_handle_t *pamh = application_start("test", USER);

	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	return pamh;
}

/* For what ends before the grace time is over: so long a time that a busy machine is no failure. */
#define AT_ONCE 30 /* seconds */

static pam_handle_t *open_patient_session(void)
{
	pam_handle_t *pamh;

	SERVICE("patient", "grace=60");
	pamh = application_start("patient", USER);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	return pamh;
}

/* Closes with this process in the background, and returns how long that took. */
static double close_with(pam_handle_t *pamh, void (*body)(void))
{
	double start;

	in_background(body);
	start = now();
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("err ") == 0);
	CHECK(application_goes(application_init()), "PID 1 is still there");
	return now() - start;
}

TEST_CASE(ends_at_once, "what obeys ends at once, and closing does not wait longer")
{
	double took = close_with(open_patient_session(), obedient);

	CHECK(strcmp(hear(0), "") == 0);
	CHECK(took < AT_ONCE, "it took %.2f s", took);
}

TEST_CASE(may_save, "what obeys SIGTERM alone has its time")
{
	double took = close_with(open_patient_session(), saves_at_term);

	CHECK(strcmp(hear(0), "") == 0);
	CHECK(took < AT_ONCE, "it took %.2f s", took);
}

TEST_CASE(
	gets_killed, "what ignores them gets SIGHUP, SIGTERM and SIGCONT, and is killed after 2 s")
{
	double took = close_with(open_session(), stubborn);
	const char *heard = hear(0);

	CHECK(strcmp(heard, "HTC") == 0 || strcmp(heard, "HCT") == 0 || strcmp(heard, "CHT") == 0,
		"it was %s", heard);
	CHECK(took > 1.9 && took < 12, "it took %.2f s", took);
}

TEST_CASE(wakes_stopped, "a stopped process wakes to end")
{
	double took = close_with(open_patient_session(), stops_obediently);

	CHECK(strcmp(hear(0), "") == 0);
	CHECK(took < AT_ONCE, "it took %.2f s", took);
}

TEST_CASE(tells_stopped, "a stopped process that catches them gets them all")
{
	const char *heard;

	close_with(open_session(), stops);
	heard = hear(0);
	CHECK(strchr(heard, 'H') && strchr(heard, 'T') && strchr(heard, 'C'), "it was %s", heard);
	CHECK(strlen(heard) == 3, "it was %s", heard);
}

TEST_CASE(ends_traced, "a process that is traced and stopped ends")
{
	close_with(open_session(), is_traced);
	CHECK(strcmp(hear(0), "") == 0);
}

TEST_CASE(unreaped_child, "a zombie that the application reaps later delays nothing")
{
	pam_handle_t *pamh = open_patient_session();
	double start;
	pid_t child = fork();
	siginfo_t info;
	int status;

	if (child == 0)
		_exit(7);
	/* A zombie that the application reaps later, as sshd does. */
	CHECK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0);
	start = now();
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(now() - start < AT_ONCE, "it took %.2f s", now() - start);
	CHECK(application_log_count("err ") == 0);
	CHECK(waitpid(-1, &status, 0) == child && WEXITSTATUS(status) == 7);
	CHECK(application_goes(application_init()), "PID 1 is still there");
}

TEST_CASE(living_child, "the application's own child in the session ends, and is its to reap")
{
	pam_handle_t *pamh = open_session();
	pid_t child = fork();
	int status;

	if (child == 0)
		for (;;)
			pause();
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(waitpid(-1, &status, WNOHANG) == child && WTERMSIG(status) == SIGHUP);
	CHECK(waitpid(-1, &status, 0) == -1 && errno == ECHILD);
}

TEST_CASE(many_processes, "a hundred processes of every kind end")
{
	pam_handle_t *pamh = open_session();

	in_background(stubborn);
	for (int i = 0; i < 100; i++) {
		pid_t child = fork();

		CHECK(child != -1);
		if (child == 0) {
			if (i % 2)
				note_signals();
			else if (fork() == 0)
				raise(SIGSTOP);
			for (;;)
				pause();
		}
	}
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("err ") == 0);
	CHECK(strstr(hear(0), "...") == NULL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	CHECK(application_goes(application_init()), "PID 1 is still there");
}

/*
 * The application dies, or PID 1 does.
 */

TEST_CASE(application_is_killed, "an application that is killed takes the session with it")
{
	pid_t application;

	CHECK(pipe2(out, O_CLOEXEC) == 0);
	application = fork();
	if (application == 0) {
		int kept = dup(out[1]);

		close(out[0]);
		close(out[1]);
		out[1] = kept;
		pam_handle_t *pamh = application_start("test", USER);

		CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
		if (fork() == 0) {
			say('+');
			for (;;)
				pause();
		}
		for (;;)
			pause();
	}
	close(out[1]);
	char byte;

	CHECK(read(out[0], &byte, 1) == 1);
	CHECK(kill(application, SIGKILL) == 0);
	CHECK(waitpid(application, NULL, 0) == application);
	CHECK(strcmp(hear(10), "") == 0);
	CHECK(application_goes(application_init()), "PID 1 is still there");
	CHECK(application_log_count("closed") == 0);
}

TEST_CASE(init_is_killed, "when PID 1 is killed all ends, and closing restores the application")
{
	pam_handle_t *pamh = application_start("test", USER);
	char *before = application_state();

	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	in_background(stubborn);
	CHECK(kill(application_init(), SIGKILL) == 0);
	CHECK(strcmp(hear(10), "") == 0);
	CHECK(application_goes(application_init()));
	CHECK(fork() == -1 && errno == ENOMEM); /* pid_namespaces(7) */
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("err ") == 0);
	application_check_state(before);
	CHECK(application_children_namespace() != 0);
}

TEST_CASE(init_is_told_by_root, "SIGTERM to PID 1 by root on the host ends the session")
{
	pam_handle_t *pamh = open_session();

	in_background(obedient);
	/* From the host, as an administrator would. */
	CHECK(kill(application_init(), SIGTERM) == 0);
	CHECK(strcmp(hear(10), "") == 0);
	CHECK(application_goes(application_init()));
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
}

static void signals_from_inside(void)
{
	for (int signal = 1; signal <= 64; signal++)
		if (signal != 32 && signal != 33)
			CHECK(kill(1, signal) == 0, "signal %d", signal);
	usleep(50000);
	CHECK(kill(1, 0) == 0);
}

TEST_CASE(init_ignores_the_inside, "no signal from root inside the session ends it")
{
	pam_handle_t *pamh = open_session();

	in_background(stubborn);
	CHECK(application_in_child(signals_from_inside) == 0);
	CHECK(application_lives(application_init()));
	CHECK(application_children_namespace() != 0);
	CHECK(kill(application_init(), SIGKILL) == 0);
	CHECK(strchr(hear(10), '.') == NULL);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
}

static void signal_as_user(void)
{
	pid_t init = application_init();

	CHECK(setresuid(65534, 65534, 65534) == 0);
	for (int signal = 1; signal <= 31; signal++)
		CHECK(kill(init, signal) == -1 && errno == EPERM, "signal %d", signal);
}

TEST_CASE(user_cannot_signal, "a user cannot signal PID 1, not even su's real one")
{
	int ready[2], status;
	pid_t outsider;
	pam_handle_t *pamh;
	char byte;

	/* As in su: the real uid is the one of the user who called it. */
	CHECK(setresuid(65534, 0, 0) == 0);
	CHECK(pipe2(ready, O_CLOEXEC) == 0);
	outsider = fork(); /* born before the session: it is on the host */
	if (outsider == 0) {
		CHECK(read(ready[0], &byte, 1) == 1);
		signal_as_user();
		_exit(0);
	}
	pamh = open_session();
	CHECK(write(ready[1], "", 1) == 1);
	CHECK(waitpid(outsider, &status, 0) == outsider && status == 0);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("err ") == 0);
}

/* PID 1 drops what it needs no more when it starts, for which opening does not wait. */
static char status_text[4096];
static const char *status_lacks;

static bool has_dropped_all(pid_t init)
{
	static const char *const expected[] = {"CapInh:\t0000000000000000",
		"CapPrm:\t0000000000000020", "CapEff:\t0000000000000020",
		"CapBnd:\t0000000000000020", "CapAmb:\t0000000000000000", "Uid:\t0\t0\t0\t0",
		"Gid:\t0\t0\t0\t0", "Groups:\t \n", "7ffbfeff\nSigIgn:", "Threads:\t1"};
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)init);
	memset(status_text, 0, sizeof(status_text));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd != -1 && read(fd, status_text, sizeof(status_text) - 1) > 0);
	close(fd);
	status_lacks = NULL;
	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++)
		if (!strstr(status_text, expected[i]))
			status_lacks = expected[i];
	return !status_lacks;
}

TEST_CASE(status_of_init, "PID 1 has CAP_KILL and no other capability, group or thread")
{
	pam_handle_t *pamh;
	int ready[2], status;
	pid_t outsider;
	char byte;

	CHECK(pipe2(ready, O_CLOEXEC) == 0);
	outsider = fork();
	if (outsider == 0) {
		CHECK(read(ready[0], &byte, 1) == 1);
		CHECK(application_becomes(has_dropped_all, application_init()), "%s is not in %s",
			status_lacks, status_text);
		_exit(0);
	}
	pamh = open_session();
	CHECK(write(ready[1], "", 1) == 1);
	CHECK(waitpid(outsider, &status, 0) == outsider && status == 0);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
}

/*
 * Many at once.
 */

#define MANY 200

static void see_one_other(void)
{
	struct stat s;

	CHECK(getpid() == 2);
	CHECK(stat("/proc/3", &s) == -1);
}

TEST_CASE(many_at_once, "200 applications open and close at once")
{
	pid_t applications[MANY];
	int start[2];
	char byte;

	CHECK(pipe2(start, O_CLOEXEC) == 0);
	SERVICE("test", ""); /* before any of them reads it */
	for (int i = 0; i < MANY; i++) {
		applications[i] = fork();
		CHECK(applications[i] != -1);
		if (applications[i] == 0) {
			pam_handle_t *pamh = application_start("test", USER);
			char *before = application_state();

			close(start[1]);
			(void)!read(start[0], &byte, 1); /* all at once */
			free(before);
			before = application_state();
			CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
			CHECK(application_in_child(see_one_other) == 0);
			CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
			application_check_state(before);
			CHECK(pam_end(pamh, PAM_SUCCESS) == PAM_SUCCESS);
			_exit(0);
		}
	}
	close(start[1]);
	for (int i = 0; i < MANY; i++) {
		int status;

		CHECK(waitpid(applications[i], &status, 0) == applications[i] && status == 0);
	}
	CHECK(application_log_count("session opened") == MANY);
	CHECK(application_log_count("session closed") == MANY);
	CHECK(application_log_count("err ") == 0);
	CHECK(application_goes(application_init()));
}

APPLICATION_MAIN("end")
