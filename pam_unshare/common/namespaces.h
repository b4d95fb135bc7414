/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_NAMESPACES_H
#define PAM_UNSHARE_NAMESPACES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/syscalls.h"

/*
 * The kernel's namespaces (namespaces(7)): the name in /proc/PID/ns, the flag of clone(2), and
 * whether the option with= takes it. This is the only list: a new one for with= is a line here and
 * its test in tests/e2e/policy.sh. WITH(name, flag) is for those of with=, OWN for the others.
 */
#define NAMESPACES(OWN, WITH)                                                                      \
	OWN("pid", CLONE_NEWPID)                                                                   \
	OWN("mnt", CLONE_NEWNS)                                                                    \
	WITH("ipc", CLONE_NEWIPC)                                                                  \
	WITH("uts", CLONE_NEWUTS)                                                                  \
	WITH("cgroup", CLONE_NEWCGROUP)                                                            \
	WITH("net", CLONE_NEWNET)                                                                  \
	WITH("time", CLONE_NEWTIME)                                                                \
	OWN("user", CLONE_NEWUSER)

#define NAMESPACES_ONE_MORE(name, flag) +1 /* NOLINT(bugprone-macro-parentheses) */
#define NAMESPACES_COUNT                (0 NAMESPACES(NAMESPACES_ONE_MORE, NAMESPACES_ONE_MORE))

struct namespace
{
	const char *name; /* as in /proc/PID/ns */
	int flag;         /* CLONE_NEW* */
	bool with;        /* the option with= takes it */
};

extern const struct namespace namespaces[NAMESPACES_COUNT];

/* The names of those that with= takes, as a literal: "ipc uts cgroup net time". */
#define NAMESPACES_NO_NAME(name, flag)
#define NAMESPACES_NAME(name, flag) " " name
#define NAMESPACES_OF_WITH          NAMESPACES(NAMESPACES_NO_NAME, NAMESPACES_NAME)

/* namespaces_find - the one that is called so (LENGTH bytes of NAME), or NULL. */
const struct namespace *namespaces_find(const char *name, size_t length);

#endif
