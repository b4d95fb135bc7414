/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_REQUEST_H
#define PAM_UNSHARE_REQUEST_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/report.h"

/* Who opens a session and how. The strings stay the caller's; NULL if not known. */
struct session_request {
	const char *user;
	uid_t uid;
	const char *service;
	const char *tty;
	const char *rhost;
	const char *init;       /* path of session-init */
	const char *proc;       /* further options of the private /proc; or NULL */
	unsigned int grace_ms;  /* between SIGTERM and SIGKILL at the end */
	bool linger;            /* after the last close, stay as long as there is a process */
	bool private;           /* no mount propagation from the host either */
	int namespaces;         /* CLONE_NEW*: further namespaces */
	char share;             /* 'u', 'g': with all logins of this uid, gid; 0: with nobody */
	unsigned long share_id; /* the uid or gid */
	struct report *report;  /* gets what debug tells; or NULL */
};

#endif
