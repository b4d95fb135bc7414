/* SPDX-License-Identifier: MIT */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/descriptors.h"
#include "common/mountinfo.h"
#include "common/namespaces.h"
#include "common/syscalls.h"

void host_init(struct host *host)
{
	host->application = host->mount_namespace = -1;
	host->root = host->cwd = host->directories = -1;
	for (size_t i = 0; i < NAMESPACES_COUNT; i++)
		host->others[i] = -1;
	host->pid_namespace = 0;
	host->cwd_path[0] = '\0';
}

void host_forget(struct host *host)
{
	descriptor_close(&host->application);
	descriptor_close(&host->mount_namespace);
	for (size_t i = 0; i < NAMESPACES_COUNT; i++)
		descriptor_close(&host->others[i]);
	host_let_go(host);
	descriptor_close(&host->directories);
}

static int refuse_for_another(struct error *error)
{
	return error_explain(error, 0, "open another session", NULL,
		"the application has one open, and its children can go to one only",
		"it has to close the first, or to fork for each");
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
			return error_explain(error, 0, "find a procfs on /proc", NULL,
				"something else is mounted there, or nothing", "mount one there");
		return refuse_for_another(error);
	}
	if (own.st_ino != children.st_ino)
		return refuse_for_another(error);
	host->pid_namespace = own.st_ino;
	return 0;
}

/*
 * FUSE tells root no inode number of a directory that is closed to root, but its device and mount
 * if nothing is asked for (fs/fuse/dir.c, fuse_getattr). AT_STATX_DONT_SYNC: a server is not asked,
 * nor a user's daemon, which might not answer.
 */
int host_look(int dirfd, const char *path, struct host_directory *directory)
{
	struct sys_statx status = {0};

	if (sys_statx(dirfd, path, AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &status) == -1)
		return -1;
	*directory = (struct host_directory){
		.major = status.stx_dev_major,
		.minor = status.stx_dev_minor,
		.inode = status.stx_mask & STATX_INO ? status.stx_ino : 0,
		.mount = status.stx_mnt_id,
	};
	return 0;
}

static bool is_same(const struct host_directory *a, const struct host_directory *b)
{
	return a->major == b->major && a->minor == b->minor && a->inode == b->inode &&
	       a->inode != 0;
}

bool host_is_root(const struct host *host, const struct host_directory *directory)
{
	return host->in_root && is_same(directory, &host->root_directory);
}

/* The two directories, as one message under way in a socket that nothing else is sent through. */
union control {
	char bytes[CMSG_SPACE(2 * sizeof(int))];
	struct cmsghdr align;
};

static int send_directories(struct host *host)
{
	const int directories[] = {host->root, host->cwd};
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
	c->cmsg_len = CMSG_LEN(sizeof(directories));
	memcpy(CMSG_DATA(c), directories, sizeof(directories));
	if (sendmsg(ends[0], &m, MSG_NOSIGNAL | MSG_DONTWAIT) == -1)
		code = errno;
	close(ends[0]);
	host->directories = descriptor_keep(ends[1]);
	if (code != 0) {
		descriptor_close(&host->directories);
		errno = code;
	}
	return host->directories == -1 ? -1 : 0;
}

static int receive_directories(struct host *host)
{
	int directories[2];
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

	if (recvmsg(host->directories, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) == -1)
		return -1;
	c = CMSG_FIRSTHDR(&m);
	if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(directories))) {
		errno = EMFILE; /* what does not fit into the table of descriptors is dropped,
				   unix(7) */
		return -1;
	}
	memcpy(directories, CMSG_DATA(c), sizeof(directories));
	host->root = directories[0];
	host->cwd = directories[1];
	return 0;
}

/* open(2) of "." needs the right to enter it, which root may not have; open_tree(2) does not. */
static int keep_directories(struct host *host, struct error *error)
{
	host->in_root = false;
	host->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (host->root == -1)
		return error_set(error, errno, "keep the root directory", NULL);
	if (host_look(host->root, "", &host->root_directory) == -1)
		return error_set(error, errno, "look at the root directory", NULL);
	host->cwd = sys_open_tree(AT_FDCWD, "", AT_EMPTY_PATH | OPEN_TREE_CLOEXEC);
	if (host->cwd == -1)
		return error_set(error, errno, "keep the working directory", NULL);
	if (host_look(host->cwd, "", &host->cwd_directory) == -1)
		return error_set(error, errno, "look at the working directory", NULL);
	if (sys_getcwd(host->cwd_path, sizeof(host->cwd_path)) == -1)
		host->cwd_path[0] = '\0'; /* it was deleted, or the path is too long */
	return 0;
}

/*
 * By a path as getcwd(2) gives it, which has no symbolic links. One that has some now was changed,
 * and one that does not begin with "/" leads nowhere.
 */
static int open_directory(const char *path, unsigned int resolve)
{
	if (path[0] != '/') {
		errno = ENOENT;
		return -1;
	}
	return sys_open_path(AT_FDCWD, path, O_DIRECTORY, RESOLVE_NO_LINKS | resolve);
}

/*
 * The same, if the kernel knows the whole path: no daemon or server has to be asked, who might not
 * answer. That is so of a working directory, but for file systems that always ask. What is mounted
 * elsewhere at the same moment disturbs the kernel, hence more than one try.
 */
static int open_cached(const char *path)
{
	int fd = open_directory(path, RESOLVE_CACHED);

	for (int tries = 1; tries < 4 && fd == -1 && errno == EAGAIN; tries++)
		fd = open_directory(path, RESOLVE_CACHED);
	if (fd == -1 && errno == EINVAL) /* before Linux 5.12 */
		fd = open_directory(path, 0);
	return fd;
}

/* Enter what was opened, if it is the working directory. Uses up the descriptor. */
static int enter(const struct host *host, int fd, bool same_mount)
{
	struct host_directory found;
	int result = -1, code;

	if (fd == -1)
		return -1;
	if (host_look(fd, "", &found) == 0) {
		errno = ESTALE;
		if (is_same(&found, &host->cwd_directory) &&
			(!same_mount || found.mount == host->cwd_directory.mount))
			result = fchdir(fd);
	}
	code = errno;
	close(fd);
	errno = code;
	return result;
}

/* See that "/" is what was the root directory. Returns 0, or -1 and errno. */
static int find_root(const struct host *host)
{
	struct host_directory found;

	if (host_look(AT_FDCWD, "/", &found) == -1)
		return -1;
	if (is_same(&found, &host->root_directory) && found.mount == host->root_directory.mount)
		return 0;
	errno = ESTALE;
	return -1;
}

/*
 * Whether it is worth a try to find the working directory by its path. What root may not enter it
 * could not enter again after the try; of FUSE without allow_other that is known without asking. On
 * a procfs a directory may have another inode number at the close.
 */
static bool may_be_found(const struct host *host)
{
	return host->cwd_path[0] == '/' && host->cwd_directory.inode != 0 &&
	       !mountinfo_is_below(host->cwd_path, "/proc") && fchdir(host->cwd) == 0;
}

static int return_root(const struct host *host, struct error *error)
{
	if (host->root == -1 ? find_root(host) == -1
			     : fchdir(host->root) == -1 || chroot(".") == -1)
		return error_set(error, errno, "go back to the root directory", NULL);
	return 0;
}

/* setns(2) refuses a process that shares its working directory with another thread. */
static int set_mount_namespace(const struct host *host)
{
	int result = setns(host->mount_namespace, CLONE_NEWNS);

	if (result == -1 && errno == EINVAL && unshare(CLONE_FS) == 0)
		result = setns(host->mount_namespace, CLONE_NEWNS);
	return result;
}

/*
 * Rehearse the way back. setns(2) into its own mount namespace leads to the root of that, which is
 * the application's unless it is in a chroot.
 */
static int rehearse(struct host *host, bool joins, bool *found, struct error *error)
{
	bool known = may_be_found(host);
	int result;

	*found = false;
	if ((!known && !joins) || set_mount_namespace(host) == -1)
		return 0;
	host->in_root = find_root(host) == 0;
	*found = known && host->in_root && enter(host, open_cached(host->cwd_path), true) == 0;
	if (*found || joins)
		return 0;
	result = return_root(host, error);
	if (result == 0 && fchdir(host->cwd) == -1)
		result = error_set(error, errno, "go back to the working directory", NULL);
	return result;
}

/* Of the namespaces of with=, that of time alone wants something: a process without threads. */
static int rehearse_time(const struct host *host, struct error *error)
{
	for (size_t i = 0; i < NAMESPACES_COUNT; i++) {
		if (namespaces[i].flag != CLONE_NEWTIME || host->others[i] == -1 ||
			setns(host->others[i], CLONE_NEWTIME) == 0)
			continue;
		if (errno != EUSERS)
			return error_set(
				error, errno, "rehearse the way back from a time namespace", NULL);
		return error_explain(error, errno, "rehearse the way back from a time namespace",
			NULL, "the application has threads, which the kernel leaves where they are",
			"leave time out of with= for this service");
	}
	return 0;
}

int host_settle(struct host *host, bool joins, struct error *error)
{
	bool found = false;
	int result = rehearse_time(host, error);

	if (result == 0)
		result = rehearse(host, joins, &found, error);
	if (result == 0 && !found && send_directories(host) == -1)
		result = error_set(error, errno, "keep the root and working directory", NULL);
	return result;
}

void host_let_go(struct host *host)
{
	descriptor_close(&host->root);
	descriptor_close(&host->cwd);
}

static bool is_on_procfs(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

int host_enter_again(const struct host *host, struct error *error)
{
	struct host_directory found;
	int fd = open_directory(host->cwd_path, 0);
	bool entered = fd != -1 && host_look(fd, "", &found) == 0 &&
		       (is_same(&found, &host->cwd_directory) || is_on_procfs(fd)) &&
		       fchdir(fd) == 0;

	descriptor_close(&fd);
	if (!entered && chdir("/") == -1)
		return error_set(error, errno, "enter the working directory again", NULL);
	return 0;
}

static int keep_others(struct host *host, int flags, struct error *error)
{
	char path[64];

	for (size_t i = 0; i < NAMESPACES_COUNT; i++) {
		if (!(flags & namespaces[i].flag))
			continue;
		snprintf(path, sizeof(path), "%s%s", HOST_PROC("ns/"), namespaces[i].name);
		host->others[i] = descriptor_keep(open(path, O_RDONLY | O_CLOEXEC));
		if (host->others[i] == -1)
			return error_set(error, errno, "keep the namespace", path);
	}
	return 0;
}

int host_keep(struct host *host, int flags, struct error *error)
{
	int result = refuse_second(host, error);

	if (result < 0)
		return result;
	host->application = descriptor_keep(sys_pidfd_open(getpid()));
	if (host->application == -1)
		return error_set(error, errno, "keep a pidfd of the application", NULL);
	host->mount_namespace = descriptor_keep(open(HOST_PROC("ns/mnt"), O_RDONLY | O_CLOEXEC));
	if (host->mount_namespace == -1)
		return error_set(error, errno, "keep the mount namespace", NULL);
	result = keep_others(host, flags, error);
	return result < 0 ? result : keep_directories(host, error);
}

static int return_pid(struct host *host, struct error *error)
{
	if (setns(host->application, CLONE_NEWPID) == -1)
		return error_set(error, errno, "go back to the PID namespace", NULL);
	descriptor_close(&host->application);
	return 0;
}

static int return_others(struct host *host, struct error *error)
{
	for (size_t i = 0; i < NAMESPACES_COUNT; i++) {
		if (host->others[i] != -1 && setns(host->others[i], 0) == -1)
			return error_set(
				error, errno, "go back to the namespace", namespaces[i].name);
		descriptor_close(&host->others[i]);
	}
	return 0;
}

/* As near to where PATH led as there is a directory that root may enter. PATH is cut. */
static void enter_above(char *path)
{
	bool entered = false;

	while (!entered && path[0] == '/' && path[1] != '\0') {
		char *end = strrchr(path, '/');
		int fd;

		end[end == path] = '\0';
		fd = open_directory(path, 0);
		entered = fd != -1 && fchdir(fd) == 0;
		descriptor_close(&fd);
	}
}

/* What others did to the directory, or do not let root do. */
static bool is_no_failure(int code)
{
	return code == ENOENT || code == ENOTDIR || code == ELOOP || code == ESTALE ||
	       code == EACCES || code == ENOTCONN;
}

static int return_cwd(struct host *host, const char *path_now, struct error *error)
{
	int code;

	if (host->cwd != -1 ? fchdir(host->cwd) == 0
			    : enter(host, open_directory(host->cwd_path, 0), false) == 0)
		return 0;
	code = errno;
	if (host->cwd == -1 && enter(host, open_directory(path_now, 0), false) == 0)
		return 0;
	enter_above(host->cwd_path);
	return is_no_failure(code)
		       ? 0
		       : error_set(error, code, "go back to the working directory", NULL);
}

static int return_directories(struct host *host, const char *path_now, struct error *error)
{
	struct error later;
	int result, next;

	if (host->root == -1 && host->directories != -1 && receive_directories(host) == -1)
		return error_set(error, errno, "take out the root and working directory", NULL);
	result = return_root(host, error);
	next = return_cwd(host, path_now, result ? &later : error);
	return result ? result : next;
}

/*
 * setns(2) into a mount namespace sets root and working directory to its "/". In the session's the
 * path of the working directory is also known if it was renamed meanwhile.
 */
static int return_mount(struct host *host, struct error *error)
{
	char path_now[PATH_MAX];

	if (host->root != -1 || host->directories != -1 ||
		sys_getcwd(path_now, sizeof(path_now)) == -1)
		path_now[0] = '\0';
	if (setns(host->mount_namespace, CLONE_NEWNS) == -1)
		return error_set(error, errno, "go back to the mount namespace", NULL);
	descriptor_close(&host->mount_namespace);
	return return_directories(host, path_now, error);
}

/*
 * Each descriptor is closed when it has been used: so there is room for the two directories, also
 * if the application has no descriptor left.
 */
int host_return(struct host *host, struct error *error)
{
	struct error later;
	int result = return_pid(host, error);
	int next = return_others(host, result ? &later : error);

	result = result ? result : next;
	next = return_mount(host, result ? &later : error);
	host_forget(host);
	return result ? result : next;
}
