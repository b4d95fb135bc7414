/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_TESTS_PTRACE_H
#define PAM_UNSHARE_TESTS_PTRACE_H

/* What ptrace(2) does in another way on each machine: a system call that is not made. */

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

/* At its entry: the kernel makes no call, for one of this number does not exist. Returns 0 or -1.
 */
static inline int ptrace_skip_call(pid_t pid)
{
#if defined(__x86_64__)
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) == -1)
		return -1;
	registers.orig_rax = (unsigned long long)-1;
	return (int)ptrace(PTRACE_SETREGS, pid, NULL, &registers);
#elif defined(__aarch64__)
	int number = -1;
	struct iovec part = {&number, sizeof(number)};

	return (int)ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &part);
#else
#error "unknown registers"
#endif
}

/* At its exit: what it returns to the program. Returns 0 or -1. */
static inline int ptrace_set_result(pid_t pid, long result)
{
	struct user_regs_struct registers;
	struct iovec part = {&registers, sizeof(registers)};

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &part) == -1)
		return -1;
#if defined(__x86_64__)
	registers.rax = (unsigned long long)result;
#elif defined(__aarch64__)
	registers.regs[0] = (unsigned long long)result;
#endif
	return (int)ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &part);
}

#endif
