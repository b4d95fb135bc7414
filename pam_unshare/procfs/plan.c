/* SPDX-License-Identifier: MIT */
#include "procfs/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/syscalls.h"

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

/* What is known while the plan is made. */
struct planner {
	struct procfs_plan *plan;
	const char *options; /* to add to those of each procfs */
	bool *planned;       /* for each mount: it is detached, or goes with what is */
	size_t detach_count;
};

static bool is_procfs(const struct mount *mount)
{
	return strcmp(mount->type, "proc") == 0;
}

bool procfs_is_whole(const struct mount *mount)
{
	return is_procfs(mount) && strcmp(mount->root, "/") == 0;
}

/* Whether a path, relative to a procfs, is a process's directory or inside one. */
static bool is_process_path(const char *path)
{
	return path[0] == '/' && path[1] >= '0' && path[1] <= '9';
}

bool procfs_shows_processes(const struct mount *mount)
{
	return procfs_is_whole(mount) || (is_procfs(mount) && is_process_path(mount->root));
}

static bool is_visible(const struct mountinfo *info, const struct mount *mount)
{
	return mountinfo_lookup(info, mount->target) == mount;
}

/* The mount that this one covers at the same mount point, or NULL. */
static const struct mount *covered_by(const struct mountinfo *info, const struct mount *mount)
{
	const struct mount *below = mountinfo_find(info, mount->parent);

	return below && below != mount && strcmp(below->target, mount->target) == 0 ? below : NULL;
}

/*
 * How many mounts to detach at the mount point of this visible procfs: on /proc the whole stack,
 * elsewhere the procfs on top of it, so that a tmpfs under one keeps hiding what it hides.
 */
static size_t stack_depth(const struct mountinfo *info, const struct mount *mount)
{
	bool all = strcmp(mount->target, "/proc") == 0;
	size_t depth = 1;

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
static bool vanishes_with(
	const struct mountinfo *info, const struct mount *procfs, const struct mount *child)
{
	const struct mount *top = mountinfo_lookup(info, child->target);
	size_t prefix = strcmp(procfs->target, "/") == 0 ? 0 : strlen(procfs->target);

	return !top || strcmp(top->target, child->target) != 0 ||
	       !mountinfo_is_below(child->target, procfs->target) ||
	       is_process_path(child->target + prefix) || procfs_shows_processes(top);
}

/* Whether a mount goes when the procfs goes that it is mounted on, directly or not. */
static bool goes_with_procfs(const struct mountinfo *info, const struct mount *mount)
{
	for (size_t depth = 0; depth < info->count; depth++) {
		const struct mount *below = mountinfo_find(info, mount->parent);

		if (!below || below == mount)
			return false;
		if (procfs_is_whole(below) && strcmp(below->target, mount->target) != 0 &&
			vanishes_with(info, below, mount))
			return true;
		mount = below;
	}
	return false;
}

/*
 * A mount id that stands twice in mountinfo (it is read in pieces, and ids are used again) could
 * lead to more entries than there are mounts.
 */
static bool is_full(const struct procfs_plan *plan, size_t used)
{
	return used >= plan->info.count;
}

/* Note every mount point directly on this procfs; what is mounted below those comes with them. */
static int plan_carried(
	struct procfs_plan *plan, struct procfs_instance *instance, const struct mount *mount)
{
	const struct mountinfo *info = &plan->info;

	instance->carried = plan->carried_count;
	for (size_t i = 0; i < info->count; i++) {
		const struct mount *child = &info->mounts[i];

		if (child->parent != mount->id || child == mount ||
			vanishes_with(info, mount, child) ||
			is_carried(plan, instance, child->target))
			continue;
		if (is_full(plan, plan->instance_count + plan->carried_count))
			return -ESTALE;
		plan->carried[plan->carried_count++] =
			(struct procfs_carried){.path = child->target,
				.procfs = is_procfs(mountinfo_lookup(info, child->target)),
				.fd = -1};
	}
	instance->carried_count = plan->carried_count - instance->carried;
	return 0;
}

static bool is_in_carried(
	const struct procfs_plan *plan, const struct procfs_instance *instance, const char *path)
{
	for (size_t i = 0; i < instance->carried_count; i++)
		if (mountinfo_is_below(path, plan->carried[instance->carried + i].path))
			return true;
	return false;
}

/* A copy of a mount tree leaves out what is unbindable in it (mount_namespaces(7)). */
static int plan_unbindable(struct procfs_plan *plan, struct procfs_instance *instance)
{
	instance->unbindable = plan->unbindable_count;
	for (size_t i = 0; i < plan->info.count; i++) {
		const struct mount *m = &plan->info.mounts[i];

		if (!m->unbindable || !is_in_carried(plan, instance, m->target) ||
			!is_visible(&plan->info, m))
			continue;
		if (is_full(plan, plan->unbindable_count))
			return -ESTALE;
		plan->unbindable[plan->unbindable_count++] = m->target;
	}
	instance->unbindable_count = plan->unbindable_count - instance->unbindable;
	return 0;
}

/* The mounts that are detached before the new procfs can take the place. */
static int plan_detach(
	struct planner *planner, struct procfs_instance *instance, const struct mount *mount)
{
	struct procfs_plan *plan = planner->plan;
	const size_t depth = stack_depth(&plan->info, mount);

	instance->detach = planner->detach_count;
	for (; mount && instance->depth < depth; instance->depth++) {
		if (is_full(plan, planner->detach_count))
			return -ESTALE;
		plan->detach[planner->detach_count++] = mount->id;
		planner->planned[mount - plan->info.mounts] = true;
		mount = covered_by(&plan->info, mount);
	}
	return 0;
}

static int plan_instance(struct planner *planner, const struct mount *mount, struct error *error)
{
	struct procfs_plan *plan = planner->plan;
	struct procfs_instance *instance = &plan->instances[plan->instance_count];
	int result;

	if (is_full(plan, plan->instance_count + plan->carried_count))
		return error_set(error, ESTALE, "plan for the procfs on", mount->target);
	plan->instance_count++;
	*instance = (struct procfs_instance){
		.target = mount->target,
		.attributes = parse_attributes(mount->attributes),
	};
	if (strlen(planner->options) >= sizeof(instance->added))
		return error_set(error, E2BIG, "take the options of proc=", planner->options);
	strcpy(instance->added, planner->options);
	if (add_options(instance, mount->options) < 0 || add_options(instance, instance->added) < 0)
		return error_set(error, E2BIG, "keep the options of the procfs on", mount->target);
	result = reach_way_make(&plan->info, mount, &instance->way);
	if (result == 0)
		result = plan_detach(planner, instance, mount);
	if (result == 0)
		result = plan_carried(plan, instance, mount);
	if (result == 0)
		result = plan_unbindable(plan, instance);
	return result == 0 ? 0 : error_set(error, -result, "plan for the procfs on", mount->target);
}

static int plan_process(struct planner *planner, struct mount *mount, struct error *error)
{
	struct procfs_plan *plan = planner->plan;
	struct procfs_process *process = &plan->processes[plan->process_count];
	int result = is_full(plan, plan->process_count)
			     ? -ESTALE
			     : reach_way_make(&plan->info, mount, &process->way);

	if (result < 0)
		return error_set(error, -result, "plan for the mount on", mount->target);
	process->target = mount->target;
	plan->process_count++;
	planner->planned[mount - plan->info.mounts] = true;
	mount->gone = true;
	return 0;
}

/* --- what is hidden --- */

/* Take a mount as not there any more, and a procfs with those that are detached below it. */
static void take_away(struct planner *planner, struct mount *mount)
{
	struct mountinfo *info = &planner->plan->info;

	mount->gone = true;
	while (planner->planned[mount - info->mounts]) {
		const struct mount *below = covered_by(info, mount);

		if (!below || below->gone)
			break;
		mount = &info->mounts[below - info->mounts];
		if (planner->planned[below - info->mounts])
			mount->gone = true;
	}
}

static size_t count_levels(const char *path)
{
	size_t count = 0;

	for (; *path != '\0'; path++)
		count += *path == '/';
	return count;
}

static int plan_cover(struct planner *planner, struct mount *mount, const struct mount *hidden,
	struct error *error)
{
	struct procfs_plan *plan = planner->plan;
	struct procfs_cover *cover = &plan->covers[plan->cover_count];
	int result = is_full(plan, plan->cover_count)
			     ? -ESTALE
			     : reach_way_make(&plan->info, mount, &cover->way);

	if (result < 0)
		return error_set(error, -result, "plan for the mount on", mount->target);
	cover->target = mount->target;
	cover->id = planner->planned[mount - plan->info.mounts] ? REACH_ANY : mount->id;
	cover->hides = hidden->target;
	cover->levels = count_levels(hidden->target) - count_levels(mount->target);
	cover->fd = cover->place = cover->parent = -1;
	plan->cover_count++;
	take_away(planner, mount);
	return 0;
}

static bool is_on(const struct mountinfo *info, const struct mount *mount, const struct mount *base)
{
	for (size_t depth = 0; mount && depth < info->count; depth++) {
		if (mount == base)
			return true;
		mount = mountinfo_find(info, mount->parent);
	}
	return false;
}

/*
 * Of the mounts that a walk enters on its way to this one, the first that HIDDEN is not on: the
 * others go with it. So root need not walk through a user's FUSE, which may not answer.
 */
static struct mount *outermost(
	struct mountinfo *info, struct mount *mount, const struct mount *hidden)
{
	const struct mount *found = mount, *m = mount;

	/* Mounts that are read twice may seem to be on each other, hence the limit. */
	for (size_t depth = 0; m && depth < info->count && !is_on(info, hidden, m); depth++) {
		found = m;
		m = reach_entered_before(info, m);
	}
	return &info->mounts[found - info->mounts];
}

static int plan_one(struct planner *planner, struct mount *mount, struct error *error)
{
	return procfs_is_whole(mount) ? plan_instance(planner, mount, error)
				      : plan_process(planner, mount, error);
}

/* What is on top at the mount point of a procfs. NULL if no path leads to the procfs. */
static struct mount *find_top(const struct mountinfo *info, const struct mount *hidden)
{
	const struct mount *top = mountinfo_lookup(info, hidden->target);

	if (!top || strcmp(top->target, "/") == 0 || (top != hidden && is_on(info, hidden, top)))
		return NULL;
	return &info->mounts[top - info->mounts];
}

/*
 * Once this one is out of the way: what it was mounted on, at the same place, if that hides the
 * procfs too; or NULL.
 */
static struct mount *next_below(
	struct mountinfo *info, const struct mount *mount, const struct mount *hidden)
{
	const struct mount *below = covered_by(info, mount);

	if (!below || below->gone || is_on(info, hidden, below))
		return NULL;
	return &info->mounts[below - info->mounts];
}

/* Plan to take aside what hides this procfs, one mount after the other. */
static int plan_hidden(struct planner *planner, struct mount *hidden, struct error *error)
{
	struct mountinfo *info = &planner->plan->info;
	struct mount *top = NULL;
	int result = 0;

	for (size_t i = 0; i <= 2 * info->count && result == 0; i++) {
		if (planner->planned[hidden - info->mounts])
			return 0;
		if (!top)
			top = find_top(info, hidden);
		if (!top)
			break;
		if (procfs_shows_processes(top) && !planner->planned[top - info->mounts]) {
			result = plan_one(planner, top, error);
			top = NULL;
		} else {
			top = outermost(info, top, hidden);
			result = plan_cover(planner, top, hidden, error);
			top = next_below(info, top, hidden);
		}
	}
	return result < 0
		       ? result
		       : error_set(error, ESTALE, "find what hides the procfs on", hidden->target);
}

/* --- all of it --- */

static int allocate(struct planner *planner)
{
	struct procfs_plan *plan = planner->plan;
	size_t count = plan->info.count + 1;

	plan->instances = calloc(count, sizeof(*plan->instances));
	plan->detach = calloc(count, sizeof(*plan->detach));
	plan->carried = calloc(count, sizeof(*plan->carried));
	plan->unbindable = calloc(count, sizeof(*plan->unbindable));
	plan->processes = calloc(count, sizeof(*plan->processes));
	plan->covers = calloc(count, sizeof(*plan->covers));
	plan->ours = calloc(count, sizeof(*plan->ours));
	planner->planned = calloc(count, sizeof(*planner->planned));
	return plan->instances && plan->detach && plan->carried && plan->unbindable &&
			       plan->processes && plan->covers && plan->ours && planner->planned
		       ? 0
		       : -ENOMEM;
}

/* The procfs on /proc, first of all. */
static int plan_proc(struct planner *planner, struct error *error)
{
	const struct mountinfo *info = &planner->plan->info;
	const struct mount *proc;

	if (!mountinfo_lookup(info, "/"))
		return error_explain(error, 0, "isolate inside this root directory", NULL,
			"it is no mount point", "bind-mount it onto itself before chroot");
	proc = mountinfo_lookup(info, "/proc");
	if (strcmp(proc->target, "/proc") != 0 || !procfs_is_whole(proc))
		return error_explain(error, 0, "find a procfs on /proc", NULL,
			"something else is mounted there, or nothing", "mount one there");
	return plan_instance(planner, proc, error);
}

/* Whether this one is to be planned, and is not yet. */
static bool is_due(const struct planner *planner, const struct mount *mount)
{
	const struct mountinfo *info = &planner->plan->info;

	return procfs_shows_processes(mount) && !planner->planned[mount - info->mounts] &&
	       !goes_with_procfs(info, mount);
}

static int plan_visible(struct planner *planner, struct error *error)
{
	struct mountinfo *info = &planner->plan->info;
	int result = 0;

	for (size_t i = 0; i < info->count && result == 0; i++)
		if (is_due(planner, &info->mounts[i]) && is_visible(info, &info->mounts[i]))
			result = plan_one(planner, &info->mounts[i], error);
	return result;
}

static int plan_all_hidden(struct planner *planner, struct error *error)
{
	struct mountinfo *info = &planner->plan->info;
	int result = 0;

	for (size_t i = 0; i < info->count && result == 0; i++)
		if (is_due(planner, &info->mounts[i]))
			result = plan_hidden(planner, &info->mounts[i], error);
	return result;
}

static bool is_plain(const struct procfs_plan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->info.count; i++)
		count += procfs_shows_processes(&plan->info.mounts[i]);
	return count == 1;
}

static int by_length(const void *a, const void *b)
{
	size_t length_a = strlen(((const struct procfs_instance *)a)->target);
	size_t length_b = strlen(((const struct procfs_instance *)b)->target);

	return (length_a > length_b) - (length_a < length_b);
}

int procfs_plan_make(struct mountinfo *info, int mountinfo, const char *options,
	struct procfs_plan *plan, struct error *error)
{
	struct planner planner = {.plan = plan, .options = options};
	int result;

	*plan = (struct procfs_plan){.info = *info, .mountinfo = mountinfo};
	*info = (struct mountinfo){0};
	result = allocate(&planner);
	if (result < 0)
		error_set(error, -result, "plan the private /proc", NULL);
	if (result == 0)
		result = plan_proc(&planner, error);
	if (result == 0)
		result = plan_visible(&planner, error);
	if (result == 0) {
		plan->visible_count = plan->instance_count;
		plan->visible_process_count = plan->process_count;
		/* The innermost is replaced first: what is carried over then holds a new one. */
		qsort(plan->instances + 1, plan->visible_count - 1, sizeof(*plan->instances),
			by_length);
		result = plan_all_hidden(&planner, error);
	}
	plan->plain = is_plain(plan);
	free(planner.planned);
	return result;
}

size_t procfs_files(const struct procfs_plan *plan)
{
	return 2 * plan->cover_count + plan->carried_count;
}

void procfs_plan_free(struct procfs_plan *plan)
{
	for (size_t i = 0; i < plan->instance_count; i++)
		reach_way_free(&plan->instances[i].way);
	for (size_t i = 0; i < plan->process_count; i++)
		reach_way_free(&plan->processes[i].way);
	for (size_t i = 0; i < plan->cover_count; i++)
		reach_way_free(&plan->covers[i].way);
	free(plan->instances);
	free(plan->detach);
	free(plan->carried);
	free(plan->unbindable);
	free(plan->processes);
	free(plan->covers);
	free(plan->ours);
	mountinfo_free(&plan->info);
	*plan = (struct procfs_plan){0};
}

bool procfs_leads_to_host(const struct mountinfo *info, int id)
{
	const struct mount *mount = mountinfo_find(info, id);

	if (!mount)
		return true;
	for (size_t depth = 0; mount && depth < info->count; depth++) {
		if (strcmp(mount->type, "proc") == 0)
			return true;
		mount = mountinfo_find(info, mount->parent);
	}
	return false;
}

void procfs_plan_report(const struct procfs_plan *plan, struct report *report)
{
	for (size_t i = 0; i < plan->instance_count; i++)
		report_add(report, "the procfs on %s %s", plan->instances[i].target,
			i < plan->visible_count ? "is replaced"
			: plan->locked          ? "stays: a locked mount hides it"
						: "is replaced, and another mount hides it again");
	for (size_t i = 0; i < (plan->locked ? plan->visible_count : plan->instance_count); i++)
		for (size_t k = 0; k < plan->instances[i].carried_count; k++)
			report_add(report, "the mount on %s is carried over",
				plan->carried[plan->instances[i].carried + k].path);
	for (size_t i = 0; i < plan->process_count; i++)
		report_add(report, "the mount on %s, of a process of the host, %s",
			plan->processes[i].target,
			i >= plan->visible_process_count && plan->locked
				? "stays: a locked mount hides it"
				: "is detached");
}
