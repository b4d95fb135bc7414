/* SPDX-License-Identifier: MIT */

/* Any words on the PAM line, or in a rule, and the message that they lead to. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "policy/options.h"
#include "policy/subjects.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *at = text;
	const char *argv[32];
	struct options options;
	struct error error;
	char message[1024];
	int argc = 0;

	while (argc < 32 && at)
		argv[argc++] = strsep(&at, " \n");
	if (options_parse(argc, argv, &options, &error) < 0) {
		error_format(&error, argv[0], message, sizeof(message));
		for (const char *c = message; *c != '\0'; c++)
			FUZZ_HOLDS(*c >= ' ' && *c <= '~');
		FUZZ_HOLDS(error.remedy);
	}
	FUZZ_HOLDS(options.grace_ms <= 3600000);
	FUZZ_HOLDS(memchr(options.proc, '\0', sizeof(options.proc)));
	for (int i = 0; i < argc; i++) {
		struct login login = {.user = "alice", .uid = 1000, .groups_known = true};

		options = options_default();
		options_parse_rule(argv[i], &options, &error);
		if (subjects_check(argv[i], &error) == 0)
			subjects_match(argv[i], &login, &error);
		services_match(argv[i], "sshd", &error);
	}
	free(text);
	return 0;
}
