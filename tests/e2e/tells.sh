#!/bin/bash
# SPDX-License-Identifier: MIT
# What kernel interfaces other than /proc/PID tell in a session of what runs outside, and what they do not: what the
# manual says under "What a session does not hide", and SECURITY.md of two logins of one user.
here=$(cd "$(dirname "$0")" && pwd)

# The proc connector can be asked in the machine's first PID namespace alone, so not in the copy.
if [ -z "${IN_COPY-}" ]; then
	set -- "told-$$"
	"${PAM_UNSHARE_BUILD:-$here/../../build-check}/tests/e2e/tells" ask "$1" </dev/null >/dev/null 2>&1 &
fi
name=$1
copy_options=--host-net
. "$here/../lib/libtest.sh"

install -m 755 "$COPY_BUILD/tests/e2e/tells" /usr/local/bin/tells

inside() { su alice -c "$1" 2>&1 </dev/null 4<&-; }

# --- the proc connector ------------------------------------------------------------------------------

# on_host_net COMMAND...: in the machine's network namespace, as a login on the machine is.
on_host_net() { nsenter --net=/proc/self/fd/4 bash -c 'exec 4<&- && "$@"' bash "$@"; }

level() { # of what nsinfo check says of the connector
	"$@" nsinfo check -nro LEVEL,SUBJECT,MESSAGE | sed 's/\\x20/ /g' | sed -n 's/^\([a-z]*\) kernel .*proc connector.*/\1/p'
}
hears() { "$@" tells hear "$name" 2>&1; }

found=$(level on_host_net)
if [ "$found" = warning ]; then
	check "in a session the proc connector tells alice which process of the host gets which name; nsinfo check warns" \
		same 'heard: ok' "$(on_host_net su alice -c "tells hear $name" </dev/null 2>&1)"
	options with=net
	check "with=net closes the proc connector" eval '
		same "asking: Connection refused" "$(on_host_net su alice -c "tells hear $name" </dev/null 2>&1)" &&
			same "heard: ok" "$(hears on_host_net)"'
	options ''
elif [ "$found" = ok ]; then
	check "the proc connector is closed here, as nsinfo check says" eval '
		on_host_net su alice -c "tells hear $name" </dev/null >"$scratch/heard" 2>&1
		cat "$scratch/heard"
		grep -Eq "^(joining|asking): " "$scratch/heard"'
else
	skip "what the proc connector tells" "it cannot be asked from here"
fi
check "there is none in another network namespace, and nsinfo check says so" eval '
	same ok "$(level)" && not inside "tells hear $name"'

# --- that a program runs -----------------------------------------------------------------------------

cp /bin/sleep /usr/local/bin/payroll
payroll_maps() { [ "$(inside 'tells map /usr/local/bin/payroll')" = "$1" ]; }
check "smaps of a program that nobody runs says that alice alone maps it" payroll_maps 1
su bob -c 'exec payroll 1000' </dev/null >/dev/null 2>&1 &
bob=$!
check "smaps of a program that bob runs says that somebody else does" wait_until 10 payroll_maps 2
check "but not who" eval '[ "$(inside "ps -e -o args= | grep -c [p]ayroll; pgrep -c -u bob" | xargs)" = "0 0" ]'
kill $bob
wait $bob

inside 'tells watch /usr/local/bin/payroll' >"$scratch/watched" &
watcher=$!
wait_until 10 grep -q watching "$scratch/watched"
check "inotify on a program tells alice that somebody starts it" eval '
	not grep opened "$scratch/watched" && su bob -c "payroll 0" </dev/null && wait_until 10 grep "opened: ok" "$scratch/watched"'
wait $watcher

# --- lists of the kernel's ---------------------------------------------------------------------------

ip monitor >/dev/null 2>&1 &
monitor=$!
netlink_has() { inside 'cat /proc/net/netlink' | awk '{ print $3 }' | grep -qx "$1"; }
check "/proc/net/netlink has the PID on the host of a program that listens to netlink" wait_until 10 netlink_has $monitor
options with=net
check "with=net closes /proc/net/netlink" not netlink_has $monitor
options ''
kill $monitor

has_shm() { inside 'cat /proc/sysvipc/shm' | awk '{ print $8 }' | grep -qx 63002; }
su bob -c 'ipcmk -M 4096' </dev/null >/dev/null
check "/proc/sysvipc tells alice whose shared memory there is" has_shm
check "but not the PID of who made it" same 0 "$(inside 'cat /proc/sysvipc/shm' | awk '$8 == 63002 { print $5 }')"
options with=ipc
check "with=ipc closes /proc/sysvipc" eval 'inside "cat /proc/sysvipc/shm" | grep -q shmid && not has_shm'
options ''
su bob -c 'ipcrm --all=shm' </dev/null

su bob -c 'exec tells key' </dev/null >"$scratch/key" 2>&1 &
bob=$!
if wait_until 10 grep -q '^key: ok' "$scratch/key"; then
	check "/proc/key-users tells alice which users have keys" eval 'inside "cat /proc/key-users" | grep "^ *63002:"'
else
	skip "/proc/key-users" "no keys on this machine"
fi
options proc=subset=pid
check "proc=subset=pid takes both away" not inside 'cat /proc/key-users || cat /proc/sysvipc/shm'
options ''
kill $bob
wait $bob

flock /run/lock/tells sleep 1000 &
locker=$!
check "/proc/locks does not tell of locks outside of the session" eval '
	wait_until 10 grep " $locker " /proc/locks && not inside "grep FLOCK /proc/locks"'
kill $locker
rm -f /run/lock/tells

# --- control groups ----------------------------------------------------------------------------------

group=/sys/fs/cgroup/$name # on the machine: there is one hierarchy
trap 'rmdir "$group" 2>/dev/null' EXIT
if mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null && mkdir "$group" 2>/dev/null; then
	for i in 1 2 3; do
		sleep 1000 &
		echo $! >"$group/cgroup.procs"
	done
	check "cgroup.procs has a 0 for each process outside of the session" same '0 0 0' "$(inside "cat $group/cgroup.procs" | xargs)"
	(echo "$BASHPID" >"$group/cgroup.procs" && exec /usr/sbin/sshd -D -o Port=2222 -o PidFile=none) &
	check "ss --cgroup tells which control group holds a socket, and so which service or user" \
		wait_until 10 eval 'inside "ss -Htln --cgroup sport = 2222" | grep -F "cgroup:/$name"'
	kill $(cat "$group/cgroup.procs")
	check "an empty group is removed" wait_until 10 rmdir "$group"
	umount /sys/fs/cgroup
else
	skip "what control groups tell" "no control group can be made here"
	umount /sys/fs/cgroup 2>/dev/null
fi

# --- two logins of one user --------------------------------------------------------------------------

# serving USER: a login of that user's, in which a process listens on a socket and has /proc open.
serving() {
	ssh -n "$1@localhost" "exec 9</proc && exec tells serve /tmp/$1.sock" &
	wait_until 10 test -S "/tmp/$1.sock"
}
says() { grep -qx "$1" "$scratch/reached"; }
serving bob
serving alice
inside 'tells reach /tmp/alice.sock' >"$scratch/reached"
check "SO_PEERCRED has no PID of a process in another login" says 'PID 0'
yama=$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null)
if ! says 'SO_PEERPIDFD: ok'; then
	skip "what SO_PEERPIDFD reaches" "$(grep SO_PEERPIDFD "$scratch/reached")"
elif [ "${yama:-0}" != 0 ]; then
	check "Yama denies alice what a process of hers in another login has open" says 'pidfd_getfd 9: Operation not permitted'
else
	check "SO_PEERPIDFD gives a descriptor for it: what a process of hers in another login has open is alice's too" \
		says 'pidfd_getfd 9: ok'
	check "through a descriptor of its /proc she reads the command lines of that login" eval 'says "cmdline of 2 there: sshd.*"'
fi
if says 'SO_PEERPIDFD: ok'; then
	check "she can neither signal it nor enter its namespaces" eval '
		cat "$scratch/reached"
		says "pidfd_send_signal: Invalid argument" &&
			same 5 "$(grep -Ec "^setns [a-z]+: (Operation not permitted|Invalid argument)$" "$scratch/reached")"'
	inside 'tells reach /tmp/bob.sock' >"$scratch/reached"
	check "of a process of bob's she gets nothing but the descriptor" eval '
		cat "$scratch/reached"
		says "SO_PEERPIDFD: ok" && same 18 "$(wc -l <"$scratch/reached" | xargs)" &&
			same 2 "$(grep -Evc ": (Operation not permitted|Invalid argument)$" "$scratch/reached")"'
fi
wait_until 10 eval 'for socket in /tmp/alice.sock /tmp/bob.sock; do rm -f $socket; done; pkill -x tells; no_application'
check "and nothing is left" nothing_left
finish
