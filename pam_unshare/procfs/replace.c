/* SPDX-License-Identifier: MIT */
#include "procfs/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/digits.h"
#include "common/syscalls.h"

/* What PID 1 works with. */
struct work {
	struct procfs_plan *plan;
	struct reach reach;
	int directory; /* of a procfs of its own: there a descriptor has a path, "self/fd/3" */
	int place;     /* the root of the private /proc, where covers wait */
	bool aside;    /* the covers are there */
};

/*
 * A new procfs of this process's PID namespace, not yet attached anywhere. Returns a descriptor.
 * It is made while the old one is still there: in a user namespace the kernel refuses a procfs
 * if no unmasked one is visible (fs/namespace.c, mount_too_revealing).
 */
static int create_procfs(const struct procfs_option *options, size_t count, unsigned int attributes,
	struct error *error)
{
	int context = sys_fsopen("proc", FSOPEN_CLOEXEC);
	int fd = -1;
	int result = 0;

	if (context == -1)
		return error_set(error, errno, "prepare the private /proc", NULL);
	/* Programs look for "proc" as the device of /proc in /proc/mounts. */
	if (sys_fsconfig(context, SYSCALLS_FSCONFIG_SET_STRING, "source", "proc") == -1)
		result = error_set(error, errno, "name the private /proc", NULL);
	for (size_t i = 0; i < count && result == 0; i++) {
		const struct procfs_option *option = &options[i];
		unsigned int command =
			option->value ? SYSCALLS_FSCONFIG_SET_STRING : SYSCALLS_FSCONFIG_SET_FLAG;

		if (sys_fsconfig(context, command, option->key, option->value) == -1)
			result = error_set(
				error, errno, "set the option of the private /proc:", option->key);
	}
	if (result == 0 && sys_fsconfig(context, SYSCALLS_FSCONFIG_CMD_CREATE, NULL, NULL) == -1)
		result = error_set(error, errno, "create the private /proc", NULL);
	if (result == 0) {
		fd = sys_fsmount(context, FSMOUNT_CLOEXEC, attributes);
		if (fd == -1)
			result = error_set(error, errno, "mount the private /proc", NULL);
	}
	close(context);
	return result == 0 ? fd : result;
}

static int open_directory(int procfs, struct error *error)
{
	int fd = openat(procfs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd == -1 ? error_set(error, errno, "read the private /proc", NULL) : fd;
}

static bool has_option(const struct procfs_instance *instance, const char *key, const char *value)
{
	for (size_t i = 0; i < instance->option_count; i++) {
		const struct procfs_option *option = &instance->options[i];

		if (strcmp(option->key, key) == 0)
			return !value || (option->value && strcmp(option->value, value) == 0);
	}
	return false;
}

/*
 * What PID 1 counts the session's processes with. It has CAP_KILL alone, and hidepid= hides from
 * it what it may not ptrace; so it then gets an instance of its own that is attached nowhere.
 */
static int open_for_init(const struct procfs_instance *instance, int procfs, struct error *error)
{
	int own, fd;

	if (!has_option(instance, "hidepid", NULL))
		return open_directory(procfs, error);
	own = create_procfs(NULL, 0, 0, error);
	if (own < 0)
		return own;
	fd = open_directory(own, error);
	close(own);
	return fd;
}

/*
 * Below /proc/sys a path may lead each PID or network namespace to a file of its own, such as
 * kernel/pid_max since Linux 6.14 (fs/proc/proc_sysctl.c, proc_sys_compare): what is mounted on the
 * host's file is then not to be found from here, and the bare file must not be taken for it.
 */
static int verify_picked_up(const struct procfs_carried *carried, struct error *error)
{
	struct statfs fs;

	if (fstatfs(carried->fd, &fs) == -1)
		return error_set(error, errno, "look at the mount on", carried->path);
	if (!carried->procfs && fs.f_type == PROC_SUPER_MAGIC) {
		return error_explain(error, EXDEV, "carry over the mount on", carried->path,
			"each PID or network namespace has a file of its own there",
			"unmount it on the host");
	}
	return 0;
}

static const char *below(const struct procfs_instance *instance, const char *path)
{
	return path + strlen(instance->target) + 1;
}

/*
 * Copy what is mounted on the old procfs. By paths relative to it, and procfs has no names that a
 * user could change.
 */
static int pick_up(const struct procfs_plan *plan, const struct procfs_instance *instance, int old,
	struct error *error)
{
	struct procfs_carried *carried = plan->carried + instance->carried;
	const char **unbindable = plan->unbindable + instance->unbindable;
	int result = 0;

	if (instance->unbindable_count > 0 && fchdir(old) == -1)
		return error_set(error, errno, "enter the procfs on", instance->target);
	for (size_t i = 0; i < instance->unbindable_count; i++)
		if (mount(NULL, below(instance, unbindable[i]), NULL, MS_PRIVATE, NULL) == -1)
			return error_set(error, errno, "make bindable the mount on", unbindable[i]);
	for (size_t i = 0; i < instance->carried_count && result == 0; i++) {
		carried[i].fd = sys_open_tree(old, below(instance, carried[i].path),
			OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW |
				AT_NO_AUTOMOUNT);
		if (carried[i].fd == -1)
			return error_set(error, errno, "pick up the mount on", carried[i].path);
		result = verify_picked_up(&carried[i], error);
	}
	return result;
}

static int put_down(const struct procfs_plan *plan, const struct procfs_instance *instance,
	int procfs, struct error *error)
{
	const struct procfs_carried *carried = plan->carried + instance->carried;
	bool processes_only = has_option(instance, "subset", "pid");

	for (size_t i = 0; i < instance->carried_count; i++) {
		if (sys_move_mount(carried[i].fd, "", procfs, below(instance, carried[i].path),
			    MOVE_MOUNT_F_EMPTY_PATH) == -1 &&
			!(errno == ENOENT && processes_only))
			return error_set(error, errno, "carry over the mount on", carried[i].path);
		close(carried[i].fd);
	}
	return 0;
}

/*
 * Whether a mount is still in the tree, and was all the time: what has been unmounted never comes
 * back, and open_tree(2) copies what is mounted here alone (fs/namespace.c, may_copy_tree).
 */
static bool is_mounted(int fd)
{
	int copy = sys_open_tree(
		fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH);
	int code = errno;

	if (copy != -1)
		close(copy);
	errno = code;
	return copy != -1;
}

/*
 * Detach the very mount that a descriptor is open on. umount2(2) takes nothing but a path: that of
 * the working directory, "."; of a file, which cannot be that, the one that the descriptor has in a
 * procfs.
 */
static int detach(const struct work *work, int fd, const char *target, struct error *error)
{
	char path[32] = "self/fd/", digits[DIGITS_SIZE];
	bool entered = fchdir(fd) == 0;

	strcat(path, digits_of((unsigned int)fd, digits));
	if ((!entered && fchdir(work->directory) == -1) ||
		umount2(entered ? "." : path, MNT_DETACH) == -1) {
		int code = errno;

		if (code == EINVAL && !is_mounted(fd))
			code = ESTALE; /* the host has unmounted it meanwhile */
		if (code == EINVAL)    /* MNT_LOCKED, mount_namespaces(7) */
			return error_explain(error, code, "detach the procfs on", target,
				"it is locked",
				"mount the container's /proc inside its own user and mount "
				"namespace");
		return error_set(error, code, "detach the procfs on", target);
	}
	return 0;
}

/* See for oneself: nothing is above the root of a mount that is not in the tree any more. */
static int verify_detached(int fd, int id, const char *target, struct error *error)
{
	int up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int above, code;
	dev_t device;

	if (up == -1)
		return error_set(error, errno, "look at the old procfs of", target);
	code = sys_mount_of(up, &above, &device) == -1 ? errno : above != id ? EBUSY : 0;
	close(up);
	if (code == EBUSY)
		return error_explain(error, EBUSY, "get rid of the procfs on", target,
			"it is still mounted after it was detached", NULL);
	return code ? error_set(error, code, "look at the old procfs of", target) : 0;
}

static int move_onto(int fd, int place)
{
	return sys_move_mount(fd, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/* A mount that is reached, and where it is. */
struct found {
	int fd;
	int directory;
	const char *name; /* in the directory; until the next one is looked for */
};

static int find(
	struct work *work, struct reach_way *way, int id, struct found *found, struct error *error)
{
	found->directory = -1;
	found->fd = reach_mount(&work->reach, way, id, &found->directory, error);
	if (found->fd < 0)
		return found->fd;
	found->name = strrchr(way->steps[way->count - 1].target, '/') + 1;
	return 0;
}

static void forget(const struct found *found)
{
	if (found->fd >= 0) {
		close(found->fd);
		close(found->directory);
	}
}

/*
 * Before Linux 6.5: the old procfs goes first, and the new one takes the place that had its name.
 * If the name is another directory's by now, that one is its owner's, who could have moved it there
 * before; if it is no directory of the same mount any more, all begins anew.
 */
static int swap_one_after_the_other(const struct work *work, const struct procfs_instance *instance,
	const struct found *old, int new, struct error *error)
{
	int result = detach(work, old->fd, instance->target, error);
	int place;

	if (result < 0)
		return result;
	place = sys_open_path(old->directory, old->name, O_DIRECTORY | O_NOFOLLOW,
		RESOLVE_NO_LINKS | RESOLVE_NO_XDEV);
	if (place == -1)
		return error_set(error, ESTALE, "find again", instance->target);
	if (move_onto(new, place) == -1)
		result = error_set(error, errno, "put the private procfs on", instance->target);
	close(place);
	return result;
}

/*
 * Put the new procfs in the place of the old one: beneath it (Linux 6.5), so that the place is the
 * old one's own whatever its name is. That fails with EINVAL if the kernel does not know it.
 */
static int swap(const struct work *work, const struct procfs_instance *instance,
	const struct found *old, int new, struct error *error)
{
	if (sys_move_mount(new, "", old->fd, "",
		    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH | MOVE_MOUNT_BENEATH) == 0)
		return detach(work, old->fd, instance->target, error);
	if (errno != EINVAL)
		return error_set(error, errno, "put the private procfs on", instance->target);
	return swap_one_after_the_other(work, instance, old, new, error);
}

/* Reach a mount of the instance's stack. */
static int find_layer(struct work *work, struct procfs_instance *instance, size_t layer,
	struct found *found, struct error *error)
{
	return find(
		work, &instance->way, work->plan->detach[instance->detach + layer], found, error);
}

/* From a directory so many up: as the mounts are, whatever the names are. */
static int open_above(int directory, size_t levels)
{
	int at = openat(directory, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (; at != -1 && levels > 0; levels--) {
		int up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

		close(at);
		at = up;
	}
	return at;
}

/*
 * What hid this procfs goes back to where it was: onto the new one, or onto a directory above that
 * which the procfs is in. Found by that, not by its name, which its owner may change.
 */
static void find_places(
	const struct work *work, const char *target, const struct found *found, int procfs)
{
	for (size_t i = 0; i < work->plan->cover_count && work->aside; i++) {
		struct procfs_cover *cover = &work->plan->covers[i];

		if (cover->place != -1 || strcmp(cover->hides, target) != 0)
			continue;
		if (cover->levels > 0)
			cover->place = open_above(found->directory, cover->levels - 1);
		else if (procfs != -1)
			cover->place = open_above(procfs, 0);
		if (cover->place != -1)
			close(cover->parent);
	}
}

/* Put a new procfs in the place of an old one, with what was mounted below it. */
static int replace_instance(
	struct work *work, struct procfs_instance *instance, int procfs, struct error *error)
{
	struct found old;
	int result = find_layer(work, instance, 0, &old, error);

	if (result == 0)
		result = pick_up(work->plan, instance, old.fd, error);
	for (size_t layer = 1; layer < instance->depth && result == 0; layer++) {
		result = detach(work, old.fd, instance->target, error);
		forget(&old);
		old.fd = -1;
		if (result == 0)
			result = find_layer(work, instance, layer, &old, error);
	}
	if (result == 0)
		result = swap(work, instance, &old, procfs, error);
	if (result == 0)
		result = verify_detached(old.fd,
			work->plan->detach[instance->detach + instance->depth - 1],
			instance->target, error);
	if (result == 0)
		find_places(work, instance->target, &old, procfs);
	forget(&old);
	return result < 0 ? result : put_down(work->plan, instance, procfs, error);
}

static int create_for(
	struct procfs_plan *plan, const struct procfs_instance *instance, struct error *error)
{
	int procfs = create_procfs(
		instance->options, instance->option_count, instance->attributes, error);
	int id;

	/* If there is only one, nobody asks which are ours (verify_none_left). */
	if (procfs >= 0 && !plan->plain &&
		sys_mount_of(procfs, &id, &plan->ours[plan->our_count++]) == -1) {
		int code = errno;

		close(procfs);
		return error_set(error, code, "look at the private procfs", NULL);
	}
	return procfs;
}

static int replace_other(struct work *work, struct procfs_instance *instance, struct error *error)
{
	int procfs = create_for(work->plan, instance, error);
	int result = procfs < 0 ? procfs : replace_instance(work, instance, procfs, error);

	if (procfs >= 0)
		close(procfs);
	return result;
}

static int detach_process(struct work *work, struct procfs_process *process, struct error *error)
{
	struct found found;
	int result = find(work, &process->way, process->way.steps[process->way.count - 1].mount->id,
		&found, error);

	if (result == 0)
		result = detach(work, found.fd, process->target, error);
	if (result == 0)
		find_places(work, process->target, &found, -1);
	forget(&found);
	return result;
}

/* What is seen without taking anything aside; the private /proc last, with what it carries. */
static int replace_visible(struct work *work, struct error *error)
{
	struct procfs_plan *plan = work->plan;
	int result = 0;

	for (size_t i = 0; i < plan->visible_process_count && result == 0; i++)
		result = detach_process(work, &plan->processes[i], error);
	for (size_t i = plan->visible_count - 1; i > 0 && result == 0; i--)
		result = replace_other(work, &plan->instances[i], error);
	return result == 0 ? replace_instance(work, &plan->instances[0], work->place, error)
			   : result;
}

/* --- what is hidden --- */

/* Onto the private /proc; what is mounted on a file goes onto a file there (EINVAL). */
static int move_aside(const struct work *work, int fd)
{
	int result = move_onto(fd, work->place), file;

	if (result == 0 || errno != EINVAL)
		return result;
	file = sys_open_path(work->place, "1/stat", 0, RESOLVE_NO_LINKS);
	if (file == -1)
		return -1;
	result = move_onto(fd, file);
	close(file);
	return result;
}

/* Move a cover, with all that is mounted on it, out of the way. */
static int take_aside(struct work *work, struct procfs_cover *cover, struct error *error)
{
	struct found found;
	int code;
	int result = find(work, &cover->way, cover->id, &found, error);

	if (result < 0)
		return result;
	cover->fd = found.fd;
	cover->parent = found.directory;
	if (strlen(found.name) > NAME_MAX)
		return error_set(error, ENAMETOOLONG, "take aside the mount on", cover->target);
	strcpy(cover->name, found.name);
	if (move_aside(work, cover->fd) == 0)
		return 0;
	/*
	 * One that the user has unmounted meanwhile is refused as a locked one is; or the private
	 * /proc has its id by now (ELOOP).
	 */
	code = errno == ELOOP || (errno == EINVAL && !is_mounted(cover->fd)) ? ESTALE : errno;
	return error_set(error, code, "take aside the mount on", cover->target);
}

/* Take them all aside; which have been is counted. */
static int take_all_aside(struct work *work, size_t *count, struct error *error)
{
	int result;

	for (*count = 0; *count < work->plan->cover_count; ++*count) {
		result = take_aside(work, &work->plan->covers[*count], error);
		if (result < 0)
			return result;
	}
	return 0;
}

/* Its mount point; if that was not found, by its name. Returns a descriptor. */
static int open_place(const struct procfs_cover *cover)
{
	int place = cover->place;

	if (place == -1) {
		place = sys_open_path(cover->parent, cover->name, O_NOFOLLOW, RESOLVE_NO_LINKS);
		close(cover->parent);
	}
	return place;
}

static int put_back(const struct procfs_cover *cover, struct error *error)
{
	int place = open_place(cover);

	if (place == -1)
		return error_set(error, ESTALE, "find again", cover->target);
	if (move_onto(cover->fd, place) == -1)
		return error_set(error, errno, "put back the mount on", cover->target);
	close(place);
	close(cover->fd);
	return 0;
}

static int replace_uncovered(struct work *work, struct error *error)
{
	struct procfs_plan *plan = work->plan;
	int result = 0;

	for (size_t i = plan->visible_process_count; i < plan->process_count && result == 0; i++)
		result = detach_process(work, &plan->processes[i], error);
	for (size_t i = plan->visible_count; i < plan->instance_count && result == 0; i++)
		result = replace_other(work, &plan->instances[i], error);
	return result;
}

/*
 * A cover that the kernel has locked (EINVAL) is there for good, and what it hides stays hidden:
 * nobody in this user namespace can take it away (mount_namespaces(7)).
 */
static int replace_hidden(struct work *work, struct error *error)
{
	size_t count = 0;
	int result = take_all_aside(work, &count, error);

	work->aside = result == 0;
	work->plan->locked = result == -EINVAL;
	if (result == 0)
		result = replace_uncovered(work, error);
	else if (work->plan->locked)
		result = 0;
	for (; count > 0 && result == 0; count--)
		result = put_back(&work->plan->covers[count - 1], error);
	return result;
}

/* --- all of it --- */

static bool is_ours(const struct procfs_plan *plan, dev_t device)
{
	for (size_t i = 0; i < plan->our_count; i++)
		if (plan->ours[i] == device)
			return true;
	return false;
}

/* Whether this is one of those that stay hidden because their cover is locked. */
static bool stays_hidden(const struct work *work, int id)
{
	const struct procfs_plan *plan = work->plan;

	for (size_t i = plan->visible_count; i < plan->instance_count && work->plan->locked; i++)
		for (size_t layer = 0; layer < plan->instances[i].depth; layer++)
			if (plan->detach[plan->instances[i].detach + layer] == id)
				return true;
	for (size_t i = plan->visible_process_count; i < plan->process_count && work->plan->locked;
		i++)
		if (plan->processes[i].way.steps[plan->processes[i].way.count - 1].mount->id == id)
			return true;
	return false;
}

/* See for oneself: no procfs is mounted here but the new ones. */
static int verify_none_left(struct work *work, struct error *error)
{
	char *at = reach_mounts_now(&work->reach);
	struct mount mount;
	int result;

	if (!at)
		return error_set(error, errno, "read mountinfo again", NULL);
	while ((result = mountinfo_next(&at, &mount)) == 1)
		if (procfs_shows_processes(&mount) && !is_ours(work->plan, mount.device) &&
			!stays_hidden(work, mount.id))
			return error_explain(error, ESTALE, "get rid of the procfs on",
				mount.target, "it was mounted while the session was opened",
				"log in again when nobody mounts one");
	return result == 0 ? 0 : mountinfo_refuse(at, error);
}

int procfs_replace(struct procfs_plan *plan, struct error *error)
{
	struct work work = {.plan = plan, .reach = {.mountinfo = plan->mountinfo}};
	int result;

	work.place = create_for(plan, &plan->instances[0], error);
	if (work.place < 0)
		return work.place;
	work.directory = open_for_init(&plan->instances[0], work.place, error);
	if (work.directory < 0)
		return work.directory;
	result = replace_visible(&work, error);
	if (result == 0)
		result = replace_hidden(&work, error);
	if (result == 0 && !plan->plain)
		result = verify_none_left(&work, error);
	reach_end(&work.reach);
	close(work.place);
	return result == 0 ? work.directory : result;
}
