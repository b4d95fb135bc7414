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
	[PAM_SUCCESS] = "success",
	[PAM_OPEN_ERR] = "open_err",
	[PAM_SYMBOL_ERR] = "symbol_err",
	[PAM_SERVICE_ERR] = "service_err",
	[PAM_SYSTEM_ERR] = "system_err",
	[PAM_BUF_ERR] = "buf_err",
	[PAM_PERM_DENIED] = "perm_denied",
	[PAM_AUTH_ERR] = "auth_err",
	[PAM_CRED_INSUFFICIENT] = "cred_insufficient",
	[PAM_AUTHINFO_UNAVAIL] = "authinfo_unavail",
	[PAM_USER_UNKNOWN] = "user_unknown",
	[PAM_MAXTRIES] = "maxtries",
	[PAM_NEW_AUTHTOK_REQD] = "new_authtok_reqd",
	[PAM_ACCT_EXPIRED] = "acct_expired",
	[PAM_SESSION_ERR] = "session_err",
	[PAM_CRED_UNAVAIL] = "cred_unavail",
	[PAM_CRED_EXPIRED] = "cred_expired",
	[PAM_CRED_ERR] = "cred_err",
	[PAM_NO_MODULE_DATA] = "no_module_data",
	[PAM_CONV_ERR] = "conv_err",
	[PAM_AUTHTOK_ERR] = "authtok_err",
	[PAM_AUTHTOK_RECOVER_ERR] = "authtok_recover_err",
	[PAM_AUTHTOK_LOCK_BUSY] = "authtok_lock_busy",
	[PAM_AUTHTOK_DISABLE_AGING] = "authtok_disable_aging",
	[PAM_TRY_AGAIN] = "try_again",
	[PAM_IGNORE] = "ignore",
	[PAM_ABORT] = "abort",
	[PAM_AUTHTOK_EXPIRED] = "authtok_expired",
	[PAM_MODULE_UNKNOWN] = "module_unknown",
	[PAM_BAD_ITEM] = "bad_item",
	[PAM_CONV_AGAIN] = "conv_again",
	[PAM_INCOMPLETE] = "incomplete",
	[PAMCONTROL_CODES] = "default",
};

static const char *const action_names[] = {
	[-PAMCONTROL_IGNORE] = "ignore",
	[-PAMCONTROL_OK] = "ok",
	[-PAMCONTROL_DONE] = "done",
	[-PAMCONTROL_BAD] = "bad",
	[-PAMCONTROL_DIE] = "die",
	[-PAMCONTROL_RESET] = "reset",
};

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
