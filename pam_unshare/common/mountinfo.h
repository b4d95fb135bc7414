/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_MOUNTINFO_H
#define PAM_UNSHARE_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/error.h"

/*
 * The mounts of a process, as /proc/PID/mountinfo tells (proc_pid_mountinfo(5)): what is where,
 * and which mount a path leads to.
 */

/* One line. The strings point into the text that was parsed; octal escapes are undone. */
struct mount {
	int id;
	int parent;
	dev_t device;       /* of the file system, as stat(2) has it in st_dev */
	const char *root;   /* what of the file system is mounted: a path, or "net:[4026531840]" */
	const char *target; /* the mount point */
	char *attributes;   /* of this mount: "rw,nosuid,relatime" */
	const char *type;   /* of the file system */
	char *options;      /* of the file system: "rw,hidepid=invisible" */
	bool unbindable;
	bool gone; /* set by the reader: mountinfo_lookup takes it as not there */
};

struct mountinfo {
	char *text;
	struct mount *mounts; /* in the order of the file */
	size_t count;
	struct mount **by_id; /* sorted by id */
	const char *wrong;    /* the line that -EBADMSG is about */
};

/*
 * mountinfo_read - read and parse a mountinfo file.
 * @fd: open on it, usually on /proc/self/mountinfo; it is read from its beginning and stays the
 *      caller's. The kernel shows the mount namespace and the root of the time of the open(2).
 * @info: filled; mountinfo_free frees it, also after an error.
 *
 * Returns 0, -ENOMEM, -EBADMSG for a line that cannot be understood and could be about a procfs,
 * or what read(2) fails with. Other lines that cannot be understood are left out.
 */
int mountinfo_read(int fd, struct mountinfo *info);

/*
 * mountinfo_parse - the same from memory.
 * @text: NUL-terminated, from malloc; info owns it from here on, also after an error.
 */
int mountinfo_parse(char *text, struct mountinfo *info);

/*
 * mountinfo_next - parse one line, in place and without allocation: also a clone may.
 * @at: where the line begins; moved to the next one.
 * @mount: filled, with strings that point into the text.
 *
 * Returns 1, 0 at the end, or -EBADMSG as mountinfo_read; what begins at *at is then the line.
 */
int mountinfo_next(char **at, struct mount *mount);

void mountinfo_free(struct mountinfo *info);

/* mountinfo_refuse - the error for -EBADMSG, with the line that it is about. Returns -EBADMSG. */
int mountinfo_refuse(const char *line, struct error *error);

/*
 * mountinfo_lookup - the mount that a path leads to: the topmost of a stack, and none that
 * another one hides.
 * @path: absolute, without symbolic links, "." or "..".
 *
 * Returns NULL if the process has no mount at "/" (a root directory that is no mount point).
 */
const struct mount *mountinfo_lookup(const struct mountinfo *info, const char *path);

/*
 * mountinfo_find - the mount with this id, or NULL. If an id stands twice (mountinfo is read in
 * pieces, and ids are used again), it is one of them.
 */
struct mount *mountinfo_find(const struct mountinfo *info, int id);

/* mountinfo_is_below - whether PATH is DIRECTORY itself or inside it. */
bool mountinfo_is_below(const char *path, const char *directory);

#endif
