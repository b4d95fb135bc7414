/* SPDX-License-Identifier: MIT */

/*
 * The life of a session on a kernel of the tests' own (kernel.h): what opening and closing do, and
 * that each of their calls may fail. The application is then as it was before.
 */

#include "unit.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel.h"
#include "common/limits.h"
#include "common/protocol.h"
#include "session.h"
#include "share.h"
#include "common/syscalls.h"

static const struct session_request request = {
	.user = "alice",
	.uid = 1000,
	.service = "sshd",
	.tty = "ssh",
	.rhost = "192.0.2.1",
	.grace_ms = 1500,
	.init = "/usr/libexec/pam_unshare/session-init",
};

#define FURTHER (CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWNET | CLONE_NEWTIME)

static struct session *session;
static struct error error;

static bool session_is_joined(const struct session *of)
{
	return session_way(of) == WAY_JOINED;
}

static const struct error *session_not_shared(const struct session *of)
{
	return session_way(of) == WAY_OWN_INSTEAD ? session_why(of) : NULL;
}

/* What is asked for beside the plain session; the boot functions set it. */
static bool full, shared;

/* Everything that the module deals with, so that every call that it can make is made. */
static const char full_mounts[] =
	"1 0 0:1 / / rw,relatime shared:1 - ext4 /dev/sda rw\n"
	"2 1 0:2 / /proc rw,nosuid,nodev,noexec,relatime shared:2 - proc proc rw,hidepid=2\n"
	"3 2 0:3 / /proc/acpi ro unbindable - tmpfs tmpfs ro\n"
	"4 2 0:4 / /proc/uptime rw - fuse.lxcfs lxcfs rw\n"
	"5 1 0:5 / /chroot/proc rw - proc proc ro\n"
	"6 5 0:6 / /chroot/proc/uptime rw - tmpfs tmpfs rw\n"
	"7 1 0:2 /1/environ /mnt rw - proc proc rw\n";

static void boot_full(void)
{
	kernel_boot();
	kernel.mountinfo = full_mounts;
	kernel.cwd_on_procfs = true;
	kernel.process.subreaper = true;
	full = true;
}

/* A login of a user whose logins share a session: nobody has one open, or somebody has. */
static void boot_shared(bool somebody)
{
	kernel_boot();
	kernel.somebody_listens = somebody;
	kernel.name = somebody ? 77 : 0;
	kernel.process.subreaper = true;
	shared = true;
}

/* The functions that say how a case begins. */
static void boot_alone(void)
{
	boot_full();
	for (int fd = 0; fd <= 2; fd++)
		kernel.process.fds[fd].what = NULL;
}
static void boot_first(void)
{
	boot_shared(false);
}
static void boot_joining(void)
{
	boot_shared(true);
}
static void boot_joining_alone(void)
{
	boot_shared(true);
	for (int fd = 0; fd <= 2; fd++)
		kernel.process.fds[fd].what = NULL;
}

static int open_session(void)
{
	struct session_request asked = request;

	if (full) {
		asked.namespaces = FURTHER;
		asked.proc = "subset=pid";
		asked.linger = true;
	}
	if (shared) {
		asked.share = 'u';
		asked.share_id = 1000;
	}
	session = NULL;
	memset(&error, 0, sizeof(error));
	return session_open(&asked, &session, &error);
}

static void fail_with_calls(const char *what)
{
	kernel_print_calls();
	fail_msg("%s", what);
}

#define HOLDS(condition, what)                                                                     \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_with_calls(what);                                                     \
	} while (0)

/* What the application has now beside what it had before, but for memory. */
static void assert_application_is(const struct kernel_process *before)
{
	const struct kernel_process *now = &kernel.process;

	HOLDS(!kernel.violation, kernel.violation);
	HOLDS(kernel.depth == 0, "a clone is still running");
	HOLDS(strcmp(now->mount_namespace, before->mount_namespace) == 0,
		"the application is left in another mount namespace");
	HOLDS(strcmp(now->children, before->children) == 0,
		"the application's children still go to another PID namespace");
	HOLDS(now->further == before->further, "the application is left in further namespaces");
	HOLDS(strcmp(now->root, before->root) == 0, "the root directory is another one");
	HOLDS(strcmp(now->cwd, before->cwd) == 0, "the working directory is another one");
	HOLDS(now->subreaper == before->subreaper, "the application is no subreaper any more");
	for (int fd = 0; fd < KERNEL_FDS; fd++) {
		if (!now->fds[fd].what != !before->fds[fd].what)
			print_error("descriptor %d is %s\n", fd,
				now->fds[fd].what ? now->fds[fd].what : "closed");
		HOLDS(now->fds[fd].what == before->fds[fd].what,
			"a descriptor was left open, or closed");
	}
}

static void assert_no_memory_is_held(void)
{
	HOLDS(kernel.blocks == 0, "memory was not freed");
	HOLDS(kernel.maps == 0, "mappings were not removed");
}

int __real_sigprocmask(int how, const sigset_t *set, sigset_t *before); /* not kernel.c's */

static sigset_t mask_before;

static void set_mask(void)
{
	sigemptyset(&mask_before);
	sigaddset(&mask_before, SIGUSR1);
	sigaddset(&mask_before, SIGCHLD);
	__real_sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

static void assert_mask_is_restored(void)
{
	sigset_t now;

	__real_sigprocmask(SIG_SETMASK, NULL, &now);
	for (int signal = 1; signal < SIGRTMAX; signal++)
		HOLDS(sigismember(&now, signal) == sigismember(&mask_before, signal),
			"the signal mask is not restored");
}

static int tear_down(void **state)
{
	sigset_t none;

	(void)state;
	sigemptyset(&none);
	__real_sigprocmask(SIG_SETMASK, &none, NULL);
	if (session) {
		session_free(session);
		session = NULL;
	}
	full = shared = false;
	return 0;
}

/* All that is to hold after a login was refused, whatever the reason. */
static void assert_undone(const struct kernel_process *before)
{
	assert_null(session);
	assert_application_is(before);
	assert_no_memory_is_held();
	assert_mask_is_restored();
	HOLDS(!kernel.init_was_born || kernel.init_was_killed || kernel_called("send channel c", 0),
		"PID 1 was neither killed nor told to end");
}

/* Opens it on a kernel that was made ready, and sees it refused at this step. */
static void assert_refused(const char *step)
{
	struct kernel_process before = kernel.process;

	set_mask();
	HOLDS(open_session() < 0, "the session was opened");
	if (strcmp(error.step, step) != 0)
		fail_msg("cannot \"%s\"; expected: \"%s\"", error.step, step);
	assert_undone(&before);
}

/*
 * Opening.
 */

static void opens(void **state)
{
	(void)state;
	kernel_boot();
	set_mask();
	assert_int_equal(open_session(), 0);
	assert_true(session_is_open(session));
	assert_string_equal(kernel.process.mount_namespace, "session");
	assert_string_equal(kernel.process.children, "session");
	assert_string_equal(kernel.process.root, "the root");
	assert_string_equal(kernel.process.cwd, "the cwd");
	assert_int_equal(session_init_pid(session), 4002);
	assert_int_equal(session_namespace(session), 1002);
	assert_false(kernel.init_was_killed);
	assert_mask_is_restored();
	assert_null(kernel.violation);
	assert_int_equal(kernel.blocks, 0);
	assert_int_equal(kernel.maps, 1); /* the session itself */
}

/* Sees that the calls that begin so were made, each after the one before. */
static void assert_order(const char *const *calls)
{
	size_t at = 1;

	for (; *calls; calls++) {
		at = kernel_called(*calls, at);
		if (!at) {
			kernel_print_calls();
			fail_msg("%s is missing, or stands elsewhere", *calls);
		}
		at++;
	}
}

static void opens_in_order(void **state)
{
	static const char *const calls[] = {"pidfd_open", "open /proc/self/ns/mnt", "open /",
		"open_tree cwd", "getcwd", "setns host mnt", "statx /", "openat2 /srv/work/here",
		"unshare CLONE_NEWNS", "open /proc/self/mountinfo", "statx cwd", "clone starter",
		"unshare CLONE_NEWPID", "clone PID 1", "mount MS_REC|MS_SLAVE /", "fsopen proc",
		"openat2 /proc", "move_mount procfs beneath /proc", "umount2 /proc", "setsid",
		"chdir /", "close_range", "setgroups 0", "setresgid 0 0 0", "setresuid 0 0 0",
		"prctl PR_SET_SECUREBITS", "capset", "prctl PR_CAP_AMBIENT", "execve",
		"waitpid starter", "setns pidfd of PID 1 CLONE_NEWPID", "stat /proc/1/ns/pid",
		NULL};

	(void)state;
	kernel_boot();
	assert_int_equal(open_session(), 0);
	assert_order(calls);
}

static void init_descriptors(void **state)
{
	static const char *const expected[] = {"null", "null", "null", "pidfd of the application",
		"PID 1's channel", "list of processes"};
	const size_t count = sizeof(expected) / sizeof(*expected);

	(void)state;
	for (int closed = 0; closed < 8; closed++) {
		kernel_boot();
		for (int fd = 0; fd <= 2; fd++)
			if (closed & 1 << fd)
				kernel.process.fds[fd].what = NULL;
		for (int fd = 3; fd < 20; fd++)
			kernel.process.fds[fd].what = "secret of the host";
		assert_int_equal(open_session(), 0);
		for (size_t fd = 0; fd < KERNEL_FDS; fd++) {
			if (fd < count)
				assert_string_equal(kernel.executed.fds[fd].what, expected[fd]);
			else
				assert_null(kernel.executed.fds[fd].what);
		}
		tear_down(state);
	}
}

static void init_facts(void **state)
{
	static const char *const facts[] = {"PAM_UNSHARE_USER=alice\n", "PAM_UNSHARE_UID=1000\n",
		"PAM_UNSHARE_SERVICE=sshd\n", "PAM_UNSHARE_TTY=ssh\n",
		"PAM_UNSHARE_RHOST=192.0.2.1\n", "PAM_UNSHARE_START=", "PAM_UNSHARE_GRACE=1500\n",
		"PAM_UNSHARE_SCOPE=session\n", "PAM_UNSHARE_CLOSE=kill\n"};

	(void)state;
	kernel_boot();
	assert_int_equal(open_session(), 0);
	assert_string_equal(kernel.executed_path, request.init);
	assert_string_equal(kernel.executed_title, "pam_unshare: alice [sshd]");
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++)
		assert_non_null(strstr(kernel.executed_environment, facts[i]));
	assert_null(strstr(kernel.executed_environment, "PATH="));
}

static void unknown_facts(void **state)
{
	struct session_request some = request;

	(void)state;
	some.tty = NULL;
	some.rhost = "";
	some.user = "eve\n\033[2J";
	kernel_boot();
	assert_int_equal(session_open(&some, &session, &error), 0);
	assert_null(strstr(kernel.executed_environment, "TTY"));
	assert_null(strstr(kernel.executed_environment, "RHOST"));
	assert_string_equal(kernel.executed_title, "pam_unshare: eve??[2J [sshd]");
}

static void standard_descriptors(void **state)
{
	(void)state;
	kernel_boot();
	for (int fd = 0; fd <= 2; fd++)
		kernel.process.fds[fd].what = NULL;
	assert_int_equal(open_session(), 0);
	for (int fd = 0; fd <= 2; fd++)
		HOLDS(!kernel.process.fds[fd].what, "a standard descriptor is used up");
	for (int fd = 0; fd < KERNEL_FDS; fd++)
		HOLDS(!kernel.process.fds[fd].what || kernel.process.fds[fd].cloexec,
			"the application's children inherit a descriptor");
}

static void cwd_on_procfs(void **state)
{
	(void)state;
	kernel_boot();
	kernel.cwd_on_procfs = true;
	assert_int_equal(open_session(), 0);
	assert_string_equal(kernel.process.cwd, "/proc/sys/kernel");
}

static void cwd_of_a_process(void **state)
{
	(void)state;
	kernel_boot();
	kernel.cwd_on_procfs = true;
	kernel.fail_all = "openat2 /proc/sys/kernel";
	kernel.fail_errno = ENOENT;
	assert_int_equal(open_session(), 0);
	assert_string_equal(kernel.process.cwd, "/");
	tear_down(state);

	kernel_boot();
	kernel.cwd_on_procfs = kernel.cwd_unreachable = true;
	assert_int_equal(open_session(), 0);
	assert_string_equal(kernel.process.cwd, "/");
	tear_down(state);

	kernel_boot();
	kernel.cwd_on_procfs = true;
	kernel.fail_all = "getcwd";
	kernel.fail_errno = ENOENT;
	assert_int_equal(open_session(), 0);
	assert_string_equal(kernel.process.cwd, "/");
}

static void subreaper(void **state)
{
	static const char *const calls[] = {"prctl PR_SET_CHILD_SUBREAPER 0", "clone starter",
		"waitpid starter", "prctl PR_SET_CHILD_SUBREAPER 1", NULL};

	(void)state;
	kernel_boot();
	assert_int_equal(open_session(), 0);
	assert_int_equal(kernel_called("prctl PR_SET_CHILD_SUBREAPER", 0), 0);
	tear_down(state);

	kernel_boot();
	kernel.process.subreaper = true;
	assert_int_equal(open_session(), 0);
	assert_order(calls);
	assert_true(kernel.process.subreaper);
}

static void full_proc(void **state)
{
	static const char *const calls[] = {"umount2 /mnt", "fsconfig set ro",
		"openat2 /chroot/proc", "open_tree /chroot/proc/uptime",
		"move_mount procfs beneath /chroot/proc", "umount2 /chroot/proc",
		"move_mount mount to /chroot/proc/uptime", "openat2 /proc",
		"mount MS_PRIVATE /proc/acpi", "open_tree /proc/acpi", "open_tree /proc/uptime",
		"move_mount procfs beneath /proc", "umount2 /proc",
		"move_mount mount to /proc/acpi", "move_mount mount to /proc/uptime",
		"lseek mountinfo", NULL};

	(void)state;
	boot_full();
	assert_int_equal(open_session(), 0);
	assert_order(calls);
	assert_null(kernel.violation);
}

static void second_session(void **state)
{
	struct session *first;
	struct kernel_process before;

	(void)state;
	kernel_boot();
	assert_int_equal(open_session(), 0);
	first = session;
	before = kernel.process;
	assert_int_equal(open_session(), -EINVAL);
	assert_string_equal(error.step, "open another session");
	assert_null(session);
	assert_application_is(&before);
	assert_int_equal(kernel.maps, 1);
	session = first;
	assert_true(session_is_open(session));
}

static void children_elsewhere(void **state)
{
	(void)state;
	kernel_boot();
	kernel.process.children = "another";
	assert_refused("open another session");
}

static void no_proc(void **state)
{
	(void)state;
	kernel_boot();
	kernel.no_proc = true;
	assert_refused("find a procfs on /proc");
	assert_int_equal(kernel_called("unshare", 0), 0);
}

static void unusual_mounts(void **state)
{
	(void)state;
	kernel_boot();
	kernel.mountinfo = "rubbish about /proc\n";
	assert_refused("understand");
	assert_string_equal(error.object, "rubbish about /proc");
	assert_int_equal(error.code, EBADMSG);

	kernel_boot();
	kernel.mountinfo = "2 1 0:2 / /proc rw - proc proc rw\n";
	assert_refused("isolate inside this root directory");
}

/*
 * Each call fails in turn.
 */

/* A failure that is mended by another look at the names. */
#define TRIES_AGAIN "(none: it is tried again)"

/* By what the call begins with, the first that fits; and what the login's refusal then says. */
static const struct {
	const char *call, *step;
} steps[] = {
	{"mmap (1)", "allocate a session"},
	{"mmap (2)", "allocate the stacks of PID 1 and its starter"},
	{"mmap (3)", "read mountinfo again"},
	{"lseek mountinfo (1)", "read"},
	{"lseek mountinfo (2)", "read mountinfo again"},
	{"read mountinfo (3)", "read mountinfo again"},
	{"read mountinfo (4)", "read mountinfo again"},
	{"openat /", "look at the old procfs of"},
	{"statx procfs", "look at the private procfs"},
	{"statx /mnt", TRIES_AGAIN},
	{"statx /proc (1)", TRIES_AGAIN},
	{"statx /chroot/proc (1)", TRIES_AGAIN},
	{"statx root directory", "look at the root directory"},
	{"statx cwd", "look at the working directory"},
	{"statx", "look at the old procfs of"},
	{"openat2", TRIES_AGAIN},
	{"open / (2)", TRIES_AGAIN},
	{"open / (3)", TRIES_AGAIN},
	{"open / (4)", TRIES_AGAIN},
	{"fchdir /mnt", TRIES_AGAIN},
	{"fchdir /proc (1)", "enter the procfs on"},
	{"fchdir /proc (2)", TRIES_AGAIN},
	{"fchdir /chroot/proc", TRIES_AGAIN},
	{"fchdir list of processes", "detach the procfs on"},
	{"madvise", "allocate a session"},
	{"stat /proc/self/ns", "read"},
	{"pidfd_open", "keep a pidfd of the application"},
	{"open /proc/self/ns/mnt", "keep the mount namespace"},
	{"open /proc/self/ns/", "keep the namespace"},
	{"open /proc/self/mountinfo", "read"},
	{"open /dev/null", "open"},
	{"open / (", "keep the root directory"},
	{"open_tree cwd", "keep the working directory"},
	{"fstatfs mount", "look at the mount on"},
	{"socketpair pocket", "keep the root and working directory"},
	{"sendmsg pocket", "keep the root and working directory"},
	{"unshare CLONE_NEWNS", "create the namespaces"},
	{"socket network socket", "create a socket in the network namespace"},
	{"ioctl", "bring up the loopback interface"},
	{"malloc", "read"},
	{"read mountinfo", "read"},
	{"calloc (1)", "read"},
	{"calloc (2)", "read"},
	{"calloc (11)", "plan for the procfs on"},
	{"calloc (12)", "plan for the procfs on"},
	{"calloc (13)", "plan for the mount on"},
	{"calloc", "plan the private /proc"},
	{"vasprintf", "note the facts of the session"},
	{"socketpair channel", "create a socket to PID 1"},
	{"prctl PR_SET_CHILD_SUBREAPER 1", "adopt orphans again in the application"},
	{"prctl PR_GET_CHILD_SUBREAPER", "keep PID 1 from being the application's child"},
	{"prctl PR_SET_CHILD_SUBREAPER 0", "keep PID 1 from being the application's child"},
	{"clone starter", "start the starter of PID 1"},
	{"waitpid", "wait for the starter of PID 1"},
	{"unshare CLONE_NEWPID", "create a PID namespace"},
	{"clone PID 1", "start PID 1"},
	{"mount MS_REC|MS_SLAVE", "switch off mount propagation to the host"},
	{"mount MS_PRIVATE", "make bindable the mount on"},
	{"open_tree", "pick up the mount on"},
	{"fsopen", "prepare the private /proc"},
	{"fsconfig set source", "name the private /proc"},
	{"fsconfig set", "set the option of the private /proc:"},
	{"fsconfig create", "create the private /proc"},
	{"fsmount", "mount the private /proc"},
	{"openat", "read the private /proc"},
	{"umount2", "detach the procfs on"},
	{"move_mount procfs", "put the private procfs on"},
	{"move_mount mount", "carry over the mount on"},
	{"setsid", "leave the application's session and directory"},
	{"chdir / (", "leave the application's session and directory"},
	{"fcntl", "arrange the descriptors of PID 1"},
	{"dup2", "arrange the descriptors of PID 1"},
	{"close_range", "close the application's descriptors in PID 1"},
	{"setgroups", "become root in PID 1"},
	{"setres", "become root in PID 1"},
	{"prctl PR_SET_SECUREBITS", "make root unprivileged in PID 1"},
	{"capget", "look at the capabilities of PID 1"},
	{"capset", "drop the capabilities of PID 1"},
	{"prctl PR_CAP_AMBIENT", "keep the capabilities of PID 1"},
	{"execve", "execute"},
	{"setns pidfd of PID 1", "send children to the PID namespace"},
	{"sigprocmask block", "block signals"},
	{"sigprocmask restore", "unblock signals"},
	{"stat /proc/1/ns/pid", "find PID 1 in the private /proc"},
};

struct failing_call {
	size_t number;
	void (*boot)(void);
	char call[KERNEL_CALL_SIZE + 8]; /* "setsid (1)": the first of that name */
	char name[KERNEL_CALL_SIZE + 128];
};

static const char *step_of(const char *call)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (strncmp(call, steps[i].call, strlen(steps[i].call)) == 0)
			return steps[i].step;
	return NULL;
}

static bool is_allocation(const char *call)
{
	return strncmp(call, "malloc", 6) == 0 || strncmp(call, "calloc", 6) == 0 ||
	       strncmp(call, "realloc", 7) == 0 || strncmp(call, "vasprintf", 9) == 0;
}

/* The walk to a mount begins anew, and the session is opened. */
static void assert_opened(void)
{
	HOLDS(open_session() == 0, "it is not tried again");
	HOLDS(!kernel.violation, kernel.violation);
	assert_mask_is_restored();
	kernel.fail = 0;
	assert_int_equal(session_close(session, &error), 0);
}

static void a_call_fails(void **state)
{
	const struct failing_call *failing = *state;
	const char *step = step_of(failing->call);
	struct kernel_process before;

	boot_full();
	kernel.fail = failing->number;
	kernel.fail_errno = EIO;
	before = kernel.process;
	set_mask();
	if (step && strcmp(step, TRIES_AGAIN) == 0) {
		assert_opened();
		return;
	}
	HOLDS(open_session() < 0, "the session was opened in spite of it");
	if (!step)
		fail_msg("what is said when \"%s\" fails is not in the table of steps; "
			 "it was: \"%s\"",
			failing->call, error.step);
	if (strcmp(error.step, step) != 0)
		fail_msg("cannot \"%s\"; expected: \"%s\"", error.step, step);
	assert_int_equal(error.code, is_allocation(failing->call) ? ENOMEM : EIO);
	if (strcmp(step, "adopt orphans again in the application") == 0)
		kernel.process.subreaper = true; /* it said that it cannot be undone */
	if (strcmp(step, "unblock signals") == 0)
		set_mask(); /* the same */
	assert_undone(&before);
}

/*
 * Where a session is shared, a failure may lead to one that is not: what counts is that the login
 * is isolated or refused, and that after it all is as it was.
 */
static void a_call_of_sharing_fails(void **state)
{
	const struct failing_call *failing = *state;
	struct kernel_process before;
	size_t bound;

	failing->boot();
	kernel.fail = failing->number;
	kernel.fail_errno = EIO;
	before = kernel.process;
	set_mask();
	if (open_session() < 0) {
		if (strstr(failing->call, "prctl PR_SET_CHILD_SUBREAPER 1"))
			kernel.process.subreaper = true;
		if (strstr(failing->call, "sigprocmask restore"))
			set_mask();
		assert_undone(&before);
		bound = kernel_called("bind", 0);
		/* A PID 1 that is told to end removes it. */
		HOLDS(!bound || kernel_called("unlinkat", bound) || kernel.fail == bound ||
				kernel_called("send channel c", 0),
			"the name of the socket is left there");
		return;
	}
	HOLDS(session, "it was opened, and there is no session");
	HOLDS(strcmp(kernel.process.children, "session") == 0, "the login is not isolated");
	HOLDS(strcmp(kernel.process.mount_namespace, "session") == 0, "it sees the host's /proc");
	assert_mask_is_restored();
	kernel.fail = 0;
	assert_int_equal(session_close(session, &error), 0);
	assert_application_is(&before);
	session_free(session);
	session = NULL;
	assert_no_memory_is_held();
}

/*
 * Calls that may fail without harm: the one before them said enough, or PID 1 keeps a limit, which
 * is the user's own affair.
 */
static bool may_fail(const char *call)
{
	static const char *const calls[] = {"getcwd", "openat2 /srv/work", "openat2 /proc/sys",
		"statx cwd by its path", "fstatfs cwd by its path", "fchdir cwd by its path",
		"sched_set", "prlimit", "prctl PR_SET_TIMERSLACK", "prctl PR_CAPBSET_READ"};

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (strncmp(call, calls[i], strlen(calls[i])) == 0)
			return true;
	return false;
}

/* One case for each call that an opening makes, begun by BOOT. Returns how many. */
static size_t list_calls(struct failing_call *list, void (*boot)(void), const char *what_holds)
{
	size_t count = 0;

	boot();
	open_session();

	for (size_t i = 0; i < kernel.count; i++) {
		struct failing_call *failing = &list[count];
		size_t times = 1;

		if (boot == boot_full && may_fail(kernel.calls[i]))
			continue;
		for (size_t before = 0; before < i; before++)
			times += strcmp(kernel.calls[before], kernel.calls[i]) == 0;
		failing->number = i + 1;
		failing->boot = boot;
		snprintf(failing->call, sizeof(failing->call), "%s (%zu)", kernel.calls[i], times);
		snprintf(failing->name, sizeof(failing->name), "%s when this fails: %s", what_holds,
			failing->call);
		count++;
	}
	tear_down(NULL);
	return count;
}

/*
 * Clones that end in other ways than by themselves.
 */

static void starter_is_killed(void **state)
{
	(void)state;
	kernel_boot();
	kernel.starter_is_killed = true;
	assert_refused("start PID 1");
	assert_int_equal(error.code, EINTR);
}

static void init_is_killed(void **state)
{
	(void)state;
	kernel_boot();
	kernel.init_is_killed = true;
	assert_refused("start PID 1");
	assert_int_equal(error.code, EINTR);
}

static void init_hangs(void **state)
{
	(void)state;
	kernel_boot();
	kernel.init_hangs = true;
	assert_refused("start PID 1");
	assert_int_equal(error.code, ETIMEDOUT);
}

static void init_is_unkillable(void **state)
{
	struct kernel_process before;

	(void)state;
	kernel_boot();
	kernel.init_hangs = kernel.init_is_unkillable = true;
	before = kernel.process;
	assert_true(open_session() < 0);
	assert_int_equal(error.code, ETIMEDOUT);
	assert_application_is(&before);
	assert_true(kernel.init_was_killed);
	assert_int_equal(kernel.maps, 1);
}

static void undoing_fails(void **state)
{
	static const char *const undone[] = {"setns host mnt", "fchdir root directory", "chroot .",
		"fchdir cwd directory", "setns pidfd of the application", "pidfd_send_signal"};

	(void)state;
	for (size_t i = 0; i < sizeof(undone) / sizeof(*undone); i++) {
		kernel_boot();
		kernel.cwd_unreachable = true;
		kernel.fail_all = undone[i];
		kernel.fail_errno = EIO;
		/* The last step of all, so that everything has to be undone. */
		kernel.fail = 0;
		assert_int_equal(open_session(), 0);
		kernel.fail = kernel_called("stat /proc/1/ns/pid", 0);
		tear_down(state);

		size_t last = kernel.fail;

		kernel_boot();
		kernel.cwd_unreachable = true;
		kernel.fail_all = undone[i];
		kernel.fail = last;
		kernel.fail_errno = EIO;
		assert_true(open_session() < 0);
		assert_string_equal(error.step, "find PID 1 in the private /proc");
		assert_int_not_equal(kernel_called("setns pidfd of the application", 0), 0);
		assert_int_not_equal(kernel_called("pidfd_send_signal", 0), 0);
		assert_int_not_equal(kernel_called("setns host mnt", 0), 0);
		for (int fd = 3; fd < KERNEL_FDS; fd++)
			HOLDS(!kernel.process.fds[fd].what, "a descriptor was left open");
		assert_no_memory_is_held();
	}
}

static void few_descriptors(void **state)
{
	(void)state;
	/* All of the table but LEFT are used up, for every LEFT that is too few. */
	for (int left = 0; left < 6; left++) {
		struct kernel_process before;

		kernel_boot();
		for (int fd = 3; fd < KERNEL_FDS - left; fd++)
			kernel.process.fds[fd].what = "something";
		before = kernel.process;
		set_mask();
		HOLDS(open_session() < 0, "the session was opened");
		assert_int_equal(error.code, EMFILE);
		assert_non_null(strstr(error.remedy, "nofile"));
		assert_undone(&before);
	}
}

/*
 * Sharing.
 */

/* Where they meet: the protocol, the namespaces of the application, and who shares. */
#define DIGITS(number) #number
#define STRING(number) DIGITS(number)
#define MEETING        STRING(PROTOCOL_VERSION) "-1001-abc-u1000-0"

static void opens_for_others(void **state)
{
	static const char *const calls[] = {"mkdir /run/pam_unshare", "open /run/pam_unshare",
		"openat run directory lock", "fcntl F_OFD_SETLK lock", "socket channel",
		"bind channel /run/pam_unshare/" MEETING, "listen listener",
		"fstatat run directory", "fcntl F_OFD_SETLK lock", "unshare CLONE_NEWNS", "execve",
		NULL};

	(void)state;
	boot_shared(false);
	assert_int_equal(open_session(), 0);
	assert_order(calls);
	assert_false(session_is_joined(session));
	assert_null(session_not_shared(session));
	assert_string_equal(kernel.executed.fds[6].what, "listener");
	assert_string_equal(kernel.executed.fds[7].what, "run directory");
	assert_null(kernel.executed.fds[8].what);
	assert_non_null(strstr(kernel.executed_environment, "PAM_UNSHARE_SCOPE=user\n"));
	assert_non_null(strstr(kernel.executed_environment, "PAM_UNSHARE_SOCKET=" MEETING "\n"));
	assert_non_null(strstr(kernel.executed_environment, "PAM_UNSHARE_INODE=78\n"));
}

static void joins(void **state)
{
	static const char *const calls[] = {"connect channel", "sendmsg channel j",
		"recvmsg channel", "pidfd_open", "poll channel", "unshare CLONE_FS",
		"setns pidfd of PID 1 CLONE_NEWPIDCLONE_NEWNS", "statx /", "openat2 /srv/work/here",
		NULL};
	struct kernel_process before;

	(void)state;
	boot_shared(true);
	before = kernel.process;
	assert_int_equal(open_session(), 0);
	assert_order(calls);
	assert_true(session_is_joined(session));
	assert_int_equal(session_init_pid(session), 4002);
	assert_int_equal(session_namespace(session), 1002);
	assert_int_equal(kernel_called("unshare CLONE_NEWNS", 0), 0);
	assert_int_equal(kernel_called("clone", 0), 0);
	assert_int_equal(session_close(session, &error), 0);
	assert_application_is(&before);
	assert_false(kernel.init_was_killed);
}

static void joins_without_standard_descriptors(void **state)
{
	(void)state;
	boot_shared(true);
	for (int fd = 0; fd <= 2; fd++)
		kernel.process.fds[fd].what = NULL;
	assert_int_equal(open_session(), 0);
	for (int fd = 0; fd <= 2; fd++)
		HOLDS(!kernel.process.fds[fd].what, "a standard descriptor is used up");
}

/* A session of its own where the other one cannot be joined; all that the kernel says of it. */
static void assert_own_session(const char *step)
{
	struct kernel_process before = kernel.process;

	set_mask();
	HOLDS(open_session() == 0, "the login was refused");
	HOLDS(!session_is_joined(session), "it was joined");
	assert_string_equal(kernel.process.children, "session");
	assert_string_equal(kernel.process.cwd, "the cwd");
	if (step) {
		assert_non_null(session_not_shared(session));
		assert_string_equal(session_not_shared(session)->step, step);
	} else {
		assert_null(session_not_shared(session));
	}
	assert_int_equal(session_close(session, &error), 0);
	assert_application_is(&before);
	tear_down(NULL);
	assert_no_memory_is_held();
}

static void does_not_trust(void **state)
{
	(void)state;
	boot_shared(true);
	kernel.answer = '\0';
	assert_own_session(NULL);
	boot_shared(true);
	kernel.answer = 'x';
	assert_own_session(NULL);
	boot_shared(true);
	kernel.answer_uid = 1000;
	assert_own_session(NULL);
	boot_shared(true);
	kernel.answer_is_the_last = true;
	assert_own_session(NULL);
}

static void untrusted_directory(void **state)
{
	(void)state;
	boot_shared(true);
	kernel.run_uid = 1000;
	assert_own_session("trust the directory");
	boot_shared(true);
	kernel.run_mode |= 0070;
	assert_own_session("trust the directory");
}

/* Whoever does not let go, does not answer or has no room: others wait once, and open. */
static void nobody_is_waited_for(void **state)
{
	static const struct {
		bool somebody, lock_is_held, waits_in_line, is_silent;
		long least, most; /* turns */
	} cases[] = {
		{false, true, false, false, SHARE_LOCK_TURNS, SHARE_LOCK_TURNS},
		{true, false, false, true, SHARE_ANSWER_TURNS, SHARE_ANSWER_TURNS},
		{true, false, true, false, SHARE_ANSWER_TURNS, SHARE_TURNS},
		{true, true, false, true, SHARE_ANSWER_TURNS + SHARE_LOCK_TURNS,
			SHARE_ANSWER_TURNS + SHARE_LOCK_TURNS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		long before, waited;

		boot_shared(cases[i].somebody && !cases[i].waits_in_line);
		kernel.name = cases[i].somebody ? 77 : 0;
		kernel.lock_is_held = cases[i].lock_is_held;
		kernel.waits_in_line = cases[i].waits_in_line;
		if (cases[i].is_silent)
			kernel.answer = '\0';
		before = kernel.clock_ms;
		assert_int_equal(open_session(), 0);
		waited = (kernel.clock_ms - before) / SHARE_TURN_MS;
		HOLDS(waited >= cases[i].least && waited <= cases[i].most, "it waits otherwise");
		assert_false(session_is_joined(session));
		assert_null(session_not_shared(session));
		HOLDS(kernel.name == 78, "it has not taken the name");
		tear_down(NULL);
	}
	assert_true(SHARE_LIMIT_MS < 1000);
}

/* What is there without anybody that listens, be it what it may, is replaced at once. */
static void leftover_is_replaced(void **state)
{
	long before;

	(void)state;
	boot_shared(false);
	kernel.name = 77;
	before = kernel.clock_ms;
	assert_int_equal(open_session(), 0);
	assert_int_equal(kernel.clock_ms, before);
	assert_int_equal(kernel.name, 78);
}

/* Who joined too late is not to be counted in. */
static void withdraws_its_request(void **state)
{
	static const char *const calls[] = {"sendmsg channel j", "shutdown channel",
		"send channel c", "recv channel", "bind channel", NULL};

	(void)state;
	boot_shared(true);
	kernel.answer = '\0';
	assert_int_equal(open_session(), 0);
	assert_order(calls);
}

/* Another took the name of a login that was stopped: it is not to take that from it. */
static void name_of_another(void **state)
{
	size_t bound;

	(void)state;
	boot_shared(false);
	kernel.fail_all = "unshare CLONE_NEWNS";
	kernel.fail_errno = ENOMEM;
	assert_true(open_session() < 0);
	bound = kernel_called("bind", 0);
	assert_int_not_equal(kernel_called("unlinkat run directory", bound), 0);

	boot_shared(false);
	kernel.fail_all = "unshare CLONE_NEWNS";
	kernel.fail_errno = ENOMEM;
	kernel.name_is_taken_over = true;
	assert_true(open_session() < 0);
	bound = kernel_called("bind", 0);
	assert_int_equal(kernel_called("unlinkat run directory", bound), 0);
}

/* Before Linux 6.11 a mount namespace has no number that stays its own. */
static void mounts_without_id(void **state)
{
	(void)state;
	boot_shared(false);
	kernel.mounts_have_no_id = true;
	assert_int_equal(open_session(), 0);
	assert_null(session_not_shared(session));
	assert_non_null(strstr(kernel.executed_environment, "-1001-0-u1000-0\n"));
	tear_down(state);
	boot_shared(true);
	kernel.mounts_have_no_id = kernel.mounts_are_own = true;
	assert_own_session("share a session from a mount namespace of the login's own");
}

static void another_root(void **state)
{
	(void)state;
	boot_shared(true);
	kernel.root_differs = true;
	assert_own_session("join the session");
}

static void chroot_is_not_left(void **state)
{
	(void)state;
	boot_shared(true);
	kernel.chrooted = true; /* a bind mount of the root directory */
	assert_own_session("join the session");
}

/* A container without CAP_SYS_NICE or CAP_SYS_RESOURCE. */
static void limits_are_kept(void **state)
{
	struct kernel_process before;

	(void)state;
	boot_full();
	kernel.keeps_limits = true;
	before = kernel.process;
	assert_int_equal(open_session(), 0);
	assert_int_equal(session_close(session, &error), 0);
	assert_application_is(&before);
	tear_down(state);

	boot_shared(false);
	kernel.keeps_limits = true;
	assert_own_session("give the PID 1 of a shared session the system's limits");
	boot_shared(false);
	kernel.keeps_limits = true;
	assert_int_equal(open_session(), 0);
	assert_int_not_equal(kernel_called("unlinkat run directory", kernel_called("bind", 0)), 0);
	assert_null(strstr(kernel.executed_environment, "PAM_UNSHARE_SOCKET"));
	assert_non_null(strstr(session_not_shared(session)->reason, "CAP_SYS_RESOURCE"));
}

static void is_there(void **state)
{
	static const char environment[] = "PATH=/\0PAM_UNSHARE_SOCKET=9-99-def-u1000-0\0";
	static const char of_another[] = "PAM_UNSHARE_SOCKET=9-99-def-u1001-0\0";
	struct kernel_process before;

	(void)state;
	boot_shared(true);
	kernel.comm = "session-init\n";
	kernel.environment = environment;
	kernel.environment_size = sizeof(environment);
	before = kernel.process;
	set_mask();
	assert_int_equal(open_session(), 0);
	assert_null(session);
	assert_application_is(&before);
	assert_no_memory_is_held();
	assert_mask_is_restored();
	assert_int_equal(kernel_called("connect", 0), 0);
	tear_down(state);

	boot_shared(false);
	kernel.comm = "session-init\n";
	kernel.environment = of_another;
	kernel.environment_size = sizeof(of_another);
	assert_own_session("join a session that is elsewhere");

	boot_shared(true); /* a user's own program by that name */
	kernel.comm = "session-init\n";
	kernel.init_uid = 1000;
	kernel.environment = environment;
	kernel.environment_size = sizeof(environment);
	assert_int_equal(open_session(), 0);
	assert_non_null(session);
	assert_true(session_is_joined(session));
}

/*
 * Closing.
 */

static struct kernel_process before_opening;

static void boot_and_open(void)
{
	boot_full();
	before_opening = kernel.process;
	set_mask();
	assert_int_equal(open_session(), 0);
	kernel.count = 0;
}

static void closes(void **state)
{
	static const char *const calls[] = {"send channel c",
		"setns pidfd of the application CLONE_NEWPID", "setns host mnt CLONE_NEWNS",
		"fchdir root directory", "chroot .", "fchdir cwd directory", "poll channel", NULL};

	(void)state;
	boot_and_open();
	assert_int_equal(session_close(session, &error), 0);
	assert_order(calls);
	assert_false(session_is_open(session));
	assert_application_is(&before_opening);
	assert_mask_is_restored();
	session_free(session);
	session = NULL;
	assert_no_memory_is_held();
}

static void closes_once(void **state)
{
	(void)state;
	boot_and_open();
	assert_int_equal(session_close(session, &error), 0);
	kernel.count = 0;
	assert_int_equal(session_close(session, &error), 0);
	assert_int_equal(kernel.count, 0);
	assert_null(kernel.violation);
}

static void closing_fails(void **state)
{
	static const struct {
		const char *call, *step;
	} cases[] = {
		{"send", "tell PID 1 to end the session"},
		{"setns pidfd of the application", "go back to the PID namespace"},
		{"setns host mnt", "go back to the mount namespace"},
		{"fchdir root directory", "go back to the root directory"},
		{"chroot", "go back to the root directory"},
		{"fchdir cwd directory", "go back to the working directory"},
		{"poll", "see the last process of the session end"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		boot_and_open();
		kernel.fail_all = cases[i].call;
		kernel.fail_errno = EIO;
		assert_int_equal(session_close(session, &error), -EIO);
		assert_string_equal(error.step, cases[i].step);
		assert_int_not_equal(kernel_called("send", 0), 0);
		assert_int_not_equal(kernel_called("setns pidfd of the application", 0), 0);
		assert_int_not_equal(kernel_called("setns host mnt", 0), 0);
		assert_int_not_equal(kernel_called("poll", 0), 0);
		for (int fd = 3; fd < KERNEL_FDS; fd++)
			HOLDS(!kernel.process.fds[fd].what, "a descriptor was left open");
		assert_false(session_is_open(session));
		tear_down(state);
	}
}

/* The same without a pocket: what is found again is looked for. */
static void finding_fails(void **state)
{
	static const struct {
		const char *call, *step, *cwd;
	} cases[] = {
		{"statx /", "go back to the root directory", "the cwd"},
		{"openat2 /srv/work/here", "go back to the working directory", "above the cwd"},
		{"openat2", "go back to the working directory", "the root"},
		{"statx cwd by its path", "go back to the working directory", "above the cwd"},
		{"fchdir cwd by its path", "go back to the working directory", "above the cwd"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		kernel_boot();
		assert_int_equal(open_session(), 0);
		kernel.count = 0;
		kernel.fail_all = cases[i].call;
		kernel.fail_errno = EIO;
		assert_int_equal(session_close(session, &error), -EIO);
		assert_string_equal(error.step, cases[i].step);
		assert_string_equal(kernel.process.cwd, cases[i].cwd);
		assert_int_not_equal(kernel_called("poll", 0), 0);
		for (int fd = 3; fd < KERNEL_FDS; fd++)
			HOLDS(!kernel.process.fds[fd].what, "a descriptor was left open");
		tear_down(state);
	}
}

/* Opens on a kernel that was made ready, where the session has this working directory; closes. */
static void assert_there_and_back(const char *inside)
{
	struct kernel_process before = kernel.process;

	assert_int_equal(open_session(), 0);
	if (strcmp(kernel.process.cwd, inside) != 0)
		fail_with_calls(kernel.process.cwd);
	for (int fd = 3; fd < KERNEL_FDS; fd++)
		HOLDS(!kernel.process.fds[fd].what ||
				!strstr(kernel.process.fds[fd].what, "directory"),
			"a directory is kept open");
	assert_int_equal(session_close(session, &error), 0);
	assert_application_is(&before);
	tear_down(NULL);
}

static void none_under_way(void **state)
{
	(void)state;
	kernel_boot();
	assert_there_and_back("the cwd");
	assert_int_equal(kernel_called("sendmsg", 0), 0);
	boot_shared(false);
	assert_there_and_back("the cwd");
	assert_int_equal(kernel_called("sendmsg", 0), 0);
	boot_shared(true);
	assert_there_and_back("the cwd");
	assert_int_equal(kernel_called("sendmsg pocket", 0), 0);
}

/* What cannot be found by its path is put where it cannot be reached. */
static void is_in_the_pocket(void **state)
{
	(void)state;
	for (int i = 0; i < 7; i++) {
		kernel_boot();
		kernel.chrooted = i == 0;
		kernel.cwd_unreachable = i == 1;
		kernel.cwd_is_always_asked_for = i == 2;
		kernel.cwd_path_leads_elsewhere = i == 3;
		kernel.fail_all = i == 4 ? "getcwd" : i == 5 ? "openat2 /srv" : NULL;
		kernel.fail_errno = i == 4 ? ENOENT : EACCES;
		kernel.cwd_on_procfs = i == 6;
		assert_there_and_back(i == 6 ? "/proc/sys/kernel" : "the cwd");
		assert_int_not_equal(kernel_called("sendmsg pocket's other end", 0), 0);
	}
}

static void cwd_elsewhere(void **state)
{
	(void)state;
	kernel_boot();
	kernel.cwd_elsewhere = kernel.cwd_unreachable = true;
	assert_there_and_back("/");
	boot_shared(true);
	kernel.cwd_elsewhere = kernel.cwd_unreachable = true;
	assert_there_and_back("/");
}

/* A symbolic link stands in the path, or another directory. */
static void path_was_changed(void **state)
{
	(void)state;
	boot_shared(true);
	kernel.cwd_path_leads_elsewhere = true;
	assert_there_and_back("/");
	boot_shared(true);
	kernel.fail_all = "openat2";
	kernel.fail_errno = ELOOP;
	assert_there_and_back("/");
}

static void cwd_is_closed(void **state)
{
	(void)state;
	for (int joins = 0; joins <= 1; joins++) {
		boot_shared(joins);
		kernel.cwd_is_closed = true;
		assert_int_equal(open_session(), 0);
		assert_int_equal(session_is_joined(session), joins);
		assert_string_equal(kernel.process.cwd, joins ? "/" : "the cwd");
		assert_int_equal(session_close(session, &error), 0);
		assert_string_equal(kernel.process.cwd, "above the cwd");
		tear_down(state);
	}
}

static void cwd_goes(void **state)
{
	size_t last;

	(void)state;
	kernel_boot();
	assert_int_equal(open_session(), 0);
	kernel.cwd_absent = "/srv/work";
	assert_int_equal(session_close(session, &error), 0);
	assert_string_equal(kernel.process.cwd, "above the cwd");
	last = kernel.count;
	while (last > 0 && strncmp(kernel.calls[last - 1], "openat2", strlen("openat2")) != 0)
		last--;
	HOLDS(last > 0 && strcmp(kernel.calls[last - 1], "openat2 /srv") == 0,
		"it is not the nearest directory above");
	tear_down(state);

	kernel_boot();
	kernel.cwd_absent = "/srv/work/here";
	assert_there_and_back("the cwd"); /* it was deleted before */
}

static void cwd_is_renamed(void **state)
{
	(void)state;
	kernel_boot();
	before_opening = kernel.process;
	assert_int_equal(open_session(), 0);
	kernel.cwd_absent = "/srv/work";
	kernel.cwd_renamed = "/srv/other/there";
	assert_int_equal(session_close(session, &error), 0);
	assert_application_is(&before_opening);
}

static void first_failure_is_told(void **state)
{
	(void)state;
	boot_and_open();
	kernel.fail_all = ""; /* everything */
	kernel.fail_errno = EPERM;
	assert_int_equal(session_close(session, &error), -EPERM);
	assert_string_equal(error.step, "tell PID 1 to end the session");
	for (int fd = 3; fd < KERNEL_FDS; fd++)
		HOLDS(!kernel.process.fds[fd].what, "a descriptor was left open");
}

static void init_died_before(void **state)
{
	static const int codes[] = {EPIPE, ECONNRESET};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		boot_and_open();
		kernel.fail_all = "send";
		kernel.fail_errno = codes[i];
		assert_int_equal(session_close(session, &error), 0);
		assert_application_is(&before_opening);
		tear_down(state);
	}
}

/* Others find PID 1 by a name, which it removes when it ends, and only then. */
static void init_was_murdered(void **state)
{
	struct kernel_process before;
	size_t bound;

	(void)state;
	for (int listens = 0; listens <= 1; listens++) {
		boot_shared(false);
		before = kernel.process;
		assert_int_equal(open_session(), 0);
		bound = kernel_called("bind", 0);
		kernel.init_was_murdered = true;
		kernel.somebody_listens = listens; /* a later one has the name by now, or nobody */
		assert_int_equal(session_close(session, &error), 0);
		assert_int_equal(kernel_called("unlinkat", bound) != 0, !listens);
		assert_application_is(&before);
		tear_down(state);
	}
	boot_shared(false);
	assert_int_equal(open_session(), 0);
	bound = kernel_called("bind", 0);
	assert_int_equal(session_close(session, &error), 0);
	assert_int_equal(kernel_called("unlinkat", bound), 0);
}

static void no_report(void **state)
{
	(void)state;
	boot_and_open();
	kernel.poll_result = 0;
	assert_int_equal(session_close(session, &error), -ETIMEDOUT);
	assert_string_equal(error.step, "see the last process of the session end");
	assert_application_is(&before_opening);
	assert_false(kernel.init_was_killed); /* others may have it open: this one may linger */
	tear_down(state);

	kernel_boot();
	assert_int_equal(open_session(), 0);
	kernel.poll_result = 0;
	assert_int_equal(session_close(session, &error), -ETIMEDOUT);
	assert_true(kernel.init_was_killed);
}

/* Linux 6.14 and pid_max: what hides a file of the host does not hide that of a new namespace. */
static void mask_is_gone(void **state)
{
	(void)state;
	boot_full();
	kernel.masks_are_gone = true;
	assert_refused("carry over the mount on");
	assert_string_equal(error.object, "/chroot/proc/uptime");
	assert_non_null(strstr(error.remedy, "unmount it"));
}

/* Before Linux 6.5 nothing goes beneath another mount: one after the other, by its directory. */
static void old_kernel(void **state)
{
	static const char *const calls[] = {"move_mount procfs beneath /proc", "umount2 /proc",
		"openat2 /proc", "move_mount procfs onto /", NULL};

	(void)state;
	kernel_boot();
	kernel.no_beneath = true;
	assert_int_equal(open_session(), 0);
	assert_order(calls);
	assert_null(kernel.violation);
}

static void stack_on_proc(void **state)
{
	static const char *const calls[] = {"openat2 /proc", "open_tree /proc/uptime",
		"umount2 /proc", "openat2 /proc", "umount2 /proc", "openat2 /proc",
		"move_mount procfs beneath /proc", "umount2 /proc",
		"move_mount mount to /proc/uptime", NULL};

	(void)state;
	kernel_boot();
	kernel.mountinfo = "1 0 0:1 / / rw - ext4 a rw\n2 1 0:2 / /proc rw - proc a rw\n"
			   "3 2 0:3 / /proc rw - tmpfs a rw\n4 3 0:4 / /proc rw - proc a rw\n"
			   "5 4 0:5 / /proc/uptime rw - tmpfs a rw\n";
	assert_int_equal(open_session(), 0);
	assert_order(calls);
	assert_null(kernel.violation);
}

static const char hidden_mounts[] = "1 0 0:1 / / rw - ext4 /dev/sda rw\n"
				    "2 1 0:2 / /proc rw - proc proc rw\n"
				    "3 1 0:3 / /chroot/proc rw - proc proc rw\n"
				    "4 1 0:4 / /chroot rw - fuse.sshfs x rw\n";

static void hidden_procfs(void **state)
{
	static const char *const calls[] = {"umount2 /proc", "openat2 /chroot",
		"move_mount /chroot onto /proc", "openat2 /chroot", "openat2 /chroot/proc",
		"move_mount procfs beneath /chroot/proc", "umount2 /chroot/proc",
		"openat /chroot .", "move_mount /chroot onto /", "lseek mountinfo", NULL};

	(void)state;
	kernel_boot();
	kernel.mountinfo = hidden_mounts;
	assert_int_equal(open_session(), 0);
	assert_order(calls);
	assert_null(kernel.violation);
}

static void locked_cover(void **state)
{
	(void)state;
	kernel_boot();
	kernel.mountinfo = hidden_mounts;
	kernel.locked = 4;
	assert_int_equal(open_session(), 0);
	assert_int_equal(kernel_called("umount2 /chroot/proc", 0), 0);
	assert_null(kernel.violation);
}

static void out_of_reach(void **state)
{
	(void)state;
	boot_full();
	kernel.no_path = "/chroot/proc";
	assert_refused("reach the mount below a directory that belongs to uid");
	assert_string_equal(error.object, "63002: /chroot/proc");
	assert_non_null(strstr(error.reason, "renames"));
}

static void still_there(void **state)
{
	(void)state;
	kernel_boot();
	kernel.stays = true;
	assert_refused("get rid of the procfs on");
	assert_string_equal(error.object, "/proc");
}

static void mounted_meanwhile(void **state)
{
	(void)state;
	boot_full();
	kernel.late = "77 1 0:77 / /late rw - proc proc rw\n";
	assert_refused("get rid of the procfs on");
	assert_string_equal(error.object, "/late");
	assert_int_equal(error.code, ESTALE);
}

static void proc_is_locked(void **state)
{
	(void)state;
	kernel_boot();
	kernel.fail_all = "umount2 /proc";
	kernel.fail_errno = EINVAL;
	assert_refused("detach the procfs on");
	assert_non_null(strstr(error.reason, "locked"));
}

/* More than is read at a time: the room for it grows, or cannot. */
static void many_mounts(void **state)
{
	const size_t size = 100000;
	char *text = test_malloc(size);
	size_t at, growth;

	at = (size_t)snprintf(text, size, "%s", full_mounts);
	for (int id = 10; at < size - 200; id++)
		at += (size_t)snprintf(text + at, size - at,
			"%d 1 0:9 / /mnt/%d rw,relatime shared:9 - tmpfs tmpfs rw\n", id, id);
	boot_full();
	kernel.mountinfo = text;
	assert_int_equal(open_session(), 0);
	growth = kernel_called("realloc", 0);
	assert_int_not_equal(growth, 0);
	tear_down(state);

	boot_full();
	kernel.mountinfo = text;
	kernel.fail = growth;
	kernel.fail_errno = EIO;
	assert_refused("read");
	assert_int_equal(error.code, ENOMEM);
	test_free(text);
}

/* A /proc that is not the session's would show the host. */
static void another_proc(void **state)
{
	(void)state;
	kernel_boot();
	kernel.proc_is_the_hosts = true;
	assert_refused("open a session");
}

static void no_cwd_to_enter(void **state)
{
	size_t last;

	(void)state;
	kernel_boot();
	kernel.cwd_on_procfs = true;
	kernel.fail_all = "openat2 /proc/sys/kernel";
	kernel.fail_errno = EACCES;
	assert_int_equal(open_session(), 0);
	last = kernel_called(
		"chdir /", kernel_called("openat2 /proc/sys", 0)); /* "/" is what is left to try */
	tear_down(state);

	kernel_boot();
	kernel.cwd_on_procfs = true;
	kernel.fail_all = "openat2 /proc/sys/kernel";
	kernel.fail = last;
	kernel.fail_errno = EACCES;
	assert_refused("enter the working directory again");
}

static void interrupted(void **state)
{
	(void)state;
	boot_and_open();
	kernel.poll_interruptions = 3;
	assert_int_equal(session_close(session, &error), 0);
	assert_int_equal(kernel.poll_interruptions, 0);
	assert_application_is(&before_opening);
}

pid_t __real_waitpid(pid_t pid, int *status, int options);

static void forked_copy(void **state)
{
	int status;
	pid_t child;

	(void)state;
	boot_and_open();
	child = fork();
	if (child == 0) {
		size_t calls = kernel.count;
		bool was_open = session_is_open(session);
		int result = session_close(session, &error);

		kill(getpid(),
			was_open || result != 0 || kernel.count != calls ? SIGUSR2 : SIGKILL);
	}
	assert_int_equal(__real_waitpid(child, &status, 0), child);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_true(session_is_open(session));
}

int main(void)
{
	static const struct CMUnitTest fixed[] = {
		TEST("the application's next children go to the session; it stays where it is",
			opens),
		TEST("opening takes its steps in the order of the design", opens_in_order),
		TEST("PID 1 finds the promised descriptors and no other of the application's",
			init_descriptors),
		TEST("PID 1's environment is the facts of the session and nothing else",
			init_facts),
		TEST("facts that are not known are left out, and the title is printable",
			unknown_facts),
		TEST("standard descriptors that the application has closed stay closed",
			standard_descriptors),
		TEST("a working directory on a procfs is entered again in the private one",
			cwd_on_procfs),
		TEST("where the private one does not have it, it becomes the root directory",
			cwd_of_a_process),
		TEST("an application that is a subreaper does not adopt PID 1, and stays one",
			subreaper),
		TEST("a /proc with all that can be mounted there is replaced and carried over",
			full_proc),
		TEST("a process that has a session open is refused another, and keeps its own",
			second_session),
		TEST("so is one whose children go to another PID namespace already",
			children_elsewhere),
		TEST("without a procfs on /proc nothing is touched", no_proc),
		TEST("a mask that is not there in the new namespace refuses the login",
			mask_is_gone),
		TEST("so does a /proc that is locked, with what to do", proc_is_locked),
		TEST("a kernel that cannot put a mount beneath another gets along without",
			old_kernel),
		TEST("a stack on /proc is detached from the top down", stack_on_proc),
		TEST("what hides a procfs is taken aside and put back", hidden_procfs),
		TEST("what is hidden by a locked mount stays hidden", locked_cover),
		TEST("a procfs that cannot be reached for a second refuses the login, with the "
		     "owner of the directory",
			out_of_reach),
		TEST("so does a procfs that is still there after it was detached", still_there),
		TEST("and one that is mounted meanwhile, time and again", mounted_meanwhile),
		TEST("thousands of mounts are read whole, or the login is refused", many_mounts),
		TEST("a private /proc that shows the host's PID 1 refuses the login", another_proc),
		TEST("so does a working directory that cannot be entered again", no_cwd_to_enter),
		TEST("a mountinfo that cannot be understood refuses the login", unusual_mounts),
		TEST("a starter that is killed refuses the login", starter_is_killed),
		TEST("a PID 1 that is killed before it executes refuses the login", init_is_killed),
		TEST("a PID 1 that hangs is killed after a limit, and the login refused",
			init_hangs),
		TEST("the stack of a PID 1 that cannot be killed stays, and all else is undone",
			init_is_unkillable),
		TEST("when undoing fails too, the rest is undone and the first failure told",
			undoing_fails),
		TEST("with too few descriptors left the login is refused, and none is leaked",
			few_descriptors),
		TEST("a login that shares, where nobody is, opens a session that others can join",
			opens_for_others),
		TEST("where somebody is, it joins, and closing gives all back", joins),
		TEST("joining uses no standard descriptor", joins_without_standard_descriptors),
		TEST("who does not answer as root's PID 1 does is not joined", does_not_trust),
		TEST("a meeting place that is not root's alone is not used", untrusted_directory),
		TEST("who holds the lock, or does not answer, is waited for once, and passed over",
			nobody_is_waited_for),
		TEST("a name that nobody listens under is taken at once", leftover_is_replaced),
		TEST("who is passed over does not count in who asked it", withdraws_its_request),
		TEST("a name that another has taken is not removed", name_of_another),
		TEST("a mount namespace that cannot be known again is not shared",
			mounts_without_id),
		TEST("a session with another root directory is not joined", another_root),
		TEST("nor is one joined from a chroot, though its root directory is the same",
			chroot_is_not_left),
		TEST("a PID 1 that has to keep the application's limits is no one else's",
			limits_are_kept),
		TEST("from inside the session that it shares, a login has nothing to do", is_there),
		TEST("closing ends PID 1, goes back and then waits; all is as it was", closes),
		TEST("closing twice does nothing the second time", closes_once),
		TEST("whatever fails in closing, its other steps are taken and it is told",
			closing_fails),
		TEST("so it is if what is found by its path is not; it stays as near as it can",
			finding_fails),
		TEST("directories that are found again by their paths are not kept",
			none_under_way),
		TEST("those that are not are kept out of reach", is_in_the_pocket),
		TEST("from a working directory that is not the session's, a login gets to /",
			cwd_elsewhere),
		TEST("so does one that joins and whose path leads elsewhere", path_was_changed),
		TEST("a working directory that root may not enter is left for the one above",
			cwd_is_closed),
		TEST("so is one that goes meanwhile", cwd_goes),
		TEST("one that is renamed meanwhile is found", cwd_is_renamed),
		TEST("of many failures in closing the first is told", first_failure_is_told),
		TEST("that PID 1 is dead already is no failure", init_died_before),
		TEST("the name of a shared session is removed where its PID 1 could not",
			init_was_murdered),
		TEST("closing waits for the last process no longer than its limit, and kills a PID "
		     "1 that is nobody else's",
			no_report),
		TEST("a signal does not end the wait", interrupted),
		TEST("in a forked copy of the application there is no session to close",
			forked_copy),
	};
	const size_t fixed_count = sizeof(fixed) / sizeof(*fixed);
	struct failing_call *calls = test_calloc(5 * KERNEL_CALLS, sizeof(*calls));
	struct CMUnitTest *tests;
	size_t own, count;
	int result;

	own = count = list_calls(calls, boot_full, "the login is refused and all is undone");
	count += list_calls(calls + count, boot_alone,
		"without standard descriptors the login is isolated or refused");
	count += list_calls(calls + count, boot_first, "opening to share isolates or refuses");
	count += list_calls(calls + count, boot_joining, "joining isolates or refuses");
	count += list_calls(calls + count, boot_joining_alone,
		"joining without standard descriptors isolates or refuses");

	tests = test_calloc(fixed_count + count, sizeof(*tests));
	for (size_t i = 0; i < fixed_count; i++) {
		tests[i] = fixed[i];
		tests[i].teardown_func = tear_down;
	}
	for (size_t i = 0; i < count; i++)
		tests[fixed_count + i] = (struct CMUnitTest){
			.name = calls[i].name,
			.test_func = i < own ? a_call_fails : a_call_of_sharing_fails,
			.initial_state = &calls[i],
			.teardown_func = tear_down,
		};
	result = _cmocka_run_group_tests("session", tests, fixed_count + count, NULL, NULL);
	test_free(tests);
	test_free(calls);
	kernel_boot(); /* what runs at exit, as the counts of tests/coverage, is not made to fail */
	return result;
}
