/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_PROTOCOL_H
#define PAM_UNSHARE_PROTOCOL_H

/*
 * What an application and PID 1 say to each other, over a SOCK_SEQPACKET socket for each
 * application. A message is one byte, with a descriptor where it says so (SCM_RIGHTS, unix(7)).
 *
 * The application that opens a session starts PID 1 with its socket. One that joins a session
 * that is there (scope=user, scope=group) connects to where PID 1 listens: a name in RUN_DIRECTORY,
 * which only root can enter.
 */
#define MESSAGE_JOIN    'j' /* application: count me in; with a pidfd of itself */
#define MESSAGE_WELCOME 'w' /* PID 1: you are */
#define MESSAGE_CLOSE   'c' /* application: my login is over */
#define MESSAGE_DONE    'd' /* PID 1: no live process is left, or others keep the session open */

#define RUN_DIRECTORY "/run/pam_unshare"

#endif
