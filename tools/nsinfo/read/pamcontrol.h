/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_PAMCONTROL_H
#define NSINFO_PAMCONTROL_H

/* The control field of a line of a PAM stack, pam.conf(5): what becomes of a module's result. */

#define PAMCONTROL_CODES 32 /* the kinds of result that a module can have, PAM_SUCCESS... */

/* What the control field makes of a result; above 0 it is the number of lines to jump over. */
enum pamcontrol_action {
	PAMCONTROL_IGNORE = 0,
	PAMCONTROL_OK = -1,
	PAMCONTROL_DONE = -2,
	PAMCONTROL_BAD = -3,
	PAMCONTROL_DIE = -4,
	PAMCONTROL_RESET = -5,
	PAMCONTROL_UNDEFINED = -6,
};

/*
 * pamcontrol_parse - required, requisite, optional, sufficient, or the form in brackets.
 * @actions: for each kind of result; all PAMCONTROL_UNDEFINED before.
 *
 * A field that libpam does not understand counts as "bad" for all.
 */
void pamcontrol_parse(int actions[PAMCONTROL_CODES], const char *control);

/* pamcontrol_default - this action for each result that has none yet. */
void pamcontrol_default(int actions[PAMCONTROL_CODES], int action);

/* pamcontrol_code_name - "success", "system_err"... */
const char *pamcontrol_code_name(int code);

#endif
