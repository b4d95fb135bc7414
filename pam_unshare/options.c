/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	size_t flag; /* offset of a bool in struct options */
} flags[] = {
	{"debug", offsetof(struct options, debug)},
	{"root", offsetof(struct options, root)},
};

static bool parse_flag(const char *word, struct options *options)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		if (strcmp(word, flags[i].name) == 0) {
			*(bool *)((char *)options + flags[i].flag) = true;
			return true;
		}
	}
	return false;
}

int options_parse(int argc, const char **argv, struct options *options, struct error *error)
{
	int result = 0;

	*options = (struct options){.grace_ms = 2000};
	for (int i = 0; i < argc; i++) {
		if (!parse_flag(argv[i], options) && result == 0) {
			result = error_set(error, 0, "understand the option", argv[i]);
			error->remedy = "correct the line of pam_unshare.so in /etc/pam.d; "
					"the options are: debug, root";
		}
	}
	return result;
}
