/* SPDX-License-Identifier: MIT */

/* The parts of PID 1 that need no PID namespace. */

#include "unit.h"

#include <sys/un.h>

int session_init_main(void);
#define main session_init_main
#include "init/main.c"
#undef main

static void numbers(void **state)
{
	(void)state;
	assert_int_equal(parse_number("0"), 0);
	assert_int_equal(parse_number("2000"), 2000);
	assert_int_equal(parse_number("0002"), 2);
	assert_int_equal(parse_number("4194304"), 4194304); /* the largest PID */
}

static void no_numbers(void **state)
{
	static const char *const words[] = {
		"", "-1", "+1", " 1", "1 ", "1s", "0x10", "self", ".", "\377"};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		assert_int_equal(parse_number(words[i]), -1);
	assert_int_equal(parse_number("99999999999999999999999999"), -1);
}

static void grace(void **state)
{
	static const struct {
		const char *fact;
		int ms;
	} cases[] = {
		{"0", 0},
		{"1500", 1500},
		{"3600000", GRACE_MAX_MS},
		{"3600001", GRACE_DEFAULT_MS},
		{"18446744073709551617", GRACE_DEFAULT_MS},
		{"", GRACE_DEFAULT_MS},
		{"-5", GRACE_DEFAULT_MS},
		{"2s", GRACE_DEFAULT_MS},
	};

	(void)state;
	unsetenv(FACT_GRACE);
	assert_int_equal(grace_ms(), GRACE_DEFAULT_MS);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		setenv(FACT_GRACE, cases[i].fact, 1);
		assert_int_equal(grace_ms(), cases[i].ms);
	}
}

/* Who finds no room opens a session of its own: it must not wait for an answer. */
static void many_applications(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX}; /* the kernel finds a name for it */
	socklen_t length = sizeof(sa_family_t);
	int channel = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	char byte;

	(void)state;
	listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
	length = sizeof(address);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(connect(channel, (struct sockaddr *)&address, length), 0);
	application_count = application_limit;
	accept_application();
	assert_int_equal(application_count, application_limit);
	assert_int_equal(recv(channel, &byte, 1, MSG_DONTWAIT), 0); /* the end of the connection */
	close(channel);
	close(listener);
	listener = -1;
	application_count = 0;
}

static void room_for_applications(void **state)
{
	(void)state;
	assert_int_equal(room_in(RLIM_INFINITY), FACT_LOGINS_MAX);
	assert_int_equal(room_in(2016), FACT_LOGINS_MAX);
	assert_int_equal(room_in(2015), FACT_LOGINS_MAX - 1);
	assert_int_equal(room_in(40), 12);
	assert_int_equal(room_in(18), 1);
	assert_int_equal(room_in(17), 1);
	assert_int_equal(room_in(0), 1);
}

/* Who has connected and not yet joined is not to wait for the grace time. */
static void waiting_applications(void **state)
{
	int joined[2], waiting[2];
	char byte;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, joined), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, waiting), 0);
	add_application(waiting[0], -1);
	add_application(joined[0], dup(STDERR_FILENO));
	dismiss_waiting();
	assert_int_equal(application_count, 1);
	assert_int_equal(recv(waiting[1], &byte, 1, MSG_DONTWAIT), 0);
	assert_int_equal(recv(joined[1], &byte, 1, MSG_DONTWAIT), -1);
	drop_application(0);
	close(waiting[1]);
	close(joined[1]);
}

static void misuse(void **state)
{
	int saved = dup(STDERR_FILENO), ends[2];
	char text[256] = "";
	int status;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	status = session_init_main();
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[1]);
	assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
	close(ends[0]);
	assert_int_equal(status, 2);
	assert_string_equal(text, "session-init is started by pam_unshare, see pam_unshare(8)\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("decimal digits are a number", numbers),
		TEST("anything else is not, nor is what is too large", no_numbers),
		TEST("a grace time that is missing, senseless or above an hour becomes 2 s", grace),
		TEST("an application for which there is no room learns it at once",
			many_applications),
		TEST("the limit of open files is room for so many applications, and one at least",
			room_for_applications),
		TEST("at the end, who has not yet joined is sent away at once",
			waiting_applications),
		TEST("started by hand it says who starts it, and ends with 2", misuse),
	};

	return cmocka_run_group_tests_name("session-init", tests, NULL, NULL);
}
