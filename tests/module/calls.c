/* SPDX-License-Identifier: MIT */

/*
 * Each call of an opening fails in turn: system calls, on the real kernel (tracer.h), and what the
 * module allocates. The login is isolated or refused, and all is as it was.
 */

#include "application.h"
#include "tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * How a login begins.
 */

/* A limit that is in nobody's way, also not in a sanitizer's. */
static const struct rlimit memory = {1UL << 46, RLIM_INFINITY};

/* Everything that the module deals with, so that every call that it can make is made. */
static pam_handle_t *boot_full(void)
{
	application_have_own_run();
	CHECK(umount2("/proc", MNT_DETACH) == 0);
	CHECK(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "hidepid=2") == 0);
	CHECK(mkdir("/run/chroot", 0755) == 0 && mkdir("/run/chroot/proc", 0755) == 0);
	application_write("/run/mask", "masked\n");
	application_write("/run/process", "");
	application_write("/run/file", "");
	CHECK(mount("mask", "/proc/fs", "tmpfs", MS_RDONLY, NULL) == 0);
	CHECK(mount("/run/mask", "/proc/uptime", NULL, MS_BIND, NULL) == 0);
	CHECK(mount("proc", "/run/chroot/proc", "proc", MS_RDONLY, NULL) == 0);
	CHECK(mount("/run/mask", "/run/chroot/proc/uptime", NULL, MS_BIND, NULL) == 0);
	CHECK(mount("/proc/1/cmdline", "/run/process", NULL, MS_BIND, NULL) == 0);
	/* Hidden, but for as long as another wants: a procfs, and a file of a process. */
	CHECK(mkdir("/run/hidden", 0755) == 0 && mkdir("/run/hidden/proc", 0755) == 0);
	CHECK(mount("proc", "/run/hidden/proc", "proc", 0, NULL) == 0);
	CHECK(mount("cover", "/run/hidden", "tmpfs", 0, NULL) == 0);
	CHECK(mount("/proc/1/cmdline", "/run/file", NULL, MS_BIND, NULL) == 0);
	CHECK(mount("/run/mask", "/run/file", NULL, MS_BIND, NULL) == 0);
	CHECK(chdir("/proc/sys/kernel") == 0);
	CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	CHECK(prlimit(0, RLIMIT_DATA, &memory, NULL) == 0);
	SERVICE("full", "with=ipc,uts,cgroup,net,time proc=gid=5 on_close=linger");
	return application_start("full", USER);
}

/* Since Linux 6.15 or so a new mount namespace begins without unbindable mounts. */
static void make_unbindable(void)
{
	CHECK(mount(NULL, "/proc/fs", NULL, MS_UNBINDABLE, NULL) == 0);
}

static void make_unbindable_inside(void)
{
	tracer_in_application(make_unbindable);
}

static void close_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		close(fd);
}

static pam_handle_t *boot_alone(void)
{
	close_standard_descriptors();
	return boot_full();
}

static pam_handle_t *boot_first(void)
{
	application_have_own_run();
	CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	SERVICE("user", "scope=user");
	return application_start("user", USER);
}

static pid_t holder; /* of the session that is joined */

static pam_handle_t *boot_joining(void)
{
	pam_handle_t *pamh = boot_first();

	holder = application_hold("user", NULL);
	application_log_forget();
	return pamh;
}

static pam_handle_t *boot_joining_alone(void)
{
	pam_handle_t *pamh = boot_joining();

	close_standard_descriptors();
	return pamh;
}

#define UNBINDABLE                                                                                 \
	{                                                                                          \
		"openat /proc/self/mountinfo", 1, .how = TRACER_ACTS,                              \
						  .act = make_unbindable_inside                    \
	}

static const struct kind {
	pam_handle_t *(*boot)(void);
	struct disturbance also;
	bool is_refused; /* whatever fails, but for what the table of steps says */
	const char *what_holds;
} kinds[] = {
	{boot_full, UNBINDABLE, true, "the login is refused and all is undone"},
	{boot_alone, UNBINDABLE, false,
		"without standard descriptors the login is isolated or refused"},
	{boot_first, {0}, false, "opening to share isolates or refuses"},
	{boot_joining, {0}, false, "joining isolates or refuses"},
	{boot_joining_alone, {0}, false,
		"joining without standard descriptors isolates or refuses"},
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

/*
 * What a login that is refused is told, if this is the call that failed: by what it begins with,
 * the first that fits. NULL where the login is isolated all the same.
 */
static const struct {
	const char *call, *step;
} steps[] = {
	{"readlink /proc/self/exe", NULL}, /* whoever starts units has a /proc */
	{"prlimit RLIMIT_DATA (3)", "put back the application's limits"},
	{"prlimit", NULL}, /* they stay as they are, and it may find room all the same */
	{"mmap (1)", "allocate a session"}, {"madvise", "allocate a session"},
	{"stat /proc/self/ns", "read /proc/self/ns"},
	{"pidfd_open", "keep a pidfd of the application"},
	{"openat /proc/self/ns/mnt", "keep the mount namespace"},
	{"openat /proc/self/ns/time_for_children", "enter the time namespace"},
	{"setns time CLONE_NEWTIME (1)", "rehearse the way back from a time namespace"},
	{"setns time CLONE_NEWTIME", "enter the time namespace"},
	{"openat /proc/self/ns/", "keep the namespace /proc/self/ns/"},
	{"openat / ", "keep the root directory"}, {"statx / ", "look at the root directory"},
	{"open_tree", "keep the working directory"}, {"statx (1)", "look at the working directory"},
	{"statx /proc/sys/kernel (1)", "look at the working directory"},
	{"getcwd", NULL}, /* it is "/" then */
	{"sigprocmask block", "block signals"},
	{"socketpair SOCK_DGRAM", "keep the root and working directory"},
	{"sendmsg", "keep the root and working directory"},
	{"unshare CLONE_NEWNS", "create the namespaces"},
	{"socket AF_INET", "create a socket in the network namespace"},
	{"ioctl", "bring up the loopback interface"},
	{"openat /proc/self/mountinfo", "read /proc/self/mountinfo"},
	{"malloc", "read /proc/self/mountinfo"}, {"lseek", "read /proc/self/mountinfo"},
	{"read", "read /proc/self/mountinfo"}, {"calloc (1)", "read /proc/self/mountinfo"},
	{"calloc (2)", "read /proc/self/mountinfo"},
	{"calloc (11)", "plan for the procfs on /proc"},
	{"calloc (12)", "plan for the procfs on /run/chroot/proc"},
	{"calloc (13)", "plan for the mount on /run/process"},
	{"calloc (14)", "plan for the mount on /run/hidden"},
	{"calloc (15)", "plan for the procfs on /run/hidden/proc"},
	{"calloc (16)", "plan for the mount on /run/file"},
	{"calloc (17)", "plan for the mount on /run/file"}, {"calloc", "plan the private /proc"},
	{"vasprintf", "note the facts of the session"},
	{"socketpair SOCK_SEQPACKET", "create a socket to PID 1"},
	{"mmap (2)", "allocate the stacks of PID 1 and its starter"},
	{"prctl PR_SET_CHILD_SUBREAPER 1", "adopt orphans again in the application"},
	{"prctl", "keep PID 1 from being the application's child"},
	{"clone starter", "start the starter of PID 1"},
	{"waitpid", "wait for the starter of PID 1"},
	{"starter: unshare CLONE_NEWPID", "create a PID namespace"},
	{"starter: clone PID 1", "start PID 1"},
	{"PID 1: mount / MS_REC|MS_SLAVE", "switch off mount propagation to the host"},
	{"PID 1: prlimit", NULL}, /* it keeps a limit, which is the user's own affair */
	{"PID 1: fsopen", "prepare the private /proc"},
	{"PID 1: fsconfig set source", "name the private /proc"},
	{"PID 1: fsconfig set", "set the option of the private /proc: "},
	{"PID 1: fsconfig create", "create the private /proc"},
	{"PID 1: fsmount", "mount the private /proc"},
	{"PID 1: openat /. ", "read the private /proc"},
	{"PID 1: statx / (1)", "look at the private procfs"},
	{"PID 1: statx / (2)", "look at the private procfs"},
	{"PID 1: statx / (5)", "look at the private procfs"},
	{"PID 1: statx / ", "look at the old procfs of /"},
	{"PID 1: openat /.. ", "look at the old procfs of /"},
	{"PID 1: openat /run/hidden/. ", NULL}, /* its mount point is found by its name then */
	{"PID 1: openat /self/attr/", NULL},    /* with SELinux */
	{"PID 1: read /1/attr/current", NULL},
	{"PID 1: openat / ", NULL}, /* this, and what follows, is tried again */
	{"PID 1: openat2 /proc/1/stat", "take aside the mount on /run/file"},
	{"PID 1: openat2", NULL}, {"PID 1: statx", NULL},
	{"PID 1: fchdir / ", "detach the procfs on /run/"}, /* by the descriptor's name */
	{"PID 1: fchdir /proc (1)", "enter the procfs on /proc"},
	{"PID 1: fchdir", NULL}, /* then it goes by the descriptor's name */
	{"PID 1: umount2", "detach the procfs on /"},
	{"PID 1: mount /proc/fs MS_PRIVATE", "make bindable the mount on /proc/fs"},
	{"PID 1: mount fs MS_PRIVATE", "make bindable the mount on /proc/fs"},
	{"PID 1: open_tree", "pick up the mount on /"},
	{"PID 1: fstatfs", "look at the mount on /"},
	{"PID 1: move_mount / /proc beneath", "put the private procfs on /proc"},
	{"PID 1: move_mount / /run/chroot/proc beneath",
		"put the private procfs on /run/chroot/proc"},
	{"PID 1: move_mount /run/hidden /proc onto", "take aside the mount on /run/hidden"},
	{"PID 1: move_mount /run/file /proc", "take aside the mount on /run/file"},
	{"PID 1: move_mount /proc/1/stat /run/file onto", "put back the mount on /run/file"},
	{"PID 1: move_mount /proc /run/hidden onto", "put back the mount on /run/hidden"},
	{"PID 1: move_mount / /run/hidden/proc beneath",
		"put the private procfs on /run/hidden/proc"},
	{"PID 1: move_mount", "carry over the mount on /"}, {"PID 1: mmap", "read mountinfo again"},
	{"PID 1: lseek", "read mountinfo again"}, {"PID 1: read", "read mountinfo again"},
	{"PID 1: setsid", "leave the application's session and directory"},
	{"PID 1: chdir /", "leave the application's session and directory"},
	{"PID 1: openat /dev/null", "open /dev/null"},
	{"PID 1: fcntl", "arrange the descriptors of PID 1"},
	{"PID 1: dup2", "arrange the descriptors of PID 1"},
	{"PID 1: close_range", "close the application's descriptors in PID 1"},
	{"PID 1: sched_set", NULL}, /* as prlimit */
	{"PID 1: prctl PR_SET_TIMERSLACK", NULL},
	{"PID 1: capget", "look at the capabilities of PID 1"},
	{"PID 1: prctl PR_CAPBSET_READ", NULL}, {"PID 1: setgroups", "become root in PID 1"},
	{"PID 1: setres", "become root in PID 1"},
	{"PID 1: prctl PR_SET_SECUREBITS", "make root unprivileged in PID 1"},
	{"PID 1: capset", "drop the capabilities of PID 1"},
	{"PID 1: prctl PR_CAP_AMBIENT", "keep the capabilities of PID 1"},
	{"PID 1: execve", "execute /"},
	{"setns pidfd of PID 1", "send children to the PID namespace"},
	{"stat /proc/1/ns/pid", "find PID 1 in the private /proc"},
	{"openat2 /proc/sys/kernel", NULL}, /* it is "/" then */
	{"statx /proc/sys/kernel", NULL}, {"fstatfs /proc/sys/kernel", NULL},
	{"fchdir /proc/sys/kernel", NULL}, {"sigprocmask restore", "unblock signals"},
	{"stat /run/systemd/system", NULL}, /* as where systemd does not run */
	{"openat /sys/fs/selinux/", NULL},  /* as where there is no SELinux */
};

/*
 * A call fails.
 */

/* Errors that the module tells apart from others, beside EIO for each call and ENOMEM. */
static const struct {
	const char *call;
	int code;
	const char *name;
} other_errors[] = {
#define OTHER(call, code)                                                                          \
	{                                                                                          \
		call, code, #code                                                                  \
	}
	OTHER("stat /proc/self/ns", ENOENT),
	OTHER("setns mnt", EINVAL),
	OTHER("setns time", EUSERS),
	OTHER("setns pidfd of PID 1", ESRCH),
	OTHER("openat2", EAGAIN),
	OTHER("openat2", EINVAL),
	OTHER("ioctl mnt", ENOTTY),
	OTHER("mkdir", EEXIST),
	OTHER("connect", EAGAIN),
	OTHER("connect", ECONNREFUSED),
	OTHER("connect", ENOENT),
	OTHER("recvmsg", EAGAIN),
	OTHER("unlinkat", ENOENT),
	OTHER("bind", EADDRINUSE),
	OTHER("PID 1: openat2", ENOENT),
	OTHER("PID 1: openat2", EMFILE),
	OTHER("PID 1: umount2", EINVAL),
	OTHER("PID 1: move_mount", EINVAL),
	OTHER("PID 1: move_mount", ELOOP),
	OTHER("PID 1: move_mount", ENOENT),
	OTHER("PID 1: fcntl", EINVAL),
	OTHER("PID 1: execve", ENOENT),
};

struct failing_call {
	const struct kind *kind;
	char call[TRACER_CALL_SIZE];
	unsigned int number; /* of those of that name */
	int code;
	const char *step; /* as of the table; what is said is not looked at where it is "" */
	char sentence[TRACER_CALL_SIZE + 128];
};

/* What the call would have done to the application cannot be undone if it fails. */
static void do_in_its_place(const struct failing_call *failing)
{
	sigset_t none;

	sigemptyset(&none);
	if (strcmp(failing->call, "prctl PR_SET_CHILD_SUBREAPER 1") == 0)
		CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	else if (strcmp(failing->call, "sigprocmask restore") == 0)
		CHECK(sigprocmask(SIG_SETMASK, &none, NULL) == 0);
	else if (strcmp(failing->call, "prlimit RLIMIT_DATA") == 0 && failing->number == 3)
		CHECK(prlimit(0, RLIMIT_DATA, &memory, NULL) == 0);
	else if (strcmp(failing->call, "waitpid") == 0)
		CHECK(waitpid(-1, NULL, __WCLONE) > 0);
}

static const char *step_of(const struct failing_call *failing)
{
	char call[TRACER_CALL_SIZE + 16];

	snprintf(call, sizeof(call), "%s (%u)", failing->call, failing->number);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (strncmp(call, steps[i].call, strlen(steps[i].call)) == 0)
			return steps[i].step;
	return "(it is not in the table of steps)";
}

/* A session others may join has a name as long as it is open, and none afterwards. */
static bool has_no_name(pid_t unused)
{
	(void)unused;
	return !application_meeting_place('u');
}

static void check_refused(const struct failing_call *failing)
{
	CHECK(application_log_count("\n") == 1 && application_log_count("err ") == 1);
	CHECK(application_said_count() == 1);
	if (failing->step && failing->step[0] == '\0')
		return;
	CHECK(failing->step, "the login was refused");
	application_check_says(failing->step, strerror(failing->code));
}

static bool is_one_of(const char *call, const char *const *calls)
{
	const char *role = strstr(call, ": ");

	for (; *calls; calls++)
		if (strcmp(role ? role + 2 : call, *calls) == 0)
			return true;
	return false;
}

/*
 * Calls whose failure is no failure, and those that are made only if another process is slower: a
 * turn of waiting for PID 1's welcome, and another look for it.
 */
static bool is_left_out(const char *call, unsigned int number)
{
	static const char *const calls[] = {"close", "exit", "futex", "poll 10", NULL};

	return is_one_of(call, calls) || (number > 1 && strcmp(call, "recvmsg") == 0);
}

static const char *const allocate[] = {"malloc", "calloc", "realloc", "vasprintf", "mmap", NULL};

/* What is left then is a name that nobody listens under, which the next login removes. */
static const char *const leave_name[] = {"listen", "stat /run/pam_unshare/NAME", NULL};

static void a_call_fails(void **state)
{
	const struct failing_call *failing = *state;
	const struct disturbance list[] = {
		{failing->call, failing->number, .whole = true, .result = -failing->code},
		failing->kind->also,
		{NULL},
	};
	pam_handle_t *pamh = failing->kind->boot();
	char *before = application_state();
	ino_t host = application_children_namespace();
	int result;

	tracer_begin(list);
	result = pam_open_session(pamh, 0);
	tracer_end();
	CHECK(trace->disturbed[0] == 1, "it does not come to this call");
	do_in_its_place(failing);
	if (result == PAM_SUCCESS) {
		CHECK(!failing->step || failing->step[0] == '\0',
			"the session was opened in spite of it");
		CHECK(application_log_count("err ") == 0);
		CHECK(application_children_namespace() != host);
		CHECK(access("/proc/self", F_OK) == -1);
		CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	} else {
		check_refused(failing);
	}
	application_check_state(before);
	CHECK(trace->init == 0 || application_goes(trace->init), "PID 1 is still there");
	if (!holder && !is_one_of(failing->call, leave_name))
		CHECK(application_becomes(has_no_name, 0), "the name of the socket is left");
}

static struct trace *undisturbed;

static void see_undisturbed(const struct kind *kind)
{
	pam_handle_t *pamh = kind->boot();

	tracer_begin((const struct disturbance[]){kind->also, {NULL}});
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	tracer_end();
	memcpy(undisturbed, trace, sizeof(*trace));
}

static void add_case(
	const struct kind *kind, const char *call, unsigned int number, int code, const char *name)
{
	struct failing_call *failing = calloc(1, sizeof(*failing));
	struct test_case *added = calloc(1, sizeof(*added));

	if (!failing || !added)
		abort();
	failing->kind = kind;
	strcpy(failing->call, call);
	failing->number = number;
	failing->code = code;
	failing->step = kind->is_refused && !name ? step_of(failing) : "";
	snprintf(failing->sentence, sizeof(failing->sentence), "%s when this fails: %s (%u)%s%s",
		kind->what_holds, call, number, name ? ": " : "", name ? name : "");
	added->sentence = failing->sentence;
	added->body = a_call_fails;
	added->argument = failing;
	added->line = ~0U;
	test_case_add(added);
}

/* The cases for each call of an undisturbed opening of this kind. */
static void list_calls(const struct kind *kind)
{
	for (size_t i = 0; i < undisturbed->count; i++) {
		const char *call = undisturbed->calls[i];
		unsigned int number = 0;

		for (size_t before = 0; before <= i; before++)
			number += strcmp(undisturbed->calls[before], call) == 0;
		if (is_left_out(call, number))
			continue;
		add_case(kind, call, number, is_one_of(call, allocate) ? ENOMEM : EIO, NULL);
		for (size_t e = 0; e < sizeof(other_errors) / sizeof(*other_errors); e++)
			if (strncmp(call, other_errors[e].call, strlen(other_errors[e].call)) == 0)
				add_case(kind, call, number, other_errors[e].code,
					other_errors[e].name);
	}
}

static const struct test_case *list_all(void)
{
	undisturbed = mmap(NULL, sizeof(*undisturbed), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < KINDS; i++) {
		pid_t child = fork();

		undisturbed->count = 0;
		if (child == 0) {
			setsid();
			see_undisturbed(&kinds[i]);
			exit(0);
		}
		waitpid(child, NULL, 0);
		kill(-child, SIGKILL); /* the tracer, and who has the session open */
		list_calls(&kinds[i]);
	}
	return test_cases;
}

int main(void)
{
	return application_run("calls", NULL, list_all);
}
