/* SPDX-License-Identifier: MIT */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/magic.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/facts.h"
#include "common/protocol.h"
#include "common/syscalls.h"

struct kernel kernel;

int __real_sigprocmask(int how, const sigset_t *set, sigset_t *before);

#ifndef NS_GET_MNTNS_ID
#define NS_GET_MNTNS_ID _IOR(0xb7, 0x5, uint64_t)
#endif

#define PID_STARTER 4001
#define PID_INIT    4002

static const char plain_mounts[] =
	"1 0 0:1 / / rw,relatime shared:1 - ext4 /dev/sda rw\n"
	"2 1 0:2 / /proc rw,nosuid,nodev,noexec,relatime shared:2 - proc proc rw\n";

#define MOUNTS_MAX 1024
#define FIRST_OURS 9001 /* the ids of the new procfs */

struct mounted {
	int id, parent;
	unsigned int device; /* 0:DEVICE */
	char target[64], line[192];
	bool gone;
};

static struct mounted mounts[MOUNTS_MAX];
static size_t mount_count;
static int our_count;
static bool changed; /* since the mount namespace was made */

void kernel_boot(void)
{
	kernel = (struct kernel){
		.process = {.mount_namespace = "host", .children = "host"},
		.mountinfo = plain_mounts,
		.poll_result = 1,
		.clock_ms = 1000000,
		.comm = "systemd\n",
		.run_mode = S_IFDIR | 0700,
		.run_exists = true,
		.answer = MESSAGE_WELCOME,
	};
	mount_count = 0;
	strcpy(kernel.process.root, "the root");
	strcpy(kernel.process.cwd, "the cwd");
	for (int fd = 0; fd <= 2; fd++)
		kernel.process.fds[fd].what = "terminal";
}

size_t kernel_called(const char *text, size_t from)
{
	for (size_t i = from ? from - 1 : 0; i < kernel.count; i++)
		if (strncmp(kernel.calls[i], text, strlen(text)) == 0)
			return i + 1;
	return 0;
}

void kernel_print_calls(void)
{
	for (size_t i = 0; i < kernel.count; i++)
		fprintf(stderr, "%3zu %s%s\n", i + 1, kernel.calls[i],
			i + 1 == kernel.fail ? "   <- failed" : "");
}

static void violate(const char *rule)
{
	if (!kernel.violation)
		kernel.violation = rule;
}

/* Note a call. Returns whether it is one to fail, with errno set. */
__attribute__((format(printf, 1, 2))) static bool fails(const char *format, ...)
{
	bool failing;
	va_list arguments;

	if (kernel.count == KERNEL_CALLS) {
		violate("there are not that many calls");
		errno = EIO;
		return true;
	}
	va_start(arguments, format);
	vsnprintf(kernel.calls[kernel.count], KERNEL_CALL_SIZE, format, arguments);
	va_end(arguments);
	kernel.count++;
	failing = kernel.count == kernel.fail ||
		  (kernel.fail_all && strncmp(kernel.calls[kernel.count - 1], kernel.fail_all,
					      strlen(kernel.fail_all)) == 0);
	if (failing)
		errno = kernel.fail_errno;
	return failing;
}

/*
 * Mounts: those of kernel.mountinfo, and the private ones that are put among them.
 */

static struct mounted *find_mounted(int id)
{
	for (size_t i = 0; i < mount_count; i++)
		if (mounts[i].id == id)
			return &mounts[i];
	return NULL;
}

/* Once, when it is read for the first time. */
static void boot_mounts(void)
{
	const char *line = kernel.mountinfo;

	if (mount_count > 0)
		return;
	while (*line != '\0') {
		size_t length = strcspn(line, "\n");
		struct mounted m = {0};

		if (length < sizeof(m.line) && mount_count < MOUNTS_MAX - 16 &&
			sscanf(line, "%d %d 0:%u %*s %63s", &m.id, &m.parent, &m.device,
				m.target) == 4) {
			memcpy(m.line, line, length);
			mounts[mount_count++] = m;
		}
		line += length + (line[length] == '\n');
	}
}

static bool is_gone(int id)
{
	struct mounted *m = find_mounted(id);

	for (size_t depth = 0; m && depth < mount_count; depth++) {
		if (m->gone)
			return true;
		m = find_mounted(m->parent);
	}
	return false;
}

/* The mount on top of those at this very place; else the root. */
static int topmost(const char *path)
{
	int id = 1;

	for (size_t i = 0; i < mount_count; i++) /* who is put on top stands last */
		if (strcmp(mounts[i].target, path) == 0 && !is_gone(mounts[i].id))
			id = mounts[i].id;
	return id;
}

static const char *target_of(int id)
{
	const struct mounted *m = find_mounted(id);

	return m ? m->target : "?";
}

/* Put a mount in: beneath OTHER, or on it. */
static void attach(int id, int other, bool beneath)
{
	struct mounted *base = find_mounted(other);
	struct mounted *m = find_mounted(id);

	if (!base || (!m && mount_count == MOUNTS_MAX)) {
		violate("a mount is put nowhere");
		return;
	}
	if (!m) { /* one of the new ones */
		m = &mounts[mount_count++];
		*m = (struct mounted){.id = id, .device = (unsigned int)id};
		snprintf(m->line, sizeof(m->line), "%d %d 0:%d / %s rw - proc proc rw", id, other,
			id, base->target);
	}
	m->parent = beneath ? base->parent : other;
	strcpy(m->target, base->target);
	if (beneath)
		base->parent = id;
}

/* What mountinfo says now. A new name that the test has no room for is left out. */
static const char *mountinfo_now(void)
{
	static char text[16384];
	size_t at = 0;

	if (!changed)
		return kernel.mountinfo;
	for (size_t i = 0; i < mount_count; i++)
		if (!is_gone(mounts[i].id) && at < sizeof(text) - sizeof(mounts[i].line))
			at += (size_t)sprintf(text + at, "%s\n", mounts[i].line);
	if (kernel.late)
		strcpy(text + at, kernel.late);
	return text;
}

/*
 * Descriptors.
 */

static const char *what(int fd)
{
	if (fd < 0 || fd >= KERNEL_FDS || !kernel.process.fds[fd].what)
		return "closed";
	return kernel.process.fds[fd].what;
}

static bool is_open(int fd)
{
	return fd >= 0 && fd < KERNEL_FDS && kernel.process.fds[fd].what;
}

static int new_descriptor(const char *name, bool cloexec, int lowest)
{
	for (int fd = lowest; fd < KERNEL_FDS; fd++) {
		if (!kernel.process.fds[fd].what) {
			kernel.process.fds[fd] = (struct kernel_descriptor){name, cloexec, 0, 0};
			if (!cloexec)
				violate("a descriptor was born without O_CLOEXEC");
			return fd;
		}
	}
	errno = EMFILE;
	return -1;
}

/* On a path, by which it is called from now on. */
static int new_path(const char *path, int id, int flags)
{
	static char names[4 * KERNEL_FDS][64];
	static size_t next;
	char *name = names[next++ % (4 * KERNEL_FDS)];
	int fd;

	snprintf(name, sizeof(*names), "%s", path);
	fd = new_descriptor(name, flags & O_CLOEXEC, 0);
	if (fd != -1)
		kernel.process.fds[fd].mount = id;
	return fd;
}

/* The path of a name in a directory, into a buffer. */
static const char *join_path(int directory, const char *name, char path[128])
{
	const char *base = what(directory);

	snprintf(path, 128, "%s/%s", strcmp(base, "root directory") == 0 ? "" : base, name);
	return path;
}

static long open_path(int directory, const char *name, const struct sys_open_how *how)
{
	char path[128];

	join_path(directory, name, path);
	if (!(how->flags & O_PATH) || !(how->resolve & RESOLVE_NO_SYMLINKS) ||
		!(how->resolve & RESOLVE_NO_MAGICLINKS))
		violate("a path is walked that a user could have changed");
	if (fails("openat2 %s", path))
		return -1;
	errno = ENOENT;
	return kernel.no_path && strcmp(path, kernel.no_path) == 0
		       ? -1
		       : new_path(path, topmost(path), (int)how->flags);
}

/* The directory that the mount point is in; a mount that is in no tree has none above it. */
static int open_above(int fd, int flags)
{
	const struct mounted *m = find_mounted(kernel.process.fds[fd].mount);
	char path[128], *slash;

	if (fails("openat %s ..", what(fd)))
		return -1;
	snprintf(path, sizeof(path), "%s", what(fd));
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	if (m && is_gone(m->id))
		return new_path("above what is gone", m->id, flags);
	return new_path(path, m ? m->parent : 0, flags);
}

/* Which mount a descriptor of PID 1's is on. */
static long look_at_mount(int fd, const char *path, int flags, struct sys_statx *result)
{
	const struct kernel_descriptor *descriptor = &kernel.process.fds[fd];
	const struct mounted *m = find_mounted(descriptor->mount);

	if (*path != '\0' || !(flags & AT_EMPTY_PATH) || !(flags & AT_STATX_DONT_SYNC))
		violate("a server of a user's could be asked");
	if (fails("statx %s", what(fd)))
		return -1;
	*result = (struct sys_statx){.stx_mnt_id = (unsigned long)descriptor->mount,
		.stx_dev_minor = m ? m->device : (unsigned int)descriptor->mount,
		.stx_uid = strcmp(what(fd), "/chroot") == 0 ? 63002 : 0};
	return 0;
}

off64_t __wrap_lseek64(int fd, off64_t offset, int whence);
off64_t __wrap_lseek64(int fd, off64_t offset, int whence)
{
	if (offset != 0 || whence != SEEK_SET)
		violate("an unknown lseek");
	if (fails("lseek %s", what(fd)))
		return -1;
	boot_mounts();
	kernel.process.fds[fd].offset = 0;
	return 0;
}

int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
	static const struct {
		const char *path, *what;
	} files[] = {
		{"/", "root directory"},
		{"/proc/self/ns/mnt", "host mnt"},
		{"/proc/self/ns/ipc", "host ipc"},
		{"/proc/self/ns/uts", "host uts"},
		{"/proc/self/ns/cgroup", "host cgroup"},
		{"/proc/self/ns/net", "host net"},
		{"/proc/self/ns/time", "host time"},
		{"/proc/self/mountinfo", "mountinfo"},
		{"/proc/1/comm", "comm"},
		{"/dev/null", "null"},
		{RUN_DIRECTORY, "run directory"},
	};

	if (fails("open %s", path))
		return -1;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (strcmp(path, files[i].path) == 0)
			return new_descriptor(files[i].what, flags & O_CLOEXEC, 0);
	errno = ENOENT;
	return -1;
}

int __wrap_openat64(int directory, const char *path, int flags, ...);
int __wrap_openat64(int directory, const char *path, int flags, ...)
{
	if (strcmp(path, "..") == 0)
		return open_above(directory, flags);
	if (fails("openat %s %s", what(directory), path))
		return -1;
	if (is_open(directory) && strcmp(path, ".") == 0 && *what(directory) == '/')
		return new_path(what(directory), kernel.process.fds[directory].mount, flags);
	return new_descriptor(strcmp(what(directory), "procfs") == 0          ? "list of processes"
			      : strcmp(what(directory), "run directory") == 0 ? "lock"
									      : "?",
		flags & O_CLOEXEC, 0);
}

int __wrap_close(int fd);
int __wrap_close(int fd)
{
	if (!is_open(fd)) {
		violate("a descriptor was closed that is not open");
		errno = EBADF;
		return -1;
	}
	kernel.process.fds[fd].what = NULL;
	errno = 0; /* close may change it */
	return 0;
}

int __wrap_dup2(int from, int to);
int __wrap_dup2(int from, int to)
{
	if (fails("dup2 %s to %d", what(from), to))
		return -1;
	if (!is_open(from)) {
		errno = EBADF;
		return -1;
	}
	kernel.process.fds[to] = (struct kernel_descriptor){what(from), false, 0, 0};
	return to;
}

int __wrap_fcntl64(int fd, int command, ...);
int __wrap_fcntl64(int fd, int command, ...)
{
	va_list arguments;
	int lowest;

	if (command == F_OFD_SETLK) {
		if (fails("fcntl F_OFD_SETLK %s", what(fd)))
			return -1;
		errno = EAGAIN;
		return kernel.lock_is_held ? -1 : 0;
	}
	va_start(arguments, command);
	lowest = va_arg(arguments, int);
	va_end(arguments);
	if (command != F_DUPFD_CLOEXEC)
		violate("an unknown fcntl");
	if (fails("fcntl F_DUPFD_CLOEXEC %s %d", what(fd), lowest))
		return -1;
	if (!is_open(fd)) {
		errno = EBADF;
		return -1;
	}
	return new_descriptor(what(fd), true, lowest);
}

int __wrap_socketpair(int domain, int type, int protocol, int ends[2]);
int __wrap_socketpair(int domain, int type, int protocol, int ends[2])
{
	if (domain != AF_UNIX || protocol != 0)
		violate("an unknown socketpair");
	if (fails("socketpair %s", type & SOCK_DGRAM ? "pocket" : "channel"))
		return -1;
	ends[0] = new_descriptor(
		type & SOCK_DGRAM ? "pocket's other end" : "channel", type & SOCK_CLOEXEC, 0);
	ends[1] = new_descriptor(
		type & SOCK_DGRAM ? "pocket" : "PID 1's channel", type & SOCK_CLOEXEC, 0);
	if (ends[0] != -1 && ends[1] == -1)
		kernel.process.fds[ends[0]].what = NULL;
	return ends[1] == -1 ? -1 : 0;
}

int __wrap_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol)
{
	const char *name = domain == AF_INET ? "network socket" : "channel";

	(void)protocol;
	if (fails("socket %s", name))
		return -1;
	return new_descriptor(name, type & SOCK_CLOEXEC, 0);
}

int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;

	if (request != NS_GET_MNTNS_ID)
		return fails("ioctl %s %s", what(fd),
			       request == SIOCSIFFLAGS ? "SIOCSIFFLAGS" : "?")
			       ? -1
			       : 0;
	if (strcmp(what(fd), "host mnt") != 0)
		violate("the mount namespace of another is asked for");
	if (fails("ioctl %s NS_GET_MNTNS_ID", what(fd)))
		return -1;
	if (kernel.mounts_have_no_id) {
		errno = ENOTTY;
		return -1;
	}
	va_start(arguments, request);
	*va_arg(arguments, uint64_t *) = 0xabc;
	va_end(arguments);
	return 0;
}

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t size);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	(void)level;
	(void)value;
	(void)size;
	return fails("setsockopt %s %s", what(fd),
		       name == SO_RCVTIMEO   ? "SO_RCVTIMEO"
		       : name == SO_SNDTIMEO ? "SO_SNDTIMEO"
					     : "SO_PASSCRED")
		       ? -1
		       : 0;
}

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size)
{
	(void)size;
	if (fails("bind %s %s", what(fd), ((const struct sockaddr_un *)address)->sun_path))
		return -1;
	if (kernel.name != 0) {
		errno = EADDRINUSE;
		return -1;
	}
	kernel.name = 78;
	kernel.process.fds[fd].what = "listener";
	return 0;
}

int __wrap_shutdown(int fd, int how);
int __wrap_shutdown(int fd, int how)
{
	(void)how;
	return fails("shutdown %s", what(fd)) ? -1 : 0;
}

int __wrap_listen(int fd, int backlog);
int __wrap_listen(int fd, int backlog)
{
	(void)backlog;
	return fails("listen %s", what(fd)) ? -1 : 0;
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t size)
{
	(void)address;
	(void)size;
	if (fails("connect %s", what(fd)))
		return -1;
	errno = kernel.waits_in_line ? EAGAIN : ECONNREFUSED;
	return kernel.somebody_listens ? 0 : -1;
}

ssize_t __wrap_recv(int fd, void *buffer, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *buffer, size_t size, int flags)
{
	if (!(flags & MSG_DONTWAIT) || size != 1)
		violate("recv waits, or takes more than a message");
	if (fails("recv %s", what(fd)))
		return -1;
	*(char *)buffer = MESSAGE_DONE;
	return kernel.init_was_murdered ? 0 : 1;
}

ssize_t __wrap_send(int fd, const void *message, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *message, size_t size, int flags)
{
	if (!(flags & MSG_NOSIGNAL))
		violate("send may raise SIGPIPE");
	if (fails("send %s %c", what(fd), *(const char *)message))
		return -1;
	return (ssize_t)size;
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags)
{
	if (!(flags & MSG_NOSIGNAL))
		violate("sendmsg may raise SIGPIPE");
	if (strcmp(what(fd), "pocket's other end") == 0) {
		const int *fds = (const int *)(const void *)CMSG_DATA(CMSG_FIRSTHDR(m));

		return fails("sendmsg %s: %s, %s", what(fd), what(fds[0]), what(fds[1])) ? -1 : 1;
	}
	if (fails("sendmsg %s %c", what(fd), *(const char *)m->msg_iov->iov_base))
		return -1;
	return (ssize_t)m->msg_iov->iov_len;
}

/* The two directories that were put into the pocket. */
static ssize_t take_from_pocket(struct msghdr *m, int flags)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	int fds[] = {
		new_descriptor("root directory", flags & MSG_CMSG_CLOEXEC, 0),
		new_descriptor("cwd directory", flags & MSG_CMSG_CLOEXEC, 0),
	};

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(c), fds, sizeof(fds));
	return 1;
}

/* PID 1's answer, with its credentials. */
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	const struct ucred sender = {.pid = PID_INIT, .uid = kernel.answer_uid};

	if (fails("recvmsg %s", what(fd)))
		return -1;
	if (strcmp(what(fd), "pocket") == 0)
		return take_from_pocket(m, flags);
	if (kernel.answer == '\0') {
		errno = EAGAIN; /* SO_RCVTIMEO */
		return -1;
	}
	*(char *)m->msg_iov->iov_base = kernel.answer;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_CREDENTIALS;
	c->cmsg_len = CMSG_LEN(sizeof(sender));
	memcpy(CMSG_DATA(c), &sender, sizeof(sender));
	return 1;
}

/* Files that are read, in pieces as they are asked for. */
static const char *text_of(int fd)
{
	if (strcmp(what(fd), "mountinfo") == 0)
		return mountinfo_now();
	return strcmp(what(fd), "comm") == 0 ? kernel.comm : NULL;
}

ssize_t __wrap_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
	const char *text = text_of(fd);
	size_t left;

	if (fails("read %s", what(fd)))
		return -1;
	if (!text) {
		errno = EBADF;
		return -1;
	}
	left = strlen(text) - kernel.process.fds[fd].offset;
	size = size < left ? size : left;
	memcpy(buffer, text + kernel.process.fds[fd].offset, size);
	kernel.process.fds[fd].offset += size;
	return (ssize_t)size;
}

int __wrap_poll(struct pollfd *p, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *p, nfds_t count, int timeout)
{
	if (count != 1 || timeout < 0)
		violate("poll may wait for ever");
	if (p->fd == -1) { /* one turn of waiting, which is all that it is for */
		kernel.clock_ms += timeout;
		return 0;
	}
	if (fails("poll %s", what(p->fd)))
		return -1;
	if (p->events == 0) { /* whether it is hung up */
		p->revents = kernel.answer_is_the_last ? POLLHUP : 0;
		return p->revents != 0;
	}
	if (kernel.poll_interruptions > 0) {
		kernel.poll_interruptions--;
		errno = EINTR;
		return -1;
	}
	if (kernel.answer == '\0' && !kernel_called("unshare", 0) &&
		strcmp(what(p->fd), "channel") == 0) { /* who would join waits for the answer */
		kernel.clock_ms += timeout;
		return 0;
	}
	p->revents = kernel.poll_result ? POLLIN : 0;
	kernel.clock_ms += kernel.poll_result ? 0 : timeout;
	return kernel.poll_result;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock != CLOCK_MONOTONIC)
		violate("a clock that can be set");
	*now = (struct timespec){kernel.clock_ms / 1000, kernel.clock_ms % 1000 * 1000000};
	return 0;
}

int __wrap_nanosleep(const struct timespec *duration, struct timespec *left);
int __wrap_nanosleep(const struct timespec *duration, struct timespec *left)
{
	(void)left;
	/* One for many: what is waited for here has no end of its own. */
	kernel.clock_ms += 100 + duration->tv_sec * 1000;
	return 0;
}

/*
 * Files and directories.
 */

/* /proc of the session has no "self" for the application, which is outside. */
static bool has_self(void)
{
	return !kernel.no_proc && strcmp(kernel.process.mount_namespace, "host") == 0;
}

static ino_t inode(const char *namespace)
{
	return strcmp(namespace, "host") == 0 ? 1001 : 1002;
}

int __wrap_stat64(const char *path, struct stat64 *result);
int __wrap_stat64(const char *path, struct stat64 *result)
{
	*result = (struct stat64){.st_ino = inode("host")};
	if (fails("stat %s", path))
		return -1;
	if (strcmp(path, "/proc/1") == 0) {
		result->st_uid = kernel.init_uid;
	} else if (strcmp(path, "/proc/1/ns/mnt") == 0) {
		result->st_ino = kernel.mounts_are_own ? 3 : 2;
	} else if (strcmp(path, "/proc/1/ns/pid") == 0) {
		if (!kernel.proc_is_the_hosts)
			result->st_ino = inode(kernel.process.mount_namespace);
	} else if (!has_self()) {
		errno = ENOENT;
		return -1;
	} else if (strcmp(path, "/proc/self/ns/pid_for_children") == 0) {
		result->st_ino = inode(kernel.process.children);
	}
	return 0;
}

int __wrap_fstat64(int fd, struct stat64 *result);
int __wrap_fstat64(int fd, struct stat64 *result)
{
	if (fails("fstat %s", what(fd)))
		return -1;
	*result =
		(struct stat64){.st_ino = 2, .st_uid = kernel.run_uid, .st_mode = kernel.run_mode};
	return 0;
}

/* The name under which logins meet: somebody's, or the one that was bound here. */
int __wrap_fstatat64(int directory, const char *path, struct stat64 *result, int flags);
int __wrap_fstatat64(int directory, const char *path, struct stat64 *result, int flags)
{
	(void)flags;
	if (fails("fstatat %s %s", what(directory), path))
		return -1;
	errno = ENOENT;
	*result = (struct stat64){.st_ino = kernel.name};
	if (kernel.name_is_taken_over && kernel_called("unshare", 0))
		result->st_ino++;
	return kernel.name == 0 ? -1 : 0;
}

int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode)
{
	if (strcmp(path, RUN_DIRECTORY) != 0 || mode != 0700)
		violate("an unknown directory is made");
	if (fails("mkdir %s", path))
		return -1;
	errno = EEXIST;
	return kernel.run_exists ? -1 : 0;
}

int __wrap_unlinkat(int directory, const char *name, int flags);
int __wrap_unlinkat(int directory, const char *name, int flags)
{
	(void)flags;
	if (fails("unlinkat %s %s", what(directory), name))
		return -1;
	errno = ENOENT;
	if (kernel.name == 0)
		return -1;
	kernel.name = 0;
	return 0;
}

FILE *__wrap_fopen64(const char *path, const char *mode);
FILE *__wrap_fopen64(const char *path, const char *mode)
{
	(void)mode;
	if (fails("fopen %s", path))
		return NULL;
	return fmemopen((void *)(size_t)kernel.environment, kernel.environment_size, "r");
}

int __wrap_statfs64(const char *path, struct statfs64 *result);
int __wrap_statfs64(const char *path, struct statfs64 *result)
{
	if (fails("statfs %s", path))
		return -1;
	*result = (struct statfs64){.f_type = kernel.no_proc ? TMPFS_MAGIC : PROC_SUPER_MAGIC};
	return 0;
}

int __wrap_fstatfs64(int fd, struct statfs64 *result);
int __wrap_fstatfs64(int fd, struct statfs64 *result)
{
	bool procfs = (kernel.cwd_on_procfs && strcmp(what(fd), "cwd by its path") == 0) ||
		      (kernel.masks_are_gone && strcmp(what(fd), "mount") == 0);

	if (fails("fstatfs %s", what(fd)))
		return -1;
	*result = (struct statfs64){.f_type = procfs ? PROC_SUPER_MAGIC : TMPFS_MAGIC};
	return 0;
}

static const char *cwd_path(void)
{
	if (kernel.cwd_unreachable)
		return "(unreachable)/4003";
	return kernel.cwd_on_procfs ? "/proc/sys/kernel" : "/srv/work/here";
}

static long get_cwd(char *buffer, size_t size)
{
	const char *path = cwd_path();

	if (fails("getcwd"))
		return -1;
	if (kernel.cwd_renamed)
		path = kernel.cwd_renamed;
	return snprintf(buffer, size, "%s", path) + 1;
}

/* A directory by its path, without symbolic links. */
static long open_by_path(const char *path, const struct sys_open_how *how)
{
	bool cwd = strcmp(path, kernel.cwd_renamed ? kernel.cwd_renamed : cwd_path()) == 0;
	const __u64 wanted = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

	if ((how->resolve & wanted) != wanted)
		violate("a path that a user can change is followed everywhere");
	if (fails("openat2 %s", path))
		return -1;
	if (cwd && kernel.cwd_is_always_asked_for && (how->resolve & RESOLVE_CACHED)) {
		errno = EAGAIN;
		return -1;
	}
	if (kernel.cwd_absent && strncmp(path, kernel.cwd_absent, strlen(kernel.cwd_absent)) == 0) {
		errno = ENOENT;
		return -1;
	}
	return new_descriptor(
		cwd ? "cwd by its path" : "directory above", how->flags & O_CLOEXEC, 0);
}

/* The root directory of whoever runs: the mount namespace's, or another. */
static void look_at_root(struct sys_statx *result)
{
	if (strcmp(kernel.process.root, "the root") == 0) {
		result->stx_ino = 2;
		result->stx_mnt_id = 1;
	} else if (strcmp(kernel.process.mount_namespace, "session") == 0) {
		result->stx_ino = kernel.root_differs ? 3 : 2;
		result->stx_mnt_id = 101;
	} else {
		result->stx_ino = 2; /* the same directory, mounted twice */
		result->stx_mnt_id = 7;
	}
}

static void look_at_cwd(struct sys_statx *result, bool by_path)
{
	bool session = strcmp(kernel.process.mount_namespace, "session") == 0;

	result->stx_ino = by_path && kernel.cwd_path_leads_elsewhere ? 6 : 5;
	result->stx_mnt_id = kernel.cwd_elsewhere ? 99 : kernel.cwd_on_procfs ? 2 : 1;
	if (kernel.cwd_on_procfs && by_path && session)
		result->stx_ino = 10; /* in the private one */
	if (kernel.cwd_is_closed)
		result->stx_mask = 0;
}

static long look(int dirfd, const char *path, struct sys_statx *result)
{
	const char *name = dirfd == AT_FDCWD ? "cwd" : what(dirfd);

	*result = (struct sys_statx){.stx_mask = STATX_INO, .stx_dev_minor = 9};
	if (fails("statx %s", *path ? path : name))
		return -1;
	if (strcmp(path, "/") == 0)
		look_at_root(result);
	else if (strcmp(name, "root directory") == 0)
		*result = (struct sys_statx){
			STATX_INO, .stx_ino = 2, .stx_mnt_id = 1, .stx_dev_minor = 9};
	else
		look_at_cwd(result, strcmp(name, "cwd by its path") == 0);
	return 0;
}

static int set_cwd(const char *path)
{
	strcpy(kernel.process.cwd, path);
	return 0;
}

int __wrap_chdir(const char *path);
int __wrap_chdir(const char *path)
{
	return fails("chdir %s", path) ? -1 : set_cwd(path);
}

int __wrap_fchdir(int fd);
int __wrap_fchdir(int fd)
{
	if (fails("fchdir %s", what(fd)))
		return -1;
	if (strcmp(what(fd), "/mnt") == 0) { /* a file is mounted there */
		errno = ENOTDIR;
		return -1;
	}
	kernel.cwd_mount = kernel.process.fds[fd].mount;
	if (strcmp(what(fd), "cwd directory") == 0 && kernel.cwd_is_closed) {
		errno = EACCES;
		return -1;
	}
	if (strcmp(what(fd), "cwd by its path") == 0)
		return set_cwd(kernel.cwd_on_procfs ? "/proc/sys/kernel" : "the cwd");
	return set_cwd(strcmp(what(fd), "root directory") == 0    ? "the root"
		       : strcmp(what(fd), "cwd directory") == 0   ? "the cwd"
		       : strcmp(what(fd), "directory above") == 0 ? "above the cwd"
								  : what(fd));
}

int __wrap_chroot(const char *path);
int __wrap_chroot(const char *path)
{
	if (fails("chroot %s", path))
		return -1;
	strcpy(kernel.process.root, kernel.process.cwd);
	return 0;
}

int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags,
	const void *data);
int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags,
	const void *data)
{
	if (source || type || data || kernel.depth != 2)
		violate("mount does more than to change propagation in PID 1");
	if (flags == MS_PRIVATE)
		return fails("mount MS_PRIVATE %s/%s", kernel.process.cwd, target) ? -1 : 0;
	return fails("mount %s %s", flags == (MS_REC | MS_SLAVE) ? "MS_REC|MS_SLAVE" : "?", target)
		       ? -1
		       : 0;
}

int __wrap_umount2(const char *target, int flags);
int __wrap_umount2(const char *target, int flags)
{
	struct mounted *m = NULL;
	int fd;

	if (flags != MNT_DETACH || kernel.depth != 2)
		violate("umount2 does more than to detach in PID 1");
	if (strcmp(target, ".") == 0)
		m = find_mounted(kernel.cwd_mount);
	else if (sscanf(target, "self/fd/%d", &fd) == 1 &&
		 strcmp(kernel.process.cwd, "list of processes") == 0)
		m = find_mounted(kernel.process.fds[fd].mount);
	if (!m)
		violate("umount2 goes by a path");
	if (fails("umount2 %s", m ? m->target : "?"))
		return -1;
	if (m)
		m->gone = changed = !kernel.stays;
	return 0;
}

/*
 * Processes and namespaces.
 */

static void check_signals_are_blocked(void)
{
	sigset_t mask;

	__real_sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int signal = 1; signal <= 31; signal++)
		if (signal != SIGKILL && signal != SIGSTOP && !sigismember(&mask, signal))
			violate("a namespace was changed while signals could arrive");
}

#define FURTHER (CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWNET | CLONE_NEWTIME)

int __wrap_unshare(int flags);
int __wrap_unshare(int flags)
{
	check_signals_are_blocked();
	if (fails("unshare %s", flags == CLONE_FS       ? "CLONE_FS"
				: flags == CLONE_NEWPID ? "CLONE_NEWPID"
				: flags & CLONE_NEWNS   ? "CLONE_NEWNS"
							: "?"))
		return -1;
	if (flags & CLONE_NEWNS) {
		kernel.process.mount_namespace = "session";
		mount_count = 0;
		our_count = 0;
		changed = false;
		kernel.clock_ms += kernel.late ? 100 : 0; /* it takes its time */
	}
	if (flags & CLONE_NEWPID)
		kernel.process.children = "session";
	kernel.process.further |= flags & FURTHER;
	return 0;
}

/* Into one of the host's further namespaces. */
static bool return_further(const char *name)
{
	static const struct {
		const char *what;
		int flag;
	} further[] = {
		{"host ipc", CLONE_NEWIPC},
		{"host uts", CLONE_NEWUTS},
		{"host cgroup", CLONE_NEWCGROUP},
		{"host net", CLONE_NEWNET},
		{"host time", CLONE_NEWTIME},
	};

	for (size_t i = 0; i < sizeof(further) / sizeof(*further); i++) {
		if (strcmp(name, further[i].what) == 0) {
			kernel.process.further &= ~further[i].flag;
			return true;
		}
	}
	return false;
}

static void change_mount_namespace(const char *namespace)
{
	const char *root = strcmp(namespace, "host") == 0 && !kernel.chrooted ? "the root" : "/";

	kernel.process.mount_namespace = namespace;
	strcpy(kernel.process.root, root);
	strcpy(kernel.process.cwd, root);
}

int __wrap_setns(int fd, int type);
int __wrap_setns(int fd, int type)
{
	const char *name = what(fd);

	if (fails("setns %s %s%s", name, type & CLONE_NEWPID ? "CLONE_NEWPID" : "",
		    type & CLONE_NEWNS ? "CLONE_NEWNS" : ""))
		return -1;
	if (type == CLONE_NEWNS && strcmp(name, "host mnt") == 0) {
		change_mount_namespace("host");
	} else if (type == CLONE_NEWPID && strcmp(name, "pidfd of the application") == 0) {
		kernel.process.children = "host";
	} else if ((type & CLONE_NEWPID) && strcmp(name, "pidfd of PID 1") == 0) {
		check_signals_are_blocked();
		kernel.process.children = "session";
		if (type & CLONE_NEWNS)
			change_mount_namespace("session");
		kernel.process.further |= type & FURTHER;
	} else if (type != 0 || !return_further(name)) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

static jmp_buf end_of_clone[3];
static int exit_status;

__attribute__((noreturn)) void __wrap__exit(int status);
void __wrap__exit(int status)
{
	if (kernel.depth == 0)
		abort();
	exit_status = status;
	longjmp(end_of_clone[kernel.depth], 1);
}

int __wrap_execve(const char *path, char *const *argv, char *const *environment);
int __wrap_execve(const char *path, char *const *argv, char *const *environment)
{
	size_t at = 0;

	if (fails("execve %s", path))
		return -1;
	kernel.executed = kernel.process;
	for (int fd = 0; fd < KERNEL_FDS; fd++)
		if (kernel.executed.fds[fd].cloexec)
			kernel.executed.fds[fd].what = NULL;
	snprintf(kernel.executed_path, sizeof(kernel.executed_path), "%s", path);
	snprintf(kernel.executed_title, sizeof(kernel.executed_title), "%s", argv[0]);
	if (argv[1])
		violate("PID 1 has arguments beside its title");
	for (; *environment; environment++)
		at += (size_t)snprintf(kernel.executed_environment + at,
			sizeof(kernel.executed_environment) - at, "%s\n", *environment);
	__wrap__exit(0);
}

static void run_clone(int (*function)(void *), void *argument)
{
	exit_status = SIGKILL;
	if (setjmp(end_of_clone[kernel.depth]) == 0) {
		function(argument);
		violate("a clone returned from its function");
	}
}

/* The two clones, each run to its end at once. */
int __wrap_clone(int (*function)(void *), void *stack, int flags, void *argument, ...);
int __wrap_clone(int (*function)(void *), void *stack, int flags, void *argument, ...)
{
	struct kernel_process parent = kernel.process;
	bool init = flags & CLONE_PIDFD;
	int *pidfd, *cleared = NULL;
	bool runs = !kernel.starter_is_killed;
	va_list arguments;

	if (!stack || !(flags & CLONE_VM) || (flags & CSIGNAL) || (flags & CLONE_FS))
		violate("a clone that is no child in disguise");
	if (init != (kernel.depth == 1))
		violate("PID 1 is not the starter's child");
	if (fails("clone %s", init ? "PID 1" : "starter"))
		return -1;
	if (init) {
		va_start(arguments, argument);
		pidfd = va_arg(arguments, int *);
		(void)va_arg(arguments, void *);
		cleared = va_arg(arguments, int *);
		va_end(arguments);
		*pidfd = new_descriptor("pidfd of PID 1", true, 0);
		parent = kernel.process;
		kernel.init_was_born = true;
		runs = !kernel.init_hangs && !kernel.init_is_killed;
	}
	kernel.depth++;
	if (runs)
		run_clone(function, argument);
	kernel.depth--;
	if (flags & CLONE_FILES)
		memcpy(parent.fds, kernel.process.fds, sizeof(parent.fds));
	kernel.process = parent;
	if (cleared && !kernel.init_hangs)
		*cleared = 0;
	return init ? PID_INIT : PID_STARTER;
}

pid_t __wrap_waitpid(pid_t pid, int *status, int options);
pid_t __wrap_waitpid(pid_t pid, int *status, int options)
{
	if (pid != PID_STARTER || options != (int)__WCLONE)
		violate("something else than the starter was waited for");
	if (fails("waitpid starter"))
		return -1;
	*status = kernel.starter_is_killed ? SIGKILL : exit_status << 8;
	return pid;
}

static long take_default(const char *call, bool of_the_caller);

int __wrap_prctl(int option, ...);
int __wrap_prctl(int option, ...)
{
	va_list arguments;
	int result = 0;

	va_start(arguments, option);
	if (option == PR_GET_CHILD_SUBREAPER) {
		if (fails("prctl PR_GET_CHILD_SUBREAPER"))
			return -1;
		*va_arg(arguments, int *) = kernel.process.subreaper;
	} else if (option == PR_SET_CHILD_SUBREAPER) {
		bool set = va_arg(arguments, long) & 1;

		if (fails("prctl PR_SET_CHILD_SUBREAPER %d", set))
			return -1;
		kernel.process.subreaper = set;
	} else if (option == PR_SET_SECUREBITS || option == PR_CAP_AMBIENT) {
		if (kernel.depth != 2)
			violate("another process than PID 1 changes its capabilities");
		result = fails(option == PR_CAP_AMBIENT ? "prctl PR_CAP_AMBIENT"
							: "prctl PR_SET_SECUREBITS")
				 ? -1
				 : 0;
	} else if (option == PR_SET_TIMERSLACK) {
		result = (int)take_default("prctl PR_SET_TIMERSLACK", true);
	} else if (option == PR_CAPBSET_READ) {
		result = fails("prctl PR_CAPBSET_READ") ? -1 : 1;
	} else {
		violate("an unknown prctl");
	}
	va_end(arguments);
	return result;
}

pid_t __wrap_setsid(void);
pid_t __wrap_setsid(void)
{
	return fails("setsid") ? -1 : 1;
}

static long send_signal(int pidfd, long signal)
{
	if (fails("pidfd_send_signal %s %s", what(pidfd),
		    signal == SIGKILL   ? "SIGKILL"
		    : signal == SIGTERM ? "SIGTERM"
					: "?"))
		return -1;
	if (signal == SIGKILL && strcmp(what(pidfd), "pidfd of PID 1") == 0)
		kernel.init_was_killed = true;
	return 0;
}

/* Whoever waits here waits for a PID 1 that does not come: the others were run to their end. */
static long wait_for_word(int *word, const struct timespec *deadline)
{
	if (!deadline)
		violate("a futex may be waited for for ever");
	if (fails("futex"))
		return -1;
	if (kernel.init_was_killed && !kernel.init_is_unkillable) {
		*word = 0;
		return 0;
	}
	errno = ETIMEDOUT;
	return -1;
}

static long create_procfs(unsigned int flags)
{
	int fd;

	if (fails("fsmount"))
		return -1;
	fd = new_descriptor("procfs", flags & FSMOUNT_CLOEXEC, 0);
	if (fd != -1)
		kernel.process.fds[fd].mount = FIRST_OURS + our_count++;
	return fd;
}

/* What is moved, and where to: an old procfs beneath which it goes, a place, or a name in one. */
static long move_a_mount(int from, int to, const char *name, unsigned int flags)
{
	int id = kernel.process.fds[from].mount, place = kernel.process.fds[to].mount;

	if (*name != '\0') /* what is carried over */
		return fails("move_mount %s to %s/%s", what(from), target_of(place), name) ? -1 : 0;
	if (fails("move_mount %s %s %s", what(from),
		    flags & MOVE_MOUNT_BENEATH ? "beneath" : "onto", target_of(place)))
		return -1;
	if (((flags & MOVE_MOUNT_BENEATH) && kernel.no_beneath) || id == kernel.locked) {
		errno = EINVAL;
		return -1;
	}
	attach(id, place, flags & MOVE_MOUNT_BENEATH);
	return 0;
}

static long close_range_of(unsigned int first)
{
	if (fails("close_range %u", first))
		return -1;
	for (unsigned int fd = first; fd < KERNEL_FDS; fd++)
		kernel.process.fds[fd].what = NULL;
	return 0;
}

static long change_ids(const char *call, long a, long b, long c)
{
	if (kernel.depth != 2)
		violate("another process than PID 1 changes its ids");
	return fails("%s %ld %ld %ld", call, a, b, c) ? -1 : 0;
}

/* What PID 1 changes of itself alone: of the starter or the application it is not to be. */
static long take_default(const char *call, bool of_the_caller)
{
	if (kernel.depth != 2 || !of_the_caller)
		violate("another process than PID 1 gets the system's defaults");
	if (fails("%s", call))
		return -1;
	errno = EPERM;
	return kernel.keeps_limits ? -1 : 0;
}

/* Each limit is 64: PID 1 wants more of all. */
static long limit_of(struct rlimit *limit, struct rlimit *before)
{
	if (before) {
		*before = (struct rlimit){64, 64};
		return fails("prlimit") ? -1 : 0;
	}
	if (limit->rlim_cur < 64 || limit->rlim_max < limit->rlim_cur)
		violate("a limit is lowered");
	return take_default("prlimit set", true);
}

long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
	long a[6];
	va_list arguments;

	va_start(arguments, number);
	for (size_t i = 0; i < 6; i++)
		a[i] = va_arg(arguments, long);
	va_end(arguments);
	switch (number) {
	case SYS_pidfd_open:
		if (fails("pidfd_open"))
			return -1;
		if ((pid_t)a[0] == PID_INIT)
			return new_descriptor("pidfd of PID 1", true, 0);
		return new_descriptor(
			(pid_t)a[0] == getpid() ? "pidfd of the application" : "?", true, 0);
	case SYS_pidfd_send_signal:
		return send_signal((int)a[0], a[1]);
	case SYS_open_tree:
		if (*(const char *)a[1] == '\0')
			return fails("open_tree cwd")
				       ? -1
				       : new_descriptor("cwd directory",
						 (unsigned int)a[2] & OPEN_TREE_CLOEXEC, 0);
		if (fails("open_tree %s/%s", what((int)a[0]), (const char *)a[1]))
			return -1;
		return new_descriptor("mount", (unsigned int)a[2] & OPEN_TREE_CLOEXEC, 0);
	case SYS_openat2:
		if ((int)a[0] == AT_FDCWD)
			return open_by_path((const char *)a[1], (const struct sys_open_how *)a[2]);
		return open_path((int)a[0], (const char *)a[1], (const struct sys_open_how *)a[2]);
	case SYS_statx:
		if (kernel.depth == 2)
			return look_at_mount(
				(int)a[0], (const char *)a[1], (int)a[2], (struct sys_statx *)a[4]);
		return look((int)a[0], (const char *)a[1], (struct sys_statx *)a[4]);
	case SYS_getcwd:
		return get_cwd((char *)a[0], (size_t)a[1]);
	case SYS_move_mount:
		return move_a_mount((int)a[0], (int)a[2], (const char *)a[3], (unsigned int)a[4]);
	case SYS_fsopen:
		if (fails("fsopen %s", (const char *)a[0]))
			return -1;
		return new_descriptor("context", (unsigned int)a[1] & FSOPEN_CLOEXEC, 0);
	case SYS_fsconfig:
		return fails("fsconfig %s %s",
			       a[1] == SYSCALLS_FSCONFIG_CMD_CREATE ? "create" : "set",
			       a[1] == SYSCALLS_FSCONFIG_CMD_CREATE ? "" : (const char *)a[2])
			       ? -1
			       : 0;
	case SYS_fsmount:
		return create_procfs((unsigned int)a[1]);
	case SYS_close_range:
		return close_range_of((unsigned int)a[0]);
	case SYS_futex:
		return wait_for_word((int *)a[0], (const struct timespec *)a[3]);
	case SYS_setgroups:
		return change_ids("setgroups", a[0], 0, 0);
	case SYS_setresuid:
		return change_ids("setresuid", a[0], a[1], a[2]);
	case SYS_setresgid:
		return change_ids("setresgid", a[0], a[1], a[2]);
	case SYS_capset:
		if (kernel.depth != 2)
			violate("another process than PID 1 loses its capabilities");
		return fails("capset") ? -1 : 0;
	case SYS_capget:
		if (fails("capget"))
			return -1;
		((struct __user_cap_data_struct *)a[1])->permitted = ~0U;
		return 0;
	case SYS_sched_setattr:
		return take_default("sched_setattr", a[0] == 0);
	case SYS_sched_setaffinity:
		return take_default("sched_setaffinity", a[0] == 0);
	case SYS_prlimit64:
		return limit_of((struct rlimit *)a[2], (struct rlimit *)a[3]);
	default:
		violate("an unknown system call");
		errno = ENOSYS;
		return -1;
	}
}

/*
 * Memory.
 */

static char nobodys_memory;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
int __real_vasprintf(char **text, const char *format, va_list arguments);
void *__real_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *at, size_t size);
int __real_madvise(void *at, size_t size, int advice);

static bool allocation_fails(const char *function)
{
	bool failing;

	if (kernel.depth != 0)
		violate("a clone that shares memory allocates");
	failing = fails("%s", function);
	if (failing)
		errno = ENOMEM;
	return failing;
}

static void *count_block(void *block)
{
	if (block && kernel.blocks < KERNEL_BLOCKS)
		kernel.block[kernel.blocks++] = block;
	else if (block)
		violate("there are not that many blocks");
	return block;
}

/* Returns whether it is one that was counted: libc has its own, getdelim(3) for one. */
static bool discount_block(const void *block)
{
	for (size_t i = 0; i < kernel.blocks; i++) {
		if (kernel.block[i] == block) {
			kernel.block[i] = kernel.block[--kernel.blocks];
			return true;
		}
	}
	return false;
}

void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return allocation_fails("malloc") ? NULL : count_block(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	return allocation_fails("calloc") ? NULL : count_block(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size)
{
	if (allocation_fails("realloc"))
		return NULL;
	discount_block(block);
	return count_block(__real_realloc(block, size));
}

void __wrap_free(void *block);
void __wrap_free(void *block)
{
	if (kernel.depth != 0)
		violate("a clone that shares memory frees");
	if (block == &nobodys_memory)
		violate("what vasprintf left undefined is freed");
	discount_block(block);
	__real_free(block);
}

int __wrap_vasprintf(char **text, const char *format, va_list arguments);
int __wrap_vasprintf(char **text, const char *format, va_list arguments)
{
	int length;

	*text = (char *)&nobodys_memory; /* undefined after a failure: nobody may free it */
	if (allocation_fails("vasprintf"))
		return -1;
	length = __real_vasprintf(text, format, arguments);
	count_block(length == -1 ? NULL : *text);
	return length;
}

int __wrap_asprintf(char **text, const char *format, ...);
int __wrap_asprintf(char **text, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = __wrap_vasprintf(text, format, arguments);
	va_end(arguments);
	return length;
}

void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	if (fails("mmap"))
		return MAP_FAILED;
	kernel.maps++;
	return __real_mmap64(at, size, protection, flags, fd, offset);
}

int __wrap_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size)
{
	kernel.maps--;
	return __real_munmap(at, size);
}

int __wrap_madvise(void *at, size_t size, int advice);
int __wrap_madvise(void *at, size_t size, int advice)
{
	return fails("madvise") ? -1 : __real_madvise(at, size, advice);
}

/* The mask itself is the test's own: it has to be restored there too. */
int __wrap_sigprocmask(int how, const sigset_t *set, sigset_t *before);
int __wrap_sigprocmask(int how, const sigset_t *set, sigset_t *before)
{
	if (fails("sigprocmask %s", before ? "block" : "restore"))
		return -1;
	return __real_sigprocmask(how, set, before);
}
