/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "environment.h"
#include "host.h"
#include "launch.h"
#include "common/limits.h"
#include "common/mountinfo.h"
#include "procfs/plan.h"
#include "common/protocol.h"
#include "share.h"
#include "common/syscalls.h"

/*
 * It lies in pages of its own that the kernel empties in every forked copy of the application
 * (MADV_WIPEONFORK): a child that calls pam_end finds no session there, however its PID looks in
 * its own namespace.
 */
struct session {
	bool open;
	bool joined;
	bool keeps_limits; /* as of struct launch: others were to join, and must not */
	bool not_shared;   /* although it was to be, for this reason: */
	struct error why_not_shared;
	struct share_key key; /* as requested; of kind 0 if it is not to be shared */
	unsigned int grace_ms;
	bool leaves_cwd; /* the working directory leads to the host's processes */
	bool alone;      /* nobody else has it open, and it does not linger */
	int init;        /* pidfd of PID 1 */
	int channel;     /* socket to PID 1 (protocol.h) */
	pid_t init_pid;
	ino_t namespace; /* inode number of its PID namespace */
	struct host host;
};

bool session_is_open(const struct session *session)
{
	return session->open;
}

bool session_is_joined(const struct session *session)
{
	return session->joined;
}

const struct error *session_not_shared(const struct session *session)
{
	return session->not_shared && !session->joined ? &session->why_not_shared : NULL;
}

pid_t session_init_pid(const struct session *session)
{
	return session->init_pid;
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
	session->init = session->channel = -1;
	host_init(&session->host);
	return session;
}

void session_free(struct session *session)
{
	munmap(session, sizeof(*session));
}

static void close_descriptor(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

static void close_descriptors(struct session *session)
{
	close_descriptor(&session->init);
	close_descriptor(&session->channel);
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
 * Whether a directory on this mount leads to the host's processes. One that is not listed is of
 * another mount namespace, outside of the root directory, or detached: "the parent directory" leads
 * up to what is mounted there. One on a procfs, or on a mount on a procfs, goes with that.
 */
static bool leads_to_host(const struct mountinfo *info, int id)
{
	const struct mount *mount = mountinfo_find(info, id);

	if (!mount)
		return true;
	for (size_t depth = 0; mount && depth < info->count; depth++) {
		if (strcmp(mount->type, "proc") == 0)
			return true;
		mount = mountinfo_find(info, mount->parent);
	}
	return false;
}

/* Read which mounts there are, and see where among them the working directory is. */
static int read_mounts(
	struct session *session, int mountinfo, struct mountinfo *info, struct error *error)
{
	struct host_directory cwd;
	int result = mountinfo_read(mountinfo, info);

	if (result == -EBADMSG) {
		error_set(error, EBADMSG, "understand this line of mountinfo:", info->wrong);
		error->remedy =
			"it could be about a procfs: unmount what it is about, and tell the "
			"authors of pam_unshare";
		return result;
	}
	if (result < 0)
		return error_set(error, -result, "read", HOST_PROC("mountinfo"));
	if (host_look(AT_FDCWD, "", &cwd) == -1)
		return error_set(error, errno, "look at the working directory", NULL);
	session->leaves_cwd = leads_to_host(info, (int)cwd.mount);
	return 0;
}

/* Start PID 1, which sets up the mount namespace that the application has just unshared. */
static int start_init(struct session *session, const struct session_request *request,
	const struct share *share, struct error *error)
{
	struct launch launch = {
		.path = request->init,
		.private = request->private,
		.application = session->host.application,
		.listener = share ? share->listener : -1,
		.directory = share ? share->directory : -1,
	};
	struct environment environment = {0};
	struct procfs_plan plan = {0};
	int channel[2];
	struct mountinfo info;
	int result;
	int mountinfo = open(HOST_PROC("mountinfo"), O_RDONLY | O_CLOEXEC);

	if (mountinfo == -1)
		return error_set(error, errno, "read", HOST_PROC("mountinfo"));
	result = read_mounts(session, mountinfo, &info, error);
	if (result < 0) {
		mountinfo_free(&info);
		goto out;
	}
	result = procfs_plan_make(
		&info, mountinfo, request->proc ? request->proc : "", &plan, error);
	if (result < 0)
		goto out;
	result = environment_make(
		request, share ? share->name : NULL, share ? share->inode : 0, &environment, error);
	if (result < 0)
		goto out;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) == -1) {
		result = error_set(error, errno, "create a socket to PID 1", NULL);
		goto out;
	}
	session->channel = host_keep_descriptor(channel[0]);
	launch.channel = channel[1];
	launch.argv = (char *const[]){environment.title, NULL};
	launch.environment = environment.facts;
	launch.plan = &plan;
	if (session->channel == -1)
		result = error_set(error, errno, "keep a socket to PID 1", NULL);
	else
		result = launch_init(&launch, &session->init_pid, &session->init, error);
	session->keeps_limits = launch.keeps_limits;
	close(channel[1]);
	if (result == 0 && host_move_descriptor(&session->init) == -1)
		result = error_set(error, errno, "keep a pidfd of PID 1", NULL);
out:
	environment_free(&environment);
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
		return error_set(error, 0, "find another PID namespace in the private /proc", NULL);
	session->namespace = ns.st_ino;
	return 0;
}

/* Where it is gone already, it was no session-init, or none that runs here. */
static int refuse_init(struct error *error, int code)
{
	error_set(error, code, "send children to the PID namespace", NULL);
	if (code == ESRCH)
		error->remedy = "its PID 1 has ended: reinstall pam_unshare with its session-init";
	return -code;
}

static int enter_new(struct session *session, struct error *error)
{
	int result;

	if (setns(session->init, CLONE_NEWPID) == -1)
		return refuse_init(error, errno);
	result = verify(session, error);
	if (result == 0 && session->leaves_cwd)
		result = host_enter_again(&session->host, error);
	return result;
}

/*
 * Open a new session, which others may join where SHARE is not NULL. Undone when one of its steps
 * fails.
 */
static int isolate(struct session *session, const struct session_request *request,
	struct share *share, struct error *error)
{
	int result = host_settle(&session->host, false, error);

	session->keeps_limits = false;
	if (result == 0 && unshare(CLONE_NEWNS | request->namespaces) == -1) {
		result = error_set(error, errno, "create the namespaces", NULL);
		if (share)
			share_withdraw(share);
		return result;
	}
	if (result == 0 && request->namespaces & CLONE_NEWNET)
		result = bring_loopback_up(error);
	if (result == 0)
		result = start_init(session, request, share, error);
	if (result == 0)
		result = enter_new(session, error);
	if (result < 0) {
		struct error ignored; /* the first failure is the one to report */

		if (session->init != -1)
			sys_pidfd_send_signal(session->init, SIGKILL);
		if (share)
			share_withdraw(share);
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
		return error_set(error, EXDEV, "join a session with another root directory", NULL);
	return 0;
}

/*
 * Enter the session that PID 1 has taken this application into. Undone when one of its steps fails.
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
		setns(session->init, CLONE_NEWPID | CLONE_NEWNS | request->namespaces) == -1)
		result = error_set(error, errno, "join the session", NULL);
	if (result == 0)
		result = verify_root(session, error);
	if (result == 0)
		result = verify(session, error);
	if (result == 0)
		result = host_enter_again(&session->host, error);
	if (result < 0) {
		struct error ignored;

		host_return(&session->host, &ignored);
	}
	return result;
}

/* Join the session that others have open. Returns 1 when joined, 0 or a negative errno when not. */
static int join(struct session *session, const struct session_request *request, struct share *share,
	struct error *error)
{
	struct host *host = &session->host;
	int result = share_join(share, host->application, &session->channel, &session->init,
		&session->init_pid, error);

	if (result != 1)
		return result;
	if (host_move_descriptor(&session->channel) == -1 ||
		host_move_descriptor(&session->init) == -1)
		result = error_set(error, errno, "keep what leads to PID 1", NULL);
	else
		result = enter_joined(session, request, error);
	if (result < 0) {
		close_descriptor(&session->channel);
		close_descriptor(&session->init);
		return result;
	}
	session->joined = true;
	return 1;
}

/*
 * Open a session that others may join; or one that they may not, where its PID 1 cannot have the
 * system's limits. Only the attempt tells: the capabilities of a user namespace do not count
 * (setpriority(2), setrlimit(2)), and a security module may refuse too.
 */
static int isolate_for_all(struct session *session, const struct session_request *request,
	struct share *share, struct error *error)
{
	int result = isolate(session, request, share, error);

	if (!session->keeps_limits)
		return result;
	session->not_shared = true;
	session->why_not_shared = *error;
	close_descriptors(session); /* the attempt has used up the way back */
	result = host_keep(&session->host, request->namespaces, error);
	return result < 0 ? result : isolate(session, request, NULL, error);
}

/*
 * Join the session that this login shares, or open it for others to join. Where it cannot be
 * shared, the login gets a session of its own: isolated all the same.
 */
static int open_shared(struct session *session, const struct session_request *request, bool *there,
	struct error *error)
{
	struct error *why = &session->why_not_shared;
	struct share share = {.directory = -1, .lock = -1, .listener = -1};
	enum share_place place = share_place(&session->key);
	int result;

	*there = place == SHARE_THERE;
	if (*there)
		return 0;
	session->not_shared = place == SHARE_INSIDE;
	if (session->not_shared) {
		error_set(why, 0, "join sessions outside of the one that the login is from", NULL);
		why = error;
	}
	result = share_find_mounts(&session->key, session->host.mount_namespace, why);
	if (result == 0)
		result = share_begin(&share, &session->key, why);
	if (result == 0)
		result = join(session, request, &share, why);
	if (result < 0)
		session->not_shared = true;
	if (result == 1)
		result = 0;
	else if (!host_is_kept(&session->host)) /* the attempt has used up the way back */
		result = host_keep(&session->host, request->namespaces, error);
	else
		result = 0;
	if (result == 0 && !session->joined)
		result = share.listener == -1 ? isolate(session, request, NULL, error)
					      : isolate_for_all(session, request, &share, error);
	share_end(&share);
	return result;
}

/*
 * Open or join with all signals blocked: of this thread, as by pthread_sigmask, which is not in the
 * C library before glibc 2.32.
 */
static int open_undisturbed(struct session *session, const struct session_request *request,
	bool *there, struct error *error)
{
	sigset_t all, before;
	int result;

	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &before) == -1)
		return error_set(error, errno, "block signals", NULL);
	if (request->share)
		result = open_shared(session, request, there, error);
	else
		result = isolate(session, request, NULL, error);
	host_let_go(&session->host);
	session->open = result == 0 && !*there;
	if (sigprocmask(SIG_SETMASK, &before, NULL) == -1 && result == 0) {
		struct error ignored;

		result = error_set(error, errno, "unblock signals", NULL);
		session_close(session, &ignored);
	}
	return result;
}

static long milliseconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

/* One try. Returns 0 or a negative errno; the application is then as it was. */
static int try_to_open(struct session *session, const struct session_request *request, bool *there,
	struct error *error)
{
	int result = host_keep(&session->host, request->namespaces, error);

	session->key.pid_namespace = session->host.pid_namespace;
	if (result == 0)
		result = open_undisturbed(session, request, there, error);
	if (result < 0)
		close_descriptors(session);
	return result;
}

int session_open(const struct session_request *request, struct session **out, struct error *error)
{
	struct session *session = new_session();
	bool there = false; /* the application is in the session that the login shares */
	struct timespec start;
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
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (int tries = 1;; tries++) {
		result = try_to_open(session, request, &there, error);
		if (result != -ESTALE ||
			(tries >= OPEN_TRIES && milliseconds_since(&start) >= OPEN_LIMIT_MS))
			break;
	}
	if (result < 0 || there) {
		close_descriptors(session);
		session_free(session);
		return result;
	}
	*out = session;
	return 0;
}

/*
 * Wait for PID 1 to say something, for at most so long. Returns what it says; 0 if it has died, and
 * the kernel ends the rest; or -1 and errno.
 */
static int hear_init(const struct session *session, long limit)
{
	struct pollfd p = {.fd = session->channel, .events = POLLIN};
	struct timespec start;
	long left = limit;
	char message;
	int ready;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		ready = poll(&p, 1, (int)left);
		left = limit - milliseconds_since(&start);
	} while (ready == -1 && errno == EINTR && left > 0);
	if (ready == 0)
		errno = ETIMEDOUT;
	if (ready != 1)
		return -1;
	return recv(session->channel, &message, 1, MSG_DONTWAIT) == 1 ? message : 0;
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
	int message = hear_init(session, session->key.kind ? ANSWER_LIMIT_MS : end);

	if (message == MESSAGE_ENDING)
		message = hear_init(session, end);
	if (message == -1) {
		error_set(error, errno, "see the last process of the session end", NULL);
		/* It never takes so long, unless it is stopped: root in the session can trace it.
		 */
		if (session->alone)
			sys_pidfd_send_signal(session->init, SIGKILL);
		return -error->code;
	}
	/* A PID 1 that was killed has not removed the name under which other logins found it. */
	if (message == 0 && session->key.kind)
		share_clean(&session->key);
	return 0;
}

int session_close(struct session *session, struct error *error)
{
	const char message = MESSAGE_CLOSE;
	struct error later;
	int result = 0, next;

	if (!session->open)
		return 0;
	session->open = false;

	if (send(session->channel, &message, 1, MSG_NOSIGNAL) == -1 && errno != EPIPE &&
		errno != ECONNRESET) /* PID 1 is dead, and the session with it */
		result = error_set(error, errno, "tell PID 1 to end the session", NULL);
	next = host_return(&session->host, result ? &later : error);
	result = result ? result : next;
	next = wait_for_done(session, result ? &later : error);
	result = result ? result : next;

	close_descriptors(session);
	return result;
}
