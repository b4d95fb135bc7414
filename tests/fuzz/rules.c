/* SPDX-License-Identifier: MIT */

/* Any rule file. */

#include "fuzz.h"

#include "policy/rules.c" /* for parse_file, which needs no file */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *groups[] = {(char[]){"staff"}};
	struct login login = {.user = "alice",
		.uid = 1000,
		.service = "sshd",
		.groups = groups,
		.group_count = 1,
		.groups_known = true};
	struct options options = options_default();
	struct rule rule = {.found = false};
	struct search search = {
		.options = &options, .login = &login, .rule = &rule, .file = "unshare.conf"};
	FILE *file = fmemopen((void *)(uintptr_t)data, size, "r");
	struct error error;

	if (!file) /* of an empty input */
		return 0;
	if (parse_file(file, &search, &error) < 0)
		FUZZ_HOLDS(
			error.remedy && error.line >= 1 && strcmp(error.file, "unshare.conf") == 0);
	if (rule.found)
		FUZZ_HOLDS(rule.line >= 1 && rule.options.grace_ms <= 3600000);
	fclose(file);
	return 0;
}
