/* SPDX-License-Identifier: MIT */

#include "read/pamcontrol.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <security/pam_modules.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const code_names[PAMCONTROL_CODES + 1] = {
	"success",
	"open_err",
	"symbol_err",
	"service_err",
	"system_err",
	"buf_err",
	"perm_denied",
	"auth_err",
	"cred_insufficient",
	"authinfo_unavail",
	"user_unknown",
	"maxtries",
	"new_authtok_reqd",
	"acct_expired",
	"session_err",
	"cred_unavail",
	"cred_expired",
	"cred_err",
	"no_module_data",
	"conv_err",
	"authtok_err",
	"authtok_recover_err",
	"authtok_lock_busy",
	"authtok_disable_aging",
	"try_again",
	"ignore",
	"abort",
	"authtok_expired",
	"module_unknown",
	"bad_item",
	"conv_again",
	"incomplete",
	"default",
};

static const char *const action_names[] = {"ignore", "ok", "done", "bad", "die", "reset"};

const char *pamcontrol_code_name(int code)
{
	return code >= 0 && code < PAMCONTROL_CODES ? code_names[code] : "?";
}

void pamcontrol_default(int actions[PAMCONTROL_CODES], int action)
{
	for (int i = 0; i < PAMCONTROL_CODES; i++)
		if (actions[i] == PAMCONTROL_UNDEFINED)
			actions[i] = action;
}

static const char *skip_blanks(const char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

/* The place of the name that TEXT begins with, and moves *TEXT behind it; -1 if none does. */
static int match_name(const char **text, const char *const *names, int count)
{
	for (int i = 0; i < count; i++) {
		size_t length = strlen(names[i]);

		if (strncmp(*text, names[i], length) == 0) {
			*text += length;
			return i;
		}
	}
	return -1;
}

/* "success=ok default=3". Returns 0, or -EINVAL if libpam takes all of it for "bad". */
static int parse_actions(int actions[PAMCONTROL_CODES], const char *text)
{
	for (text = skip_blanks(text); *text; text = skip_blanks(text)) {
		int code = match_name(&text, code_names, PAMCONTROL_CODES + 1);
		int action;

		text = skip_blanks(text);
		if (code < 0 || *text != '=')
			return -EINVAL;
		text = skip_blanks(text + 1);
		action = match_name(
			&text, action_names, sizeof(action_names) / sizeof(action_names[0]));
		if (action >= 0) {
			action = -action;
		} else {
			char *end;
			long jump = isdigit((unsigned char)*text) ? strtol(text, &end, 10) : 0;

			if (jump <= 0 || jump > INT_MAX)
				return -EINVAL;
			action = (int)jump;
			text = end;
		}
		if (code == PAMCONTROL_CODES)
			pamcontrol_default(actions, action);
		else
			actions[code] = action;
	}
	return 0;
}

void pamcontrol_parse(int actions[PAMCONTROL_CODES], const char *control)
{
	int success = PAMCONTROL_OK, others = PAMCONTROL_BAD;

	if (strcasecmp(control, "required") == 0) {
		actions[PAM_IGNORE] = PAMCONTROL_IGNORE;
	} else if (strcasecmp(control, "requisite") == 0) {
		actions[PAM_IGNORE] = PAMCONTROL_IGNORE;
		others = PAMCONTROL_DIE;
	} else if (strcasecmp(control, "optional") == 0) {
		others = PAMCONTROL_IGNORE;
	} else if (strcasecmp(control, "sufficient") == 0) {
		success = PAMCONTROL_DONE;
		others = PAMCONTROL_IGNORE;
	} else {
		if (parse_actions(actions, control) < 0)
			for (int i = 0; i < PAMCONTROL_CODES; i++)
				actions[i] = PAMCONTROL_BAD;
		pamcontrol_default(actions, PAMCONTROL_BAD);
		return;
	}
	actions[PAM_SUCCESS] = actions[PAM_NEW_AUTHTOK_REQD] = success;
	pamcontrol_default(actions, others);
}
