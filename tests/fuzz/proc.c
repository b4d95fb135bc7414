/* SPDX-License-Identifier: MIT */

/* Any /proc/PID, as nsinfo reads it: a process can give itself any name and any arguments. */

#include <errno.h>

#include "directory.h"
#include "read/proc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const directories[] = {"42", "self", "self/ns", NULL};
	static const char *const files[] = {"stat", "status", "environ", "cmdline", "comm"};
	struct proc_status status;
	struct proc_stat stat;
	struct proc proc;
	char *text;
	size_t length;

	fuzz_make_directory(directories);
	if (symlink("pid:[4026531836]", "self/ns/pid") == -1)
		FUZZ_HOLDS(errno == EEXIST);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		char path[32];

		snprintf(path, sizeof(path), "42/%s", files[i]);
		fuzz_write(path, data, size);
	}
	FUZZ_HOLDS(proc_open(&proc, fuzz_directory) == 0);
	proc_status(&proc, 42, &status);
	proc_stat(&proc, 42, &stat);
	free(proc_command(&proc, 42));
	free(proc_comm(&proc, 42));
	if (proc_read(&proc, 42, "environ", &text, &length) == 0) {
		proc_environ(text, length, "PAM_UNSHARE_USER");
		free(text);
	}
	proc_close(&proc);
	return 0;
}
