/* SPDX-License-Identifier: MIT */

/*
 * What a user inside a session may try; for abuse.sh. Says a line for each try: what it was, and
 * "ok" or the errno's name.
 *
 *     attack signals PID       send every signal in every way, with forged senders where the kernel
 * lets it attack trace PID         attach to it, read its memory, take its descriptors attack hold
 * PID          trace it, stop it, and keep it so attack files PID         open what is below
 * /proc/PID attack stay KIND FILE    leave a process of that kind behind; FILE is there when it is
 * ready attack bomb NUMBER FILE  so many processes that fork, exit and fork again, and obey nothing
 *     attack swap ONE OTHER      exchange what two names stand for, again and again, until killed
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

static const char *ready_file;

static const char *error_name(int code)
{
	switch (code) {
	case EPERM:
		return "EPERM";
	case EACCES:
		return "EACCES";
	default:
		return strerror(code);
	}
}

static void say(const char *what, long result)
{
	printf("%s: %s\n", what, result == -1 ? error_name(errno) : "ok");
}

static void say_number(const char *what, int number, long result)
{
	char text[96];

	snprintf(text, sizeof(text), "%s %d", what, number);
	say(text, result);
}

static siginfo_t forged(int signal, int code)
{
	siginfo_t info = {.si_signo = signal, .si_code = code};

	/* As a signal looks that root on the host sent: PID 0, uid 0. */
	info.si_pid = 0;
	info.si_uid = 0;
	return info;
}

static void send_signals(pid_t pid)
{
	static const int codes[] = {SI_USER, SI_KERNEL, SI_QUEUE, SI_TIMER, SI_MESGQ, SI_ASYNCIO,
		SI_SIGIO, SI_TKILL, CLD_EXITED, -60};
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	say("pidfd_open", pidfd);
	for (int signal = 1; signal <= 64; signal++) {
		say_number("kill", signal, kill(pid, signal));
		say_number("tkill", signal, syscall(SYS_tkill, pid, signal));
		say_number("pidfd_send_signal", signal,
			syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
		for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
			siginfo_t info = forged(signal, codes[i]);
			char text[64];

			snprintf(text, sizeof(text), "forged code %d signal", codes[i]);
			say_number(text, signal, syscall(SYS_rt_sigqueueinfo, pid, signal, &info));
			say_number(text, signal,
				syscall(SYS_rt_tgsigqueueinfo, pid, pid, signal, &info));
			say_number(text, signal,
				syscall(SYS_pidfd_send_signal, pidfd, signal, &info, 0));
		}
	}
	/* A signal for input on a terminal or a pipe, sent by the kernel to whoever the owner
	 * names. */
	for (int i = 0; i < 2; i++) {
		int ends[2];

		if (pipe(ends) == -1)
			abort();
		say("F_SETOWN", fcntl(ends[0], F_SETOWN, pid));
		fcntl(ends[0], F_SETSIG, i == 0 ? SIGTERM : SIGKILL);
		fcntl(ends[0], F_SETFL, O_ASYNC);
		if (write(ends[1], "", 1) != 1)
			abort();
	}
}

static void trace(pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	char byte;
	struct iovec here = {&byte, 1}, there = {(void *)0x400000, 1};

	say("PTRACE_ATTACH", ptrace(PTRACE_ATTACH, pid, NULL, NULL));
	say("PTRACE_SEIZE", ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	say("process_vm_readv", process_vm_readv(pid, &here, 1, &there, 1, 0));
	say("process_vm_writev", process_vm_writev(pid, &here, 1, &there, 1, 0));
	for (int fd = 3; fd <= 7; fd++)
		say_number("pidfd_getfd", fd, syscall(SYS_pidfd_getfd, pidfd, fd, 0));
	say("setns", setns(pidfd, CLONE_NEWNS));
}

static void open_files(pid_t pid)
{
	static const char *const names[] = {"mem", "environ", "maps", "auxv", "fd", "fdinfo",
		"map_files", "root/.", "cwd/.", "exe", "ns/mnt", "ns/pid", "stack", "syscall", "io",
		"fd/3", "fd/4", "fd/5", "fd/5/1", "fd/6", "fd/7"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[64], byte;
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, names[i]);
		fd = open(path, O_RDONLY | O_NONBLOCK);
		/* A few files open for all, and deny the reading. */
		if (fd != -1 && read(fd, &byte, 1) == -1 && (errno == EPERM || errno == EACCES)) {
			close(fd);
			fd = -1;
		}
		say(names[i], fd);
	}
}

static void obey_nothing(void)
{
	for (int signal = 1; signal <= 64; signal++)
		sigaction(signal, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
}

static void get_ready(void)
{
	close(open(ready_file, O_CREAT | O_WRONLY, 0666));
}

static _Noreturn void sleep_for_ever(void)
{
	for (;;)
		sleep(1000);
}

static pid_t start_sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0)
		sleep_for_ever();
	return pid;
}

static void stay_ignoring(void)
{
	obey_nothing();
	get_ready();
}

static void stay_twice_forked(void)
{
	obey_nothing();
	if (fork() != 0)
		_exit(0);
	setsid();
	if (fork() != 0)
		_exit(0);
	get_ready();
}

static void stay_stopped(void)
{
	pid_t child = start_sleeper();

	kill(child, SIGSTOP);
	waitpid(child, NULL, WUNTRACED);
	get_ready();
	raise(SIGSTOP);
}

static void stay_traced(void)
{
	pid_t child = start_sleeper();

	obey_nothing();
	ptrace(PTRACE_SEIZE, child, NULL, (void *)PTRACE_O_TRACEEXIT);
	ptrace(PTRACE_INTERRUPT, child, NULL, NULL);
	waitpid(child, NULL, __WALL);
	get_ready();
}

static void stay_vforked(void)
{
	obey_nothing();
	if (syscall(SYS_clone, CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, NULL) == 0) {
		get_ready();
		sleep_for_ever();
	}
}

static int sleep_in_thread(void *unused)
{
	(void)unused;
	get_ready();
	sleep_for_ever();
}

static void stay_without_leader(void)
{
	thrd_t thread;

	obey_nothing();
	if (thrd_create(&thread, sleep_in_thread, NULL) != thrd_success)
		abort();
	syscall(SYS_exit, 0); /* this thread alone: /proc shows a zombie then */
}

static void stay_with_zombies(void)
{
	signal(SIGCHLD, SIG_DFL);
	for (int i = 0; i < 100; i++)
		if (fork() == 0)
			_exit(0);
	get_ready();
}

static void stay_in_namespaces(void)
{
	obey_nothing();
	if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) == -1)
		abort();
	if (fork() == 0) {
		start_sleeper();
		get_ready();
	}
}

static const struct {
	const char *kind;
	void (*stay)(void);
} kinds[] = {
	{"ignoring", stay_ignoring},
	{"twice-forked", stay_twice_forked},
	{"stopped", stay_stopped},
	{"traced", stay_traced},
	{"vforked", stay_vforked},
	{"without-leader", stay_without_leader},
	{"with-zombies", stay_with_zombies},
	{"in-namespaces", stay_in_namespaces},
};

static void stay(const char *kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(kind, kinds[i].kind) == 0 || strcmp(kind, "all") == 0) {
			if (fork() == 0) {
				setsid();
				kinds[i].stay();
				sleep_for_ever();
			}
		}
	}
	while (access(ready_file, F_OK) == -1)
		usleep(1000);
	if (strcmp(kind, "all") == 0)
		usleep(300000);
}

/*
 * Each process forks another and ends, or stays for a while: nobody who kills them one by one gets
 * done. Bounded in number and in time, whatever happens to the test.
 */
static void bomb(rlim_t number)
{
	struct rlimit limit = {number, number};
	time_t end = time(NULL) + 30;

	if (getuid() == 0 || setrlimit(RLIMIT_NPROC, &limit) == -1)
		abort();
	setsid();
	obey_nothing();
	while (fork() != -1)
		;
	get_ready();
	for (unsigned int i = (unsigned int)getpid(); time(NULL) < end; i++) {
		if (fork() == -1)
			usleep(2000);
		else if (i % 3 == 0)
			_exit(0);
	}
}

/* Bounded in time, whatever happens to the test. */
static void swap(const char *one, const char *other)
{
	time_t end = time(NULL) + 120;

	while (time(NULL) < end) {
		if (renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE) == -1)
			abort();
		usleep(200);
	}
}

static void hold(pid_t pid)
{
	obey_nothing();
	say("PTRACE_SEIZE", ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	say("PTRACE_INTERRUPT", ptrace(PTRACE_INTERRUPT, pid, NULL, NULL));
	fflush(stdout);
	get_ready();
	sleep_for_ever();
}

int main(int argc, char **argv)
{
	const char *what = argc >= 3 ? argv[1] : "";

	ready_file = argc >= 4 ? argv[3] : NULL;
	setvbuf(stdout, NULL, _IOFBF, 65536);
	if (strcmp(what, "signals") == 0)
		send_signals(atoi(argv[2]));
	else if (strcmp(what, "trace") == 0)
		trace(atoi(argv[2]));
	else if (strcmp(what, "files") == 0)
		open_files(atoi(argv[2]));
	else if (strcmp(what, "hold") == 0 && ready_file)
		hold(atoi(argv[2]));
	else if (strcmp(what, "stay") == 0 && ready_file)
		stay(argv[2]);
	else if (strcmp(what, "bomb") == 0 && ready_file)
		bomb((rlim_t)atol(argv[2]));
	else if (strcmp(what, "swap") == 0 && argc == 4)
		swap(argv[2], argv[3]);
	else
		return 2;
	return 0;
}
