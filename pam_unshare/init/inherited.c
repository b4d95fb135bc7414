/* SPDX-License-Identifier: MIT */
#include "init/inherited.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/descriptors.h"
#include "common/facts.h"

#define CAPABILITIES_MAX 64 /* bits in the kernel's set, capget(2) */
#define CAP_KILL         5  /* capabilities(7); musl-gcc has no linux/capability.h */

/* The kernel's struct __user_cap_header_struct and __user_cap_data_struct, capget(2). */
struct capability_header {
	uint32_t version;
	int32_t pid;
};
struct capability_data {
	uint32_t effective, permitted, inheritable;
};

/*
 * The kernel prefers to end a process with a high oom_score_adj, and a user may raise it for all
 * that is started afterwards (proc_pid_oom_score_adj(5)). Lowering it takes CAP_SYS_RESOURCE below
 * what root once set, and a /proc that can be written to.
 */
bool inherited_reset_oom_score(void)
{
	char text[8];
	int fd = openat(FACT_FD_PROC, "self/oom_score_adj", O_RDONLY | O_CLOEXEC);
	bool is_zero = fd != -1 && read(fd, text, sizeof(text)) == 2 && text[0] == '0';

	descriptor_close(&fd);
	if (!is_zero) {
		fd = openat(FACT_FD_PROC, "self/oom_score_adj", O_WRONLY | O_CLOEXEC);
		is_zero = fd != -1 && write(fd, "0", 1) == 1;
		descriptor_close(&fd);
	}
	return is_zero;
}

/*
 * The module leaves CAP_KILL, and CAP_SETPCAP and CAP_SYS_RESOURCE until here (launch.c); now the
 * bounding set goes down to CAP_KILL, and so do all others.
 */
int inherited_drop_capabilities(void)
{
	struct capability_header header = {.version = 0x20080522}; /* _LINUX_CAPABILITY_VERSION_3 */
	struct capability_data data[2] = {
		{.effective = 1 << CAP_KILL, .permitted = 1 << CAP_KILL},
	};

	for (unsigned long c = 0; c < CAPABILITIES_MAX; c++) {
		if (c == CAP_KILL || prctl(PR_CAPBSET_DROP, c, 0, 0, 0) == 0)
			continue;
		if (errno != EINVAL || c < CAP_KILL)
			return -1;
		break; /* beyond the last that this kernel knows */
	}
	return (int)syscall(SYS_capset, &header, data); /* ambient ones go with the inheritable */
}

rlim_t inherited_raise_files(void)
{
	struct rlimit files = {.rlim_cur = 0};

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	return files.rlim_cur;
}
