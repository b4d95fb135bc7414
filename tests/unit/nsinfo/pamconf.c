/* SPDX-License-Identifier: MIT */

/* A service's session stack is what libpam makes of it; libpam itself is asked. */

#include "../unit.h"

#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "config.h"
#include "read/pamconf.h"
#include "read/pamrun.h"
#include "stacks.h"
#include "base/memory.h"
#include "base/strings.h"

/* The modules of the session stack, one behind the other. */
static void expect_modules(struct fixture *f, const char *name, const char *wanted)
{
	char found[512] = "";

	pamconf_free(&f->conf);
	assert_int_equal(pamconf_read(f->root, name, &f->conf), 0);
	for (size_t i = 0; i < f->conf.count; i++) {
		const struct pamconf_line *line = &f->conf.lines[i];
		size_t length = strlen(found);

		snprintf(found + length, sizeof(found) - length, "%s%s", i ? " " : "",
			line->kind == PAMCONF_BROKEN     ? "BROKEN"
			: line->kind == PAMCONF_SUBSTACK ? "SUBSTACK"
							 : line->module);
	}
	assert_string_equal(found, wanted);
}

TEST_CASE(session_lines, "the session's lines are read, and the others not")
{
	struct fixture *f = *state;

	service(f, "s",
		"# a comment\nauth required a.so\n\n  SESSION\trequired\tb.so one two # three\n"
		"account required c.so\n-session optional d.so\nsession include\\\n");
	expect_modules(f, "s", "b.so d.so BROKEN");
	assert_int_equal(f->conf.lines[0].n_arguments, 2);
	assert_string_equal(f->conf.lines[0].arguments[1], "two");
	assert_int_equal(f->conf.lines[0].number, 4);
	assert_string_equal(f->conf.lines[0].file, "/etc/pam.d/s");
	assert_true(f->conf.found);
}

TEST_CASE(continuation, "a backslash at the end continues a line")
{
	struct fixture *f = *state;

	service(f, "s", "session \\\n  required \\  \n a.so x\\\n y\nsession required b.so\n");
	expect_modules(f, "s", "a.so b.so");
	assert_int_equal(f->conf.lines[0].n_arguments, 2);
	assert_string_equal(f->conf.lines[0].arguments[1], "y");
	assert_int_equal(f->conf.lines[0].number, 1);
	assert_int_equal(f->conf.lines[1].number, 5);
}

TEST_CASE(brackets, "brackets hold a control, or an argument with blanks")
{
	struct fixture *f = *state;

	service(f, "s", "session [success=2 default=ignore] a.so [arg with \\] blanks] z\n");
	expect_modules(f, "s", "a.so");
	assert_int_equal(f->conf.lines[0].actions[PAM_SUCCESS], 2);
	assert_int_equal(f->conf.lines[0].actions[PAM_AUTH_ERR], PAMCONTROL_IGNORE);
	assert_string_equal(f->conf.lines[0].arguments[0], "arg with ] blanks");
	assert_string_equal(f->conf.lines[0].arguments[1], "z");
}

TEST_CASE(includes, "include, substack and @include are followed")
{
	struct fixture *f = *state;

	service(f, "s",
		"session required a.so\nsession include in\n@include all\nsession substack sub\n");
	service(f, "in", "auth required no.so\nsession required b.so\n");
	service(f, "all", "auth required no.so\nsession required c.so\n");
	service(f, "sub", "session required d.so\nsession include in\n");
	expect_modules(f, "s", "a.so b.so c.so SUBSTACK d.so b.so");
	assert_int_equal(f->conf.lines[4].level, 1);
	assert_int_equal(f->conf.lines[2].level, 0);
}

TEST_CASE(auth_includes_are_no_matter, "an include of another type does not matter")
{
	struct fixture *f = *state;

	service(f, "s", "auth include missing\nsession required a.so\n");
	expect_modules(f, "s", "a.so");
	assert_null(f->conf.problem);
}

TEST_CASE(missing_includes, "a file that cannot be included fails as in libpam")
{
	struct fixture *f = *state;

	service(f, "s", "session include missing\nsession required a.so\n");
	expect_modules(f, "s", "BROKEN a.so");
	service(f, "t", "@include missing\nsession required a.so\n");
	expect_modules(f, "t", "a.so");
	assert_non_null(f->conf.problem);
}

TEST_CASE(endless_includes, "a file that includes itself comes to an end")
{
	struct fixture *f = *state;

	service(f, "s", "session required a.so\nsession include s\n");
	assert_int_equal(pamconf_read(f->root, "s", &f->conf), 0);
	assert_true(f->conf.count >= 2 && f->conf.count <= 40);
	assert_int_equal(f->conf.lines[f->conf.count - 1].kind, PAMCONF_BROKEN);
}

TEST_CASE(vendors_files, "a vendor's file counts unless /etc has one")
{
	struct fixture *f = *state;

	tree_write(f->root, "usr/lib/pam.d/s", "session required vendor.so\n");
	expect_modules(f, "s", "vendor.so");
	service(f, "s", "session required own.so\n");
	expect_modules(f, "s", "own.so");
}

TEST_CASE(other, "a service without a session line has those of other")
{
	struct fixture *f = *state;

	service(f, "other", "session required deny.so\n");
	expect_modules(f, "nothere", "deny.so");
	assert_false(f->conf.found);
	service(f, "s", "auth required a.so\n");
	expect_modules(f, "s", "deny.so");
	assert_true(f->conf.found);
}

static void expect_services(struct fixture *f, const char *wanted)
{
	char **services = pamconf_services(f->root);
	char found[512] = "";

	for (char **s = services; *s; s++) {
		size_t length = strlen(found);

		snprintf(found + length, sizeof(found) - length, "%s%s", length ? " " : "", *s);
		free(*s);
	}
	free(services);
	assert_string_equal(found, wanted);
}

TEST_CASE(pam_conf, "pam.conf counts where there is no pam.d")
{
	struct fixture *f = *state;

	tree_write(f->root, "etc/pam.conf",
		"su session required a.so\nSU session optional b.so x\nsshd session required c.so\n"
		"other session required d.so\n");
	expect_modules(f, "su", "a.so b.so");
	expect_modules(f, "cron", "d.so");
	expect_services(f, "other sshd su");
	service(f, "login", "session required e.so\n");
	expect_services(f, "login");
}

/* --- against libpam --- */

static const char *const codes[] = {"success", "ignore", "session_err", "system_err", "abort",
	"user_unknown", "auth_err", "new_authtok_reqd"};
static const int code_values[] = {PAM_SUCCESS, PAM_IGNORE, PAM_SESSION_ERR, PAM_SYSTEM_ERR,
	PAM_ABORT, PAM_USER_UNKNOWN, PAM_AUTH_ERR, PAM_NEW_AUTHTOK_REQD};
static const char *const actions[] = {"ignore", "ok", "done", "bad", "die", "reset", "1", "2", "3"};

static unsigned int seed;

/* The same stacks each time: a failure can be looked at. */
static size_t draw(size_t count)
{
	seed = seed * 1103515245U + 12345U;
	return (seed >> 16) % count;
}

static void write_control(FILE *out)
{
	static const char *const words[] = {"required", "requisite", "optional", "sufficient"};

	if (draw(2)) {
		fputs(words[draw(4)], out);
		return;
	}
	fputc('[', out);
	for (size_t i = 0, n = draw(4); i < n; i++)
		fprintf(out, "%s=%s ", codes[draw(8)], actions[draw(9)]);
	fprintf(out, "default=%s]", actions[draw(9)]);
}

/* pam_debug(8) returns what it is told. */
static char *random_stack(bool outer)
{
	char *text = NULL;
	size_t size, lines = 1 + draw(6);
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < lines; i++) {
		if (outer && draw(4) == 0) {
			fprintf(out, "session %s inner\n", draw(2) ? "substack" : "include");
			continue;
		}
		fputs("session ", out);
		write_control(out);
		fprintf(out, " pam_debug.so open_session=%s\n", codes[draw(8)]);
	}
	fclose(out);
	return text;
}

static int no_conversation(
	int count, const struct pam_message **messages, struct pam_response **responses, void *data)
{
	(void)count;
	(void)messages;
	(void)responses;
	(void)data;
	return PAM_CONV_ERR;
}

/* Debian's libpam includes from /etc/pam.d alone, whatever pam_start_confdir(3) was told. */
static void write_for_libpam(struct fixture *f, const char *stack)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (const char *at; (at = strstr(stack, " inner\n")); stack = at + strlen(" inner\n"))
		fprintf(out, "%.*s %s/etc/pam.d/inner\n", (int)(at - stack), stack, f->root);
	fputs(stack, out);
	fclose(out);
	tree_write(f->root, "libpam/s", text);
	tree_write(f->root, "libpam/other", "session required pam_deny.so\n");
	free(text);
}

static int ask_libpam(struct fixture *f)
{
	const struct pam_conv conversation = {.conv = no_conversation};
	_cleanup_free_ char *directory = string_format("%s/libpam", f->root);
	pam_handle_t *handle;
	int result;

	assert_int_equal(
		pam_start_confdir("s", "root", &conversation, directory, &handle), PAM_SUCCESS);
	result = pam_open_session(handle, PAM_SILENT);
	pam_end(handle, result);
	return result;
}

static int ask_pamconf(struct fixture *f)
{
	int results[64];

	pamconf_free(&f->conf);
	assert_int_equal(pamconf_read(f->root, "s", &f->conf), 0);
	assert_true(f->conf.count <= 64);
	for (size_t i = 0; i < f->conf.count; i++) {
		results[i] = PAM_SUCCESS;
		for (size_t c = 0; c < 8 && f->conf.lines[i].kind == PAMCONF_MODULE; c++)
			if (strcmp(f->conf.lines[i].arguments[0] + strlen("open_session="),
				    codes[c]) == 0)
				results[i] = code_values[c];
	}
	return pamrun_result(&f->conf, results, NULL);
}

TEST_CASE(as_libpam_does, "a thousand random stacks come to what libpam says")
{
	struct fixture *f = *state;

	if (access(SECUREDIR "/pam_debug.so", F_OK) != 0)
		skip();
	service(f, "other", "session required pam_deny.so\n");
	for (seed = 1; seed <= 1000;) {
		unsigned int number = seed;
		_cleanup_free_ char *outer = NULL, *inner = NULL;
		int wanted, found;

		outer = random_stack(true);
		inner = random_stack(false);
		service(f, "s", outer);
		write_for_libpam(f, outer);
		service(f, "inner", inner);
		wanted = ask_libpam(f);
		found = ask_pamconf(f);
		if (wanted != found)
			print_error("stack %u:\n%sinner:\n%s", number, outer, inner);
		assert_int_equal(wanted, found);
		seed = number + 1;
	}
}

TEST_MAIN("nsinfo-pamconf", set_up, tear_down)
