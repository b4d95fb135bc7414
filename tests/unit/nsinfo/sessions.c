/* SPDX-License-Identifier: MIT */

/* Which sessions a /proc shows, and what is never taken for one. */

#include "../unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "read/sessions.h"
#include "tree.h"
#include "base/memory.h"

#define ROOT  "0\t0\t0\t0"
#define FACTS "PAM_UNSHARE_USER=alice\0PAM_UNSHARE_UID=1000\0PAM_UNSHARE_SERVICE=sshd\0"

struct fixture {
	char *tree;
	struct proc proc;
	struct sessions sessions;
};

static int set_up(void **state)
{
	struct fixture *f = memory_check(calloc(1, sizeof(*f)));

	f->tree = tree_new();
	tree_proc(f->tree, &f->proc);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	sessions_free(&f->sessions);
	proc_close(&f->proc);
	tree_free(f->tree);
	free(f);
	return 0;
}

/* A PID 1 that is one; a test spoils it. */
static struct fake good_init(void)
{
	return (struct fake){
		.pid = 200,
		.nspid = "200\t1",
		.ns = 5001,
		.uid = ROOT,
		.name = "session-init",
		.exe = SESSION_INIT,
		.cmdline = "pam_unshare: alice [sshd]",
		.environ = FACTS "PAM_UNSHARE_START=1700000100\0PAM_UNSHARE_GRACE=2000\0"
				 "PAM_UNSHARE_TTY=/dev/pts/3\0PAM_UNSHARE_RHOST=192.0.2.7\0"
				 "PAM_UNSHARE_SCOPE=session\0",
	};
}

static size_t count_sessions(struct fixture *f, bool quick)
{
	sessions_free(&f->sessions);
	assert_int_equal(sessions_read(&f->sessions, &f->proc, quick), 0);
	return f->sessions.count;
}

static size_t count_with(struct fixture *f, const struct fake *init)
{
	tree_process(f->tree, init);
	return count_sessions(f, false);
}

TEST_CASE(has_facts, "a session is found, with what PID 1's environment says of it")
{
	struct fixture *f = *state;
	struct fake init = good_init();
	const struct session *session;

	assert_int_equal(count_with(f, &init), 1);
	session = f->sessions.list[0];
	assert_int_equal(session->ns, 5001);
	assert_int_equal(session->init, 200);
	assert_int_equal(session->level, 1);
	assert_true(session->verified);
	assert_string_equal(session->user, "alice");
	assert_int_equal(session->uid, 1000);
	assert_string_equal(session->service, "sshd");
	assert_string_equal(session->tty, "pts/3");
	assert_string_equal(session->rhost, "192.0.2.7");
	assert_string_equal(session->scope, "session");
	assert_int_equal(session->start, 1700000100);
	assert_int_equal(session->grace_ms, 2000);
	assert_int_equal(session->processes, 1);
	assert_null(session->parent);
	assert_null(f->sessions.own);
}

TEST_CASE(unknown_facts, "what is missing or no number there is not known")
{
	struct fixture *f = *state;
	struct fake init = good_init();
	const struct session *session;

	init.environ = "PAM_UNSHARE_USER=alice\0PAM_UNSHARE_UID=many\0";
	assert_int_equal(count_with(f, &init), 1);
	session = f->sessions.list[0];
	assert_int_equal(session->uid, -1);
	assert_null(session->service);
	assert_null(session->tty);
	assert_int_equal(session->start, 1700000000 + 4200 / sysconf(_SC_CLK_TCK));
}

/* One of several: with a PID and a namespace of its own. NSPID is a buffer of 16 bytes. */
static struct fake another_init(size_t number, char *nspid)
{
	struct fake init = good_init();

	init.pid = 300 + (int)number;
	init.ns = 5100 + number;
	snprintf(nspid, 16, "%d\t1", init.pid);
	init.nspid = nspid;
	return init;
}

TEST_CASE(not_root, "a process with any uid but 0 is no PID 1")
{
	static const char *const uids[] = {"1000\t1000\t1000\t1000", "1000\t0\t0\t0",
		"0\t1000\t0\t0", "0\t0\t1000\t0", "0\t0\t0\t1000"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(uids) / sizeof(uids[0]); i++) {
		char nspid[16];
		struct fake init = another_init(i, nspid);

		init.uid = uids[i];
		assert_int_equal(count_with(f, &init), 0);
	}
}

TEST_CASE(not_pid_1, "a process that has another PID inside is no PID 1")
{
	struct fixture *f = *state;
	struct fake init = good_init();

	init.nspid = "200\t7";
	assert_int_equal(count_with(f, &init), 0);
}

TEST_CASE(in_the_hosts_namespace, "a process in the host's namespace is no session's PID 1")
{
	struct fixture *f = *state;
	struct fake init = good_init();

	init.ns = HOST_NS;
	init.nspid = "200";
	assert_int_equal(count_with(f, &init), 0);
}

TEST_CASE(another_executable, "another executable is no PID 1, whatever its name and title")
{
	static const char *const names[] = {"/home/alice/session-init", "/usr/bin/bash",
		(SESSION_INIT "2"), (SESSION_INIT " (deleted) "), ("/tmp" SESSION_INIT),
		(SESSION_INIT_DIRECTORY "/2a/session-init"),
		(SESSION_INIT_DIRECTORY "/2/3/session-init"),
		(SESSION_INIT_DIRECTORY "//session-init"), (SESSION_INIT_DIRECTORY "/2")};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char nspid[16];
		struct fake init = another_init(i, nspid);

		init.exe = names[i];
		assert_int_equal(count_with(f, &init), 0);
	}
}

TEST_CASE(without_facts, "session-init without facts is no session")
{
	struct fixture *f = *state;
	struct fake init = good_init();

	init.environ = "PATH=/bin\0";
	assert_int_equal(count_with(f, &init), 0);
}

/* What a user sees of others: no links, no environment. As root, the tests read it as a user. */
static size_t count_as_user(struct fixture *f)
{
	size_t count;
	bool root = geteuid() == 0;

	assert_true(!root || seteuid(65534) == 0);
	count = count_sessions(f, false);
	assert_true(!root || seteuid(0) == 0);
	return count;
}

static void replace(const struct fixture *f, const char *name, const char *bytes, size_t size)
{
	char new[128], path[128];

	tree_write_bytes(f->tree, "200/new", bytes, size);
	snprintf(path, sizeof(path), "%s/200/%s", f->tree, name);
	snprintf(new, sizeof(new), "%s/200/new", f->tree);
	if (rename(new, path) == -1)
		_exit(1);
}

/*
 * PID 1 gets through execve while the scan reads its arguments: that there are none yet, or that
 * they are there, when it has already read that there is no environment.
 */
static void finish_execve(const struct fixture *f, const char *fifo, bool hidden, bool seen)
{
	static const char status[] = "Name:\tsession-init\nState:\tS\nUid:\t" ROOT "\n"
				     "NSpid:\t200\t1\nVmRSS:\t48 kB\n";
	static const char title[] = "pam_unshare: alice [sshd]";
	int fd = open(fifo, O_WRONLY | O_CLOEXEC);

	replace(f, "status", status, strlen(status));
	if (!hidden)
		replace(f, "environ", FACTS, sizeof(FACTS));
	replace(f, "cmdline", title, sizeof(title));
	_exit(fd == -1 || (seen && write(fd, title, sizeof(title)) == -1));
}

static void count_in_execve(struct fixture *f, bool hidden, bool seen)
{
	struct fake init = good_init();
	char fifo[128];
	int status;
	pid_t child;

	init.hidden = hidden;
	init.name = "sshd"; /* execve has yet to rename it */
	init.environ = "";
	tree_process(f->tree, &init);
	snprintf(fifo, sizeof(fifo), "%s/200/cmdline", f->tree);
	assert_int_equal(unlink(fifo), 0);
	assert_int_equal(mkfifo(fifo, 0644), 0);
	fflush(NULL);
	child = fork();
	assert_int_not_equal(child, -1);
	if (child == 0)
		finish_execve(f, fifo, hidden, seen);
	assert_int_equal(hidden ? count_as_user(f) : count_sessions(f, true), 1);
	assert_string_equal(f->sessions.list[0]->user, "alice");
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

TEST_CASE(still_in_execve, "a session that was opened just now is waited for")
{
	count_in_execve(*state, false, false);
}

TEST_CASE(out_of_execve, "and is seen as a whole if it starts between two looks")
{
	count_in_execve(*state, false, true);
}

TEST_CASE(still_in_execve_for_users, "a user's nsinfo waits for it as well")
{
	count_in_execve(*state, true, false);
}

TEST_CASE(out_of_execve_for_users, "and a user sees it whole")
{
	count_in_execve(*state, true, true);
}

TEST_CASE(never_started, "a PID 1 that never gets arguments is no session")
{
	struct fixture *f = *state;
	struct fake init = good_init();

	init.cmdline = init.environ = "";
	assert_int_equal(count_with(f, &init), 0);
}

TEST_CASE(after_an_upgrade, "a session stays one when an upgrade replaces session-init")
{
	struct fixture *f = *state;
	struct fake init = good_init();

	init.exe = SESSION_INIT " (deleted)";
	assert_int_equal(count_with(f, &init), 1);
	assert_true(f->sessions.list[0]->verified);
}

TEST_CASE(of_another_version, "so does one that another version of the protocol opened")
{
	static const char *const names[] = {(SESSION_INIT_DIRECTORY "/4711/session-init"),
		(SESSION_INIT_DIRECTORY "/1/session-init (deleted)"),
		(SESSION_INIT_DIRECTORY "/session-init (deleted)")}; /* of 0.1.0 */
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char nspid[16];
		struct fake init = another_init(i, nspid);

		init.exe = names[i];
		tree_process(f->tree, &init);
	}
	assert_int_equal(count_sessions(f, false), 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(f->sessions.list[i]->verified);
}

TEST_CASE(title_for_users, "a user learns user and service from the title, and no more")
{
	struct fixture *f = *state;
	struct fake init = good_init();
	const struct session *session;

	init.hidden = true;
	init.cmdline = "pam_unshare: al [x] ice [sshd]";
	tree_process(f->tree, &init);
	assert_int_equal(count_as_user(f), 1);
	session = f->sessions.list[0];
	assert_false(session->verified);
	assert_string_equal(session->user, "al [x] ice");
	assert_string_equal(session->service, "sshd");
	assert_int_equal(session->ns, 0);
	assert_int_equal(session->processes, -1);
	assert_int_equal(session->uid, -1);
	assert_null(session_state_name(session->state));
}

TEST_CASE(made_up_title, "a user is not fooled by another user's title, nor by a container's")
{
	struct fixture *f = *state;
	struct fake fake = good_init();

	fake.hidden = true;
	fake.uid = "1000\t1000\t1000\t1000";
	tree_process(f->tree, &fake);
	fake = good_init();
	fake.pid = 201;
	fake.nspid = "201\t1";
	fake.hidden = true;
	fake.name = "bash"; /* root's, in a container, with a title of its own choice */
	tree_process(f->tree, &fake);
	assert_int_equal(count_as_user(f), 0);
}

TEST_CASE(broken_title, "a title that is none leaves the user unknown")
{
	static const char *const titles[] = {
		"pam_unshare: ", "pam_unshare: alice", "pam_unshare: alice [", "[sshd]", ""};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		struct fake init = good_init();
		char nspid[16];

		init.pid = 300 + (int)i;
		snprintf(nspid, sizeof(nspid), "%d\t1", init.pid);
		init.nspid = nspid;
		init.hidden = true;
		init.cmdline = titles[i];
		tree_process(f->tree, &init);
		assert_int_equal(count_as_user(f), i + 1);
		assert_null(f->sessions.list[i]->user);
	}
}

TEST_CASE(vanished, "a process that vanishes is skipped")
{
	struct fixture *f = *state;
	struct fake init = good_init();

	tree_process(f->tree, &init);
	tree_write(f->tree, "400/oom_score", "0\n"); /* all else is gone */
	tree_write(f->tree, "401/status", "");
	assert_int_equal(count_sessions(f, false), 1);
	assert_int_equal(f->sessions.processes.count, 2);
	assert_null(processes_find(&f->sessions.processes, 400));
}

TEST_CASE(half_gone, "a PID 1 that vanishes while it is read is skipped")
{
	struct fixture *f = *state;
	struct fake init = good_init();
	char path[128];

	tree_process(f->tree, &init);
	snprintf(path, sizeof(path), "%s/200/environ", f->tree);
	unlink(path);
	snprintf(path, sizeof(path), "%s/200/status", f->tree);
	unlink(path);
	assert_int_equal(count_sessions(f, false), 0);
}

/* An application, two processes in the session, one in a container that the user made in it. */
static void populate(struct fixture *f)
{
	struct fake init = good_init();

	tree_process(f->tree, &init);
	tree_process(
		f->tree, &(struct fake){.pid = 150, .name = "sshd", .uid = ROOT, .children = 5001});
	tree_process(f->tree, &(struct fake){.pid = 210, .nspid = "210\t2", .ns = 5001});
	tree_process(f->tree, &(struct fake){.pid = 211, .nspid = "211\t3", .ns = 5001});
	tree_process(f->tree,
		&(struct fake){.pid = 212, .nspid = "212\t4\t1", .ns = 6001, .parent = 5001});
	tree_process(f->tree, &(struct fake){.pid = 213, .nspid = "213\t1", .ns = 7001});
}

/* The quick way looks at the owner of directories, which only root makes root's. */
static int quick_too(void)
{
	return geteuid() == 0 ? 2 : 1;
}

TEST_CASE(
	processes_and_logins, "processes, the containers in a session too, and logins are counted")
{
	struct fixture *f = *state;
	const struct session *session;

	populate(f);
	for (int quick = 0; quick < quick_too(); quick++) {
		assert_int_equal(count_sessions(f, quick), 1);
		session = f->sessions.list[0];
		assert_int_equal(session->processes, 4);
		assert_int_equal(session->n_logins, 1);
		assert_int_equal(session->logins[0].pid, 150);
		assert_string_equal(session->logins[0].command, "sshd");
		assert_string_equal(session_state_name(session->state), "open");
	}
	assert_ptr_equal(
		sessions_of(&f->sessions, processes_find(&f->sessions.processes, 212)), session);
	assert_null(sessions_of(&f->sessions, processes_find(&f->sessions.processes, 213)));
	assert_null(sessions_of(&f->sessions, processes_find(&f->sessions.processes, 150)));
}

TEST_CASE(states, "without an application a session lingers or ends")
{
	struct fixture *f = *state;
	struct fake init = good_init();

	assert_int_equal(count_with(f, &init), 1);
	assert_string_equal(session_state_name(f->sessions.list[0]->state), "ending");
	tree_process(f->tree, &(struct fake){.pid = 210, .nspid = "210\t2", .ns = 5001});
	assert_int_equal(count_sessions(f, false), 1);
	assert_string_equal(session_state_name(f->sessions.list[0]->state), "lingering");
}

/* su in the session of alice opened one for bob. */
static void nest(struct fixture *f)
{
	populate(f);
	tree_process(f->tree, &(struct fake){.pid = 220,
				      .nspid = "220\t5",
				      .ns = 5001,
				      .name = "su",
				      .uid = ROOT,
				      .children = 8001});
	tree_process(f->tree,
		&(struct fake){.pid = 221,
			.nspid = "221\t6\t1",
			.ns = 8001,
			.parent = 5001,
			.uid = ROOT,
			.name = "session-init",
			.exe = SESSION_INIT,
			.environ = "PAM_UNSHARE_USER=bob\0PAM_UNSHARE_START=1700000200\0"});
	tree_process(f->tree,
		&(struct fake){.pid = 222, .nspid = "222\t7\t2", .ns = 8001, .parent = 5001});
}

TEST_CASE(nested, "a session in a session is found, and is part of it")
{
	struct fixture *f = *state;
	const struct session *outer = NULL, *inner = NULL;

	nest(f);
	for (int quick = 0; quick < quick_too(); quick++) {
		assert_int_equal(count_sessions(f, quick), 2);
		outer = f->sessions.list[0];
		inner = f->sessions.list[1];
		assert_string_equal(inner->user, "bob");
		assert_int_equal(inner->level, 2);
		assert_ptr_equal(inner->parent, outer);
		assert_int_equal(inner->processes, 2);
		assert_int_equal(outer->processes, 7);
		assert_int_equal(inner->n_logins, 1);
		assert_int_equal(inner->logins[0].pid, 220);
	}
	assert_true(sessions_contains(
		&f->sessions, outer, processes_find(&f->sessions.processes, 222)));
	assert_false(sessions_contains(
		&f->sessions, inner, processes_find(&f->sessions.processes, 210)));
}

TEST_CASE(argument, "SESSION may be a namespace, any PID, an application or a user")
{
	static const char *const names[] = {"5001", "200", "210", "212", "150", "alice", "220"};
	struct fixture *f = *state;
	struct session *session;

	nest(f);
	count_sessions(f, false);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(sessions_find(&f->sessions, names[i], &session), SESSION_FOUND);
		assert_int_equal(session->ns, 5001);
	}
	assert_int_equal(sessions_find(&f->sessions, "222", &session), SESSION_FOUND);
	assert_int_equal(session->ns, 8001);
	assert_int_equal(sessions_find(&f->sessions, "bob", &session), SESSION_FOUND);
	assert_int_equal(session->ns, 8001);
}

TEST_CASE(wrong_argument, "SESSION that is nothing of the kind is none")
{
	static const char *const names[] = {"", "carol", "1", "0", "-1", "213", "99999", "5001x",
		"18446744073709551616", "Alice"};
	struct fixture *f = *state;
	struct session *session;

	nest(f);
	count_sessions(f, false);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(sessions_find(&f->sessions, names[i], &session), SESSION_NONE);
}

TEST_CASE(ambiguous_argument, "a user with two sessions is ambiguous")
{
	struct fixture *f = *state;
	struct fake second = good_init();
	struct session *session;

	populate(f);
	second.pid = 500;
	second.nspid = "500\t1";
	second.ns = 9001;
	tree_process(f->tree, &second);
	assert_int_equal(count_sessions(f, false), 2);
	assert_int_equal(sessions_find(&f->sessions, "alice", &session), SESSION_AMBIGUOUS);
}

TEST_CASE(sshds_terminal, "for sshd's \"ssh\" the terminal of its processes is shown")
{
	struct fixture *f = *state;
	struct fake init = good_init();

	init.environ = FACTS "PAM_UNSHARE_TTY=ssh\0";
	tree_process(f->tree, &init);
	tree_process(f->tree, &(struct fake){.pid = 210, .nspid = "210\t2", .ns = 5001});
	assert_int_equal(count_sessions(f, true), 1);
	assert_string_equal(f->sessions.list[0]->tty, "pts/0"); /* 34816 is 136:0 */
}

TEST_CASE(many, "three hundred sessions are found, read by several threads")
{
	struct fixture *f = *state;

	for (int i = 0; i < 300; i++) {
		struct fake init = good_init();
		char nspid[32];

		init.pid = 2000 + i * 2;
		init.ns = 10000 + (uint64_t)i;
		snprintf(nspid, sizeof(nspid), "%d\t1", init.pid);
		init.nspid = nspid;
		tree_process(f->tree, &init);
		snprintf(nspid, sizeof(nspid), "%d\t2", init.pid + 1);
		tree_process(f->tree,
			&(struct fake){.pid = init.pid + 1, .nspid = nspid, .ns = init.ns});
	}
	assert_int_equal(count_sessions(f, true), 300);
	for (size_t i = 0; i < 300; i++)
		assert_int_equal(f->sessions.list[i]->processes, 2);
}

/* From inside, PID 1 is 1, and all that /proc shows is the session's. */
TEST_CASE(inside, "from inside, all that /proc shows is the session's")
{
	struct fixture *f = *state;
	struct fake init = good_init();
	struct proc proc;
	char *tree = tree_new();

	(void)f;
	init.pid = 1;
	init.nspid = "1";
	init.ns = 5001;
	init.hidden = geteuid() != 0;
	tree_process(tree, &init);
	tree_process(tree, &(struct fake){.pid = 2, .ns = 5001});
	tree_process(tree, &(struct fake){.pid = 3, .nspid = "3\t1", .ns = 6001, .parent = 5001});
	tree_link(tree, "self", "2");
	assert_int_equal(proc_open(&proc, tree), 0);
	assert_int_equal(sessions_read(&f->sessions, &proc, true), 0);
	assert_non_null(f->sessions.own);
	assert_int_equal(f->sessions.own->level, 0);
	assert_int_equal(f->sessions.own->processes, 3);
	assert_string_equal(f->sessions.own->user, "alice");
	assert_int_equal(f->sessions.own->ns, 5001);
	proc_close(&proc);
	tree_free(tree);
}

TEST_CASE(no_proc, "what is no procfs of ours is refused")
{
	struct fixture *f = *state;
	struct proc proc;
	char path[128];

	assert_int_not_equal(proc_open(&proc, "/nonexistent"), 0);
	snprintf(path, sizeof(path), "%s/1/ns", f->tree);
	assert_int_not_equal(proc_open(&proc, path), 0);
}

TEST_MAIN("nsinfo-sessions", set_up, tear_down)
