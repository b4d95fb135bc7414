/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_REACH_H
#define PAM_UNSHARE_REACH_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/mountinfo.h"

/*
 * Getting at a mount. A path is no way to name one: whoever may rename a directory above it decides
 * where root ends up. So the walk goes by descriptors from mount to mount, follows no symbolic link
 * and enters no mount that is not on the way, and what it comes to is believed if it has the mount
 * id that was looked for. If a name has changed meanwhile, mountinfo has the new one.
 */

/* One mount that the walk enters. */
struct reach_step {
	const struct mount *mount;
	const char *target; /* its mount point as it was looked up last */
};

/* The mounts from the one at "/" to the one that is looked for. */
struct reach_way {
	struct reach_step *steps;
	size_t count; /* at least 1 */
};

/*
 * reach_way_make - the way to a mount that a path leads to.
 * @info: the mounts; the way points into it.
 * @mount: one of them.
 * @way: filled, and empty after an error; reach_way_free frees it.
 *
 * Call it in the application. Returns 0, -ENOMEM, or -ESTALE if the mounts above it are not there.
 */
int reach_way_make(const struct mountinfo *info, const struct mount *mount, struct reach_way *way);

void reach_way_free(struct reach_way *way);

/*
 * reach_entered_before - the mount that a walk enters before this one: of a stack on one mount
 * point it comes to the topmost alone. NULL for the one at "/". Call it in the application.
 */
const struct mount *reach_entered_before(const struct mountinfo *info, const struct mount *mount);

/* What the walks of one plan have in common. */
struct reach {
	int mountinfo; /* open on mountinfo of this mount namespace, the caller's */
	char *text;    /* what was read from it last, and the room for it (mmap(2)) */
	size_t size;
	/*
	 * Of CLOCK_MONOTONIC, set when a walk fails for the first time: REACH_LIMIT_MS later. Then
	 * the plan itself may be wrong: a user has mounted something in the way meanwhile, or
	 * mountinfo was read while names changed. A login makes new plans for OPEN_LIMIT_MS.
	 */
	int64_t deadline_ms;
};

/* Instead of a mount id: whatever is on top. */
#define REACH_ANY (-1)

/*
 * reach_mount - open a mount's root.
 * @reach: .mountinfo is set, the rest is zero at first; reach_end frees it.
 * @way: to it, or to the one that was on top of it: the targets that are found last stay noted in
 *       the way until the next call.
 * @id: the mount that it has to be, or REACH_ANY.
 * @directory: if it is not NULL, set to a descriptor (O_PATH, O_CLOEXEC) of the directory that the
 *             mount point is in: there it has the last name of the way's last target. The caller's.
 * @error: filled when something is wrong: names the mount and who owns the directory.
 *
 * May be called in a clone that shares memory with the application: allocates with mmap(2) alone.
 * Nobody who renames directories can make it open another mount, or block; if they keep it from its
 * goal it gives up after REACH_LIMIT_MS.
 *
 * Returns a descriptor (O_PATH, O_CLOEXEC), the caller's; or a negative errno, -ESTALE if the mount
 * is not there any more, or was not reached in time: another plan may succeed.
 */
int reach_mount(
	struct reach *reach, struct reach_way *way, int id, int *directory, struct error *error);

/*
 * reach_mounts_now - read mountinfo once more, for mountinfo_next. Returns the text, which is valid
 * until the next call or reach_mount; or NULL and errno. May be called in a clone.
 */
char *reach_mounts_now(struct reach *reach);

/* reach_end - give back what the walks have allocated. */
void reach_end(struct reach *reach);

#endif
