/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_EXEC_OUTSIDE_H
#define NSINFO_EXEC_OUTSIDE_H

#include "exec/plan.h"

/* exec_run - start the command, and serve it until it has ended. Returns nsinfo's exit status. */
int exec_run(struct exec_plan *plan);

#endif
