/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_COMMANDS_H
#define NSINFO_COMMANDS_H

#include "cli.h"

/* The commands, one file each in this room; nsinfo.c has their order in --help. */
extern const struct command command_status, command_list, command_show, command_ps, command_pid,
	command_exec, command_kill, command_check;

#endif
