/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_FACTS_H
#define PAM_UNSHARE_FACTS_H

/*
 * The facts of a session are the environment of its PID 1: the module writes them when it starts
 * PID 1, session-init reads the ones it obeys, nsinfo shows them. The kernel lets root on the host
 * read /proc/PID/environ, and not the user inside (proc(5), ptrace(2): PTRACE_MODE_READ_FSCREDS).
 *
 * Every fact is one "NAME=VALUE" string. A fact that is not known is left out, never empty.
 * Values come from the network and from NSS: they may hold any byte but NUL.
 */
#define FACT_USER     "PAM_UNSHARE_USER"    /* login name, PAM_USER */
#define FACT_UID      "PAM_UNSHARE_UID"     /* its uid, decimal */
#define FACT_SERVICE  "PAM_UNSHARE_SERVICE" /* PAM_SERVICE: the file in /etc/pam.d */
#define FACT_TTY      "PAM_UNSHARE_TTY"     /* PAM_TTY */
#define FACT_RHOST    "PAM_UNSHARE_RHOST"   /* PAM_RHOST */
#define FACT_START    "PAM_UNSHARE_START"   /* when it opened: seconds since the Epoch, decimal */
#define FACT_SCOPE    "PAM_UNSHARE_SCOPE"   /* who shares it: "session", "user" or "group" */
#define FACT_GRACE    "PAM_UNSHARE_GRACE" /* between SIGTERM and SIGKILL at the end: milliseconds */
#define FACT_CLOSE    "PAM_UNSHARE_CLOSE" /* after the last close: "kill" or "linger" */
#define FACT_SOCKET   "PAM_UNSHARE_SOCKET"   /* name of the listening socket; if it is shared */
#define FACT_INODE    "PAM_UNSHARE_INODE"    /* that the name led to when it was taken, decimal */
#define FACT_PROTOCOL "PAM_UNSHARE_PROTOCOL" /* PROTOCOL_VERSION of who wrote these, decimal */

/* PID 1's title, as ps(1) shows it: argv[0] alone. */
#define FACT_TITLE        "pam_unshare: "
#define FACT_TITLE_FORMAT FACT_TITLE "%s [%s]" /* user, service */

/* Descriptors that PID 1 finds open when it starts; it has 0, 1 and 2 on /dev/null and no others.
 */
#define FACT_FD_APPLICATION 3 /* pidfd of the application that opened the session */
#define FACT_FD_CHANNEL     4 /* socket to that application (protocol.h) */
#define FACT_FD_PROC        5 /* the session's procfs, a directory that lists every process */
#define FACT_FD_LISTENER    6 /* where others join, and the directory that its name is in: */
#define FACT_FD_DIRECTORY   7
#define FACT_FD_CGROUP      8 /* where PID 1 goes before they do; these three with FACT_SOCKET */

/*
 * So many logins share a session at most, each with two descriptors in PID 1; beside them it has
 * those above, a signalfd, a process that it waits for, and what it takes to turn away who finds no
 * room. PID 1 may open so many files, whatever the application that started it may.
 */
#define FACT_LOGINS_MAX 1000
#define FACT_FILES      (2 * FACT_LOGINS_MAX + 16)

#endif
