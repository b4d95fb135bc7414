/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel.h"
#include "common/clock.h"
#include "common/descriptors.h"
#include "common/limits.h"
#include "common/mountinfo.h"
#include "common/protocol.h"
#include "common/selinux.h"
#include "common/syscalls.h"
#include "context.h"
#include "environment.h"
#include "host.h"
#include "launch.h"
#include "procfs/plan.h"
#include "rlimits.h"
#include "share.h"

/*
 * It lies in pages of its own that the kernel empties in every forked copy of the application
 * (MADV_WIPEONFORK): a child that calls pam_end finds no session there, however its PID looks in
 * its own namespace.
 */
struct session {
	bool open;
	enum way way;
	struct error why;     /* of WAY_OWN_INSTEAD */
	struct share_key key; /* as requested; of kind 0 if it is not to be shared */
	unsigned int grace_ms;
	bool alone;      /* nobody else has it open, and it does not linger */
	bool leaves_cwd; /* the working directory leads to the host's processes */
	struct session_init init;
	ino_t namespace; /* inode number of its PID namespace */
	struct host host;
};

bool session_is_open(const struct session *session)
{
	return session->open;
}

enum way session_way(const struct session *session)
{
	return session->way;
}

const struct error *session_why(const struct session *session)
{
	return &session->why;
}

pid_t session_init_pid(const struct session *session)
{
	return session->init.pid;
}

ino_t session_namespace(const struct session *session)
{
	return session->namespace;
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
	session->init.pidfd = session->init.channel = -1;
	host_init(&session->host);
	return session;
}

void session_free(struct session *session)
{
	munmap(session, sizeof(*session));
}

static void close_descriptors(struct session *session)
{
	descriptor_close(&session->init.pidfd);
	descriptor_close(&session->init.channel);
	host_forget(&session->host);
}

/* A new network namespace has its loopback interface down. */
static int bring_loopback_up(struct error *error)
{
	struct ifreq interface = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result = 0;

	if (fd == -1)
		return error_set(error, errno, "create a socket in the network namespace", NULL);
	if (ioctl(fd, SIOCSIFFLAGS, &interface) == -1)
		result = error_set(error, errno, "bring up the loopback interface", NULL);
	close(fd);
	return result;
}

/*
 * unshare(2) leaves the application where it was and sends its children to the new time namespace.
 * Before Linux 6.2 nothing can then be cloned that shares memory, and so no starter of PID 1
 * (kernel/fork.c, copy_process). Its clocks stay what they are.
 */
static int enter_time(struct error *error)
{
	int fd = open(HOST_PROC("ns/time_for_children"), O_RDONLY | O_CLOEXEC);
	int result = 0;

	if (fd == -1 || setns(fd, CLONE_NEWTIME) == -1)
		result = error_set(error, errno, "enter the time namespace", NULL);
	descriptor_close(&fd);
	return result;
}

/* What the new namespaces need before anything starts in them. */
static int set_up_namespaces(int flags, struct error *error)
{
	int result = flags & CLONE_NEWNET ? bring_loopback_up(error) : 0;

	if (result == 0 && flags & CLONE_NEWTIME)
		result = enter_time(error);
	return result;
}

/* Read which mounts there are, and see where among them the working directory is. */
static int read_mounts(
	struct session *session, int mountinfo, struct mountinfo *info, struct error *error)
{
	struct host_directory cwd;
	int result = mountinfo_read(mountinfo, info);

	if (result == -EBADMSG)
		return mountinfo_refuse(info->wrong, error);
	if (result < 0)
		return error_set(error, -result, "read", HOST_PROC("mountinfo"));
	if (host_look(AT_FDCWD, "", &cwd) == -1)
		return error_set(error, errno, "look at the working directory", NULL);
	session->leaves_cwd = procfs_leads_to_host(info, (int)cwd.mount);
	return 0;
}

/* Plan what PID 1 does with the mounts of the application's new mount namespace. */
static int plan_mounts(struct session *session, const struct session_request *request,
	int mountinfo, struct procfs_plan *plan, struct error *error)
{
	struct mountinfo info;
	int result = read_mounts(session, mountinfo, &info, error);

	if (result < 0) {
		mountinfo_free(&info);
		return result;
	}
	return procfs_plan_make(&info, mountinfo, request->proc ? request->proc : "", plan, error);
}

/*
 * Start PID 1 with its facts; it sets up the mount namespace as planned. PID 1 of a session that
 * others are to join gets the listener.
 */
static int start_init(struct session *session, const struct session_request *request,
	const struct share *share, struct procfs_plan *plan, struct error *error)
{
	struct launch launch = {
		.path = request->init,
		.selinux = selinux_is_enabled(),
		.private = request->private,
		.application = session->host.application,
		.listener = share ? share->listener : -1,
		.directory = share ? share->directory : -1,
		.cgroup = share ? share->cgroup : -1,
		.plan = plan,
		.timed = request->report != NULL,
	};
	struct environment environment;
	int channel[2];
	int result = environment_make(
		request, share ? share->name : NULL, share ? share->inode : 0, &environment, error);

	if (result < 0)
		goto out;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) == -1) {
		result = error_set(error, errno, "create a socket to PID 1", NULL);
		goto out;
	}
	session->init.channel = descriptor_keep(channel[0]);
	launch.channel = channel[1];
	launch.argv = (char *const[]){environment.title, NULL};
	launch.environment = environment.facts;
	if (session->init.channel == -1)
		result = error_set(error, errno, "keep a socket to PID 1", NULL);
	else
		result = launch_init(&launch, &session->init.pid, &session->init.pidfd, error);
	close(channel[1]);
	report_step(request->report, "starting PID 1");
	if (result == 0 && request->report) {
		report_add(request->report, "of that, replacing /proc took %lld us",
			(long long)launch.procfs_us);
		procfs_plan_report(plan, request->report);
	}
	if (result == 0 && descriptor_move(&session->init.pidfd) == -1)
		result = error_set(error, errno, "keep a pidfd of PID 1", NULL);
out:
	environment_free(&environment);
	return result;
}

/* Plan and start PID 1, in the mount namespace that the application has just unshared. */
static int plan_and_start(struct session *session, const struct session_request *request,
	const struct share *share, struct error *error)
{
	struct procfs_plan plan = {0};
	int mountinfo = open(HOST_PROC("mountinfo"), O_RDONLY | O_CLOEXEC);
	int result;

	if (mountinfo == -1)
		return error_set(error, errno, "read", HOST_PROC("mountinfo"));
	result = plan_mounts(session, request, mountinfo, &plan, error);
	if (result == 0) {
		report_step(request->report, "planning the private /proc");
		result = start_init(session, request, share, &plan, error);
	}
	procfs_plan_free(&plan);
	close(mountinfo);
	return result;
}

/* See for oneself: /proc is there, and it is the procfs of another PID namespace. */
static int verify(struct session *session, struct error *error)
{
	struct stat ns;

	if (stat("/proc/1/ns/pid", &ns) == -1)
		return error_set(error, errno, "find PID 1 in the private /proc", NULL);
	if (ns.st_ino == session->host.pid_namespace)
		return error_explain(error, 0, "open a session", NULL,
			"the private /proc shows the host's processes", NULL);
	session->namespace = ns.st_ino;
	return 0;
}

/* If it is gone already, it was no session-init, or none that runs here. */
static int refuse_init(struct error *error, int code)
{
	if (code == ESRCH)
		return error_explain(error, code, "send children to the PID namespace", NULL,
			"its PID 1 has ended", "reinstall pam_unshare with its session-init");
	return error_set(error, code, "send children to the PID namespace", NULL);
}

static int enter_new(struct session *session, struct error *error)
{
	int result;

	if (setns(session->init.pidfd, CLONE_NEWPID) == -1)
		return refuse_init(error, errno);
	result = verify(session, error);
	if (result == 0 && session->leaves_cwd)
		result = host_enter_again(&session->host, error);
	return result;
}

/*
 * Make the namespaces, start PID 1 in them, and send the application's children there. Undone if
 * one of its steps fails. SHARE is NULL if nobody may join.
 */
static int isolate(struct session *session, const struct session_request *request,
	const struct share *share, struct error *error)
{
	int result = host_settle(&session->host, false, error);

	if (result == 0) {
		report_step(request->report, "rehearsing the way back");
		/* Nothing has changed yet: the way back would only be another risk. */
		if (unshare(CLONE_NEWNS | request->namespaces) == -1)
			return error_set(error, errno, "create the namespaces", NULL);
		result = set_up_namespaces(request->namespaces, error);
	}
	if (result == 0) {
		report_step(request->report, "creating the namespaces");
		result = plan_and_start(session, request, share, error);
	}
	if (result == 0)
		result = enter_new(session, error);
	if (result == 0)
		report_step(request->report, "entering the session");
	if (result < 0) {
		struct error ignored; /* the first failure is the one to report */

		if (session->init.pidfd != -1)
			sys_pidfd_send_signal(session->init.pidfd, SIGKILL);
		host_return(&session->host, &ignored);
	}
	return result;
}

/* Joining leads to the "/" of the session's mount namespace: a chroot must not be left by it. */
static int verify_root(const struct session *session, struct error *error)
{
	struct host_directory now;

	if (host_look(AT_FDCWD, "/", &now) == -1)
		return error_set(error, errno, "look at the session's root directory", NULL);
	if (!host_is_root(&session->host, &now))
		return error_explain(error, EXDEV, "join the session", NULL,
			"it has another root directory", NULL);
	return 0;
}

/*
 * Enter the session that PID 1 has taken this application into. Undone if one of its steps fails.
 * The working directory is entered again by its path: a descriptor of the old one would lead up to
 * the host's /proc.
 */
static int enter_joined(
	struct session *session, const struct session_request *request, struct error *error)
{
	int result = host_settle(&session->host, true, error);

	/* setns(2) refuses a process that shares its working directory with another thread. */
	if (result == 0 && unshare(CLONE_FS) == -1)
		result = error_set(error, errno, "have a working directory of its own", NULL);
	if (result == 0 &&
		setns(session->init.pidfd, CLONE_NEWPID | CLONE_NEWNS | request->namespaces) == -1)
		result = error_set(error, errno, "join the session", NULL);
	if (result == 0)
		result = verify_root(session, error);
	if (result == 0)
		result = verify(session, error);
	if (result == 0)
		result = host_enter_again(&session->host, error);
	if (result == 0)
		report_step(request->report, "joining the session");
	if (result < 0) {
		struct error ignored;

		host_return(&session->host, &ignored);
	}
	return result;
}

/* The shared session cannot be had after all, for the reason in why: begin again without it. */
static int begin_own(
	struct session *session, const struct session_request *request, struct error *error)
{
	session->way = WAY_OWN_INSTEAD;
	close_descriptors(session); /* the attempt has used up the way back */
	return host_keep(&session->host, request->namespaces, error);
}

/*
 * Go the way that the login has been given. A shared session that cannot be had is no reason to
 * refuse the login: it gets one of its own, isolated all the same.
 */
static int go(struct session *session, const struct session_request *request, struct share *share,
	struct error *error)
{
	const struct share *others = share->listener == -1 ? NULL : share;
	int result = 0;

	if (session->way == WAY_WITHIN)
		return 0;
	if (session->way == WAY_JOINED) {
		if (enter_joined(session, request, &session->why) == 0)
			return 0;
		channel_close(session->init.channel); /* or it would count as one of them */
		result = begin_own(session, request, error);
	}
	if (result == 0)
		result = isolate(session, request, others, error);
	if (result < 0 && others)
		share_withdraw(share);
	/*
	 * Only the attempt tells whether a PID 1 may have the system's limits: the capabilities of
	 * a user namespace do not count (setpriority(2), setrlimit(2)), and a security module may
	 * refuse, too.
	 */
	if (result == -LAUNCH_KEEPS_LIMITS) {
		session->why = *error;
		result = begin_own(session, request, error);
		if (result == 0)
			result = isolate(session, request, NULL, error);
	}
	return result;
}

/* Decide how the login comes to its session, and go that way. */
static int decide_and_go(
	struct session *session, const struct session_request *request, struct error *error)
{
	struct share share = SHARE_NONE;
	int result;

	session->way = WAY_OWN;
	if (request->share)
		session->way = share_meet(&share, &session->key, session->host.mount_namespace,
			session->host.application, &session->init, request->report, &session->why);
	report_step(request->report, "deciding on the session");
	result = go(session, request, &share, error);
	share_end(&share);
	return result;
}

/*
 * With all signals blocked: of this thread, as by pthread_sigmask, which is not in the C library
 * before glibc 2.32.
 */
static int open_undisturbed(
	struct session *session, const struct session_request *request, struct error *error)
{
	sigset_t all, before;
	int result;

	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &before) == -1)
		return error_set(error, errno, "block signals", NULL);
	result = decide_and_go(session, request, error);
	host_let_go(&session->host);
	session->open = result == 0 && session->way != WAY_WITHIN;
	if (sigprocmask(SIG_SETMASK, &before, NULL) == -1) {
		struct error ignored;

		if (result == 0) {
			result = error_set(error, errno, "unblock signals", NULL);
			session_close(session, &ignored);
		}
		/* sshd of OpenSSH 8.4 would never hear that its child has ended. */
		sigprocmask(SIG_SETMASK, &before, NULL);
	}
	return result;
}

/* One try. Returns 0 or a negative errno; the application is then as it was. */
static int try_to_open(
	struct session *session, const struct session_request *request, struct error *error)
{
	int result = host_keep(&session->host, request->namespaces, error);

	report_step(request->report, "keeping the way back");
	session->key.pid_namespace = session->host.pid_namespace;
	if (result == 0)
		result = open_undisturbed(session, request, error);
	if (result < 0)
		close_descriptors(session);
	return result;
}

/* As session_open says, but for the limits. */
static int open_unlimited(
	const struct session_request *request, struct session **out, struct error *error)
{
	struct session *session = new_session();
	const int64_t start = clock_now_ms();
	int result;

	*out = NULL;
	if (!session)
		return error_set(error, errno, "allocate a session", NULL);
	session->key.kind = request->share;
	session->key.id = request->share_id;
	session->key.namespaces = request->namespaces;
	session->grace_ms = request->grace_ms;
	session->alone = !request->share && !request->linger;

	/* What is mounted may change between the plan and its end. */
	for (int tries = 1;; tries++) {
		result = try_to_open(session, request, error);
		if (result != -ESTALE ||
			(tries >= OPEN_TRIES && clock_now_ms() - start >= OPEN_LIMIT_MS))
			break;
		report_add(request->report, "what is mounted has changed: it begins anew");
	}
	if (result < 0 || session->way == WAY_WITHIN) {
		close_descriptors(session);
		session_free(session);
		return result;
	}
	*out = session;
	return 0;
}

int session_open(const struct session_request *request, struct session **out, struct error *error)
{
	struct rlimits limits;
	struct error ignored;
	int result;

	context_keep();
	rlimits_lift(&limits);
	result = open_unlimited(request, out, error);
	if (result < 0)
		rlimits_explain(error);
	if (rlimits_restore(&limits) == 0 || result < 0)
		return result;
	result = error_set(error, errno, "put back the application's limits", NULL);
	if (*out) {
		session_close(*out, &ignored);
		session_free(*out);
		*out = NULL;
	}
	return result;
}

/*
 * Wait for PID 1's answer; not for its end: it cannot end before the application has reaped its
 * own children, which may be what it does next (pid_namespaces(7), zap_pid_ns_processes).
 *
 * The user who opened a shared session may have it frozen, with PID 1 (the cgroup that both are
 * in): the others are not to wait for the grace time, which may be an hour, before that is known.
 */
static int wait_for_done(const struct session *session, struct error *error)
{
	const long end = (long)session->grace_ms + ANSWER_LIMIT_MS;
	const int channel = session->init.channel;
	int message = channel_hear(channel, session->key.kind ? ANSWER_LIMIT_MS : end);

	if (message == MESSAGE_ENDING)
		message = channel_hear(channel, end);
	if (message == -1) {
		error_explain(error, errno, "see the last process of the session end", NULL,
			errno == ETIMEDOUT ? "PID 1 does not say so in time" : NULL,
			"a process hangs in the kernel (a disk or file server that does not "
			"answer), or PID 1 is stopped");
		/* It is never so late, unless it is stopped: root in the session can trace it. */
		if (session->alone)
			sys_pidfd_send_signal(session->init.pidfd, SIGKILL);
		return -error->code;
	}
	/* A PID 1 that was killed has not removed the name under which other logins found it. */
	if (message == 0 && session->key.kind)
		share_clean(&session->key);
	return 0;
}

int session_close(struct session *session, struct error *error)
{
	struct error later;
	int result = 0, next;

	if (!session->open)
		return 0;
	session->open = false;

	if (channel_close(session->init.channel) == -1)
		result = error_set(error, errno, "tell PID 1 to end the session", NULL);
	next = host_return(&session->host, result ? &later : error);
	result = result ? result : next;
	next = wait_for_done(session, result ? &later : error);
	result = result ? result : next;

	close_descriptors(session);
	return result;
}
