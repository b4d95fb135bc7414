/* SPDX-License-Identifier: MIT */

/* Who is isolated: the rule file, the lists in it, and the options of the line. */

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/policy.h"
#include "policy/rules.h"

static char directory[] = "/tmp/pam_unshare-rules-XXXXXX";
static char conf[64];
static struct rule rule;
static struct error error;

/* Without root a test cannot have a file of root's: what is ours, is shown as root's. */
static uid_t owner;

/* A file that cannot be looked at, or not read, as on a dead disk. */
static bool fstat_fails, read_fails;

static int see_owner(int result, struct stat64 *status)
{
	status->st_uid = owner;
	return result;
}

static int see_open_file(int result, struct stat64 *status)
{
	errno = EIO;
	return fstat_fails ? -1 : see_owner(result, status);
}

int __real_fstat64(int fd, struct stat64 *status);
int __wrap_fstat64(int fd, struct stat64 *status);
int __real_stat64(const char *path, struct stat64 *status);
int __wrap_stat64(const char *path, struct stat64 *status);
#if __GLIBC_PREREQ(2, 33)
int __wrap_fstat64(int fd, struct stat64 *status)
{
	return see_open_file(__real_fstat64(fd, status), status);
}

int __wrap_stat64(const char *path, struct stat64 *status)
{
	return see_owner(__real_stat64(path, status), status);
}
#else
/* They are inline, or in a part of glibc that is linked in; either calls the same two of glibc. */
int __wrap_fstat64(int fd, struct stat64 *status)
{
	return __real_fstat64(fd, status);
}

int __wrap_stat64(const char *path, struct stat64 *status)
{
	return __real_stat64(path, status);
}

int __real___fxstat64(int version, int fd, struct stat64 *status);
int __wrap___fxstat64(int version, int fd, struct stat64 *status);
int __wrap___fxstat64(int version, int fd, struct stat64 *status)
{
	return see_open_file(__real___fxstat64(version, fd, status), status);
}

int __real___xstat64(int version, const char *path, struct stat64 *status);
int __wrap___xstat64(int version, const char *path, struct stat64 *status);
int __wrap___xstat64(int version, const char *path, struct stat64 *status)
{
	return see_owner(__real___xstat64(version, path, status), status);
}
#endif

/* The allocation to fail, from 1; 0 for none. And how many are not yet freed. */
static size_t allocations, failing_allocation;

static bool allocation_fails(void)
{
	allocations++;
	errno = ENOMEM;
	return allocations == failing_allocation;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return allocation_fails() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	return allocation_fails() ? NULL : __real_calloc(count, size);
}

void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size)
{
	return allocation_fails() ? NULL : __real_realloc(block, size);
}

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text)
{
	return allocation_fails() ? NULL : __real_strdup(text);
}

/* So many groups the user is in, beside the primary one; -1 for what the machine says. */
static int many_groups = -1;

int __real_getgrouplist(const char *user, gid_t group, gid_t *groups, int *count);
int __wrap_getgrouplist(const char *user, gid_t group, gid_t *groups, int *count);
int __wrap_getgrouplist(const char *user, gid_t group, gid_t *groups, int *count)
{
	int room = *count;

	if (many_groups == -1)
		return __real_getgrouplist(user, group, groups, count);
	*count = many_groups + 1;
	for (int i = 0; i < room && i < many_groups; i++)
		groups[i] = 400000 + (gid_t)i; /* without a name */
	if (room <= many_groups)
		return -1;
	groups[many_groups] = group;
	return *count;
}

/* What the database of groups answers; 0 for what the machine's says. */
static int group_error;

int __real_getgrgid_r(
	gid_t gid, struct group *group, char *buffer, size_t size, struct group **found);
int __wrap_getgrgid_r(
	gid_t gid, struct group *group, char *buffer, size_t size, struct group **found);
int __wrap_getgrgid_r(
	gid_t gid, struct group *group, char *buffer, size_t size, struct group **found)
{
	if (group_error == 0)
		return __real_getgrgid_r(gid, group, buffer, size, found);
	*found = NULL;
	return group_error;
}

__attribute__((format(printf, 2, 3))) int __wrap_asprintf(char **text, const char *format, ...);
int __wrap_asprintf(char **text, const char *format, ...)
{
	va_list arguments;
	int length;

	if (allocation_fails())
		return -1;
	va_start(arguments, format);
	length = vasprintf(text, format, arguments);
	va_end(arguments);
	return length;
}

ssize_t __real_getdelim(char **line, size_t *size, int delimiter, FILE *file);
ssize_t __wrap_getdelim(char **line, size_t *size, int delimiter, FILE *file);
ssize_t __wrap_getdelim(char **line, size_t *size, int delimiter, FILE *file)
{
	if (allocation_fails())
		return -1;
	errno = EIO;
	return read_fails ? -1 : __real_getdelim(line, size, delimiter, file);
}

static void write_file(const char *name, const char *text, size_t length)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, length), (ssize_t)length);
	assert_int_equal(fchmod(fd, 0644), 0);
	close(fd);
}

#define WRITE(name, text) write_file(name, text, strlen(text))

static int find_as(const char *user, uid_t uid, const char *service)
{
	struct options options = options_default();
	struct login login = {.user = user, .uid = uid, .gid = 0, .service = service};
	int result;

	memset(&error, 0, sizeof(error));
	result = rules_find(conf, false, &options, &login, &rule, &error);
	login_forget_groups(&login);
	return result;
}

/* The number of the line that holds for alice (uid 1000) at sshd; 0 for none, -1 for an error. */
static int line_of(const char *text)
{
	WRITE("unshare.conf", text);
	if (find_as("alice", 1000, "sshd") < 0)
		return -1;
	return rule.found ? (int)rule.line : 0;
}

static int set_up(void **state)
{
	char path[256];

	(void)state;
	owner = 0;
	snprintf(conf, sizeof(conf), "%s/unshare.conf", directory);
	snprintf(path, sizeof(path), "rm -rf %s/unshare.conf*", directory);
	return system(path);
}

TEST_CASE(first_match, "the first rule that names user and service holds")
{
	assert_int_equal(line_of(""), 0);
	assert_int_equal(line_of("bob * skip\nalice * isolate\n* * skip\n"), 2);
	assert_false(rule.skip);
	assert_string_equal(rule.file, conf);
	assert_int_equal(line_of("# alice * skip\n\n   \t\nalice * skip"), 4);
	assert_true(rule.skip);
	assert_int_equal(line_of("alice su skip\nalice su-l,sshd isolate\n"), 2);
	assert_int_equal(line_of("alice sshd2 skip\nalic sshd skip\nalicee sshd skip\n"), 0);
}

TEST_CASE(subjects, "users are named by name, uid, range or star, as a whole")
{
	static const struct {
		const char *list;
		bool named;
	} cases[] = {
		{"alice", true},
		{"bob,alice", true},
		{"bob,carol", false},
		{"*", true},
		{"1000", true},
		{"01000", true},
		{"999-1001", true},
		{"1000-1000", true},
		{"1001-2000", false},
		{"0-999", false},
		{"100", false},
		{"\\alice", true},
		{"ali\\ce", true},
		{"alice\\,", false},
		{"\\1000", false},
		{"Alice", false},
		{"al*", false},
		{"1alice", false}, /* a name, as some registries give them */
		{"10-20x,alice", true},
		{"-5,alice", true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[128];

		snprintf(text, sizeof(text), "%s sshd skip\n", cases[i].list);
		if (line_of(text) != (cases[i].named ? 1 : 0))
			fail_msg("%s", cases[i].list);
	}
}

TEST_CASE(unusual_names, "a backslash takes blanks, commas, @, * and itself as they are")
{
	WRITE("unshare.conf", "a\\ b,c\\,d,\\@e,\\*,f\\\\ ssh\\ d isolate\n");
	assert_int_equal(find_as("a b", 1, "ssh d"), 0);
	assert_true(rule.found);
	find_as("c,d", 1, "ssh d");
	assert_true(rule.found);
	find_as("@e", 1, "ssh d");
	assert_true(rule.found);
	find_as("f\\", 1, "ssh d");
	assert_true(rule.found);
	find_as("*", 1, "ssh d");
	assert_true(rule.found);
	find_as("g", 1, "ssh d");
	assert_false(rule.found); /* nor does \\* stand for everyone */
}

TEST_CASE(groups, "a group's members are named by @")
{
	struct passwd *self = getpwuid(0);
	struct group *group = self ? getgrgid(self->pw_gid) : NULL;
	struct login login = {.service = "sshd"};
	struct options options = options_default();
	char text[256];

	if (!group) {
		skip(); /* no user database */
		return;
	}
	login.user = self->pw_name;
	login.gid = self->pw_gid;
	snprintf(text, sizeof(text), "@no-such-group * skip\n@%s * isolate\n", group->gr_name);
	WRITE("unshare.conf", text);
	assert_int_equal(rules_find(conf, true, &options, &login, &rule, &error), 0);
	assert_true(rule.found);
	assert_int_equal(rule.line, 2);
	login_forget_groups(&login);
}

TEST_CASE(in_many_groups, "a user may be in many groups")
{
	struct group *group = getgrgid(0);
	char text[256];

	assert_non_null(group);
	snprintf(text, sizeof(text), "@%s * skip\n", group->gr_name);
	for (many_groups = 62; many_groups < 67; many_groups++)
		assert_int_equal(line_of(text), 1);
	assert_int_equal(line_of("@no-such * skip\n"), 0);
	many_groups = -1;
}

/* An error is none of these: it says that there is no such group, getgrgid(3). */
TEST_CASE(no_such_group,
	"a group that is not there is no error, a database that does not answer is one")
{
	static const int codes[] = {ENOENT, ESRCH};

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		group_error = codes[i];
		assert_int_equal(line_of("@root * skip\n"), 0);
	}
	group_error = EIO;
	assert_int_equal(line_of("@root * skip\n"), -1);
	assert_string_equal(error.step, "look up the groups");
	assert_int_equal(error.code, EIO);
	group_error = 0;
}

TEST_CASE(options_of_a_rule, "a rule's options are over the line's, for its logins alone")
{
	assert_int_equal(
		line_of("alice * isolate scope=user grace=7 on_close=linger # what for\n"), 1);
	assert_int_equal(rule.options.scope, SCOPE_USER);
	assert_int_equal(rule.options.grace_ms, 7000);
	assert_true(rule.options.linger);
	assert_int_equal(line_of("bob * isolate grace=7\nalice * isolate\n"), 2);
	assert_int_equal(rule.options.grace_ms, 2000);
}

TEST_CASE(wrong_lines, "a line that cannot be understood is an error, wherever it stands")
{
	static const char *const lines[] = {
		"alice",
		"alice sshd",
		"alice sshd maybe",
		"alice sshd isolate grace",
		"alice sshd isolate debug",
		"alice sshd skip grace=1",
		"@ sshd skip",
		"alice, sshd skip",
		"1-0 sshd skip",
		"alice sshd isolate scope=",
		"nobody nothing isolate scope=wrong",
		"alice su,,sudo skip",
		"alice su, skip",
		"alice ,su skip",
		"sshd @staff skip", /* the wrong way round */
		"alice su\\",
	};
	char text[256];

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		/* Also after the rule that holds. */
		snprintf(text, sizeof(text), "alice * skip\n%s\nbob * skip\n", lines[i]);
		if (line_of(text) != -1)
			fail_msg("\"%s\" was understood", lines[i]);
		assert_int_equal(error.line, 2);
		assert_string_equal(error.file, conf);
		assert_non_null(error.remedy);
	}
}

TEST_CASE(in_the_message, "the message names file, line, word and remedy")
{
	char text[1024], expected[256];

	line_of("\n* sshd perhaps\n");
	error_format(&error, "alice", text, sizeof(text));
	snprintf(expected, sizeof(expected),
		"alice: %s, line 2: cannot understand \"perhaps\": an action is skip or isolate; "
		"correct that line",
		conf);
	assert_string_equal(text, expected);
}

TEST_CASE(more_files, "files of the directory follow by name, those that end in .conf alone")
{
	char path[256];

	snprintf(path, sizeof(path), "%s.d", conf);
	assert_int_equal(mkdir(path, 0755), 0);
	WRITE("unshare.conf", "bob * skip\n");
	WRITE("unshare.conf.d/20.conf", "alice * isolate grace=20\n");
	WRITE("unshare.conf.d/10.conf", "alice * isolate grace=10\n");
	WRITE("unshare.conf.d/05.conf~", "alice * isolate grace=5\n");
	WRITE("unshare.conf.d/.04.conf", "alice * isolate grace=4\n");
	WRITE("unshare.conf.d/.conf", "rubbish\n");
	assert_int_equal(find_as("alice", 1000, "sshd"), 0);
	assert_int_equal(rule.options.grace_ms, 10000);
	assert_non_null(strstr(rule.file, "unshare.conf.d/10.conf"));
	WRITE("unshare.conf", "alice * isolate grace=1\n");
	assert_int_equal(find_as("alice", 1000, "sshd"), 0);
	assert_int_equal(rule.options.grace_ms, 1000);
	WRITE("unshare.conf.d/20.conf", "rubbish\n");
	assert_int_equal(find_as("alice", 1000, "sshd"), -EINVAL);
	assert_non_null(strstr(error.file, "20.conf"));
}

TEST_CASE(missing_files, "only a file that conf= names has to be there")
{
	struct options options = options_default();
	struct login login = {.user = "alice", .uid = 1000, .service = "sshd"};

	assert_int_equal(rules_find(conf, false, &options, &login, &rule, &error), 0);
	assert_false(rule.found);
	assert_int_equal(rules_find(conf, true, &options, &login, &rule, &error), -ENOENT);
	assert_non_null(strstr(error.remedy, "conf="));
}

TEST_CASE(untrusted_files, "a file that others than root can write is not trusted")
{
	WRITE("unshare.conf", "* * skip\n");
	owner = 1000;
	assert_int_equal(find_as("alice", 1000, "sshd"), -EINVAL);
	assert_string_equal(error.step, "trust the rule file");
	owner = 0;
	assert_int_equal(chmod(conf, 0664), 0);
	assert_int_equal(find_as("alice", 1000, "sshd"), -EINVAL);
	assert_int_equal(chmod(conf, 0646), 0);
	assert_int_equal(find_as("alice", 1000, "sshd"), -EINVAL);
	unlink(conf);
	assert_int_equal(mkfifo(conf, 0600), 0);
	assert_int_equal(find_as("alice", 1000, "sshd"), -EINVAL); /* and does not hang */
	unlink(conf);
	assert_int_equal(mkdir(conf, 0700), 0);
	assert_int_equal(find_as("alice", 1000, "sshd"), -EINVAL);
}

TEST_CASE(untrusted_directory, "nor is a directory where others can put, or take away, a file")
{
	char path[256];

	snprintf(path, sizeof(path), "%s.d", conf);
	assert_int_equal(mkdir(path, 0755), 0);
	WRITE("unshare.conf.d/10.conf", "alice * skip\n");
	assert_int_equal(find_as("alice", 1000, "sshd"), 0);
	assert_true(rule.found);
	assert_int_equal(chmod(path, 0775), 0);
	assert_int_equal(find_as("alice", 1000, "sshd"), -EINVAL);
	assert_string_equal(error.step, "trust the directory of rules");
	assert_string_equal(error.object, path);
	assert_int_equal(chmod(path, 0757), 0);
	assert_int_equal(find_as("alice", 1000, "sshd"), -EINVAL);
	assert_int_equal(chmod(path, 0755), 0);
	unlink(conf); /* from a test before */
	owner = 1000;
	assert_int_equal(find_as("alice", 1000, "sshd"), -EINVAL);
	assert_string_equal(error.step, "trust the directory of rules");
}

TEST_CASE(dangling_link, "a link that leads nowhere is an error with a remedy of its own")
{
	char path[256];

	snprintf(path, sizeof(path), "%s.d", conf);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s.d/10.conf", conf);
	assert_int_equal(symlink("/nowhere", path), 0);
	assert_int_equal(find_as("alice", 1000, "sshd"), -ENOENT);
	assert_string_equal(error.object, path);
	assert_null(strstr(error.remedy, "conf="));
}

TEST_CASE(unreadable_file, "a file that cannot be read is an error")
{
	bool *const failing[] = {&fstat_fails, &read_fails};

	for (size_t i = 0; i < 2; i++) {
		*failing[i] = true;
		assert_int_equal(line_of("alice * skip\n"), -1);
		*failing[i] = false;
		assert_string_equal(error.step, "read the rule file");
		assert_string_equal(error.object, conf);
		assert_int_equal(error.code, EIO);
	}
}

TEST_CASE(no_text, "a file with a NUL byte is no text")
{
	static const char bytes[] = "alice * skip\n\0bob * rubbish\n";

	write_file("unshare.conf", bytes, sizeof(bytes) - 1);
	assert_int_equal(find_as("alice", 1000, "sshd"), -EINVAL);
	assert_non_null(strstr(error.reason, "NUL"));
}

TEST_CASE(large_file, "a file of 20,000 rules is read whole")
{
	const size_t count = 20000;
	char *text = malloc(count * 32);
	size_t at = 0;

	assert_non_null(text);
	for (size_t i = 0; i < count; i++)
		at += (size_t)sprintf(text + at, "user%zu * skip\n", i);
	strcpy(text + at, "alice * isolate\n");
	WRITE("unshare.conf", text);
	assert_int_equal(find_as("alice", 1000, "sshd"), 0);
	assert_int_equal(rule.line, count + 1);
	free(text);
}

/* A file is read a piece at a time: wherever a piece ends, the lines are the same. */
TEST_CASE(pieces, "it is the same rules, wherever a piece ends that is read at a time")
{
	static const char rules[] = "\nbob * skip\nalice * isolate grace=7\n\n@no-such * skip";
	const size_t piece = 32768;
	char *text = malloc(2 * piece);

	assert_non_null(text);
	for (size_t length = piece - sizeof(rules) - 2; length < piece + 2; length++) {
		memset(text, '#', length);
		strcpy(text + length, rules);
		assert_int_equal(line_of(text), 3);
		assert_int_equal(rule.options.grace_ms, 7000);
		strcpy(text + length, "\n\nbob * perhaps");
		assert_int_equal(line_of(text), -1);
		assert_int_equal(error.line, 3);
	}
	free(text);
}

/* What stands behind the subjects is kept for the rules that follow: for the right ones alone. */
TEST_CASE(endings, "rules that end alike differ in their subjects alone, all others in all")
{
	char text[16384], services[256];
	size_t at;

	memset(services, 'x', sizeof(services) - 1);
	services[sizeof(services) - 1] = '\0';
	for (unsigned int grace = 1; grace <= 20; grace++) {
		at = 0;
		for (unsigned int round = 0; round < 3; round++)
			for (unsigned int i = 1; i <= 20; i++)
				at += (size_t)sprintf(text + at,
					"user%u sshd isolate grace=%u\nuser%u su skip\n", i, i, i);
		sprintf(text + at, "alice su skip\nalice \t sshd isolate grace=%u\n", grace);
		assert_int_equal(line_of(text), 122);
		assert_int_equal(rule.options.grace_ms, grace * 1000);
		assert_false(rule.skip);
		sprintf(text + at, "alice sshd isolate grace=%u0000\n", grace);
		assert_int_equal(line_of(text), -1);
		assert_int_equal(error.line, 121);
	}
	sprintf(text, "bob %s,sshd isolate grace=4\nalice %s,sshd isolate grace=5\n", services,
		services);
	assert_int_equal(line_of(text), 2);
	assert_int_equal(rule.options.grace_ms, 5000);
	sprintf(text, "bob %s,sshd isolate grace=x\n", services);
	assert_int_equal(line_of(text), -1);
}

TEST_CASE(long_line, "a line may hold 100,000 characters")
{
	const size_t length = 100000;
	char *text = malloc(length + 64);

	assert_non_null(text);
	memset(text, 'x', length);
	strcpy(text + length, ",alice * isolate grace=9\nbob * skip");
	assert_int_equal(line_of(text), 1);
	assert_int_equal(rule.options.grace_ms, 9000);
	strcpy(text + length, " * isolate\n* * isolate grace=8\n");
	assert_int_equal(line_of(text), 2);
	assert_int_equal(rule.options.grace_ms, 8000);
	free(text);
}

/* Every allocation of a search that looks at files, a directory, groups and a long line. */
TEST_CASE(memory, "each allocation fails in turn, and the login is refused for it")
{
	struct passwd *self = getpwuid(0);
	char path[256], *text = malloc(100064);
	size_t count = 0;

	assert_non_null(text);
	memset(text, '#', 100000); /* a line that outgrows what is read at a time, more than once */
	strcpy(text + 100000, "\n@no-such-group * skip\n");
	WRITE("unshare.conf", text);
	free(text);
	snprintf(path, sizeof(path), "%s.d", conf);
	assert_int_equal(mkdir(path, 0755), 0);
	WRITE("unshare.conf.d/10.conf", "alice * skip\n");
	WRITE("unshare.conf.d/20.conf", "alice * skip\n");
	for (;;) {
		int result;

		allocations = 0;
		failing_allocation = ++count;
		result = find_as(self ? self->pw_name : "alice", 0, "sshd");
		failing_allocation = 0;
		if (allocations < count) { /* there is none of that number */
			assert_int_equal(result, 0);
			break;
		}
		assert_int_equal(result, -ENOMEM);
		assert_non_null(strstr(error.remedy, "memory"));
	}
	assert_true(count > 10);
}

/*
 * The whole policy, with a rule file.
 */

static bool decide(struct options options, const char *user, uid_t uid, const char *service)
{
	struct login login = {.user = user, .uid = uid, .service = service};
	struct policy policy;

	options.conf = conf;
	assert_int_equal(policy_decide(&options, &login, &policy, &error), 0);
	assert_non_null(policy.reason);
	login_forget_groups(&login);
	return policy.isolate;
}

static bool isolated(struct options options, const char *user, uid_t uid)
{
	return decide(options, user, uid, "sshd");
}

TEST_CASE(without_rules, "without rules all but root are isolated, and root with the option root")
{
	struct options options = options_default();

	WRITE("unshare.conf", "# nothing\n");
	assert_true(isolated(options, "alice", 1000));
	assert_true(isolated(options, "nobody", (uid_t)-2));
	assert_false(isolated(options, "root", 0));
	options.root = true;
	assert_true(isolated(options, "root", 0));
}

/* exempt= and only= deny where they cannot tell; and a backslash may be the last character. */
TEST_CASE(groups_of_the_line, "exempt= and only= deny where the groups cannot be known")
{
	struct options exempt = options_default(), only = options_default();
	struct login login = {.user = "alice", .uid = 1000, .service = "sshd"};
	struct policy policy;

	WRITE("unshare.conf", "");
	exempt.conf = only.conf = conf;
	exempt.exempt = only.only = "@staff";
	group_error = EIO;
	assert_int_equal(policy_decide(&exempt, &login, &policy, &error), -EIO);
	assert_int_equal(policy_decide(&only, &login, &policy, &error), -EIO);
	group_error = 0;
	login_forget_groups(&login);
	exempt.exempt = "alice\\";
	assert_true(isolated(exempt, "alice", 1000));
	assert_false(isolated(exempt, "alice\\", 1000));
}

TEST_CASE(
	no_memory_to_decide, "each allocation of a decision fails in turn, and nothing is decided")
{
	struct options options = options_default();
	struct login login = {.user = "alice", .uid = 1000, .service = "sshd"};
	struct policy policy;

	options.conf = conf;
	WRITE("unshare.conf", "");
	options.only = "@staff,bob";
	login.groups_known = true;
	for (failing_allocation = 1; failing_allocation < 100; failing_allocation++) {
		int result;

		allocations = 0;
		result = policy_decide(&options, &login, &policy, &error);
		if (allocations < failing_allocation)
			break;
		assert_int_equal(result, -ENOMEM);
	}
	assert_true(failing_allocation > 1);
	failing_allocation = 0;
}

TEST_CASE(services_without_fork,
	"services that exec without forking are skipped, by their exact names")
{
	struct options options = options_default();

	options.root = true;
	WRITE("unshare.conf", "* * isolate root\n");
	assert_false(decide(options, "alice", 1000, "systemd-user"));
	assert_false(decide(options, "alice", 1000, "systemd-run0"));
	assert_false(decide(options, "alice", 1000, "polkit-1"));
	assert_false(decide(options, "root", 0, "systemd-user"));
	assert_true(decide(options, "alice", 1000, "systemd-user2"));
	assert_true(decide(options, "alice", 1000, "polkit"));
	assert_true(decide(options, "alice", 1000, ""));
	WRITE("unshare.conf", "rubbish\n"); /* what is skipped by name is not kept from it */
	assert_false(decide(options, "alice", 1000, "systemd-user"));
}

TEST_CASE(wrong_rules, "with rules that cannot be understood nothing is decided")
{
	struct options options = options_default();
	struct login login = {.user = "alice", .uid = 1000, .service = "sshd"};
	struct policy policy;

	options.conf = conf;
	WRITE("unshare.conf", "rubbish\n");
	assert_int_equal(policy_decide(&options, &login, &policy, &error), -EINVAL);
}

TEST_CASE(line_and_rules, "rules are before exempt= and only=, and root before all")
{
	struct options options = options_default();

	WRITE("unshare.conf", "alice * isolate\nbob * skip\nroot * isolate root\n");
	options.exempt = "alice,carol";
	options.only = "dave,alice";
	assert_true(isolated(options, "alice", 1000)); /* a rule is before the line */
	assert_false(isolated(options, "bob", 1001));
	assert_false(isolated(options, "carol", 1002));
	assert_true(isolated(options, "dave", 1003));
	assert_false(isolated(options, "eve", 1004));
	assert_true(isolated(options, "root", 0));
	options.exempt = "dave";
	assert_false(isolated(options, "dave", 1003)); /* exempt= is before only= */
	WRITE("unshare.conf", "root * isolate\n");
	assert_false(isolated(options, "root", 0));
	options.root = true;
	assert_true(isolated(options, "root", 0));
}

int main(void)
{
	int result;
	char command[128];

	if (!mkdtemp(directory))
		return 1;
	result = test_cases_run("policy", test_cases, NULL, set_up, NULL);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command) == 0 ? result : 1;
}
