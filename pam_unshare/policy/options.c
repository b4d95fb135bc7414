/* SPDX-License-Identifier: MIT */
#include "policy/options.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "policy/subjects.h"
#include "common/limits.h"
#include "common/syscalls.h"

/*
 * An option: its name, whether it has a value, whether a rule may hold it, and what reads it.
 * A reader gets the value ("" for none) and returns 0 or -EINVAL with the error filled.
 */
struct option {
	const char *name;
	bool has_value;
	bool in_rule;
	int (*read)(const char *value, struct options *options, struct error *error);
};

static int refuse(const char *step, const char *word, const char *remedy, struct error *error)
{
	error_set(error, 0, step, word);
	error->remedy = remedy;
	return -EINVAL;
}

/* Whether the LENGTH bytes of a word are this name; most are told apart by their first. */
static bool is_name(const char *word, size_t length, const char *name)
{
	return word[0] == name[0] && strncmp(word, name, length) == 0 && name[length] == '\0';
}

/* The position of a word among some, or -1. */
static int find_word(const char *word, size_t length, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (is_name(word, length, words[i]))
			return i;
	return -1;
}

/* A number of decimal digits up to MAX, or -1. */
static long parse_number(const char *text, size_t length, long max)
{
	long value = 0;

	if (length == 0)
		return -1;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
		if (value > max)
			return -1;
	}
	return value;
}

static int read_debug(const char *value, struct options *options, struct error *error)
{
	(void)value;
	(void)error;
	options->debug = true;
	return 0;
}

static int read_root(const char *value, struct options *options, struct error *error)
{
	(void)value;
	(void)error;
	options->root = true;
	return 0;
}

static int read_open(const char *value, struct options *options, struct error *error)
{
	(void)value;
	options->open_only = true;
	if (options->close_only)
		return refuse("take both options of", "open close",
			"without either the line does both", error);
	return 0;
}

static int read_close(const char *value, struct options *options, struct error *error)
{
	(void)value;
	options->close_only = true;
	if (options->open_only)
		return refuse("take both options of", "open close",
			"without either the line does both", error);
	return 0;
}

static int read_exempt(const char *value, struct options *options, struct error *error)
{
	options->exempt = value;
	return subjects_check(value, error);
}

static int read_only(const char *value, struct options *options, struct error *error)
{
	options->only = value;
	return subjects_check(value, error);
}

static int read_scope(const char *value, struct options *options, struct error *error)
{
	static const char *const words[] = {"session", "user", "group", NULL};
	int found = find_word(value, strlen(value), words);

	if (found == -1)
		return refuse(
			"understand the scope", value, "scope= is session, user or group", error);
	options->scope = (enum scope)found;
	return 0;
}

static int read_on_close(const char *value, struct options *options, struct error *error)
{
	static const char *const words[] = {"kill", "linger", NULL};
	int found = find_word(value, strlen(value), words);

	if (found == -1)
		return refuse("understand the end of", value, "on_close= is kill or linger", error);
	options->linger = found == 1;
	return 0;
}

static int read_grace(const char *value, struct options *options, struct error *error)
{
	long seconds = parse_number(value, strlen(value), GRACE_MAX_S);

	if (seconds == -1)
		return refuse("understand the grace time", value,
			"grace= is a number of seconds from 0 to 3600", error);
	options->grace_ms = (unsigned int)seconds * 1000;
	return 0;
}

static int read_propagation(const char *value, struct options *options, struct error *error)
{
	static const char *const words[] = {"slave", "private", NULL};
	int found = find_word(value, strlen(value), words);

	if (found == -1)
		return refuse("understand the propagation", value,
			"propagation= is slave or private", error);
	options->private = found == 1;
	return 0;
}

static int read_conf(const char *value, struct options *options, struct error *error)
{
	options->conf = value;
	if (value[0] != '/')
		return refuse("read the rule file", value, "conf= is an absolute path", error);
	return 0;
}

static int read_with(const char *value, struct options *options, struct error *error)
{
	static const char *const words[] = {"ipc", "uts", "cgroup", "net", "time", NULL};
	static const int flags[] = {
		CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP, CLONE_NEWNET, CLONE_NEWTIME};
	const char *at = value;

	options->namespaces = 0;
	for (;;) {
		size_t length = (size_t)(strchrnul(at, ',') - at);
		int found = find_word(at, length, words);

		if (found == -1)
			return refuse("understand the namespaces", value,
				"with= is a list of ipc, uts, cgroup, net and time", error);
		options->namespaces |= flags[found];
		if (at[length] == '\0')
			return 0;
		at += length + 1;
	}
}

/* Whether it is an option of procfs(5) that the kernel will take. */
static bool is_proc_option(const char *option, size_t length)
{
	static const char *const hidepid[] = {
		"0", "1", "2", "4", "off", "noaccess", "invisible", "ptraceable", NULL};

	if (length > 8 && strncmp(option, "hidepid=", 8) == 0)
		return find_word(option + 8, length - 8, hidepid) != -1;
	if (length > 4 && strncmp(option, "gid=", 4) == 0)
		return parse_number(option + 4, length - 4, 4294967294L) != -1;
	return length == 10 && strncmp(option, "subset=pid", 10) == 0;
}

static int read_proc(const char *value, struct options *options, struct error *error)
{
	static const char remedy[] = "proc= is a list of hidepid= (0, 1, 2, 4, off, noaccess, "
				     "invisible, ptraceable), gid=NUMBER and subset=pid";
	const char *at = value;

	for (;;) {
		size_t length = (size_t)(strchrnul(at, ',') - at);

		if (!is_proc_option(at, length))
			return refuse("understand the options of /proc", value, remedy, error);
		if (at[length] == '\0')
			break;
		at += length + 1;
	}
	if (strlen(value) >= sizeof(options->proc))
		return refuse("understand the options of /proc", value, remedy, error);
	strcpy(options->proc, value);
	return 0;
}

/* Those of a rule first: with many rules, it counts how soon one is found. */
static const struct option known[] = {
	{"scope", true, true, read_scope},
	{"on_close", true, true, read_on_close},
	{"grace", true, true, read_grace},
	{"proc", true, true, read_proc},
	{"propagation", true, true, read_propagation},
	{"with", true, true, read_with},
	{"root", false, true, read_root},
	{"debug", false, false, read_debug},
	{"open", false, false, read_open},
	{"close", false, false, read_close},
	{"exempt", true, false, read_exempt},
	{"only", true, false, read_only},
	{"conf", true, false, read_conf},
};

static int parse_word(const char *word, bool in_rule, struct options *options, struct error *error)
{
	size_t length = (size_t)(strchrnul(word, '=') - word);
	const char *remedy =
		in_rule ? "an option of a rule is one of root, scope=, on_close=, grace=, "
			  "proc=, propagation= and with="
			: "correct the line of pam_unshare.so in /etc/pam.d; its options are "
			  "debug, root, "
			  "open, close, exempt=, only=, scope=, on_close=, grace=, proc=, "
			  "propagation=, with= and conf=";

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (!is_name(word, length, known[i].name))
			continue;
		if ((in_rule && !known[i].in_rule) || known[i].has_value != (word[length] == '='))
			break;
		return known[i].read(known[i].has_value ? word + length + 1 : "", options, error);
	}
	return refuse("understand the option", word, remedy, error);
}

struct options options_default(void)
{
	return (struct options){.grace_ms = GRACE_DEFAULT_MS};
}

int options_parse(int argc, const char *const *argv, struct options *options, struct error *error)
{
	int result = 0;

	*options = options_default();
	for (int i = 0; i < argc; i++) {
		struct error later; /* the first one is the one to report */
		int next = parse_word(argv[i], false, options, result ? &later : error);

		result = result ? result : next;
	}
	return result;
}

int options_parse_rule(const char *word, struct options *options, struct error *error)
{
	return parse_word(word, true, options, error);
}
