/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_CHECK_STACK_H
#define NSINFO_CHECK_STACK_H

#include <stdint.h>

#include "check/findings.h"
#include "read/pamconf.h"

/*
 * One service's session stack, run as libpam would run it: what does the login get with these
 * results of its modules? For the parts of nsinfo check that judge a stack.
 */
struct stack {
	struct findings *findings;
	const char *root;
	const char *service;
	bool asked;               /* it was named on the command line */
	bool ignores_session_err; /* as check_wish has it */
	const char *named;        /* where it is named as one to isolate: "FILE:LINE"; or NULL */
	size_t before;            /* how many findings there were */
	struct pamconf conf;
	size_t ours;    /* the first line that opens a session; meaningless if there is none */
	bool works;     /* libpam can load it */
	long closes;    /* the first line of ours that only closes; -1 if there is none */
	int *results;   /* what each module returns */
	bool *fixed;    /* whether it returns that always: there is no other case to think of */
	char **faults;  /* why libpam cannot load it, or NULL */
	bool *reached;  /* whether it is called */
	uint32_t *told; /* a bit for each result of which a finding says that it passes ours by */
	int *taken;     /* the way that stack_find_way() found: what each line returned, or -1 */
};

/*
 * stack_read - the service's lines; each module succeeds, but pam_deny and what cannot be loaded.
 * @s: findings, root, service and named are the caller's. stack_free() in any case.
 * Returns whether a line of it opens a session, or -1 if libpam has no configuration for it.
 */
int stack_read(struct stack *s);
void stack_free(struct stack *s);

/* stack_is_ours - is it a line of pam_unshare? */
bool stack_is_ours(const struct pamconf_line *line);

/* stack_opens - is it one that opens a session? */
bool stack_opens(const struct pamconf_line *line);

/* stack_run - what pam_open_session(3) returns. Fills reached. */
int stack_run(struct stack *s);

/*
 * stack_ignores_session_err - does the application go on after PAM_SESSION_ERR? sudo does
 * (sudo_pam_begin_session in its plugins/sudoers/auth/pam.c).
 */
bool stack_ignores_session_err(const struct stack *s);

/* stack_result_lets_in - does it go on if pam_open_session(3) returns this? */
bool stack_result_lets_in(const struct stack *s, int result);

/* stack_lets_in - does the application go on, with the results of now? */
bool stack_lets_in(struct stack *s);

/* stack_is_bypassed - does it go on though no line of ours has opened a session? */
bool stack_is_bypassed(struct stack *s);

/*
 * stack_find_way (ways.c) - is there any combination of results, but for those that are told, with
 * which a login gets in without a session? Fills taken.
 * @failing: our lines are called, and fail; else they are not called.
 */
bool stack_find_way(struct stack *s, bool failing);

/*
 * check_isolates (isolates.c) - does every login through it open a session, or else is refused?
 * Adds what speaks against it.
 */
void check_isolates(struct stack *s);

/*
 * stack_is_usable (isolates.c) - adds the lines that libpam cannot use, and the modules that it
 * cannot load. Returns false if logins are refused by them, or pass ours by.
 */
bool stack_is_usable(struct stack *s);

/*
 * stack_anybody_gets_in (isolates.c) - or is every login refused? Then a finding says why. It
 * leaves the results as they are if somebody gets in.
 */
bool stack_anybody_gets_in(struct stack *s);

/*
 * check_neighbours (neighbours.c) - the modules before and after ours: which open or close at the
 * wrong moment?
 */
void check_neighbours(struct stack *s);

/* logind.c: check_logind - does it end what is to linger? */
void check_logind(struct stack *s);

/* check_users (users.c) - the stack isolates: whom? Says so, or that it is nobody. */
void check_users(struct stack *s);

#endif
