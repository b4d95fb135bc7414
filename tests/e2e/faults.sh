#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Usage: faults.sh su|sudo|sshd
#
# Each system call of the opening and of the close fails in turn, with each error that its manual page lists: in the
# application, in the process that starts PID 1, and in PID 1. Whichever it is, alice is isolated or refused, the
# application's next child is wholly inside or wholly outside, nothing hangs and nothing is left.
. "$(dirname "$0")/../lib/libtest.sh"
. "$lib/trace.sh"

service=${1:-su}
have "system calls that fail in a login by $service" "$service" || finish
can_trace "system calls that fail in a login by $service" || finish
case $service in sshd) width=4 ;; *) width=2 ;; esac

# The errors of CALL, from its page in section 2 of the Linux manual. Not those of what is never asked for: of
# openat(2) those of O_CREAT and of writing, of send(2) those of an address, of prctl(2) and fcntl(2) those of
# other operations.
errors() {
	case $1 in
	stat | newfstatat | fstatat64 | fstat | statx) echo EACCES EBADF EFAULT EINVAL ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EOVERFLOW ;;
	statfs | fstatfs) echo EACCES EBADF EFAULT EINTR EIO ELOOP ENAMETOOLONG ENOENT ENOMEM ENOSYS ENOTDIR EOVERFLOW ;;
	open | openat) echo EACCES EBADF EBUSY EFAULT EINTR EINVAL ELOOP EMFILE ENAMETOOLONG ENFILE ENODEV ENOENT ENOMEM ENOTDIR ENXIO EOVERFLOW EPERM ;;
	openat2) echo E2BIG EACCES EAGAIN EBADF EFAULT EINTR EINVAL ELOOP EMFILE ENAMETOOLONG ENFILE ENOENT ENOMEM ENOSYS ENOTDIR EPERM EXDEV ;;
	getcwd) echo EACCES EFAULT EINVAL ENAMETOOLONG ENOENT ENOMEM ERANGE ;;
	read) echo EAGAIN EBADF EFAULT EINTR EINVAL EIO EISDIR ;;
	write) echo EAGAIN EBADF EFAULT EINTR EINVAL EIO EPERM ;;
	close) echo EBADF EINTR EIO ENOSPC ;;
	pidfd_open) echo EINVAL EMFILE ENFILE ENODEV ENOMEM ESRCH ;;
	socketpair) echo EFAULT EMFILE ENFILE EOPNOTSUPP ;;
	sendmsg | sendto) echo EACCES EAGAIN EBADF ECONNRESET EFAULT EINTR EINVAL EMSGSIZE ENOBUFS ENOMEM ENOTCONN ENOTSOCK EOPNOTSUPP EPIPE ;;
	recvmsg | recvfrom) echo EAGAIN EBADF ECONNREFUSED EFAULT EINTR EINVAL ENOMEM ENOTCONN ENOTSOCK ;;
	rt_sigprocmask) echo EFAULT EINVAL ;;
	unshare) echo EINVAL ENOMEM ENOSPC EPERM EUSERS ;;
	setns) echo EBADF EINVAL ENOMEM EPERM ESRCH ;;
	mmap | munmap | mremap) echo EACCES EAGAIN EBADF EEXIST EINVAL ENFILE ENODEV ENOMEM EOVERFLOW EPERM ETXTBSY ;;
	madvise) echo EACCES EAGAIN EBADF EBUSY EFAULT EINVAL EIO ENOMEM EPERM ;;
	prctl) echo EACCES EFAULT EINVAL EPERM ;;
	clone | clone3) echo EACCES EAGAIN EBUSY EEXIST EINVAL ENOMEM ENOSPC EOPNOTSUPP EPERM EUSERS ;;
	wait4) echo EAGAIN ECHILD EINTR EINVAL ESRCH ;;
	futex) echo EACCES EAGAIN EFAULT EINTR EINVAL ENOMEM ENOSYS EPERM ;;
	chdir | fchdir) echo EACCES EBADF EFAULT EIO ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR ;;
	chroot) echo EACCES EFAULT EIO ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EPERM ;;
	poll | ppoll) echo EFAULT EINTR EINVAL ENOMEM ;;
	fcntl) echo EBADF EINVAL EMFILE ;;
	mount) echo EACCES EBUSY EFAULT EINVAL ELOOP EMFILE ENAMETOOLONG ENODEV ENOENT ENOMEM ENOTBLK ENOTDIR ENXIO EPERM EROFS ;;
	umount2) echo EAGAIN EBUSY EFAULT EINVAL ENAMETOOLONG ENOENT ENOMEM EPERM ;;
	fsopen) echo EBUSY EFAULT EINVAL EMFILE ENFILE ENODEV ENOMEM EPERM ENOSYS ;;
	fsconfig) echo EACCES EBADF EBUSY EFAULT EINVAL ENOENT ENOMEM ENODEV ENOTBLK ENXIO EOPNOTSUPP EPERM EROFS ;;
	fsmount) echo EBUSY EINVAL EMFILE ENFILE ENOMEM EPERM ;;
	open_tree) echo EACCES EBADF EFAULT EINVAL ELOOP EMFILE ENAMETOOLONG ENFILE ENOENT ENOMEM ENOTDIR EPERM ;;
	move_mount) echo EACCES EBADF EBUSY EFAULT EINVAL ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EPERM ;;
	setsid) echo EPERM ;;
	dup2 | dup3) echo EBADF EBUSY EINTR EINVAL EMFILE ;;
	close_range) echo EINVAL EMFILE ENOMEM ;;
	setgroups) echo EFAULT EINVAL ENOMEM EPERM ;;
	setresuid | setresgid) echo EAGAIN EINVAL EPERM ;;
	capset | capget) echo EFAULT EINVAL EPERM ESRCH ;;
	execve) echo E2BIG EACCES EAGAIN EFAULT EINVAL EIO EISDIR ELIBBAD ELOOP EMFILE ENAMETOOLONG ENFILE ENOENT ENOEXEC ENOMEM ENOTDIR EPERM ETXTBSY ;;
	arch_prctl) echo EFAULT EINVAL EPERM ;;
	signalfd4) echo EBADF EINVAL EMFILE ENFILE ENODEV ENOMEM ;;
	sched_setattr) echo E2BIG EBUSY EINVAL EPERM ESRCH ;;
	sched_setaffinity) echo EFAULT EINVAL EPERM ESRCH ;;
	prlimit64) echo EFAULT EINVAL EPERM ESRCH ;;
	lseek) echo EBADF EINVAL ENXIO EOVERFLOW ESPIPE ;;
	getdents64) echo EBADF EFAULT EINVAL ENOENT ENOTDIR ;;
	kill) echo EINVAL EPERM ESRCH ;;
	getpid | gettid | getuid | geteuid | set_tid_address | exit | exit_group) ;; # they cannot fail
	*) echo "no errors of $1 are known here" >&2; return 1 ;;
	esac
}

# --- what is so after each failure -------------------------------------------------------------------

# Behind our line, a child of the application notes where it is; in the copy's /run, which is the same inside.
cat >/usr/bin/note-place <<'EOT'
#!/bin/sh
echo "$PAM_TYPE $(readlink /proc/self/ns/pid) $(readlink /proc/self/ns/mnt) $(pwd -P)." >>/run/places
EOT
chmod 755 /usr/bin/note-place
sed -i 's|^session required pam_unshare.so.*|&\nsession optional pam_exec.so quiet /usr/bin/note-place|' "/etc/pam.d/$service"
cd /home/alice

# fail_at ROLE NAME NUMBER ERROR [CALL]: prints what is wrong.
fail_at() {
	local start=$EPOCHREALTIME ns status tracer report=$scratch/failed.$1.$2.$3.$4
	case $1 in
	application) tracer=(strace -o "$report" -e "trace=$2" -e "inject=$2:error=$4:when=$3") ;;
	*) tracer=("$COPY_BUILD/tests/e2e/inject" "$1" "$5" "$3" "$4" "$report") ;;
	esac
	ns=$("via_$service" timeout -s KILL $((20 * PATIENCE)) "${tracer[@]}" 2>/dev/null)
	status=$?
	elapsed "$start" $((15 * PATIENCE)) || echo "$2 number $3 fails with $4: it hangs"
	[ "$ns" != "$host_pid_ns" ] || echo "$2 number $3 fails with $4: alice is on the host"
	[ -n "$ns" ] || [ $status != 0 ] || echo "$2 number $3 fails with $4: no session, and no refusal"
}

after_batch() { wait_until 10 no_session || echo "$1: it leaves something"; }

# Whether a child of the application was half inside, or one of a closed application not outside.
halves() {
	awk -v pid="$host_pid_ns" -v mnt="$host_mnt_ns" -v cwd="$cwd" '
		/\.$/ && NF == 4 && ($2 == pid) != ($3 == mnt) { print "half inside:", $0 }
		/\.$/ && NF == 4 && $2 == pid && $4 != cwd { print "in another directory:", $0 }
		/^close_session.*\.$/ && NF == 4 && $2 != pid { print "not back:", $0 }' /run/places
}

# fails_well ROLE CALL: each of its calls with each error.
fails_well() {
	local role=$1 call=$2 number which error all least failed
	rm -f "$scratch"/failed.*
	: >/run/places
	forget_log
	grep "^$call " "$scratch/$role" | while read -r _ number which; do
		for error in $(errors "$call"); do echo "$role $call $number $error $which"; done
	done >"$scratch/todo"
	several $width "$scratch/todo" fail_at >"$scratch/wrong"
	# What the kernel refuses at the close, it refuses; then there is a line in the log.
	if [ "$role" = application ] && grep -Eq 'cannot (go back to|take out) the' /run/syslog; then
		halves | grep -v -e ' close_session' -e ':.*close_session'
	else
		halves
	fi >>"$scratch/wrong"
	all=$(wc -l <"$scratch/todo")
	# What the application, the starter and PID 1 call until it executes session-init, they always call. Later the
	# scheduler decides what PID 1 sees of the end of the others, and whether the application has to wait for it at all.
	least=$((all * 9 / 10))
	[ "$role" != init ] || least=$(awk -v call="$call" -v errors="$(errors "$call" | wc -w)" '
		$1 == "execve" { print 1; exit }
		$1 == call { print int(errors * 9 / 10); exit }' "$scratch/init")
	[ "$call" != futex ] || least=1
	case $role in
	application) failed=$(cat "$scratch"/failed.* | grep -c INJECTED) ;;
	*) failed=$(ls "$scratch"/failed.* | wc -l) ;;
	esac
	cat "$scratch/wrong"
	[ ! -s "$scratch/wrong" ] && [ "$all" -gt 0 ] && [ "$failed" -ge "$least" ] && return
	echo "$failed of $all failed; the log:"
	tail -n 20 /run/syslog
	return 1
}

# --- in turn -----------------------------------------------------------------------------------------

trace "$service" "$scratch/application"
trace_starter "$scratch/starter"
trace_init "$scratch/init"
: >/run/places
"via_$service" >/dev/null 2>&1
wait_until 10 grep -q ^close_session /run/places
cwd=$(awk '/^close_session/ { print $4 }' /run/places)
check "an undisturbed login goes in and comes back" same '' "$(halves)"
for role in application starter init; do
	for call in $(awk '{ print $1 }' "$scratch/$role" | sort -u); do
		[ -n "$(errors "$call" 2>&1)" ] || continue
		check "$service: if $call fails in the $role, alice is isolated or refused, and all is as it was" \
			fails_well "$role" "$call"
	done
done
rm /run/places
check "after all of that nothing is left" nothing_left
finish
