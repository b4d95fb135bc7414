/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_PAMRUN_H
#define NSINFO_PAMRUN_H

#include <stdbool.h>

#include "read/pamconf.h"

enum pamrun_impression { PAMRUN_UNDECIDED, PAMRUN_POSITIVE, PAMRUN_NEGATIVE };

struct pamrun_verdict {
	enum pamrun_impression impression;
	int status;
};

/* What libpam knows when it comes to a line: nothing else counts for what it does from there on. */
struct pamrun_state {
	struct pamrun_verdict now;
	struct pamrun_verdict before[PAMCONF_INCLUDES_MAX + 2]; /* each substack around it */
	int level;
};

/* pamrun_start - before the first line. */
void pamrun_start(struct pamrun_state *state);

/*
 * pamrun_step - line I's module returns RESULT; of a substack's head it does not count.
 * Returns the next line, or conf->count at the end.
 */
size_t pamrun_step(const struct pamconf *conf, size_t i, int result, struct pamrun_state *state);

/* pamrun_end - what pam_open_session(3) returns. */
int pamrun_end(const struct pamrun_state *state);

/*
 * pamrun_result - what pam_open_session(3) would return (libpam's pam_dispatch.c).
 * @results: what each line's module returns: PAM_PERM_DENIED if it is broken.
 * @reached: filled: was the line's module called? NULL if that does not matter.
 */
int pamrun_result(const struct pamconf *conf, const int *results, bool *reached);

#endif
