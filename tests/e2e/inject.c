/* SPDX-License-Identifier: MIT */

/*
 * A system call that fails in a process that is born on the way, where strace(1) can name a call
 * only by its number in every process that it follows:
 *
 *   inject starter|init CALL NUMBER ERROR REPORT COMMAND [ARGUMENT...]
 *
 * The command is the application. The starter is its child that shares its memory, PID 1 the
 * starter's (launch.c). In that one, the system call CALL (a number: strace -n) is not made the
 * NUMBERth time, from 1, and fails with ERROR (ENOMEM, or any other name); or the process is killed
 * there (KILL). All others run as if nobody traced them. If it came to that call, REPORT is
 * created. Exits with the command's status.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/ptrace.h"

static pid_t application, starter, target;
static bool want_init;
static long wanted_call, wanted_number;
static int error_code; /* 0: kill it */
static const char *report;

/* A child whose birth its parent has not yet told, or which has not yet stopped: either may come
 * first. */
static struct {
	pid_t pid;
	bool told, stopped;
} newborn[16];

static void die(const char *what)
{
	perror(what);
	exit(125);
}

/* strerrorname_np(3) is not in the C library before glibc 2.32. */
static const struct {
	const char *name;
	int code;
} errors[] = {
#define NAMED(code)                                                                                \
	{                                                                                          \
#code, code                                                                        \
	}
	NAMED(E2BIG),
	NAMED(EACCES),
	NAMED(EAGAIN),
	NAMED(EBADF),
	NAMED(EBUSY),
	NAMED(ECHILD),
	NAMED(ECONNREFUSED),
	NAMED(ECONNRESET),
	NAMED(EEXIST),
	NAMED(EFAULT),
	NAMED(EFBIG),
	NAMED(EINTR),
	NAMED(EINVAL),
	NAMED(EIO),
	NAMED(EISDIR),
	NAMED(ELIBBAD),
	NAMED(ELOOP),
	NAMED(EMFILE),
	NAMED(EMSGSIZE),
	NAMED(ENAMETOOLONG),
	NAMED(ENFILE),
	NAMED(ENOBUFS),
	NAMED(ENODEV),
	NAMED(ENOENT),
	NAMED(ENOEXEC),
	NAMED(ENOLCK),
	NAMED(ENOMEM),
	NAMED(ENOSPC),
	NAMED(ENOSYS),
	NAMED(ENOTBLK),
	NAMED(ENOTCONN),
	NAMED(ENOTDIR),
	NAMED(ENOTSOCK),
	NAMED(ENXIO),
	NAMED(EOPNOTSUPP),
	NAMED(EOVERFLOW),
	NAMED(EPERM),
	NAMED(EPIPE),
	NAMED(ERANGE),
	NAMED(EROFS),
	NAMED(ESPIPE),
	NAMED(ESRCH),
	NAMED(ETXTBSY),
	NAMED(EUSERS),
};

static int parse_error(const char *name)
{
	if (strcmp(name, "KILL") == 0)
		return 0;
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].code;
	fprintf(stderr, "inject: no error is called %s\n", name);
	exit(125);
}

static void note(void)
{
	int fd = open(report, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd == -1)
		die("inject: create the report");
	close(fd);
}

/* The target is at the entry or at the exit of a system call. */
static void at_call(void)
{
	static long count;
	struct __ptrace_syscall_info info;
	static bool failing;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, target, sizeof(info), &info) == -1)
		die("inject: look at a system call");
	if (failing) {
		if (ptrace_set_result(target, -error_code) == -1)
			die("inject: write registers");
		ptrace(want_init ? PTRACE_DETACH : PTRACE_CONT, target, NULL, NULL);
		return;
	}
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY && (long)info.entry.nr == wanted_call &&
		++count == wanted_number) {
		note();
		failing = error_code != 0;
		if (!failing)
			kill(target, SIGKILL);
		else if (ptrace_skip_call(target) == -1)
			die("inject: write the number of the call");
	}
	ptrace(PTRACE_SYSCALL, target, NULL, NULL);
}

/*
 * A child of the application or of the starter that is not a plain fork: the application's threads
 * are such children too, and what posix_spawn(3) starts, whose end sends SIGCHLD.
 */
static bool ends_silently(pid_t pid)
{
	char path[64], line[1024];
	int signal = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (file && fgets(line, sizeof(line), file)) {
		const char *at = strrchr(line, ')');

		/* Of the fields behind the name, the state is the third of all, exit_signal the
		 * 38th. */
		for (int field = 2; at && field < 38; field++)
			at = strchr(at + 1, ' ');
		if (at)
			signal = atoi(at);
	}
	if (file)
		fclose(file);
	return signal == 0;
}

static void give_role(pid_t parent, pid_t child)
{
	if (parent == application && starter == 0 && ends_silently(child)) {
		starter = child;
		if (!want_init)
			target = child;
	} else if (parent == starter && want_init && target == 0) {
		target = child;
	}
}

/* Whether its birth is over, and it goes on with us. */
static bool is_followed(pid_t pid)
{
	for (size_t i = 0; i < sizeof(newborn) / sizeof(*newborn); i++)
		if (newborn[i].pid == pid)
			return false;
	return pid == starter || pid == target;
}

/* One half of a birth. With the other, the child goes on: followed, or as if nobody traced it. */
static void note_birth(pid_t child, bool told)
{
	size_t i = 0, free = 0;

	for (i = 0; i < sizeof(newborn) / sizeof(*newborn) && newborn[i].pid != child; i++)
		if (newborn[i].pid == 0)
			free = i;
	if (i == sizeof(newborn) / sizeof(*newborn))
		i = free;
	newborn[i].pid = child;
	newborn[i].told |= told;
	newborn[i].stopped |= !told;
	if (!newborn[i].told || !newborn[i].stopped)
		return;
	memset(&newborn[i], 0, sizeof(newborn[i]));
	if (child == target)
		ptrace(PTRACE_SYSCALL, child, NULL, NULL);
	else
		ptrace(child == starter ? PTRACE_CONT : PTRACE_DETACH, child, NULL, NULL);
}

/* A process has stopped; let it go on, as it is to. */
static void at_stop(pid_t pid, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;
	unsigned long child;

	if (pid == target && signal == (SIGTRAP | 0x80)) {
		at_call();
		return;
	}
	/* The first stop of a child; the application itself was seized. */
	if (event == PTRACE_EVENT_STOP && pid != application && !is_followed(pid)) {
		note_birth(pid, false);
		return;
	}
	if ((event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) &&
		ptrace(PTRACE_GETEVENTMSG, pid, NULL, &child) == 0) {
		give_role(pid, (pid_t)child);
		note_birth((pid_t)child, true);
	}
	if (event != 0)
		signal = 0;
	ptrace(pid == target ? PTRACE_SYSCALL : PTRACE_CONT, pid, NULL, signal);
}

static void start(char **command)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
			     PTRACE_O_EXITKILL;
	int go[2];
	char byte;

	if (pipe2(go, O_CLOEXEC) == -1)
		die("inject: pipe");
	application = fork();
	if (application == 0) {
		close(go[1]);
		if (read(go[0], &byte, 1) != 1)
			_exit(125);
		execvp(command[0], command);
		die(command[0]);
	}
	if (application == -1 || ptrace(PTRACE_SEIZE, application, NULL, options) == -1)
		die("inject: trace");
	if (write(go[1], "", 1) != 1)
		die("inject: start");
	close(go[0]);
	close(go[1]);
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc < 7) {
		fputs("Usage: inject starter|init CALL NUMBER ERROR REPORT COMMAND [ARGUMENT...]\n",
			stderr);
		return 125;
	}
	want_init = strcmp(argv[1], "init") == 0;
	wanted_call = atol(argv[2]);
	wanted_number = atol(argv[3]);
	error_code = parse_error(argv[4]);
	report = argv[5];
	start(argv + 6);
	while ((pid = waitpid(-1, &status, __WALL)) != -1 || errno == EINTR) {
		if (WIFSTOPPED(status))
			at_stop(pid, status);
		else if (pid == application)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
	die("inject: wait");
}
