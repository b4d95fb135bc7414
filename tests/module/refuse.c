/* SPDX-License-Identifier: MIT */

/* Who is skipped and who is refused; and a refusal wherever opening fails leaves nothing behind. */

#include "application.h"
#include "tracer.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <regex.h>
#include <security/pam_modules.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "common/syscalls.h"

/* The whole log is one line that this extended regular expression describes. */
static void check_log(const char *expression)
{
	regex_t regex;

	CHECK(regcomp(&regex, expression, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) == 0);
	CHECK(application_log_count("\n") == 1, "not one line");
	CHECK(regexec(&regex, application_log(), 0, NULL, 0) == 0, "not \"%s\"", expression);
	regfree(&regex);
}

static void check_said_once(void)
{
	CHECK(application_said_count() == 1, "said: %s", application_said());
	CHECK(strcmp(application_said(),
		      "error No private session could be opened for you; please tell the "
		      "administrator of this machine.\n") == 0,
		"said: %s", application_said());
}

/* A login that is refused, with what the log says behind "USER: cannot ". */
static void check_refused(const char *service, const char *user, const char *why)
{
	pam_handle_t *pamh = application_start(service, user);
	char *before = application_state();
	char expression[512];

	CHECK(pam_open_session(pamh, 0) == PAM_SYSTEM_ERR);
	application_check_state(before);
	snprintf(expression, sizeof(expression),
		"^err pam_unshare\\(%s:session\\): %s: cannot %s(: .+)?(; .+)?$", service, user,
		why);
	check_log(expression);
	check_said_once();
	CHECK(pam_end(pamh, PAM_SYSTEM_ERR) == PAM_SUCCESS);
	CHECK(application_log_count("\n") == 1, "pam_end said more");
}

/* A login that is let in and left alone. */
static void check_skipped(const char *service, const char *user)
{
	pam_handle_t *pamh = application_start(service, user);
	char *before = application_state();

	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	application_check_state(before);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(pam_end(pamh, PAM_SUCCESS) == PAM_SUCCESS);
	CHECK(application_said_count() == 0);
}

TEST_CASE(log_of_a_session,
	"one line in the log when a session opens, one when it closes; nothing to the user")
{
	pam_handle_t *pamh = application_start("test", USER);

	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	check_log("^info pam_unshare\\(test:session\\): session opened for " USER
		  ": PID 1 is [0-9]+, PID namespace [0-9]+$");
	application_log_forget();
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	check_log("^info pam_unshare\\(test:session\\): session closed for " USER
		  ": PID 1 was [0-9]+, PID namespace [0-9]+$");
	CHECK(application_said_count() == 0);
}

TEST_CASE(namespace_in_log, "the namespace in the log is the one that the children are in")
{
	pam_handle_t *pamh = application_start("test", USER);
	char text[64];

	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	snprintf(text, sizeof(text), "PID namespace %lu\n",
		(unsigned long)application_children_namespace());
	CHECK(application_log_count(text) == 1, "not %s", text);
	pam_close_session(pamh, 0);
}

TEST_CASE(debug, "with debug there are details")
{
	pam_handle_t *pamh;

	SERVICE("debug", "debug");
	pamh = application_start("debug", USER);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("debug pam_unshare(debug:session): ") > 0);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
}

TEST_CASE(debug_with_a_rule,
	"with debug the log says which rule holds, and that the line is there twice")
{
	pam_handle_t *pamh;
	char path[256], line[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/rules", application_confdir());
	file = fopen(path, "we");
	CHECK(file);
	fputs("# one\n" USER " * isolate\n", file);
	CHECK(fclose(file) == 0);
	snprintf(line, sizeof(line), "debug conf=%s", path);
	SERVICE("debug", line, line);
	pamh = application_start("debug", USER);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	snprintf(line, sizeof(line), "the rule is in %s, line 2", path);
	CHECK(application_log_count(line) == 1);
	CHECK(application_log_count("this login has its session already") == 1);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
}

TEST_CASE(root_is_skipped, "uid 0 is skipped without a word")
{
	check_skipped("test", "root");
	CHECK(application_log_count("\n") == 0);
}

TEST_CASE(root_is_isolated, "uid 0 is isolated with the option root")
{
	pam_handle_t *pamh;

	SERVICE("root", "root");
	pamh = application_start("root", "root");
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("session opened for root") == 1);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
}

TEST_CASE(services, "systemd-user, systemd-run0 and polkit-1 are skipped for everyone")
{
	SERVICE("systemd-user", "root");
	SERVICE("systemd-run0", "root");
	SERVICE("polkit-1", "root");
	check_skipped("systemd-user", USER);
	check_skipped("systemd-run0", USER);
	check_skipped("polkit-1", USER);
	check_skipped("systemd-user", "root");
	CHECK(application_log_count("\n") == 0);
}

TEST_CASE(unknown_option, "an unknown option refuses a user")
{
	SERVICE("wrong", "debugg");
	check_refused("wrong", USER, "understand \"debugg\"");
}

TEST_CASE(unknown_option_root, "an unknown option lets uid 0 in, with an error in the log")
{
	SERVICE("wrong", "root debugg");
	check_skipped("wrong", "root");
	check_log("^err pam_unshare\\(wrong:session\\): root: cannot understand \"debugg\": .*; "
		  "correct .*/etc/pam.d$");
}

TEST_CASE(wrong_twice, "a line that is wrong and there twice refuses with one line in the log")
{
	SERVICE("twice", "debugg", "debugg");
	check_refused("twice", USER, "understand \"debugg\"");
}

TEST_CASE(no_user, "an application that does not say who logs in is refused")
{
	pam_handle_t *pamh = application_start("test", NULL);

	CHECK(pam_open_session(pamh, 0) == PAM_SYSTEM_ERR);
	CHECK(application_log_count("cannot learn who logs in") == 1);
}

/*
 * The dynamic linker gives the module this function in the place of libpam's: its allocations
 * cannot be made to fail otherwise.
 */
static bool data_is_not_kept;

int pam_set_data(pam_handle_t *pamh, const char *name, void *data,
	void (*clean_up)(pam_handle_t *pamh, void *data, int status))
{
	int (*real)(pam_handle_t *, const char *, void *, void (*)(pam_handle_t *, void *, int)) =
		NULL;

	if (data_is_not_kept && strcmp(name, "pam_unshare_session") == 0)
		return PAM_BUF_ERR;
	*(void **)&real = dlsym(RTLD_NEXT, "pam_set_data");
	CHECK(real);
	return real(pamh, name, data, clean_up);
}

TEST_CASE(no_room_in_the_handle,
	"where libpam has no memory to keep the session in, it is closed and refused")
{
	data_is_not_kept = true;
	check_refused("test", USER, "keep the session in the PAM handle");
	CHECK(application_log_count("session opened") == 0);
}

TEST_CASE(unknown_user, "an unknown user is refused")
{
	check_refused("test", "no-such-user-here", "find the user");
}

TEST_CASE(hostile_user, "a user's name from the network cannot forge the log")
{
	pam_handle_t *pamh = application_start("test", "x\n%s\033[2J%n");

	CHECK(pam_open_session(pamh, 0) == PAM_SYSTEM_ERR);
	check_log("^err [^:]*:session\\): x\\?%s\\?\\[2J%n: cannot [ -~]*$");
}

/* PID 1 has none as long as it is in execve, for which opening does not wait. */
static bool has_facts(pid_t pid)
{
	char path[64];
	FILE *file;
	int first;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	file = fopen(path, "re");
	CHECK(file);
	first = fgetc(file);
	fclose(file);
	return first != EOF;
}

/* Whether a fact of the session that is open has this value, and stands there once. */
static bool is_fact(const char *name, const char *value)
{
	char *line = NULL;
	size_t size = 0, count = 0, length = strlen(name);
	bool same = false;
	FILE *file = fopen("/proc/1/environ", "re");

	CHECK(file);
	while (getdelim(&line, &size, '\0', file) > 0) {
		if (strncmp(line, name, length) != 0 || line[length] != '=')
			continue;
		count++;
		same = strcmp(line + length + 1, value) == 0;
	}
	free(line);
	fclose(file);
	return count == 1 && same;
}

TEST_CASE(hostile_items,
	"names of hosts and terminals from the network are noted as they are, and not logged")
{
	const char tty[] = "pts/1 \"%s%n\"\nPAM_UNSHARE_UID=0\033[2J";
	char host[1001];
	pam_handle_t *pamh = application_start("test", USER);

	memset(host, 'x', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	memcpy(host, "a'b\"\n%n\033", 8);
	CHECK(pam_set_item(pamh, PAM_RHOST, host) == PAM_SUCCESS);
	CHECK(pam_set_item(pamh, PAM_TTY, tty) == PAM_SUCCESS);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	check_log("session opened for " USER ": PID 1 is [0-9]+, PID namespace [0-9]+$");
	CHECK(application_becomes(has_facts, 1), "PID 1 has no environment");
	CHECK(is_fact("PAM_UNSHARE_RHOST", host));
	CHECK(is_fact("PAM_UNSHARE_TTY", tty));
	CHECK(is_fact("PAM_UNSHARE_UID", "65534"));
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_goes(application_init()));
}

TEST_CASE(silent, "with PAM_SILENT a refusal says nothing to the user")
{
	pam_handle_t *pamh = application_start("test", "no-such-user-here");

	CHECK(pam_open_session(pamh, PAM_SILENT) == PAM_SYSTEM_ERR);
	CHECK(application_said_count() == 0, "said: %s", application_said());
	CHECK(application_log_count("err ") == 1);
}

TEST_CASE(optional_line, "an optional line lets the login go on")
{
	char path[256];
	pam_handle_t *pamh;
	FILE *file;

	SERVICE("optional", "wrong");
	snprintf(path, sizeof(path), "%s/optional", application_confdir());
	file = fopen(path, "we");
	CHECK(file);
	fprintf(file, "session optional %s wrong\nsession required pam_permit.so\n", TEST_MODULE);
	fclose(file);
	pamh = application_start("optional", USER);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("err ") == 1);
}

/*
 * A seccomp filter makes system calls fail, in this process and in what it starts.
 */

struct denial {
	const char *name;
	int number;
	int argument;       /* deny it where this argument ... */
	unsigned int mask;  /* ... has these bits ... */
	unsigned int value; /* ... set to this; mask 0 for always */
	const char *why;    /* what the log says; NULL where opening does without it */
};

static void deny(const struct denial *denial, int code)
{
	const unsigned int low = (unsigned int)offsetof(struct seccomp_data, args) +
				 8 * (unsigned int)denial->argument;
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)denial->number, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, denial->mask),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, denial->value, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)code),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};

	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static const struct denial denials[] = {
	{"unshare of the mount namespace", SYS_unshare, 0, CLONE_NEWNS, CLONE_NEWNS,
		"create the namespaces"},
	{"unshare of the PID namespace", SYS_unshare, 0, CLONE_NEWPID, CLONE_NEWPID,
		"create a PID namespace"},
	{"pidfd_open", SYS_pidfd_open, 0, 0, 0, "keep a pidfd of the application"},
	{"clone of the starter", SYS_clone, 0, CLONE_VFORK | CLONE_PIDFD, CLONE_VFORK,
		"start the starter of PID 1"},
	{"clone of PID 1", SYS_clone, 0, CLONE_PIDFD, CLONE_PIDFD, "start PID 1"},
	{"mount", SYS_mount, 0, 0, 0, "switch off mount propagation to the host"},
	{"fsopen", SYS_fsopen, 0, 0, 0, "prepare the private /proc"},
	{"fsconfig", SYS_fsconfig, 0, 0, 0, "name the private /proc"},
	{"fsmount", SYS_fsmount, 0, 0, 0, "mount the private /proc"},
	{"umount2", SYS_umount2, 0, 0, 0, "detach the procfs on /proc"},
	{"move_mount", SYS_move_mount, 0, 0, 0, "put the private procfs on /proc"},
	{"setsid", SYS_setsid, 0, 0, 0, "leave the application's session and directory"},
	{"chdir", SYS_chdir, 0, 0, 0, "leave the application's session and directory"},
	{"close_range", SYS_close_range, 0, 0, 0, "close the application's descriptors in PID 1"},
	{"setgroups", SYS_setgroups, 0, 0, 0, "become root in PID 1"},
	{"setresgid", SYS_setresgid, 0, 0, 0, "become root in PID 1"},
	{"setresuid", SYS_setresuid, 0, 0, 0, "become root in PID 1"},
	{"prctl of the securebits", SYS_prctl, 0, ~0U, PR_SET_SECUREBITS,
		"make root unprivileged in PID 1"},
	{"capset", SYS_capset, 0, 0, 0, "drop the capabilities of PID 1"},
	{"prctl of an ambient capability", SYS_prctl, 0, ~0U, PR_CAP_AMBIENT,
		"keep the capabilities of PID 1"},
	{"execve", SYS_execve, 0, 0, 0, "execute .*/session-init"},
	{"setns into the PID namespace", SYS_setns, 1, CLONE_NEWPID, CLONE_NEWPID,
		"send children to the PID namespace"},
	{"madvise", SYS_madvise, 2, ~0U, 18 /* MADV_WIPEONFORK */, "allocate a session"},
	{"prctl of the subreaper", SYS_prctl, 0, ~0U, PR_GET_CHILD_SUBREAPER,
		"keep PID 1 from being the application's child"},
};

#define DENIALS (sizeof(denials) / sizeof(*denials))

static size_t denied;
static int denied_code;

static void refused_by_filter(void)
{
	deny(&denials[denied], denied_code);
	check_refused("test", USER, denials[denied].why);
}

/* Every case is a child, as a filter stays for good. */
TEST_CASE(
	each_call, "each system call of opening fails with each errno: refused, restored, one line")
{
	static const int codes[] = {EPERM, ENOSYS, ENOMEM, EIO};

	for (denied = 0; denied < DENIALS; denied++) {
		for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
			denied_code = codes[i];
			application_forget();
			CHECK(application_in_child(refused_by_filter) == 0, "%s",
				denials[denied].name);
		}
	}
}

TEST_CASE(no_init, "a session-init that is not executable refuses the login")
{
	char copy[512];

	CHECK(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	CHECK(mount("/dev/null", SESSION_INIT, NULL, MS_BIND, NULL) == 0);
	snprintf(copy, sizeof(copy), "execute %s", SESSION_INIT);
	check_refused("test", USER, copy);
	CHECK(application_log_count("Permission denied; reinstall pam_unshare") == 1);
}

TEST_CASE(rubbish_init, "a session-init that is no program refuses the login")
{
	char copy[512];
	int fd;

	CHECK(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	CHECK(mount("rubbish", "/mnt", "tmpfs", 0, NULL) == 0);
	fd = open("/mnt/init", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	CHECK(fd != -1 && write(fd, "rubbish", 7) == 7 && close(fd) == 0);
	CHECK(mount("/mnt/init", SESSION_INIT, NULL, MS_BIND, NULL) == 0);
	snprintf(copy, sizeof(copy), "execute %s", SESSION_INIT);
	check_refused("test", USER, copy);
}

TEST_CASE(no_proc, "without a procfs on /proc the login is refused")
{
	pam_handle_t *pamh = application_start("test", USER);
	char *before;

	CHECK(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	before = application_state();
	CHECK(mount("nothing", "/proc", "tmpfs", 0, NULL) == 0);
	CHECK(pam_open_session(pamh, 0) == PAM_SYSTEM_ERR);
	CHECK(umount2("/proc", 0) == 0);
	application_check_state(before);
	check_log(USER ": cannot find a procfs on /proc: .*; mount one there$");
}

TEST_CASE(no_capability, "without CAP_SYS_ADMIN the login is refused, with what to do")
{
	pam_handle_t *pamh = application_start("test", USER);
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
	char *before;

	CHECK(syscall(SYS_capget, &header, sets) == 0);
	sets[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective &= ~CAP_TO_MASK(CAP_SYS_ADMIN);
	sets[CAP_TO_INDEX(CAP_SYS_ADMIN)].permitted &= ~CAP_TO_MASK(CAP_SYS_ADMIN);
	CHECK(syscall(SYS_capset, &header, sets) == 0);
	before = application_state();
	CHECK(pam_open_session(pamh, 0) == PAM_SYSTEM_ERR);
	application_check_state(before);
	check_log("Operation not permitted; .*CAP_SYS_ADMIN");
}

TEST_CASE(no_processes, "a limit of processes changes nothing for good")
{
	struct rlimit limit = {0, 0};
	pam_handle_t *pamh = application_start("test", USER);
	char *before;

	/* The limit is on the real user's processes, and does not hold root. */
	CHECK(setresuid(65534, 0, 0) == 0);
	CHECK(setrlimit(RLIMIT_NPROC, &limit) == 0);
	before = application_state();
	if (pam_open_session(pamh, 0) == PAM_SUCCESS) { /* root's capabilities overrule it */
		CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
		application_check_state(before);
		return;
	}
	application_check_state(before);
	check_log("err ");
}

TEST_CASE(few_descriptors,
	"with too few descriptors it is refused; with just enough, all is restored")
{
	struct rlimit limit = {0, 4096};
	pam_handle_t *pamh;
	int refused = 0;

	/* libpam's own files are open by then; the limit is the first that is too few. */
	for (limit.rlim_cur = 3; limit.rlim_cur < 64; limit.rlim_cur++) {
		struct rlimit before_limit;
		char *before;
		int result;

		application_forget();
		pamh = application_start("test", USER);
		before = application_state();
		CHECK(getrlimit(RLIMIT_NOFILE, &before_limit) == 0);
		limit.rlim_max = before_limit.rlim_max;
		CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
		result = pam_open_session(pamh, 0);
		if (result == PAM_SUCCESS)
			CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
		CHECK(setrlimit(RLIMIT_NOFILE, &before_limit) == 0);
		application_check_state(before);
		CHECK(pam_end(pamh, result) == PAM_SUCCESS);
		if (result == PAM_SUCCESS)
			break;
		CHECK(result == PAM_SYSTEM_ERR, "at %d descriptors: %d", (int)limit.rlim_cur,
			result);
		CHECK(application_log_count("err pam_unshare") == 1);
		CHECK(application_log_count("raise the application's limit of open files") == 1);
		CHECK(application_log_count("pam_unshare(") == 1);
		refused++;
	}
	CHECK(refused >= 5, "refused %d times", refused);
	CHECK(limit.rlim_cur < 64);
}

#ifndef TEST_SANITIZED /* which needs more memory itself */

static void drop_resource(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	CHECK(syscall(SYS_capget, &header, sets) == 0);
	sets[0].effective &= ~CAP_TO_MASK(CAP_SYS_RESOURCE);
	sets[0].permitted &= ~CAP_TO_MASK(CAP_SYS_RESOURCE);
	CHECK(syscall(SYS_capset, &header, sets) == 0);
}

TEST_CASE(memory, "without CAP_SYS_RESOURCE, a limit of memory that refuses the login is named")
{
	const struct rlimit limit = {5000, 5000};
	pam_handle_t *pamh = application_start("test", USER);
	char *before;

	drop_resource();
	CHECK(setrlimit(RLIMIT_DATA, &limit) == 0);
	before = application_state();
	CHECK(pam_open_session(pamh, 0) == PAM_SYSTEM_ERR);
	application_check_state(before);
	application_check_says("allocate a session within the 4 KiB of RLIMIT_DATA: ",
		"Cannot allocate memory; raise it for the user (\"as\" and \"data\" in "
		"limits.conf, pam_limits), or give the application CAP_SYS_RESOURCE\n");
}

#endif

TEST_CASE(other_memory, "a limit of memory that could be lifted is not named")
{
	const struct rlimit limit = {1UL << 46, RLIM_INFINITY};

	CHECK(setrlimit(RLIMIT_DATA, &limit) == 0);
	tracer_refused("test", TRACER_LIST({"mmap", 1, .result = -ENOMEM}), "allocate a session",
		"Cannot allocate memory; memory is short");
}

static void open_nested(void)
{
	pam_handle_t *pamh = application_start("test", USER);
	char *before = application_state();
	int result = pam_open_session(pamh, 0);

	if (result == PAM_SUCCESS) {
		CHECK(application_in_child(open_nested) == 0);
		CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	} else {
		CHECK(result == PAM_SYSTEM_ERR);
	}
	application_check_state(before);
}

TEST_CASE(nested, "nested sessions open down to the kernel's limit, and then are refused")
{
	open_nested();
	CHECK(application_log_count("err ") == 1);
	CHECK(application_log_count("session opened") >= 8, "the machine is nested already");
	CHECK(application_log_count("session opened") <= 32);
	CHECK(application_log_count("session opened") == application_log_count("session closed"));
	CHECK(application_log_count(USER ": cannot create a PID namespace: No space left on "
					 "device; a limit on namespaces is reached") == 1);
}

APPLICATION_MAIN("refuse")
