/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_CHECK_CONNECTOR_H
#define NSINFO_CHECK_CONNECTOR_H

#include <stdbool.h>

#include "check/findings.h"

/*
 * The proc connector: netlink messages about every fork, exec, exit, change of name and of uid on
 * the machine. Until Linux 6.5 they were for CAP_NET_ADMIN; from 6.6 anybody may read them
 * (drivers/connector/connector.c, NL_CFG_F_NONROOT_RECV), also from inside a session.
 */

/* In this order. */
enum connector_step {
	CONNECTOR_FORK,   /* a process to try it in */
	CONNECTOR_NOBODY, /* become a user without rights */
	CONNECTOR_SOCKET,
	CONNECTOR_BIND, /* join the group of those who are told */
	CONNECTOR_HEAR, /* fork, and look whether that was told */
	CONNECTOR_ASK,  /* ask the kernel to tell, and look again */
	CONNECTOR_DONE,
};

struct connector_trial {
	enum connector_step step; /* the one that failed, or CONNECTOR_DONE */
	int code;                 /* with which errno */
	bool heard;
	bool unasked;      /* heard because somebody else has asked */
	bool acknowledged; /* the kernel has heeded that we asked */
	bool container;    /* not the machine's first PID and user namespace: asking is ignored */
};

/*
 * connector_try - open it as nobody (as root), or as who we are, and look whether a fork is told.
 * Whether anybody is told is a count of those who asked. This asks for a moment only, and takes
 * that back. The trial is filled in every case.
 */
void connector_try(struct connector_trial *trial);

/* connector_judge - what it means, as a finding. */
void connector_judge(struct findings *findings, const struct connector_trial *trial);

#endif
