/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_MOUNTINFO_H
#define PAM_UNSHARE_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The mounts of a process, as /proc/PID/mountinfo tells (proc_pid_mountinfo(5)): what is where,
 * and which mount a path leads to.
 */

/* One line. The strings point into the text that was parsed; octal escapes are undone. */
struct mount {
	int id;
	int parent;
	const char *root;   /* the part of the file system that is mounted */
	const char *target; /* the mount point */
	char *attributes;   /* of this mount: "rw,nosuid,relatime" */
	const char *type;   /* of the file system */
	char *options;      /* of the file system: "rw,hidepid=invisible" */
	bool unbindable;
};

struct mountinfo {
	char *text;
	struct mount *mounts; /* in the order of the file: a mount stands before what is on it */
	size_t count;
};

/*
 * mountinfo_read - read and parse a mountinfo file.
 * @path: usually "/proc/self/mountinfo".
 * @info: filled; mountinfo_free frees it, also after an error.
 *
 * Returns 0, -ENOMEM, -EBADMSG for a line that is not as proc(5) says, or what open(2) and
 * read(2) fail with.
 */
int mountinfo_read(const char *path, struct mountinfo *info);

/*
 * mountinfo_parse - the same from memory.
 * @text: NUL-terminated, from malloc; info owns it from here on, also after an error.
 */
int mountinfo_parse(char *text, struct mountinfo *info);

void mountinfo_free(struct mountinfo *info);

/*
 * mountinfo_lookup - the mount that a path leads to: the topmost of a stack, and none that
 * another one hides.
 * @path: absolute, without symbolic links, "." or "..".
 *
 * Returns NULL where the process has no mount at "/" (a root directory that is no mount point).
 */
const struct mount *mountinfo_lookup(const struct mountinfo *info, const char *path);

/* mountinfo_is_below - whether PATH is DIRECTORY itself or inside it. */
bool mountinfo_is_below(const char *path, const char *directory);

#endif
