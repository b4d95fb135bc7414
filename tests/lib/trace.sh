# SPDX-License-Identifier: MIT
#
# For the tests that kill an application at one of its system calls, or fail the call. Sourced after libtest.sh.

# What a login does: work that goes on after it, so that there is something to end.
work='setsid sleep 1000 >/dev/null 2>&1 </dev/null & readlink /proc/self/ns/pid'

# can_trace SENTENCE: true if strace(1) can; otherwise the sentence is skipped.
can_trace() {
	have "$1" strace || return
	strace -o /dev/null true || {
		skip "$1" "strace may not trace here"
		return 1
	}
}

# via_SERVICE TRACER...: alice logs in to do the work; the application alone is traced. sshd serves this one
# connection, on its standard input; in a session of its own, for ssh sends SIGHUP to its ProxyCommand when it ends.
via_su() { "$@" su alice -c "$work"; }
via_sudo() { "$@" sudo -u alice bash -c "$work"; }
via_sshd() { ssh -n -o ProxyCommand="setsid --fork --wait $(printf '%q ' "$@" /usr/sbin/sshd -i)" alice@localhost "$work"; }

# trace SERVICE FILE [all]: the system calls of the module in an undisturbed login; with "all" also those that the
# application makes between the opening and the close. A line each: its name, and its number among those of that
# name that the application has made, which is how strace counts.
trace() {
	"via_$1" strace -s 300 -o "$scratch/trace" >"$scratch/out" 2>&1
	wait_until 15 traced_to_the_end
	check "a login by $1 is traced from the opening to the close" eval '
		grep -q "unshare(\|setns(" "$scratch/trace" && grep -q "session closed" "$scratch/trace"'
	awk -v all="${3-}" '
		{ sub(/^[0-9]+ +/, ""); name = $0; sub(/\(.*/, "", name); if (name !~ /^[a-z_0-9]+$/) next; number[name]++ }
		/^madvise\(.*MADV_WIPEONFORK/ { print "mmap", number["mmap"]; within = 1 }
		/^sendto\([0-9]+, "c", 1,/ { within = 1 }
		within { print name, number[name] }
		/pam_unshare.*session (opened|joined)/ && !all { within = 0 }
		/pam_unshare.*session closed/ { exit }' "$scratch/trace" >"$2"
}

# trace_init FILE: the same of PID 1 (or of the process that starts it, as trace_starter) in a login by su; a third word
# is the number by which the kernel knows the call, as inject does.
trace_init() { trace_clone "$1" '/session-init/ { print $1; exit }'; }
trace_starter() { trace_clone "$1" '/unshare\(CLONE_NEWPID\)/ { print $1; exit }'; }
trace_clone() {
	local clone
	via_su strace -f -n -s 300 -o "$scratch/trace" >"$scratch/out" 2>&1
	clone=$(awk "$2" "$scratch/trace")
	tr -d '[]' <"$scratch/trace" | awk -v clone="$clone" '
		$1 == clone && $2 ~ /^[0-9]+$/ { name = $3; sub(/\(.*/, "", name); if (name ~ /^[a-z_0-9]+$/) print name, ++number[name], $2 }' >"$1"
}

# A login by ssh is over for the client before sshd closes the session: until then the trace goes on.
traced_to_the_end() { ! pgrep -x 'strace|inject' >/dev/null; }

# True if no process is in another namespace than the copy's. Quicker than none_left, for after each of many logins.
no_session() {
	! ls -l /proc/[0-9]*/ns/pid /proc/[0-9]*/ns/mnt 2>/dev/null | grep -e '->' | grep -v -F -e "$host_pid_ns" -e "$host_mnt_ns"
}

# several WIDTH FILE FUNCTION [ARGUMENT...]: the function, with the words of each line of the file behind its arguments; so
# many at a time. What comes after each batch is the function after_batch, with the lines.
several() {
	local width=$1 file=$2 batch line
	shift 2
	while mapfile -t -n "$width" batch <&5 && [ ${#batch[@]} -gt 0 ]; do
		jobs=()
		for line in "${batch[@]}"; do
			"$@" $line 5<&- &
			jobs+=($!)
		done
		wait "${jobs[@]}"
		wait_until 15 traced_to_the_end || echo "at ${batch[*]}: its tracer goes on"
		after_batch "${batch[*]}"
	done 5<"$file"
}
