/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_PROC_H
#define NSINFO_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>

/*
 * Reads /proc/PID: one process at a time, few files each. A process may end between any two calls:
 * then they return -ESRCH or -ENOENT and the caller goes on to the next.
 */

struct proc {
	int fd;              /* the directory */
	uint64_t own_pid_ns; /* inode of the caller's PID namespace; 0 if not known */
	time_t boot;         /* when the machine started; 0 until proc_start() needs it */

	/* proc_parent_pid_ns, or what a test puts in its place. */
	int (*parent)(const struct proc *proc, pid_t pid, uint64_t *inode);
};

#define PROC_CLOSED                                                                                \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/*
 * proc_open - open the procfs at PATH, "/proc" but in tests.
 *
 * Returns 0 or a negative errno; -ENOENT if it does not show the calling process: it is of another
 * PID namespace, or no procfs.
 */
int proc_open(struct proc *proc, const char *path);
void proc_close(struct proc *proc);

/* The machine's first PID namespace: always this one (the kernel's include/linux/proc_ns.h). */
#define PROC_FIRST_PID_NS 0xEFFFFFFCULL

#define PROC_LEVELS 33 /* the kernel allows 32 levels below the first (pid_namespaces(7)) */

/* What nsinfo needs of /proc/PID/status, proc_pid_status(5). */
struct proc_status {
	char name[64];
	char state; /* R, S, D, T, Z... */
	pid_t ppid;
	uid_t uid[4];             /* real, effective, saved, file system */
	pid_t nspid[PROC_LEVELS]; /* from /proc's own namespace down to the process's */
	int levels;
	uint64_t permitted, effective, bounding; /* capabilities */
	bool has_memory; /* false for a zombie, or if the memory is already let go of */
	long rss_kib;
};

int proc_status(const struct proc *proc, pid_t pid, struct proc_status *status);

/* What nsinfo needs of /proc/PID/stat. */
struct proc_stat {
	unsigned int tty;         /* device number; 0 for none */
	unsigned long long start; /* clock ticks since boot */
};

int proc_stat(const struct proc *proc, pid_t pid, struct proc_stat *stat);

/*
 * proc_limits - the resource limits, by their numbers: RLIMIT_NOFILE... Of a user's process
 * prlimit(2) tells root nothing without CAP_SYS_RESOURCE; /proc/PID/limits does.
 */
int proc_limits(const struct proc *proc, pid_t pid, struct rlimit limits[RLIM_NLIMITS]);

/* proc_owner - the effective uid. */
int proc_owner(const struct proc *proc, pid_t pid, uid_t *uid);

/* proc_start - when the process started. */
time_t proc_start(struct proc *proc, const struct proc_stat *stat);

/* proc_ns - the inode number of a namespace of the process. @name: "pid", "pid_for_children"... */
int proc_ns(const struct proc *proc, pid_t pid, const char *name, uint64_t *inode);

/*
 * proc_parent_pid_ns - of the PID namespace that contains the process's. -EPERM beyond one's own.
 */
int proc_parent_pid_ns(const struct proc *proc, pid_t pid, uint64_t *inode);

/* proc_link - where /proc/PID/NAME points. Returns 0 or a negative errno. */
int proc_link(const struct proc *proc, pid_t pid, const char *name, char *buffer, size_t size);

/*
 * proc_read - a whole file below /proc/PID, with a NUL behind it. The caller frees.
 * @length: bytes, or NULL.
 */
int proc_read(const struct proc *proc, pid_t pid, const char *name, char **text, size_t *length);

/* proc_read_path - the same for a path relative to /proc. */
int proc_read_path(const struct proc *proc, const char *path, char **text, size_t *length);

/* proc_environ - the value of NAME in what proc_read() gave of an "environ"; NULL if absent. */
const char *proc_environ(const char *block, size_t length, const char *name);

/*
 * proc_command - the command line as one line, or "[name]" if it has none. The caller frees.
 * NULL if the process is gone.
 */
char *proc_command(const struct proc *proc, pid_t pid);

/* proc_comm - the short name. The caller frees; NULL if the process is gone. */
char *proc_comm(const struct proc *proc, pid_t pid);

/* proc_pids - every process, in the order of the directory. The caller frees *PIDS. */
int proc_pids(const struct proc *proc, pid_t **pids, size_t *count);

/* proc_tty_name - "pts/0" of a device number, as ps(1) has it; NULL for none. Into BUFFER. */
#define PROC_TTY 24
const char *proc_tty_name(unsigned int tty, char buffer[PROC_TTY]);

#endif
