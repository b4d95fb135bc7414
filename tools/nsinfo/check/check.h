/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_CHECK_H
#define NSINFO_CHECK_H

#include "check/findings.h"
#include "policy/options.h"
#include "read/pamconf.h"
#include "read/sessions.h"

/* The parts of nsinfo check, a file each. ROOT is a prefix of every path: "" but in tests. */

#define CHECK_MODULE  "pam_unshare.so"
#define CHECK_SERVICE "nsinfo-check" /* no file is called so: for what is tried */

/* Who wants a service to be isolated: if somebody does, it is a problem if it is not. */
struct check_wish {
	bool asked;               /* it was named on the command line */
	const char *named;        /* where unshare.services names it, "FILE:LINE"; or NULL */
	bool ignores_session_err; /* its application goes on after PAM_SESSION_ERR, as sudo does */
};

/* The line that opens a session for a service. */
struct check_line {
	char *place; /* "FILE:LINE", or NULL if there is none. The caller frees */
	bool other;  /* it is of "other": the service has no session lines of its own */
};

/*
 * pam.c: check_service - the session stack of one service.
 * @line: filled if it is not NULL.
 * Returns whether the module is in its session stack.
 */
bool check_service(struct findings *findings, const char *root, const char *service,
	const struct check_wish *wish, struct check_line *line);

/* pam.c: check_line_options - a line's own options, as options_parse() reads them. */
int check_line_options(
	const struct pamconf_line *line, struct options *options, struct error *error);

/*
 * all.c: check_all_services - those that give logins, those that have our line, and those that are
 * to be isolated.
 */
void check_all_services(struct findings *findings, const char *root);

/*
 * policy.c: check_decision - what the line of a service and the rules decide for a user.
 * Returns false if there is no such user.
 */
bool check_decision(
	struct findings *findings, const char *root, const char *service, const char *user);

/* files.c: check_files - the module, session-init and the rule file. */
void check_files(struct findings *findings, const char *root);

/*
 * files.c: check_is_roots_own - is it root's own, and every directory above it too? Else another
 * user may put a file in its place.
 * @which: set to what is not. The caller frees.
 */
bool check_is_roots_own(const char *root, const char *path, char **which);

/* sudo.c: check_sudo - the settings of sudo. */
void check_sudo(struct findings *findings, const char *root);

/*
 * applications.c: check_other_service - an application whose settings name another service than the
 * one of its name.
 */
void check_other_service(struct findings *findings, const char *root, const char *usual,
	const char *service, bool ignores_session_err);

/*
 * applications.c: check_level_without_session - how bad is it that an application opens no session?
 * If its service has our line somebody relies on it.
 */
enum finding_level check_level_without_session(const char *root, const char *service);

/* applications.c: check_application - the service's own settings, if it is sshd or sudo. */
void check_application(struct findings *findings, const char *root, const char *service);

/* bypass.c: check_bypass - what shows the host's processes from outside a session. */
void check_bypass(struct findings *findings, const char *root);

/* programs.c: check_programs - what lets at and podman work in a session. */
void check_programs(struct findings *findings, const char *root);

/* kernel.c: check_kernel - what it can do, and how near its limits are. */
void check_kernel(struct findings *findings, struct sessions *sessions);

/* selinux.c: check_selinux - does the policy let the applications open sessions? */
void check_selinux(struct findings *findings, const char *root);

/* connector.c: check_connector - does a netlink socket tell users what runs on the machine? */
void check_connector(struct findings *findings);

/* session.c: check_session - open and close a real session in a child; root only. */
void check_session(struct findings *findings);

#endif
