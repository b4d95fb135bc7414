#!/bin/bash
# SPDX-License-Identifier: MIT
# Whatever system call of a login by su fails, in su or in what it starts: alice is isolated, or refused.
. "$(dirname "$0")/../lib/libtest.sh"

have "system calls that fail" strace || finish
strace -o /dev/null true || {
	skip "system calls that fail" "strace may not trace here"
	finish
}

# What a login by su does, and nothing that every program does to start.
calls='unshare setns clone clone3 vfork wait4 waitid mount umount2 open_tree move_mount mount_setattr fsopen fsconfig
	fsmount pidfd_open pidfd_send_signal pidfd_getfd pipe2 execve prctl capset close_range chdir fchdir chroot setsid
	madvise fcntl dup2 dup3 getcwd statfs fstatfs poll ppoll futex signalfd4 sendmsg recvmsg socketpair'

strace -f -o "$scratch/trace" su alice -c true
check "su can be traced" grep -q 'unshare(' "$scratch/trace"

# The most often that one process of the login makes the call.
times() { awk -v call="$1" '$2 ~ "^" call "\\(" { n[$1]++ } END { for (p in n) if (n[p] > max) max = n[p]; print max + 0 }' "$scratch/trace"; }

# with_fault CALL ERROR WHICH: alice is isolated or refused, and within 15 s.
with_fault() {
	local ns start=$EPOCHREALTIME
	ns=$(timeout -s KILL 15 strace -f -o /dev/null -e "inject=$1:error=$2:when=$3" \
		su alice -c 'readlink /proc/self/ns/pid' 2>/dev/null)
	elapsed "$start" 15 || echo "$1 number $3 fails with $2: su hangs"
	[ "$ns" != "$host_pid_ns" ] || echo "$1 number $3 fails with $2: alice is on the host"
}

for call in $calls; do
	times=$(times "$call")
	[ "$times" -gt 0 ] || continue
	[ "$times" -le 12 ] || times=12
	check "if $call fails, alice is isolated or refused" eval '
		for which in $(seq $times); do with_fault $call EPERM $which; done | grep . && return 1; return 0'
	check "if $call fails, nothing is left" nothing_left
done
finish
