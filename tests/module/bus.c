/* SPDX-License-Identifier: MIT */

/* Which logins get SYSTEMCTL_FORCE_BUS, and when it goes. */

#include "application.h"

#include <dlfcn.h>
#include <security/pam_modules.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VARIABLE "SYSTEMCTL_FORCE_BUS"

/*
 * The dynamic linker gives the module these in the place of libpam's: its allocations cannot be
 * made to fail otherwise.
 */
static bool no_room_for_data, no_room_for_variable;

int pam_set_data(pam_handle_t *pamh, const char *name, void *data,
	void (*clean_up)(pam_handle_t *pamh, void *data, int status))
{
	int (*real)(pam_handle_t *, const char *, void *, void (*)(pam_handle_t *, void *, int)) =
		NULL;

	if (no_room_for_data && strcmp(name, "pam_unshare_bus") == 0)
		return PAM_BUF_ERR;
	*(void **)&real = dlsym(RTLD_NEXT, "pam_set_data");
	CHECK(real);
	return real(pamh, name, data, clean_up);
}

int pam_putenv(pam_handle_t *pamh, const char *name_value)
{
	int (*real)(pam_handle_t *, const char *) = NULL;

	if (no_room_for_variable && strncmp(name_value, VARIABLE, strlen(VARIABLE)) == 0)
		return PAM_BUF_ERR;
	*(void **)&real = dlsym(RTLD_NEXT, "pam_putenv");
	CHECK(real);
	return real(pamh, name_value);
}

/* A machine that systemd runs, as sd_booted(3) sees it. */
static void boot_systemd(void)
{
	application_have_own_run();
	CHECK(mkdir("/run/systemd", 0755) == 0 && mkdir("/run/systemd/system", 0755) == 0);
}

static void check_variable(pam_handle_t *pamh, const char *value)
{
	const char *found = pam_getenv(pamh, VARIABLE);

	CHECK(found ? value && strcmp(found, value) == 0 : !value, "it is %s",
		found ? found : "not there");
}

/* A login that is let in: what it has while it is open, and that it has nothing of ours afterwards.
 */
static void check_login(const char *service, const char *user, const char *value)
{
	pam_handle_t *pamh = application_start(service, user);

	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	check_variable(pamh, value);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	check_variable(pamh, NULL);
	CHECK(pam_end(pamh, PAM_SUCCESS) == PAM_SUCCESS);
}

TEST_CASE(isolated, "an isolated login has it as long as it is open")
{
	boot_systemd();
	check_login("test", USER, "1");
}

TEST_CASE(once_more, "a login that closes and opens again has it again")
{
	pam_handle_t *pamh;

	boot_systemd();
	pamh = application_start("test", USER);
	for (int i = 0; i < 2; i++) {
		CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
		check_variable(pamh, "1");
		CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
		check_variable(pamh, NULL);
	}
	CHECK(pam_end(pamh, PAM_SUCCESS) == PAM_SUCCESS);
}

TEST_CASE(line_twice, "so has one whose stack has the line twice, or as two halves")
{
	boot_systemd();
	SERVICE("twice", "", "");
	check_login("twice", USER, "1");
	SERVICE("halves", "close", "open");
	check_login("halves", USER, "1");
}

static void see_it_within(void)
{
	pam_handle_t *pamh = application_start("user", USER);

	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	check_variable(pamh, "1");
}

TEST_CASE(shared, "so has one that joins, and one that is in its session already")
{
	pam_handle_t *pamh;

	boot_systemd();
	SERVICE("user", "scope=user");
	application_hold("user", NULL);
	pamh = application_start("user", USER);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("session joined") == 1);
	check_variable(pamh, "1");
	CHECK(application_in_child(see_it_within) == 0);
	CHECK(application_log_count("in its session already") == 1);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	check_variable(pamh, NULL);
}

TEST_CASE(no_systemd, "where systemd does not run nobody has it: no directory, a file, a link")
{
	application_have_own_run();
	check_login("test", USER, NULL);
	CHECK(mkdir("/run/systemd", 0755) == 0);
	application_write("/run/systemd/system", "");
	check_login("test", USER, NULL);
	CHECK(unlink("/run/systemd/system") == 0 && symlink("/run", "/run/systemd/system") == 0);
	check_login("test", USER, NULL);
}

TEST_CASE(skipped, "a login that is skipped on the host does not have it")
{
	boot_systemd();
	SERVICE("exempt", "exempt=" USER);
	SERVICE("only", "only=root");
	SERVICE("systemd-user", "root");
	check_login("test", "root", NULL);
	check_login("exempt", USER, NULL);
	check_login("only", USER, NULL);
	check_login("systemd-user", USER, NULL);
}

TEST_CASE(root_with_a_mistake, "nor has root, who is let in to correct a mistake")
{
	boot_systemd();
	SERVICE("wrong", "debugg");
	check_login("wrong", "root", NULL);
}

TEST_CASE(refused, "a login that is refused does not have it")
{
	pam_handle_t *pamh;

	boot_systemd();
	SERVICE("wrong", "debugg");
	pamh = application_start("wrong", USER);
	CHECK(pam_open_session(pamh, 0) == PAM_SYSTEM_ERR);
	check_variable(pamh, NULL);
	pamh = application_start("test", "no-such-user-here");
	CHECK(pam_open_session(pamh, 0) == PAM_SYSTEM_ERR);
	check_variable(pamh, NULL);
}

static void root_within(void)
{
	check_login("test", "root", "1");
	check_login("direct", "root", NULL);
	SERVICE("exempt", "exempt=" USER);
	check_login("exempt", USER, "1");
}

TEST_CASE(skipped_within, "a login that is skipped within a session has it: sudo to root")
{
	pam_handle_t *pamh;

	boot_systemd();
	SERVICE("direct", "systemctl=direct");
	pamh = application_start("test", USER);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_in_child(root_within) == 0);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
}

TEST_CASE(
	direct, "systemctl=direct leaves it out, on the line and in a rule; a rule brings it back")
{
	char path[256], line[300];

	boot_systemd();
	SERVICE("direct", "systemctl=direct");
	check_login("direct", USER, NULL);
	snprintf(path, sizeof(path), "%s/rules", application_confdir());
	application_write(path, USER " * isolate systemctl=direct\n");
	snprintf(line, sizeof(line), "conf=%s", path);
	SERVICE("rule", line);
	check_login("rule", USER, NULL);
	application_write(path, USER " * isolate systemctl=bus\n");
	snprintf(line, sizeof(line), "conf=%s systemctl=direct", path);
	SERVICE("rule", line);
	check_login("rule", USER, "1");
}

TEST_CASE(of_another_module, "what another module has put there stays, also after the close")
{
	pam_handle_t *pamh;

	boot_systemd();
	pamh = application_start("test", USER);
	CHECK(pam_putenv(pamh, VARIABLE "=0") == PAM_SUCCESS);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	check_variable(pamh, "0");
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	check_variable(pamh, "0");
}

TEST_CASE(large_environment, "a large environment stays as it is")
{
	static char value[100000];
	pam_handle_t *pamh;
	char entry[64];

	boot_systemd();
	pamh = application_start("test", USER);
	memset(value, 'x', sizeof(value) - 1);
	memcpy(value, "LONG=", 5);
	CHECK(pam_putenv(pamh, value) == PAM_SUCCESS);
	for (int i = 0; i < 2000; i++) {
		snprintf(entry, sizeof(entry), "MANY%d=%d", i, i);
		CHECK(pam_putenv(pamh, entry) == PAM_SUCCESS);
	}
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	check_variable(pamh, "1");
	CHECK(strcmp(pam_getenv(pamh, "LONG"), value + 5) == 0);
	CHECK(strcmp(pam_getenv(pamh, "MANY1999"), "1999") == 0);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	check_variable(pamh, NULL);
	CHECK(strcmp(pam_getenv(pamh, "MANY1999"), "1999") == 0);
}

static void check_goes_on(void)
{
	pam_handle_t *pamh = application_start("test", USER);

	application_log_forget();
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	check_variable(pamh, NULL);
	CHECK(application_log_count("session opened for") == 1);
	CHECK(application_log_count(
		      "warning pam_unshare(test:session): " USER ": cannot put " VARIABLE
		      " into the environment: Cannot allocate memory") == 1);
	CHECK(application_said_count() == 0);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(pam_end(pamh, PAM_SUCCESS) == PAM_SUCCESS);
	CHECK(application_log_count("err ") == 0);
}

TEST_CASE(taken_out, "if another module has taken it out, the close has nothing to do")
{
	pam_handle_t *pamh;

	boot_systemd();
	pamh = application_start("test", USER);
	CHECK(pam_open_session(pamh, 0) == PAM_SUCCESS);
	CHECK(pam_putenv(pamh, VARIABLE) == PAM_SUCCESS);
	CHECK(pam_close_session(pamh, 0) == PAM_SUCCESS);
	CHECK(application_log_count("\n") == 2, "not only opened and closed");
}

TEST_CASE(no_room, "where libpam has no memory for it, the login is isolated all the same")
{
	boot_systemd();
	no_room_for_data = true;
	check_goes_on();
	no_room_for_data = false;
	no_room_for_variable = true;
	check_goes_on();
}

APPLICATION_MAIN("bus")
