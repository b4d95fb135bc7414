#!/bin/bash
# SPDX-License-Identifier: MIT
# PID 1 of a session has the system's defaults, whatever priority and limits the application had that started it:
# with scope=user and scope=group one login would else end or slow the session of all.
. "$(dirname "$0")/../lib/libtest.sh"

# Root of this copy may raise a limit; in a container it may not.
if prlimit --nofile=64:64 prlimit --nofile=65:65 true 2>/dev/null; then can_raise=1; else can_raise=; fi
cpus=$(taskset -pc $$ | sed 's/.*: //')

# What PID 1 of the one session has, a line each: the scheduler's view, and the limits.
what_init_has() {
	local init
	init=$(session_inits) && [ "$(wc -w <<<"$init")" = 1 ] || return
	echo "policy $(chrt -p "$init" | sed -n "s/.*policy: //p") nice $(ps -o ni= -p "$init" | xargs) cpus $(taskset -pc "$init" | sed 's/.*: //')"
	echo "oom_score_adj $(cat "/proc/$init/oom_score_adj") slack $(cat "/proc/$init/timerslack_ns")"
	awk '/^Max (cpu time|realtime timeout|address space|data size|file size)/ { print $0 }' "/proc/$init/limits" |
		sed 's/  */ /g; s/ $//'
	awk '/^Max (stack size|pending signals|open files)/ { print $2, ($4 == "unlimited" || $4 >= least[$2]) ? "enough" : $4 }
		BEGIN { least["stack"] = 8388608; least["pending"] = 1024; least["open"] = 2016 }' "/proc/$init/limits"
}
defaults="policy SCHED_OTHER nice 0 cpus $cpus
oom_score_adj 0 slack 50000
Max cpu time unlimited unlimited seconds
Max file size unlimited unlimited bytes
Max data size unlimited unlimited bytes
Max address space unlimited unlimited bytes
Max realtime timeout unlimited unlimited us
stack enough
open enough
pending enough"
init_has_defaults() { same "$defaults" "$(what_init_has)"; }

# hold WRAPPER...: a login of alice by a su that the wrapper starts, which lasts until release.
rm -f /home/alice/go
hold() {
	"$@" su alice -c 'echo in; until [ -e /home/alice/go ]; do sleep 0.05; done' >"$scratch/held" 2>&1 </dev/null &
	held=$!
	wait_until 30 grep -q in "$scratch/held"
}
release() {
	touch /home/alice/go
	wait "$held"
	rm -f /home/alice/go
}

# check_defaults SENTENCE WRAPPER...
check_defaults() {
	local sentence=$1
	shift
	hold "$@"
	check "scope=$scope: $sentence, PID 1 has the defaults" wait_until 10 init_has_defaults
	release
}

with_oom_score() { bash -c 'echo 1000 >/proc/self/oom_score_adj; exec "$@"' - "$@"; }
with_slack() { perl -e 'my $n = `uname -m` =~ /aarch64/ ? 167 : 157; syscall($n, 29, 200_000_000, 0, 0, 0); exec @ARGV' "$@"; }

for scope in session user; do
	options scope=$scope
	check_defaults "started as usual" env
	check_defaults "started with nice 19" nice -n 19
	check_defaults "started at SCHED_IDLE" chrt --idle 0
	check_defaults "started at SCHED_BATCH and nice 19" nice -n 19 chrt --batch 0
	check_defaults "started at real-time priority" chrt --rr 10
	check_defaults "started on one CPU" taskset -c "${cpus%%[-,]*}"
	check_defaults "started with oom_score_adj 1000" with_oom_score
	check_defaults "started with a large timer slack" with_slack
	if [ -n "$can_raise" ]; then
		check_defaults "started with low limits" prlimit --cpu=100:200 --rttime=1000000:2000000 --fsize=1000000 \
			--data=500000000 --as=1000000000 --stack=1000000 --sigpending=0 --nofile=64
	else
		skip "scope=$scope: started with low limits, PID 1 has the defaults" "root may not raise limits here"
	fi
	# The soft ones alone, as "ulimit -S" lowers them: that takes no right.
	check_defaults "started with low soft limits" prlimit --cpu=100: --rttime=1000000: --fsize=1000000: --data=500000000: \
		--as=1000000000: --stack=1000000: --sigpending=0: --nofile=64:
done
check "after these nothing is left" nothing_left

options scope=user
hold prlimit --cpu=1:
check "a session outlives the CPU time that the su which opened it may use" eval '
	su alice -c "for i in 1 2 3; do timeout 1 sh -c \"while :; do :; done\"; done"; init_has_defaults && kill -0 "$held"'
release

# Whoever comes first, a thousand logins share the session.
hard=64
[ -n "$can_raise" ] || hard=$(ulimit -Hn)
few_files() { prlimit --nofile=64:"$hard" "$@"; }
check "where few files may be open, sixty logins share a session all the same" eval '
	rm -rf "$scratch/many"
	mkdir "$scratch/many"
	many=()
	for i in $(seq 60); do
		few_files su alice -c "readlink /proc/self/ns/pid; until [ -e /home/alice/go ]; do sleep 0.2; done" \
			>"$scratch/many/$i" 2>&1 </dev/null &
		many+=($!)
	done
	all_in() { same 60 "$(cat "$scratch"/many/* | grep -c "pid:")"; }
	wait_until 60 all_in && same 1 "$(sort -u "$scratch"/many/* | wc -l)"
	result=$?
	touch /home/alice/go
	wait "${many[@]}"
	rm -f /home/alice/go
	return $result'
check "and leave nothing" nothing_left

# --- without the rights, as in a container -----------------------------------------------------------

without_both='setpriv --bounding-set=-sys_nice,-sys_resource --inh-caps=-sys_nice,-sys_resource'
own_session='alice: cannot give the PID 1 of a shared session the system.s limits: .*CAP_SYS_NICE or CAP_SYS_RESOURCE.*; .*; the login has a session of its own'
# check_not_shared SENTENCE WRAPPER...: the login is isolated, nobody can join it, and the log says why.
check_not_shared() {
	local sentence=$1
	shift
	forget_log
	hold "$@"
	check "$sentence, a login has a session of its own, and the log says so" eval '
		logged "^notice .*$own_session" && same session "$(nsinfo list -n -r -o SCOPE 2>/dev/null || echo session)" &&
		ns=$(su alice -c "readlink /proc/self/ns/pid") && [ -n "$ns" ] &&
		[ "$ns" != "$(readlink "/proc/$(session_inits | head -n 1)/ns/pid")" ] && [ "$ns" != "$host_pid_ns" ]'
	release
}
check_not_shared "without CAP_SYS_NICE and with nice 19" nice -n 19 setpriv --bounding-set=-sys_nice --inh-caps=-sys_nice
check_not_shared "without CAP_SYS_RESOURCE and with a limit of CPU time" prlimit --cpu=100:200 \
	setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource
forget_log
hold $without_both
check "without the two, and with nothing to put right, logins share a session" eval '
	logged "session opened for alice" && not grep "of its own" /run/syslog && wait_until 10 init_has_defaults &&
	same "$(readlink "/proc/$(session_inits)/ns/pid")" "$(su alice -c "readlink /proc/self/ns/pid")"'
release
lets_nobody_join="a PID 1 that cannot lower its oom_score_adj lets nobody join"
if [ -z "$can_raise" ]; then
	skip "$lets_nobody_join" "what root has set can be lowered here"
else
	hold with_oom_score setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource
	check "$lets_nobody_join" eval '
		unnamed() { same "" "$(ls /run/pam_unshare | grep -v -x lock)"; }
		wait_until 10 unnamed && ns=$(su alice -c "readlink /proc/self/ns/pid") &&
			[ "$ns" != "$(readlink "/proc/$(session_inits)/ns/pid")" ] && [ "$ns" != "$host_pid_ns" ] && [ -n "$ns" ]'
	release
fi
options scope=session
for wrapper in 'nice -n 19' 'prlimit --cpu=100:200' 'with_oom_score'; do
	forget_log
	check "scope=session: without the two, a login from ${wrapper%% *} is isolated" eval '
		ns=$($wrapper $without_both su alice -c "readlink /proc/self/ns/pid") && [ -n "$ns" ] && [ "$ns" != "$host_pid_ns" ] &&
		not grep "of its own" /run/syslog'
done
check "after all of these nothing is left" nothing_left
finish
