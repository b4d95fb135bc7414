/* SPDX-License-Identifier: MIT */

/*
 * The steps of opening and closing: their order, what PID 1 is given, and what happens when a
 * process dies or hangs on the way, when undoing fails too, and when closing fails.
 */

#include "application.h"
#include "tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/syscalls.h"

static ino_t inode_of(const char *path)
{
	struct stat status = {0};

	return stat(path, &status) == 0 ? status.st_ino : 0;
}

/* A directory of its own, which is found again by its path. */
#define PLACE "/run/place/here"

static void have_place(void)
{
	application_have_own_run();
	CHECK(mkdir("/run/place", 0755) == 0 && mkdir(PLACE, 0755) == 0 && chdir(PLACE) == 0);
}

/*
 * Opening.
 */

TEST_CASE(opens_in_order, "opening takes its steps in the order of the design")
{
	have_place();
	tracer_open("test", NULL);
	tracer_in_order("pidfd_open", "openat /proc/self/ns/mnt", "openat /", "open_tree", "getcwd",
		"sigprocmask block", "setns mnt CLONE_NEWNS", "statx /", "openat2 " PLACE,
		"unshare CLONE_NEWNS", "openat /proc/self/mountinfo", "statx", "clone starter",
		"starter: unshare CLONE_NEWPID", "starter: clone PID 1",
		"PID 1: mount / MS_REC|MS_SLAVE", "PID 1: fsopen proc", "PID 1: openat2 /proc",
		"PID 1: move_mount / /proc beneath", "PID 1: umount2 .", "PID 1: setsid",
		"PID 1: chdir /", "PID 1: close_range", "PID 1: setgroups 0",
		"PID 1: setresgid 0 0 0", "PID 1: setresuid 0 0 0",
		"PID 1: prctl PR_SET_SECUREBITS", "PID 1: capset", "PID 1: prctl PR_CAP_AMBIENT",
		"PID 1: execve");
	tracer_in_order("clone starter", "waitpid", "setns pidfd of PID 1 CLONE_NEWPID",
		"stat /proc/1/ns/pid", "sigprocmask restore");
	CHECK(tracer_count("prctl PR_SET_CHILD_SUBREAPER") == 0);
}

TEST_CASE(time_before_clone, "with=time the application is in the namespace before it clones")
{
	SERVICE("time", "with=time");
	tracer_open("time", NULL);
	tracer_in_order("openat /proc/self/ns/time", "setns time CLONE_NEWTIME",
		"unshare CLONE_NEWNS", "openat /proc/self/ns/time_for_children",
		"setns time CLONE_NEWTIME", "clone starter");
}

TEST_CASE(subreaper, "an application that is a subreaper does not adopt PID 1, and stays one")
{
	int is_subreaper = 0;

	CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	tracer_open("test", NULL);
	tracer_in_order("prctl PR_SET_CHILD_SUBREAPER 0", "clone starter", "waitpid",
		"prctl PR_SET_CHILD_SUBREAPER 1");
	CHECK(prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper) == 0 && is_subreaper);
	CHECK(waitpid(-1, NULL, __WALL | WNOHANG) == -1 && errno == ECHILD);
}

TEST_CASE(
	init_descriptors, "PID 1 finds the promised descriptors and no other of the application's")
{
	static const char *const expected[] = {"/dev/null", "/dev/null", "/dev/null",
		"pidfd of the application", "socket", "/proc"};
	const int secret = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	for (int closed = 0; closed < 8; closed++) {
		pam_handle_t *pamh;

		for (int fd = 3; fd < 20; fd++)
			if (fcntl(fd, F_GETFD) == -1)
				CHECK(dup2(secret, fd) == fd);
		for (int fd = 0; fd <= 2; fd++)
			if (closed & 1 << fd)
				close(fd);
			else
				CHECK(dup2(secret, fd) == fd);
		pamh = tracer_open("test", NULL);
		for (size_t fd = 0; fd < TRACER_FDS; fd++)
			CHECK(strcmp(trace->fds[fd], fd < sizeof(expected) / sizeof(*expected)
							     ? expected[fd]
							     : "") == 0,
				"descriptor %zu is %s", fd, trace->fds[fd]);
		CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	}
}

/* Fails unless the environment is this, where "*" is any value. */
static void check_environment(const char *const *facts)
{
	const char *at = trace->environment;

	for (; *facts; facts++) {
		size_t length = strcspn(*facts, "*");

		CHECK(strncmp(at, *facts, length) == 0, "%s: %s", *facts, trace->environment);
		CHECK((*facts)[length] == '*' || at[length] == '\n', "%s: %s", *facts,
			trace->environment);
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	CHECK(*at == '\0', "and %s", at);
}

TEST_CASE(init_facts, "PID 1's environment is the facts of the session and nothing else")
{
	static const char *const facts[] = {"PAM_UNSHARE_USER=" USER, "PAM_UNSHARE_UID=65534",
		"PAM_UNSHARE_SERVICE=facts", "PAM_UNSHARE_TTY=ssh", "PAM_UNSHARE_RHOST=192.0.2.1",
		"PAM_UNSHARE_START=*", "PAM_UNSHARE_SCOPE=session", "PAM_UNSHARE_GRACE=3000",
		"PAM_UNSHARE_CLOSE=kill", "PAM_UNSHARE_PROTOCOL=*", NULL};
	pam_handle_t *pamh;

	SERVICE("facts", "grace=3");
	pamh = application_start("facts", USER);
	CHECK(pam_set_item(pamh, PAM_RHOST, "192.0.2.1") == PAM_SUCCESS);
	CHECK(pam_set_item(pamh, PAM_TTY, "ssh") == PAM_SUCCESS);
	tracer_begin(NULL);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	tracer_end();
	CHECK(trace->executed);
	check_environment(facts);
	CHECK(strcmp(trace->title, "pam_unshare: " USER " [facts]\n") == 0, "%s", trace->title);
}

TEST_CASE(unknown_facts, "facts that are not known are left out, and the title is printable")
{
	pam_handle_t *pamh;

	SERVICE("te\nst\033[2j", "");
	pamh = application_start("te\nst\033[2j", USER);
	CHECK(pam_set_item(pamh, PAM_RHOST, "") == PAM_SUCCESS);
	tracer_begin(NULL);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	tracer_end();
	CHECK(trace->executed);
	CHECK(!strstr(trace->environment, "TTY") && !strstr(trace->environment, "RHOST"));
	CHECK(strcmp(trace->title, "pam_unshare: " USER " [te?st?[2j]\n") == 0, "%s", trace->title);
}

TEST_CASE(init_has_no_limits, "a limit of the application's is not PID 1's, if root may raise it")
{
	const struct rlimit low = {1000, 1000};
	struct rlimit limit;
	pid_t init;

	CHECK(setrlimit(RLIMIT_CPU, &low) == 0);
	tracer_open("test", NULL);
	init = application_init();
	CHECK(prlimit(init, RLIMIT_CPU, NULL, &limit) == 0);
	if (setrlimit(RLIMIT_CPU, &(const struct rlimit){1001, 1001}) == 0)
		CHECK(limit.rlim_cur == RLIM_INFINITY && limit.rlim_max == RLIM_INFINITY);
	else
		CHECK(errno == EPERM && limit.rlim_cur == 1000);
}

TEST_CASE(starter_is_killed, "a starter that is killed refuses the login")
{
	tracer_refused("test", TRACER_LIST({"starter: clone", 1, .how = TRACER_KILLS}),
		"start PID 1", "the process that starts it was killed");
}

TEST_CASE(init_is_killed, "a PID 1 that is killed before it executes refuses the login")
{
	tracer_refused("test", TRACER_LIST({"PID 1: setsid", 1, .how = TRACER_KILLS}),
		"start PID 1", "it was killed");
}

#define HANGS                                                                                      \
	{                                                                                          \
		"starter: clone PID 1", 1, .how = TRACER_HOLDS_CHILD                               \
	}

TEST_CASE(init_hangs, "a PID 1 that hangs is killed after a limit, and the login refused")
{
	tracer_refused("test", TRACER_LIST(HANGS, {"futex", 1, .result = -ETIMEDOUT}),
		"start PID 1", "it was not ready after ");
	CHECK(tracer_count("pidfd_send_signal 9") > 0);
}

TEST_CASE(init_is_unkillable,
	"the stack of a PID 1 that cannot be killed stays, and all else is undone")
{
	pam_handle_t *pamh = application_start("test", USER);
	char *before = application_state();

	tracer_begin(TRACER_LIST(
		HANGS, {"futex", 0, .result = -ETIMEDOUT}, {"pidfd_send_signal", 0, .result = 0}));
	CHECK(pam_open_session(pamh, 0) == PAM_SYSTEM_ERR);
	tracer_end();
	application_check_says("start PID 1", "it was not ready after ");
	CHECK(tracer_count("pidfd_send_signal 9") > 0);
	application_forget_maps(1);
	application_check_state(before);
}

/* The last step of all fails, so that everything has to be undone; and that fails, too. */
TEST_CASE(undoing_fails, "when undoing fails too, the rest is undone and the first failure told")
{
	static const char *const undone[] = {"setns mnt CLONE_NEWNS", "fchdir /", "chroot .",
		"fchdir /run/place/here", "setns pidfd of the application", "pidfd_send_signal"};

	have_place();
	CHECK(rmdir(PLACE) == 0); /* so that it cannot be found again by its path */
	for (size_t i = 0; i < sizeof(undone) / sizeof(*undone); i++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			pam_handle_t *pamh = application_start("test", USER);
			size_t descriptors = application_descriptors();

			tracer_begin(TRACER_LIST({"stat /proc/1/ns/pid", 1, .result = -EIO},
				{undone[i], 0, .result = -EPERM}));
			CHECK(pam_open_session(pamh, 0) == PAM_SYSTEM_ERR);
			tracer_end();
			CHECK(trace->disturbed[1] > 0, "%s", undone[i]);
			application_check_says("find PID 1 in the private /proc", strerror(EIO));
			CHECK(tracer_called("setns pidfd of the application", 0));
			CHECK(tracer_called("pidfd_send_signal 9", 0));
			CHECK(tracer_called("setns mnt CLONE_NEWNS", 0));
			CHECK(application_descriptors() == descriptors, "a descriptor is left");
			exit(0);
		}
		CHECK(waitpid(child, &status, 0) == child && status == 0, "%s", undone[i]);
		application_log_forget();
	}
}

static int hosts_proc;

static void put_hosts_proc(void)
{
	CHECK(sys_move_mount(hosts_proc, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH) == 0);
}

static void put_hosts_proc_inside(void)
{
	hosts_proc = sys_open_tree(AT_FDCWD, "/proc", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	CHECK(hosts_proc != -1);
	tracer_in_application(put_hosts_proc);
}

static void see_another_proc(void)
{
	tracer_refused("test",
		TRACER_LIST({"stat /proc/1/ns/pid", 1, .how = TRACER_ACTS,
			.act = put_hosts_proc_inside}),
		"open a session", "");
}

TEST_CASE(another_proc, "a private /proc that shows the host's PID 1 refuses the login")
{
	application_in_own_machine(NULL, see_another_proc);
}

TEST_CASE(no_cwd_to_enter, "so does a working directory that cannot be entered again")
{
	char cwd[64];
	pam_handle_t *pamh;

	CHECK(chdir("/proc/sys/kernel") == 0);
	pamh = tracer_open("test", TRACER_LIST({"openat2 /proc/sys/kernel", 0, .result = -EACCES}));
	CHECK(getcwd(cwd, sizeof(cwd)) && strcmp(cwd, "/") == 0); /* which is left to try */
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	application_log_forget();
	tracer_refused("test",
		TRACER_LIST({"openat2 /proc/sys/kernel", 0, .result = -EACCES},
			{"chdir /", 0, .result = -EACCES}),
		"enter the working directory again", strerror(EACCES));
}

/*
 * Closing.
 */

TEST_CASE(closes_in_order, "closing ends PID 1, goes back and then waits; all is as it was")
{
	pam_handle_t *pamh;
	char *before;

	CHECK(chdir("/proc/sys/kernel") == 0);
	before = application_state();
	pamh = tracer_open("test", NULL);
	tracer_close(pamh, NULL);
	tracer_in_order("send c", "setns pidfd of the application CLONE_NEWPID",
		"setns mnt CLONE_NEWNS", "recvmsg", "fchdir /", "chroot .",
		"fchdir /proc/sys/kernel", "poll", "recv");
	application_check_state(before);
}

TEST_CASE(closes_once, "closing twice does nothing the second time")
{
	pam_handle_t *pamh = tracer_open("test", NULL);

	tracer_close(pamh, NULL);
	CHECK(trace->count > 0 && application_log_count("session closed") == 1);
	tracer_close(pamh, NULL);
	CHECK(trace->count == 0 && application_log_count("session closed") == 1);
	CHECK(pam_end(pamh, PAM_SUCCESS) == PAM_SUCCESS);
	CHECK(application_log_count("\n") == 2);
}

/* Closes while this call fails, in an application of its own: it is not back afterwards. */
static void check_closing_fails(
	const char *service, const char *call, const char *step, const char *cwd)
{
	const ino_t expected = inode_of(cwd);
	pid_t child = fork();
	int status;

	if (child == 0) {
		pam_handle_t *pamh = application_start(service, USER);
		size_t descriptors = application_descriptors();

		tracer_prepare();
		CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
		tracer_close(pamh, TRACER_LIST({call, 0, .result = -EIO}));
		CHECK(trace->disturbed[0] > 0);
		application_check_says(step, strerror(EIO));
		CHECK(application_log_count("session closed") == 1);
		CHECK(tracer_called("send c", 0));
		CHECK(tracer_called("setns pidfd of the application", 0));
		CHECK(tracer_called("setns mnt CLONE_NEWNS", 0));
		CHECK(tracer_called("poll", 0));
		CHECK(application_descriptors() == descriptors, "a descriptor is left");
		CHECK(expected == 0 || inode_of(".") == expected, "it is not in %s", cwd);
		exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0, "%s", call);
	application_log_forget();
}

TEST_CASE(closing_fails, "whatever fails in closing, its other steps are taken and it is told")
{
	CHECK(chdir("/proc/sys/kernel") == 0);
	check_closing_fails("test", "send", "tell PID 1 to end the session", "");
	check_closing_fails(
		"test", "setns pidfd of the application", "go back to the PID namespace", "");
	check_closing_fails("test", "setns mnt", "go back to the mount namespace", "");
	check_closing_fails("test", "recvmsg", "take out the root and working directory", "");
	check_closing_fails("test", "fchdir /", "go back to the root directory", "");
	check_closing_fails("test", "chroot", "go back to the root directory", "");
	check_closing_fails(
		"test", "fchdir /proc/sys/kernel", "go back to the working directory", "");
	check_closing_fails("test", "poll", "see the last process of the session end", "");
	SERVICE("with", "with=ipc,uts");
	check_closing_fails("with", "setns uts", "go back to the namespace uts", "");
	SERVICE("with", "with=time");
	check_closing_fails("with", "setns time", "go back to the namespace time", "");
}

TEST_CASE(finding_fails, "so it is if what is found by its path is not; it stays as near as it can")
{
	have_place();
	check_closing_fails("test", "statx /", "go back to the root directory", "");
	check_closing_fails(
		"test", "openat2 " PLACE, "go back to the working directory", "/run/place");
	check_closing_fails("test", "openat2", "go back to the working directory", "/");
	check_closing_fails(
		"test", "statx " PLACE, "go back to the working directory", "/run/place");
	check_closing_fails(
		"test", "fchdir " PLACE, "go back to the working directory", "/run/place");
}

TEST_CASE(first_failure_is_told, "of many failures in closing the first is told")
{
	pam_handle_t *pamh = application_start("test", USER);
	size_t descriptors = application_descriptors();

	tracer_prepare();
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	tracer_close(pamh, TRACER_LIST({"send c", 0, .result = -EPERM},
				   {"setns", 0, .result = -EIO}, {"statx", 0, .result = -EIO},
				   {"openat2", 0, .result = -EIO}, {"poll", 0, .result = -EIO}));
	application_check_says("tell PID 1 to end the session", strerror(EPERM));
	CHECK(application_log_count("err ") == 1);
	CHECK(application_descriptors() == descriptors, "a descriptor is left");
}

TEST_CASE(init_died_before, "that PID 1 is dead already is no failure")
{
	static const int codes[] = {EPIPE, ECONNRESET};

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		pam_handle_t *pamh = application_start("test", USER);
		char *before = application_state();

		tracer_prepare();
		CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
		CHECK(kill(application_init(), SIGKILL) == 0);
		tracer_close(pamh, TRACER_LIST({"send c", 1, .result = -codes[i]}));
		CHECK(trace->disturbed[0] == 1);
		CHECK(application_log_count("err ") == 0);
		application_check_state(before);
	}
}

/* The wait is over at once. */
static void check_no_report(const char *service, bool is_killed)
{
	pam_handle_t *pamh = application_start(service, USER);
	char *before = application_state();
	pid_t init;

	application_log_forget();
	tracer_prepare();
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	init = application_init();
	CHECK(kill(init, SIGSTOP) == 0);
	tracer_close(pamh, TRACER_LIST({"poll", 0, .result = 0}));
	application_check_says("see the last process of the session end", "in time");
	application_check_state(before);
	CHECK((tracer_count("pidfd_send_signal 9") > 0) == is_killed);
	if (!is_killed)
		CHECK(application_lives(init) && kill(init, SIGKILL) == 0);
	CHECK(application_goes(init), "PID 1 is still there");
}

TEST_CASE(no_report, "closing waits for the last process no longer than its limit, and kills a PID "
		     "1 that is nobody else's")
{
	check_no_report("test", true);
	SERVICE("linger", "on_close=linger"); /* others may have it open */
	check_no_report("linger", false);
}

TEST_CASE(interrupted, "a signal does not end the wait")
{
	pam_handle_t *pamh = application_start("test", USER);
	char *before = application_state();

	tracer_prepare();
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	tracer_close(pamh, TRACER_LIST({"poll", 1, .result = -EINTR}, {"poll", 2, .result = -EINTR},
				   {"poll", 3, .result = -EINTR}));
	CHECK(tracer_count("poll") == 4);
	CHECK(application_log_count("err ") == 0);
	application_check_state(before);
	CHECK(application_goes(application_init()), "PID 1 is still there");
}

APPLICATION_MAIN("steps")
