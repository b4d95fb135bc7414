/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_TESTS_KERNEL_H
#define PAM_UNSHARE_TESTS_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A kernel of the tests' own, for session.c, launch.c and procfs/: the linker gives them these
 * functions instead of libc's (ld(1), --wrap; the list is in meson.build). It needs no root, it
 * keeps account of what the application has (namespaces, directories, descriptors, memory), it
 * notes each call, and it fails the one it is told to. A clone runs its function at once, in the
 * test's own process, with the state that clone(2) says it shares or has copied.
 */

#define KERNEL_FDS       64
#define KERNEL_CALLS     8192
#define KERNEL_CALL_SIZE 160
#define KERNEL_BLOCKS    256

struct kernel_descriptor {
	const char *what; /* what it is open on; NULL where it is closed */
	bool cloexec;
	size_t offset;
	int mount; /* the mount that a path led to */
};

/* What a process has; the application's is to be the same after a failure as before. */
struct kernel_process {
	const char *mount_namespace, *children; /* "host" or "session" */
	int further; /* CLONE_NEW* of the others that are the session's */
	char root[64], cwd[64];
	struct kernel_descriptor fds[KERNEL_FDS];
	bool subreaper;
};

struct kernel {
	struct kernel_process process; /* of whoever runs: the application, or a clone */
	int depth;                     /* 0 application, 1 starter, 2 PID 1 */
	size_t blocks, maps;           /* memory that is not yet given back */
	void *block[KERNEL_BLOCKS];
	long clock_ms; /* of CLOCK_MONOTONIC; it moves when somebody waits */

	char calls[KERNEL_CALLS][KERNEL_CALL_SIZE]; /* in their order, as "setns host mnt" */
	size_t count;
	size_t fail;          /* the number of the call to fail, from 1; 0 for none */
	int fail_errno;       /* and with what */
	const char *fail_all; /* fail each call whose text begins so, too; or NULL */

	int cwd_mount; /* that PID 1 is on */

	/* How the world is; set before the code runs. */
	const char *mountinfo;
	bool no_beneath; /* before Linux 6.5 */
	const char *no_path; /* no walk comes to this path */
	int locked;          /* this mount cannot be moved */
	bool stays;          /* what is detached stays where it is */
	const char *late;    /* a line that mountinfo has from the second reading on */
	bool no_proc;
	bool cwd_on_procfs, cwd_unreachable;
	bool cwd_is_closed;                   /* to root: a FUSE */
	bool cwd_elsewhere;                   /* on a mount that is not in mountinfo */
	bool cwd_is_always_asked_for;         /* its path is not cached */
	bool cwd_path_leads_elsewhere;        /* to another directory */
	const char *cwd_renamed, *cwd_absent; /* to this path; which paths are not there */
	bool chrooted;
	bool starter_is_killed, init_is_killed, init_hangs, init_is_unkillable;
	int poll_result; /* of the report: 1 at once, 0 never */
	int poll_interruptions;
	bool run_exists; /* the directory where logins meet that share a session */
	unsigned int run_uid, run_mode;
	bool init_was_murdered;  /* while the session was open: it says nothing any more */
	unsigned int name;       /* the inode of the name where they meet; 0 while there is none */
	bool name_is_taken_over; /* after it was bound */
	bool waits_in_line;      /* there is no room to connect */
	bool mounts_have_no_id, mounts_are_own; /* as before Linux 6.11; not those of PID 1 */
	bool lock_is_held, somebody_listens, root_differs, proc_is_the_hosts, masks_are_gone;
	bool keeps_limits; /* PID 1 may not have the system's defaults */
	char answer;       /* of PID 1 to who joins; '\0' for none */
	unsigned int answer_uid;
	bool answer_is_the_last; /* it died, and its PID may be another's */
	unsigned int init_uid;   /* of the application's own PID 1, and what it is */
	const char *comm, *environment;
	size_t environment_size;

	/* What happened. */
	bool init_was_born, init_was_killed;
	struct kernel_process executed; /* PID 1, as session-init finds itself */
	char executed_path[256], executed_title[256], executed_environment[2048];
	const char *violation; /* of a rule that holds always; or NULL */
};

extern struct kernel kernel;

/* kernel_boot - a new kernel, and an application on a machine with a plain /proc. */
void kernel_boot(void);

/* kernel_called - the number of the first call from number FROM that begins with TEXT; or 0. */
size_t kernel_called(const char *text, size_t from);

/* kernel_print_calls - for whoever reads a failure. */
void kernel_print_calls(void);

#endif
