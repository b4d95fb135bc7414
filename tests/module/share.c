/* SPDX-License-Identifier: MIT */

/* Sessions that several applications share, further namespaces, and lines that do one half. */

#include "application.h"

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static ino_t second_namespace;

static void second_login(void)
{
	pam_handle_t *pamh = application_start("user", USER);
	char *before = application_state();

	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_children_namespace() == second_namespace);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	application_check_state(before);
	CHECK(pam_end(pamh, PAM_SUCCESS) == PAM_SUCCESS);
}

/*
 * The processes of a test are all children of one that has no session; who opens one there would
 * have its next children born inside.
 */
static void first_login(void)
{
	pam_handle_t *pamh = application_start("user", USER);
	int asks[2];
	pid_t second;
	int status;

	CHECK(pipe(asks) == 0);
	second = fork(); /* born outside, before the session */
	if (second == 0) {
		CHECK(read(asks[0], &second_namespace, sizeof(second_namespace)) ==
			sizeof(second_namespace));
		close(asks[0]);
		close(asks[1]);
		second_login();
		_exit(0);
	}
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	second_namespace = application_children_namespace();
	CHECK(write(asks[1], &second_namespace, sizeof(second_namespace)) ==
		sizeof(second_namespace));
	CHECK(waitpid(second, &status, 0) == second && status == 0);
	CHECK(application_lives(application_init())); /* this one still has it open */
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(pam_end(pamh, PAM_SUCCESS) == PAM_SUCCESS);
}

TEST_CASE(logins_of_a_user, "logins of a user share a session, and the last one ends it")
{
	application_have_own_run();
	SERVICE("user", "scope=user");
	first_login();
	CHECK(application_log_count("session opened for " USER) == 1);
	CHECK(application_log_count("session joined for " USER) == 1);
	CHECK(application_log_count("session closed for " USER) == 2);
	CHECK(application_log_count("err ") == 0);
	CHECK(application_goes(application_init()), "PID 1 is still there");
}

TEST_CASE(logins_of_a_group, "logins of a group meet under the number of the group")
{
	pam_handle_t *pamh;

	application_have_own_run();
	SERVICE("group", "scope=group");
	pamh = application_start("group", USER);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_meeting_place('g'));
	CHECK(!application_meeting_place('u'));
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
}

TEST_CASE(nothing_is_left_in_run,
	"the meeting place is root's alone, and the name goes with the session")
{
	struct stat s;
	pam_handle_t *pamh;

	application_have_own_run();
	SERVICE("user", "scope=user");
	pamh = application_start("user", USER);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_meeting_place('u'));
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(!application_meeting_place('u'));
	CHECK(stat("/run/pam_unshare", &s) == 0 && (s.st_mode & 0777) == 0700);
}

TEST_CASE(own_session_where_it_cannot_be_shared,
	"where it cannot be shared, the login has a session of its own and a notice")
{
	pam_handle_t *pamh;
	char *before;

	application_have_own_run();
	CHECK(mkdir("/run/pam_unshare", 0777) == 0 && chmod("/run/pam_unshare", 0777) == 0);
	SERVICE("user", "scope=user");
	pamh = application_start("user", USER);
	before = application_state();
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("notice ") == 1);
	CHECK(application_log_count(USER ": cannot trust the directory /run/pam_unshare: ") == 1);
	CHECK(application_log_count("; the login has a session of its own") == 1);
	CHECK(application_log_count("session opened for " USER) == 1);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	application_check_state(before);
}

static void nested_login(void)
{
	pam_handle_t *pamh = application_start("user", USER);
	char *before = application_state();

	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	application_check_state(before); /* it is there already */
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(pam_end(pamh, PAM_SUCCESS) == PAM_SUCCESS);
}

TEST_CASE(from_inside, "a login from inside its own session stays there")
{
	pam_handle_t *pamh;

	application_have_own_run();
	SERVICE("user", "scope=user");
	pamh = application_start("user", USER);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_in_child(nested_login) == 0);
	CHECK(application_log_count("the login is in its session already") == 1);
	CHECK(application_log_count("session closed") == 0);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
}

TEST_CASE(further_namespaces, "further namespaces are left again at close")
{
	static const char *const names[] = {"ipc", "uts", "cgroup", "net"};
	char links[4][64], path[64];
	pam_handle_t *pamh;
	char *before;

	SERVICE("with", "with=ipc,uts,cgroup,net,time");
	pamh = application_start("with", USER);
	for (size_t i = 0; i < 4; i++) {
		ssize_t length;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		length = readlink(path, links[i], sizeof(links[i]) - 1);
		CHECK(length > 0);
		links[i][length] = '\0';
	}
	before = application_state();
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	application_check_state(before);
	for (size_t i = 0; i < 4; i++) {
		char now[64] = "";

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		CHECK(readlink(path, now, sizeof(now) - 1) > 0);
		CHECK(strcmp(now, links[i]) == 0, "it is %s, was %s", now, links[i]);
	}
}

TEST_CASE(halves, "open and close, each on a line of its own")
{
	pam_handle_t *pamh;
	char *before;

	SERVICE("halves", "close", "open");
	pamh = application_start("halves", USER);
	before = application_state();
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("session opened") == 1);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("session closed") == 1);
	application_check_state(before);

	SERVICE("half", "open");
	pamh = application_start("half", USER);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("session closed") == 1); /* nobody asked for it */
	CHECK(pam_end(pamh, PAM_SUCCESS) == PAM_SUCCESS);
	CHECK(application_log_count("session closed") == 2);
}

static void stays(void)
{
	if (fork() != 0)
		return;
	signal(SIGHUP, SIG_DFL);
	for (;;)
		pause();
}

TEST_CASE(lingers, "what lingers stays until root on the host ends it")
{
	pam_handle_t *pamh;
	char *before;
	pid_t init;

	SERVICE("linger", "on_close=linger");
	pamh = application_start("linger", USER);
	before = application_state();
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_in_child(stays) == 0);
	init = application_init();
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	application_check_state(before);
	usleep(100000);
	CHECK(application_lives(init), "what lingers was ended");
	CHECK(kill(init, SIGTERM) == 0);
	CHECK(application_goes(init), "PID 1 is still there");
}

APPLICATION_MAIN("share")
