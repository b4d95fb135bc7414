/* SPDX-License-Identifier: MIT */
#include "rlimits.h"

#include <errno.h>
#include <stdio.h>

#include "common/syscalls.h"

static const struct {
	int resource;
	const char *name;
} known[RLIMITS_COUNT] = {
	{RLIMIT_AS, "RLIMIT_AS"},
	{RLIMIT_DATA, "RLIMIT_DATA"},
};

static bool set_both(int resource, rlim_t value)
{
	const struct rlimit limit = {.rlim_cur = value, .rlim_max = value};

	return sys_prlimit(resource, &limit, NULL) == 0;
}

void rlimits_lift(struct rlimits *limits)
{
	for (size_t i = 0; i < RLIMITS_COUNT; i++) {
		struct rlimit *before = &limits->before[i];
		const int resource = known[i].resource;

		limits->lifted[i] =
			sys_prlimit(resource, NULL, before) == 0 &&
			before->rlim_cur != RLIM_INFINITY &&
			(set_both(resource, RLIM_INFINITY) || set_both(resource, before->rlim_max));
	}
}

int rlimits_restore(const struct rlimits *limits)
{
	int code = 0;

	for (size_t i = 0; i < RLIMITS_COUNT; i++)
		if (limits->lifted[i] &&
			sys_prlimit(known[i].resource, &limits->before[i], NULL) == -1)
			code = errno;
	errno = code;
	return code ? -1 : 0;
}

void rlimits_explain(struct error *error)
{
	const char *before = error->object[0] != '\0' ? " within" : "within";
	struct rlimit limit;
	char text[80];

	if (error->code != ENOMEM)
		return;
	for (size_t i = 0; i < RLIMITS_COUNT; i++) {
		if (sys_prlimit(known[i].resource, NULL, &limit) == -1 ||
			limit.rlim_cur == RLIM_INFINITY)
			continue;
		snprintf(text, sizeof(text), "%s the %llu KiB of %s", before,
			(unsigned long long)limit.rlim_cur / 1024, known[i].name);
		error_add(error, text);
		error->remedy =
			"raise it for the user (\"as\" and \"data\" in limits.conf, pam_limits), "
			"or give the application CAP_SYS_RESOURCE";
		before = " and";
	}
}
