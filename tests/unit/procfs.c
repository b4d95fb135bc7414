/* SPDX-License-Identifier: MIT */

/* The plan of the private /proc: what is replaced and how, and what is carried over. */

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "procfs/plan.h"
#include "common/syscalls.h"

#define ROOT "1 0 0:1 / / rw,relatime - ext4 /dev/sda rw\n"
#define PROC "2 1 0:2 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw\n"

static struct procfs_plan plan;
static struct error error;

static const char *added = ""; /* options of proc= */

static int make(const char *mounts)
{
	char *text = strdup(mounts);
	struct mountinfo info;

	assert_non_null(text);
	procfs_plan_free(&plan);
	memset(&error, 0, sizeof(error));
	assert_int_equal(mountinfo_parse(text, &info), 0);
	return procfs_plan_make(&info, -1, added, &plan, &error);
}

static int free_plan(void **state)
{
	(void)state;
	procfs_plan_free(&plan);
	return 0;
}

static const struct procfs_instance *find_instance(const char *target)
{
	for (size_t i = 0; i < plan.instance_count; i++)
		if (strcmp(plan.instances[i].target, target) == 0)
			return &plan.instances[i];
	return NULL;
}

/* The mounts that are carried over to the instance on TARGET, "a b c". */
static const char *carried(const char *target)
{
	static char list[4096];
	const struct procfs_instance *instance = find_instance(target);
	size_t at = 0;

	assert_non_null(instance);
	list[0] = '\0';
	for (size_t i = 0; i < instance->carried_count; i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", i ? " " : "",
			plan.carried[instance->carried + i].path);
	return list;
}

static const char *option(const struct procfs_instance *instance, const char *key)
{
	for (size_t i = 0; i < instance->option_count; i++)
		if (strcmp(instance->options[i].key, key) == 0)
			return instance->options[i].value ? instance->options[i].value : "set";
	return "not set";
}

TEST_CASE(only_proc, "on a plain machine the procfs on /proc is replaced, and nothing else")
{
	assert_int_equal(make(ROOT PROC), 0);
	assert_int_equal(plan.instance_count, 1);
	assert_string_equal(plan.instances[0].target, "/proc");
	assert_int_equal(plan.instances[0].depth, 1);
	assert_int_equal(plan.instances[0].attributes,
		MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	assert_int_equal(plan.instances[0].option_count, 0);
	assert_int_equal(plan.carried_count, 0);
	assert_int_equal(plan.unbindable_count, 0);
	assert_int_equal(plan.process_count, 0);
}

TEST_CASE(attributes, "the mount attributes of /proc are kept, each by its exact name")
{
	static const struct {
		const char *list;
		unsigned int attributes;
	} cases[] = {
		{"rw,relatime", 0},
		{"ro,relatime", MOUNT_ATTR_RDONLY},
		{"rw", MOUNT_ATTR_STRICTATIME},
		{"rw,noatime", MOUNT_ATTR_NOATIME},
		{"rw,nodiratime,relatime", MOUNT_ATTR_NODIRATIME},
		{"ro,nosuid,nodev,noexec,relatime,nosymfollow",
			MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW},
		{"rw,relatime,idmapped,something", 0},
		{"rw,relatime,roo,nosuidx,xro", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[512];

		snprintf(text, sizeof(text), ROOT "2 1 0:2 / /proc %s - proc proc rw\n",
			cases[i].list);
		assert_int_equal(make(text), 0);
		assert_int_equal(plan.instances[0].attributes, cases[i].attributes);
	}
}

TEST_CASE(options, "hidepid=, as a number or a name, gid=, subset= and ro are kept")
{
	static const char *const hidepid[] = {
		"0", "1", "2", "4", "off", "noaccess", "invisible", "ptraceable"};

	for (size_t i = 0; i < sizeof(hidepid) / sizeof(*hidepid); i++) {
		char text[512];

		snprintf(text, sizeof(text),
			ROOT "2 1 0:2 / /proc rw - proc proc rw,gid=5,hidepid=%s,subset=pid\n",
			hidepid[i]);
		assert_int_equal(make(text), 0);
		assert_int_equal(plan.instances[0].option_count, 3);
		assert_string_equal(option(&plan.instances[0], "hidepid"), hidepid[i]);
		assert_string_equal(option(&plan.instances[0], "gid"), "5");
		assert_string_equal(option(&plan.instances[0], "subset"), "pid");
	}
	assert_int_equal(make(ROOT "2 1 0:2 / /proc rw - proc proc ro\n"), 0);
	assert_string_equal(option(&plan.instances[0], "ro"), "set");
}

TEST_CASE(added_options, "the options of proc= are added, and replace those of the same name")
{
	added = "hidepid=invisible,subset=pid";
	assert_int_equal(make(ROOT "2 1 0:2 / /proc rw - proc proc rw,gid=5,hidepid=1\n"), 0);
	added = "";
	assert_int_equal(plan.instances[0].option_count, 3);
	assert_string_equal(option(&plan.instances[0], "gid"), "5");
	assert_string_equal(option(&plan.instances[0], "hidepid"), "invisible");
	assert_string_equal(option(&plan.instances[0], "subset"), "pid");
}

TEST_CASE(too_many_options,
	"more options than there is room for are an error, and none is lost before")
{
	assert_int_equal(make(ROOT "2 1 0:2 / /proc rw - proc proc rw,a,b,c,d,e,f,g,h\n"), 0);
	assert_int_equal(plan.instances[0].option_count, PROCFS_OPTIONS_MAX);
	assert_int_equal(
		make(ROOT "2 1 0:2 / /proc rw - proc proc rw,a,b,c,d,e,f,g,h,i\n"), -E2BIG);
	assert_string_equal(error.step, "keep the options of the procfs on");
	assert_string_equal(error.object, "/proc");
}

TEST_CASE(no_proc, "without a whole procfs on top of /proc the plan fails and says so")
{
	static const char *const mounts[] = {
		ROOT,
		ROOT "2 1 0:2 / /procedure rw - proc proc rw\n",
		ROOT "2 1 0:2 / /proc rw - tmpfs tmpfs rw\n",
		ROOT PROC "3 2 0:3 / /proc rw - tmpfs tmpfs rw\n",
		ROOT "2 1 0:2 /sys /proc rw - proc proc rw\n",
		"1 0 0:1 / / rw - proc proc rw\n",
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		assert_int_equal(make(mounts[i]), -EINVAL);
		assert_non_null(strstr(error.step, "find a procfs on /proc"));
	}
}

TEST_CASE(
	chroot_without_mount, "a root directory that is no mount point is refused with what to do")
{
	assert_int_equal(make("2 1 0:2 / /proc rw - proc proc rw\n"), -EINVAL);
	assert_non_null(strstr(error.reason, "no mount point"));
}

TEST_CASE(stacks_of_proc, "a whole stack on /proc is detached, with the options of its top")
{
	assert_int_equal(make(ROOT PROC "3 2 0:3 / /proc rw - proc proc rw,hidepid=1\n"
					"4 3 0:4 / /proc rw - proc proc rw,hidepid=2\n"),
		0);
	assert_int_equal(plan.instance_count, 1);
	assert_int_equal(plan.instances[0].depth, 3);
	assert_string_equal(option(&plan.instances[0], "hidepid"), "2");

	assert_int_equal(make(ROOT "2 1 0:2 / /proc rw - tmpfs x rw\n"
				   "3 2 0:3 / /proc rw - proc proc rw\n"),
		0);
	assert_int_equal(plan.instances[0].depth, 2);
}

TEST_CASE(other_instances, "every other procfs is replaced too, with its own options")
{
	assert_int_equal(make(ROOT PROC "3 1 0:3 / /srv/chroot/proc ro,relatime - proc x rw\n"
					"4 1 0:4 / /a\\040b rw,relatime - proc x "
					"rw,hidepid=noaccess\n"
					"5 1 0:2 / /bound rw,relatime - proc x rw\n"),
		0);
	assert_int_equal(plan.instance_count, 4);
	assert_string_equal(plan.instances[0].target, "/proc");
	assert_int_equal(find_instance("/srv/chroot/proc")->attributes, MOUNT_ATTR_RDONLY);
	assert_int_equal(find_instance("/srv/chroot/proc")->option_count, 0);
	assert_string_equal(option(find_instance("/a b"), "hidepid"), "noaccess");
	assert_non_null(find_instance("/bound"));
}

TEST_CASE(proc_is_first, "the procfs on /proc is replaced first, wherever its line stands")
{
	assert_int_equal(make(ROOT "3 1 0:3 / /chroot/proc rw - proc x rw\n" PROC), 0);
	assert_string_equal(plan.instances[0].target, "/proc");
	assert_string_equal(plan.instances[1].target, "/chroot/proc");
}

/* The mounts that are taken aside, "4 6", or "*" for a procfs that has been replaced. */
static const char *covers(void)
{
	static char list[256];
	size_t at = 0;

	list[0] = '\0';
	for (size_t i = 0; i < plan.cover_count; i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at,
			plan.covers[i].id == REACH_ANY ? "%s*" : "%s%d", i ? " " : "",
			plan.covers[i].id);
	return list;
}

/* The ids of the mounts that lead to one, "1 4". */
static const char *way(const struct reach_way *reached)
{
	static char list[256];
	size_t at = 0;

	for (size_t i = 0; i < reached->count; i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%d", i ? " " : "",
			reached->steps[i].mount->id);
	return list;
}

TEST_CASE(
	hidden_instances, "what hides a procfs is taken aside, so that the procfs can be replaced")
{
	assert_int_equal(make(ROOT PROC "3 1 0:3 / /chroot/proc rw - proc x rw\n"
					"4 1 0:4 / /chroot rw - tmpfs x rw\n"
					"5 1 0:5 / /under rw - proc x rw\n"
					"6 5 0:6 / /under rw - fuse x rw\n"
					"7 6 0:7 / /under/deep rw - tmpfs x rw\n"),
		0);
	assert_int_equal(plan.instance_count, 3);
	assert_int_equal(plan.visible_count, 1);
	assert_string_equal(plan.instances[1].target, "/chroot/proc");
	assert_string_equal(plan.instances[2].target, "/under");
	assert_string_equal(covers(), "4 6");
	assert_string_equal(way(&plan.covers[1].way), "1 6");
	assert_string_equal(way(&plan.instances[1].way), "1 3");
	assert_string_equal(way(&plan.instances[2].way), "1 5");
	assert_false(plan.plain);
}

/* A procfs below a tmpfs below a procfs, and one that two mounts hide. */
TEST_CASE(deeply_hidden, "also where one hides the other")
{
	assert_int_equal(make(ROOT PROC "3 1 0:3 / /a rw - proc x rw\n"
					"4 3 0:4 / /a rw - tmpfs x rw\n"
					"5 4 0:5 / /a rw - proc x rw\n"
					"6 1 0:6 / /b/c rw - proc x rw\n"
					"7 1 0:7 / /b rw - tmpfs x rw\n"
					"8 7 0:8 / /b rw - tmpfs x rw\n"),
		0);
	assert_int_equal(plan.visible_count, 2);
	assert_int_equal(plan.instance_count, 4);
	assert_string_equal(covers(), "* 4 8 7");
	assert_string_equal(plan.instances[2].target, "/a");
	assert_int_equal(plan.detach[plan.instances[2].detach], 3);
}

/* What hides it is mounted on the very mount that it is on; and in one that goes with another. */
TEST_CASE(hidden_by_what_is_on_its_parent,
	"what is mounted on the one that is taken aside goes with it")
{
	assert_int_equal(make(ROOT PROC "3 1 0:3 / /a rw - ext4 x rw\n"
					"4 3 0:4 / /a/proc rw - proc x rw\n"
					"5 3 0:5 / /a rw - fuse x rw\n"
					"6 5 0:6 / /a/proc rw - fuse x rw\n"
					"7 6 0:7 / /a/proc rw - fuse x rw\n"),
		0);
	assert_string_equal(covers(), "5");
	assert_string_equal(way(&plan.instances[1].way), "1 3 4");
}

TEST_CASE(hidden_processes, "a single process's directory that is hidden is detached, too")
{
	assert_int_equal(make(ROOT PROC "3 1 0:2 /7 /a rw - proc x rw\n"
					"4 3 0:4 / /a rw - tmpfs x rw\n"
					"5 1 0:2 /8 /b rw - proc x rw\n"),
		0);
	assert_int_equal(plan.process_count, 2);
	assert_int_equal(plan.visible_process_count, 1);
	assert_string_equal(plan.processes[0].target, "/b");
	assert_string_equal(plan.processes[1].target, "/a");
	assert_string_equal(covers(), "4");
}

/* One whose way is not in mountinfo: it cannot be replaced, and nobody may log in beside it. */
TEST_CASE(lost_instances, "a procfs that no path leads to is an error")
{
	assert_int_equal(make(ROOT PROC "3 77 0:3 / /chroot/proc rw - proc x rw\n"), -ESTALE);
	assert_string_equal(error.step, "find what hides the procfs on");
	assert_string_equal(error.object, "/chroot/proc");
}

TEST_CASE(mounts_on_the_root, "a mount on the root directory itself hides nothing")
{
	assert_int_equal(make(ROOT PROC "3 1 0:3 / / rw - tmpfs b rw\n"), 0);
	assert_int_equal(plan.instance_count, 1);
	assert_true(plan.plain);
}

TEST_CASE(ways, "the way to a procfs is the mounts that a path walk enters")
{
	assert_int_equal(make(ROOT PROC "3 1 0:3 / /srv rw - ext4 x rw\n"
					"4 3 0:4 / /srv rw - ext4 x rw\n"
					"5 4 0:5 / /srv/a rw - tmpfs x rw\n"
					"6 5 0:6 / /srv/a/b/proc rw - proc x rw\n"
					"7 6 0:7 / /srv/a/b/proc rw - proc x rw\n"),
		0);
	assert_string_equal(way(&plan.instances[0].way), "1 2");
	assert_string_equal(way(&find_instance("/srv/a/b/proc")->way), "1 4 5 7");
	assert_int_equal(find_instance("/srv/a/b/proc")->depth, 2);
	assert_int_equal(plan.detach[find_instance("/srv/a/b/proc")->detach], 7);
	assert_int_equal(plan.detach[find_instance("/srv/a/b/proc")->detach + 1], 6);
}

TEST_CASE(innermost_last, "a procfs inside another one stands behind it")
{
	assert_int_equal(make(ROOT PROC "3 1 0:3 / /aaaaaaa/a rw - proc x rw\n"
					"4 3 0:4 / /aaaaaaa/a/irq rw - tmpfs x rw\n"
					"5 4 0:5 / /aaaaaaa/a/irq/b rw - proc x rw\n"
					"6 1 0:6 / /b rw - proc x rw\n"),
		0);
	assert_string_equal(plan.instances[0].target, "/proc");
	assert_string_equal(plan.instances[1].target, "/b");
	assert_string_equal(plan.instances[2].target, "/aaaaaaa/a");
	assert_string_equal(plan.instances[3].target, "/aaaaaaa/a/irq/b");
}

/* mountinfo is read in pieces, and an id that became free is given to the next mount. */
TEST_CASE(ids_that_stand_twice, "mount ids that stand twice exceed no array")
{
	char text[8192];
	size_t at = (size_t)sprintf(text, ROOT PROC);

	for (int i = 0; i < 40; i++)
		at += (size_t)sprintf(text + at,
			"3 1 0:3 / /c%d rw - proc x rw\n"
			"4 3 0:4 / /c%d/irq rw unbindable - tmpfs x rw\n",
			i, i);
	make(text);
	assert_true(plan.carried_count <= plan.info.count);
	assert_true(plan.unbindable_count <= plan.info.count);
	assert_true(plan.instance_count <= plan.info.count);
}

TEST_CASE(stacks_elsewhere, "elsewhere a stack is detached down to what is no procfs")
{
	assert_int_equal(make(ROOT PROC "3 1 0:3 / /a rw - tmpfs x rw\n"
					"4 3 0:4 / /a rw - proc x rw\n"
					"5 4 0:5 / /a rw - proc x rw\n"),
		0);
	assert_int_equal(plan.instance_count, 2);
	assert_int_equal(find_instance("/a")->depth, 2);
}

TEST_CASE(carried_mounts, "what is mounted directly on /proc is carried over, a stack once")
{
	assert_int_equal(
		make(ROOT PROC "10 2 0:10 /proc/cpuinfo /proc/cpuinfo rw - fuse.lxcfs lxcfs rw\n"
			       "11 2 0:11 / /proc/sys/fs/binfmt_misc rw - autofs systemd-1 rw\n"
			       "12 11 0:12 / /proc/sys/fs/binfmt_misc rw - binfmt_misc b rw\n"
			       "13 2 0:13 /null /proc/kcore rw - devtmpfs udev rw\n"
			       "14 2 0:14 / /proc/acpi ro - tmpfs tmpfs ro\n"
			       "15 14 0:15 / /proc/acpi/below ro - tmpfs tmpfs ro\n"
			       "16 1 0:16 / /elsewhere ro - tmpfs tmpfs ro\n"
			       "17 2 0:17 / /proc/a\\040\\012b ro - tmpfs tmpfs ro\n"),
		0);
	assert_string_equal(carried("/proc"), "/proc/cpuinfo /proc/sys/fs/binfmt_misc /proc/kcore "
					      "/proc/acpi /proc/a \nb");
	for (size_t i = 0; i < plan.carried_count; i++)
		assert_int_equal(plan.carried[i].fd, -1);
}

TEST_CASE(masks_of_procfs, "a part of procfs that is bound over itself, read-only, is carried over")
{
	assert_int_equal(
		make(ROOT PROC
			"10 2 0:2 /sys /proc/sys ro,nosuid,nodev,noexec,relatime - proc proc rw\n"
			"11 2 0:2 /sysrq-trigger /proc/sysrq-trigger ro - proc proc rw\n"
			"12 10 0:9 / /proc/sys/fs/binfmt_misc rw - binfmt_misc b rw\n"),
		0);
	assert_int_equal(plan.instance_count, 1);
	assert_int_equal(plan.process_count, 0);
	assert_string_equal(carried("/proc"), "/proc/sys /proc/sysrq-trigger");
}

TEST_CASE(processes_below_proc, "mounts below a process's directory are not carried over")
{
	assert_int_equal(make(ROOT PROC "10 2 0:10 / /proc/1234/fd rw - tmpfs x rw\n"
					"11 2 0:11 / /proc/1 rw - tmpfs x rw\n"
					"12 2 0:12 / /proc/1a rw - tmpfs x rw\n"
					"13 2 0:13 / /proc/uptime rw - fuse.lxcfs x rw\n"),
		0);
	assert_string_equal(carried("/proc"), "/proc/uptime");
}

TEST_CASE(hidden_below_proc, "mounts below /proc that are hidden are not carried over")
{
	assert_int_equal(make(ROOT "2 1 0:2 / /proc rw - proc proc rw\n"
				   "10 2 0:10 / /proc/hidden-by-new-proc rw - tmpfs x rw\n"
				   "3 2 0:3 / /proc rw - proc proc rw\n"
				   "11 3 0:11 / /proc/sys/fs rw - tmpfs x rw\n"
				   "12 3 0:12 / /proc/sys rw - tmpfs x rw\n"
				   "13 3 0:13 / /proc/acpi rw - tmpfs x rw\n"
				   "14 13 0:14 / /proc/acpi rw - tmpfs x rw\n"),
		0);
	assert_string_equal(carried("/proc"), "/proc/sys /proc/acpi");
}

TEST_CASE(carried_elsewhere, "each procfs keeps the mounts below itself")
{
	assert_int_equal(make(ROOT PROC "3 1 0:3 / /chroot/proc rw - proc x rw\n"
					"10 3 0:10 / /chroot/proc/uptime rw - tmpfs x rw\n"
					"11 2 0:11 / /proc/uptime rw - tmpfs x rw\n"
					"12 3 0:12 / /chroot/proc/12/fd rw - tmpfs x rw\n"),
		0);
	assert_string_equal(carried("/proc"), "/proc/uptime");
	assert_string_equal(carried("/chroot/proc"), "/chroot/proc/uptime");
}

TEST_CASE(
	single_processes, "mounts of a single process's directory are detached where they are seen")
{
	assert_int_equal(make(ROOT PROC "3 1 0:2 /1 /init rw - proc x rw\n"
					"4 1 0:2 /77/fd /mnt/fd rw - proc x rw\n"
					"5 1 0:2 /sys /mnt/sys rw - proc x rw\n"
					"6 1 0:2 /99 /hidden rw - proc x rw\n"
					"7 6 0:7 / /hidden rw - tmpfs x rw\n"),
		0);
	assert_int_equal(plan.instance_count, 1);
	assert_int_equal(plan.process_count, 3);
	assert_int_equal(plan.visible_process_count, 2);
	assert_string_equal(plan.processes[0].target, "/init");
	assert_string_equal(plan.processes[1].target, "/mnt/fd");
	assert_int_equal(plan.carried_count, 0);
}

TEST_CASE(gone_with_proc, "what goes with the old /proc is not replaced or detached once more")
{
	assert_int_equal(make(ROOT PROC "3 2 0:2 /1 /proc/acpi rw - proc x rw\n"
					"4 2 0:4 / /proc/fs/nfsd rw - proc x rw\n"),
		0);
	assert_string_equal(carried("/proc"), "");
	assert_int_equal(plan.process_count, 0);
	assert_int_equal(plan.instance_count, 1);
}

TEST_CASE(below_carried, "a procfs inside a mount that is carried over is replaced there")
{
	assert_int_equal(make(ROOT PROC "3 2 0:3 / /proc/acpi rw - tmpfs x rw\n"
					"4 3 0:4 / /proc/acpi/a rw - proc x rw\n"
					"5 3 0:2 /1 /proc/acpi/b rw - proc x rw\n"),
		0);
	assert_string_equal(carried("/proc"), "/proc/acpi");
	assert_non_null(find_instance("/proc/acpi/a"));
	assert_int_equal(plan.process_count, 1);
	assert_string_equal(plan.processes[0].target, "/proc/acpi/b");
}

/* Two mounts on one place below /proc go as one: what is on top, with what it covers. */
TEST_CASE(twice_on_one_place, "what is mounted twice on one place below /proc is carried over once")
{
	assert_int_equal(make(ROOT PROC "3 2 0:3 / /proc/acpi rw - tmpfs x rw\n"
					"4 2 0:4 / /proc/acpi rw - tmpfs y rw\n"
					"5 2 0:5 / /proc/keys rw - tmpfs z rw\n"),
		0);
	assert_string_equal(carried("/proc"), "/proc/acpi /proc/keys");
}

TEST_CASE(impossible_targets, "a mount on /proc whose path is not below /proc is left alone")
{
	assert_int_equal(make(ROOT PROC "3 2 0:3 / /p rw - tmpfs x rw\n"), 0);
	assert_string_equal(carried("/proc"), "");
}

TEST_CASE(unbindable, "unbindable mounts are made bindable where they are carried over, only there")
{
	assert_int_equal(make(ROOT PROC "3 2 0:3 / /proc/acpi rw unbindable - tmpfs x rw\n"
					"4 3 0:4 / /proc/acpi/deep rw unbindable - tmpfs x rw\n"
					"5 2 0:5 / /proc/scsi rw shared:1 - tmpfs x rw\n"
					"6 1 0:6 / /elsewhere rw unbindable - tmpfs x rw\n"
					"7 2 0:7 / /proc/12/fd rw unbindable - tmpfs x rw\n"),
		0);
	assert_int_equal(plan.unbindable_count, 2);
	assert_int_equal(plan.instances[0].unbindable_count, 2);
	assert_string_equal(plan.unbindable[0], "/proc/acpi");
	assert_string_equal(plan.unbindable[1], "/proc/acpi/deep");
}

TEST_MAIN("procfs", NULL, free_plan)
