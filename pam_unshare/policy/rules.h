/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_RULES_H
#define PAM_UNSHARE_RULES_H

#include <stdbool.h>

#include "policy/options.h"
#include "policy/subjects.h"

/*
 * The rule file, unshare.conf(5): a rule a line,
 *
 *     SUBJECTS SERVICES ACTION [OPTION...]
 *
 * then, in the order of their names, the files PATH.d with names that end in .conf. The first rule
 * that names the login holds.
 */

/* What a rule file says of a login. */
struct rule {
	bool found;
	bool skip;              /* ACTION: skip or isolate */
	struct options options; /* the line's, with the rule's over them */
	char file[256];         /* where it stands */
	unsigned int line;
};

/*
 * rules_find - read the rule files and find the first rule for a login.
 * @path: the rule file.
 * @required: whether it has to be there.
 * @options: of the PAM line, which the rule's own add to.
 * @login: who logs in to what; its groups are looked up if a rule names one.
 * @rule: filled; found is false if no rule names the login.
 * @error: names file, line, word and remedy.
 *
 * Every line of every file is checked, also after the rule that holds: an error is noticed at
 * the first login after it was made. Returns 0 or a negative errno.
 */
int rules_find(const char *path, bool required, const struct options *options, struct login *login,
	struct rule *rule, struct error *error);

#endif
