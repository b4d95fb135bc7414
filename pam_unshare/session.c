/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "facts.h"
#include "launch.h"
#include "mountinfo.h"
#include "procfs.h"
#include "syscalls.h"

/*
 * What the application needs to get back, and to end the session. It lies in a page of its own
 * that the kernel empties in every forked copy of the application (MADV_WIPEONFORK): a child that
 * calls pam_end finds no session there, however its PID looks in its own namespace.
 */
struct session {
	bool open;
	int application; /* pidfd of the application itself: the way back to its PID namespace */
	int mount_namespace;
	int root, cwd; /* O_PATH */
	int init;      /* pidfd of PID 1 */
	int report;    /* PID 1 writes a byte when no live process is left */
	pid_t init_pid;
	ino_t namespace;
	unsigned int grace_ms;
	char cwd_path[PATH_MAX]; /* of a working directory on a procfs; or empty */
};

bool session_is_open(const struct session *session)
{
	return session->open;
}

pid_t session_init_pid(const struct session *session)
{
	return session->init_pid;
}

ino_t session_namespace(const struct session *session)
{
	return session->namespace;
}

static void close_descriptor(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

static void close_descriptors(struct session *session)
{
	close_descriptor(&session->application);
	close_descriptor(&session->mount_namespace);
	close_descriptor(&session->root);
	close_descriptor(&session->cwd);
	close_descriptor(&session->init);
	close_descriptor(&session->report);
}

static struct session *new_session(void)
{
	struct session *session = mmap(
		NULL, sizeof(*session), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (session == MAP_FAILED)
		return NULL;
	if (madvise(session, sizeof(*session), MADV_WIPEONFORK) == -1) {
		munmap(session, sizeof(*session));
		return NULL;
	}
	session->application = session->mount_namespace = session->root = session->cwd = -1;
	session->init = session->report = -1;
	return session;
}

void session_free(struct session *session)
{
	munmap(session, sizeof(*session));
}

/*
 * Keep a descriptor for as long as the session lasts: not in the place of a standard one that the
 * application has closed, where its child would find it or replace it.
 */
static int keep(int fd)
{
	int kept, code;

	if (fd == -1 || fd > STDERR_FILENO)
		return fd;
	kept = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	code = errno;
	close(fd);
	errno = code;
	return kept;
}

/*
 * This thread's own directory in /proc. It is "self" where that is the same, as in every
 * application but a few: the kernel takes a third of the time to find it.
 */
#define OWN(file) (gettid() == getpid() ? "/proc/self/" file : "/proc/thread-self/" file)

/*
 * Two sessions in one process cannot be: its children go to one PID namespace. While a session is
 * open the application is not in its own /proc, which is the session's.
 */
static int refuse_second(struct session *session, struct error *error)
{
	struct stat own, children;
	struct statfs proc;

	if (stat(OWN("ns/pid"), &own) == -1 || stat(OWN("ns/pid_for_children"), &children) == -1) {
		if (errno != ENOENT)
			return error_set(error, errno, "read", OWN("ns"));
		if (statfs("/proc", &proc) == 0 && proc.f_type == PROC_SUPER_MAGIC)
			return error_set(error, 0,
				"open another session in a process that has one open", NULL);
		return error_set(error, 0, "find a procfs on /proc (mount one there)", NULL);
	}
	if (own.st_ino != children.st_ino)
		return error_set(
			error, 0, "open another session in a process that has one open", NULL);
	session->namespace = own.st_ino;
	return 0;
}

/*
 * Where the working directory is on a procfs, its path; it shows the host's processes and has to
 * be entered again in the private one.
 */
static int note_procfs_cwd(struct session *session, struct error *error)
{
	struct statfs fs;

	if (fstatfs(session->cwd, &fs) == -1)
		return error_set(error, errno, "look at the working directory", NULL);
	if (fs.f_type == PROC_SUPER_MAGIC &&
		(!getcwd(session->cwd_path, sizeof(session->cwd_path)) ||
			session->cwd_path[0] != '/'))
		strcpy(session->cwd_path, "/"); /* a directory of a process that is gone */
	return 0;
}

static int keep_way_back(struct session *session, struct error *error)
{
	session->application = keep(sys_pidfd_open(getpid()));
	if (session->application == -1)
		return error_set(error, errno, "keep a pidfd of the application", NULL);
	session->mount_namespace = keep(open(OWN("ns/mnt"), O_RDONLY | O_CLOEXEC));
	if (session->mount_namespace == -1)
		return error_set(error, errno, "keep the mount namespace of the application", NULL);
	session->root = keep(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
	if (session->root == -1)
		return error_set(error, errno, "keep the root directory of the application", NULL);
	session->cwd = keep(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
	if (session->cwd == -1)
		return error_set(
			error, errno, "keep the working directory of the application", NULL);
	return note_procfs_cwd(session, error);
}

/* setns into a mount namespace sets root and working directory to its "/" (setns(2)). */
static int leave_mount_namespace(const struct session *session, struct error *error)
{
	if (setns(session->mount_namespace, CLONE_NEWNS) == -1)
		return error_set(error, errno, "go back to the mount namespace", NULL);
	if (fchdir(session->root) == -1 || chroot(".") == -1)
		return error_set(error, errno, "go back to the root directory", NULL);
	if (fchdir(session->cwd) == -1)
		return error_set(error, errno, "go back to the working directory", NULL);
	return 0;
}

static int leave_pid_namespace(const struct session *session, struct error *error)
{
	if (setns(session->application, CLONE_NEWPID) == -1)
		return error_set(error, errno, "go back to the PID namespace", NULL);
	return 0;
}

/* The facts of the session, one string each (facts.h); the environment of PID 1. */
enum { FACTS_MAX = 8 };

struct facts {
	char *title;
	char *environment[FACTS_MAX + 1];
	size_t count;
	bool failed;
};

__attribute__((format(printf, 2, 3))) static void add_fact(
	struct facts *facts, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&facts->environment[facts->count], format, arguments) == -1) {
		facts->environment[facts->count] = NULL;
		facts->failed = true;
	} else {
		facts->count++;
	}
	va_end(arguments);
}

static void free_facts(struct facts *facts)
{
	free(facts->title);
	for (size_t i = 0; i < facts->count; i++)
		free(facts->environment[i]);
}

static int make_facts(
	const struct session_request *request, struct facts *facts, struct error *error)
{
	char user[128], service[128];

	*facts = (struct facts){0};
	if (asprintf(&facts->title, FACT_TITLE_FORMAT,
		    error_printable(request->user, user, sizeof(user)),
		    error_printable(request->service, service, sizeof(service))) == -1) {
		facts->title = NULL;
		facts->failed = true;
	}
	add_fact(facts, FACT_USER "=%s", request->user);
	add_fact(facts, FACT_UID "=%lu", (unsigned long)request->uid);
	add_fact(facts, FACT_SERVICE "=%s", request->service);
	if (request->tty && *request->tty != '\0')
		add_fact(facts, FACT_TTY "=%s", request->tty);
	if (request->rhost && *request->rhost != '\0')
		add_fact(facts, FACT_RHOST "=%s", request->rhost);
	add_fact(facts, FACT_START "=%lld", (long long)time(NULL));
	add_fact(facts, FACT_SCOPE "=session");
	add_fact(facts, FACT_GRACE "=%u", request->grace_ms);
	if (facts->failed)
		return error_set(error, ENOMEM, "note the facts of the session", NULL);
	return 0;
}

/* Start PID 1, which sets up the mount namespace that the application has just unshared. */
static int start_init(
	struct session *session, const struct session_request *request, struct error *error)
{
	struct launch launch = {.path = request->init, .application = session->application};
	struct procfs_plan plan = {0};
	struct mountinfo info;
	struct facts facts;
	int report[2];
	int result;

	result = mountinfo_read(OWN("mountinfo"), &info);
	if (result < 0) {
		mountinfo_free(&info);
		return error_set(error, -result, "read", OWN("mountinfo"));
	}
	result = procfs_plan_make(&info, &plan, error);
	if (result < 0)
		goto free_plan;
	result = make_facts(request, &facts, error);
	if (result < 0)
		goto free_facts;
	if (pipe2(report, O_CLOEXEC) == -1) {
		result = error_set(error, errno, "create a pipe", NULL);
		goto free_facts;
	}
	session->report = keep(report[0]);
	launch.report = report[1];
	launch.argv = (char *const[]){facts.title, NULL};
	launch.environment = facts.environment;
	launch.plan = &plan;
	if (session->report == -1)
		result = error_set(error, errno, "keep a pipe", NULL);
	else
		result = launch_init(&launch, &session->init_pid, &session->init, error);
	close(report[1]);
free_facts:
	free_facts(&facts);
free_plan:
	procfs_plan_free(&plan);
	return result;
}

/* See for oneself: /proc is there, and it is the procfs of another PID namespace. */
static int verify(struct session *session, struct error *error)
{
	struct stat ns;

	if (stat("/proc/1/ns/pid", &ns) == -1)
		return error_set(error, errno, "find PID 1 in the private /proc", NULL);
	if (ns.st_ino == session->namespace)
		return error_set(error, 0, "find another PID namespace in the private /proc", NULL);
	session->namespace = ns.st_ino;
	return 0;
}

static int enter(struct session *session, struct error *error)
{
	int result;

	if (setns(session->init, CLONE_NEWPID) == -1)
		return error_set(error, errno, "send children to the PID namespace", NULL);
	result = verify(session, error);
	if (result == 0 && session->cwd_path[0] != '\0' && chdir(session->cwd_path) == -1 &&
		chdir("/") == -1)
		result = error_set(error, errno, "enter the working directory again", NULL);
	if (result < 0) {
		struct error ignored; /* the first failure is the one to report */

		leave_pid_namespace(session, &ignored);
	}
	return result;
}

/* Steps 4 to 8 of the opening: with all signals blocked, and undone when one of them fails. */
static int isolate(
	struct session *session, const struct session_request *request, struct error *error)
{
	int result;

	if (unshare(CLONE_NEWNS) == -1)
		return error_set(error, errno, "create a mount namespace", NULL);
	result = start_init(session, request, error);
	if (result == 0)
		result = enter(session, error);
	if (result < 0) {
		struct error ignored;

		if (session->init != -1)
			sys_pidfd_send_signal(session->init, SIGKILL);
		leave_mount_namespace(session, &ignored);
	}
	return result;
}

int session_open(const struct session_request *request, struct session **out, struct error *error)
{
	struct session *session = new_session();
	sigset_t all, before;
	int result;

	*out = NULL;
	if (!session)
		return error_set(error, errno, "allocate a session", NULL);
	session->grace_ms = request->grace_ms;

	result = refuse_second(session, error);
	if (result == 0)
		result = keep_way_back(session, error);
	if (result == 0) {
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		result = isolate(session, request, error);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	if (result < 0) {
		close_descriptors(session);
		session_free(session);
		return result;
	}
	session->open = true;
	*out = session;
	return 0;
}

static long milliseconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

/*
 * Wait for PID 1's report; not for its end: it cannot end before the application has reaped its
 * own children, which may be what it does next (pid_namespaces(7), zap_pid_ns_processes).
 */
static int wait_for_report(const struct session *session, struct error *error)
{
	const long limit = (long)session->grace_ms + 1000;
	struct pollfd p = {.fd = session->report, .events = POLLIN};
	struct timespec start;
	long left = limit;
	int ready;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		ready = poll(&p, 1, (int)left);
		left = limit - milliseconds_since(&start);
	} while (ready == -1 && errno == EINTR && left > 0);
	if (ready == 1) /* the report; or PID 1 died, and the kernel kills the rest */
		return 0;
	return error_set(error, ready == -1 ? errno : ETIMEDOUT, "see the last process end", NULL);
}

int session_close(struct session *session, struct error *error)
{
	struct error later;
	int result = 0, next;

	if (!session->open)
		return 0;
	session->open = false;

	if (sys_pidfd_send_signal(session->init, SIGTERM) == -1 && errno != ESRCH)
		result = error_set(error, errno, "tell PID 1 to end the session", NULL);
	next = leave_pid_namespace(session, result ? &later : error);
	result = result ? result : next;
	next = leave_mount_namespace(session, result ? &later : error);
	result = result ? result : next;
	next = wait_for_report(session, result ? &later : error);
	result = result ? result : next;

	close_descriptors(session);
	return result;
}
