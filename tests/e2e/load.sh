#!/bin/bash
# SPDX-License-Identifier: MIT
# Many logins: at once by ssh, one after another, and a thousand that are held open; nothing adds up.
#
# A soak by hand: LOAD_SECONDS=600 tests/e2e/load.sh; LOAD_SESSIONS, LOAD_SSH and LOAD_HELD are the other numbers.
[ -n "${IN_COPY-}" ] || # the copy has no other way in
	set -- "${LOAD_SECONDS:-60}" "${LOAD_SESSIONS:-5000}" "${LOAD_SSH:-500}" "${LOAD_HELD:-1000}"
. "$(dirname "$0")/../lib/libtest.sh"

seconds=$1 sessions=$2 ssh_logins=$3 held=$4
note() { echo "# $*"; }
# In the copy: /proc/sys/fs/file-nr counts what the whole machine has open, other tests among it.
files_open() { ls -d /proc/[0-9]*/fd/* 2>/dev/null | wc -l; }
processes() { ls -d /proc/[0-9]* | wc -l; }
isolated_all() { ! grep -L '^pid:' "$scratch"/many/* | grep -q . && ! grep -qF "$host_pid_ns" "$scratch"/many/*; }
milliseconds() { echo $(((${EPOCHREALTIME/[.,]/} - ${1/[.,]/}) / 1000)); }

# Median of the time of eleven logins, in microseconds.
time_of_login() {
	local i start
	for i in {1..11}; do
		start=$EPOCHREALTIME
		su alice -c true
		echo $((${EPOCHREALTIME/[.,]/} - ${start/[.,]/}))
	done | sort -n | sed -n 6p
}

# Counted in the same place before and after: what redirects the test's own output holds files, too.
count() { processes_now=$(processes) files_now=$(files_open); }
as_few_as_before() {
	count
	echo "processes: $processes_before before, $processes_now now; open files: $files_before, $files_now"
	[ "$processes_now" -le "$processes_before" ] && [ $((files_now - files_before)) -lt 10 ]
}
nothing_added() { nothing_left 20 && wait_until 20 as_few_as_before; }
check "before the logins there is something to count" eval '
	wait_until 20 count && processes_before=$processes_now files_before=$files_now && [ $processes_now -gt 2 ] && [ $files_now -gt 2 ]'

# --- at once, by ssh ---------------------------------------------------------------------------------

sed -i 's/MaxStartups .*/MaxStartups 2000/; 1i LoginGraceTime 600' /etc/ssh/sshd_config
pkill -HUP -f 'sshd.*listener'
wait_until 10 ssh -n alice@localhost true >/dev/null
mkdir "$scratch/many"
start=$EPOCHREALTIME
for i in $(seq "$ssh_logins"); do
	ssh -n -o ConnectTimeout=600 alice@localhost 'readlink /proc/self/ns/pid' >"$scratch/many/$i" 2>&1 &
	logins[i]=$!
done
failed=0
for pid in "${logins[@]}"; do
	wait "$pid" || failed=$((failed + 1))
done
note "$ssh_logins ssh logins at once took $(milliseconds "$start") ms"
check "$ssh_logins ssh logins at once: none fails" same 0 $failed
check "each is isolated, in a namespace of its own while it lasted" isolated_all
check "nothing is left of them" nothing_added
rm -r "$scratch/many"

# --- one after another -------------------------------------------------------------------------------

start=$EPOCHREALTIME
failed=0
done_logins=0
while [ $done_logins -lt "$sessions" ] || elapsed "$start" "$seconds"; do
	case $(su alice -c 'readlink /proc/self/ns/pid') in "$host_pid_ns" | '') failed=$((failed + 1)) ;; esac
	done_logins=$((done_logins + 1))
done
note "$done_logins logins by su, one after another, in $(milliseconds "$start") ms"
check "$sessions logins one after another, and for $seconds s at least: each is isolated" same 0 $failed
check "nothing adds up" nothing_added

# --- a thousand at once ------------------------------------------------------------------------------

first=$(time_of_login)
for i in $(seq "$held"); do
	su alice -c 'exec sleep 1000' >/dev/null 2>&1 </dev/null &
done
all_open() { [ "$(session_inits | wc -l)" -ge "$held" ]; }
check "$held sessions are open at once" wait_until 120 all_open
last=$(time_of_login)
note "a login by su takes $first us alone, and $last us beside $held sessions: $((last * 100 / first)) %"
check "each has a namespace of its own" eval '
	same "$held" "$(for init in $(session_inits); do readlink "/proc/$init/ns/pid"; done | sort -u | wc -l)"'
pkill -x sleep -u alice
wait_until 60 none_left >/dev/null
check "when they are over nothing is left" nothing_added
finish
