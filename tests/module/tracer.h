/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_TESTS_TRACER_H
#define PAM_UNSHARE_TESTS_TRACER_H

#include <security/pam_appl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * The module on the real kernel, with each of its system calls noted, and those disturbed that a
 * test says: of the application, of the process that starts PID 1, and of PID 1 until it executes
 * session-init (launch.c). A tracer (ptrace(2)) sits beside the application from tracer_begin to
 * tracer_end; before and after, all is as if there were none.
 *
 * A call is noted as "unshare CLONE_NEWNS" or "openat /proc/self/ns/mnt": its name and what matters
 * of its arguments, descriptors as what they are open on. Those of the two others begin with
 * "starter: " and "PID 1: ". What the module allocates is noted among them, as "malloc"
 * (application.c).
 */

#define TRACER_CALLS        16384
#define TRACER_CALL_SIZE    128
#define TRACER_FDS          64
#define TRACER_DISTURBANCES 8

/* What happens at a call, in the place of the call or before it. */
struct disturbance {
	const char *call;    /* those that begin so; NULL at the end of a list */
	unsigned int number; /* which of them, from 1; 0 for each */
	bool whole;          /* not those that only begin so */
	enum {
		TRACER_RETURNS,     /* RESULT, a negative errno for one; the call is not made */
		TRACER_KILLS,       /* who makes it */
		TRACER_HOLDS_CHILD, /* of a clone: it does nothing until it is killed */
		TRACER_ACTS, /* ACT runs in the tracer, which is where the application was before */
	} how;
	long result;
	void (*act)(void);
};

struct trace {
	char calls[TRACER_CALLS][TRACER_CALL_SIZE];
	size_t count;
	size_t disturbed[TRACER_DISTURBANCES]; /* how many calls were, by each of the list */
	pid_t init;                            /* PID 1, or 0 */

	/* PID 1 as session-init finds itself: what each descriptor is open on, "" for none. */
	bool executed;
	char fds[TRACER_FDS][64];
	char title[256], environment[2048]; /* the latter with a newline behind each of it */

	char violation[256]; /* of a rule that always holds (tracer.c), or "" */
};

extern struct trace *trace;

/* tracer_prepare - if the calls of a closing alone are noted: before the session is opened. */
void tracer_prepare(void);

/*
 * tracer_begin - from here on the calls are noted.
 * @list: what to disturb; or NULL.
 *
 * Skips the test if this machine lets nobody trace.
 */
void tracer_begin(const struct disturbance *list);

/* tracer_end - the tracer goes. No rule was violated, or the test fails. */
void tracer_end(void);

/* tracer_in_application - in ACT of a disturbance: the same, in the application's mount namespace.
 */
void tracer_in_application(void (*act)(void));

/* tracer_called - the number of the first call from number FROM that begins with TEXT; or 0. */
size_t tracer_called(const char *text, size_t from);

/* tracer_count - how many calls begin with TEXT. */
size_t tracer_count(const char *text);

/* tracer_in_order - CHECK that the calls that begin so were made, each after the one before. */
#define tracer_in_order(...) tracer_check_order((const char *const[]){__VA_ARGS__, NULL})
void tracer_check_order(const char *const *calls);

/*
 * A login whose opening or closing is traced. The one that is refused leaves all as it was, and
 * says as application_check_says wants it; each call of its list has to be come to.
 */
pam_handle_t *tracer_open(const char *service, const struct disturbance *list);
void tracer_close(pam_handle_t *pamh, const struct disturbance *list);
void tracer_refused(
	const char *service, const struct disturbance *list, const char *step, const char *more);

#define TRACER_LIST(...)                                                                           \
	(const struct disturbance[])                                                               \
	{                                                                                          \
		__VA_ARGS__,                                                                       \
		{                                                                                  \
			NULL                                                                       \
		}                                                                                  \
	}

/* The system calls by which the application talks to the tracer; the kernel knows none of them. */
#define TRACER_END       100001
#define TRACER_ALLOCATES 100002 /* the name of the function */
#define TRACER_MAPS      100003
#define TRACER_FREES     100004

#endif
