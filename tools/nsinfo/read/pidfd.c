/* SPDX-License-Identifier: MIT */

#include "read/pidfd.h"

#include <errno.h>
#include <unistd.h>

#include "common/syscalls.h"

int pidfd_open_process(const struct proc *proc, const struct process *process)
{
	int fd = sys_pidfd_open(process->pid);
	uint64_t ns;

	if (fd == -1)
		return -errno;
	/* Looked at after the descriptor was opened: it is this process or a dead one. */
	if (process->ns != 0 && proc_ns(proc, process->pid, "pid", &ns) == 0 && ns == process->ns)
		return fd;
	close(fd);
	return -ESRCH;
}

int pidfd_signal(int pidfd, int signal)
{
	return sys_pidfd_send_signal(pidfd, signal) == -1 ? -errno : 0;
}
