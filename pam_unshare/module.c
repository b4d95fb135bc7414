/* SPDX-License-Identifier: MIT */

/* What libpam calls: pam_sm_open_session and pam_sm_close_session (pam(3), PAM's module guide). */

#include <errno.h>
#include <pwd.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <security/pam_modutil.h>
#include <stdio.h>
#include <syslog.h>

#include "config.h"
#include "error.h"
#include "options.h"
#include "policy.h"
#include "session.h"

/* Under this name the PAM handle keeps the session that was opened through it. */
#define DATA_NAME "pam_unshare_session"

static const char *get_item(const pam_handle_t *pamh, int item)
{
	const void *value = NULL;

	return pam_get_item(pamh, item, &value) == PAM_SUCCESS ? value : NULL;
}

static const char *get_user(const pam_handle_t *pamh)
{
	const char *user = get_item(pamh, PAM_USER);

	return user ? user : "";
}

static void log_error(pam_handle_t *pamh, const struct error *error)
{
	char text[1024];

	error_format(error, get_user(pamh), text, sizeof(text));
	pam_syslog(pamh, LOG_ERR, "%s", text);
}

/*
 * PAM_SYSTEM_ERR, never PAM_SESSION_ERR: sudo runs the command in spite of that one. The user
 * learns that it failed, and not why.
 */
static int refuse(pam_handle_t *pamh, int flags, const struct error *error)
{
	log_error(pamh, error);
	if (!(flags & PAM_SILENT))
		pam_error(pamh, "No private session could be opened for you; please tell the "
				"administrator of this machine.");
	return PAM_SYSTEM_ERR;
}

static void close_and_log(pam_handle_t *pamh, struct session *session)
{
	char user[128];
	struct error error;

	if (!session_is_open(session))
		return;
	if (session_close(session, &error) < 0)
		log_error(pamh, &error);
	pam_syslog(pamh, LOG_INFO, "session closed for %s: PID 1 was %ld, PID namespace %lu",
		error_printable(get_user(pamh), user, sizeof(user)),
		(long)session_init_pid(session), (unsigned long)session_namespace(session));
}

/* When the application calls pam_end without pam_close_session, or after it. */
static void clean_up(pam_handle_t *pamh, void *data, int status)
{
	if (status & PAM_DATA_SILENT) /* a forked copy of the application that is about to exec */
		return;
	close_and_log(pamh, data);
	session_free(data);
}

static struct session *get_session(const pam_handle_t *pamh)
{
	const void *data = NULL;

	return pam_get_data(pamh, DATA_NAME, &data) == PAM_SUCCESS ? (struct session *)data : NULL;
}

static int open_and_log(pam_handle_t *pamh, int flags, const struct session_request *request)
{
	struct session *session;
	struct error error;
	char user[128];
	int result;

	if (session_open(request, &session, &error) < 0)
		return refuse(pamh, flags, &error);
	result = pam_set_data(pamh, DATA_NAME, session, clean_up);
	if (result != PAM_SUCCESS) {
		struct error ignored;

		error_set(&error, ENOMEM, "keep the session in the PAM handle", NULL);
		session_close(session, &ignored);
		session_free(session);
		return refuse(pamh, flags, &error);
	}
	pam_syslog(pamh, LOG_INFO, "session opened for %s: PID 1 is %ld, PID namespace %lu",
		error_printable(request->user, user, sizeof(user)), (long)session_init_pid(session),
		(unsigned long)session_namespace(session));
	return PAM_SUCCESS;
}

int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct session_request request = {
		.service = get_item(pamh, PAM_SERVICE),
		.tty = get_item(pamh, PAM_TTY),
		.rhost = get_item(pamh, PAM_RHOST),
		.init = SESSION_INIT,
	};
	struct policy_decision decision;
	const struct passwd *passwd;
	struct options options;
	struct error error;
	int wrong = options_parse(argc, argv, &options, &error);

	if (pam_get_user(pamh, &request.user, NULL) != PAM_SUCCESS || !request.service) {
		error_set(&error, 0, "learn from the application who logs in to what", NULL);
		return refuse(pamh, flags, &error);
	}
	passwd = pam_modutil_getpwnam(pamh, request.user);
	if (!passwd) {
		error_set(&error, 0, "find the user in the user database", NULL);
		return refuse(pamh, flags, &error);
	}
	request.uid = passwd->pw_uid;
	request.grace_ms = options.grace_ms;

	if (wrong && passwd->pw_uid != 0)
		return refuse(pamh, flags, &error);
	if (wrong) { /* root gets in to repair it */
		log_error(pamh, &error);
		return PAM_SUCCESS;
	}
	decision = policy_decide(&options, request.service, request.uid);
	if (options.debug)
		pam_syslog(pamh, LOG_DEBUG, "uid %lu is %s: %s", (unsigned long)request.uid,
			decision.action == POLICY_SKIP ? "not isolated" : "isolated",
			decision.reason);
	if (decision.action == POLICY_SKIP)
		return PAM_SUCCESS;
	if (get_session(pamh)) { /* the line is there twice: su-l includes su */
		if (options.debug)
			pam_syslog(pamh, LOG_DEBUG, "this login has its session already");
		return PAM_SUCCESS;
	}
	return open_and_log(pamh, flags, &request);
}

int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags;
	(void)argc;
	(void)argv;
	/* clean_up closes it: libpam calls it for the data that is replaced (pam_set_data(3)). */
	if (get_session(pamh))
		pam_set_data(pamh, DATA_NAME, NULL, NULL);
	return PAM_SUCCESS;
}
