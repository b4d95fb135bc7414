/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_PARALLEL_H
#define NSINFO_PARALLEL_H

#include <stddef.h>

/*
 * parallel - call WORK for each index below COUNT, on as many processors as there are.
 * @work: may run in several threads at a time; touches nothing but the item of its index.
 *
 * Reading /proc is the kernel's work, not ours, and the kernel does it on each processor. Returns
 * when all is done, and no thread is left: setns(2) asks for that.
 */
void parallel(size_t count, void (*work)(void *data, size_t index), void *data);

#endif
