/* SPDX-License-Identifier: MIT */

/* Opening and closing through libpam: where the children go, and what the application keeps. */

#include "application.h"
#include "tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static ino_t own_namespace(void)
{
	struct stat s;

	CHECK(stat("/proc/self/ns/pid", &s) == 0);
	return s.st_ino;
}

static void *do_nothing(void *argument)
{
	return argument;
}

static int start_thread(void)
{
	pthread_t thread;
	int result = pthread_create(&thread, NULL, do_nothing, NULL);

	if (result == 0)
		pthread_join(thread, NULL);
	return result;
}

/* Open and close, and the application is as it was; for a state that the caller has made. */
static void open_and_close(void)
{
	pam_handle_t *pamh = application_start("test", USER);
	char *before = application_state();
	ino_t host = own_namespace();

	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_children_namespace() != host);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	application_check_state(before);
	CHECK(application_children_namespace() == host);
	CHECK(start_thread() == 0);
	CHECK(pam_end(pamh, PAM_SUCCESS) == PAM_SUCCESS);
	CHECK(application_goes(application_init()), "PID 1 is still there");
	CHECK(application_log_count("\n") == 2);
}

TEST_CASE(isolates, "children are isolated while it is open; then all is as it was")
{
	open_and_close();
}

static void see_only_themselves(void)
{
	struct stat s;

	CHECK(getpid() == 2, "it is %d", (int)getpid());
	CHECK(getppid() == 0, "it is %d", (int)getppid());
	CHECK(stat("/proc/1", &s) == 0);
	CHECK(stat("/proc/2", &s) == 0);
	CHECK(stat("/proc/3", &s) == -1 && errno == ENOENT);
}

/* A child that serves the user without exec, as an FTP server does: what it can reach by a path. */
static void reach_no_directory(void)
{
	CHECK(setresuid(65534, 65534, 65534) == 0);
	for (int fd = 0; fd < 256; fd++) {
		struct stat s;
		char path[64];

		if (fstat(fd, &s) == -1)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d/proc/1", fd);
		CHECK(!S_ISDIR(s.st_mode), "descriptor %d is a directory", fd);
		CHECK(stat(path, &s) == -1 && errno == ENOTDIR, "descriptor %d", fd);
	}
}

TEST_CASE(no_way_out_by_descriptor,
	"a child that does not exec finds no directory of the host among its descriptors")
{
	pam_handle_t *pamh = application_start("test", USER);

	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_in_child(reach_no_directory) == 0);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
}

TEST_CASE(first_process, "the first process is PID 2 and sees itself and PID 1")
{
	pam_handle_t *pamh = application_start("test", USER);

	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_in_child(see_only_themselves) == 0);
	pam_close_session(pamh, 0);
}

TEST_CASE(again_and_again, "one handle opens and closes twenty sessions, and nothing adds up")
{
	pam_handle_t *pamh = application_start("test", USER);
	char *before = application_state();

	for (int i = 0; i < 20; i++) {
		CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
		CHECK(application_in_child(see_only_themselves) == 0);
		CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	}
	application_check_state(before);
	CHECK(application_log_count("session opened") == 20);
	CHECK(application_log_count("session closed") == 20);
}

TEST_CASE(stays_itself, "the application keeps its PID, its directory and its own children; "
			"threads and /proc/self wait")
{
	pam_handle_t *pamh = application_start("test", USER);
	pid_t self = getpid(), parent = getppid(), session = getsid(0);
	ino_t before = own_namespace();
	struct stat root, root_inside;
	sigset_t mask;
	char directory[] = "/tmp/pam_unshare-cwd-XXXXXX", cwd[256];

	CHECK(mkdtemp(directory) && chdir(directory) == 0 && stat("/", &root) == 0);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	CHECK(sigprocmask(SIG_SETMASK, &mask, NULL) == 0);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(getpid() == self && getppid() == parent && getsid(0) == session);
	CHECK(getcwd(cwd, sizeof(cwd)) && strcmp(cwd, directory) == 0, "it is %s", cwd);
	CHECK(stat("/", &root_inside) == 0 && root_inside.st_ino == root.st_ino);
	CHECK(sigprocmask(SIG_SETMASK, NULL, &mask) == 0 && sigismember(&mask, SIGUSR1) == 1 &&
		sigismember(&mask, SIGTERM) == 0);
	CHECK(waitpid(-1, NULL, __WALL | WNOHANG) == -1 && errno == ECHILD);
	CHECK(access("/proc/self", F_OK) == -1);
	CHECK(start_thread() == EINVAL); /* documented; the kernel's rule */
	pam_close_session(pamh, 0);
	CHECK(own_namespace() == before);
	rmdir(directory);
}

TEST_CASE(deleted_cwd, "a deleted working directory is kept")
{
	char directory[] = "/tmp/pam_unshare-cwd-XXXXXX";

	CHECK(mkdtemp(directory) && chdir(directory) == 0 && rmdir(directory) == 0);
	open_and_close();
}

TEST_CASE(renamed_cwd, "one that is renamed while it is open is found again")
{
	char directory[] = "/tmp/pam_unshare-cwd-XXXXXX", renamed[64];
	pam_handle_t *pamh = application_start("test", USER);
	struct stat before, now;

	CHECK(mkdtemp(directory) && chdir(directory) == 0 && stat(".", &before) == 0);
	snprintf(renamed, sizeof(renamed), "%s-renamed", directory);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(rename(directory, renamed) == 0);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(stat(".", &now) == 0 && now.st_ino == before.st_ino);
	CHECK(application_log_count("err ") == 0);
	rmdir(renamed);
}

TEST_CASE(cwd_beyond_path_max, "one with a path that is too long for the kernel is kept")
{
	char directory[] = "/tmp/pam_unshare-cwd-XXXXXX", name[201];
	char *before;
	int depth;

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	CHECK(mkdtemp(directory) && chdir(directory) == 0);
	for (depth = 0; depth < 30; depth++)
		CHECK(mkdir(name, 0755) == 0 && chdir(name) == 0);
	CHECK(start_thread() == 0);
	before = application_state();
	open_and_close();
	application_check_state(before);
	while (depth-- > 0)
		CHECK(chdir("..") == 0 && rmdir(name) == 0);
	rmdir(directory);
}

#ifndef TEST_SANITIZED /* which needs more memory itself */

/* What the application has is more than the limit. */
static void open_and_close_within(rlim_t hard)
{
	const struct rlimit limit = {5000, hard};
	pam_handle_t *pamh = application_start("test", USER);
	ino_t host = own_namespace();
	char *before;

	CHECK(setrlimit(RLIMIT_DATA, &limit) == 0);
	before = application_state();
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_children_namespace() != host);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	application_check_state(before);
}

TEST_CASE(soft_limit, "a soft limit of memory that the application exceeds keeps out nobody")
{
	open_and_close_within(RLIM_INFINITY);
}

TEST_CASE(hard_limit, "where root may raise limits, nor does a hard one")
{
	const struct rlimit low = {1UL << 46, 1UL << 46}, high = {1UL << 46, RLIM_INFINITY};

	CHECK(setrlimit(RLIMIT_DATA, &low) == 0);
	if (setrlimit(RLIMIT_DATA, &high) == 0)
		open_and_close_within(5000);
}

#endif

static void hold_a_session(int ready, int until)
{
	pam_handle_t *pamh = application_start("test", USER);
	char byte;

	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(write(ready, "", 1) == 1);
	(void)!read(until, &byte, 1);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	pam_end(pamh, PAM_SUCCESS);
}

/* The kernel spares who has CAP_SYS_RESOURCE or CAP_SYS_ADMIN (unix(7), ETOOMANYREFS). */
static void pass_a_descriptor(void)
{
	const struct rlimit limit = {1024, 1024};
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
	char byte = 0;
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec part = {&byte, 1};
	struct msghdr m = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int ends[2];

	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHECK(syscall(SYS_capset, &header, none) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &ends[0], sizeof(int));
	CHECK(sendmsg(ends[0], &m, 0) == 1);
}

TEST_CASE(
	many_sessions, "while six hundred are open, an ordinary root process can pass descriptors")
{
	enum { SESSIONS = 600 };
	int ready[2], until[2], status;
	char byte;

	CHECK(pipe2(ready, O_CLOEXEC) == 0 && pipe2(until, O_CLOEXEC) == 0);
	for (int i = 0; i < SESSIONS; i++) {
		pid_t child = fork();

		CHECK(child != -1);
		if (child == 0) {
			close(until[1]);
			hold_a_session(ready[1], until[0]);
			_exit(0);
		}
	}
	for (int i = 0; i < SESSIONS; i++)
		CHECK(read(ready[0], &byte, 1) == 1);
	CHECK(application_in_child(pass_a_descriptor) == 0);
	close(until[1]);
	for (int i = 0; i < SESSIONS; i++)
		CHECK(waitpid(-1, &status, 0) != -1 && status == 0);
}

TEST_CASE(cwd_in_proc, "a working directory in /proc is kept")
{
	CHECK(chdir("/proc/sys/kernel") == 0);
	open_and_close();
}

static void is_in_private_proc(void)
{
	char path[64];

	/* The host's /proc would show the application, whose child this is. */
	CHECK(access("1", F_OK) == 0);
	snprintf(path, sizeof(path), "/proc/%d", 2);
	CHECK(access("2", F_OK) == 0 && access("3", F_OK) == -1);
}

TEST_CASE(
	cwd_is_proc, "a working directory of /proc shows the session's processes while it is open")
{
	pam_handle_t *pamh = application_start("test", USER);
	char *before;

	CHECK(chdir("/proc") == 0);
	before = application_state();
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_in_child(is_in_private_proc) == 0);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	application_check_state(before);
}

TEST_CASE(cwd_of_a_process, "a working directory in a process's own one leads out of it, and back")
{
	pam_handle_t *pamh = application_start("test", USER);
	char path[64], cwd[256];
	char *before;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)getpid());
	CHECK(chdir(path) == 0);
	before = application_state();
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(getcwd(cwd, sizeof(cwd)));
	CHECK(strcmp(cwd, "/") == 0 || strncmp(cwd, "/proc", 5) == 0, "it is %s", cwd);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	application_check_state(before);
}

/* There and back, from a working directory that is this one inside. */
static void check_there_and_back(const struct disturbance *list, const char *inside, bool kept)
{
	char cwd[PATH_MAX];
	char *before = application_state();
	pam_handle_t *pamh = tracer_open("test", list);

	CHECK(tracer_count("socketpair SOCK_DGRAM") == kept && tracer_count("sendmsg") == kept);
	CHECK(getcwd(cwd, sizeof(cwd)) && strcmp(cwd, inside) == 0, "it is %s", cwd);
	CHECK(application_in_child(reach_no_directory) == 0);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("err ") == 0);
	application_check_state(before);
}

TEST_CASE(none_under_way, "directories that are found again by their paths are not kept")
{
	CHECK(chdir("/tmp") == 0);
	check_there_and_back(NULL, "/tmp", false);
}

static void exchange_places(void)
{
	CHECK(renameat2(AT_FDCWD, "/run/place", AT_FDCWD, "/run/other", RENAME_EXCHANGE) == 0);
}

TEST_CASE(is_in_the_pocket, "those that are not are kept out of reach")
{
	application_have_own_run();
	CHECK(chdir("/proc/sys/kernel") == 0);
	check_there_and_back(NULL, "/proc/sys/kernel", true);
	CHECK(mkdir("/run/place", 0755) == 0 && mkdir("/run/other", 0755) == 0);
	CHECK(chdir("/run/place") == 0);
	check_there_and_back(TRACER_LIST({"openat2", 0, .result = -EAGAIN}), "/run/place", true);
	check_there_and_back(TRACER_LIST({"openat2", 0, .result = -EACCES}), "/run/place", true);
	check_there_and_back(TRACER_LIST({"getcwd", 1, .result = -ENOENT}), "/run/place", true);
	/* Its name leads to another directory, and back again. */
	check_there_and_back(
		TRACER_LIST({"openat2", 1, .how = TRACER_ACTS, .act = exchange_places},
			{"unshare CLONE_NEWNS", 1, .how = TRACER_ACTS, .act = exchange_places}),
		"/run/place", true);
	CHECK(mkdir("/run/jail", 0755) == 0);
	CHECK(mount("/", "/run/jail", NULL, MS_BIND | MS_REC, NULL) == 0);
	CHECK(chroot("/run/jail") == 0 && chdir("/run/place") == 0);
	check_there_and_back(NULL, "/run/place", true);
}

TEST_CASE(cwd_elsewhere, "from a working directory that is not the session's, a login gets to /")
{
	char path[64];
	pid_t daemon;

	application_have_own_run();
	daemon = application_hold("test", NULL); /* it has a mount namespace of its own */
	application_log_forget();
	snprintf(path, sizeof(path), "/proc/%d/cwd", (int)daemon);
	CHECK(chdir(path) == 0);
	check_there_and_back(NULL, "/", true);
}

TEST_CASE(cwd_without_path, "so does one from a directory of /proc that has no path")
{
	CHECK(chdir("/proc/sys/kernel") == 0);
	check_there_and_back(TRACER_LIST({"getcwd", 1, .result = -ENOENT}), "/", true);
}

TEST_CASE(cwd_goes, "a working directory that goes meanwhile is left for the nearest one above")
{
	pam_handle_t *pamh = application_start("test", USER);
	struct stat above, now;

	application_have_own_run();
	CHECK(mkdir("/run/a", 0755) == 0 && mkdir("/run/a/b", 0755) == 0 &&
		mkdir("/run/a/b/c", 0755) == 0 && chdir("/run/a/b/c") == 0);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(chdir("/") == 0 && rmdir("/run/a/b/c") == 0 && rmdir("/run/a/b") == 0);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("err ") == 0);
	CHECK(stat("/run/a", &above) == 0 && stat(".", &now) == 0 && now.st_ino == above.st_ino);
}

TEST_CASE(signals_blocked, "blocked, ignored and pending signals stay so")
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGHUP, SIG_IGN);
	raise(SIGTERM); /* pending */
	open_and_close();
}

TEST_CASE(closed_descriptors, "closed standard descriptors stay closed")
{
	for (int fd = 0; fd <= 2; fd++)
		close(fd);
	open_and_close();
}

static void no_descriptor(void)
{
	for (int fd = 3; fd < 256; fd++)
		CHECK(fcntl(fd, F_GETFD) == -1 || (fcntl(fd, F_GETFD) & FD_CLOEXEC),
			"descriptor %d", fd);
}

TEST_CASE(replaces_descriptors,
	"an application may open its standard descriptors while the session is open")
{
	pam_handle_t *pamh;

	for (int fd = 0; fd < 256; fd++)
		close(fd);
	pamh = application_start("test", USER);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	for (int fd = 0; fd <= 2; fd++)
		CHECK(fcntl(fd, F_GETFD) == -1 && errno == EBADF, "descriptor %d is in use", fd);
	CHECK(application_in_child(no_descriptor) == 0);
	/* What su and sudo do before they exec. */
	CHECK(open("/dev/null", O_RDWR) == 0 && dup(0) == 1 && dup(0) == 2);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("err ") == 0);
	CHECK(application_goes(application_init()), "PID 1 is still there");
}

TEST_CASE(inherits_none, "what the application executes inherits no descriptor")
{
	pam_handle_t *pamh = application_start("test", USER);

	for (int fd = 3; fd < 256; fd++)
		close(fd);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_in_child(no_descriptor) == 0);
	pam_close_session(pamh, 0);
}

TEST_CASE(init_has_none, "PID 1 has none of the application's descriptors")
{
	int secret = open("/etc/passwd", O_RDONLY), high;
	pam_handle_t *pamh = application_start("test", USER);
	char path[64];

	high = dup2(secret, 200);
	CHECK(high == 200);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	/* Seen from the host: this is a process outside of the session's mount namespace. */
	snprintf(path, sizeof(path), "/proc/%d/fd/200", (int)application_init());
	pam_close_session(pamh, 0);
	CHECK(access(path, F_OK) == -1);
}

TEST_CASE(subreaper, "an application that is a subreaper gains no child")
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	open_and_close();
}

TEST_CASE(keeps_child, "an application with a child of its own keeps it, and waits for it alone")
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		pause();
		_exit(0);
	}
	open_and_close();
	CHECK(waitpid(child, &status, WNOHANG) == 0);
	kill(child, SIGKILL);
	CHECK(waitpid(-1, &status, 0) == child);
}

static int hold[2];

static void *wait_for_end(void *argument)
{
	char byte;

	return read(hold[0], &byte, 1) == -1 ? argument : NULL;
}

TEST_CASE(other_threads, "an application with other threads can open and close")
{
	pthread_t thread;

	CHECK(pipe2(hold, O_CLOEXEC) == 0);
	CHECK(pthread_create(&thread, NULL, wait_for_end, NULL) == 0);
	open_and_close();
	close(hold[1]);
	pthread_join(thread, NULL);
}

TEST_CASE(time_of_threads, "with=time it is refused: the kernel would not let it come back")
{
	pam_handle_t *pamh;
	pthread_t thread;
	char *before;

	SERVICE("time", "with=time");
	pamh = application_start("time", USER);
	CHECK(pipe2(hold, O_CLOEXEC) == 0);
	CHECK(pthread_create(&thread, NULL, wait_for_end, NULL) == 0);
	before = application_state();
	CHECK(pam_open_session(pamh, 0) == PAM_SYSTEM_ERR);
	application_check_says("rehearse the way back from a time namespace", "has threads");
	application_check_state(before);
	close(hold[1]);
	pthread_join(thread, NULL);
	CHECK(pam_end(pamh, PAM_SUCCESS) == PAM_SUCCESS);
}

static void *open_and_close_in_thread(void *argument)
{
	open_and_close();
	return argument;
}

TEST_CASE(second_thread, "so can a thread that is not the first one")
{
	pthread_t thread;
	char *before;

	CHECK(start_thread() == 0); /* the first one changes how signals are handled: pthreads(7) */
	before = application_state();
	CHECK(pthread_create(&thread, NULL, open_and_close_in_thread, NULL) == 0);
	pthread_join(thread, NULL);
	application_check_state(before);
}

TEST_CASE(changed_root, "in another root directory it is restored")
{
	char *before;
	int host = open("/", O_PATH | O_CLOEXEC);
	struct stat inside, outside;

	/* A root directory that is a mount point, with a /proc: as in a container's image. */
	if (unshare(CLONE_NEWNS) == -1 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		application_skip("cannot mount here");
	CHECK(stat("/", &outside) == 0);
	CHECK(mount("/", "/mnt", NULL, MS_BIND | MS_REC, NULL) == 0);
	CHECK(chroot("/mnt") == 0 && chdir("/tmp") == 0);
	CHECK(stat("/", &inside) == 0);
	CHECK(start_thread() == 0);
	before = application_state();
	open_and_close();
	application_check_state(before);
	close(host);
}

TEST_CASE(line_twice, "the line twice in one stack opens one session")
{
	pam_handle_t *pamh;
	char *before;

	SERVICE("twice", "", "");
	pamh = application_start("twice", USER);
	before = application_state();
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("session opened") == 1);
	CHECK(application_in_child(see_only_themselves) == 0);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("session closed") == 1);
	application_check_state(before);
	CHECK(pam_end(pamh, PAM_SUCCESS) == PAM_SUCCESS);
	CHECK(application_log_count("\n") == 2);
}

TEST_CASE(second_handle, "a second handle is refused, and the first one's session stays")
{
	pam_handle_t *first = application_start("test", USER);
	pam_handle_t *second = application_start("test", USER);
	char *before = application_state();

	CHECK(pam_open_session(first, 0) == PAM_SUCCESS);
	CHECK(pam_open_session(second, 0) == PAM_SYSTEM_ERR);
	CHECK(application_log_count("err ") == 1);
	CHECK(application_log_count(USER ": cannot open another session: the application has one "
					 "open") == 1);
	CHECK(application_in_child(see_only_themselves) == 0);
	CHECK(pam_end(second, PAM_SYSTEM_ERR) == PAM_SUCCESS);
	CHECK(application_log_count("session closed") == 0);
	CHECK(pam_close_session(first, 0) == PAM_SUCCESS);
	application_check_state(before);
}

TEST_CASE(end_closes, "pam_end alone closes the session")
{
	pam_handle_t *pamh = application_start("test", USER);
	char *before = application_state();

	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(pam_end(pamh, PAM_SUCCESS) == PAM_SUCCESS);
	application_check_state(before);
	CHECK(application_log_count("session closed") == 1);
	CHECK(application_goes(application_init()), "PID 1 is still there");
}

TEST_CASE(close_without_open, "pam_close_session without a session does nothing")
{
	pam_handle_t *pamh = application_start("test", USER);
	char *before = application_state();

	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("\n") == 0);
	application_check_state(before);
}

static pam_handle_t *the_handle;

static void child_ends_silently(void)
{
	pam_end(the_handle, PAM_SUCCESS | PAM_DATA_SILENT);
}

static void child_ends(void)
{
	pam_end(the_handle, PAM_SUCCESS);
}

static void child_closes(void)
{
	pam_close_session(the_handle, 0);
	pam_end(the_handle, PAM_SUCCESS);
}

static void is_second_to_join(void)
{
	CHECK(getpid() == 3 && getppid() == 0, "it is %d", (int)getpid());
}

static void forked_child(void (*body)(void))
{
	char *before;

	the_handle = application_start("test", USER);
	before = application_state();
	CHECK(pam_open_session(the_handle, 0) == PAM_SUCCESS);
	CHECK(application_in_child(body) == 0);
	CHECK(application_log_count("closed") == 0);
	CHECK(application_lives(application_init()));
	CHECK(application_in_child(is_second_to_join) == 0); /* the next one is born inside, too */
	CHECK(pam_close_session(the_handle, 0) == PAM_SUCCESS);
	CHECK(application_log_count("session closed") == 1);
	application_check_state(before);
}

TEST_CASE(
	forked_end_silent, "a forked child's pam_end with PAM_DATA_SILENT leaves the session open")
{
	forked_child(child_ends_silently);
}

TEST_CASE(forked_end, "a forked child's pam_end leaves the session open")
{
	forked_child(child_ends);
}

TEST_CASE(forked_close, "a forked child's pam_close_session leaves the session open")
{
	forked_child(child_closes);
}

TEST_CASE(silent_end, "pam_end with PAM_DATA_SILENT leaves it open in the application, too")
{
	pam_handle_t *pamh = application_start("test", USER);

	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(pam_end(pamh, PAM_SUCCESS | PAM_DATA_SILENT) == PAM_SUCCESS);
	CHECK(application_log_count("closed") == 0);
	CHECK(application_lives(application_init()));
	CHECK(application_in_child(see_only_themselves) == 0);
}

static void check_elsewhere(pam_handle_t *pamh)
{
	char *before = application_state();

	CHECK(pam_open_session(pamh, 0) == PAM_SYSTEM_ERR);
	application_check_state(before);
	application_check_says("open another session", "");
}

TEST_CASE(process_elsewhere, "a process whose children go elsewhere already is refused")
{
	pam_handle_t *pamh = application_start("test", USER);
	pid_t child;

	CHECK(unshare(CLONE_NEWPID) == 0); /* its next child will be another PID 1 */
	check_elsewhere(pamh);
	CHECK(pam_end(pamh, PAM_SYSTEM_ERR) == PAM_SUCCESS);
	application_log_forget();
	pamh = application_start("test", USER);
	child = fork();
	if (child == 0)
		for (;;)
			pause();
	check_elsewhere(pamh);
}

APPLICATION_MAIN("restore")
