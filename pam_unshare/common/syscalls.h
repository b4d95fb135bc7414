/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_SYSCALLS_H
#define PAM_UNSHARE_SYSCALLS_H

/*
 * System calls of Linux 5.10 that glibc 2.31 has no functions for, each named and behaving as its
 * manual page says: -1 and errno on failure. <linux/mount.h> cannot be included beside
 * <sys/mount.h> before glibc 2.37, so its constants stand here too.
 */

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE   1
#define OPEN_TREE_CLOEXEC O_CLOEXEC
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 0x00000004
#endif
#ifndef MOVE_MOUNT_T_EMPTY_PATH
#define MOVE_MOUNT_T_EMPTY_PATH 0x00000040
#endif
#ifndef MOVE_MOUNT_BENEATH
#define MOVE_MOUNT_BENEATH 0x00000200 /* Linux 6.5 */
#endif
#ifndef FSOPEN_CLOEXEC
#define FSOPEN_CLOEXEC  0x00000001
#define FSMOUNT_CLOEXEC 0x00000001
#endif
#ifndef MOUNT_ATTR_RDONLY
#define MOUNT_ATTR_RDONLY      0x00000001
#define MOUNT_ATTR_NOSUID      0x00000002
#define MOUNT_ATTR_NODEV       0x00000004
#define MOUNT_ATTR_NOEXEC      0x00000008
#define MOUNT_ATTR_NOATIME     0x00000010
#define MOUNT_ATTR_STRICTATIME 0x00000020
#define MOUNT_ATTR_NODIRATIME  0x00000080
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef SYS_close_range
#define SYS_close_range 436 /* on every architecture; glibc 2.31 does not know it */
#endif
#ifndef SYS_openat2
#define SYS_openat2 437 /* nor this one */
#endif
#ifndef RESOLVE_NO_SYMLINKS
#define RESOLVE_NO_XDEV       0x01
#define RESOLVE_NO_MAGICLINKS 0x02
#define RESOLVE_NO_SYMLINKS   0x04
#endif
#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20 /* Linux 5.12 */
#endif
#define RESOLVE_NO_LINKS (RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)
#ifndef AT_STATX_DONT_SYNC
#define AT_STATX_DONT_SYNC 0x4000
#endif
#ifndef STATX_INO
#define STATX_UID 0x00000008
#define STATX_INO 0x00000100
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

enum {
	SYSCALLS_FSCONFIG_SET_FLAG = 0,
	SYSCALLS_FSCONFIG_SET_STRING = 1,
	SYSCALLS_FSCONFIG_CMD_CREATE = 6,
};

/* The kernel's struct statx and struct open_how: older headers have them in part, or not at all. */
struct sys_statx {
	__u32 stx_mask;
	__u32 unused[4];
	__u32 stx_uid;
	__u32 unused_too[2];
	__u64 stx_ino;
	__u64 nor_these[12];
	__u32 stx_dev_major;
	__u32 stx_dev_minor;
	__u64 stx_mnt_id;
	__u64 spare[13];
};
_Static_assert(sizeof(struct sys_statx) == 256, "the kernel writes so much");

struct sys_open_how {
	__u64 flags, mode, resolve;
};

static inline int sys_statx(
	int dirfd, const char *path, int flags, unsigned int mask, struct sys_statx *result)
{
	return (int)syscall(SYS_statx, dirfd, path, flags, mask, result);
}

/* Not glibc's: that one hides from the caller that a directory is out of reach of the root. */
static inline int sys_getcwd(char *buffer, size_t size)
{
	return (int)syscall(SYS_getcwd, buffer, size);
}

static inline int sys_pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static inline int sys_pidfd_send_signal(int pidfd, int signal)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

static inline int sys_open_tree(int dirfd, const char *path, unsigned int flags)
{
	return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

static inline int sys_move_mount(
	int from, const char *from_path, int to, const char *to_path, unsigned int flags)
{
	return (int)syscall(SYS_move_mount, from, from_path, to, to_path, flags);
}

/* A descriptor (O_PATH) of PATH, which is walked as RESOLVE (RESOLVE_*, openat2(2)) says. */
static inline int sys_open_path(int dirfd, const char *path, int flags, unsigned int resolve)
{
	const struct sys_open_how how = {
		.flags = (unsigned int)flags | O_PATH | O_CLOEXEC,
		.resolve = resolve,
	};

	return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
}

/*
 * Which mount FD is on, and the device number of its file system. Asks for no attribute: of a FUSE
 * file system that root may not enter there is none, and its server may never answer (statx(2);
 * fs/fuse/dir.c, fuse_getattr).
 */
static inline int sys_mount_of(int fd, int *id, dev_t *device)
{
	struct sys_statx status;

	if (sys_statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &status) == -1)
		return -1;
	*id = (int)status.stx_mnt_id;
	*device = makedev(status.stx_dev_major, status.stx_dev_minor);
	return 0;
}

static inline int sys_fsopen(const char *type, unsigned int flags)
{
	return (int)syscall(SYS_fsopen, type, flags);
}

static inline int sys_fsconfig(int fd, unsigned int command, const char *key, const void *value)
{
	return (int)syscall(SYS_fsconfig, fd, command, key, value, 0);
}

static inline int sys_fsmount(int fd, unsigned int flags, unsigned int attributes)
{
	return (int)syscall(SYS_fsmount, fd, flags, attributes);
}

static inline int sys_close_range(unsigned int first, unsigned int last)
{
	return (int)syscall(SYS_close_range, first, last, 0);
}

/* Wait while *WORD is VALUE, until the DEADLINE of CLOCK_MONOTONIC; futex(2). */
static inline int sys_futex_wait(int *word, int value, const struct timespec *deadline)
{
	return (int)syscall(
		SYS_futex, word, FUTEX_WAIT_BITSET, value, deadline, NULL, FUTEX_BITSET_MATCH_ANY);
}

/*
 * The raw calls, not glibc's: those signal every thread that glibc knows of to change its ids too
 * (nptl(7)), and a clone that shares memory with the application would reach the application's.
 */
static inline int sys_setresuid(uid_t real, uid_t effective, uid_t saved)
{
	return (int)syscall(SYS_setresuid, real, effective, saved);
}

static inline int sys_setresgid(gid_t real, gid_t effective, gid_t saved)
{
	return (int)syscall(SYS_setresgid, real, effective, saved);
}

static inline int sys_setgroups(size_t count, const gid_t *groups)
{
	return (int)syscall(SYS_setgroups, count, groups);
}

/* Of the calling thread. The kernel's struct sched_attr, which glibc knows from 2.41 on. */
struct sys_sched_attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static inline int sys_sched_setattr(const struct sys_sched_attr *attributes)
{
	return (int)syscall(SYS_sched_setattr, 0, attributes, 0);
}

static inline int sys_sched_setaffinity(size_t size, const void *mask)
{
	return (int)syscall(SYS_sched_setaffinity, 0, size, mask);
}

static inline int sys_prlimit(int resource, const struct rlimit *limit, struct rlimit *before)
{
	return (int)syscall(SYS_prlimit64, 0, resource, limit, before);
}

/*
 * Not libcap's functions either: cap_set_proc takes a lock, in memory that a clone shares with the
 * application. A clone that is killed while it holds it leaves the application waiting for ever.
 */
static inline int sys_capset(
	struct __user_cap_header_struct *header, const struct __user_cap_data_struct *data)
{
	return (int)syscall(SYS_capset, header, data);
}

static inline int sys_capget(
	struct __user_cap_header_struct *header, struct __user_cap_data_struct *data)
{
	return (int)syscall(SYS_capget, header, data);
}

#endif
