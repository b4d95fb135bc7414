/* SPDX-License-Identifier: MIT */

/* The private /proc among mounts of all kinds, and what it cannot be made with. */

#include "application.h"
#include "tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Mounts that nobody else sees, and a file to mount on others. */
static void have_own_mounts(void)
{
	application_have_own_run();
	application_write("/run/mask", "masked\n");
}

static void have_chroot(void)
{
	CHECK(mkdir("/run/chroot", 0755) == 0 && mkdir("/run/chroot/proc", 0755) == 0);
	CHECK(mount("proc", "/run/chroot/proc", "proc", 0, NULL) == 0);
}

/* In the session: neither in /proc nor in any other procfs are there processes of the host's. */
static void see_nobody_else(void)
{
	char path[4096], type[64], line[8192];
	FILE *mounts = fopen("/proc/self/mounts", "re");
	size_t count = 0;

	CHECK(getpid() == 2, "it is %d", (int)getpid());
	CHECK(mounts);
	while (fgets(line, sizeof(line), mounts)) {
		if (sscanf(line, "%*s %4000s %63s", path, type) != 2 || strcmp(type, "proc") != 0)
			continue;
		strcat(path, "/3");
		CHECK(access(path, F_OK) == -1 && errno == ENOENT, "%s", path);
		count++;
	}
	fclose(mounts);
	CHECK(count > 0);
}

static void see_mask(void)
{
	char text[16] = "";
	int fd = open("/proc/uptime", O_RDONLY | O_CLOEXEC);

	CHECK(read(fd, text, sizeof(text) - 1) > 0 && strcmp(text, "masked\n") == 0);
	close(fd);
	see_nobody_else();
}

/* A login, and what the first process in it sees. */
static pam_handle_t *open_and_look(
	const char *service, const struct disturbance *list, void (*look)(void))
{
	pam_handle_t *pamh = tracer_open(service, list);

	CHECK(application_in_child(look) == 0);
	return pamh;
}

static void close_session(pam_handle_t *pamh, char *before)
{
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	application_check_state(before);
}

/* Before Linux 6.5. */
#define NOT_BENEATH                                                                                \
	{                                                                                          \
		"PID 1: move_mount / /proc beneath", 0, .result = -EINVAL                          \
	}

TEST_CASE(old_kernel, "a kernel that cannot put a mount beneath another gets along without")
{
	char *before = application_state();
	pam_handle_t *pamh = open_and_look("test", TRACER_LIST(NOT_BENEATH), see_nobody_else);

	tracer_in_order("PID 1: move_mount / /proc beneath", "PID 1: umount2 .",
		"PID 1: openat2 /proc", "PID 1: move_mount / /proc onto");
	close_session(pamh, before);
}

TEST_CASE(stack_on_proc, "a stack on /proc is detached from the top down")
{
	pam_handle_t *pamh;
	char *before;

	have_own_mounts();
	CHECK(mount("between", "/proc", "tmpfs", 0, NULL) == 0);
	CHECK(mount("proc", "/proc", "proc", 0, NULL) == 0);
	CHECK(mount("/run/mask", "/proc/uptime", NULL, MS_BIND, NULL) == 0);
	before = application_state();
	pamh = open_and_look("test", NULL, see_mask);
	tracer_in_order("PID 1: openat2 /proc", "PID 1: open_tree /proc/uptime", "PID 1: umount2 .",
		"PID 1: openat2 /proc", "PID 1: umount2 .", "PID 1: openat2 /proc",
		"PID 1: move_mount / /proc beneath", "PID 1: umount2 .",
		"PID 1: move_mount / /proc/uptime");
	close_session(pamh, before);
}

/* A procfs that is seen when the mount on the directory above is gone. */
static void have_hidden(void)
{
	have_own_mounts();
	have_chroot();
	CHECK(mount("cover", "/run/chroot", "tmpfs", 0, NULL) == 0);
}

static void look_below_cover(void)
{
	see_nobody_else();
	CHECK(access("/run/chroot/proc", F_OK) == -1);
	CHECK(umount2("/run/chroot", 0) == 0);
	see_nobody_else();
	CHECK(access("/run/chroot/proc/2", F_OK) == 0);
}

TEST_CASE(hidden_procfs, "what hides a procfs is taken aside and put back")
{
	char *before;
	pam_handle_t *pamh;

	have_hidden();
	before = application_state();
	pamh = open_and_look("test", NULL, look_below_cover);
	tracer_in_order("PID 1: umount2 .", "PID 1: openat2 /run/chroot",
		"PID 1: move_mount /run/chroot /proc onto", "PID 1: openat2 /run/chroot",
		"PID 1: openat2 /run/chroot/proc", "PID 1: move_mount / /run/chroot/proc beneath",
		"PID 1: umount2 .", "PID 1: openat /run/chroot/.",
		"PID 1: move_mount /proc /run/chroot onto", "PID 1: lseek");
	close_session(pamh, before);
}

TEST_CASE(locked_cover, "what is hidden by a locked mount stays hidden")
{
	char *before;
	pam_handle_t *pamh;

	have_hidden();
	before = application_state();
	pamh = open_and_look("test",
		TRACER_LIST({"PID 1: move_mount /run/chroot /proc onto", 1, .result = -EINVAL}),
		see_nobody_else);
	CHECK(trace->disturbed[0] == 1);
	CHECK(tracer_count("PID 1: umount2 .") == 1); /* that of /proc */
	close_session(pamh, before);
}

TEST_CASE(out_of_reach, "a procfs that cannot be reached for a second refuses the login, with the "
			"owner of the directory")
{
	have_own_mounts();
	have_chroot();
	CHECK(chown("/run/chroot", 63002, 63002) == 0);
	tracer_refused("test",
		TRACER_LIST({"PID 1: openat2 /run/chroot/proc", 0, .result = -EACCES}),
		"reach the mount below a directory that belongs to uid 63002: /run/chroot/proc",
		"renames");
}

TEST_CASE(still_there, "so does a procfs that is still there after it was detached")
{
	tracer_refused("test", TRACER_LIST({"PID 1: umount2 .", 0, .result = 0}),
		"get rid of the procfs on /proc", "still mounted");
}

static void mount_one(void)
{
	CHECK(mount("proc", "/run/late", "proc", 0, NULL) == 0);
}

static void mount_late(void)
{
	tracer_in_application(mount_one);
}

TEST_CASE(mounted_meanwhile, "and one that is mounted meanwhile, time and again")
{
	have_own_mounts();
	have_chroot();
	CHECK(mkdir("/run/late", 0755) == 0);
	tracer_refused("test",
		TRACER_LIST({"PID 1: umount2 .", 0, .how = TRACER_ACTS, .act = mount_late}),
		"get rid of the procfs on /run/late", "it was mounted while");
	CHECK(tracer_count("PID 1: setsid") == 0);
	CHECK(tracer_count("unshare CLONE_NEWNS") >= 3); /* it was tried again */
}

TEST_CASE(locked_proc, "so does a /proc that is locked, with what to do")
{
	tracer_refused("test", TRACER_LIST({"PID 1: umount2 .", 1, .result = -EINVAL}),
		"detach the procfs on /proc", "locked");
}

/* So many that mountinfo is larger than what is read at first, in the application and in PID 1. */
static void have_many_mounts(void)
{
	char path[128];

	have_own_mounts();
	have_chroot();
	for (int i = 0; i < 600; i++) {
		snprintf(path, sizeof(path), "/run/%0*d", 60, i);
		CHECK(mkdir(path, 0755) == 0);
		CHECK(mount("many", path, "tmpfs", 0, NULL) == 0);
	}
}

TEST_CASE(many_mounts, "thousands of mounts are read whole, or the login is refused")
{
	char *before;
	pam_handle_t *pamh;

	have_many_mounts();
	before = application_state();
	pamh = open_and_look("test", NULL, see_nobody_else);
	CHECK(tracer_count("realloc") > 0 && tracer_count("PID 1: mremap") > 0);
	close_session(pamh, before);
	application_log_forget();
	tracer_refused("test", TRACER_LIST({"realloc", 1, .result = -ENOMEM}),
		"read /proc/self/mountinfo", strerror(ENOMEM));
	application_log_forget();
	tracer_refused("test", TRACER_LIST({"PID 1: mremap", 1, .result = -ENOMEM}),
		"read mountinfo again", strerror(ENOMEM));
}

/* A network namespace of its own has a file of its own there. */
TEST_CASE(mask_is_gone, "a mask that is not there in the new namespace refuses the login")
{
	have_own_mounts();
	CHECK(mount("/run/mask", "/proc/sys/net/ipv4/ip_forward", NULL, MS_BIND, NULL) == 0);
	SERVICE("net", "with=net");
	tracer_refused(
		"net", NULL, "carry over the mount on /proc/sys/net/ipv4/ip_forward", "unmount it");
}

TEST_CASE(unusual_mounts, "a mountinfo that cannot be understood refuses the login")
{
	char path[64];

	have_own_mounts();
	application_write("/run/rubbish", "rubbish about /proc\n");
	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)getpid());
	CHECK(mount("/run/rubbish", path, NULL, MS_BIND, NULL) == 0);
	tracer_refused(
		"test", NULL, "understand \"rubbish about /proc\"", "unmount what it is about");
}

TEST_CASE(no_mount_point, "so does a root directory that is no mount point")
{
	pam_handle_t *pamh = application_start("test", USER);
	char *before;

	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS); /* libpam loads the module, libc NSS */
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	application_forget();
	have_own_mounts();
	CHECK(mkdir("/run/jail", 0755) == 0 && mkdir("/run/jail/proc", 0755) == 0 &&
		mkdir("/run/jail/etc", 0755) == 0);
	CHECK(mount("proc", "/run/jail/proc", "proc", 0, NULL) == 0);
	CHECK(mount("/etc", "/run/jail/etc", NULL, MS_BIND, NULL) == 0);
	CHECK(chroot("/run/jail") == 0 && chdir("/") == 0);
	before = application_state();
	CHECK(pam_open_session(pamh, 0) == PAM_SYSTEM_ERR);
	application_check_state(before);
	application_check_says(
		"isolate inside this root directory", "bind-mount it onto itself before chroot");
}

APPLICATION_MAIN("procfs")
