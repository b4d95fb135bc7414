#!/bin/bash
# SPDX-License-Identifier: MIT
# su runs with the real uid of whoever calls it, who may stop it at any point; and a cgroup that is theirs may be frozen, with
# the PID 1 in it. Other logins that would share the session are not held up by that.
. "$(dirname "$0")/../lib/libtest.sh"
. "$lib/trace.sh"
can_trace "applications that are stopped" || finish

options scope=group
sed -i 's/^bob:x:63002:63002:/bob:x:63002:63001:/' /etc/passwd
names() { ls /run/pam_unshare | grep -v -x lock; }
no_names() { same '' "$(names)"; }

# A login waits for others for less than a second. On a machine that is busy it takes longer, by as much as it is slowed
# down: so this is what no login takes unless it waits for who is stopped.
limit=$((8 * PATIENCE))

# Nobody resumes bob's su meanwhile, or ever; strace is detached from it, or would hold it up itself.
# bob_stops_at NAME NUMBER: his su opens a session, and stops in that call. Sets bob to its PID.
bob_stops_at() {
	rm -f "$scratch/bob"
	strace -o "$scratch/bob" -e "trace=$1" -e "inject=$1:signal=STOP:when=$2" su bob -c true >/dev/null 2>&1 </dev/null &
	tracer=$!
	wait_until 10 eval '[ -s "$scratch/bob" ] && { grep -q "stopped by SIGSTOP" "$scratch/bob" || ! kill -0 $tracer 2>/dev/null; }' || return
	grep -q "stopped by SIGSTOP" "$scratch/bob" || return
	bob=$(pgrep -x -P "$tracer" su)
}

# What alice gets while bob's is stopped at a call; prints what is wrong.
stop_at() {
	local ns start
	bob_stops_at "$1" "$2" || { echo "bob's su does not stop at $1 number $2"; wait $tracer; return; }
	stopped=$((stopped + 1))
	start=$EPOCHREALTIME
	ns=$(timeout -s KILL $((20 * PATIENCE)) su alice -c 'readlink /proc/self/ns/pid')
	elapsed "$start" $limit || echo "bob's su stops at $1 number $2: alice has to wait"
	case $ns in "$host_pid_ns" | '') echo "bob's su stops at $1 number $2: alice gets: $ns" ;; esac
	# Whoever is passed over does no harm: it goes on, and its session ends like any other.
	kill -CONT "$bob"
	wait_until 15 not kill -0 $tracer 2>/dev/null || { echo "after a stop at $1 number $2, it hangs"; kill -9 "$bob"; }
	wait $tracer
	ns=$(timeout -s KILL $((20 * PATIENCE)) su alice -c 'readlink /proc/self/ns/pid')
	case $ns in "$host_pid_ns" | '') echo "after a stop at $1 number $2, alice gets: $ns" ;; esac
	wait_until 10 no_session || echo "after a stop at $1 number $2, something is left"
}

# The calls from the place to meet to the end of the opening: before them it holds nothing that others want.
via_su() { "$@" su bob -c "$work"; }
trace su "$scratch/calls" all
awk '/^mkdir / { within = 1 } within' "$scratch/calls" |
	grep -E '^(newfstatat|fcntl|unlinkat|socket|bind|listen|unshare|clone|wait4|setns|chdir|sendto|poll|recvfrom|close) ' >"$scratch/some"
check "the calls of an opening that others join are known" eval 'grep -q bind "$scratch/some" && grep -q listen "$scratch/some"'
stopped=0
check "bob's su is stopped at each of its calls: alice logs in, and he does no harm when he goes on" eval '
	while read -r name number; do stop_at "$name" "$number"; done <"$scratch/some" >"$scratch/wrong" 5<&-
	cat "$scratch/wrong"
	[ ! -s "$scratch/wrong" ] && [ "$stopped" -ge 25 ]'
check "after that nothing is left" eval 'nothing_left && no_names'

# stopped_at CALL ARGUMENTS: the number of the call with these arguments in the trace.
number_of() { sed 's/^[0-9]* *//' "$scratch/trace" | grep "^$1(" | grep -n "^$1($2" | head -n 1 | cut -d : -f 1; }
logins_in() { cat "$scratch/many"/* 2>/dev/null | grep -c "pid:"; }
ten_share() {
	rm -rf "$scratch/many" /home/alice/go
	mkdir "$scratch/many"
	many=()
	for i in {1..10}; do
		timeout $((60 * PATIENCE)) su alice -c "readlink /proc/self/ns/pid; until [ -e /home/alice/go ]; do sleep 0.05; done" \
			>"$scratch/many/$i" </dev/null &
		many+=($!)
	done
	wait_until 40 eval 'same 10 "$(logins_in)"' && [ "$(sort -u "$scratch"/many/* | wc -l)" -le "$1" ]
	local result=$?
	sort "$scratch"/many/* | uniq -c
	touch /home/alice/go
	wait "${many[@]}"
	rm -f /home/alice/go
	return $result
}
# With the lock held by nobody who lets go, two that come at the very same time may open one each.
check "ten logins at once share a session while bob's su is stopped before it listens" eval '
	bob_stops_at listen "$(number_of listen ".*")" && ten_share 3'
kill -CONT "$bob"; wait $tracer
check "and while it is stopped before there is a PID 1" eval '
	bob_stops_at unshare "$(number_of unshare ".*CLONE_NEWNS")" && ten_share 2'
kill -CONT "$bob"; wait $tracer

# Each of his is passed over once; then alice has no more patience.
check "alice does not wait for bob again and again, when he stops one su after another" eval '
	bobs=() tracers=()
	for i in 1 2 3 4; do
		bob_stops_at unshare "$(number_of unshare ".*CLONE_NEWNS")" || return
		bobs+=($bob) tracers+=($tracer)
	done
	start=$EPOCHREALTIME
	su alice -c true && elapsed "$start" $limit'
kill -CONT "${bobs[@]}"; wait "${tracers[@]}"
check "after these nothing is left either" eval 'nothing_left && no_names'

# --- PID 1 ------------------------------------------------------------------------------------------

options scope=group grace=60
rm -f /home/bob/go
su bob -c 'readlink /proc/self/ns/pid; until [ -e /home/bob/go ]; do sleep 0.05; done' >"$scratch/bob" </dev/null &
bob=$!
wait_until 10 test -s "$scratch/bob"
su alice -c 'readlink /proc/self/ns/pid; until [ -e /home/alice/go ]; do sleep 0.05; done' >"$scratch/alice" </dev/null &
alice=$!
wait_until 10 test -s "$scratch/alice"
init=$(session_inits)
check "bob and alice share a session" cmp "$scratch/bob" "$scratch/alice"
kill -STOP "$init"
check "a login that finds a PID 1 stopped opens another, and is not counted by it later" eval '
	start=$EPOCHREALTIME
	ns=$(su alice -c "readlink /proc/self/ns/pid") && elapsed "$start" $limit && [ "$ns" != "$(cat "$scratch/bob")" ]'
check "alice's su does not wait for the grace time when the PID 1 that she shares is stopped" eval '
	start=$EPOCHREALTIME
	touch /home/alice/go && wait $alice && elapsed "$start" $limit'
kill -CONT "$init"
touch /home/bob/go
check "when PID 1 goes on and bob leaves, the session ends" eval 'wait $bob && nothing_left && no_names'
rm -f /home/alice/go /home/bob/go
sed -i 's/^bob:x:63002:63001:/bob:x:63002:63002:/' /etc/passwd
finish
