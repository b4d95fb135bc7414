/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_INIT_SETTINGS_H
#define PAM_UNSHARE_INIT_SETTINGS_H

#include <stdbool.h>

/* The facts that PID 1 obeys (common/facts.h). */
struct settings {
	long long protocol; /* that the module speaks; -1 if it does not say */
	int grace_ms;       /* between SIGTERM and SIGKILL */
	bool lingers;       /* goes on after the last close, for as long as something lives */
	const char *socket; /* the name where others join; NULL if the session is not shared */
	long long inode;    /* that this name leads to; -1 if it is not known */
};

/* settings_read - from the environment. Strings stay there. */
struct settings settings_read(void);

#endif
