/* SPDX-License-Identifier: MIT */

/* Any PAM stack, as nsinfo check reads it. */

#include "directory.h"
#include "read/pamconf.h"

static size_t count_name(const uint8_t *data, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i + 4 <= size; i++)
		count += memcmp(data + i, "sshd", 4) == 0;
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const directories[] = {"etc", "etc/pam.d", NULL};
	static const char common[] = "session required pam_unix.so\n@include other\n";
	struct pamconf conf;

	/* A stack that includes itself N times has N to the 16th lines, for libpam too. */
	if (count_name(data, size) > 1)
		return 0;
	fuzz_make_directory(directories);
	fuzz_write("etc/pam.d/sshd", data, size);
	fuzz_write("etc/pam.d/common", common, sizeof(common) - 1);
	pamconf_read(fuzz_directory, "sshd", &conf);
	pamconf_free(&conf);
	return 0;
}
