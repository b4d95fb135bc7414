/* SPDX-License-Identifier: MIT */

/* What nsinfo makes of a mountinfo, also of lines that no kernel of today writes. */

#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/strings.h"
#include "check/check.h"
#include "read/cgroup.h"
#include "read/mounts.h"
#include "tree.h"

#define ROOT_LINE "1 1 0:1 / / rw - ext4 /dev/sda1 rw\n"
#define PROC_LINE "20 1 0:5 / /proc rw,nosuid - proc proc rw,hidepid=2\n"
#define WRONG     "7 one 0:5 / /srv/proc rw - proc proc rw"

struct fixture {
	char *tree;
	struct proc proc;
	struct mounts mounts;
	struct findings findings;
};

static int set_up(void **state)
{
	struct fixture *f = memory_check(calloc(1, sizeof(*f)));

	f->tree = tree_new();
	tree_proc(f->tree, &f->proc);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	mounts_free(&f->mounts);
	findings_free(&f->findings);
	proc_close(&f->proc);
	tree_free(f->tree);
	free(f);
	return 0;
}

static void write_mountinfo(const struct fixture *f, const char *text)
{
	_cleanup_free_ char *path = string_format("%d/mountinfo", (int)getpid());

	tree_write(f->tree, path, text);
}

/* The mount points, one behind the other, each with its root. */
static void expect(struct fixture *f, const char *text, const char *wanted)
{
	char found[512] = "";

	write_mountinfo(f, text);
	mounts_free(&f->mounts);
	assert_int_equal(mounts_read(&f->proc, getpid(), &f->mounts), 0);
	for (size_t i = 0; i < f->mounts.info.count; i++) {
		const struct mount *mount = &f->mounts.info.mounts[i];
		size_t length = strlen(found);

		snprintf(found + length, sizeof(found) - length, "%s%s=%s", i ? " " : "",
			mount->target, mount->root);
	}
	assert_string_equal(found, wanted);
}

TEST_CASE(odd_roots, "a root may be a namespace's, deleted or empty")
{
	expect(*state,
		ROOT_LINE "30 1 0:4 net:[4026532256] /run/netns/a rw - nsfs nsfs rw\n"
			  "31 1 0:6 /a//deleted /b rw - ext4 /dev/sda1 rw\n"
			  "32 1 0:6 / /c//deleted rw - ext4 /dev/sda1 rw\n"
			  "33 1 0:7  /d rw shared:1 master:2 - fuse  rw\n"
			  "34 1 0:8 / /e\\040\\134f rw - tmpfs none rw",
		"/=/ /run/netns/a=net:[4026532256] /b=/a//deleted /c//deleted=/ /d= /e \\f=/");
}

TEST_CASE(left_out, "a line that is not understood is left out")
{
	struct fixture *f = *state;

	expect(f,
		"nonsense\n" ROOT_LINE "\n2 1 0:1 / relative rw - ext4 x rw\n3 1 0:1 / /x rw\n"
		"4 1 0:1 / /y rw - tmpfs\n" PROC_LINE,
		"/=/ /proc=/");
	assert_null(f->mounts.wrong);
}

TEST_CASE(wrong, "one that could be about a procfs is left out and kept to be told")
{
	static const char *const texts[] = {WRONG "\n" ROOT_LINE PROC_LINE,
		ROOT_LINE WRONG "\n" PROC_LINE, ROOT_LINE PROC_LINE WRONG,
		ROOT_LINE PROC_LINE WRONG "\n" WRONG " again\n"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		expect(f, texts[i], "/=/ /proc=/");
		assert_string_equal(f->mounts.wrong, WRONG);
		assert_non_null(mounts_at(&f->mounts, "/proc"));
	}
	expect(f, WRONG, "");
	assert_string_equal(f->mounts.wrong, WRONG);
}

TEST_CASE(nothing, "without mounts there is none")
{
	struct fixture *f = *state;

	expect(f, "", "");
	assert_null(mounts_at(&f->mounts, "/proc"));
	mounts_free(&f->mounts);
	assert_true(mounts_read(&f->proc, 4711, &f->mounts) < 0);
	assert_null(mounts_at(&f->mounts, "/proc"));
}

TEST_CASE(options, "options are those of the mount, then those of the file system")
{
	struct fixture *f = *state;
	_cleanup_free_ char *text = NULL;

	expect(f, ROOT_LINE PROC_LINE, "/=/ /proc=/");
	text = mounts_options(mounts_at(&f->mounts, "/proc"));
	assert_string_equal(text, "rw,nosuid,hidepid=2");
}

static void expect_on_top(struct fixture *f, const char *text, int id)
{
	const struct mount *mount;

	write_mountinfo(f, text);
	mounts_free(&f->mounts);
	assert_int_equal(mounts_read(&f->proc, getpid(), &f->mounts), 0);
	mount = mounts_at(&f->mounts, "/proc");
	assert_int_equal(mount ? mount->id : 0, id);
}

TEST_CASE(on_top, "of several mounts at a place the one on top counts")
{
	struct fixture *f = *state;

	expect_on_top(f, ROOT_LINE PROC_LINE "21 20 0:6 / /proc rw - proc proc rw\n", 21);
	/* put beneath the other, and later (MOVE_MOUNT_BENEATH) */
	expect_on_top(f,
		ROOT_LINE
		"20 21 0:5 / /proc rw - proc proc rw\n21 1 0:6 / /proc rw - proc proc rw\n",
		20);
	expect_on_top(f, ROOT_LINE "20 1 0:5 / /proc/sys rw - proc proc rw\n", 0);
}

TEST_CASE(in_a_chroot, "also in a chroot that is no mount point")
{
	expect_on_top(*state,
		"20 9 0:5 / /proc rw - proc proc rw\n21 20 0:6 / /proc rw - proc proc rw\n", 21);
}

TEST_CASE(cgroups, "a cgroup is found where its part of the hierarchy is mounted")
{
	struct fixture *f = *state;
	_cleanup_free_ char *path = string_format("%d/cgroup", (int)getpid());
	struct cgroups found;

	write_mountinfo(f,
		ROOT_LINE "40 1 0:9 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n"
			  "41 1 0:10 /docker /cg/memory rw - cgroup none rw,memory\n" WRONG "\n");
	tree_write(f->tree, path, "4:memory:/docker/a\n0::/user.slice\n");
	assert_int_equal(cgroups_read(&f->proc, getpid(), &found), 0);
	assert_int_equal(found.count, 2);
	assert_string_equal(found.list[0].directory, "/cg/memory/a");
	assert_string_equal(found.list[1].directory, "/sys/fs/cgroup/user.slice");
	cgroups_free(&found);
}

static const struct finding *find_wrong(struct fixture *f, const char *mountinfo)
{
	struct sessions none = {.proc = &f->proc};

	write_mountinfo(f, mountinfo);
	findings_free(&f->findings);
	check_kernel(&f->findings, &none);
	for (size_t i = 0; i < f->findings.count; i++)
		if (strstr(f->findings.list[i].message, WRONG))
			return &f->findings.list[i];
	return NULL;
}

TEST_CASE(told, "check tells of a mount that the module does not understand, and goes on")
{
	struct fixture *f = *state;
	const struct finding *finding = find_wrong(f, ROOT_LINE WRONG "\n" PROC_LINE);
	bool keeps = false;

	assert_non_null(finding);
	assert_int_equal(finding->level, FINDING_PROBLEM);
	for (size_t i = 0; i < f->findings.count; i++)
		keeps |= strstr(f->findings.list[i].message, "hidepid=2") != NULL;
	assert_true(keeps);
	assert_null(find_wrong(f, ROOT_LINE PROC_LINE));
}

TEST_MAIN("nsinfo-mounts", set_up, tear_down)
