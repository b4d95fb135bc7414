/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_CONTEXT_H
#define PAM_UNSHARE_CONTEXT_H

/*
 * context_keep - see to it that the application knows its SELinux context while a session is open.
 *
 * libselinux reads it from /proc/self, where the application is not then, and sshd ends a login
 * with a terminal that it cannot label. But libselinux remembers the context that a thread has set
 * (libselinux, procattr.c). So the application sets the one that it has. It does so only if it is
 * linked with libselinux, and if the policy allows it, as our module does for sshd.
 *
 * Call it in the application, before a namespace is changed. What fails changes nothing.
 */
void context_keep(void);

#endif
