/* SPDX-License-Identifier: MIT */
#include "share.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "channel.h"
#include "common/descriptors.h"
#include "common/limits.h"
#include "common/protocol.h"
#include "common/syscalls.h"
#include "place.h"

/* The unique number of a mount namespace: Linux 6.11, linux/nsfs.h. */
#ifndef NS_GET_MNTNS_ID
#define NS_GET_MNTNS_ID _IOR(0xb7, 0x5, uint64_t)
#endif

static int open_directory(struct share *share, struct error *error)
{
	struct stat status;

	if (mkdir(RUN_DIRECTORY, 0700) == -1 && errno != EEXIST)
		return error_set(error, errno, "create the directory", RUN_DIRECTORY);
	share->directory = open(RUN_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (share->directory == -1 || fstat(share->directory, &status) == -1)
		return error_set(error, errno, "open the directory", RUN_DIRECTORY);
	if (status.st_uid != 0 || (status.st_mode & 077) != 0)
		return error_explain(error, EPERM, "trust the directory", RUN_DIRECTORY,
			"it has to be root's, with mode 0700", "remove it");
	return 0;
}

/* The mount namespace of a key, by a name that no later one gets. */
static int find_mounts(struct share_key *key, int mount_namespace, struct error *error)
{
	struct stat ours, first;

	if (ioctl(mount_namespace, NS_GET_MNTNS_ID, &key->mount_namespace) == 0)
		return 0;
	/* Before Linux 6.11. That of PID 1 is there for as long as the PID namespace. */
	key->mount_namespace = 0;
	if (fstat(mount_namespace, &ours) == 0 && stat("/proc/1/ns/mnt", &first) == 0 &&
		ours.st_dev == first.st_dev && ours.st_ino == first.st_ino)
		return 0;
	return error_explain(error, 0, "share a session from a mount namespace of the login's own",
		NULL, "before Linux 6.11 the kernel has no lasting name for one",
		"put pam_unshare.so before what makes it (pam_namespace.so), or leave out scope=");
}

/*
 * By the version of the protocol too: a PID 1 that was started before an upgrade is not asked what
 * it may not understand. What a session is for stands last (is_for).
 */
static int name_it(struct share *share, const struct share_key *key, struct error *error)
{
	int length =
		snprintf(share->name, sizeof(share->name), "%d-%lu-%llx-%c%lu-%x", PROTOCOL_VERSION,
			(unsigned long)key->pid_namespace, (unsigned long long)key->mount_namespace,
			key->kind, key->id, (unsigned int)key->namespaces);

	if (length < 0 || (size_t)length >= sizeof(share->name))
		return error_set(error, ENAMETOOLONG, "name the place to meet", NULL);
	return 0;
}

/* Prepare to meet others. It fails if there is no directory that only root can enter. */
static int begin(struct share *share, const struct share_key *key, struct error *error)
{
	int result;

	*share = (struct share){
		.directory = -1,
		.lock = -1,
		.listener = -1,
		.cgroup = -1,
		.byte = (off_t)key->id * 2 + (key->kind == 'g'),
	};
	result = name_it(share, key, error);
	if (result == 0)
		result = open_directory(share, error);
	if (result < 0)
		return result;
	share->lock =
		openat(share->directory, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (share->lock == -1)
		return error_set(error, errno, "open the lock in", RUN_DIRECTORY);
	return 0;
}

void share_end(struct share *share)
{
	descriptor_close(&share->cgroup);
	descriptor_close(&share->listener);
	descriptor_close(&share->lock);
	descriptor_close(&share->directory);
}

/* The inode of what the name leads to now; 0 if it leads to nothing. */
static ino_t look_at_name(const struct share *share)
{
	struct stat status;

	return fstatat(share->directory, share->name, &status, AT_SYMLINK_NOFOLLOW) == 0
		       ? status.st_ino
		       : 0;
}

void share_withdraw(struct share *share)
{
	if (share->listener != -1 && look_at_name(share) == share->inode)
		unlinkat(share->directory, share->name, 0);
}

/* Wait a turn, or until there is something to read from FD. Returns false if no turn is left. */
static bool take_turn(struct share *share, int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (share->turns <= 0 || share->patience <= 0)
		return false;
	share->turns--;
	share->patience--;
	poll(&p, 1, SHARE_TURN_MS); /* of -1 it waits for the time alone */
	return true;
}

/*
 * A lock of the open file, one byte for each uid or gid: it is gone with the process that holds
 * it, and leaves no file of its own (fcntl(2), F_OFD_SETLK). It keeps honest logins that come at
 * the same time from opening a session each. Not waited for with F_OFD_SETLKW, and done without
 * after a while: its holder may be stopped by its user.
 */
static bool try_lock(const struct share *share, short type)
{
	struct flock range = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = share->byte,
		.l_len = 1,
	};

	return fcntl(share->lock, F_OFD_SETLK, &range) == 0;
}

static void lock(struct share *share)
{
	share->patience = SHARE_LOCK_TURNS;
	while (!try_lock(share, F_WRLCK) && take_turn(share, -1))
		;
}

static void unlock(const struct share *share)
{
	try_lock(share, F_UNLCK);
}

static struct sockaddr_un address_of(const struct share *share)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", RUN_DIRECTORY, share->name);
	return address;
}

/*
 * A pidfd of PID 1, or -1. Not sent by it: the kernel keeps a process without capabilities from
 * that while root has many descriptors under way (unix(7), ETOOMANYREFS), and an open session may
 * have two (host.c). Its PID cannot have been reused: PID 1 alone holds the other end of the
 * channel, so it lived when the pidfd was opened if the channel is not hung up afterwards.
 */
static int open_init(int channel, pid_t pid)
{
	struct pollfd p = {.fd = channel};
	int pidfd = descriptor_keep(sys_pidfd_open(pid));

	if (pidfd != -1 && poll(&p, 1, 0) != 0)
		descriptor_close(&pidfd);
	return pidfd;
}

/*
 * Connect to who listens under the name. If more wait there than it takes (listen(2)), a turn
 * later.
 */
static bool connect_to(struct share *share, int channel)
{
	struct sockaddr_un address = address_of(share);

	while (connect(channel, (const struct sockaddr *)&address, sizeof(address)) == -1)
		if (errno != EAGAIN || !take_turn(share, -1))
			return false;
	return true;
}

static bool hear_welcome(struct share *share, int channel, pid_t *init_pid)
{
	int result;

	do
		result = channel_welcome(channel, init_pid);
	while (result == 0 && take_turn(share, channel));
	return result == 1;
}

enum answer {
	ANSWER_JOINED,
	ANSWER_NONE,  /* nobody listens, or not yet */
	ANSWER_WRONG, /* somebody does, and did not take us in */
};

/* Ask who listens under the name. */
static enum answer ask(struct share *share, int application, struct session_init *init)
{
	enum answer answer = ANSWER_NONE;
	const int on = 1;
	const int type = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC;

	init->channel = descriptor_keep(socket(AF_UNIX, type, 0));
	if (init->channel == -1)
		return answer;
	share->patience = SHARE_ANSWER_TURNS;
	if (setsockopt(init->channel, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0 &&
		connect_to(share, init->channel)) {
		answer = ANSWER_WRONG;
		if (channel_join(init->channel, application) &&
			hear_welcome(share, init->channel, &init->pid))
			init->pidfd = open_init(init->channel, init->pid);
		if (init->pidfd != -1)
			return ANSWER_JOINED;
		channel_withdraw(init->channel);
	}
	descriptor_close(&init->channel);
	return answer;
}

/*
 * Whether nobody listens under the name: connect(2) then fails so, and in no other case. ENOENT
 * if it is a symbolic link to nothing.
 */
static bool is_leftover(const struct share *share)
{
	struct sockaddr_un address = address_of(share);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool refused = fd != -1 &&
		       connect(fd, (const struct sockaddr *)&address, sizeof(address)) == -1 &&
		       (errno == ECONNREFUSED || errno == ENOENT);

	descriptor_close(&fd);
	return refused;
}

/*
 * Whether the name is there for the taking: it led to THERE when that one gave the answer, and
 * still does. Another login may have taken it meanwhile, or may have listened since.
 */
static bool is_free(const struct share *share, ino_t there, enum answer answer)
{
	if (look_at_name(share) != there)
		return false;
	return there == 0 || answer == ANSWER_WRONG || is_leftover(share);
}

/* Take the name for a new session. Returns 0 or a negative errno. */
static int listen_here(struct share *share, struct error *error)
{
	struct sockaddr_un address = address_of(share);

	if (unlinkat(share->directory, share->name, 0) == -1 && errno != ENOENT)
		return error_set(error, errno, "remove the leftover", address.sun_path);
	share->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (share->listener == -1 ||
		bind(share->listener, (const struct sockaddr *)&address, sizeof(address)) == -1 ||
		listen(share->listener, SOMAXCONN) == -1) {
		int result = error_set(error, errno, "listen on", address.sun_path);

		descriptor_close(&share->listener);
		return result;
	}
	share->inode = look_at_name(share);
	return 0;
}

/*
 * The control group of systemd itself, which nobody stops. PID 1 is born in that of the first
 * login, with which logind ends whatever is in it (logind.conf(5), KillUserProcesses=). It is
 * opened here because the kernel asks what may be reached from where it was opened (cgroups(7)):
 * with=cgroup would shut it out. Without systemd there is none, and none is needed.
 */
static int open_cgroup(struct report *report)
{
	static const char path[] = "/sys/fs/cgroup/init.scope/cgroup.procs";
	struct statfs where;
	int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd != -1 && fstatfs(fd, &where) == 0 && where.f_type == CGROUP2_SUPER_MAGIC)
		return fd;
	report_add(report, "PID 1 stays in the control group of this login: there is no %s", path);
	descriptor_close(&fd);
	return open("/dev/null", O_WRONLY | O_CLOEXEC); /* PID 1 writes to what it is given */
}

/* Join who listens under the name, or take it and listen. */
static enum way join_or_listen(struct share *share, int application, struct session_init *init,
	struct report *report, struct error *why)
{
	for (share->turns = SHARE_TURNS;; share->turns--) {
		ino_t there = look_at_name(share);
		enum answer answer = ANSWER_NONE;
		int result = -EADDRINUSE;
		bool last;

		/* Without the lock: as a rule the session is there and takes us in. */
		if (there != 0)
			answer = ask(share, application, init);
		if (answer == ANSWER_JOINED)
			return WAY_JOINED;
		if (answer == ANSWER_WRONG)
			report_add(report, "who listens on %s does not take the login in",
				share->name);
		lock(share);
		last = share->turns <= 0;
		if (last || is_free(share, there, answer))
			result = listen_here(share, why);
		unlock(share);
		/* In use: somebody was quicker. Without the lock, also in between. */
		if (last || result != -EADDRINUSE)
			return result == 0 ? WAY_FIRST : WAY_OWN_INSTEAD;
		report_add(report, "another login is about to listen on %s", share->name);
	}
}

void share_clean(const struct share_key *key)
{
	struct share share;
	struct error ignored;

	/* Who has the lock is about to replace the name. */
	if (begin(&share, key, &ignored) == 0 && try_lock(&share, F_WRLCK) && is_leftover(&share))
		unlinkat(share.directory, share.name, 0);
	share_end(&share);
}

/* Whether a name is that of a session for this kind of login, wherever it was opened (name_it). */
static bool is_for(const char *name, const struct share_key *key)
{
	char end[SHARE_NAME_SIZE];
	int length = snprintf(
		end, sizeof(end), "-%c%lu-%x", key->kind, key->id, (unsigned int)key->namespaces);
	size_t total = strlen(name);

	return length > 0 && total > (size_t)length &&
	       strcmp(name + total - (size_t)length, end) == 0;
}

static enum way meet(struct share *share, struct share_key *key, int mount_namespace,
	int application, struct session_init *init, struct report *report, struct error *why)
{
	enum way way;

	if (find_mounts(key, mount_namespace, why) < 0 || begin(share, key, why) < 0)
		return WAY_OWN_INSTEAD;
	way = join_or_listen(share, application, init, report, why);
	if (share->listener != -1)
		share->cgroup = open_cgroup(report);
	if (way == WAY_JOINED)
		report_add(report, "PID 1 that listens on %s takes the login in", share->name);
	else if (way == WAY_FIRST)
		report_add(report, "nobody listens on %s: this login does", share->name);
	return way;
}

enum way share_meet(struct share *share, struct share_key *key, int mount_namespace,
	int application, struct session_init *init, struct report *report, struct error *why)
{
	char session[2 * SHARE_NAME_SIZE]; /* another version's may be longer */
	enum place place = place_find(session, sizeof(session));
	enum way way;

	if (place == PLACE_SHARED && is_for(session, key))
		return WAY_WITHIN;
	way = meet(share, key, mount_namespace, application, init, report, why);
	if (place != PLACE_OUTSIDE && way != WAY_JOINED) {
		error_explain(why, 0, "join a session that is elsewhere", NULL,
			"the login comes from inside another session, and the kernel lets nobody "
			"join what lies outside of that",
			NULL);
		way = WAY_OWN_INSTEAD;
	}
	return way;
}
