/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_PROTOCOL_H
#define PAM_UNSHARE_PROTOCOL_H

/*
 * The version of all that the module and session-init must agree on: the messages below, the facts
 * and the descriptors (facts.h), and the name of the place where logins meet. Increase it with each
 * change of these: the two of different versions then never meet. session-init is installed in a
 * directory of its version, where the module looks for its own; a PID 1 that was started before an
 * upgrade has a name that the new module does not ask for, and goes on with the applications that
 * have its session open. 1 was the version of 0.1.0, which did not say it.
 */
#define PROTOCOL_VERSION 3

/*
 * What an application and PID 1 say to each other, over a SOCK_SEQPACKET socket for each
 * application. A message is one byte; behind that of MESSAGE_JOIN is the version
 * of the protocol as another, and a pidfd of the application comes with it (SCM_RIGHTS, unix(7)).
 *
 * The application that opens a session starts PID 1 with its socket. One that joins a session
 * that is there (scope=user, scope=group) connects to where PID 1 listens: a name in RUN_DIRECTORY,
 * which only root can enter.
 */
#define MESSAGE_JOIN    'j' /* application: count me in */
#define MESSAGE_WELCOME 'w' /* PID 1: you are */
#define MESSAGE_CLOSE   'c' /* application: my login is over */
#define MESSAGE_ENDING  'e' /* PID 1: the session ends, which may take the grace time */
#define MESSAGE_DONE    'd' /* PID 1: no live process is left, or others keep the session open */

#define RUN_DIRECTORY "/run/pam_unshare"

#endif
