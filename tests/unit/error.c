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

TEST_CASE(names_everything,
	"a message names the step, the object, the user, the reason and the remedy")
{
	struct error error;

	assert_int_equal(error_set(&error, EACCES, "execute", "/usr/libexec/init"), -EACCES);
	error.remedy = "do this";
	assert_string_equal(format(&error, "alice"),
		"alice: cannot execute /usr/libexec/init: Permission denied; do this");
}

TEST_CASE(without_object, "a message without an object has no gap where it would stand")
{
	struct error error;

	error_set(&error, EIO, "create a pipe", NULL);
	assert_string_equal(
		format(&error, "alice"), "alice: cannot create a pipe: Input/output error");
}

TEST_CASE(without_code, "a step that says it all stands without an errno")
{
	struct error error;

	assert_int_equal(error_set(&error, 0, "find a procfs on /proc", NULL), -EINVAL);
	assert_string_equal(format(&error, "alice"), "alice: cannot find a procfs on /proc");
}

TEST_CASE(words, "a word is quoted, with what would be right and where it stands")
{
	struct error error;

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

TEST_CASE(reasons, "a reason of our own stands in the place of the errno's text")
{
	struct error error;

	assert_int_equal(error_explain(&error, ETIMEDOUT, "start PID 1", NULL,
				 "it was not there within 10 s", "look at the load"),
		-ETIMEDOUT);
	assert_string_equal(format(&error, "alice"),
		"alice: cannot start PID 1: it was not there within 10 s; look at the load");
	error_describe(&error, text, sizeof(text));
	assert_string_equal(text, "cannot start PID 1: it was not there within 10 s");
}

TEST_CASE(forgets_the_last_one, "nothing of an earlier failure is left in a later one")
{
	struct error error;

	error_set(&error, EPERM, "open", "/a/long/path");
	error_set(&error, EIO, "read", NULL);
	assert_string_equal(format(&error, "alice"), "alice: cannot read: Input/output error");
}

TEST_CASE(remedies, "each errno that an administrator can do something about has a remedy")
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
		{EAGAIN, "nproc"},
		{ENOMEM, "cgroup"},
		{ENOMEM, "limits.conf"},
		{ENOSYS, "Linux 5.10"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct error error;

		error_set(&error, cases[i].code, "do it", NULL);
		assert_non_null(error.remedy);
		assert_non_null(strstr(error.remedy, cases[i].says));
	}
}

TEST_CASE(control_characters, "control characters and bytes beyond ASCII become question marks")
{
	struct error error;

	error_set(&error, 0, "understand the option", "a\nb\033[2Jc\177\xc3\xa4");
	assert_string_equal(
		format(&error, "eve\r\n\tx"), "eve???x: cannot understand the option a?b?[2Jc???");
}

TEST_CASE(format_characters, "percent signs from outside are text")
{
	struct error error;

	error_set(&error, 0, "understand the option", "%s%n%d");
	assert_string_equal(format(&error, "%n%s"), "%n%s: cannot understand the option %s%n%d");
}

TEST_CASE(long_names, "names of any length leave room for the reason and the remedy")
{
	char object[5000], user[5000];
	struct error error;

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

TEST_CASE(small_buffers, "a buffer that is too small is filled, terminated and not overrun")
{
	struct error error;
	char small[9];

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

TEST_MAIN("error", NULL, NULL)
