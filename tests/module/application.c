/* SPDX-License-Identifier: MIT */
#include "application.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/protocol.h"
#include "config.h"
#include "tracer.h"

#define LIMIT_S   60
#define BECOMES_S 10

/* Shared by the test and all its processes. */
struct record {
	char failure[2048], skipped[256];
	char log[65536], said[4096];
	size_t log_length, said_length, said_count;
};

static struct record *record;
static char confdir[] = "/tmp/pam_unshare-test-XXXXXX";

const char *application_confdir(void)
{
	return confdir;
}

void application_fail(const char *file, int line, const char *condition, const char *format, ...)
{
	const char *name = strrchr(file, '/');
	va_list arguments;
	int length;

	if (record->failure[0] == '\0') {
		length = snprintf(record->failure, sizeof(record->failure) / 2,
			"%s:%d: %s; errno %d; ", name ? name + 1 : file, line, condition, errno);
		va_start(arguments, format);
		vsnprintf(record->failure + length, sizeof(record->failure) - (size_t)length,
			format, arguments);
		va_end(arguments);
	}
	_exit(1);
}

void application_skip(const char *reason)
{
	snprintf(record->skipped, sizeof(record->skipped), "%s", reason);
	_exit(0);
}

/*
 * The log. These are before libc's for libpam, which calls one or the other.
 */

__attribute__((format(printf, 2, 0))) static void keep_line(
	int priority, const char *format, va_list arguments)
{
	static const char *const levels[] = {
		"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};
	char line[2048];
	size_t length, at;

	length = (size_t)snprintf(line, sizeof(line), "%s ", levels[priority & 7]);
	length += (size_t)vsnprintf(line + length, sizeof(line) - length - 1, format, arguments);
	if (length > sizeof(line) - 2)
		length = sizeof(line) - 2;
	line[length++] = '\n';
	at = __atomic_fetch_add(&record->log_length, length, __ATOMIC_RELAXED);
	if (at + length < sizeof(record->log))
		memcpy(record->log + at, line, length);
}

void syslog(int priority, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	keep_line(priority, format, arguments);
	va_end(arguments);
}

void vsyslog(int priority, const char *format, va_list arguments)
{
	keep_line(priority, format, arguments);
}

__attribute__((format(printf, 3, 4))) void __syslog_chk(
	int priority, int flag, const char *format, ...);
void __syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list arguments;

	(void)flag;
	va_start(arguments, format);
	keep_line(priority, format, arguments);
	va_end(arguments);
}

__attribute__((format(printf, 3, 0))) void __vsyslog_chk(
	int priority, int flag, const char *format, va_list arguments);
void __vsyslog_chk(int priority, int flag, const char *format, va_list arguments)
{
	(void)flag;
	keep_line(priority, format, arguments);
}

const char *application_log(void)
{
	return record->log;
}

size_t application_log_count(const char *text)
{
	size_t count = 0;

	for (const char *at = record->log; (at = strstr(at, text)); at += strlen(text))
		count++;
	return count;
}

void application_check_says(const char *step, const char *more)
{
	char said[512];

	snprintf(said, sizeof(said), "cannot %s", step);
	CHECK(application_log_count(said) == 1, "not \"%s\"", said);
	CHECK(strstr(application_log(), more), "not \"%s\"", more);
}

void application_log_forget(void)
{
	memset(record->log, 0, sizeof(record->log));
	record->log_length = 0;
}

void application_forget(void)
{
	application_log_forget();
	memset(record->said, 0, sizeof(record->said));
	record->said_length = record->said_count = 0;
}

pid_t application_init(void)
{
	static const char mark[] = "PID 1 is ";
	const char *last = NULL;

	for (const char *at = record->log; (at = strstr(at, mark)); at += strlen(mark))
		last = at + strlen(mark);
	CHECK(last, "no session was opened; the log: %s", record->log);
	return (pid_t)atoi(last);
}

static int converse(
	int count, const struct pam_message **messages, struct pam_response **responses, void *data)
{
	(void)data;
	for (int i = 0; i < count; i++) {
		record->said_length += (size_t)snprintf(record->said + record->said_length,
			sizeof(record->said) - record->said_length, "%s %s\n",
			messages[i]->msg_style == PAM_ERROR_MSG ? "error" : "other",
			messages[i]->msg);
		record->said_count++;
	}
	*responses = calloc((size_t)count, sizeof(**responses));
	return *responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

const char *application_said(void)
{
	return record->said;
}

size_t application_said_count(void)
{
	return record->said_count;
}

/*
 * Whole, or not at all: many applications may start at once, and for libpam a file that is still
 * empty is a service without session modules, which gets the stack of "other".
 */
void application_service(const char *service, const char *const *lines)
{
	char path[PATH_MAX], unfinished[PATH_MAX];
	FILE *file;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", confdir, service);
	snprintf(unfinished, sizeof(unfinished), "%s/.XXXXXX", confdir);
	fd = mkostemp(unfinished, O_CLOEXEC);
	file = fdopen(fd, "w");
	CHECK(file);
	for (; *lines; lines++)
		fprintf(file, "session required %s %s\n", TEST_MODULE, *lines);
	CHECK(fclose(file) == 0);
	CHECK(rename(unfinished, path) == 0);
}

pam_handle_t *application_start(const char *service, const char *user)
{
	static const struct pam_conv conversation = {.conv = converse};
	char path[PATH_MAX];
	pam_handle_t *pamh = NULL;

	snprintf(path, sizeof(path), "%s/%s", confdir, service);
	if (access(path, F_OK) == -1)
		SERVICE(service, "");
	CHECK(pam_start_confdir(service, user, &conversation, confdir, &pamh) == PAM_SUCCESS);
	return pamh;
}

/* A zombie does not live: the host's init may take its time to reap PID 1. */
bool application_lives(pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	bool lives = pidfd != -1 && poll(&p, 1, 0) == 0;

	if (pidfd != -1)
		close(pidfd);
	return lives;
}

bool application_becomes(bool (*is_true)(pid_t pid), pid_t pid)
{
	for (int i = 0; i < BECOMES_S * 200; i++) {
		if (is_true(pid))
			return true;
		usleep(5000);
	}
	return false;
}

static bool is_gone(pid_t pid)
{
	return !application_lives(pid);
}

bool application_goes(pid_t pid)
{
	return application_becomes(is_gone, pid);
}

/*
 * What the module allocates: the linker gives it these functions (ld(1), --wrap; the list is in
 * meson.build). They tell the tracer, which may say that there is no memory.
 */

#define BLOCKS_MAX 512

static void *blocks[BLOCKS_MAX];
static size_t block_count, map_count;

/* Returns whether it is to fail. */
static bool tell_tracer(long call, const char *function)
{
	int code = errno;

	if (syscall(call, function) == -1 && errno == ENOMEM)
		return true;
	errno = code;
	return false;
}

static bool allocation_fails(const char *function)
{
	return tell_tracer(TRACER_ALLOCATES, function);
}

static void *count_block(void *block)
{
	CHECK(block_count < BLOCKS_MAX);
	if (block)
		blocks[block_count++] = block;
	return block;
}

/* One that was not counted is libc's, as of getdelim(3). */
static void discount_block(const void *block)
{
	for (size_t i = 0; i < block_count; i++) {
		if (blocks[i] == block) {
			blocks[i] = blocks[--block_count];
			return;
		}
	}
}

void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return allocation_fails("malloc") ? NULL : count_block(malloc(size));
}

void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	return allocation_fails("calloc") ? NULL : count_block(calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size)
{
	if (allocation_fails("realloc"))
		return NULL;
	discount_block(block);
	return count_block(realloc(block, size));
}

void __wrap_free(void *block);
void __wrap_free(void *block)
{
	tell_tracer(TRACER_FREES, NULL);
	discount_block(block);
	free(block);
}

__attribute__((format(printf, 2, 0))) int __wrap_vasprintf(
	char **text, const char *format, va_list arguments);
int __wrap_vasprintf(char **text, const char *format, va_list arguments)
{
	int length;

	*text = (char *)-1; /* undefined after a failure: nobody may free it */
	if (allocation_fails("vasprintf"))
		return -1;
	length = vasprintf(text, format, arguments);
	count_block(length == -1 ? NULL : *text);
	return length;
}

__attribute__((format(printf, 2, 3))) int __wrap_asprintf(char **text, const char *format, ...);
int __wrap_asprintf(char **text, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = __wrap_vasprintf(text, format, arguments);
	va_end(arguments);
	return length;
}

/* The same, if the module is fortified (_FORTIFY_SOURCE). */
__attribute__((format(printf, 3, 0))) int __wrap___vasprintf_chk(
	char **text, int flag, const char *format, va_list arguments);
int __wrap___vasprintf_chk(char **text, int flag, const char *format, va_list arguments)
{
	(void)flag;
	return __wrap_vasprintf(text, format, arguments);
}

__attribute__((format(printf, 3, 4))) int __wrap___asprintf_chk(
	char **text, int flag, const char *format, ...);
int __wrap___asprintf_chk(char **text, int flag, const char *format, ...)
{
	va_list arguments;
	int length;

	(void)flag;
	va_start(arguments, format);
	length = __wrap_vasprintf(text, format, arguments);
	va_end(arguments);
	return length;
}

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	void *map = tell_tracer(TRACER_MAPS, NULL) ? MAP_FAILED
						   : mmap(at, size, protection, flags, fd, offset);

	map_count += map != MAP_FAILED;
	return map;
}

void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	return __wrap_mmap(at, size, protection, flags, fd, offset);
}

int __wrap_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size)
{
	map_count--;
	return munmap(at, size);
}

void application_forget_maps(size_t count)
{
	CHECK(map_count >= count);
	map_count -= count;
}

/*
 * The state of a process.
 */

static void add_link(FILE *state, const char *path)
{
	char target[PATH_MAX] = "";

	if (readlink(path, target, sizeof(target) - 1) == -1)
		snprintf(target, sizeof(target), "(%s)", strerror(errno));
	fprintf(state, "%s -> %s\n", path, target);
}

static void add_directory(FILE *state, const char *path)
{
	struct stat s = {0};

	if (stat(path, &s) == -1)
		fprintf(state, "%s is %s\n", path, strerror(errno));
	else
		fprintf(state, "%s is %lx:%lu\n", path, (unsigned long)s.st_dev,
			(unsigned long)s.st_ino);
}

#define DESCRIPTORS 1024

size_t application_descriptors(void)
{
	size_t count = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

static void add_descriptors(FILE *state)
{
	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		char path[64];
		int flags = fcntl(fd, F_GETFD);

		if (flags == -1)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		fprintf(state, "%d ", flags);
		add_link(state, path);
	}
}

static void add_status(FILE *state)
{
	static const char *const wanted[] = {"Pid:", "PPid:", "TracerPid:", "Uid:", "Gid:",
		"Groups:", "NStgid:", "NSpid:", "NSpgid:", "NSsid:", "Threads:", "SigPnd:",
		"ShdPnd:", "SigBlk:", "SigIgn:", "SigCgt:", "CapInh:", "CapPrm:", "CapEff:",
		"CapBnd:", "CapAmb:", "NoNewPrivs:", "Umask:"};
	FILE *file = fopen("/proc/thread-self/status", "re");
	char line[1024];

	while (file && fgets(line, sizeof(line), file))
		for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
			if (strncmp(line, wanted[i], strlen(wanted[i])) == 0)
				fputs(line, state);
	if (file)
		fclose(file);
	else
		fprintf(state, "no status: %s\n", strerror(errno));
}

static void add_children(FILE *state)
{
	char text[256] = "";
	FILE *file = fopen("/proc/thread-self/children", "re");
	siginfo_t info = {0};
	int result;

	fprintf(state, "children %s\n",
		file && fgets(text, sizeof(text), file) ? text : "are none");
	if (file)
		fclose(file);
	result = waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL);
	fprintf(state, "waitid %d %d\n", result, result == -1 ? errno : (int)info.si_pid);
}

static void add_limits(FILE *state)
{
	struct rlimit limit;

	for (int i = 0; i < RLIM_NLIMITS; i++)
		if (prlimit(0, i, NULL, &limit) == 0)
			fprintf(state, "limit %d: %lu %lu\n", i, (unsigned long)limit.rlim_cur,
				(unsigned long)limit.rlim_max);
}

char *application_state(void)
{
	char *text = NULL;
	size_t size;
	FILE *state = open_memstream(&text, &size);
	int subreaper = 0;
	char cwd[PATH_MAX];

	CHECK(state);
	add_link(state, "/proc/thread-self/ns/mnt");
	add_link(state, "/proc/thread-self/ns/pid");
	add_link(state, "/proc/thread-self/ns/pid_for_children");
	add_link(state, "/proc/thread-self/ns/time");
	add_link(state, "/proc/thread-self/ns/time_for_children");
	add_link(state, "/proc/thread-self/root");
	add_link(state, "/proc/thread-self/cwd");
	add_directory(state, "/");
	add_directory(state, ".");
	fprintf(state, "getcwd %s\n", getcwd(cwd, sizeof(cwd)) ? cwd : strerror(errno));
	add_descriptors(state);
	add_status(state);
	add_limits(state);
	add_children(state);
	prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
	fprintf(state, "subreaper %d securebits %d\n", subreaper, prctl(PR_GET_SECUREBITS));
	fprintf(state, "memory: %zu blocks, %zu maps\n", block_count, map_count);
	fprintf(state, "session %d group %d\n", (int)getsid(0), (int)getpgrp());
	CHECK(fclose(state) == 0);
	return text;
}

void application_check_state(char *before)
{
	char *after = application_state();
	size_t at = 0;

	while (before[at] != '\0' && before[at] == after[at])
		at++;
	if (before[at] != after[at]) {
		while (at > 0 && before[at - 1] != '\n')
			at--;
		CHECK(strcmp(before, after) == 0, "was %.*s, is %.*s",
			(int)strcspn(before + at, "\n"), before + at,
			(int)strcspn(after + at, "\n"), after + at);
	}
	free(before);
	free(after);
}

ino_t application_children_namespace(void)
{
	int ends[2];
	ino_t inode = 0;
	pid_t child;

	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	child = fork();
	CHECK(child != -1);
	if (child == 0) {
		struct stat s;

		CHECK(stat("/proc/self/ns/pid", &s) == 0);
		CHECK(write(ends[1], &s.st_ino, sizeof(s.st_ino)) == sizeof(s.st_ino));
		_exit(0);
	}
	CHECK(read(ends[0], &inode, sizeof(inode)) == sizeof(inode));
	CHECK(waitpid(child, NULL, 0) == child);
	close(ends[0]);
	close(ends[1]);
	return inode;
}

int application_in_child(void (*body)(void))
{
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	CHECK(child != -1);
	if (child == 0) {
		body();
		exit(0); /* as above */
	}
	CHECK(waitpid(child, &status, 0) == child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/*
 * Scenes.
 */

/* So that it meets nobody but itself, and nobody sees what it mounts. */
void application_have_own_run(void)
{
	CHECK(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	CHECK(mount("run", "/run", "tmpfs", 0, "mode=755") == 0);
}

void application_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd != -1 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0);
}

/* The namespaces in the middle of the name are not known here. */
const char *application_meeting_place(char kind)
{
	static char path[512];
	char begin[64], end[64];
	struct dirent *entry;
	DIR *directory = opendir("/run/pam_unshare");
	bool found = false;

	snprintf(begin, sizeof(begin), "%d-", PROTOCOL_VERSION);
	snprintf(end, sizeof(end), "-%c65534-0", kind);
	while (directory && (entry = readdir(directory))) {
		size_t length = strlen(entry->d_name);

		if (strncmp(entry->d_name, begin, strlen(begin)) == 0 && length > strlen(end) &&
			strcmp(entry->d_name + length - strlen(end), end) == 0) {
			snprintf(path, sizeof(path), "/run/pam_unshare/%s", entry->d_name);
			found = true;
		}
	}
	if (directory)
		closedir(directory);
	return found ? path : NULL;
}

pid_t application_hold(const char *service, void (*inside)(void))
{
	int ready[2];
	char byte;
	pid_t child;

	CHECK(pipe2(ready, O_CLOEXEC) == 0);
	child = fork();
	CHECK(child != -1);
	if (child == 0) {
		pam_handle_t *pamh = application_start(service, USER);

		CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
		if (inside)
			inside();
		CHECK(write(ready[1], "", 1) == 1);
		close(ready[0]);
		for (;;)
			pause(); /* its session ends with it */
	}
	close(ready[1]);
	CHECK(read(ready[0], &byte, 1) == 1);
	close(ready[0]);
	return child;
}

/* PID 1 of that machine; the body is its child. Returns the status of the body. */
static int be_init(void (*as_init)(void), void (*body)(void))
{
	int status = 1;
	pid_t child, ended;

	CHECK(umount2("/proc", MNT_DETACH) == 0);
	CHECK(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0);
	child = fork();
	if (child == 0) {
		body();
		exit(0);
	}
	if (as_init)
		as_init();
	do
		ended = wait(&status);
	while (ended != child && ended != -1);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

void application_in_own_machine(void (*as_init)(void), void (*body)(void))
{
	int status;
	pid_t child;

	application_have_own_run();
	CHECK(unshare(CLONE_NEWPID) == 0);
	fflush(NULL);
	child = fork();
	if (child == 0)
		_exit(be_init(as_init, body));
	CHECK(waitpid(child, &status, 0) == child && status == 0);
}

/*
 * Running the tests.
 */

static void remove_confdir(void)
{
	DIR *directory = opendir(confdir);
	struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		unlinkat(dirfd(directory), entry->d_name, 0);
	if (directory)
		closedir(directory);
	rmdir(confdir);
}

/* What the log says, for who reads a failure: cmocka cuts a long message. The errors come first. */
static void print_log(void)
{
	for (int pass = 0; pass < 2; pass++) {
		size_t printed = 0;

		for (const char *at = record->log; *at != '\0' && printed < 20;) {
			size_t length = strcspn(at, "\n");

			if ((strncmp(at, "err ", 4) == 0) == (pass == 0)) {
				print_error("log: %.*s\n", (int)length, at);
				printed++;
			}
			at += length + (at[length] == '\n');
		}
	}
}

/* Wait for the end of a process. Returns whether it came in time. */
static bool ends_in_time(pid_t pid, int *status)
{
	struct pollfd p = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
	bool in_time = p.fd != -1 && poll(&p, 1, LIMIT_S * 1000) == 1;

	if (p.fd != -1)
		close(p.fd);
	if (!in_time) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL); /* if it has no group of its own yet */
	}
	waitpid(pid, status, 0);
	return in_time;
}

/* A process of its own, in a session of its own, with an end. */
static void run_body(void **state)
{
	const struct test_case *test = *state;
	void *argument = test->argument;
	int status = 0;
	bool in_time;
	pid_t child;

	memset(record, 0, sizeof(*record));
	fflush(NULL);
	child = fork();
	if (child == 0) {
		setsid();
		test->body(&argument);
		exit(0); /* not _exit(2): the counts of tests/coverage are written */
	}
	in_time = ends_in_time(child, &status);
	kill(-child, SIGKILL); /* what a failed test has left */
	if (!in_time || record->failure[0] != '\0' || status != 0)
		print_log();
	if (!in_time)
		fail_msg("no end after %d s%s%s", LIMIT_S, record->failure[0] ? "; " : "",
			record->failure);
	if (record->failure[0] != '\0')
		fail_msg("%s", record->failure);
	if (status != 0)
		fail_msg("ended with status 0x%x", (unsigned int)status);
	if (record->skipped[0] != '\0') {
		print_message("# %s: %s\n", test->sentence, record->skipped);
		skip();
	}
}

static int forget_services(void **state)
{
	char path[PATH_MAX];
	FILE *file;

	(void)state;
	remove_confdir();
	if (mkdir(confdir, 0755) == -1)
		return -1;
	/* libpam wants it, and says so in the log. It is not silent where it is used by mistake. */
	snprintf(path, sizeof(path), "%s/other", confdir);
	file = fopen(path, "we");
	if (!file)
		return -1;
	fputs("session required pam_warn.so\nsession required pam_deny.so\n", file);
	return fclose(file) == 0 ? 0 : -1;
}

int application_run(
	const char *name, const struct test_case *cases, const struct test_case *(*more)(void))
{
	int result;

	if (geteuid() != 0) {
		printf("1..0 # SKIP needs root\n");
		return 0;
	}
	record = mmap(
		NULL, sizeof(*record), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (record == MAP_FAILED || !mkdtemp(confdir))
		return 1;
	forget_services(NULL);
	/* As su, sudo and sshd have long done. glibc before 2.34 loads what the user database needs
	 * at the first call, and remembers if it failed for want of memory or descriptors. */
	getpwnam(USER);
	getgrnam("root");
	if (more)
		cases = more();
	result = record->failure[0] != '\0';
	if (record->skipped[0] != '\0')
		printf("1..0 # SKIP %s\n", record->skipped);
	if (record->failure[0] != '\0')
		fprintf(stderr, "%s\n", record->failure);
	if (record->skipped[0] == '\0' && record->failure[0] == '\0')
		result = test_cases_run(name, cases, run_body, forget_services, NULL);
	remove_confdir();
	return result;
}
