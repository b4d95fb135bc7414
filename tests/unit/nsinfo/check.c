/* SPDX-License-Identifier: MIT */

/* What nsinfo check says of a stack, and of what lies around it, in made-up trees of files. */

#include "../unit.h"

#include <security/pam_modules.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/strings.h"
#include "check/check.h"
#include "check/modules.h"
#include "check/wanted.h"
#include "config.h"
#include "read/libpam.h"
#include "stacks.h"

/* --- one stack --- */

static const struct finding *find(struct fixture *f, enum finding_level level, const char *text)
{
	for (size_t i = 0; i < f->findings.count; i++)
		if (f->findings.list[i].level == level && strstr(f->findings.list[i].message, text))
			return &f->findings.list[i];
	return NULL;
}

static void print(struct fixture *f)
{
	for (size_t i = 0; i < f->findings.count; i++)
		print_error("%s: %s: %s\n", finding_level_name(f->findings.list[i].level),
			f->findings.list[i].subject, f->findings.list[i].message);
}

/* As if it was named on the command line. */
static void check_named(struct fixture *f, const char *name)
{
	const struct check_wish asked = {.asked = true};

	findings_free(&f->findings);
	check_service(&f->findings, f->root, name, &asked, NULL);
}

static void expect_now(struct fixture *f, enum finding_level level, const char *text)
{
	if (!find(f, level, text))
		print(f);
	assert_non_null(find(f, level, text));
}

static void expect(struct fixture *f, const char *stack, enum finding_level level, const char *text)
{
	service(f, "s", stack);
	check_named(f, "s");
	expect_now(f, level, text);
}

#define OURS "session required pam_unshare.so\n"

TEST_CASE(good_stack, "a stack that isolates is ok")
{
	struct fixture *f = *state;

	expect(f,
		"session required pam_limits.so\nsession [default=1] pam_permit.so\n"
		"session requisite pam_deny.so\nsession required pam_permit.so\n" OURS,
		FINDING_OK, "a failure refuses");
	assert_int_equal(f->findings.count, 1);
	expect(f, "session required /lib/security/pam_unshare.so debug root\n", FINDING_OK,
		"isolated");
	expect(f,
		"session required pam_unshare.so close\nsession required pam_loginuid.so\n"
		"session required pam_unshare.so open\n",
		FINDING_OK, "isolated");
}

TEST_CASE(without_the_line, "a stack without the line is a problem")
{
	struct fixture *f = *state;

	expect(f, "session required pam_permit.so\n", FINDING_PROBLEM, "not in its session stack");
	expect(f, "auth required pam_unshare.so\nsession required pam_permit.so\n", FINDING_PROBLEM,
		"not in its session stack");
	expect(f, "# session required pam_unshare.so\nsession required pam_permit.so\n",
		FINDING_PROBLEM, "not in its session stack");
}

TEST_CASE(lets_through, "a control that lets a failure through is a problem")
{
	static const char *const controls[] = {"optional", "sufficient",
		"[success=ok default=ignore]", "[success=ok system_err=ignore default=die]"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
		_cleanup_free_ char *stack = string_format(
			"session required pam_permit.so\nsession %s pam_unshare.so\n", controls[i]);

		expect(f, stack, FINDING_PROBLEM, "a failure to isolate lets the login through");
	}
	expect(f,
		"session required pam_permit.so\nsession [success=ok module_unknown=ignore "
		"default=bad] "
		"pam_unshare.so\n",
		FINDING_WARNING, "without the file of the module");
}

TEST_CASE(passed_by, "a line that passes the module by is named")
{
	struct fixture *f = *state;

	expect(f, "session sufficient pam_foo.so\n" OURS, FINDING_PROBLEM, "ends the stack before");
	expect(f,
		"session [success=1 default=ignore] pam_succeed_if.so user = bob\n" OURS
		"session required pam_permit.so\n",
		FINDING_NOTE, "jumps over pam_unshare");
	assert_non_null(find(f, FINDING_OK, "isolated"));
	expect(f,
		"session [success=1 default=ignore] pam_permit.so\n" OURS
		"session required pam_foo.so\n",
		FINDING_PROBLEM, "jumps over pam_unshare");
	assert_null(find(f, FINDING_OK, ""));
	expect(f,
		"session [success=ok user_unknown=1 default=bad] pam_foo.so\n" OURS
		"session required pam_permit.so\n",
		FINDING_NOTE, "jumps over");
}

TEST_CASE(passed_by_always, "a line that always passes the module by is a problem")
{
	static const char *const stacks[] = {
		"session [default=1] pam_foo.so\n" OURS "session required pam_permit.so\n",
		"session [default=done] pam_foo.so\n" OURS,
		"session [default=1]\n" OURS "session required pam_permit.so\n",
		"session sufficient pam_unshare.so close\nsession required pam_unshare.so open\n",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
		expect(f, stacks[i], FINDING_PROBLEM, "not isolated if");
		assert_null(find(f, FINDING_OK, ""));
	}
	assert_string_equal(find(f, FINDING_PROBLEM, "not isolated if")->remedy,
		"write \"required\" in the place of \"sufficient\" there");
	/* That one ends nothing: what follows does. */
	expect(f,
		"session [success=1 default=ignore] pam_a.so\nsession [default=1] pam_b.so\n" OURS
		"session required pam_permit.so\n",
		FINDING_NOTE, "returns open_err: then pam_b.so (/etc/pam.d/s:2) jumps over");
	/* The first of two conditions is no more than that. */
	expect(f,
		"session [success=2 default=ignore] pam_a.so\n"
		"session [success=1 default=ignore] pam_b.so\n" OURS
		"session required pam_permit.so\n",
		FINDING_OK, "isolated");
	assert_int_equal(findings_count(&f->findings, FINDING_NOTE), 2);
}

TEST_CASE(second_line_counts, "if the first of two lines is passed by, the second counts")
{
	struct fixture *f = *state;

	expect(f,
		"session [success=1 default=ignore] pam_a.so\n" OURS
		"session [success=ok new_authtok_reqd=1 default=ok] pam_b.so\n" OURS
		"session required pam_permit.so\n",
		FINDING_OK, "isolated (/etc/pam.d/s:4)");
	expect_now(f, FINDING_NOTE, "pam_b.so (/etc/pam.d/s:3");
}

TEST_CASE(passed_by_together, "several modules together may pass the module by")
{
	struct fixture *f = *state;

	expect(f,
		"session [success=2 default=ignore] pam_a.so\n"
		"session [success=1 default=ignore] pam_b.so\n"
		"session [success=ignore default=1] pam_c.so\n" OURS
		"session required pam_permit.so\n",
		FINDING_NOTE,
		"several results together pass pam_unshare by: pam_a.so (/etc/pam.d/s:1) returns "
		"open_err "
		"and pam_b.so (/etc/pam.d/s:2) returns open_err and pam_c.so (/etc/pam.d/s:3) "
		"returns "
		"open_err");
	assert_non_null(find(f, FINDING_OK, "isolated"));
	assert_int_equal(f->findings.count, 2);
	/* Each of these alone refuses: none is let in. */
	expect(f, "session required pam_a.so\nsession requisite pam_b.so\n" OURS, FINDING_OK,
		"isolated");
	assert_int_equal(f->findings.count, 1);
	service(f, "in", OURS);
	expect(f,
		"session required pam_a.so\nsession substack in\n"
		"session [success=ignore user_unknown=reset default=ignore] pam_b.so\n"
		"session required pam_permit.so\n",
		FINDING_WARNING, "a failure to isolate lets the login through if pam_b.so");
}

TEST_CASE(sudo_goes_on, "sudo goes on after PAM_SESSION_ERR, which may be before ours")
{
	static const char stack[] = "session requisite pam_limits.so\n" OURS;
	struct fixture *f = *state;

	expect(f, stack, FINDING_OK, "isolated");
	service(f, "sudo", stack);
	check_named(f, "sudo");
	expect_now(f, FINDING_PROBLEM, "returns session_err: it ends the stack before pam_unshare");
	assert_null(find(f, FINDING_OK, ""));
	service(f, "sudo", "session required pam_limits.so\n" OURS);
	check_named(f, "sudo");
	expect_now(f, FINDING_OK, "isolated");
	expect_now(f, FINDING_NOTE, "and pam_unshare fails, too, then sudo goes on");
	service(f, "sudo",
		"session [success=ok ignore=ignore session_err=ignore default=bad] "
		"pam_limits.so\n" OURS);
	check_named(f, "sudo");
	expect_now(f, FINDING_OK, "isolated");
	assert_int_equal(f->findings.count, 1);
	expect(f,
		"session [success=ok session_err=1 default=bad] pam_foo.so\n" OURS
		"session required pam_permit.so\n",
		FINDING_NOTE, "jumps over");
	assert_null(find(f, FINDING_NOTE, "sudo goes on"));
	service(f, "sudo", "session requisite pam_deny.so\n" OURS);
	check_named(f, "sudo");
	expect_now(f, FINDING_PROBLEM, "not isolated if pam_deny.so");
}

TEST_CASE(late_modules, "a module that has to stand before ours is named, and every other one")
{
	struct fixture *f = *state;

	expect(f, OURS "session optional pam_systemd.so\n", FINDING_WARNING, "pam_systemd.so");
	expect(f, OURS "session required pam_selinux.so open\n", FINDING_WARNING, "pam_selinux.so");
	expect(f, OURS "session required pam_selinux.so close\n", FINDING_OK, "isolated");
	assert_int_equal(f->findings.count, 1);
	expect(f, OURS "session optional pam_motd.so\nsession optional pam_foo.so x\n", FINDING_OK,
		"isolated");
	expect_now(f, FINDING_NOTE,
		"pam_motd.so (/etc/pam.d/s:2), pam_foo.so (/etc/pam.d/s:3) stand after");
	expect(f, OURS OURS "session required pam_permit.so\n", FINDING_OK, "isolated");
	assert_int_equal(f->findings.count, 1);
}

TEST_CASE(early_closing, "a module that needs the session gone before it closes is named")
{
	struct fixture *f = *state;

	expect(f, "session optional pam_mount.so\n" OURS, FINDING_WARNING,
		"pam_mount.so (/etc/pam.d/s:1) closes before pam_unshare");
	assert_string_equal(find(f, FINDING_WARNING, "closes before")->remedy,
		"add \"session required pam_unshare.so close\" as the first session line of "
		"/etc/pam.d/s");
	expect(f,
		"session required pam_unshare.so close\nsession optional pam_mount.so\n"
		"session required pam_unshare.so open\n",
		FINDING_OK, "isolated");
	assert_int_equal(f->findings.count, 1);
	expect(f,
		"session optional pam_mount.so\nsession required pam_unshare.so close\n"
		"session required pam_unshare.so open\n",
		FINDING_WARNING, "closes before pam_unshare");
	assert_string_equal(find(f, FINDING_WARNING, "closes before")->remedy,
		"add \"session required pam_unshare.so close\" as the first session line of "
		"/etc/pam.d/s");
	expect(f, "session optional pam_exec.so type=open_session /x\n" OURS, FINDING_OK,
		"isolated");
	assert_int_equal(f->findings.count, 1);
	expect(f, "session optional pam_exec.so /x\n" OURS, FINDING_WARNING, "closes before");
	expect(f, "session optional pam_keyinit.so force revoke\n" OURS, FINDING_NOTE,
		"lose their keys");
	expect(f, "session optional pam_keyinit.so\nsession required pam_selinux.so close\n" OURS,
		FINDING_OK, "isolated");
	assert_int_equal(f->findings.count, 1);
	tree_write(f->root, "sys/fs/selinux/enforce", "1");
	expect(f, "session required pam_selinux.so close\n" OURS, FINDING_NOTE,
		"restore the context");
}

TEST_CASE(shares_nothing, "scope= behind pam_namespace is named, for it shares nothing")
{
	static const char shared[] = "session required pam_unshare.so scope=user\n";
	_cleanup_free_ char *stack = string_format("session required pam_namespace.so\n%s", shared);
	struct fixture *f = *state;

	expect(f, stack, FINDING_NOTE,
		"scope= shares nothing here: pam_namespace.so (/etc/pam.d/s:1)");
	expect(f, shared, FINDING_OK, "isolated");
	assert_int_equal(f->findings.count, 1);
	expect(f, "session required pam_namespace.so\n" OURS, FINDING_OK, "isolated");
	assert_int_equal(f->findings.count, 1);
	expect(f, OURS "session required pam_namespace.so\n", FINDING_WARNING,
		"pam_namespace.so (/etc/pam.d/s:2) stands after pam_unshare: it refuses the login");
}

TEST_CASE(half_a_pair, "one of the two lines alone is named")
{
	struct fixture *f = *state;

	expect(f, "session required pam_unshare.so close open\n", FINDING_PROBLEM,
		"cannot understand");
	expect(f, "session required pam_unshare.so close\nsession required pam_exec.so x\n" OURS,
		FINDING_OK, "isolated");
	assert_int_equal(f->findings.count, 1);
	expect(f,
		"session [success=1 default=ignore] pam_foo.so\n"
		"session required pam_unshare.so close\nsession required pam_exec.so x\n" OURS,
		FINDING_WARNING, "closes before pam_unshare");

	expect(f, "session required pam_unshare.so close\n", FINDING_PROBLEM,
		"not isolated: pam_unshare only closes (/etc/pam.d/s:1)");
	expect(f, "session required pam_unshare.so open\n", FINDING_WARNING,
		"nothing closes what /etc/pam.d/s:1 opens");
}

TEST_CASE(where_to_add, "the remedy names the file that counts")
{
	struct fixture *f = *state;
	const char *const *other = libpam_other_directories();

	tree_write(f->root, "usr/lib/pam.d/s", "session required pam_permit.so\n");
	check_named(f, "s");
	assert_non_null(strstr(find(f, FINDING_PROBLEM, "not isolated")->remedy,
		"copy /usr/lib/pam.d/s, which is its vendor's, to /etc/pam.d/s"));
	service(f, "other", "session required pam_permit.so\n");
	check_named(f, "nothere");
	assert_non_null(strstr(find(f, FINDING_PROBLEM, "not isolated")->remedy,
		"write a file for it, /etc/pam.d/nothere"));
	if (!*other)
		skip(); /* this libpam reads them all */
	_cleanup_free_ char *unread = string_format("%s/t", *other + 1);
	tree_write(f->root, unread, OURS);
	check_named(f, "t");
	expect_now(f, FINDING_WARNING, "this machine's libpam does not read it");
	expect_now(f, FINDING_PROBLEM, "not isolated");
}

/* --- lines that libpam reads otherwise than they look --- */

TEST_CASE(odd_lines, "lines that look like something else are problems")
{
	static const char *const stacks[] = {
		"session required \\\n# a comment\n  pam_foo.so\n" OURS,
		"session required \\\n\n  pam_foo.so\n" OURS,
		OURS "session required pam_foo.so \\\n",
		"sesion required pam_foo.so\n" OURS,
		OURS "session required []\n",
		"session required pam_unshare.so\r\n",
		"\xef\xbb\xbfsession required pam_foo.so\n" OURS,
		OURS "session optional /lib/security/\n",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
		expect(f, stacks[i], FINDING_PROBLEM, "/etc/pam.d/s:");
		assert_null(find(f, FINDING_OK, ""));
	}
	_cleanup_free_ char *longer =
		string_format("session required pam_unshare.so exempt=%01200d\n", 1);
	expect(f, longer, FINDING_PROBLEM, "libpam before 1.6 cuts it");
}

TEST_CASE(no_files, "what is no regular file is a problem, and nothing waits for it")
{
	struct fixture *f = *state;
	_cleanup_free_ char *fifo = string_format("%s/etc/pam.d/fifo", f->root);

	service(f, "other", OURS);
	assert_int_equal(mkfifo(fifo, 0644), 0);
	check_named(f, "fifo");
	expect_now(f, FINDING_PROBLEM, "/etc/pam.d/fifo is no regular file");
	assert_null(find(f, FINDING_OK, ""));
	expect(f, "session include fifo\n" OURS, FINDING_PROBLEM, "fifo is no regular file");
	service(f, "directory/x", "");
	check_named(f, "directory");
	expect_now(f, FINDING_PROBLEM, "/etc/pam.d/directory is no regular file");
	/* Whoever loads this waits as for a module whose constructor does. */
	_cleanup_free_ char *fault = module_fault("", fifo);
	assert_string_equal(fault, "it did not load within 10 s");
}

TEST_CASE(wrong_options, "a wrong option is a problem")
{
	struct fixture *f = *state;

	expect(f, "session required pam_unshare.so rooot\n", FINDING_PROBLEM, "rooot");
	expect(f, "session required pam_unshare.so grace=soon\n", FINDING_PROBLEM, "grace");
	assert_null(find(f, FINDING_OK, ""));
}

TEST_CASE(broken_lines, "a line that libpam cannot use is a problem")
{
	struct fixture *f = *state;

	expect(f, "session include missing\n" OURS, FINDING_PROBLEM, "cannot use this line");
	assert_int_equal(f->findings.count, 1);
	expect(f, "@include missing\n" OURS, FINDING_PROBLEM, "@include missing");
}

TEST_CASE(refuses_all, "a stack that refuses everybody is a problem")
{
	static const char *const stacks[] = {
		"session [success=maybe] pam_unshare.so\n",
		"session requird pam_unshare.so\n",
		"session [default=ignore] pam_unshare.so\n",
		"session requird pam_foo.so\n" OURS,
		"session requisite pam_deny.so\n" OURS,
		"session [success=9 default=ignore] pam_permit.so\n" OURS,
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
		expect(f, stacks[i], FINDING_PROBLEM, "every login is refused");
		assert_int_equal(f->findings.count, 1);
	}
	/* These refuse some. */
	expect(f,
		"session [success=die default=ignore] pam_succeed_if.so user = bob\n"
		"session [success=9 default=ignore] pam_succeed_if.so user = carol\n" OURS,
		FINDING_OK, "isolated");
	expect_now(
		f, FINDING_NOTE, "refused if pam_succeed_if.so (/etc/pam.d/s:1) returns success");
	assert_int_equal(findings_count(&f->findings, FINDING_PROBLEM), 0);
}

TEST_CASE(unsuited_services, "a service that cannot be isolated is named")
{
	struct fixture *f = *state;

	service(f, "systemd-user", OURS);
	check_named(f, "systemd-user");
	expect_now(f, FINDING_NOTE, "leaves it alone");
	assert_null(find(f, FINDING_OK, ""));
	service(f, "slurm", OURS);
	check_named(f, "slurm");
	expect_now(f, FINDING_PROBLEM, "cannot work behind");
	assert_null(find(f, FINDING_OK, ""));
	service(f, "slurm", "session required pam_permit.so\n");
	check_named(f, "slurm");
	expect_now(f, FINDING_PROBLEM, "not isolated, and cannot be");
	assert_null(find(f, FINDING_PROBLEM, "cannot be")->remedy);
}

/* --- all services --- */

static const struct finding *find_of(struct fixture *f, const char *subject, const char *text)
{
	for (size_t i = 0; i < f->findings.count; i++)
		if (strcmp(f->findings.list[i].subject, subject) == 0 &&
			strstr(f->findings.list[i].message, text))
			return &f->findings.list[i];
	return NULL;
}

static void check_all(struct fixture *f)
{
	findings_free(&f->findings);
	check_all_services(&f->findings, f->root);
}

TEST_CASE(included_line, "a line in a file that many include is one finding")
{
	struct fixture *f = *state;
	static const char *const names[] = {
		"chfn", "chsh", "passwd", "cron", "sshd", "systemd-user"};

	service(f, "common-session", OURS "session optional pam_systemd.so\n");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		service(f, names[i], "@include common-session\n");
	check_all(f);
	assert_non_null(find_of(f, "/etc/pam.d/common-session:1",
		"it reaches 6 services, also such that give no login or cannot be isolated: "
		"chfn, chsh, cron, passwd, sshd, systemd-user"));
	assert_non_null(find_of(f, "sshd", "isolated (/etc/pam.d/common-session:1)"));
	assert_non_null(find_of(f, "cron", "pam_systemd.so (/etc/pam.d/common-session:2)"));
	assert_null(find_of(f, "sshd", "pam_systemd.so")); /* said of cron */
	assert_null(find_of(f, "chfn", ""));
	assert_null(find_of(f, "systemd-user", ""));
	/* A file without session lines has those of "other", and is no service. */
	service(f, "other", "@include common-session\n");
	service(f, "common-auth", "auth required pam_permit.so\n");
	check_all(f);
	assert_non_null(find_of(f, "/etc/pam.d/common-session:1", "it reaches 7 services"));
	assert_null(find(f, FINDING_WARNING, "common-auth"));
	service(f, "other", "session required pam_permit.so\n");
	/* A file that logins alone include is there for that. */
	for (size_t i = 0; i < 3; i++)
		service(f, names[i], "session required pam_permit.so\n");
	service(f, "systemd-user", "session required pam_permit.so\n");
	check_all(f);
	assert_null(find(f, FINDING_WARNING, "it reaches"));
	/* The line in another login's file is as it should be. */
	service(f, "common-session", "session required pam_permit.so\n");
	service(f, "su", OURS);
	service(f, "su-l", "@include su\n");
	check_all(f);
	assert_null(find(f, FINDING_WARNING, "it reaches"));
	assert_non_null(find_of(f, "su-l", "isolated (/etc/pam.d/su:1)"));
}

TEST_CASE(wanted_services, "a service that is named as one to isolate, and is not, is a problem")
{
	struct fixture *f = *state;

	service(f, "sshd", OURS);
	service(f, "su", "session required pam_permit.so\n");
	check_all(f);
	assert_string_equal(
		find_of(f, "PAM", "no file says which")->remedy, "echo 'sshd' >" WANTED_FILE);
	assert_int_equal(findings_count(&f->findings, FINDING_PROBLEM), 0);
	tree_write(f->root, WANTED_FILE, "# logins\nsshd\tchsh # and\n\nsu\n");
	check_all(f);
	assert_null(find_of(f, "PAM", "no file says which"));
	assert_int_equal(
		find_of(f, "su", "though " WANTED_FILE ":4 names it")->level, FINDING_PROBLEM);
	assert_int_equal(find_of(f, "chsh", "no configuration")->level, FINDING_PROBLEM);
	assert_int_equal(findings_count(&f->findings, FINDING_PROBLEM), 2);
}

TEST_CASE(names_of_services, "a file that no known application reads is no login")
{
	struct fixture *f = *state;

	service(f, "ssh", OURS); /* it is sshd */
	service(f, "SU", OURS);
	service(f, "su.dpkg-old", OURS);
	service(f, "#su#", OURS);
	check_all(f);
	assert_int_equal(find_of(f, "ssh", "nsinfo knows no application")->level, FINDING_NOTE);
	assert_non_null(find_of(f, "PAM", "no login is isolated"));
	assert_int_equal(f->findings.count, 2);
	service(f, "my.app", OURS);
	tree_write(f->root, WANTED_FILE, "my.app\n");
	check_all(f);
	assert_non_null(find_of(f, "my.app", "isolated (/etc/pam.d/my.app:1)"));
	assert_null(find_of(f, "PAM", ""));
}

TEST_CASE(one_file_for_all, "with pam.conf alone the remedies fit it")
{
	struct fixture *f = *state;

	tree_write(f->root, "etc/pam.conf",
		"su session required pam_unshare.so\nsshd session required pam_permit.so\n");
	tree_write_bytes(f->root, "bin/su", "\0su-l", 6);
	check_all(f);
	assert_non_null(find_of(f, "su", "isolated (/etc/pam.conf:1)"));
	assert_string_equal(find_of(f, "sshd", "not isolated")->remedy,
		"to isolate it, add \"sshd session required pam_unshare.so\" at the end of "
		"/etc/pam.conf");
	assert_int_equal(findings_count(&f->findings, FINDING_WARNING), 0);
}

TEST_CASE(unclear_names, "a list of services that is no file is named, and so are commas in it")
{
	struct fixture *f = *state;
	_cleanup_free_ char *path = string_format("%s/%s", f->root, WANTED_FILE);

	service(f, "su", "session required pam_permit.so\n");
	tree_write(f->root, WANTED_FILE "/x", "");
	check_all(f);
	assert_non_null(find_of(f, "PAM", "names is isolated: Is a directory"));
	assert_null(find_of(f, "PAM", "no file says"));
	tree_free(string_copy(path));
	tree_write(f->root, WANTED_FILE, "sshd,su\n# a, b\n");
	check_all(f);
	assert_int_equal(find_of(f, "PAM", "unshare.services:1: one name is separated")->level,
		FINDING_WARNING);
	assert_null(find_of(f, "PAM", "unshare.services:2"));
	assert_non_null(find_of(f, "su", "though " WANTED_FILE ":1 names it"));
	assert_non_null(find_of(f, "sshd", "no configuration"));
	assert_int_equal(findings_count(&f->findings, FINDING_PROBLEM), 3);
}

TEST_CASE(companions, "login -h without a file for its service remote is a warning, su - likewise")
{
	static const char shadow[] = "\0login\0 remote\0", util_linux[] = "\0login\0remote\0";
	struct fixture *f = *state;

	service(f, "login", OURS);
	tree_write_bytes(f->root, "bin/login", shadow, sizeof(shadow));
	check_all(f);
	assert_null(find_of(f, "remote", ""));
	tree_write_bytes(f->root, "bin/login", util_linux, sizeof(util_linux));
	check_all(f);
	assert_int_equal(find_of(f, "remote", "login -h")->level, FINDING_WARNING);
	service(f, "remote", OURS);
	check_all(f);
	assert_null(find_of(f, "remote", "login -h"));
	service(f, "su", OURS);
	tree_write_bytes(f->root, "bin/su", "\0su-l", 6);
	check_all(f);
	assert_string_equal(find_of(f, "su-l", "su - uses the service su-l")->remedy,
		"cp /etc/pam.d/su /etc/pam.d/su-l");
	service(f, "other", OURS);
	check_all(f);
	assert_null(find_of(f, "su-l", "su - uses"));
}

static void expect_of_sudo(
	struct fixture *f, const char *sudoers, enum finding_level level, const char *text)
{
	tree_write(f->root, "etc/sudoers", sudoers);
	findings_free(&f->findings);
	check_application(&f->findings, f->root, "sudo");
	if (f->findings.count != 1)
		print(f);
	expect_now(f, level, text);
	assert_int_equal(f->findings.count, 1);
}

TEST_CASE(settings, "UsePAM no and !pam_session are problems")
{
	struct fixture *f = *state;

	service(f, "sshd", OURS);
	service(f, "sudo", OURS);
	tree_write(f->root, "etc/ssh/sshd_config", "Include sshd_config.d/*.conf\nUsePAM yes\n");
	check_application(&f->findings, f->root, "sshd");
	assert_non_null(find(f, FINDING_OK, "sshd uses PAM"));
	tree_write(f->root, "etc/ssh/my conf/a.conf", "\"UsePAM\" no\n");
	tree_write(f->root, "etc/ssh/sshd_config", "Include \"my conf/*.conf\"\nUsePAM yes\n");
	findings_free(&f->findings);
	check_application(&f->findings, f->root, "sshd");
	assert_non_null(find(f, FINDING_PROBLEM, "does not use PAM (UsePAM no)"));
	tree_write(f->root, "etc/ssh/sshd_config", "Include sshd_config.d/*.conf\nUsePAM yes\n");
	tree_write(f->root, "etc/ssh/sshd_config.d/a.conf", "  usepam = \"no\" \n");
	findings_free(&f->findings);
	check_application(&f->findings, f->root, "sshd");
	assert_non_null(find(f, FINDING_PROBLEM, "does not use PAM"));
	tree_write(f->root, "etc/sudoers", "Defaults env_reset\n");
	check_application(&f->findings, f->root, "sudo");
	assert_non_null(find(f, FINDING_OK, "sudo opens"));
	tree_write(
		f->root, "etc/sudoers", "Defaults env_reset, pam_service = \"s\"\n@include /x y\n");
	findings_free(&f->findings);
	check_application(&f->findings, f->root, "sudo");
	assert_non_null(find(f, FINDING_NOTE, "uses the service s"));
	assert_non_null(find(f, FINDING_NOTE,
		"could not try whether sudo opens PAM sessions, with "
		"what /etc/sudoers includes from /x"));
	assert_null(find(f, FINDING_OK, "sudo opens"));
	tree_write(f->root, "etc/ssh/sshd_config", "UsePAM yes\nPAMServiceName inner\n");
	service(f, "inner", "session required pam_permit.so\n");
	check_application(&f->findings, f->root, "sshd");
	assert_non_null(find(f, FINDING_NOTE, "uses the service inner"));
	assert_non_null(find(f, FINDING_PROBLEM, "not isolated"));
	tree_write(f->root, "etc/sudoers", "@includedir /etc/sudoers.d\n");
	tree_write(f->root, "etc/sudoers.d/x", "Defaults:alice !pam_session\n");
	check_application(&f->findings, f->root, "sudo");
	assert_non_null(find(f, FINDING_PROBLEM, "!pam_session in /etc/sudoers.d/x"));
}

/* What "cvtsudoers -c '' -f sudoers FILE" made of these. */
TEST_CASE(settings_of_sudo, "sudoers is read as sudo reads it")
{
	static const char *const off[] = {
		"Defaults env_reset, \\\n !pam_session\n",
		"Defaults env_reset, \\ \n\\\n!pam_session\n",
		"Defaults ! pam_session\n",
		"  Defaults env_reset,!pam_session\n",
		"Defaults pam_session, !pam_session\n",
		"# a \\\nDefaults !pam_session\n",
		"Defaults badpass_message=\"a # b\", !pam_session\n",
		"Defaults badpass_message=\"a \\\n # b\", !pam_session\n",
		"Defaults badpass_message=a\\#b, !pam_session\n",
		"Defaults:#1000 !pam_session\n",
		"Defaults:alice, bob !pam_session\nDefaults pam_session\n",
		"Defaults:alice !pam_session\nDefaults:bob pam_session\n",
	};
	static const char *const on[] = {
		"Defaults env_reset # !pam_session\n",
		"# Defaults \\\n !pam_session\n",
		"Defaults !!pam_session\n",
		"Defaults !pam_session\nDefaults pam_session\n",
		"Defaults badpass_message=\"a, !pam_session\"\n",
	};
	struct fixture *f = *state;

	service(f, "sudo", OURS);

	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++)
		expect_of_sudo(f, off[i], FINDING_PROBLEM, "!pam_session in /etc/sudoers");
	for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++)
		expect_of_sudo(f, on[i], FINDING_OK, "sudo opens");
	tree_write(f->root, "etc/sudoers.d/x", "Defaults !pam_session\n");
	expect_of_sudo(f, "Defaults env_reset\n", FINDING_OK, "sudo opens");
	expect_of_sudo(
		f, "@include /etc/sudoers.d.old/x\n", FINDING_NOTE, "from /etc/sudoers.d.old/x");
	expect_of_sudo(f, "#includedir /etc/sudoers.d/\n", FINDING_PROBLEM, "sudoers.d/x");
	expect_of_sudo(
		f, "@includedir /etc/sudoers.d\nDefaults pam_session\n", FINDING_OK, "sudo opens");
	tree_write(f->root, "etc/sudoers.d/x", "");
	tree_write(f->root, "etc/sudoers.d/x.bak", "Defaults !pam_session\n");
	tree_write(f->root, "etc/sudoers.d/x~", "Defaults !pam_session\n");
	expect_of_sudo(f, "@includedir /etc/sudoers.d\n", FINDING_OK, "sudo opens");
}

TEST_CASE(environment_of_sudo, "a sudo that loses SYSTEMCTL_FORCE_BUS in a session is a note")
{
	static const char text[] = "sudo does not keep SYSTEMCTL_FORCE_BUS";
	static const char *const kept[] = {
		"Defaults env_keep += \"SYSTEMCTL_FORCE_BUS\"\n",
		"Defaults env_keep+=SYSTEMCTL_FORCE_BUS\n",
		"Defaults env_reset, env_keep = \"LANG SYSTEMCTL_*\", !lecture\n",
		"Defaults:alice env_keep += \"LANG SYSTEMCTL_FORCE_BUS XDG\"\n",
		"Defaults !env_reset\n",
	};
	static const char *const lost[] = {
		"",
		"Defaults env_keep += \"SYSTEMCTL_FORCE_BUS_X LANG\"\n",
		"Defaults env_keep += \"LANG\", secure_path = \"SYSTEMCTL_FORCE_BUS\"\n",
		"Defaults env_keep += \"SYSTEMCTL_FORCE_BUS\"\nDefaults env_keep = \"LANG\"\n",
		"Defaults env_keep += LANG, env_keep -= SYSTEMCTL_FORCE_BUS\n",
		"Defaults env_check += SYSTEMCTL_FORCE_BUS\n",
		"Defaults env_keep += \"SYSTEMCTL_FORCE_BUS",
		"Defaults env_keep",
		"Defaults env_keep +=",
	};
	struct fixture *f = *state;

	service(f, "sudo", "session required pam_permit.so\n");
	service(f, "sshd", OURS);
	tree_write(f->root, "etc/sudoers", "");
	check_application(&f->findings, f->root, "sudo");
	assert_null(find(f, FINDING_NOTE, text)); /* no systemd runs */

	tree_write(f->root, "run/systemd/system/unit", "");
	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
		tree_write(f->root, "etc/sudoers", lost[i]);
		findings_free(&f->findings);
		check_application(&f->findings, f->root, "sudo");
		expect_now(f, FINDING_NOTE, text);
	}
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		expect_of_sudo(f, kept[i], FINDING_OK, "sudo opens");

	tree_write(f->root, "etc/sudoers", "");
	service(f, "sudo", OURS);
	findings_free(&f->findings);
	check_application(&f->findings, f->root, "sudo");
	assert_null(find(f, FINDING_NOTE, text));
	service(f, "sudo", "session required pam_unshare.so systemctl=direct\n");
	findings_free(&f->findings);
	check_application(&f->findings, f->root, "sudo");
	assert_non_null(find(f, FINDING_NOTE, text));
	tree_write(f->root, "etc/sudoers", "Defaults pam_service=sudo-other\n");
	service(f, "sudo-other", OURS);
	findings_free(&f->findings);
	check_application(&f->findings, f->root, "sudo");
	assert_null(find(f, FINDING_NOTE, text));

	tree_write(f->root, "etc/sudoers", "");
	service(f, "sshd", "session required pam_unshare.so systemctl=direct\n");
	findings_free(&f->findings);
	check_application(&f->findings, f->root, "sudo");
	assert_null(find(f, FINDING_NOTE, text)); /* there is nothing to keep */
}

#define DENY(interface, member)                                                                    \
	"<deny send_destination=\"org.freedesktop.systemd1\"\n"                                    \
	"  send_interface=\"org.freedesktop.systemd1." interface "\" send_member=\"" member        \
	"\"/>\n"

TEST_CASE(ways_around, "systemd's and D-Bus's ways around a session are named")
{
	struct fixture *f = *state;

	tree_write(f->root, "usr/lib/systemd/system/user@.service", "[Service]\n");
	tree_write(f->root, "usr/share/dbus-1/system.d/org.freedesktop.systemd1.conf",
		"<allow "
		"send_destination=\"org.freedesktop.systemd1\"\nsend_member=\"GetUnitProcesses\"/"
		">\n");
	check_bypass(&f->findings, f->root);
	assert_int_equal(findings_count(&f->findings, FINDING_WARNING), 2);
	tree_write(f->root, "etc/systemd/system/user@.service.d/x.conf",
		"[Service]\n# ProtectProc=invisible\n");
	tree_write(f->root, "etc/dbus-1/system.d/x.conf",
		"<deny send_member=\"GetUnitProcesses\"/>\n");
	findings_free(&f->findings);
	check_bypass(&f->findings, f->root);
	assert_int_equal(findings_count(&f->findings, FINDING_WARNING), 2);
	tree_write(f->root, "etc/systemd/system/user@.service.d/x.conf",
		"[Service]\nProtectProc=invisible\n");
	tree_write(f->root, "etc/dbus-1/system.d/x.conf", DENY("Manager", "GetUnitProcesses"));
	findings_free(&f->findings);
	check_bypass(&f->findings, f->root);
	assert_int_equal(findings_count(&f->findings, FINDING_WARNING), 1);
	tree_write(f->root, "etc/dbus-1/system.d/y.conf",
		DENY("Service", "GetProcesses") DENY("Scope", "GetProcesses")
			DENY("Slice", "GetProcesses") DENY("Socket", "GetProcesses")
				DENY("Mount", "GetProcesses") DENY("Swap", "GetProcesses"));
	findings_free(&f->findings);
	check_bypass(&f->findings, f->root);
	assert_int_equal(findings_count(&f->findings, FINDING_WARNING), 0);
	tree_write(f->root, "etc/dbus-1/system.d/x.conf",
		"<!-- <a> -->\n<!--\n<policy>" DENY("Manager", "GetUnitProcesses") "-->\n");
	findings_free(&f->findings);
	check_bypass(&f->findings, f->root);
	expect_now(f, FINDING_WARNING, "systemctl status UNIT");
	tree_write(f->root, "etc/dbus-1/system.d/x.conf",
		"<!-- <a> -->\n<policy>" DENY("Manager", "GetUnitProcesses") "<!-- -->\n");
	findings_free(&f->findings);
	check_bypass(&f->findings, f->root);
	expect_now(f, FINDING_OK, "the bus denies");
}

static void expect_invisible(struct fixture *f, const char *path, const char *text, bool wanted)
{
	tree_write(f->root, path, text);
	findings_free(&f->findings);
	check_bypass(&f->findings, f->root);
	expect_now(f, wanted ? FINDING_OK : FINDING_WARNING, wanted ? "hides" : "systemd-run");
}

TEST_CASE(settings_of_systemd, "the setting of the user's manager is what systemd makes of it")
{
	static const char vendors[] = "usr/lib/systemd/system/user@.service",
			  ours[] = "etc/systemd/system/user@.service.d/b.conf",
			  later[] = "run/systemd/system/user@.service.d/c.conf",
			  same_name[] = "usr/lib/systemd/system/user@.service.d/c.conf";
	static const char on[] = "[Service]\nProtectProc=invisible\n";
	struct fixture *f = *state;

	expect_invisible(f, vendors, on, true);
	expect_invisible(f, vendors, "[Service]\n", false);
	expect_invisible(f, ours, "[Service]\n;ProtectProc=invisible\n", false);
	expect_invisible(f, ours, "[Unit]\nProtectProc=invisible\n", false);
	expect_invisible(f, ours, "[Service]\nExecStart=/x \\\nProtectProc=invisible\n", false);
	expect_invisible(f, ours, "[Service]\nProtectProc=invisible\nProtectProc=\n", false);
	expect_invisible(f, ours, "[Service]\nProtectProc = invisible \n", true);
	expect_invisible(f, same_name, "[Service]\nProtectProc=default\n", false);
	expect_invisible(f, later, "[Service]\n", true);
	expect_invisible(f, later, "[Service]\nProtectProc=default\n", false);
	expect_invisible(f, "etc/systemd/system/user@.service", on, false);
	expect_invisible(f, "etc/systemd/system/user@.service.d/d.conf", on, true);
}

TEST_CASE(programs_of_users, "programs that pam_mount starts for users are named")
{
	static const char path[] = "etc/security/pam_mount.conf.xml";
	struct fixture *f = *state;

	tree_write(f->root, path,
		"<pam_mount>\n<!-- <luserconf name=\"x\" /> -->\n<!-- a > b\n<luserconf/>\n-->\n"
		"<volume path=\"x\"/></pam_mount>\n");
	check_bypass(&f->findings, f->root);
	assert_int_equal(f->findings.count, 0);
	tree_write(f->root, path,
		"<pam_mount>\n<!-- x -->\n<luserconf name=\".pam_mount.conf.xml\" "
		"/>\n</pam_mount>\n");
	check_bypass(&f->findings, f->root);
	assert_non_null(find(f, FINDING_WARNING, "lets users name programs"));
}

static bool warns_of_logind(struct fixture *f, const char *options)
{
	_cleanup_free_ char *stack = string_format("session required pam_unshare.so %s\n", options);

	expect(f, stack, FINDING_OK, "isolated");
	return find(f, FINDING_WARNING, "on_close=linger") != NULL;
}

TEST_CASE(linger_and_logind, "that logind ends what is to linger is a warning")
{
	struct fixture *f = *state;

	assert_false(warns_of_logind(f, "on_close=linger"));
	tree_write(f->root, "etc/systemd/logind.conf", "[Login]\n#KillUserProcesses=yes\n");
	assert_false(warns_of_logind(f, "on_close=linger"));
	tree_write(f->root, "etc/systemd/logind.conf", "[Login]\nKillUserProcesses=yes\n");
	assert_true(warns_of_logind(f, "on_close=linger"));
	assert_false(warns_of_logind(f, ""));
	tree_write(
		f->root, "usr/lib/systemd/logind.conf.d/x.conf", "[Login]\nKillUserProcesses=0\n");
	assert_false(warns_of_logind(f, "on_close=linger"));
}

static void check_programs_now(struct fixture *f)
{
	findings_free(&f->findings);
	check_programs(&f->findings, f->root);
}

TEST_CASE(programs_with_pids, "at and podman are named until there is what lets them work")
{
	struct fixture *f = *state;

	tree_write(f->root, "usr/bin/at", "");
	tree_write(f->root, "usr/lib/systemd/system/atd.service", "");
	tree_write(f->root, "usr/bin/podman", "");
	tree_write(f->root, "usr/share/containers/containers.conf",
		"[engine]\n# cgroup_manager = \"cgroupfs\"\n");
	service(f, "sshd", "session required pam_permit.so\n");
	check_programs_now(f);
	assert_int_equal(f->findings.count, 0); /* nobody is in a session */
	service(f, "sshd", OURS);
	check_programs_now(f);
	expect_now(f, FINDING_NOTE, "up to an hour late");
	expect_now(f, FINDING_NOTE, "does not start in one");
	assert_int_equal(f->findings.count, 2);
	tree_write(f->root, "etc/systemd/system/atd.service.wants/atd-wake.path", "");
	tree_write(f->root, "etc/containers/containers.conf", "cgroup_manager=\"systemd\"\n");
	check_programs_now(f);
	expect_now(f, FINDING_NOTE, "with cgroup_manager=\"systemd\" rootless podman starts no");
	assert_int_equal(f->findings.count, 1);
	tree_write(f->root, "etc/containers/containers.conf.d/x.conf",
		"[engine]\n cgroup_manager = 'cgroupfs' # all\n");
	check_programs_now(f);
	assert_int_equal(f->findings.count, 0);
}

TEST_CASE(installed_files, "missing or wrong files are problems")
{
	struct fixture *f = *state;

	check_files(&f->findings, f->root);
	assert_int_equal(findings_count(&f->findings, FINDING_PROBLEM), 2);
	if (geteuid() != 0)
		skip(); /* files of root's cannot be made */
	tree_write(f->root, SECUREDIR "/pam_unshare.so", "");
	tree_write(f->root, SESSION_INIT, "");
	findings_free(&f->findings);
	check_files(&f->findings, f->root);
	assert_non_null(find(f, FINDING_PROBLEM, "not executable"));
}

TEST_MAIN("nsinfo-check", set_up, tear_down)
