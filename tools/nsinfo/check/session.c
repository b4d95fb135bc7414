/* SPDX-License-Identifier: MIT */

/* nsinfo check: a session opened for real, looked at from inside, and closed again. */

#include "check/check.h"

#include <errno.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/strings.h"
#include "common/clock.h"
#include "common/facts.h"
#include "config.h"

#define PATH_SIZE 32 /* of the directory with the stack */

/* What the children found out. */
struct trial {
	bool started;
	int opened, closed; /* what libpam returned */
	int64_t open_us, close_us;
	bool looked, back;      /* the grandchild reported; the child is in its old namespace */
	int pid, own_processes; /* the grandchild's PID, and how many it sees */
	int host_processes;
	bool sees_parent; /* a process of the host, through /proc */
	char title[128];
};

static int count_processes(void)
{
	struct proc proc = PROC_CLOSED;
	pid_t *pids = NULL;
	size_t count = 0;

	if (proc_open(&proc, "/proc") == 0)
		proc_pids(&proc, &pids, &count);
	free(pids);
	proc_close(&proc);
	return (int)count;
}

static bool has_title(const struct trial *trial)
{
	return strncmp(trial->title, FACT_TITLE, strlen(FACT_TITLE)) == 0;
}

/* Opening does not wait until PID 1 has started its program, and a busy machine takes its time. */
static void read_title(struct trial *trial)
{
	const struct timespec pause = {.tv_nsec = TITLE_PAUSE_MS * 1000000};
	int64_t start = clock_now_ms();

	do {
		_cleanup_fclose_ FILE *file = fopen("/proc/1/cmdline", "re");

		if (file)
			(void)!fgets(trial->title, sizeof(trial->title), file);
	} while (!has_title(trial) && clock_now_ms() - start < TITLE_LIMIT_MS &&
		 nanosleep(&pause, NULL) == 0);
}

/* In the session. */
static void look_around(struct trial *trial, pid_t outside)
{
	_cleanup_free_ char *parent = string_format("/proc/%d", (int)outside);

	trial->pid = getpid();
	trial->own_processes = count_processes();
	/* Its number may be taken inside, but only by this process or PID 1. */
	trial->sees_parent = outside > trial->pid && access(parent, F_OK) == 0;
	read_title(trial);
	trial->looked = true;
}

static int say_nothing(
	int count, const struct pam_message **messages, struct pam_response **responses, void *data)
{
	(void)messages;
	(void)data;
	*responses = calloc((size_t)count, sizeof(**responses));
	return *responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

/* The application: opens, forks once, closes. TRIAL is shared memory of all three. */
static int run_application(struct trial *trial, const char *directory)
{
	const struct pam_conv conversation = {.conv = say_nothing};
	pid_t outside = getpid(), child;
	pam_handle_t *handle;
	int64_t start;

	trial->host_processes = count_processes();
	if (pam_start_confdir(CHECK_SERVICE, "root", &conversation, directory, &handle) !=
		PAM_SUCCESS)
		return 1;
	trial->started = true;
	start = clock_now_us();
	trial->opened = pam_open_session(handle, PAM_SILENT);
	trial->open_us = clock_now_us() - start;
	if (trial->opened == PAM_SUCCESS) {
		child = fork();
		if (child == 0) {
			look_around(trial, outside);
			_exit(0);
		}
		waitpid(child, NULL, 0);
		start = clock_now_us();
		trial->closed = pam_close_session(handle, PAM_SILENT);
		trial->close_us = clock_now_us() - start;
		trial->back = access("/proc/self", F_OK) == 0;
	}
	pam_end(handle, trial->closed);
	return 0;
}

static int write_file(const char *directory, const char *name, const char *text)
{
	_cleanup_free_ char *path = string_format("%s/%s", directory, name);
	FILE *file = fopen(path, "wxe");
	int result = 0;

	if (!file)
		return -errno;
	if (fputs(text, file) == EOF)
		result = -errno;
	/* On a full file system it is this that fails. */
	if (fclose(file) == EOF && result == 0)
		result = -errno;
	return result;
}

/* A stack of our line alone; "root" since that is who we are, and no rule that could skip it. */
static int write_stack(const char *directory)
{
	_cleanup_free_ char *line = string_format(
		"session required %s/%s root conf=%s/empty\n", SECUREDIR, CHECK_MODULE, directory);
	static const char *const empty[] = {
		"empty", "other"}; /* libpam logs that it misses "other" */

	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		int r = write_file(directory, empty[i], "# nothing\n");

		if (r < 0)
			return r;
	}
	return write_file(directory, CHECK_SERVICE, line);
}

static void remove_stack(const char *directory)
{
	static const char *const names[] = {"empty", "other", CHECK_SERVICE};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		_cleanup_free_ char *path = string_format("%s/%s", directory, names[i]);

		unlink(path);
	}
	rmdir(directory);
}

static void judge(struct findings *findings, const struct trial *trial)
{
	if (trial->opened != PAM_SUCCESS) {
		findings_add(findings, FINDING_PROBLEM, "session",
			"the log says why: journalctl -t nsinfo, or /var/log/auth.log",
			"a test session could not be opened: every isolated login is refused");
		return;
	}
	if (!trial->looked || trial->sees_parent || trial->own_processes > 2 || !has_title(trial)) {
		findings_add(findings, FINDING_PROBLEM, "session", "please report it",
			"a test session was opened but is not isolated: PID %d, PID 1 is \"%s\", "
			"%d of the host's %d processes are seen",
			trial->pid, trial->title, trial->own_processes, trial->host_processes);
		return;
	}
	if (trial->closed != PAM_SUCCESS || !trial->back)
		findings_add(findings, FINDING_PROBLEM, "session", "the log says why",
			"a test session was opened but could not be closed");
	else
		findings_add(findings, FINDING_OK, "session", NULL,
			"a test session opened in %.1f ms and closed in %.1f ms; in it a process "
			"had PID %d, PID 1 was \"%s\", and of the host's %d processes none was "
			"seen",
			(double)trial->open_us / 1000, (double)trial->close_us / 1000, trial->pid,
			trial->title, trial->host_processes);
}

/* It is the most important test of all. CODE is an errno, or 0 if none is known. */
static void add_untried(struct findings *findings, const char *where, int code)
{
	findings_add(findings, FINDING_WARNING, "session",
		"mend that, and run nsinfo check again: whether a session opens is not known",
		"could not try to open a session%s%s%s", where, code ? ": " : "",
		code ? strerror(code) : "");
}

/* In a child: libpam and the module are not to change this process. */
static void try_session(struct findings *findings, struct trial *trial, const char *directory)
{
	int status = 0;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0)
		_exit(run_application(trial, directory));
	if (child == -1 || waitpid(child, &status, 0) == -1)
		add_untried(findings, "", errno);
	else if (!trial->started)
		add_untried(findings, ": libpam did not start", 0);
	else
		judge(findings, trial);
}

/*
 * A directory with the stack. It may be that one of these cannot be written. /run is root's alone:
 * nobody else fills it, or puts another directory in the place of this one.
 */
static int make_directory(char directory[PATH_SIZE])
{
	static const char *const templates[] = {"/run/nsinfo.XXXXXX", "/tmp/nsinfo.XXXXXX"};
	int result = 0;

	for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++) {
		memcpy(directory, templates[i], strlen(templates[i]) + 1);
		if (!mkdtemp(directory)) {
			result = -errno;
			continue;
		}
		result = write_stack(directory);
		if (result == 0)
			return 0;
		remove_stack(directory);
	}
	return result;
}

static void try_in_directory(struct findings *findings, struct trial *trial)
{
	char directory[PATH_SIZE];
	int result = make_directory(directory);

	if (result < 0) {
		add_untried(findings, ": cannot write in /run, nor in /tmp", -result);
		return;
	}
	try_session(findings, trial, directory);
	remove_stack(directory);
}

void check_session(struct findings *findings)
{
	struct trial *trial;

	if (geteuid() != 0) {
		findings_add(findings, FINDING_NOTE, "session", NULL,
			"root's nsinfo check opens a test session, too");
		return;
	}
	trial = mmap(
		NULL, sizeof(*trial), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (trial == MAP_FAILED) {
		add_untried(findings, "", errno);
		return;
	}
	*trial = (struct trial){.opened = PAM_ABORT};
	try_in_directory(findings, trial);
	munmap(trial, sizeof(*trial));
}
