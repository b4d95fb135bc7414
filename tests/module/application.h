/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_TESTS_APPLICATION_H
#define PAM_UNSHARE_TESTS_APPLICATION_H

#include <security/pam_appl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "../unit/unit.h"

/*
 * An application of the tests' own, which opens and closes sessions through libpam itself: with
 * the module as it was built, and stacks from a private directory (pam_start_confdir(3)). Each
 * test runs as a process of its own; what it says to syslog and to the user is kept.
 */

/* An ordinary user that every machine has. */
#define USER "nobody"

/*
 * APPLICATION_MAIN - run the tests of the file (TEST_CASE), as root, and skip all of them without.
 * The body of each is that of an application: see CHECK.
 */
#define APPLICATION_MAIN(name)                                                                     \
	int main(void)                                                                             \
	{                                                                                          \
		return application_run(name, test_cases, NULL);                                    \
	}

/* MORE returns the cases in their place, when all is ready for a run; or it is NULL. */
int application_run(
	const char *name, const struct test_case *cases, const struct test_case *(*more)(void));

/* In the application, or a process that it starts: fail the test if CONDITION does not hold. */
#define CHECK(condition, ...)                                                                      \
	do {                                                                                       \
		if (!(condition))                                                                  \
			application_fail(__FILE__, __LINE__, #condition, " " __VA_ARGS__);         \
	} while (0)

__attribute__((noreturn, format(printf, 4, 5))) void application_fail(
	const char *file, int line, const char *condition, const char *format, ...);

/* Nothing to test here: the reason is said, and the application ends. */
__attribute__((noreturn)) void application_skip(const char *reason);

/*
 * application_service - write a stack with one line of the module for each of LINES.
 * @service: its name.
 * @lines: the options of each line, NULL at the end.
 */
void application_service(const char *service, const char *const *lines);
#define SERVICE(service, ...) application_service(service, (const char *const[]){__VA_ARGS__, NULL})

/* Where the stacks are. */
const char *application_confdir(void);

/* pam_start for the service, which is "test" with a single line where it was not written. */
pam_handle_t *application_start(const char *service, const char *user);

/* What was said to syslog: "info pam_unshare(test:session): ...", a line each. */
const char *application_log(void);
size_t application_log_count(const char *text); /* how many times TEXT stands in there */
void application_log_forget(void);

/*
 * application_check_says - CHECK that the log says once that the login's STEP could not be done,
 * and somewhere MORE: what the kernel said, what it was done to, what to do.
 */
void application_check_says(const char *step, const char *more);

/* Forget the log and what was said to the user. */
void application_forget(void);

/* What was said to the user through the conversation function. */
const char *application_said(void);
size_t application_said_count(void);

/* PID 1 of the session that was opened last, from the log. */
pid_t application_init(void);

/* Whether something becomes true of a process, for which a busy machine takes its time. */
bool application_becomes(bool (*is_true)(pid_t pid), pid_t pid);

/* Whether the process is there; and whether it goes. */
bool application_lives(pid_t pid);
bool application_goes(pid_t pid);

/*
 * application_state - all of this process that a session could change, as text: namespaces, root
 * and working directory, descriptors, signals, ids, capabilities, limits, children.
 * The caller frees it.
 */
char *application_state(void);

/* CHECK that the state is as it was, and free BEFORE. */
void application_check_state(char *before);

/* How many descriptors are open, for where there is no /proc/self. */
size_t application_descriptors(void);

/* So many mappings are the module's for good, and no difference in the state. */
void application_forget_maps(size_t count);

/* The PID namespace that the next child is born in: its inode number, seen from the child. */
ino_t application_children_namespace(void);

/* A mount namespace of its own, and an empty /run in it. */
void application_have_own_run(void);

/* A file with this text. */
void application_write(const char *path, const char *text);

/*
 * Run BODY in a PID namespace of its own, as on a machine: PID 1 is in the same mount namespace. It
 * runs AS_INIT and then reaps; or that is NULL.
 */
void application_in_own_machine(void (*as_init)(void), void (*body)(void));

/*
 * The name that logins of USER meet under, of one user (KIND 'u') or a group ('g'): a path. NULL if
 * there is none.
 */
const char *application_meeting_place(char kind);

/*
 * Somebody else logs in, and stays: a child. INSIDE runs in it when it has its session open; or
 * NULL. Returns its PID afterwards.
 */
pid_t application_hold(const char *service, void (*inside)(void));

/* Run BODY in a child. Returns its exit status: 0, unless BODY calls _exit. */
int application_in_child(void (*body)(void));

#endif
