#!/bin/bash
# SPDX-License-Identifier: MIT
# The application is killed at each of its system calls, from the module's first at the opening to its last at the
# close; and so are PID 1 and the process that starts it. Nothing is left, nothing hangs, the next login works.
. "$(dirname "$0")/../lib/libtest.sh"

. "$lib/trace.sh"
can_trace "applications that are killed" || finish

# kill_at SERVICE ROLE NAME NUMBER [CALL]: prints what is wrong.
kill_at() {
	local start=$EPOCHREALTIME ns tracer report=$scratch/killed.$3.$4
	case $2 in
	application) tracer=(strace -o "$report" -e "inject=$3:signal=KILL:when=$4") ;;
	*) tracer=("$COPY_BUILD/tests/e2e/inject" "$2" "$5" "$4" KILL "$report") ;;
	esac
	ns=$("via_$1" timeout -s KILL $((15 * PATIENCE)) "${tracer[@]}" 2>/dev/null)
	elapsed "$start" $((14 * PATIENCE)) || echo "killed at $3 number $4, it hangs"
	[ "$ns" != "$host_pid_ns" ] || echo "killed at $3 number $4, alice is on the host"
}

next_login() {
	local ns
	ns=$(su alice -c 'readlink /proc/self/ns/pid' 2>&1)
	case $ns in "$host_pid_ns" | '' | [!p]*) echo "gets: $ns"; return 1 ;; esac
}

# kill_at_each WIDTH SERVICE ROLE LEAST AFTERWARDS: at the calls of $scratch/calls, so many logins at a time; LEAST is how
# often it has to be killed at the least, AFTERWARDS the command that succeeds when they have left nothing.
kill_at_each() {
	local width=$1 service=$2 role=$3 least=$4 afterwards=$5 calls killed
	after_batch() {
		wait_until 10 "$afterwards" || echo "killed at $1, it leaves something"
		next_login || echo "killed at $1, the next login does not work"
	}
	rm -f "$scratch"/killed.*
	several "$width" "$scratch/calls" kill_at "$service" "$role" >"$scratch/wrong"
	cat "$scratch/wrong"
	calls=$(wc -l <"$scratch/calls")
	case $role in
	application) killed=$(cat "$scratch"/killed.* | grep -c 'killed by SIGKILL') ;;
	*) killed=$(ls "$scratch"/killed.* | wc -l) ;;
	esac
	# A few calls more or less, as the scheduler has it; but it must have been killed.
	[ ! -s "$scratch/wrong" ] && [ $((killed * 10)) -ge $((calls * 9)) ] && [ "$killed" -ge "$least" ] && return
	echo "killed $killed times at $calls calls"
	return 1
}

for service in su sudo sshd; do
	have "$service is killed at each of its system calls" $service || continue
	trace $service "$scratch/calls" all
	check "$service is killed at each of its system calls: nothing is left, nothing hangs, the next login works" \
		kill_at_each 4 $service application 40 no_session
	check "after that no process, mount or file is left of $service" nothing_left
done

# --- a session that is shared ------------------------------------------------------------------------

options scope=user
trace su "$scratch/calls"
check "killed while it opens or closes a session that others may join, su leaves nothing either" \
	kill_at_each 1 su application 40 no_session
check "not even the name of the place where they would meet" eval '
	nothing_left && same "" "$(ls /run/pam_unshare | grep -v -x lock)"'

rm -f /home/alice/go "$scratch/first"
su alice -c 'readlink /proc/self/ns/pid; until [ -e /home/alice/go ]; do sleep 0.05; done' >"$scratch/first" </dev/null &
holder=$!
wait_until 10 test -s "$scratch/first"
trace su "$scratch/calls"
first_goes_on() { same "$(cat "$scratch/first")" "$(su alice -c 'readlink /proc/self/ns/pid')" && kill -0 $holder; }
check "killed while it joins or leaves a session, su leaves the session to the others" \
	kill_at_each 2 su application 40 first_goes_on
touch /home/alice/go
check "which end as they would" wait $holder
check "and nothing is left" nothing_left
options ''

# --- PID 1, and who starts it ------------------------------------------------------------------------

trace_starter "$scratch/calls"
check "the process that starts PID 1 can be traced" grep -q clone "$scratch/calls"
check "killed at any of its system calls, alice is isolated or refused, and nothing hangs" kill_at_each 4 su starter 3 no_session
trace_init "$scratch/calls"
check "PID 1 can be traced" grep -q execve "$scratch/calls"
check "killed at any of its system calls, alice is isolated or refused, and nothing hangs or is left" \
	kill_at_each 4 su init 40 no_session
check "and after that nothing is left" nothing_left
finish
