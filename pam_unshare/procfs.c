/* SPDX-License-Identifier: MIT */
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "syscalls.h"

static const struct {
	const char *name;
	unsigned int attribute;
} attribute_names[] = {
	{"ro", MOUNT_ATTR_RDONLY},
	{"nosuid", MOUNT_ATTR_NOSUID},
	{"nodev", MOUNT_ATTR_NODEV},
	{"noexec", MOUNT_ATTR_NOEXEC},
	{"noatime", MOUNT_ATTR_NOATIME},
	{"nodiratime", MOUNT_ATTR_NODIRATIME},
	{"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW},
};

static bool is_procfs(const struct mount *mount)
{
	return strcmp(mount->type, "proc") == 0;
}

static bool is_whole_procfs(const struct mount *mount)
{
	return is_procfs(mount) && strcmp(mount->root, "/") == 0;
}

/* Whether a path, relative to a procfs, is a process's directory or inside one. */
static bool is_process_path(const char *path)
{
	return path[0] == '/' && path[1] >= '0' && path[1] <= '9';
}

static bool is_process_of_procfs(const struct mount *mount)
{
	return is_procfs(mount) && is_process_path(mount->root);
}

static bool is_visible(const struct mountinfo *info, const struct mount *mount)
{
	return mountinfo_lookup(info, mount->target) == mount;
}

static const struct mount *find_mount(const struct mountinfo *info, int id)
{
	for (size_t i = 0; i < info->count; i++)
		if (info->mounts[i].id == id)
			return &info->mounts[i];
	return NULL;
}

/* The mount that this one covers at the same mount point, or NULL. */
static const struct mount *covered_by(const struct mountinfo *info, const struct mount *mount)
{
	const struct mount *below = find_mount(info, mount->parent);

	return below && below != mount && strcmp(below->target, mount->target) == 0 ? below : NULL;
}

/*
 * How many mounts to detach at the mount point of this visible procfs: on /proc the whole stack,
 * elsewhere the procfs on top of it, so that a tmpfs under one keeps hiding what it hides.
 */
static unsigned int stack_depth(const struct mountinfo *info, const struct mount *mount)
{
	bool all = strcmp(mount->target, "/proc") == 0;
	unsigned int depth = 1;

	while (depth < info->count && (mount = covered_by(info, mount)) &&
		(all || is_procfs(mount)))
		depth++;
	return depth;
}

static unsigned int parse_attributes(char *list)
{
	unsigned int attributes = 0;
	bool atime = true;
	char *word;

	while ((word = strsep(&list, ","))) {
		for (size_t i = 0; i < sizeof(attribute_names) / sizeof(*attribute_names); i++)
			if (strcmp(word, attribute_names[i].name) == 0)
				attributes |= attribute_names[i].attribute;
		if (strcmp(word, "relatime") == 0 || strcmp(word, "noatime") == 0)
			atime = false;
	}
	return atime ? attributes | MOUNT_ATTR_STRICTATIME : attributes;
}

static struct procfs_option *find_option(struct procfs_instance *instance, const char *key)
{
	for (size_t i = 0; i < instance->option_count; i++)
		if (strcmp(instance->options[i].key, key) == 0)
			return &instance->options[i];
	return NULL;
}

/* Add the options of a list, which is cut into pieces; a later one replaces an earlier one. */
static int add_options(struct procfs_instance *instance, char *list)
{
	char *value;

	while ((value = strsep(&list, ","))) {
		const char *key = strsep(&value, "=");
		struct procfs_option *option = find_option(instance, key);

		if (*key == '\0' || strcmp(key, "rw") == 0)
			continue;
		if (!option) {
			if (instance->option_count == PROCFS_OPTIONS_MAX)
				return -E2BIG;
			option = &instance->options[instance->option_count++];
		}
		*option = (struct procfs_option){key, value};
	}
	return 0;
}

static bool is_carried(
	const struct procfs_plan *plan, const struct procfs_instance *instance, const char *path)
{
	for (size_t i = instance->carried; i < plan->carried_count; i++)
		if (strcmp(plan->carried[i].path, path) == 0)
			return true;
	return false;
}

/* Whether a mount on this procfs is left with the old one: its place or its sense is gone. */
static bool is_left_behind(
	const struct mountinfo *info, const struct mount *procfs, const struct mount *child)
{
	const struct mount *top = mountinfo_lookup(info, child->target);
	size_t prefix = strcmp(procfs->target, "/") == 0 ? 0 : strlen(procfs->target);

	return !top || strcmp(top->target, child->target) != 0 ||
	       !mountinfo_is_below(child->target, procfs->target) ||
	       is_process_path(child->target + prefix) || is_whole_procfs(top) ||
	       is_process_of_procfs(top);
}

/* Whether a mount goes when the procfs goes that it is mounted on, directly or not. */
static bool goes_with_procfs(const struct mountinfo *info, const struct mount *mount)
{
	for (size_t depth = 0; depth < info->count; depth++) {
		const struct mount *below = find_mount(info, mount->parent);

		if (!below || below == mount)
			return false;
		if (is_whole_procfs(below) && strcmp(below->target, mount->target) != 0 &&
			is_left_behind(info, below, mount))
			return true;
		mount = below;
	}
	return false;
}

/* Note every mount point directly on this procfs; what is mounted below those comes with them. */
static void plan_carried(
	struct procfs_plan *plan, struct procfs_instance *instance, const struct mount *mount)
{
	const struct mountinfo *info = &plan->info;

	instance->carried = plan->carried_count;
	for (size_t i = 0; i < info->count; i++) {
		const struct mount *child = &info->mounts[i];

		if (child->parent != mount->id || child == mount ||
			is_left_behind(info, mount, child) ||
			is_carried(plan, instance, child->target))
			continue;
		plan->carried[plan->carried_count++] =
			(struct procfs_carried){.path = child->target,
				.procfs = is_procfs(mountinfo_lookup(info, child->target)),
				.fd = -1};
	}
	instance->carried_count = plan->carried_count - instance->carried;
}

static bool is_in_carried(const struct procfs_plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->carried_count; i++)
		if (mountinfo_is_below(path, plan->carried[i].path))
			return true;
	return false;
}

/* A copy of a mount tree leaves out what is unbindable in it (mount_namespaces(7)). */
static void plan_unbindable(struct procfs_plan *plan)
{
	for (size_t i = 0; i < plan->info.count; i++) {
		const struct mount *m = &plan->info.mounts[i];

		if (m->unbindable && is_in_carried(plan, m->target) && is_visible(&plan->info, m))
			plan->unbindable[plan->unbindable_count++] = m->target;
	}
}

static int plan_instance(struct procfs_plan *plan, const struct mount *mount, const char *options,
	struct error *error)
{
	struct procfs_instance *instance = &plan->instances[plan->instance_count++];

	*instance = (struct procfs_instance){
		.target = mount->target,
		.depth = stack_depth(&plan->info, mount),
		.attributes = parse_attributes(mount->attributes),
	};
	strncpy(instance->added, options, sizeof(instance->added) - 1);
	if (add_options(instance, mount->options) < 0 || add_options(instance, instance->added) < 0)
		return error_set(error, E2BIG, "keep the options of the procfs on", mount->target);
	plan_carried(plan, instance, mount);
	return 0;
}

int procfs_plan_make(
	struct mountinfo *info, const char *options, struct procfs_plan *plan, struct error *error)
{
	const struct mount *proc;
	size_t count = info->count;
	int result;

	*plan = (struct procfs_plan){.info = *info};
	*info = (struct mountinfo){0};
	info = &plan->info;

	plan->instances = calloc(count + 1, sizeof(*plan->instances));
	plan->carried = calloc(count + 1, sizeof(*plan->carried));
	plan->unbindable = calloc(count + 1, sizeof(*plan->unbindable));
	plan->processes = calloc(count + 1, sizeof(*plan->processes));
	if (!plan->instances || !plan->carried || !plan->unbindable || !plan->processes)
		return error_set(error, ENOMEM, "plan the private /proc", NULL);

	if (!mountinfo_lookup(info, "/"))
		return error_set(error, 0,
			"isolate inside a root directory that is no mount point (bind-mount it "
			"onto itself "
			"before chroot)",
			NULL);
	proc = mountinfo_lookup(info, "/proc");
	if (strcmp(proc->target, "/proc") != 0 || !is_whole_procfs(proc))
		return error_set(error, 0, "find a procfs on /proc (mount one there)", NULL);

	result = plan_instance(plan, proc, options, error);
	for (size_t i = 0; i < count && result == 0; i++) {
		const struct mount *m = &info->mounts[i];

		if (m == proc || !is_procfs(m) || !is_visible(info, m) || goes_with_procfs(info, m))
			continue;
		if (is_process_of_procfs(m))
			plan->processes[plan->process_count++] = m->target;
		else if (is_whole_procfs(m))
			result = plan_instance(plan, m, options, error);
	}
	plan_unbindable(plan);
	return result;
}

void procfs_plan_free(struct procfs_plan *plan)
{
	free(plan->instances);
	free(plan->carried);
	free(plan->unbindable);
	free(plan->processes);
	mountinfo_free(&plan->info);
	*plan = (struct procfs_plan){0};
}

/*
 * A new procfs of this process's PID namespace, not yet attached anywhere. Returns a descriptor.
 * It is made while the old one is still there: in a user namespace the kernel refuses a procfs
 * where no unmasked one is visible (fs/namespace.c, mount_too_revealing).
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
		error_set(error, EXDEV, "find in a new namespace the mount on", carried->path);
		error->remedy = "unmount it: the file is each namespace's own";
		return -EXDEV;
	}
	return 0;
}

static int pick_up(const struct procfs_plan *plan, struct error *error)
{
	int result = 0;

	for (size_t i = 0; i < plan->unbindable_count; i++)
		if (mount(NULL, plan->unbindable[i], NULL, MS_PRIVATE, NULL) == -1)
			return error_set(
				error, errno, "make bindable the mount on", plan->unbindable[i]);
	for (size_t i = 0; i < plan->carried_count && result == 0; i++) {
		plan->carried[i].fd = sys_open_tree(AT_FDCWD, plan->carried[i].path,
			OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW |
				AT_NO_AUTOMOUNT);
		if (plan->carried[i].fd == -1)
			return error_set(
				error, errno, "pick up the mount on", plan->carried[i].path);
		result = verify_picked_up(&plan->carried[i], error);
	}
	return result;
}

static int put_down(
	const struct procfs_plan *plan, const struct procfs_instance *instance, struct error *error)
{
	const struct procfs_carried *carried = &plan->carried[instance->carried];
	bool processes_only = has_option(instance, "subset", "pid");

	for (size_t i = 0; i < instance->carried_count; i++) {
		if (sys_move_mount(carried[i].fd, "", AT_FDCWD, carried[i].path,
			    MOVE_MOUNT_F_EMPTY_PATH) == -1 &&
			!(errno == ENOENT && processes_only))
			return error_set(error, errno, "carry over the mount on", carried[i].path);
		close(carried[i].fd);
	}
	return 0;
}

static int detach(const char *target, unsigned int depth, struct error *error)
{
	for (; depth > 0; depth--)
		if (umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW) == -1) {
			int code = errno;

			error_set(error, code, "detach the procfs on", target);
			if (code == EINVAL) /* MNT_LOCKED, mount_namespaces(7) */
				error->remedy = "it is locked: mount the container's /proc inside "
						"its own user and mount namespace";
			return -code;
		}
	return 0;
}

/* Put a new procfs in the place of an old one, with what was mounted below it. */
static int replace_instance(const struct procfs_plan *plan, const struct procfs_instance *instance,
	int procfs, struct error *error)
{
	int result = detach(instance->target, instance->depth, error);

	if (result < 0)
		return result;
	if (sys_move_mount(procfs, "", AT_FDCWD, instance->target, MOVE_MOUNT_F_EMPTY_PATH) == -1)
		return error_set(error, errno, "put the private procfs on", instance->target);
	return put_down(plan, instance, error);
}

int procfs_replace(struct procfs_plan *plan, struct error *error)
{
	int directory = -1;
	int result = pick_up(plan, error);

	for (size_t i = 0; i < plan->instance_count && result == 0; i++) {
		const struct procfs_instance *instance = &plan->instances[i];
		int procfs = create_procfs(
			instance->options, instance->option_count, instance->attributes, error);

		if (procfs < 0)
			return procfs;
		if (i == 0) {
			directory = open_for_init(instance, procfs, error);
			if (directory < 0)
				return directory;
		}
		result = replace_instance(plan, instance, procfs, error);
		close(procfs);
	}
	for (size_t i = 0; i < plan->process_count && result == 0; i++)
		result = detach(plan->processes[i], 1, error);
	return result == 0 ? directory : result;
}
