/* SPDX-License-Identifier: MIT */

/* The one line that a failure puts into the log. */

#include "unit.h"

#include <errno.h>
#include <string.h>

#include "common/error.h"

static char text[1024];

static const char *format(const struct error *error, const char *user)
{
	memset(text, 'x', sizeof(text));
	error_format(error, user, text, sizeof(text));
	return text;
}

static void names_everything(void **state)
{
	struct error error;

	(void)state;
	assert_int_equal(error_set(&error, EACCES, "execute", "/usr/libexec/init"), -EACCES);
	error.remedy = "do this";
	assert_string_equal(format(&error, "alice"),
		"alice: cannot execute /usr/libexec/init: Permission denied; do this");
}

static void without_object(void **state)
{
	struct error error;

	(void)state;
	error_set(&error, EIO, "create a pipe", NULL);
	assert_string_equal(
		format(&error, "alice"), "alice: cannot create a pipe: Input/output error");
}

static void without_code(void **state)
{
	struct error error;

	(void)state;
	assert_int_equal(error_set(&error, 0, "find a procfs on /proc", NULL), -EINVAL);
	assert_string_equal(format(&error, "alice"), "alice: cannot find a procfs on /proc");
}

static void words(void **state)
{
	struct error error;

	(void)state;
	assert_int_equal(
		error_word(&error, "grace=x", "grace= is a number", "correct it"), -EINVAL);
	assert_string_equal(format(&error, "alice"),
		"alice: cannot understand \"grace=x\": grace= is a number; correct it");
	error_locate(&error, "/etc/rules", 3);
	assert_string_equal(format(&error, ""), "/etc/rules, line 3: cannot understand "
						"\"grace=x\": grace= is a number; correct it");
	error_word(&error, "", "there is to be one", NULL);
	assert_string_equal(
		format(&error, "alice"), "alice: cannot understand \"\": there is to be one");
}

static void reasons(void **state)
{
	struct error error;

	(void)state;
	assert_int_equal(error_explain(&error, ETIMEDOUT, "start PID 1", NULL,
				 "it was not there within 10 s", "look at the load"),
		-ETIMEDOUT);
	assert_string_equal(format(&error, "alice"),
		"alice: cannot start PID 1: it was not there within 10 s; look at the load");
	error_describe(&error, text, sizeof(text));
	assert_string_equal(text, "cannot start PID 1: it was not there within 10 s");
}

static void forgets_the_last_one(void **state)
{
	struct error error;

	(void)state;
	error_set(&error, EPERM, "open", "/a/long/path");
	error_set(&error, EIO, "read", NULL);
	assert_string_equal(format(&error, "alice"), "alice: cannot read: Input/output error");
}

static void remedies(void **state)
{
	static const struct {
		int code;
		const char *says;
	} cases[] = {
		{EPERM, "CAP_SYS_ADMIN"},
		{EACCES, "CAP_SYS_ADMIN"},
		{ENOSPC, "user.max_pid_namespaces"},
		{EMFILE, "nofile"},
		{ENFILE, "fs.file-max"},
		{EAGAIN, "pids.max"},
		{ENOMEM, "memory"},
		{ENOSYS, "Linux 5.10"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct error error;

		error_set(&error, cases[i].code, "do it", NULL);
		assert_non_null(error.remedy);
		assert_non_null(strstr(error.remedy, cases[i].says));
	}
}

static void control_characters(void **state)
{
	struct error error;

	(void)state;
	error_set(&error, 0, "understand the option", "a\nb\033[2Jc\177\xc3\xa4");
	assert_string_equal(
		format(&error, "eve\r\n\tx"), "eve???x: cannot understand the option a?b?[2Jc???");
}

static void format_characters(void **state)
{
	struct error error;

	(void)state;
	error_set(&error, 0, "understand the option", "%s%n%d");
	assert_string_equal(format(&error, "%n%s"), "%n%s: cannot understand the option %s%n%d");
}

static void long_names(void **state)
{
	char object[5000], user[5000];
	struct error error;

	(void)state;
	memset(object, 'o', sizeof(object) - 1);
	object[sizeof(object) - 1] = '\0';
	memset(user, 'u', sizeof(user) - 1);
	user[sizeof(user) - 1] = '\0';
	error_set(&error, EPERM, "open", object);
	assert_int_equal(strlen(error.object), sizeof(error.object) - 1);
	assert_string_equal(error.object + sizeof(error.object) - 5, "o...");
	error_set(&error, EPERM, "open", "63001");
	error_add(&error, ": ");
	error_add(&error, object);
	assert_memory_equal(error.object, "63001: ooo", 10);
	assert_string_equal(error.object + sizeof(error.object) - 5, "o...");
	format(&error, user);
	assert_true(strlen(text) < sizeof(text) - 1); /* nothing was cut off its end */
	assert_non_null(strstr(text, "Operation not permitted; "));
	assert_non_null(strstr(text, error.remedy));
}

static void small_buffers(void **state)
{
	struct error error;
	char small[9];

	(void)state;
	error_set(&error, EPERM, "open", "/etc");
	memset(small, 'x', sizeof(small));
	error_format(&error, "alice", small, 8);
	assert_string_equal(small, "alice: ");
	assert_int_equal(small[8], 'x');

	memset(small, 'x', sizeof(small));
	assert_string_equal(error_printable("abcdefghij", small, 4), "abc");
	assert_int_equal(small[4], 'x');
	assert_string_equal(error_printable("abcdefghij", small, 8), "abcd...");
	assert_string_equal(error_printable("abcdefg", small, 8), "abcdefg");
	assert_string_equal(error_printable("", small, 1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("a message names the step, the object, the user, the reason and the remedy",
			names_everything),
		TEST("a message without an object has no gap where it would stand", without_object),
		TEST("a step that says it all stands without an errno", without_code),
		TEST("a word is quoted, with what would be right and where it stands", words),
		TEST("a reason of our own stands in the place of the errno's text", reasons),
		TEST("nothing of an earlier failure is left in a later one", forgets_the_last_one),
		TEST("each errno that an administrator can do something about has a remedy",
			remedies),
		TEST("control characters and bytes beyond ASCII become question marks",
			control_characters),
		TEST("percent signs from outside are text", format_characters),
		TEST("names of any length leave room for the reason and the remedy", long_names),
		TEST("a buffer that is too small is filled, terminated and not overrun",
			small_buffers),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
