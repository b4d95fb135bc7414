/* SPDX-License-Identifier: MIT */

/* What an administrator may write on the PAM line, and what the parser makes of the rest. */

#include "unit.h"

#include <errno.h>
#include <string.h>

#include "options.h"

#define PARSE(options, error, ...) parse(options, error, (const char *[]){__VA_ARGS__, NULL})

static int parse(struct options *options, struct error *error, const char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	memset(options, 0xff, sizeof(*options));
	memset(error, 0, sizeof(*error));
	return options_parse(argc, argv, options, error);
}

static void defaults(void **state)
{
	struct options options;
	struct error error;

	(void)state;
	memset(&options, 0xff, sizeof(options));
	assert_int_equal(options_parse(0, NULL, &options, &error), 0);
	assert_false(options.debug);
	assert_false(options.root);
	assert_int_equal(options.grace_ms, 2000);
}

static void flags(void **state)
{
	struct options options;
	struct error error;

	(void)state;
	assert_int_equal(PARSE(&options, &error, "debug"), 0);
	assert_true(options.debug);
	assert_false(options.root);
	assert_int_equal(PARSE(&options, &error, "root"), 0);
	assert_false(options.debug);
	assert_true(options.root);
	assert_int_equal(PARSE(&options, &error, "root", "debug", "root"), 0);
	assert_true(options.debug);
	assert_true(options.root);
}

static void unknown(void **state)
{
	static const char *const words[] = {"debugging", "debu", "Debug", "root=", "root=yes",
		"--root", " root", "", "=", "%s%n"};
	struct options options;
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		assert_int_equal(PARSE(&options, &error, words[i]), -EINVAL);
		assert_string_equal(error.object, words[i]);
		assert_int_equal(error.code, 0);
	}
}

static void says_what_to_do(void **state)
{
	struct options options;
	struct error error;
	char text[1024];

	(void)state;
	PARSE(&options, &error, "rooot");
	error_format(&error, "alice", text, sizeof(text));
	assert_non_null(strstr(text, "cannot understand the option rooot for alice"));
	assert_non_null(strstr(text, "/etc/pam.d"));
	assert_non_null(strstr(text, "debug, root"));
}

static void first_wrong_one(void **state)
{
	struct options options;
	struct error error;

	(void)state;
	assert_int_equal(PARSE(&options, &error, "root", "first", "second", "debug"), -EINVAL);
	assert_string_equal(error.object, "first");
	assert_true(options.debug);
	assert_true(options.root);
}

static void very_long(void **state)
{
	char word[4096];
	struct options options;
	struct error error;

	(void)state;
	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_int_equal(PARSE(&options, &error, word), -EINVAL);
	assert_int_equal(strlen(error.object), sizeof(error.object) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("without options the defaults hold: uid 0 skipped, 2 s of grace", defaults),
		TEST("each flag sets itself alone, in any order and as often as it is written",
			flags),
		TEST("a word that is not exactly an option is an error that names it", unknown),
		TEST("the error says where the line is and which options there are",
			says_what_to_do),
		TEST("the first wrong word is named, and the options beside it hold",
			first_wrong_one),
		TEST("a word of any length is an error like any other", very_long),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
