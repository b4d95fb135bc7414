/* SPDX-License-Identifier: MIT */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
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
	host->application = host->mount_namespace = host->root = host->cwd = -1;
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
	close_descriptor(&host->root);
	close_descriptor(&host->cwd);
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

/* A working directory on a procfs shows the host's processes: it is to be entered again. */
static int note_procfs_cwd(struct host *host, struct error *error)
{
	struct statfs fs;

	if (fstatfs(host->cwd, &fs) == -1)
		return error_set(error, errno, "look at the working directory", NULL);
	if (fs.f_type == PROC_SUPER_MAGIC)
		host_note_cwd(host);
	return 0;
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
	host->root = host_keep_descriptor(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
	if (host->root == -1)
		return error_set(error, errno, "keep the root directory", NULL);
	host->cwd = host_keep_descriptor(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
	if (host->cwd == -1)
		return error_set(error, errno, "keep the working directory", NULL);
	result = keep_further(host, namespaces, error);
	return result < 0 ? result : note_procfs_cwd(host, error);
}

int host_return_pid(const struct host *host, struct error *error)
{
	if (setns(host->application, CLONE_NEWPID) == -1)
		return error_set(error, errno, "go back to the PID namespace", NULL);
	return 0;
}

static int return_further(const struct host *host, struct error *error)
{
	for (size_t i = 0; i < HOST_FURTHER; i++)
		if (host->further[i] != -1 && setns(host->further[i], 0) == -1)
			return error_set(error, errno, "go back to the namespace",
				further_namespaces[i].file);
	return 0;
}

/* setns(2) into a mount namespace sets root and working directory to its "/". */
static int return_mount(const struct host *host, struct error *error)
{
	if (setns(host->mount_namespace, CLONE_NEWNS) == -1)
		return error_set(error, errno, "go back to the mount namespace", NULL);
	if (fchdir(host->root) == -1 || chroot(".") == -1)
		return error_set(error, errno, "go back to the root directory", NULL);
	if (fchdir(host->cwd) == -1)
		return error_set(error, errno, "go back to the working directory", NULL);
	return 0;
}

int host_return(const struct host *host, struct error *error)
{
	struct error later;
	int result = host_return_pid(host, error);
	int next = return_further(host, result ? &later : error);

	result = result ? result : next;
	next = return_mount(host, result ? &later : error);
	return result ? result : next;
}
