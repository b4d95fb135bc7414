/* SPDX-License-Identifier: MIT */

/* Reading /proc/PID/mountinfo, and finding the mount that a path leads to. */

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mountinfo.h"

static struct mountinfo info;

static int parse(const char *text)
{
	char *copy = strdup(text);

	assert_non_null(copy);
	mountinfo_free(&info);
	return mountinfo_parse(copy, &info);
}

static int free_info(void **state)
{
	(void)state;
	mountinfo_free(&info);
	return 0;
}

/* The number of the mount that PATH leads to; 0 for none. */
static int lookup(const char *path)
{
	const struct mount *mount = mountinfo_lookup(&info, path);

	return mount ? mount->id : 0;
}

static void all_fields(void **state)
{
	const struct mount *m;

	(void)state;
	assert_int_equal(parse("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:2 - ext3 "
			       "/dev/root rw,errors=continue\n"),
		0);
	assert_int_equal(info.count, 1);
	m = &info.mounts[0];
	assert_int_equal(m->id, 36);
	assert_int_equal(m->parent, 35);
	assert_string_equal(m->root, "/mnt1");
	assert_string_equal(m->target, "/mnt2");
	assert_string_equal(m->attributes, "rw,noatime");
	assert_string_equal(m->type, "ext3");
	assert_string_equal(m->options, "rw,errors=continue");
	assert_false(m->unbindable);
}

static void optional_fields(void **state)
{
	(void)state;
	assert_int_equal(parse("1 0 0:1 / / rw - rootfs none rw\n"
			       "2 1 0:2 / /a rw shared:1 - tmpfs tmpfs rw\n"
			       "3 1 0:3 / /b rw unbindable - tmpfs tmpfs rw\n"
			       "4 1 0:4 / /c rw shared:3 master:2 propagate_from:1 new:9 future - "
			       "tmpfs tmpfs rw\n"
			       "5 1 0:5 / /d rw master:1 unbindable - tmpfs tmpfs rw\n"),
		0);
	assert_int_equal(info.count, 5);
	for (size_t i = 1; i < info.count; i++)
		assert_string_equal(info.mounts[i].type, "tmpfs");
	assert_false(info.mounts[0].unbindable);
	assert_false(info.mounts[1].unbindable);
	assert_true(info.mounts[2].unbindable);
	assert_false(info.mounts[3].unbindable);
	assert_true(info.mounts[4].unbindable);
}

static void empty_source(void **state)
{
	(void)state;
	assert_int_equal(parse("2 1 0:2 / /a rw - tmpfs  rw,size=1k\n"), 0);
	assert_string_equal(info.mounts[0].type, "tmpfs");
	assert_string_equal(info.mounts[0].options, "rw,size=1k");
}

static void escapes(void **state)
{
	(void)state;
	assert_int_equal(parse("2 1 0:2 /r\\040t /a\\040b\\011c\\012d\\134e rw - tmpfs x rw\n"
			       "3 1 0:2 / /\\134040 rw - tmpfs x rw\n"
			       "4 1 0:2 / /\\303\\244 rw - tmpfs x rw\n"),
		0);
	assert_string_equal(info.mounts[0].root, "/r t");
	assert_string_equal(info.mounts[0].target, "/a b\tc\nd\\e");
	assert_string_equal(info.mounts[1].target, "/\\040");
	assert_string_equal(info.mounts[2].target, "/\xc3\xa4");
}

static void not_escapes(void **state)
{
	(void)state;
	assert_int_equal(parse("2 1 0:2 / /\\ rw - tmpfs x rw\n"
			       "3 1 0:2 / /\\04 rw - tmpfs x rw\n"
			       "4 1 0:2 / /\\089 rw - tmpfs x rw\n"
			       "5 1 0:2 / /\\400 rw - tmpfs x rw\n"),
		0);
	assert_string_equal(info.mounts[0].target, "/\\");
	assert_string_equal(info.mounts[1].target, "/\\04");
	assert_string_equal(info.mounts[2].target, "/\\089");
	assert_string_equal(info.mounts[3].target, "/\\400");
}

static void no_last_newline(void **state)
{
	(void)state;
	assert_int_equal(parse("1 0 0:1 / / rw - a b c\n2 1 0:2 / /d rw - e f g"), 0);
	assert_int_equal(info.count, 2);
	assert_string_equal(info.mounts[1].options, "g");
}

static void empty(void **state)
{
	(void)state;
	assert_int_equal(parse(""), 0);
	assert_int_equal(info.count, 0);
	assert_int_equal(lookup("/"), 0);
}

static void garbage(void **state)
{
	static const char *const lines[] = {
		"\n",
		" \n",
		"36\n",
		"36 35\n",
		"36 35 98:0\n",
		"36 35 98:0 /\n",
		"36 35 98:0 / /mnt\n",
		"36 35 98:0 / /mnt rw\n",
		"36 35 98:0 / /mnt rw -\n",
		"36 35 98:0 / /mnt rw - ext3\n",
		"36 35 98:0 / /mnt rw - ext3 /dev/root\n",
		"36 35 98:0 / /mnt rw ext3 /dev/root rw\n",
		"36 35 98:0 root /mnt rw - ext3 /dev/root rw\n",
		"36 35 98:0 / mnt rw - ext3 /dev/root rw\n",
		"36 35 98:0  /mnt rw - ext3 /dev/root rw\n",
		"x 35 98:0 / /mnt rw - ext3 /dev/root rw\n",
		"36x 35 98:0 / /mnt rw - ext3 /dev/root rw\n",
		"36 -35 98:0 / /mnt rw - ext3 /dev/root rw\n",
		"36 +5 98:0 / /mnt rw - ext3 /dev/root rw\n",
		"36  98:0 / /mnt rw - ext3 /dev/root rw\n",
		"4294967332 35 98:0 / /mnt rw - ext3 /dev/root rw\n",
		"99999999999999999999 35 98:0 / /mnt rw - ext3 /dev/root rw\n",
		"\377\376\001\n",
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		assert_int_equal(parse(lines[i]), -EBADMSG);
		snprintf(text, sizeof(text), "1 0 0:1 / / rw - a b c\n%s2 1 0:2 / /d rw - e f g\n",
			lines[i]);
		assert_int_equal(parse(text), -EBADMSG);
	}
}

static void long_line(void **state)
{
	const size_t length = 100000;
	char *text = malloc(length + 100);
	size_t at;

	(void)state;
	assert_non_null(text);
	at = (size_t)sprintf(text, "2 1 0:2 / /");
	memset(text + at, 'a', length);
	strcpy(text + at + length, " rw - overlay overlay rw\n");
	mountinfo_free(&info);
	assert_int_equal(mountinfo_parse(text, &info), 0);
	assert_int_equal(strlen(info.mounts[0].target), length + 1);
	assert_string_equal(info.mounts[0].type, "overlay");
}

static void stack(void **state)
{
	(void)state;
	parse("1 0 0:1 / / rw - ext4 a rw\n"
	      "2 1 0:2 / /a rw - tmpfs b rw\n"
	      "3 2 0:3 / /a rw - tmpfs c rw\n"
	      "4 3 0:4 / /a rw - tmpfs d rw\n");
	assert_int_equal(lookup("/"), 1);
	assert_int_equal(lookup("/ab"), 1);
	assert_int_equal(lookup("/a"), 4);
	assert_int_equal(lookup("/a/b/c"), 4);
}

static void hidden(void **state)
{
	(void)state;
	parse("1 0 0:1 / / rw - ext4 a rw\n"
	      "2 1 0:2 / /a/b rw - tmpfs b rw\n"
	      "3 1 0:3 / /a rw - tmpfs c rw\n"
	      "4 3 0:4 / /a/c rw - tmpfs c rw\n");
	assert_int_equal(lookup("/a/b"), 3);
	assert_int_equal(lookup("/a/b/x"), 3);
	assert_int_equal(lookup("/a/c/x"), 4);
}

static void overmounted_root(void **state)
{
	(void)state;
	parse("1 1 0:1 / / rw - rootfs rootfs rw\n"
	      "2 1 0:2 / / rw - ext4 a rw\n"
	      "3 1 0:2 / /proc rw - proc a rw\n"
	      "4 2 0:2 / /proc rw - proc a rw\n");
	assert_int_equal(lookup("/"), 2);
	assert_int_equal(lookup("/proc/1"), 4);
}

static void any_order(void **state)
{
	(void)state;
	parse("4 3 0:4 / /a/b rw - tmpfs c rw\n"
	      "3 1 0:3 / /a rw - tmpfs c rw\n"
	      "1 0 0:1 / / rw - ext4 a rw\n");
	assert_int_equal(lookup("/a/b/c"), 4);
	assert_int_equal(lookup("/a/bc"), 3);
}

static void chroot_without_mount(void **state)
{
	(void)state;
	parse("31 30 0:4 / /proc rw - proc proc rw\n"
	      "32 30 0:5 / /dev rw - devtmpfs dev rw\n");
	assert_int_equal(lookup("/"), 0);
	assert_int_equal(lookup("/proc"), 0);
}

static void circles(void **state)
{
	(void)state;
	parse("1 2 0:1 / / rw - ext4 a rw\n"
	      "2 1 0:2 / / rw - ext4 a rw\n");
	assert_int_equal(lookup("/"), 0);
	parse("9 0 0:1 / / rw - ext4 a rw\n"
	      "1 9 0:1 / /a rw - ext4 a rw\n"
	      "1 1 0:2 / /a rw - ext4 a rw\n");
	assert_int_equal(lookup("/a"), 1);
}

static void is_below(void **state)
{
	(void)state;
	assert_true(mountinfo_is_below("/proc", "/proc"));
	assert_true(mountinfo_is_below("/proc/sys", "/proc"));
	assert_false(mountinfo_is_below("/process", "/proc"));
	assert_false(mountinfo_is_below("/pro", "/proc"));
	assert_true(mountinfo_is_below("/anything", "/"));
	assert_true(mountinfo_is_below("/", "/"));
	assert_false(mountinfo_is_below("/", "/proc"));
}

static char *make_file(const char *text)
{
	char *path = strdup("/tmp/pam_unshare-mountinfo-XXXXXX");
	int fd = mkstemp(path);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	return path;
}

static void large_file(void **state)
{
	const size_t count = 3000;
	char *text = malloc(count * 64);
	size_t at = 0;
	char *path;

	(void)state;
	assert_non_null(text);
	for (size_t i = 1; i <= count; i++)
		at += (size_t)sprintf(
			text + at, "%zu 0 0:1 / /mount-%zu rw - tmpfs none rw\n", i, i);
	path = make_file(text);
	mountinfo_free(&info);
	assert_int_equal(mountinfo_read(path, &info), 0);
	assert_int_equal(info.count, count);
	assert_string_equal(info.mounts[count - 1].target, "/mount-3000");
	unlink(path);
	free(path);
	free(text);
}

static void unreadable_files(void **state)
{
	char *path = make_file("rubbish\n");

	(void)state;
	mountinfo_free(&info);
	assert_int_equal(mountinfo_read(path, &info), -EBADMSG);
	mountinfo_free(&info);
	unlink(path);
	assert_int_equal(mountinfo_read(path, &info), -ENOENT);
	mountinfo_free(&info);
	assert_int_equal(mountinfo_read("/", &info), -EISDIR);
	mountinfo_free(&info);
	free(path);
}

static void this_machine(void **state)
{
	(void)state;
	assert_int_equal(mountinfo_read("/proc/self/mountinfo", &info), 0);
	assert_true(info.count > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("every field of a line is found", all_fields),
		TEST("any number of optional fields may stand before the dash", optional_fields),
		TEST("a mount whose source is an empty string is read", empty_source),
		TEST("escaped spaces, tabs, newlines and backslashes in paths are undone, once",
			escapes),
		TEST("a backslash that begins no octal escape stays", not_escapes),
		TEST("the last line needs no newline", no_last_newline),
		TEST("an empty file has no mounts", empty),
		TEST("a truncated or senseless line is an error, wherever it stands", garbage),
		TEST("a line of 100,000 characters is read", long_line),
		TEST("a path leads to the topmost mount of a stack", stack),
		TEST("a path does not lead to a mount that a later one hides", hidden),
		TEST("mounts on an overmounted root are not found, those on its cover are",
			overmounted_root),
		TEST("the order of the lines does not matter", any_order),
		TEST("in a root directory that is no mount point no path leads to a mount",
			chroot_without_mount),
		TEST("mounts that are each other's parents end no lookup in a circle", circles),
		TEST("a path is below a directory by whole names only", is_below),
		TEST("a file of 3,000 mounts is read whole", large_file),
		TEST("a file that cannot be read or understood is an error", unreadable_files),
		TEST("the mounts of this machine are read", this_machine),
	};

	return cmocka_run_group_tests_name("mountinfo", tests, NULL, free_info);
}
