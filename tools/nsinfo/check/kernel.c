/* SPDX-License-Identifier: MIT */

/* nsinfo check: what the kernel can do, its limits, and where a procfs is mounted. */

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "check/check.h"
#include "read/mounts.h"

static void check_version(struct findings *findings)
{
	struct utsname name;
	int major = 0, minor = 0;

	if (uname(&name) == -1 || sscanf(name.release, "%d.%d", &major, &minor) != 2)
		findings_untried(findings, "kernel", "whether the kernel is new enough", errno);
	else if (major < 5 || (major == 5 && minor < 10))
		findings_add(findings, FINDING_PROBLEM, "kernel",
			"boot Linux 5.10 or newer; until then every isolated login is refused",
			"Linux %s is too old", name.release);
	else
		findings_add(findings, FINDING_OK, "kernel", NULL, "Linux %s", name.release);
}

/* As root: may this process, and so what it stands for, make the namespaces at all? */
static void check_unshare(struct findings *findings)
{
	int status = 0;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0)
		_exit(unshare(CLONE_NEWNS | CLONE_NEWPID) == 0 ? 0 : errno);
	if (child == -1 || waitpid(child, &status, 0) == -1)
		findings_untried(findings, "kernel", "to make PID and mount namespaces", errno);
	else if (!WIFEXITED(status)) /* a seccomp filter may kill */
		findings_add(findings, FINDING_PROBLEM, "kernel",
			"a container needs a seccomp filter that allows unshare(2)",
			"a process that makes PID and mount namespaces is killed: %s",
			strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) == 0)
		findings_add(findings, FINDING_OK, "kernel", NULL,
			"root may make PID and mount namespaces");
	else if (WEXITSTATUS(status) == ENOSPC)
		findings_add(findings, FINDING_PROBLEM, "kernel",
			"raise user.max_pid_namespaces and user.max_mnt_namespaces with sysctl(8)",
			"the limit of namespaces is reached: isolated logins are refused");
	else
		findings_add(findings, FINDING_PROBLEM, "kernel",
			"a container needs CAP_SYS_ADMIN, and a seccomp filter that allows "
			"unshare(2)",
			"root may not make PID and mount namespaces: %s",
			strerror(WEXITSTATUS(status)));
}

/* A limit below /proc/sys. Without it, a note, and false. */
static bool read_limit(
	struct findings *findings, const struct proc *proc, const char *path, long long *limit)
{
	_cleanup_free_ char *text = NULL;
	int result = proc_read_path(proc, path, &text, NULL);

	if (result < 0) {
		_cleanup_free_ char *what = string_format("what the limit in /proc/%s is", path);

		findings_untried(findings, "kernel", what, -result);
		return false;
	}
	*limit = strtoll(text, NULL, 10);
	return true;
}

/* Of each kind of namespace a session takes one; 0 forbids them. */
static void check_namespace_limit(
	struct findings *findings, const struct sessions *sessions, const char *name)
{
	_cleanup_free_ char *path = string_format("sys/user/max_%s_namespaces", name);
	_cleanup_free_ char *remedy =
		string_format("raise user.max_%s_namespaces with sysctl(8)", name);
	long long limit;

	if (!read_limit(findings, sessions->proc, path, &limit))
		return;
	if (limit < (long long)sessions->count + 1)
		findings_add(findings, FINDING_PROBLEM, "kernel", remedy,
			"user.max_%s_namespaces is %lld: no session can be opened", name, limit);
	else if (limit < (long long)sessions->count * 2 + 100)
		findings_add(findings, FINDING_WARNING, "kernel", remedy,
			"user.max_%s_namespaces is %lld, and %zu sessions are open", name, limit,
			sessions->count);
}

/* Each session is one process more. */
static void check_pid_limit(struct findings *findings, const struct sessions *sessions)
{
	long long limit;

	if (read_limit(findings, sessions->proc, "sys/kernel/pid_max", &limit) &&
		(long long)sessions->processes.count > limit / 10 * 9)
		findings_add(findings, FINDING_WARNING, "kernel",
			"raise kernel.pid_max with sysctl(8)",
			"%zu processes run, and kernel.pid_max is %lld", sessions->processes.count,
			limit);
}

static void check_mounts(struct findings *findings, const struct proc *proc)
{
	struct mounts mounts;
	int result = mounts_read(proc, getpid(), &mounts);

	if (result < 0) {
		findings_untried(findings, "/proc", "where a procfs is mounted", -result);
		return;
	}
	if (mounts.wrong)
		findings_add(findings, FINDING_PROBLEM, "/proc", "please report it",
			"pam_unshare does not understand this line of mountinfo, which could be "
			"about a procfs, and refuses every isolated login: %s",
			mounts.wrong);
	for (size_t i = 0; i < mounts.info.count; i++) {
		const struct mount *mount = &mounts.info.mounts[i];

		if (strcmp(mount->type, "proc") != 0)
			continue;
		_cleanup_free_ char *options = mounts_options(mount);
		if (!mountinfo_is_below(mount->target, "/proc"))
			findings_add(findings, FINDING_NOTE, "/proc", NULL,
				"a procfs is also mounted at %s; in a session the private one is "
				"there too",
				mount->target);
		else if (strstr(options, "hidepid=") && strcmp(mount->target, "/proc") == 0)
			findings_add(findings, FINDING_NOTE, "/proc", NULL,
				"it is mounted with %s; sessions keep that", options);
	}
	mounts_free(&mounts);
}

void check_kernel(struct findings *findings, struct sessions *sessions)
{
	static const char *const kinds[] = {"pid", "mnt"};

	check_version(findings);
	if (geteuid() == 0)
		check_unshare(findings);
	else
		findings_add(findings, FINDING_NOTE, "kernel", NULL,
			"root's nsinfo check tries to make namespaces, too");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		check_namespace_limit(findings, sessions, kinds[i]);
	check_pid_limit(findings, sessions);
	check_mounts(findings, sessions->proc);
}
