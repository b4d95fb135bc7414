/* SPDX-License-Identifier: MIT */
#include "context.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include "common/selinux.h"

/* A member of a union, as ISO C knows no conversion of dlsym's pointer (dlsym(3)). */
union function {
	void *address;
	int (*getcon_raw)(char **context);
	int (*setcon_raw)(const char *context);
	void (*freecon)(char *context);
};

static bool find(const char *name, union function *function)
{
	function->address = dlsym(RTLD_DEFAULT, name);
	return function->address != NULL;
}

void context_keep(void)
{
	union function get, set, release;
	char *context = NULL;

	if (!selinux_enforces() || !find("getcon_raw", &get) || !find("setcon_raw", &set) ||
		!find("freecon", &release) || get.getcon_raw(&context) == -1)
		return;
	if (selinux_allows(context, context, "process", "setcurrent") == 1 &&
		selinux_allows(context, context, "process", "dyntransition") == 1)
		(void)set.setcon_raw(context);
	release.freecon(context);
}
