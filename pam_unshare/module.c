/* SPDX-License-Identifier: MIT */

/* What libpam calls: pam_sm_open_session and pam_sm_close_session (pam(3), PAM's module guide). */

#include <errno.h>
#include <pwd.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <security/pam_modutil.h>
#include <stdint.h>
#include <stdio.h>
#include <syslog.h>

#include "config.h"
#include "bus.h"
#include "common/error.h"
#include "policy/options.h"
#include "policy/policy.h"
#include "common/protocol.h"
#include "common/selinux.h"
#include "place.h"
#include "session.h"

_Static_assert(PROTOCOL_VERSION == SESSION_INIT_PROTOCOL,
	"protocol.h has changed since the build was set up: meson setup --reconfigure");

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
 * learns that it failed, and not why. Said once, also if the line is there twice.
 */
static int refuse(pam_handle_t *pamh, int flags, const struct error *error)
{
	static const char name[] = "pam_unshare_refused";
	struct error said = *error;
	const void *refused;

	if (pam_get_data(pamh, name, &refused) == PAM_SUCCESS)
		return PAM_SYSTEM_ERR;
	pam_set_data(pamh, name, (void *)(uintptr_t)name, NULL);
	if ((said.code == EPERM || said.code == EACCES) && error_suggests(&said) &&
		selinux_enforces())
		said.remedy = "SELinux is enforcing and may deny it: load the policy "
			      "module " SELINUX_MODULE ", and see ausearch -m avc -ts recent";
	log_error(pamh, &said);
	if (!(flags & PAM_SILENT))
		pam_error(pamh, "No private session could be opened for you; please tell the "
				"administrator of this machine.");
	return PAM_SYSTEM_ERR;
}

/* PREFIX: what pam_syslog(3) writes by itself only while libpam is in a module. */
static void close_and_log(pam_handle_t *pamh, struct session *session, const char *prefix)
{
	char user[128], text[1024];
	struct error error;

	if (!session_is_open(session))
		return;
	if (session_close(session, &error) < 0) {
		error_format(&error, get_user(pamh), text, sizeof(text));
		pam_syslog(pamh, LOG_ERR, "%s%s", prefix, text);
	}
	pam_syslog(pamh, LOG_INFO, "%ssession closed for %s: PID 1 was %ld, PID namespace %lu",
		prefix, error_printable(get_user(pamh), user, sizeof(user)),
		(long)session_init_pid(session), (unsigned long)session_namespace(session));
}

/* When the application calls pam_end without pam_close_session, or after it. */
static void clean_up(pam_handle_t *pamh, void *data, int status)
{
	char prefix[128] = "";
	const char *service = get_item(pamh, PAM_SERVICE);

	if (status & PAM_DATA_SILENT) /* a forked copy of the application that is about to exec */
		return;
	if (!(status & PAM_DATA_REPLACE)) /* pam_end */
		snprintf(prefix, sizeof(prefix),
			"pam_unshare(%s:session): ", service ? service : "");
	close_and_log(pamh, data, prefix);
	session_free(data);
}

static struct session *get_session(const pam_handle_t *pamh)
{
	const void *data = NULL;

	return pam_get_data(pamh, DATA_NAME, &data) == PAM_SUCCESS ? (struct session *)data : NULL;
}

static void log_opened(pam_handle_t *pamh, const struct session *session)
{
	char user[128], text[1024];

	if (session_way(session) == WAY_OWN_INSTEAD) {
		error_format(session_why(session), get_user(pamh), text, sizeof(text));
		pam_syslog(pamh, LOG_NOTICE, "%s; the login has a session of its own", text);
	}
	pam_syslog(pamh, LOG_INFO, "session %s for %s: PID 1 is %ld, PID namespace %lu",
		session_way(session) == WAY_JOINED ? "joined" : "opened",
		error_printable(get_user(pamh), user, sizeof(user)),
		(long)session_init_pid(session), (unsigned long)session_namespace(session));
}

/* What debug tells, after the opening. */
static void log_report(pam_handle_t *pamh, struct report *report)
{
	const char *line;
	char text[512];

	while ((line = report_next(report)))
		pam_syslog(pamh, LOG_DEBUG, "%s", error_printable(line, text, sizeof(text)));
}

/* For a login whose processes are in a session. It goes on without the variable, too. */
static void reach_systemd(pam_handle_t *pamh, const struct options *options)
{
	struct error error;
	char text[1024];

	if (options->direct || bus_put(pamh, &error) == 0)
		return;
	error_format(&error, get_user(pamh), text, sizeof(text));
	pam_syslog(pamh, LOG_WARNING, "%s", text);
}

static int open_and_log(pam_handle_t *pamh, int flags, const struct session_request *request)
{
	struct session *session;
	struct error error;
	char user[128];
	int result = session_open(request, &session, &error);

	log_report(pamh, request->report);
	if (result < 0)
		return refuse(pamh, flags, &error);
	if (!session) {
		pam_syslog(pamh, LOG_INFO, "%s: the login is in its session already",
			error_printable(get_user(pamh), user, sizeof(user)));
		return PAM_SUCCESS;
	}
	if (pam_set_data(pamh, DATA_NAME, session, clean_up) != PAM_SUCCESS) {
		struct error ignored;

		error_set(&error, ENOMEM, "keep the session in the PAM handle", NULL);
		session_close(session, &ignored);
		session_free(session);
		return refuse(pamh, flags, &error);
	}
	log_opened(pamh, session);
	return PAM_SUCCESS;
}

static void log_decision(pam_handle_t *pamh, const struct login *login, const struct policy *policy)
{
	char file[256];

	pam_syslog(pamh, LOG_DEBUG, "uid %lu is %s: %s", (unsigned long)login->uid,
		policy->isolate ? "isolated" : "not isolated", policy->reason);
	if (policy->rule.found)
		pam_syslog(pamh, LOG_DEBUG, "the rule is in %s, line %u",
			error_printable(policy->rule.file, file, sizeof(file)), policy->rule.line);
}

static int refuse_unit(pam_handle_t *pamh, int flags)
{
	struct error error;

	error_explain(&error, 0, "isolate a unit of systemd", NULL,
		"it starts its program without a fork",
		"leave its user alone, or write another service behind PAMName=");
	return refuse(pamh, flags, &error);
}

/* Open a session for this login as the policy says. */
static int isolate(
	pam_handle_t *pamh, int flags, const struct login *login, const struct options *options)
{
	struct session_request request = {
		.user = login->user,
		.uid = login->uid,
		.service = login->service,
		.tty = get_item(pamh, PAM_TTY),
		.rhost = get_item(pamh, PAM_RHOST),
		.init = SESSION_INIT,
		.proc = options->proc,
		.grace_ms = options->grace_ms,
		.linger = options->linger,
		.private = options->private,
		.namespaces = options->namespaces,
		.report = options->debug ? report_new() : NULL,
	};
	int result;

	if (options->scope == SCOPE_USER) {
		request.share = 'u';
		request.share_id = login->uid;
	} else if (options->scope == SCOPE_GROUP) {
		request.share = 'g';
		request.share_id = login->gid;
	}
	result = open_and_log(pamh, flags, &request);
	report_free(request.report);
	if (result == PAM_SUCCESS)
		reach_systemd(pamh, options);
	return result;
}

/* Who logs in to what, from the PAM items and the user database. Returns 0 or a negative errno. */
static int identify(pam_handle_t *pamh, struct login *login, struct error *error)
{
	const struct passwd *passwd;

	login->service = get_item(pamh, PAM_SERVICE);
	if (pam_get_user(pamh, &login->user, NULL) != PAM_SUCCESS || !login->service)
		return error_explain(error, 0, "learn who logs in to what", NULL,
			"the application does not say so", NULL);
	errno = 0;
	passwd = pam_modutil_getpwnam(pamh, login->user);
	if (!passwd && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == EIO))
		return error_set(error, errno, "read the user database", NULL);
	if (!passwd)
		return error_explain(error, 0, "find the user", NULL,
			"the user database does not have them",
			"see that getent passwd finds the user (nsswitch.conf)");
	login->uid = passwd->pw_uid;
	login->gid = passwd->pw_gid;
	return 0;
}

int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct login login = {.uid = (uid_t)-1};
	struct options options;
	struct policy policy = {.isolate = false};
	struct error error, unknown;
	int result = options_parse(argc, (const char *const *)argv, &options, &error);

	if (result == 0 && options.close_only)
		return PAM_SUCCESS;
	if (get_session(pamh)) { /* the line is there twice: su-l includes su */
		if (options.debug)
			pam_syslog(pamh, LOG_DEBUG, "this login has its session already");
		return PAM_SUCCESS;
	}
	if (identify(pamh, &login, result < 0 ? &unknown : &error) < 0)
		return refuse(pamh, flags, &error);
	if (result == 0)
		result = policy_decide(&options, &login, &policy, &error);
	login_forget_groups(&login);
	if (result < 0 && login.uid != 0)
		return refuse(pamh, flags, &error);
	if (result < 0) { /* root gets in to repair it, unisolated */
		log_error(pamh, &error);
		return PAM_SUCCESS;
	}
	if (options.debug)
		log_decision(pamh, &login, &policy);
	if (!policy.isolate) {
		if (place_is_session()) /* sudo to root from within one */
			reach_systemd(pamh, &policy.options);
		return PAM_SUCCESS;
	}
	if (place_is_unit())
		return refuse_unit(pamh, flags);
	return isolate(pamh, flags, &login, &policy.options);
}

int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct options options;
	struct error error;

	(void)flags;
	/* What is wrong in the line was said at open, and must not keep a session from its end. */
	if (options_parse(argc, (const char *const *)argv, &options, &error) == 0 &&
		options.open_only)
		return PAM_SUCCESS;
	/* clean_up closes it: libpam calls it for the data that is replaced (pam_set_data(3)). */
	if (get_session(pamh))
		pam_set_data(pamh, DATA_NAME, NULL, NULL);
	bus_take_back(pamh);
	return PAM_SUCCESS;
}
