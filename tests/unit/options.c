/* SPDX-License-Identifier: MIT */

/* What an administrator may write on the PAM line, and what the parser makes of the rest. */

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/options.h"
#include "common/syscalls.h"

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

TEST_CASE(defaults, "without options the defaults hold: uid 0 skipped, 2 s of grace")
{
	struct options options;
	struct error error;

	memset(&options, 0xff, sizeof(options));
	assert_int_equal(options_parse(0, NULL, &options, &error), 0);
	assert_false(options.debug);
	assert_false(options.root);
	assert_int_equal(options.grace_ms, 2000);
	assert_int_equal(options.scope, SCOPE_SESSION);
	assert_false(options.linger);
	assert_false(options.private);
	assert_false(options.direct);
	assert_int_equal(options.namespaces, 0);
	assert_string_equal(options.proc, "");
	assert_null(options.exempt);
	assert_null(options.only);
	assert_null(options.conf);
	assert_false(options.open_only);
	assert_false(options.close_only);
}

TEST_CASE(flags, "each flag sets itself alone, in any order and as often as it is written")
{
	struct options options;
	struct error error;

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

TEST_CASE(unknown, "a word that is not exactly an option is an error that names it")
{
	static const char *const words[] = {"debugging", "debu", "Debug", "root=", "root=yes",
		"--root", " root", "", "=", "%s%n"};
	struct options options;
	struct error error;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		assert_int_equal(PARSE(&options, &error, words[i]), -EINVAL);
		assert_string_equal(error.object, words[i]);
		assert_int_equal(error.code, 0);
	}
}

TEST_CASE(says_what_to_do, "the error says where the line is and which options there are")
{
	struct options options;
	struct error error;
	char text[1024];

	PARSE(&options, &error, "rooot");
	error_format(&error, "alice", text, sizeof(text));
	assert_non_null(strstr(text, "alice: cannot understand \"rooot\": the options are "));
	assert_non_null(strstr(text, "/etc/pam.d"));
	assert_non_null(strstr(text, " root debug "));
}

/* Sees that each word is an error that names it, and offers a remedy. */
static void assert_refused(const char *const *words, size_t count)
{
	struct options options;
	struct error error;

	for (size_t i = 0; i < count; i++) {
		if (PARSE(&options, &error, words[i]) != -EINVAL)
			fail_msg("%s was understood", words[i]);
		assert_non_null(error.remedy);
	}
}

#define ASSERT_REFUSED(...)                                                                        \
	assert_refused((const char *const[]){__VA_ARGS__},                                         \
		sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

TEST_CASE(grace, "grace= is whole seconds from 0 to an hour")
{
	struct options options;
	struct error error;

	assert_int_equal(PARSE(&options, &error, "grace=0"), 0);
	assert_int_equal(options.grace_ms, 0);
	assert_int_equal(PARSE(&options, &error, "grace=3600"), 0);
	assert_int_equal(options.grace_ms, 3600000);
	ASSERT_REFUSED("grace", "grace=", "grace=3601", "grace=-1", "grace=1.5", "grace=2s",
		"grace= 2", "grace=99999999999999999999", "grace=0x2");
}

TEST_CASE(words, "scope=, on_close=, propagation= and systemctl= take words, the last holds")
{
	struct options options;
	struct error error;

	assert_int_equal(
		PARSE(&options, &error, "scope=user", "on_close=linger", "propagation=private",
			"systemctl=direct"),
		0);
	assert_int_equal(options.scope, SCOPE_USER);
	assert_true(options.linger);
	assert_true(options.private);
	assert_true(options.direct);
	assert_int_equal(
		PARSE(&options, &error, "scope=group", "on_close=kill", "propagation=slave",
			"systemctl=bus"),
		0);
	assert_int_equal(options.scope, SCOPE_GROUP);
	assert_false(options.linger);
	assert_false(options.private);
	assert_false(options.direct);
	assert_int_equal(PARSE(&options, &error, "scope=user", "scope=session"), 0);
	assert_int_equal(options.scope, SCOPE_SESSION);
	ASSERT_REFUSED("scope", "scope=", "scope=users", "scope=use", "scope=User",
		"scope=user,group", "on_close=", "on_close=stay",
		"propagation=", "propagation=shared", "propagation=slaves", "systemctl",
		"systemctl=", "systemctl=off", "systemctl=bus,direct");
}

TEST_CASE(namespaces, "with= is a list of namespaces")
{
	struct options options;
	struct error error;

	assert_int_equal(PARSE(&options, &error, "with=ipc"), 0);
	assert_int_equal(options.namespaces, CLONE_NEWIPC);
	assert_int_equal(PARSE(&options, &error, "with=time,net,cgroup,uts,ipc,ipc"), 0);
	assert_int_equal(options.namespaces,
		CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWNET | CLONE_NEWTIME);
	assert_int_equal(PARSE(&options, &error, "with=ipc", "with=uts"), 0);
	assert_int_equal(options.namespaces, CLONE_NEWUTS);
	ASSERT_REFUSED("with", "with=", "with=,", "with=ipc,", "with=,ipc", "with=ipc,,uts",
		"with=pid", "with=user", "with=mnt", "with=ip", "with=ipcs");
}

TEST_CASE(proc, "proc= takes what the kernel will take, and no more")
{
	static const char *const good[] = {"hidepid=0", "hidepid=4", "hidepid=invisible",
		"gid=4294967294", "subset=pid", "subset=pid,gid=0,hidepid=ptraceable"};
	struct options options;
	struct error error;
	char word[256];

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		snprintf(word, sizeof(word), "proc=%s", good[i]);
		assert_int_equal(PARSE(&options, &error, word), 0);
		assert_string_equal(options.proc, good[i]);
	}
	ASSERT_REFUSED("proc", "proc=", "proc=hidepid", "proc=hidepid=", "proc=hidepid=3",
		"proc=hidepid=12", "proc=gid=", "proc=gid=-1", "proc=gid=4294967295",
		"proc=gid=adm", "proc=subset=", "proc=subset=pidd", "proc=ro", "proc=gid=5,",
		"proc=,gid=5", "proc=gid=5 hidepid=2");
	ASSERT_REFUSED("proc=gid=1,gid=2,gid=3,gid=4,gid=5,gid=6,gid=7,gid=8,gid=9,gid=10,gid=11,"
		       "gid=12");
}

TEST_CASE(rule_file, "conf= is an absolute path")
{
	struct options options;
	struct error error;

	assert_int_equal(PARSE(&options, &error, "conf=/etc/a b"), 0);
	assert_string_equal(options.conf, "/etc/a b");
	ASSERT_REFUSED("conf", "conf=", "conf=a", "conf=../etc/a");
}

TEST_CASE(lists, "exempt= and only= are checked when they are read")
{
	struct options options;
	struct error error;

	assert_int_equal(PARSE(&options, &error, "exempt=alice,@staff,0", "only=1000-1999,bob"), 0);
	assert_string_equal(options.exempt, "alice,@staff,0");
	assert_string_equal(options.only, "1000-1999,bob");
	ASSERT_REFUSED("exempt", "exempt=", "exempt=alice,", "exempt=,alice", "exempt=a,,b",
		"exempt=@", "exempt=1000-", "exempt=1999-1000", "exempt=1000-1999-2000",
		"exempt=4294967295", "only", "only=", "only=@,alice");
}

TEST_CASE(halves, "open and close each have a line of their own")
{
	struct options options;
	struct error error;

	assert_int_equal(PARSE(&options, &error, "open"), 0);
	assert_true(options.open_only);
	assert_int_equal(PARSE(&options, &error, "close"), 0);
	assert_true(options.close_only);
	assert_int_equal(PARSE(&options, &error, "open", "close"), -EINVAL);
	assert_int_equal(PARSE(&options, &error, "close", "debug", "open"), -EINVAL);
	ASSERT_REFUSED("open=", "close=yes");
}

TEST_CASE(in_rules, "a rule takes what is about the session, not what is about the line")
{
	static const char *const good[] = {"root", "scope=user", "on_close=linger", "grace=1",
		"proc=hidepid=2", "propagation=private", "with=ipc", "systemctl=direct"};
	static const char *const bad[] = {"debug", "open", "close", "exempt=alice", "only=alice",
		"conf=/a", "skip", "grace=x", ""};
	struct options options = options_default();
	struct error error;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(options_parse_rule(good[i], &options, &error), 0);
	assert_true(options.root && options.linger && options.private && options.direct);
	assert_int_equal(options.grace_ms, 1000);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(options_parse_rule(bad[i], &options, &error), -EINVAL);
}

TEST_CASE(first_wrong_one, "the first wrong word is named, and the options beside it hold")
{
	struct options options;
	struct error error;

	assert_int_equal(PARSE(&options, &error, "root", "first", "second", "debug"), -EINVAL);
	assert_string_equal(error.object, "first");
	assert_true(options.debug);
	assert_true(options.root);
}

TEST_CASE(very_long, "a word of any length is an error like any other")
{
	char word[4096];
	struct options options;
	struct error error;

	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_int_equal(PARSE(&options, &error, word), -EINVAL);
	assert_int_equal(strlen(error.object), sizeof(error.object) - 1);
}

TEST_MAIN("options", NULL, NULL)
