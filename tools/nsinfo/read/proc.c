/* SPDX-License-Identifier: MIT */

#include "read/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/strings.h"

#define PATH_SIZE 64
#define FILE_LIMIT                                                                                 \
	(4U << 20) /* a command line can be 2 MiB (execve(2)); nothing else comes near             \
		    */

static int read_link(const struct proc *proc, const char *path, char *buffer, size_t size)
{
	ssize_t length = readlinkat(proc->fd, path, buffer, size - 1);

	if (length == -1)
		return -errno;
	buffer[length] = '\0';
	return 0;
}

/* "pid:[4026531836]" */
static int parse_ns_link(const char *link, uint64_t *inode)
{
	const char *number = strchr(link, '[');
	char *end;

	if (!number)
		return -EINVAL;
	*inode = strtoull(number + 1, &end, 10);
	return *end == ']' ? 0 : -EINVAL;
}

int proc_open(struct proc *proc, const char *path)
{
	char link[PATH_SIZE];

	*proc = (struct proc){.fd = -1, .parent = proc_parent_pid_ns};
	proc->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc->fd == -1)
		return -errno;
	if (read_link(proc, "self/ns/pid", link, sizeof(link)) == 0 &&
		parse_ns_link(link, &proc->own_pid_ns) == 0)
		return 0;
	proc_close(proc);
	return -ENOENT;
}

void proc_close(struct proc *proc)
{
	cleanup_close(&proc->fd);
}

/* NAMEs are those of proc_pid(5), far shorter than PATH_SIZE. */
static void pid_path(char path[PATH_SIZE], pid_t pid, const char *directory, const char *name)
{
	char digits[STRING_DECIMAL];

	stpcpy(stpcpy(stpcpy(path, string_decimal(digits, pid)), directory), name);
}

int proc_link(const struct proc *proc, pid_t pid, const char *name, char *buffer, size_t size)
{
	char path[PATH_SIZE];

	pid_path(path, pid, "/", name);
	return read_link(proc, path, buffer, size);
}

int proc_ns(const struct proc *proc, pid_t pid, const char *name, uint64_t *inode)
{
	char path[PATH_SIZE], link[PATH_SIZE];
	int r;

	pid_path(path, pid, "/ns/", name);
	r = read_link(proc, path, link, sizeof(link));
	return r < 0 ? r : parse_ns_link(link, inode);
}

int proc_parent_pid_ns(const struct proc *proc, pid_t pid, uint64_t *inode)
{
	char path[PATH_SIZE];
	_cleanup_close_ int ns = -1, parent = -1;
	struct stat st;

	pid_path(path, pid, "/ns/", "pid");
	ns = openat(proc->fd, path, O_RDONLY | O_CLOEXEC);
	if (ns == -1)
		return -errno;
	parent = ioctl(ns, NS_GET_PARENT);
	if (parent == -1 || fstat(parent, &st) == -1)
		return -errno;
	*inode = st.st_ino;
	return 0;
}

/*
 * @whole: the kernel writes the file in one go, so a read that leaves room was the last. That saves
 *	   a call a file.
 */
static int read_file(
	const struct proc *proc, const char *path, bool whole, char **text, size_t *length)
{
	_cleanup_close_ int fd = openat(proc->fd, path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *buffer = NULL;
	size_t size = 0, used = 0;
	ssize_t got;

	if (fd == -1)
		return -errno;
	do {
		if (used + 2 > size) {
			size = size ? size * 4 : 4096;
			buffer = memory_check(realloc(buffer, size));
		}
		got = read(fd, buffer + used, size - used - 1);
		if (got == -1)
			return -errno;
		used += (size_t)got;
	} while (got > 0 && !(whole && used + 1 < size) && used < FILE_LIMIT);
	buffer[used] = '\0';
	*text = memory_check(realloc(buffer, used + 1)); /* a short name is kept, not 4 KiB */
	buffer = NULL;
	if (length)
		*length = used;
	return 0;
}

int proc_read_path(const struct proc *proc, const char *path, char **text, size_t *length)
{
	return read_file(proc, path, false, text, length);
}

int proc_read(const struct proc *proc, pid_t pid, const char *name, char **text, size_t *length)
{
	/* The others are a record a line, and end each read where they like. */
	static const char *const whole[] = {"status", "stat", "comm", "environ", "cmdline"};
	char path[PATH_SIZE];
	bool is_whole = false;

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		is_whole |= strcmp(name, whole[i]) == 0;
	pid_path(path, pid, "/", name);
	return read_file(proc, path, is_whole, text, length);
}

/* The text behind "NAME:" and blanks, at the start of a line of a "status" file. */
static const char *field(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) == 0 && line[length] == ':')
			return line + length + 1 + strspn(line + length + 1, " \t");
	}
	return NULL;
}

static uint64_t hex_field(const char *text, const char *name)
{
	const char *value = field(text, name);

	return value ? strtoull(value, NULL, 16) : 0;
}

static int parse_uids(const char *text, struct proc_status *status)
{
	const char *at = field(text, "Uid");
	unsigned int u[4];

	if (!at || sscanf(at, "%u %u %u %u", &u[0], &u[1], &u[2], &u[3]) != 4)
		return -EINVAL;
	for (int i = 0; i < 4; i++)
		status->uid[i] = u[i];
	return 0;
}

static int parse_nspid(const char *text, struct proc_status *status)
{
	const char *at = field(text, "NSpid");

	status->levels = 0;
	while (at && *at != '\n' && *at != '\0' && status->levels < PROC_LEVELS) {
		char *end;
		long pid = strtol(at, &end, 10);

		if (end == at)
			return -EINVAL;
		status->nspid[status->levels++] = (pid_t)pid;
		at = end + strspn(end, " \t");
	}
	return status->levels > 0 ? 0 : -EINVAL;
}

int proc_status(const struct proc *proc, pid_t pid, struct proc_status *status)
{
	_cleanup_free_ char *text = NULL;
	const char *at;
	int r = proc_read(proc, pid, "status", &text, NULL);

	if (r < 0)
		return r;
	memset(status, 0, sizeof(*status));
	/* The kernel escapes a newline in a name, so no name can make up a line (proc(5)). */
	at = field(text, "Name");
	if (at)
		snprintf(status->name, sizeof(status->name), "%.*s", (int)strcspn(at, "\n"), at);
	at = field(text, "State");
	status->state = at ? *at : '?';
	at = field(text, "PPid");
	status->ppid = at ? (pid_t)strtol(at, NULL, 10) : 0;
	at = field(text, "VmRSS");
	status->has_memory = at;
	status->rss_kib = at ? strtol(at, NULL, 10) : 0;
	status->permitted = hex_field(text, "CapPrm");
	status->effective = hex_field(text, "CapEff");
	status->bounding = hex_field(text, "CapBnd");
	r = parse_uids(text, status);
	return r < 0 ? r : parse_nspid(text, status);
}

int proc_stat(const struct proc *proc, pid_t pid, struct proc_stat *stat)
{
	_cleanup_free_ char *text = NULL;
	const char *at;
	int tty;
	int r = proc_read(proc, pid, "stat", &text, NULL);

	if (r < 0)
		return r;
	at = strrchr(text, ')'); /* the name may hold blanks and brackets */
	if (!at ||
		sscanf(at + 1,
			" %*c %*d %*d %*d %d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
			"%*d %llu",
			&tty, &stat->start) != 2)
		return -EINVAL;
	stat->tty = (unsigned int)tty;
	return 0;
}

/* "Max open files            1024                 4096                 files" */
static int parse_limit(const char *line, struct rlimit *limit)
{
	char soft[24], hard[24];

	if (strlen(line) < 26 || sscanf(line + 26, "%23s %23s", soft, hard) != 2)
		return -EINVAL;
	limit->rlim_cur = *soft == 'u' ? RLIM_INFINITY : strtoul(soft, NULL, 10);
	limit->rlim_max = *hard == 'u' ? RLIM_INFINITY : strtoul(hard, NULL, 10);
	return 0;
}

/* In the order of their numbers, below a heading (the kernel's fs/proc/base.c). */
int proc_limits(const struct proc *proc, pid_t pid, struct rlimit limits[RLIM_NLIMITS])
{
	_cleanup_free_ char *text = NULL;
	char *state = NULL, *line;
	int r = proc_read(proc, pid, "limits", &text, NULL);

	if (r < 0)
		return r;
	line = strtok_r(text, "\n", &state);
	for (int i = 0; i < (int)RLIM_NLIMITS; i++) {
		line = line ? strtok_r(NULL, "\n", &state) : NULL;
		if (!line || parse_limit(line, &limits[i]) < 0)
			return -EINVAL;
	}
	return 0;
}

int proc_owner(const struct proc *proc, pid_t pid, uid_t *uid)
{
	char path[PATH_SIZE];
	struct stat st;

	pid_path(path, pid, "", "");
	if (fstatat(proc->fd, path, &st, 0) == -1)
		return -errno;
	*uid = st.st_uid;
	return 0;
}

/* Not by the btime of /proc/stat, which subset=pid hides. */
time_t proc_start(struct proc *proc, const struct proc_stat *stat)
{
	if (proc->boot == 0) {
		struct timespec now, up;

		clock_gettime(CLOCK_REALTIME, &now);
		clock_gettime(CLOCK_BOOTTIME, &up);
		proc->boot = now.tv_sec - up.tv_sec - (now.tv_nsec < up.tv_nsec);
	}
	return proc->boot + (time_t)(stat->start / (unsigned long long)sysconf(_SC_CLK_TCK));
}

const char *proc_environ(const char *block, size_t length, const char *name)
{
	size_t name_length = strlen(name);

	for (const char *at = block; at < block + length; at += strlen(at) + 1)
		if (strncmp(at, name, name_length) == 0 && at[name_length] == '=')
			return at + name_length + 1;
	return NULL;
}

char *proc_comm(const struct proc *proc, pid_t pid)
{
	char *text;
	size_t length;

	if (proc_read(proc, pid, "comm", &text, &length) < 0)
		return NULL;
	if (length > 0 && text[length - 1] == '\n')
		text[length - 1] = '\0';
	return text;
}

char *proc_command(const struct proc *proc, pid_t pid)
{
	_cleanup_free_ char *comm = NULL;
	char *text = NULL;
	size_t length;

	if (proc_read(proc, pid, "cmdline", &text, &length) < 0)
		return NULL;
	while (length > 0 && (text[length - 1] == '\0' || text[length - 1] == ' '))
		length--;
	if (length > 0) {
		for (size_t i = 0; i < length; i++)
			if (text[i] == '\0')
				text[i] = ' ';
		text[length] = '\0';
		return text;
	}
	free(text);
	comm = proc_comm(proc, pid);
	return comm ? string_format("[%s]", comm) : NULL;
}

int proc_pids(const struct proc *proc, pid_t **pids, size_t *count)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	int fd = openat(proc->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*pids = NULL;
	*count = 0;
	if (fd == -1)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while ((entry = readdir(dir))) {
		long long pid;

		if (string_number(entry->d_name, &pid) < 0)
			continue;
		*pids = memory_grow(*pids, *count, sizeof(**pids));
		(*pids)[(*count)++] = (pid_t)pid;
	}
	return 0;
}

/* The majors of Documentation/admin-guide/devices.txt that a login has. */
const char *proc_tty_name(unsigned int tty, char buffer[PROC_TTY])
{
	unsigned int device_major = major(tty), device_minor = minor(tty);

	if (tty == 0)
		return NULL;
	if (device_major >= 136 && device_major <= 143)
		snprintf(buffer, PROC_TTY, "pts/%u", (device_major - 136) * 256 + device_minor);
	else if (device_major == 4 && device_minor < 64)
		snprintf(buffer, PROC_TTY, "tty%u", device_minor);
	else if (device_major == 4)
		snprintf(buffer, PROC_TTY, "ttyS%u", device_minor - 64);
	else
		snprintf(buffer, PROC_TTY, "%u:%u", device_major, device_minor);
	return buffer;
}
