/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_BUS_H
#define PAM_UNSHARE_BUS_H

#include <security/pam_modules.h>

#include "common/error.h"

/*
 * How systemctl in a session reaches systemd. As root, or with --user, it talks to systemd's
 * private socket, and systemd refuses a peer that has no PID in its own PID namespace. With this
 * variable in its environment it goes by D-Bus, as it does for everybody else.
 */
#define BUS_VARIABLE "SYSTEMCTL_FORCE_BUS"

/*
 * bus_put - put the variable into the login's environment, if systemd runs here. One that another
 * module has put there stays as it is.
 *
 * Call it only for a login whose processes are in a session: on the host systemctl needs no bus,
 * and with the variable it would not work without one. Returns 0 or -ENOMEM.
 */
int bus_put(pam_handle_t *pamh, struct error *error);

/* bus_take_back - take it out again, if bus_put has put it there. */
void bus_take_back(pam_handle_t *pamh);

#endif
