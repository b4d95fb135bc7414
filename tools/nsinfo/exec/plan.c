/* SPDX-License-Identifier: MIT */

#include "exec/plan.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/strings.h"
#include "common/namespaces.h"
#include "print/text.h"
#include "read/cgroup.h"
#include "read/pidfd.h"

#define GROUPS_MAX 65536 /* the kernel's NGROUPS_MAX */

/* login(1)'s. What /etc/login.defs says is its own business, and pam_env's. */
#define PATH_USER "/usr/local/bin:/usr/bin:/bin"
#define PATH_ROOT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Only those that differ: entering one's own user namespace is an error (setns(2)). */
static int differing_namespaces(const struct proc *proc, pid_t pid)
{
	int flags = 0;

	for (size_t i = 0; i < NAMESPACES_COUNT; i++) {
		uint64_t own, theirs;

		if (proc_ns(proc, getpid(), namespaces[i].name, &own) == 0 &&
			proc_ns(proc, pid, namespaces[i].name, &theirs) == 0 && own != theirs)
			flags |= namespaces[i].flag;
	}
	return flags;
}

/* TERM reaches programs that look a file up by that name. */
static bool is_terminal_type(const char *text)
{
	size_t length =
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			     "+-._");

	return isalnum((unsigned char)*text) && text[length] == '\0' && length <= 64;
}

/* A login's, and nothing of the caller's: root's has tokens, sockets of agents, and what else. */
static void plan_environment(struct exec_plan *plan)
{
	const struct passwd *user = plan->user;
	const char *type = getenv("TERM");
	size_t n = 0;

	plan->environment = memory_check(calloc(7, sizeof(*plan->environment)));
	plan->environment[n++] = string_format("HOME=%s", user->pw_dir);
	plan->environment[n++] = string_format("USER=%s", user->pw_name);
	plan->environment[n++] = string_format("LOGNAME=%s", user->pw_name);
	plan->environment[n++] = string_format("SHELL=%s", plan->shell);
	plan->environment[n++] =
		string_format("PATH=%s", user->pw_uid == 0 ? PATH_ROOT : PATH_USER);
	if (type && is_terminal_type(type) && (isatty(0) || isatty(1) || isatty(2)))
		plan->environment[n++] = string_format("TERM=%s", type);
}

static int plan_user(struct exec_plan *plan, const char *name)
{
	const char *shell = getenv("SHELL");

	plan->shell = shell && *shell ? shell : "/bin/sh";
	if (!name)
		return 0;
	plan->user = getpwnam(name);
	if (!plan->user) {
		text_error("no user %s", name);
		return -ENOENT;
	}
	plan->shell = *plan->user->pw_shell ? plan->user->pw_shell : "/bin/sh";
	plan->n_groups = GROUPS_MAX;
	plan->groups = memory_check(calloc(GROUPS_MAX, sizeof(*plan->groups)));
	if (getgrouplist(name, plan->user->pw_gid, plan->groups, &plan->n_groups) == -1) {
		text_error("cannot look up the groups of %s", name);
		return -EINVAL;
	}
	plan_environment(plan);
	return 0;
}

/*
 * The process whose control groups the command enters: with them it is limited and ended as the
 * login is. Not PID 1 if logins share it, which may be in systemd's own (pam_unshare/share.c); 0 if
 * none of them is there any more.
 */
static pid_t find_login(const struct session *session)
{
	if (session->n_logins > 0)
		return session->logins[0].pid;
	return session->scope && strcmp(session->scope, "session") == 0 ? session->init : 0;
}

static int plan_session(
	struct exec_plan *plan, const struct sessions *sessions, const struct session *session)
{
	const struct process *init = processes_find(&sessions->processes, session->init);
	const char *failed = NULL;
	struct cgroups cgroups = {0};
	pid_t login = find_login(session);

	plan->pidfd = init ? pidfd_open_process(sessions->proc, init) : -ESRCH;
	if (plan->pidfd < 0) {
		text_error("the session ended");
		return plan->pidfd;
	}
	plan->flags = differing_namespaces(sessions->proc, session->init);
	if (!(plan->flags & CLONE_NEWPID)) {
		text_error("this shell is in that session already");
		return -EINVAL;
	}
	if (login > 0)
		cgroups_read(sessions->proc, login, &cgroups);
	plan->n_cgroups = cgroups_open(sessions->proc, &cgroups, &plan->cgroups, &failed);
	if (failed)
		text_error("note: cannot enter the cgroup %s", failed);
	cgroups_free(&cgroups);
	return 0;
}

/* Those of the login: what pam_limits(8) gave it, and not root's. */
static void plan_limits(
	struct exec_plan *plan, struct sessions *sessions, const struct session *session)
{
	const struct process *process = sessions_oldest(sessions, session);
	_cleanup_close_ int fd = process ? pidfd_open_process(sessions->proc, process) : -1;

	/* And then it is still the same process. */
	plan->has_limits = fd >= 0 &&
			   proc_limits(sessions->proc, process->pid, plan->limits) == 0 &&
			   pidfd_signal(fd, 0) == 0;
}

static void plan_directory(struct exec_plan *plan)
{
	plan->directory = getcwd(NULL, 0);
	if (!plan->directory || stat(".", &plan->directory_is) == -1) {
		free(plan->directory);
		plan->directory = string_copy("/");
	}
}

int exec_plan_make(struct exec_plan *plan, struct sessions *sessions, const struct session *session,
	const char *user, char **argv)
{
	int r;

	*plan = (struct exec_plan){.argv = argv, .pidfd = -1};
	r = plan_user(plan, user);
	if (r == 0)
		r = plan_session(plan, sessions, session);
	if (r < 0)
		return r;
	plan_limits(plan, sessions, session);
	plan_directory(plan);
	return 0;
}

void exec_plan_free(struct exec_plan *plan)
{
	for (size_t i = 0; i < plan->n_cgroups; i++)
		close(plan->cgroups[i]);
	free(plan->cgroups);
	for (char **variable = plan->environment; variable && *variable; variable++)
		free(*variable);
	free(plan->environment);
	free(plan->groups);
	free(plan->directory);
	cleanup_close(&plan->pidfd);
}
