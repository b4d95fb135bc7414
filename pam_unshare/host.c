/* SPDX-License-Identifier: MIT */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "syscalls.h"

static const struct {
	int flag;
	const char *file; /* in /proc/PID/ns */
} further_namespaces[HOST_FURTHER] = {
	{CLONE_NEWIPC, "ipc"},
	{CLONE_NEWUTS, "uts"},
	{CLONE_NEWCGROUP, "cgroup"},
	{CLONE_NEWNET, "net"},
	{CLONE_NEWTIME, "time"},
};

void host_init(struct host *host)
{
	host->application = host->mount_namespace = host->pocket = -1;
	for (size_t i = 0; i < HOST_FURTHER; i++)
		host->further[i] = -1;
	host->pid_namespace = 0;
	host->cwd_path[0] = '\0';
}

static void close_descriptor(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

void host_forget(struct host *host)
{
	close_descriptor(&host->application);
	close_descriptor(&host->mount_namespace);
	for (size_t i = 0; i < HOST_FURTHER; i++)
		close_descriptor(&host->further[i]);
	close_descriptor(&host->pocket);
}

/*
 * Not in the place of a standard descriptor that the application has closed: its child would find
 * it there, or replace it.
 */
int host_move_descriptor(int *fd)
{
	int kept;

	if (*fd > STDERR_FILENO)
		return 0;
	kept = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (kept == -1)
		return -1;
	close(*fd);
	*fd = kept;
	return 0;
}

int host_keep_descriptor(int fd)
{
	int code;

	if (fd == -1 || host_move_descriptor(&fd) == 0)
		return fd;
	code = errno;
	close(fd);
	errno = code;
	return -1;
}

/* While a session is open, the application is not in its own /proc, which is the session's. */
static int refuse_second(struct host *host, struct error *error)
{
	struct stat own, children;
	struct statfs proc;

	if (stat(HOST_PROC("ns/pid"), &own) == -1 ||
		stat(HOST_PROC("ns/pid_for_children"), &children) == -1) {
		if (errno != ENOENT)
			return error_set(error, errno, "read", HOST_PROC("ns"));
		if (statfs("/proc", &proc) == -1 || proc.f_type != PROC_SUPER_MAGIC)
			return error_set(
				error, 0, "find a procfs on /proc (mount one there)", NULL);
		return error_set(
			error, 0, "open another session in a process that has one open", NULL);
	}
	if (own.st_ino != children.st_ino)
		return error_set(
			error, 0, "open another session in a process that has one open", NULL);
	host->pid_namespace = own.st_ino;
	return 0;
}

void host_note_cwd(struct host *host)
{
	if (!getcwd(host->cwd_path, sizeof(host->cwd_path)) || host->cwd_path[0] != '/')
		strcpy(host->cwd_path, "/");
}

/* The two directories, as one message under way in a socket that nothing else is sent through. */
struct directories {
	int root, cwd; /* O_PATH */
};

union control {
	char bytes[CMSG_SPACE(sizeof(struct directories))];
	struct cmsghdr align;
};

static int put_into_pocket(struct host *host, const struct directories *directories)
{
	char byte = 0;
	union control control = {{0}};
	struct iovec part = {.iov_base = &byte, .iov_len = 1};
	struct msghdr m = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int ends[2], code = 0;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) == -1)
		return -1;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(*directories));
	memcpy(CMSG_DATA(c), directories, sizeof(*directories));
	if (sendmsg(ends[0], &m, MSG_NOSIGNAL | MSG_DONTWAIT) == -1)
		code = errno;
	close(ends[0]);
	host->pocket = host_keep_descriptor(ends[1]);
	if (code != 0)
		errno = code;
	return code != 0 || host->pocket == -1 ? -1 : 0;
}

static int take_from_pocket(const struct host *host, struct directories *directories)
{
	char byte;
	union control control;
	struct iovec part = {.iov_base = &byte, .iov_len = 1};
	struct msghdr m = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *c;

	if (recvmsg(host->pocket, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) == -1)
		return -1;
	c = CMSG_FIRSTHDR(&m);
	if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(*directories))) {
		errno = EMFILE; /* what does not fit into the table of descriptors is dropped,
				   unix(7) */
		return -1;
	}
	memcpy(directories, CMSG_DATA(c), sizeof(*directories));
	return 0;
}

/* A working directory on a procfs shows the host's processes: it is to be entered again. */
static int note_directories(
	struct host *host, const struct directories *directories, struct error *error)
{
	struct stat root;
	struct statfs fs;

	if (fstat(directories->root, &root) == -1)
		return error_set(error, errno, "look at the root directory", NULL);
	host->root_device = root.st_dev;
	host->root_inode = root.st_ino;
	if (fstatfs(directories->cwd, &fs) == -1)
		return error_set(error, errno, "look at the working directory", NULL);
	if (fs.f_type == PROC_SUPER_MAGIC)
		host_note_cwd(host);
	return 0;
}

static int keep_directories(struct host *host, struct error *error)
{
	struct directories directories = {-1, -1};
	int result = 0;

	directories.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directories.root == -1)
		return error_set(error, errno, "keep the root directory", NULL);
	directories.cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directories.cwd == -1)
		result = error_set(error, errno, "keep the working directory", NULL);
	if (result == 0)
		result = note_directories(host, &directories, error);
	if (result == 0 && put_into_pocket(host, &directories) == -1)
		result = error_set(error, errno, "keep the root and working directory", NULL);
	close_descriptor(&directories.root);
	close_descriptor(&directories.cwd);
	return result;
}

static int keep_further(struct host *host, int namespaces, struct error *error)
{
	char path[64];

	for (size_t i = 0; i < HOST_FURTHER; i++) {
		if (!(namespaces & further_namespaces[i].flag))
			continue;
		snprintf(path, sizeof(path), "%s%s", HOST_PROC("ns/"), further_namespaces[i].file);
		host->further[i] = host_keep_descriptor(open(path, O_RDONLY | O_CLOEXEC));
		if (host->further[i] == -1)
			return error_set(error, errno, "keep the namespace", path);
	}
	return 0;
}

int host_keep(struct host *host, int namespaces, struct error *error)
{
	int result = refuse_second(host, error);

	if (result < 0)
		return result;
	host->application = host_keep_descriptor(sys_pidfd_open(getpid()));
	if (host->application == -1)
		return error_set(error, errno, "keep a pidfd of the application", NULL);
	host->mount_namespace =
		host_keep_descriptor(open(HOST_PROC("ns/mnt"), O_RDONLY | O_CLOEXEC));
	if (host->mount_namespace == -1)
		return error_set(error, errno, "keep the mount namespace", NULL);
	result = keep_further(host, namespaces, error);
	return result < 0 ? result : keep_directories(host, error);
}

static int return_pid(struct host *host, struct error *error)
{
	if (setns(host->application, CLONE_NEWPID) == -1)
		return error_set(error, errno, "go back to the PID namespace", NULL);
	close_descriptor(&host->application);
	return 0;
}

static int return_further(struct host *host, struct error *error)
{
	for (size_t i = 0; i < HOST_FURTHER; i++) {
		if (host->further[i] != -1 && setns(host->further[i], 0) == -1)
			return error_set(error, errno, "go back to the namespace",
				further_namespaces[i].file);
		close_descriptor(&host->further[i]);
	}
	return 0;
}

static int return_directories(const struct host *host, struct error *error)
{
	struct directories directories;
	int result = 0;

	if (take_from_pocket(host, &directories) == -1)
		return error_set(error, errno, "take out the root and working directory", NULL);
	if (fchdir(directories.root) == -1 || chroot(".") == -1)
		result = error_set(error, errno, "go back to the root directory", NULL);
	else if (fchdir(directories.cwd) == -1)
		result = error_set(error, errno, "go back to the working directory", NULL);
	close_descriptor(&directories.root);
	close_descriptor(&directories.cwd);
	return result;
}

/* setns(2) into a mount namespace sets root and working directory to its "/". */
static int return_mount(struct host *host, struct error *error)
{
	if (setns(host->mount_namespace, CLONE_NEWNS) == -1)
		return error_set(error, errno, "go back to the mount namespace", NULL);
	close_descriptor(&host->mount_namespace);
	return return_directories(host, error);
}

/*
 * Each descriptor is closed when it has been used: so there is room for the two directories, also
 * where the application has no descriptor left.
 */
int host_return(struct host *host, struct error *error)
{
	struct error later;
	int result = return_pid(host, error);
	int next = return_further(host, result ? &later : error);

	result = result ? result : next;
	next = return_mount(host, result ? &later : error);
	return result ? result : next;
}
