/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_REPORT_H
#define PAM_UNSHARE_REPORT_H

/*
 * What the option debug tells of an opening, a line each. It is collected while the session is
 * opened and logged afterwards: in between, syslog(3) would come upon half a session.
 *
 * Every function takes NULL for a report that nobody wants, and does nothing then. All of them
 * allocate or format: call them in the application, never in a clone.
 */
struct report;

/* report_new - an empty one, which report_free frees; NULL if memory is short. */
struct report *report_new(void);
void report_free(struct report *report);

/* report_add - add a line. What does not fit is counted, and told by the last line. */
__attribute__((format(printf, 2, 3))) void report_add(
	struct report *report, const char *format, ...);

/* report_step - add how long it took since the step before, or since report_new. */
void report_step(struct report *report, const char *step);

/* report_next - take the lines out again, one at each call; NULL behind the last one. */
const char *report_next(struct report *report);

#endif
