/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_EXEC_INSIDE_H
#define NSINFO_EXEC_INSIDE_H

#include "exec/plan.h"

/* exec_monitor - the monitor, from its birth by fork(2) on. */
void exec_monitor(const struct exec_plan *plan) __attribute__((noreturn));

#endif
