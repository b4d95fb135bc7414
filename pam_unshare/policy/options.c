/* SPDX-License-Identifier: MIT */
#include "policy/options.h"

#include <errno.h>
#include <string.h>

#include "common/limits.h"
#include "common/namespaces.h"
#include "policy/subjects.h"

/*
 * The options: the name, with "=" if it has a value; what reads the value; and what is right, for
 * who wrote something else. A rule may hold those of RULE, too. A new one is a line here, its field
 * in struct options, its use, and its paragraph in pam_unshare(8): doc/hacking.md.
 */
#define OPTIONS(RULE, LINE)                                                                        \
	RULE("scope=", read_scope, "scope= is session, user or group")                             \
	RULE("on_close=", read_on_close, "on_close= is kill or linger")                            \
	RULE("grace=", read_grace, "grace= is a number of seconds from 0 to 3600")                 \
	RULE("proc=", read_proc,                                                                   \
		"proc= is a list of hidepid= (0, 1, 2, 4, off, noaccess, invisible, ptraceable), " \
		"gid=NUMBER and subset=pid, and has 63 characters at most")                        \
	RULE("propagation=", read_propagation, "propagation= is slave or private")                 \
	RULE("with=", read_with,                                                                   \
		"with= is a list of namespaces, with commas between:" NAMESPACES_OF_WITH)          \
	RULE("systemctl=", read_systemctl, "systemctl= is bus or direct")                          \
	RULE("root", read_root, "")                                                                \
	LINE("debug", read_debug, "")                                                              \
	LINE("open", read_open, "a line has either open or close, or neither and does both")       \
	LINE("close", read_close, "a line has either open or close, or neither and does both")     \
	LINE("exempt=", read_exempt, "exempt= is " SUBJECTS_RIGHT)                                 \
	LINE("only=", read_only, "only= is " SUBJECTS_RIGHT)                                       \
	LINE("conf=", read_conf, "conf= is an absolute path")

/* The names of all of them, and of those of rules, as literals. */
#define NAME(name, read, right) " " name
#define NO_NAME(name, read, right)
#define NAMES          OPTIONS(NAME, NAME)
#define NAMES_OF_RULES OPTIONS(NAME, NO_NAME)

_Static_assert(OPTIONS_PROC_SIZE - 1 == 63, "what is right for proc= says so");
_Static_assert(GRACE_MAX_S == 3600, "what is right for grace= says so");

/* The position of a word of LENGTH bytes among some, or -1. */
static int find_word(const char *word, size_t length, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (strlen(words[i]) == length && memcmp(words[i], word, length) == 0)
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

/* --- what reads them: each gets the value, or "", and returns whether it is right --- */

static bool read_debug(const char *value, struct options *options)
{
	(void)value;
	options->debug = true;
	return true;
}

static bool read_root(const char *value, struct options *options)
{
	(void)value;
	options->root = true;
	return true;
}

static bool read_open(const char *value, struct options *options)
{
	(void)value;
	options->open_only = true;
	return !options->close_only;
}

static bool read_close(const char *value, struct options *options)
{
	(void)value;
	options->close_only = true;
	return !options->open_only;
}

static bool read_list(const char *value, const char **list)
{
	struct error ignored;

	*list = value;
	return subjects_check(value, &ignored) == 0;
}

static bool read_exempt(const char *value, struct options *options)
{
	return read_list(value, &options->exempt);
}

static bool read_only(const char *value, struct options *options)
{
	return read_list(value, &options->only);
}

static bool read_scope(const char *value, struct options *options)
{
	static const char *const words[] = {"session", "user", "group", NULL};
	int found = find_word(value, strlen(value), words);

	if (found != -1)
		options->scope = (enum scope)found;
	return found != -1;
}

static bool read_on_close(const char *value, struct options *options)
{
	static const char *const words[] = {"kill", "linger", NULL};
	int found = find_word(value, strlen(value), words);

	options->linger = found == 1;
	return found != -1;
}

static bool read_grace(const char *value, struct options *options)
{
	long seconds = parse_number(value, strlen(value), GRACE_MAX_S);

	if (seconds != -1)
		options->grace_ms = (unsigned int)seconds * 1000;
	return seconds != -1;
}

static bool read_propagation(const char *value, struct options *options)
{
	static const char *const words[] = {"slave", "private", NULL};
	int found = find_word(value, strlen(value), words);

	options->private = found == 1;
	return found != -1;
}

static bool read_systemctl(const char *value, struct options *options)
{
	static const char *const words[] = {"bus", "direct", NULL};
	int found = find_word(value, strlen(value), words);

	options->direct = found == 1;
	return found != -1;
}

static bool read_conf(const char *value, struct options *options)
{
	options->conf = value;
	return value[0] == '/';
}

static bool read_with(const char *value, struct options *options)
{
	const char *at = value;

	options->namespaces = 0;
	for (;;) {
		size_t length = (size_t)(strchrnul(at, ',') - at);
		const struct namespace *found = namespaces_find(at, length);

		if (!found || !found->with)
			return false;
		options->namespaces |= found->flag;
		if (at[length] == '\0')
			return true;
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

static bool read_proc(const char *value, struct options *options)
{
	const char *at = value;

	if (strlen(value) >= sizeof(options->proc))
		return false;
	for (;;) {
		size_t length = (size_t)(strchrnul(at, ',') - at);

		if (!is_proc_option(at, length))
			return false;
		if (at[length] == '\0')
			break;
		at += length + 1;
	}
	strcpy(options->proc, value);
	return true;
}

/* --- the table --- */

struct option {
	const char *name;
	bool in_rule;
	bool (*read)(const char *value, struct options *options);
	const char *right;
};

#define RULE(name, read, right) {name, true, read, right},
#define LINE(name, read, right) {name, false, read, right},
static const struct option known[] = {OPTIONS(RULE, LINE)};
#define KNOWN_COUNT (sizeof(known) / sizeof(*known))

const char *options_name(size_t index, bool *in_rule)
{
	if (index >= KNOWN_COUNT)
		return NULL;
	*in_rule = known[index].in_rule;
	return known[index].name;
}

/* Whether a word is this option. Its value is then what follows the name. */
static bool is_option(const char *word, const struct option *option)
{
	size_t length = strlen(option->name);

	return strncmp(word, option->name, length) == 0 &&
	       (option->name[length - 1] == '=' || word[length] == '\0');
}

static int parse_word(const char *word, bool in_rule, struct options *options, struct error *error)
{
	for (size_t i = 0; i < KNOWN_COUNT; i++) {
		if (!is_option(word, &known[i]) || (in_rule && !known[i].in_rule))
			continue;
		if (known[i].read(word + strlen(known[i].name), options))
			return 0;
		return error_word(error, word, known[i].right, NULL);
	}
	return error_word(error, word,
		in_rule ? "the options of a rule are" NAMES_OF_RULES : "the options are" NAMES,
		NULL);
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
	if (result < 0)
		error->remedy = "correct the line of pam_unshare.so in /etc/pam.d";
	return result;
}

int options_parse_rule(const char *word, struct options *options, struct error *error)
{
	return parse_word(word, true, options, error);
}
