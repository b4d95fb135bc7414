/* SPDX-License-Identifier: MIT */

/* Sessions that several applications share, further namespaces, and lines that do one half. */

#include "application.h"
#include "tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/protocol.h"

static ino_t second_namespace;

static void second_login(void)
{
	pam_handle_t *pamh = application_start("user", USER);
	char *before = application_state();

	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_children_namespace() == second_namespace);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	application_check_state(before);
	CHECK(pam_end(pamh, PAM_SUCCESS) == PAM_SUCCESS);
}

/*
 * The processes of a test are all children of one that has no session; who opens one there would
 * have its next children born inside.
 */
static void first_login(void)
{
	pam_handle_t *pamh = application_start("user", USER);
	int asks[2];
	pid_t second;
	int status;

	CHECK(pipe(asks) == 0);
	second = fork(); /* born outside, before the session */
	if (second == 0) {
		CHECK(read(asks[0], &second_namespace, sizeof(second_namespace)) ==
			sizeof(second_namespace));
		close(asks[0]);
		close(asks[1]);
		second_login();
		_exit(0);
	}
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	second_namespace = application_children_namespace();
	CHECK(write(asks[1], &second_namespace, sizeof(second_namespace)) ==
		sizeof(second_namespace));
	CHECK(waitpid(second, &status, 0) == second && status == 0);
	CHECK(application_lives(application_init())); /* this one still has it open */
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(pam_end(pamh, PAM_SUCCESS) == PAM_SUCCESS);
}

TEST_CASE(logins_of_a_user, "logins of a user share a session, and the last one ends it")
{
	application_have_own_run();
	SERVICE("user", "scope=user");
	first_login();
	CHECK(application_log_count("session opened for " USER) == 1);
	CHECK(application_log_count("session joined for " USER) == 1);
	CHECK(application_log_count("session closed for " USER) == 2);
	CHECK(application_log_count("err ") == 0);
	CHECK(application_goes(application_init()), "PID 1 is still there");
}

TEST_CASE(logins_of_a_group, "logins of a group meet under the number of the group")
{
	pam_handle_t *pamh;

	application_have_own_run();
	SERVICE("group", "scope=group");
	pamh = application_start("group", USER);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_meeting_place('g'));
	CHECK(!application_meeting_place('u'));
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
}

TEST_CASE(nothing_is_left_in_run,
	"the meeting place is root's alone, and the name goes with the session")
{
	struct stat s;
	pam_handle_t *pamh;

	application_have_own_run();
	SERVICE("user", "scope=user");
	pamh = application_start("user", USER);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_meeting_place('u'));
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(!application_meeting_place('u'));
	CHECK(stat("/run/pam_unshare", &s) == 0 && (s.st_mode & 0777) == 0700);
}

TEST_CASE(own_session_where_it_cannot_be_shared,
	"where it cannot be shared, the login has a session of its own and a notice")
{
	pam_handle_t *pamh;
	char *before;

	application_have_own_run();
	CHECK(mkdir("/run/pam_unshare", 0777) == 0 && chmod("/run/pam_unshare", 0777) == 0);
	SERVICE("user", "scope=user");
	pamh = application_start("user", USER);
	before = application_state();
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("notice ") == 1);
	CHECK(application_log_count(USER ": cannot trust the directory /run/pam_unshare: ") == 1);
	CHECK(application_log_count("; the login has a session of its own") == 1);
	CHECK(application_log_count("session opened for " USER) == 1);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	application_check_state(before);
}

static void nested_login(void)
{
	pam_handle_t *pamh = application_start("user", USER);
	char *before = application_state();

	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	application_check_state(before); /* it is there already */
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(pam_end(pamh, PAM_SUCCESS) == PAM_SUCCESS);
}

TEST_CASE(from_inside, "a login from inside its own session stays there")
{
	pam_handle_t *pamh;

	application_have_own_run();
	SERVICE("user", "scope=user");
	pamh = application_start("user", USER);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_in_child(nested_login) == 0);
	CHECK(application_log_count("the login is in its session already") == 1);
	CHECK(application_log_count("session closed") == 0);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
}

TEST_CASE(further_namespaces, "further namespaces are left again at close")
{
	static const char *const names[] = {"ipc", "uts", "cgroup", "net"};
	char links[4][64], path[64];
	pam_handle_t *pamh;
	char *before;

	SERVICE("with", "with=ipc,uts,cgroup,net,time");
	pamh = application_start("with", USER);
	for (size_t i = 0; i < 4; i++) {
		ssize_t length;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		length = readlink(path, links[i], sizeof(links[i]) - 1);
		CHECK(length > 0);
		links[i][length] = '\0';
	}
	before = application_state();
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	application_check_state(before);
	for (size_t i = 0; i < 4; i++) {
		char now[64] = "";

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		CHECK(readlink(path, now, sizeof(now) - 1) > 0);
		CHECK(strcmp(now, links[i]) == 0, "it is %s, was %s", now, links[i]);
	}
}

TEST_CASE(halves, "open and close, each on a line of its own")
{
	pam_handle_t *pamh;
	char *before;

	SERVICE("halves", "close", "open");
	pamh = application_start("halves", USER);
	before = application_state();
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("session opened") == 1);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("session closed") == 1);
	application_check_state(before);

	SERVICE("half", "open");
	pamh = application_start("half", USER);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("session closed") == 1); /* nobody asked for it */
	CHECK(pam_end(pamh, PAM_SUCCESS) == PAM_SUCCESS);
	CHECK(application_log_count("session closed") == 2);
}

static void stays(void)
{
	if (fork() != 0)
		return;
	signal(SIGHUP, SIG_DFL);
	for (;;)
		pause();
}

TEST_CASE(lingers, "what lingers stays until root on the host ends it")
{
	pam_handle_t *pamh;
	char *before;
	pid_t init;

	SERVICE("linger", "on_close=linger");
	pamh = application_start("linger", USER);
	before = application_state();
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_in_child(stays) == 0);
	init = application_init();
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	application_check_state(before);
	usleep(100000);
	CHECK(application_lives(init), "what lingers was ended");
	CHECK(kill(init, SIGTERM) == 0);
	CHECK(application_goes(init), "PID 1 is still there");
}

/*
 * What is called when a session is shared, and what the others can do to it.
 */

static pam_handle_t *start_user(void)
{
	application_have_own_run();
	SERVICE("user", "scope=user");
	return application_start("user", USER);
}

static ino_t name_inode(void)
{
	const char *name = application_meeting_place('u');
	struct stat status = {0};

	return name && lstat(name, &status) == 0 ? status.st_ino : 0;
}

TEST_CASE(opens_for_others,
	"a login that shares, where nobody is, opens a session that others can join")
{
	char fact[128];

	start_user();
	tracer_open("user", NULL);
	tracer_in_order("mkdir /run/pam_unshare 700", "openat /run/pam_unshare",
		"openat /run/pam_unshare/lock", "fcntl /run/pam_unshare/lock F_OFD_SETLK",
		"socket AF_UNIX", "bind", "listen", "stat /run/pam_unshare/NAME",
		"fcntl /run/pam_unshare/lock F_OFD_SETLK", "unshare CLONE_NEWNS", "PID 1: execve");
	CHECK(application_log_count("session opened") == 1 && application_log_count("\n") == 1);
	CHECK(strcmp(trace->fds[6], "socket") == 0 &&
		strcmp(trace->fds[7], "/run/pam_unshare") == 0 && trace->fds[8][0] == '/' &&
		trace->fds[9][0] == '\0');
	CHECK(strstr(trace->environment, "PAM_UNSHARE_SCOPE=user\n"));
	snprintf(fact, sizeof(fact), "PAM_UNSHARE_SOCKET=%s\n",
		strrchr(application_meeting_place('u'), '/') + 1);
	CHECK(strstr(trace->environment, fact), "no %s", fact);
	snprintf(fact, sizeof(fact), "PAM_UNSHARE_INODE=%lu\n", (unsigned long)name_inode());
	CHECK(strstr(trace->environment, fact), "no %s", fact);
}

TEST_CASE(joins, "if somebody is, it joins, and closing gives all back")
{
	pam_handle_t *pamh;
	pid_t first;
	char *before;

	start_user();
	CHECK(chdir("/tmp") == 0);
	application_hold("user", NULL);
	first = application_init();
	before = application_state();
	pamh = tracer_open("user", NULL);
	tracer_in_order("connect", "sendmsg", "recvmsg", "pidfd_open", "poll 0", "unshare CLONE_FS",
		"setns pidfd of PID 1 CLONE_NEWPID|CLONE_NEWNS", "statx /", "stat /proc/1/ns/pid",
		"openat2 /tmp");
	CHECK(tracer_count("unshare CLONE_NEWNS") == 0 && tracer_count("clone") == 0);
	CHECK(tracer_count("socketpair") == 0); /* no directory is kept */
	CHECK(application_log_count("session joined") == 1 && application_init() == first);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	application_check_state(before);
	CHECK(application_lives(first));
}

TEST_CASE(joins_without_standard_descriptors, "joining uses no standard descriptor")
{
	pam_handle_t *pamh;

	start_user();
	application_hold("user", NULL);
	for (int fd = 0; fd <= 2; fd++)
		close(fd);
	pamh = application_start("user", USER);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("session joined") == 1);
	for (int fd = 0; fd <= 2; fd++)
		CHECK(fcntl(fd, F_GETFD) == -1, "descriptor %d is in use", fd);
}

/* A session of its own, and why it is not shared: NULL if nothing is said of that. */
static void check_own(const struct disturbance *list, const char *step, const char *more)
{
	pam_handle_t *pamh = application_start("user", USER);
	char *before = application_state();
	int result;

	application_log_forget();
	tracer_begin(list);
	result = pam_open_session(pamh, 0);
	tracer_end();
	CHECK(result == PAM_SUCCESS);
	CHECK(application_log_count("session opened") == 1);
	CHECK(application_log_count("\n") == (step ? 2 : 1));
	if (step)
		application_check_says(step, more);
	CHECK(application_log_count("notice ") == (step ? 1 : 0));
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	application_check_state(before);
}

/* Where logins meet. */
static struct sockaddr_un address = {.sun_family = AF_UNIX};

static int listen_under_name(int backlog)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	CHECK(fd != -1 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
	CHECK(listen(fd, backlog) == 0);
	return fd;
}

/* The name that logins meet under, with nobody there. */
static void learn_name(void)
{
	pam_handle_t *pamh = start_user();

	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	strcpy(address.sun_path, application_meeting_place('u'));
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_goes(application_init()) && !application_meeting_place('u'));
	application_log_forget();
}

/* Somebody under the name who is no PID 1 of ours, and answers this, or nothing. */
static pid_t *impostor; /* in memory that the tracer shares */

static void be_impostor(int listener, char message, uid_t uid)
{
	int fd;
	char asked[2];

	*impostor = getpid();
	fd = accept(listener, NULL, NULL);
	CHECK(fd != -1 && recv(fd, asked, sizeof(asked), 0) == 2);
	CHECK(setresuid(uid, uid, uid) == 0);
	if (message != '\0')
		CHECK(send(fd, &message, 1, MSG_NOSIGNAL) == 1);
	for (;;)
		pause();
}

/* No child: the state of the application would be another when it has died. */
static void answer(char message, uid_t uid)
{
	int listener = listen_under_name(1);
	pid_t child = fork();

	CHECK(child != -1);
	if (child == 0) {
		if (fork() == 0)
			be_impostor(listener, message, uid);
		_exit(0);
	}
	CHECK(waitpid(child, NULL, 0) == child);
	close(listener);
}

static void kill_impostor(void)
{
	kill(*impostor, SIGKILL);
	CHECK(application_goes(*impostor));
}

static void check_not_joined(char message, uid_t uid, const struct disturbance *list)
{
	answer(message, uid);
	check_own(list, NULL, NULL);
	CHECK(tracer_called("sendmsg", 0));
	kill_impostor();
}

TEST_CASE(does_not_trust, "who does not answer as root's PID 1 does is not joined")
{
	impostor = mmap(
		NULL, sizeof(*impostor), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(impostor != MAP_FAILED);
	learn_name();
	check_not_joined('\0', 0, NULL);
	check_not_joined('x', 0, NULL);
	check_not_joined(MESSAGE_WELCOME, 65534, NULL);
	/* It died, and its PID may be another's by now. */
	check_not_joined(MESSAGE_WELCOME, 0,
		TRACER_LIST({"pidfd_open", 2, .how = TRACER_ACTS, .act = kill_impostor}));
	CHECK(trace->disturbed[0] == 1);
}

TEST_CASE(untrusted_directory, "a meeting place that is not root's alone is not used")
{
	start_user();
	application_hold("user", NULL);
	CHECK(chown("/run/pam_unshare", 65534, 0) == 0);
	check_own(NULL, "trust the directory /run/pam_unshare", "remove it");
	CHECK(chown("/run/pam_unshare", 0, 0) == 0 && chmod("/run/pam_unshare", 0770) == 0);
	check_own(NULL, "trust the directory /run/pam_unshare", "remove it");
}

/* How many turns a login waits for others; then it opens, and has taken the name. */
static void check_turns(size_t least, size_t most)
{
	const ino_t before = name_inode();
	pam_handle_t *pamh = tracer_open("user", NULL);
	size_t turns = tracer_count("poll 10");

	CHECK(turns >= least && turns <= most, "it waits %zu turns", turns);
	CHECK(application_log_count("session opened") == 1 && application_log_count("\n") == 1);
	CHECK(name_inode() != 0 && name_inode() != before, "it has not taken the name");
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_goes(application_init()));
	application_log_forget();
}

static void hold_lock(void)
{
	struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open("/run/pam_unshare/lock", O_RDWR | O_CLOEXEC);

	CHECK(fd != -1 && fcntl(fd, F_OFD_SETLK, &range) == 0);
}

/* More connect than it takes. */
static void fill_line(void)
{
	for (;;) {
		int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		CHECK(fd != -1);
		if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == -1) {
			CHECK(errno == EAGAIN);
			break;
		}
	}
}

TEST_CASE(nobody_is_waited_for,
	"who holds the lock, or does not answer, is waited for once, and passed over")
{
	learn_name();
	listen_under_name(10); /* and never answers */
	check_turns(SHARE_ANSWER_TURNS, SHARE_ANSWER_TURNS);
	CHECK(!application_meeting_place('u'));
	listen_under_name(1);
	fill_line();
	check_turns(SHARE_ANSWER_TURNS, SHARE_TURNS);
	hold_lock();
	check_turns(SHARE_LOCK_TURNS, SHARE_LOCK_TURNS);
	listen_under_name(10);
	check_turns(SHARE_ANSWER_TURNS + SHARE_LOCK_TURNS, SHARE_ANSWER_TURNS + SHARE_LOCK_TURNS);
	CHECK(SHARE_LIMIT_MS < 1000);
}

TEST_CASE(leftover_is_replaced, "a name that nobody listens under is taken at once")
{
	learn_name();
	close(listen_under_name(1));
	check_turns(0, 0);
	application_write(address.sun_path, "");
	check_turns(0, 0);
}

TEST_CASE(withdraws_its_request, "who is passed over does not count in who asked it")
{
	learn_name();
	listen_under_name(10);
	tracer_open("user", NULL);
	tracer_in_order("sendmsg", "shutdown", "send c", "recv", "bind");
}

static void take_name(void)
{
	CHECK(unlink(address.sun_path) == 0);
	listen_under_name(1);
}

TEST_CASE(name_of_another, "a name that another has taken is not removed")
{
	learn_name();
	tracer_refused("user", TRACER_LIST({"unshare CLONE_NEWNS", 1, .result = -ENOMEM}),
		"create the namespaces", strerror(ENOMEM));
	CHECK(!application_meeting_place('u'));
	application_log_forget();
	tracer_refused("user",
		TRACER_LIST(
			{"fcntl /run/pam_unshare/lock", 2, .how = TRACER_ACTS, .act = take_name},
			{"unshare CLONE_NEWNS", 1, .result = -ENOMEM}),
		"create the namespaces", strerror(ENOMEM));
	CHECK(application_meeting_place('u'));
}

#define NOT_NUMBERED                                                                               \
	{                                                                                          \
		"ioctl mnt NS_GET_MNTNS_ID", 0, .result = -ENOTTY                                  \
	}

static void open_in_machines_mounts(void)
{
	SERVICE("user", "scope=user");
	tracer_open("user", TRACER_LIST(NOT_NUMBERED));
	CHECK(application_log_count("session opened") == 1 && application_log_count("\n") == 1);
	CHECK(strstr(trace->environment, "-0-u65534-0\n"), "%s", trace->environment);
}

TEST_CASE(mounts_without_id, "a mount namespace that cannot be known again is not shared")
{
	start_user();
	check_own(TRACER_LIST(NOT_NUMBERED),
		"share a session from a mount namespace of the login's own", "before Linux 6.11");
	application_log_forget();
	application_in_own_machine(NULL, open_in_machines_mounts);
}

static void cover_root(void)
{
	CHECK(mount("over", "/", "tmpfs", 0, NULL) == 0);
}

TEST_CASE(another_root, "a session with another root directory is not joined")
{
	start_user();
	application_hold("user", cover_root);
	check_own(NULL, "join the session", "");
	CHECK(tracer_called("setns pidfd of PID 1 CLONE_NEWPID|CLONE_NEWNS", 0));
	CHECK(tracer_called("send c", 0), "PID 1 goes on counting it");
}

TEST_CASE(chroot_is_not_left,
	"nor is one joined from a chroot, though its root directory is the same")
{
	start_user();
	application_hold("user", NULL);
	CHECK(mkdir("/run/jail", 0755) == 0);
	CHECK(mount("/", "/run/jail", NULL, MS_BIND | MS_REC, NULL) == 0);
	CHECK(chroot("/run/jail") == 0 && chdir("/") == 0);
	check_own(NULL, "join the session", "");
}

/* As in a container without CAP_SYS_NICE. */
TEST_CASE(limits_are_kept, "a PID 1 that has to keep the application's limits is no one else's")
{
	pam_handle_t *pamh;

	start_user();
	check_own(TRACER_LIST({"PID 1: sched_setattr", 0, .result = -EPERM}),
		"give the PID 1 of a shared session the system's limits", "CAP_SYS_RESOURCE");
	CHECK(tracer_called("unlinkat /run/pam_unshare/NAME", tracer_called("bind", 0)));
	CHECK(trace->executed && !strstr(trace->environment, "PAM_UNSHARE_SOCKET"));
	pamh = tracer_open("user", TRACER_LIST({"PID 1: prlimit", 0, .result = -EPERM}));
	CHECK(!application_meeting_place('u'));
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
}

static void nested_login_of_another(void)
{
	pam_handle_t *pamh = application_start("user", "daemon");

	application_log_forget();
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("session opened for daemon") == 1);
	CHECK(application_log_count("notice ") == 1);
	application_check_says("join a session that is elsewhere", "");
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
}

TEST_CASE(
	another_from_inside, "from inside a session that it does not share, a login opens its own")
{
	pam_handle_t *pamh = start_user();

	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_in_child(nested_login_of_another) == 0);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
}

/* A user's own program by that name. */
static void be_called_session_init(void)
{
	CHECK(prctl(PR_SET_NAME, "session-init") == 0);
	CHECK(setresuid(65534, 65534, 65534) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0);
}

static void open_below_it(void)
{
	struct stat init;

	SERVICE("user", "scope=user");
	for (int i = 0; stat("/proc/1", &init) == -1 || init.st_uid != 65534; i++) {
		CHECK(i < 10000);
		usleep(1000);
	}
	check_own(NULL, NULL, NULL);
}

TEST_CASE(called_session_init, "nor is a user's own program taken for the PID 1 of a session")
{
	application_in_own_machine(be_called_session_init, open_below_it);
}

/* Others find PID 1 by a name, which it removes when it ends, and only then. */
TEST_CASE(init_was_murdered, "the name of a shared session is removed if its PID 1 could not")
{
	pam_handle_t *pamh = start_user();
	pid_t init;
	char *before;

	tracer_prepare();
	before = application_state();
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	tracer_close(pamh, NULL);
	CHECK(tracer_count("unlinkat") == 0);
	CHECK(application_goes(application_init()));

	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	init = application_init();
	CHECK(kill(init, SIGKILL) == 0 && application_goes(init));
	CHECK(application_meeting_place('u'));
	tracer_close(pamh, NULL);
	CHECK(tracer_count("unlinkat /run/pam_unshare/NAME") == 1);
	CHECK(!application_meeting_place('u'));
	application_check_state(before);
}

/* Born before the session is opened, and so outside. */
static void open_when_told(int told, int ready)
{
	char byte;

	CHECK(read(told, &byte, 1) == 1);
	application_hold("user", NULL);
	CHECK(write(ready, "", 1) == 1);
	for (;;)
		pause();
}

TEST_CASE(name_of_a_later_one, "but not if a later one has taken it")
{
	pam_handle_t *pamh = start_user();
	int told[2], ready[2];
	pid_t init;
	char byte;

	CHECK(pipe(told) == 0 && pipe(ready) == 0);
	if (fork() == 0)
		open_when_told(told[0], ready[1]);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	init = application_init();
	CHECK(kill(init, SIGKILL) == 0 && application_goes(init));
	CHECK(write(told[1], "", 1) == 1 && read(ready[0], &byte, 1) == 1);
	CHECK(application_init() != init && application_meeting_place('u'));
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_meeting_place('u'));
}

/*
 * The working directory of who joins.
 */

static void exchange_place(void)
{
	CHECK(renameat2(AT_FDCWD, "/run/place", AT_FDCWD, "/run/other", RENAME_EXCHANGE) == 0);
}

static void check_place(const struct disturbance *list, const char *inside)
{
	pam_handle_t *pamh;
	char *before, cwd[PATH_MAX];

	CHECK(chdir("/run/place") == 0);
	before = application_state();
	pamh = tracer_open("user", list);
	CHECK(getcwd(cwd, sizeof(cwd)) && strcmp(cwd, inside) == 0, "it is %s", cwd);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	if (inside[1] == '\0' && list[0].act)
		exchange_place();
	application_check_state(before);
}

TEST_CASE(path_was_changed, "a login that joins and whose path leads elsewhere gets to /")
{
	start_user();
	CHECK(mkdir("/run/place", 0755) == 0 && mkdir("/run/other", 0755) == 0);
	application_hold("user", NULL);
	check_place(
		TRACER_LIST({"openat2 /run/place", 1, .how = TRACER_ACTS, .act = exchange_place}),
		"/");
	check_place(TRACER_LIST({"openat2 /run/place", 0, .result = -ELOOP}), "/");
}

APPLICATION_MAIN("share")
