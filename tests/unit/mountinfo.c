/* SPDX-License-Identifier: MIT */

/* Reading /proc/PID/mountinfo, and finding the mount that a path leads to. */

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/mountinfo.h"

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

TEST_CASE(all_fields, "every field of a line is found")
{
	const struct mount *m;

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

TEST_CASE(optional_fields, "any number of optional fields may stand before the dash")
{
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

TEST_CASE(empty_source, "a mount whose source is an empty string is read")
{
	assert_int_equal(parse("2 1 0:2 / /a rw - tmpfs  rw,size=1k\n"), 0);
	assert_string_equal(info.mounts[0].type, "tmpfs");
	assert_string_equal(info.mounts[0].options, "rw,size=1k");
}

TEST_CASE(escapes, "escaped spaces, tabs, newlines and backslashes in paths are undone, once")
{
	assert_int_equal(parse("2 1 0:2 /r\\040t /a\\040b\\011c\\012d\\134e rw - tmpfs x rw\n"
			       "3 1 0:2 / /\\134040 rw - tmpfs x rw\n"
			       "4 1 0:2 / /\\303\\244 rw - tmpfs x rw\n"),
		0);
	assert_string_equal(info.mounts[0].root, "/r t");
	assert_string_equal(info.mounts[0].target, "/a b\tc\nd\\e");
	assert_string_equal(info.mounts[1].target, "/\\040");
	assert_string_equal(info.mounts[2].target, "/\xc3\xa4");
}

TEST_CASE(not_escapes, "a backslash that begins no octal escape stays")
{
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

TEST_CASE(no_last_newline, "the last line needs no newline")
{
	assert_int_equal(parse("1 0 0:1 / / rw - a b c\n2 1 0:2 / /d rw - e f g"), 0);
	assert_int_equal(info.count, 2);
	assert_string_equal(info.mounts[1].options, "g");
}

TEST_CASE(empty, "an empty file has no mounts")
{
	assert_int_equal(parse(""), 0);
	assert_int_equal(info.count, 0);
	assert_int_equal(lookup("/"), 0);
}

/* What file systems write as their root: nsfs, a deleted file, cgroup from outside, nothing. */
TEST_CASE(roots_of_all_kinds,
	"the root may be written in any way: a namespace's, a deleted file's, none")
{
	static const char *const roots[] = {"net:[4026532256]", "mnt:[4026531840]",
		"/file//deleted", "/../..", "/@home/.snapshots/1", "", "pidfd:[17]", "/"};

	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++) {
		char text[256];

		snprintf(text, sizeof(text),
			"1 0 0:1 / / rw - a b c\n36 1 0:4 %s /run/x rw shared:7 - nsfs nsfs rw\n",
			roots[i]);
		assert_int_equal(parse(text), 0);
		assert_int_equal(info.count, 2);
		assert_string_equal(info.mounts[1].root, roots[i]);
		assert_string_equal(info.mounts[1].target, "/run/x");
		assert_string_equal(info.mounts[1].type, "nsfs");
	}
}

TEST_CASE(devices, "the device is that of stat(2)")
{
	assert_int_equal(
		parse("2 1 254:17 / /a rw - ext4 x rw\n3 1 0:1048575 / /b rw - a b c\n"), 0);
	assert_int_equal(info.mounts[0].device, makedev(254, 17));
	assert_int_equal(info.mounts[1].device, makedev(0, 1048575));
}

TEST_CASE(garbage, "a truncated or senseless line is left out, wherever it stands")
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
		"36 35 98:0 / mnt rw - ext3 /dev/root rw\n",
		"36 35 98 / /mnt rw - ext3 /dev/root rw\n",
		"36 35 98:x / /mnt rw - ext3 /dev/root rw\n",
		"36 35 :0 / /mnt rw - ext3 /dev/root rw\n",
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

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		assert_int_equal(parse(lines[i]), 0);
		assert_int_equal(info.count, 0);
		snprintf(text, sizeof(text), "1 0 0:1 / / rw - a b c\n%s2 1 0:2 / /d rw - e f g\n",
			lines[i]);
		assert_int_equal(parse(text), 0);
		assert_int_equal(info.count, 2);
		assert_string_equal(info.mounts[1].target, "/d");
	}
}

TEST_CASE(garbage_about_procfs, "but is an error if it could be about a procfs")
{
	static const char *const lines[] = {
		"36 35 0:5 / /proc\n",
		"36 35 0:5 / /proc/sys rw -\n",
		"36 35 0:5 / chroot/proc rw - x x rw\n",
		"36 35 0:5 / mnt rw - proc x rw\n",
		"36 35 0 / /mnt rw - proc x rw\n",
		"x 35 0:5 / /mnt rw - proc x rw\n",
		"9999999999 35 0:5 / /mnt rw - proc x rw\n",
	};
	char text[256];

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		snprintf(text, sizeof(text), "1 0 0:1 / / rw - a b c\n%s2 1 0:2 / /d rw - e f g\n",
			lines[i]);
		assert_int_equal(parse(text), -EBADMSG);
		assert_int_equal(strlen(info.wrong), strcspn(lines[i], "\n"));
		assert_memory_equal(info.wrong, lines[i], strcspn(lines[i], "\n"));
	}
}

TEST_CASE(long_line, "a line of 100,000 characters is read")
{
	const size_t length = 100000;
	char *text = malloc(length + 100);
	size_t at;

	assert_non_null(text);
	at = (size_t)sprintf(text, "2 1 0:2 / /");
	memset(text + at, 'a', length);
	strcpy(text + at + length, " rw - overlay overlay rw\n");
	mountinfo_free(&info);
	assert_int_equal(mountinfo_parse(text, &info), 0);
	assert_int_equal(strlen(info.mounts[0].target), length + 1);
	assert_string_equal(info.mounts[0].type, "overlay");
}

TEST_CASE(stack, "a path leads to the topmost mount of a stack")
{
	parse("1 0 0:1 / / rw - ext4 a rw\n"
	      "2 1 0:2 / /a rw - tmpfs b rw\n"
	      "3 2 0:3 / /a rw - tmpfs c rw\n"
	      "4 3 0:4 / /a rw - tmpfs d rw\n");
	assert_int_equal(lookup("/"), 1);
	assert_int_equal(lookup("/ab"), 1);
	assert_int_equal(lookup("/a"), 4);
	assert_int_equal(lookup("/a/b/c"), 4);
}

TEST_CASE(hidden, "a path does not lead to a mount that a later one hides")
{
	parse("1 0 0:1 / / rw - ext4 a rw\n"
	      "2 1 0:2 / /a/b rw - tmpfs b rw\n"
	      "3 1 0:3 / /a rw - tmpfs c rw\n"
	      "4 3 0:4 / /a/c rw - tmpfs c rw\n");
	assert_int_equal(lookup("/a/b"), 3);
	assert_int_equal(lookup("/a/b/x"), 3);
	assert_int_equal(lookup("/a/c/x"), 4);
}

TEST_CASE(overmounted_root, "a mount on the root directory is not entered, as by a path walk")
{
	parse("1 1 0:1 / / rw - rootfs rootfs rw\n"
	      "2 1 0:2 / / rw - ext4 a rw\n"
	      "3 1 0:2 / /proc rw - proc a rw\n"
	      "4 2 0:2 / /proc rw - proc a rw\n");
	assert_int_equal(lookup("/"), 1);
	assert_int_equal(lookup("/proc/1"), 3);
}

TEST_CASE(gone, "a mount that is marked as gone is passed over")
{
	parse("1 0 0:1 / / rw - ext4 a rw\n"
	      "2 1 0:2 / /a rw - tmpfs b rw\n"
	      "3 2 0:3 / /a rw - tmpfs c rw\n"
	      "4 2 0:4 / /a/b rw - tmpfs d rw\n");
	assert_int_equal(lookup("/a/b"), 3);
	mountinfo_find(&info, 3)->gone = true;
	assert_int_equal(lookup("/a"), 2);
	assert_int_equal(lookup("/a/b"), 4);
	assert_null(mountinfo_find(&info, 5));
}

TEST_CASE(any_order, "the order of the lines does not matter")
{
	parse("4 3 0:4 / /a/b rw - tmpfs c rw\n"
	      "3 1 0:3 / /a rw - tmpfs c rw\n"
	      "1 0 0:1 / / rw - ext4 a rw\n");
	assert_int_equal(lookup("/a/b/c"), 4);
	assert_int_equal(lookup("/a/bc"), 3);
}

TEST_CASE(
	chroot_without_mount, "in a root directory that is no mount point no path leads to a mount")
{
	parse("31 30 0:4 / /proc rw - proc proc rw\n"
	      "32 30 0:5 / /dev rw - devtmpfs dev rw\n");
	assert_int_equal(lookup("/"), 0);
	assert_int_equal(lookup("/proc"), 0);
}

TEST_CASE(circles, "mounts that are each other's parents end no lookup in a circle")
{
	parse("1 2 0:1 / / rw - ext4 a rw\n"
	      "2 1 0:2 / / rw - ext4 a rw\n");
	assert_int_equal(lookup("/"), 0);
	parse("9 0 0:1 / / rw - ext4 a rw\n"
	      "1 9 0:1 / /a rw - ext4 a rw\n"
	      "1 1 0:2 / /a rw - ext4 a rw\n");
	assert_int_equal(lookup("/a"), 1);
}

TEST_CASE(is_below, "a path is below a directory by whole names only")
{
	assert_true(mountinfo_is_below("/proc", "/proc"));
	assert_true(mountinfo_is_below("/proc/sys", "/proc"));
	assert_false(mountinfo_is_below("/process", "/proc"));
	assert_false(mountinfo_is_below("/pro", "/proc"));
	assert_true(mountinfo_is_below("/anything", "/"));
	assert_true(mountinfo_is_below("/", "/"));
	assert_false(mountinfo_is_below("/", "/proc"));
}

/* A file with this text, open at its end. */
static int make_file(const char *text)
{
	char path[] = "/tmp/pam_unshare-mountinfo-XXXXXX";
	int fd = mkstemp(path);

	assert_int_not_equal(fd, -1);
	unlink(path);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	return fd;
}

TEST_CASE(large_file, "a file of 3,000 mounts is read whole")
{
	const size_t count = 3000;
	char *text = malloc(count * 64);
	size_t at = 0;
	int fd;

	assert_non_null(text);
	for (size_t i = 1; i <= count; i++)
		at += (size_t)sprintf(
			text + at, "%zu 0 0:1 / /mount-%zu rw - tmpfs none rw\n", i, i);
	fd = make_file(text);
	for (int i = 0; i < 2; i++) {
		mountinfo_free(&info);
		assert_int_equal(mountinfo_read(fd, &info), 0);
		assert_int_equal(info.count, count);
		assert_string_equal(info.mounts[count - 1].target, "/mount-3000");
	}
	close(fd);
	free(text);
}

TEST_CASE(unreadable_files, "a file that cannot be read or understood is an error")
{
	int fd = make_file("rubbish about /proc\n");
	int directory = open("/", O_RDONLY);

	mountinfo_free(&info);
	assert_int_equal(mountinfo_read(fd, &info), -EBADMSG);
	mountinfo_free(&info);
	close(fd);
	assert_int_equal(mountinfo_read(fd, &info), -EBADF);
	mountinfo_free(&info);
	assert_int_equal(mountinfo_read(directory, &info), -EISDIR);
	mountinfo_free(&info);
	close(directory);
}

TEST_CASE(this_machine, "the mounts of this machine are read")
{
	int fd = open("/proc/self/mountinfo", O_RDONLY);

	mountinfo_free(&info);
	assert_int_equal(mountinfo_read(fd, &info), 0);
	assert_true(info.count > 0);
	close(fd);
}

TEST_MAIN("mountinfo", NULL, free_info)
