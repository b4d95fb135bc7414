/* SPDX-License-Identifier: MIT */
#include "procfs/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/digits.h"
#include "common/limits.h"
#include "common/syscalls.h"

/* Within one mount, and by the names alone. */
#define WITHIN (RESOLVE_NO_LINKS | RESOLVE_NO_XDEV)

/* --- in the application --- */

static const struct mount *parent_of(const struct mountinfo *info, const struct mount *mount)
{
	const struct mount *parent = mountinfo_find(info, mount->parent);

	return parent == mount ? NULL : parent;
}

const struct mount *reach_entered_before(const struct mountinfo *info, const struct mount *mount)
{
	const struct mount *below = parent_of(info, mount);

	for (size_t depth = 0; below && depth < info->count; depth++) {
		if (strcmp(below->target, mount->target) != 0)
			return below;
		below = parent_of(info, below);
	}
	return NULL;
}

int reach_way_make(const struct mountinfo *info, const struct mount *mount, struct reach_way *way)
{
	const struct mount *first = mount, *before;
	size_t count = 1;

	*way = (struct reach_way){0};
	for (; (before = reach_entered_before(info, first)); first = before)
		if (++count > info->count)
			return -ESTALE;
	if (strcmp(first->target, "/") != 0)
		return -ESTALE; /* its parent is not listed: it cannot be walked to */
	way->steps = calloc(count, sizeof(*way->steps));
	if (!way->steps)
		return -ENOMEM;
	way->count = count;
	for (; mount; mount = reach_entered_before(info, mount))
		way->steps[--count].mount = mount;
	return 0;
}

void reach_way_free(struct reach_way *way)
{
	free(way->steps);
	*way = (struct reach_way){0};
}

/* --- in the clone --- */

static bool make_room(struct reach *reach)
{
	size_t size = reach->size ? reach->size * 2 : 65536;
	void *text = reach->text ? mremap(reach->text, reach->size, size, MREMAP_MAYMOVE)
				 : mmap(NULL, size, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (text == MAP_FAILED)
		return false;
	reach->text = text;
	reach->size = size;
	return true;
}

char *reach_mounts_now(struct reach *reach)
{
	size_t length = 0;
	ssize_t got;

	if (!reach->text && !make_room(reach))
		return NULL;
	if (lseek(reach->mountinfo, 0, SEEK_SET) == -1)
		return NULL;
	while ((got = read(reach->mountinfo, reach->text + length, reach->size - length - 1)) > 0) {
		length += (size_t)got;
		if (reach->size - length < 4096 && !make_room(reach))
			return NULL;
	}
	if (got == -1)
		return NULL;
	reach->text[length] = '\0';
	return reach->text;
}

void reach_end(struct reach *reach)
{
	if (reach->text)
		munmap(reach->text, reach->size);
	reach->text = NULL;
	reach->size = 0;
}

/* Look up where the mounts of the way are by now. */
static int names_now(struct reach *reach, struct reach_way *way)
{
	char *at = reach_mounts_now(reach);
	struct mount mount;
	size_t found = 0;

	if (!at)
		return -errno;
	for (size_t i = 0; i < way->count; i++)
		way->steps[i].target = NULL;
	while (mountinfo_next(&at, &mount) == 1) {
		for (size_t i = 0; i < way->count; i++) {
			if (way->steps[i].mount->id == mount.id) {
				found += !way->steps[i].target;
				way->steps[i].target = mount.target;
			}
		}
	}
	return found == way->count ? 0 : -ESTALE;
}

/* From the mount before it to this one: "srv/chroot/proc". NULL if it is not below that now. */
static const char *path_to(const struct reach_way *way, size_t step)
{
	const char *from = way->steps[step - 1].target, *to = way->steps[step].target;

	if (!mountinfo_is_below(to, from))
		return NULL;
	to += strlen(from);
	while (*to == '/')
		to++;
	return *to == '\0' ? NULL : to;
}

/* Where to cut a path so that the first part is one that the kernel takes. */
static size_t part_length(const char *path, size_t length)
{
	if (length < PATH_MAX)
		return length;
	for (length = PATH_MAX - 1; length > 0 && path[length] != '/'; length--)
		;
	return length;
}

/*
 * Walk LENGTH bytes of a path, which may be longer than PATH_MAX, within one mount. Takes over the
 * descriptor AT. Returns another or a negative errno.
 */
static int walk_within(int at, const char *path, size_t length)
{
	char part[PATH_MAX];

	while (length > 0) {
		size_t cut = part_length(path, length);
		int next;

		memcpy(part, path, cut);
		part[cut] = '\0';
		next = cut == 0 ? -1 : sys_open_path(at, part, 0, WITHIN);
		if (next == -1) {
			int code = cut == 0 ? ENAMETOOLONG : errno;

			close(at);
			return -code;
		}
		close(at);
		at = next;
		path += cut;
		length -= cut;
		for (; length > 0 && *path == '/'; length--)
			path++;
	}
	return at;
}

/* Close it, or leave it to who wants to know the directory. */
static void leave(int at, int *directory)
{
	if (directory)
		*directory = at;
	else
		close(at);
}

/*
 * Onto the mount at the end of a path. Takes over AT; returns another or a negative errno. If it
 * succeeds, the directory that the mount point is in is left in *DIRECTORY, unless that is NULL.
 */
static int enter(int at, const char *path, int *directory)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	int fd, code;

	at = walk_within(at, path, slash ? (size_t)(slash - path) : 0);
	if (at < 0)
		return at;
	fd = sys_open_path(at, name, O_NOFOLLOW, RESOLVE_NO_LINKS);
	code = errno;
	leave(at, fd == -1 ? NULL : directory);
	return fd == -1 ? -code : fd;
}

/* One component of a path: the number DEPTH, from 0, into a buffer of NAME_MAX + 1 bytes. */
static int component(const char *path, size_t depth, char *name, bool *last)
{
	const char *end = strchrnul(path, '/');

	for (; depth > 0 && *end == '/'; depth--) {
		path = end + 1;
		end = strchrnul(path, '/');
	}
	if (depth > 0 || end - path > NAME_MAX)
		return -ESTALE;
	memcpy(name, path, (size_t)(end - path));
	name[end - path] = '\0';
	*last = *end == '\0';
	return 0;
}

/* Open what the component has for a name at this moment. */
static int open_component(
	struct reach *reach, struct reach_way *way, size_t step, int at, size_t depth, bool *last)
{
	char name[NAME_MAX + 1];
	int result = -ESTALE;

	for (int tries = 0; tries < REACH_NAME_TRIES; tries++) {
		const char *path;
		int fd;

		result = names_now(reach, way);
		path = result == 0 ? path_to(way, step) : NULL;
		if (!path)
			return result < 0 ? result : -EAGAIN;
		if (component(path, depth, name, last) < 0 || clock_now_ms() >= reach->deadline_ms)
			return -EAGAIN;
		fd = sys_open_path(at, name, *last ? O_NOFOLLOW : 0,
			*last ? RESOLVE_NO_LINKS : (unsigned int)WITHIN);
		if (fd != -1)
			return fd;
		result = -errno;
	}
	return result == -ESTALE ? -EAGAIN : result;
}

/*
 * The same as enter, name by name. Who renames several directories all the time would have to hit
 * all of them between two looks at mountinfo; here it is one name at a time.
 */
static int enter_slowly(
	struct reach *reach, struct reach_way *way, size_t step, int at, int *directory)
{
	bool last = false;

	for (size_t depth = 0; at >= 0 && !last; depth++) {
		int next = open_component(reach, way, step, at, depth, &last);

		leave(at, next >= 0 && last ? directory : NULL);
		at = next;
	}
	return at;
}

/*
 * Whether this is the mount. One of a file system that says nothing of itself is not. An id that
 * became free is given to the next mount, but a procfs is known by its device, too; others may have
 * devices that mountinfo does not have (btrfs).
 */
static bool is_mount(int fd, int id, const struct mount *mount)
{
	dev_t device;
	int found;

	if (id == REACH_ANY)
		return true;
	return sys_mount_of(fd, &found, &device) == 0 && found == id &&
	       (id != mount->id || strcmp(mount->type, "proc") != 0 || device == mount->device);
}

/* One step of a walk. Takes over AT; returns the mount's root or a negative errno. */
static int take_step(struct reach *reach, struct reach_way *way, size_t step, int at, int id,
	bool slowly, int *directory)
{
	const char *path = path_to(way, step);
	int in = -1, fd;

	if (!path) {
		close(at);
		return -EAGAIN;
	}
	fd = slowly ? enter_slowly(reach, way, step, at, &in) : enter(at, path, &in);
	if (fd < 0)
		return fd;
	if (!is_mount(fd, id, way->steps[step].mount)) {
		close(in);
		close(fd);
		return -EAGAIN;
	}
	leave(in, directory);
	return fd;
}

/* One walk, from the root directory. */
static int walk(struct reach *reach, struct reach_way *way, int id, bool slowly, int *directory)
{
	int at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (at == -1)
		return -errno;
	for (size_t step = 1; step < way->count && at >= 0; step++) {
		bool end = step + 1 == way->count;

		at = take_step(reach, way, step, at, end ? id : way->steps[step].mount->id, slowly,
			end ? directory : NULL);
	}
	return at;
}

/* --- whose fault it is --- */

/* The first directory on the way that is not root's: its owner can rename what is below. */
static unsigned int owner_of(const char *path)
{
	int at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[NAME_MAX + 1];
	struct sys_statx status = {0};
	bool last = false;

	while (at != -1 && !last && status.stx_uid == 0) {
		int next = -1;

		path = strchrnul(path, '/');
		path += *path == '/';
		if (component(path, 0, name, &last) == 0)
			next = sys_open_path(at, name, O_NOFOLLOW, RESOLVE_NO_LINKS);
		close(at);
		at = next;
		if (at != -1 && sys_statx(at, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_UID,
					&status) == -1)
			last = true;
	}
	if (at != -1)
		close(at);
	return status.stx_uid;
}

static int give_up(const struct reach_way *way, struct error *error)
{
	const char *path = way->steps[way->count - 1].target;
	char digits[DIGITS_SIZE];

	if (!path)
		path = way->steps[way->count - 1].mount->target;
	error_explain(error, 0, "reach the mount below a directory that belongs to uid",
		digits_of(owner_of(path), digits),
		"the owner renames the directories above it or keeps root out of them",
		"unmount it, or mount it where only root can do that");
	error_add(error, ": ");
	error_add(error, path);
	return -ESTALE;
}

/* Failures of this process, which no other try mends. */
static bool is_final(int result)
{
	return result >= 0 || result == -ESTALE || result == -ENOMEM || result == -EMFILE ||
	       result == -ENFILE || result == -ENOSYS || result == -EBADF;
}

int reach_mount(
	struct reach *reach, struct reach_way *way, int id, int *directory, struct error *error)
{
	const struct timespec pause = {.tv_nsec = 100000};
	int result;

	for (size_t i = 0; i < way->count; i++)
		way->steps[i].target = way->steps[i].mount->target;
	result = walk(reach, way, id, false, directory);
	for (int walks = 1; !is_final(result); walks++) {
		int names;

		if (reach->deadline_ms == 0)
			reach->deadline_ms = clock_now_ms() + REACH_LIMIT_MS;
		if (walks >= REACH_WALKS && clock_now_ms() >= reach->deadline_ms)
			return give_up(way, error);
		names = names_now(reach, way);
		if (names < 0)
			result = names;
		else
			result = walk(reach, way, id, walks % 2 == 0, directory);
		if (!is_final(result))
			nanosleep(&pause, NULL);
	}
	if (result < 0)
		error_set(error, -result, "reach the mount on",
			way->steps[way->count - 1].mount->target);
	return result;
}
