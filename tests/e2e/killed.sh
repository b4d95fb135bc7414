#!/bin/bash
# SPDX-License-Identifier: MIT
# The application is killed at each of its system calls, from the module's first at the opening to its last at the
# close; and so are PID 1 and the process that starts it. Nothing is left, nothing hangs, the next login works.
. "$(dirname "$0")/../lib/libtest.sh"

have "applications that are killed" strace || finish
strace -o /dev/null true || {
	skip "applications that are killed" "strace may not trace here"
	finish
}

# Work that goes on after the login, so that there is something to end.
work='setsid sleep 1000 >/dev/null 2>&1 </dev/null & readlink /proc/self/ns/pid'

# via_SERVICE STRACE...: alice logs in to do the work; the application alone is traced. sshd serves this one
# connection, on its standard input.
via_su() { "$@" su alice -c "$work"; }
via_sudo() { "$@" sudo -u alice bash -c "$work"; }
via_sshd() { ssh -n -o ProxyCommand="$(printf '%q ' "$@" /usr/sbin/sshd -i)" alice@localhost "$work"; }

# calls FILE [all]: the module's calls, and with "all" also those that the application makes between the opening and
# the close; a line each: its name, and its number among those of that name that the process has made.
calls() {
	awk -v all="${2-}" '
		{ sub(/^[0-9]+ +/, ""); name = $0; sub(/\(.*/, "", name); if (name !~ /^[a-z_0-9]+$/) next; number[name]++ }
		name ~ /stat/ && /"\/proc\/self\/ns\/pid"/ { within = 1 }
		/^sendto\([0-9]+, "c", 1,/ { within = 1 }
		within { print name, number[name] }
		/pam_unshare.*session (opened|joined)/ && !all { within = 0 }
		/pam_unshare.*session closed/ { exit }' "$1"
}

# Processes in other namespaces than the copy's. Quicker than leftover_processes, for after each of many logins.
in_sessions() {
	ls -l /proc/[0-9]*/ns/pid /proc/[0-9]*/ns/mnt 2>/dev/null | grep -e '->' | grep -v -F -e "$host_pid_ns" -e "$host_mnt_ns"
}
empty() { ! in_sessions; }

# A login by ssh is over for the client before sshd closes the session: until then the trace goes on.
traced_to_the_end() { ! pgrep -x strace >/dev/null; }

# kill_at SERVICE CALL NUMBER: prints what is wrong.
kill_at() {
	local start=$EPOCHREALTIME ns trace=$scratch/killed.$2.$3
	ns=$("via_$1" timeout -s KILL 15 strace -o "$trace" -e "inject=$2:signal=KILL:when=$3" 2>/dev/null)
	elapsed "$start" 14 || echo "killed at $2 number $3, it hangs"
	[ "$ns" != "$host_pid_ns" ] || echo "killed at $2 number $3, alice is on the host"
}

next_login() {
	local ns
	ns=$(su alice -c 'readlink /proc/self/ns/pid' 2>&1)
	case $ns in "$host_pid_ns" | '' | [!p]*) echo "gets: $ns"; return 1 ;; esac
}

# kill_at_each WIDTH SERVICE CALLS AFTERWARDS: so many logins at a time; AFTERWARDS is the command that succeeds
# when they have left nothing.
kill_at_each() {
	local width=$1 service=$2 calls=$3 afterwards=$4 batch killed job
	rm -f "$scratch"/killed.*
	while mapfile -t -n "$width" batch <&5 && [ ${#batch[@]} -gt 0 ]; do
		jobs=()
		for job in "${batch[@]}"; do
			kill_at "$service" $job 5<&- &
			jobs+=($!)
		done
		wait "${jobs[@]}"
		wait_until 15 traced_to_the_end || echo "killed at ${batch[*]}, its strace goes on"
		wait_until 5 "$afterwards" || echo "killed at ${batch[*]}, it leaves something"
		next_login || echo "killed at ${batch[*]}, the next login does not work"
	done 5<"$calls" >"$scratch/wrong"
	cat "$scratch/wrong"
	killed=$(cat "$scratch"/killed.* | grep -c 'killed by SIGKILL')
	# A few calls more or less, as the scheduler has it; but it must have been killed.
	[ ! -s "$scratch/wrong" ] && [ $((killed * 10)) -ge $(($(wc -l <"$calls") * 9)) ] && [ "$killed" -ge 40 ] && return
	echo "killed $killed times at $(wc -l <"$calls") calls"
	return 1
}

# trace SERVICE FILE [all]
trace() {
	"via_$1" strace -s 300 -o "$scratch/trace" >"$scratch/out" 2>&1
	wait_until 15 traced_to_the_end
	check "a login by $1 is traced from the opening to the close" eval '
		grep -q "unshare(\|setns(" "$scratch/trace" && grep -q "session closed" "$scratch/trace"'
	calls "$scratch/trace" "${3-}" >"$2"
}

trace su "$scratch/calls" all
check "su is killed at each of its system calls: nothing is left, nothing hangs, the next login works" \
	kill_at_each 1 su "$scratch/calls" empty
check "after that no process, mount or file is left of su" nothing_left
for service in sudo sshd; do
	trace $service "$scratch/calls"
	check "$service is killed at each of the module's system calls: nothing is left, nothing hangs, the next login works" \
		kill_at_each 4 $service "$scratch/calls" empty
	check "after that no process, mount or file is left of $service" nothing_left
done

# --- a session that is shared ------------------------------------------------------------------------

options scope=user
trace su "$scratch/calls"
check "killed while it opens or closes a session that others may join, su leaves nothing either" \
	kill_at_each 1 su "$scratch/calls" empty
check "not even the name of the place where they would meet" eval '
	nothing_left && same "" "$(ls /run/pam_unshare | grep -v -x lock)"'

rm -f /home/alice/go "$scratch/first"
su alice -c 'readlink /proc/self/ns/pid; until [ -e /home/alice/go ]; do sleep 0.05; done' >"$scratch/first" </dev/null &
holder=$!
wait_until 5 test -s "$scratch/first"
trace su "$scratch/calls"
first_goes_on() { same "$(cat "$scratch/first")" "$(su alice -c 'readlink /proc/self/ns/pid')" && kill -0 $holder; }
check "killed while it joins or leaves a session, su leaves the session to the others" \
	kill_at_each 2 su "$scratch/calls" first_goes_on
touch /home/alice/go
check "which end as they would" wait $holder
check "and nothing is left" nothing_left
options ''

# --- PID 1, and who starts it ------------------------------------------------------------------------

# At the calls of PID 1: it is killed, or whichever other process of the login comes to as many of them before.
strace -f -s 300 -o "$scratch/trace" su alice -c true >/dev/null 2>&1
init=$(sed -n 's/^\([0-9]*\) *execve(".*session-init".*/\1/p' "$scratch/trace")
check "PID 1 can be traced" test -n "$init"
awk -v init="$init" '
	$1 == init { name = $2; sub(/\(.*/, "", name); if (name ~ /^[a-z_0-9]+$/) print name, ++number[name] }
	$1 == init && /session-init/ { exit }' "$scratch/trace" >"$scratch/calls"
killed_first() {
	local ns start=$EPOCHREALTIME
	ns=$(timeout -s KILL 15 strace -f --seccomp-bpf -o /dev/null -e "inject=$1:signal=KILL:when=$2" \
		su alice -c 'readlink /proc/self/ns/pid' 2>/dev/null </dev/null)
	elapsed "$start" 14 || echo "killed at $1 number $2, it hangs"
	[ "$ns" != "$host_pid_ns" ] || echo "killed at $1 number $2, alice is on the host"
}
killed_init() {
	local batch job
	while mapfile -t -n 4 batch <&5 && [ ${#batch[@]} -gt 0 ]; do
		jobs=()
		for job in "${batch[@]}"; do
			killed_first $job 5<&- &
			jobs+=($!)
		done
		wait "${jobs[@]}"
		wait_until 5 empty || echo "killed at ${batch[*]}, it leaves something"
	done 5<"$scratch/calls" | grep . && return 1
	[ "$(wc -l <"$scratch/calls")" -ge 20 ]
}
check "whichever process of the opening is killed first, alice is isolated or refused, and nothing hangs" killed_init
check "and after that nothing is left" nothing_left
finish
