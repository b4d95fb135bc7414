/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_NSINFO_STACKS_H
#define TESTS_UNIT_NSINFO_STACKS_H

/* A made-up tree with files of PAM, for the tests of what is read and what is said of it. */

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/strings.h"
#include "check/findings.h"
#include "read/pamconf.h"
#include "tree.h"

struct fixture {
	char *root;
	struct pamconf conf;
	struct findings findings;
};

static int set_up(void **state)
{
	struct fixture *f = memory_check(calloc(1, sizeof(*f)));

	f->root = tree_new();
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	pamconf_free(&f->conf);
	findings_free(&f->findings);
	tree_free(f->root);
	free(f);
	return 0;
}

static void service(struct fixture *f, const char *name, const char *text)
{
	_cleanup_free_ char *path = string_format("etc/pam.d/%s", name);

	tree_write(f->root, path, text);
}

#endif
