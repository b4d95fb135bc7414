#!/bin/bash
# SPDX-License-Identifier: MIT
# Jobs that at(1) takes in a session, and what wakes atd for them.
. "$(dirname "$0")/lib/libvm.sh"

have "a job of a session starts" at atd || finish
examples=/usr/share/doc/pam_unshare/examples units=/etc/systemd/system
spool=$scratch/jobs
install -d -m 777 "$spool"

# queue NAME WHEN: alice queues a job in a session, which leaves a file with its PID namespace.
queue() { by_ssh alice "echo 'readlink /proc/self/ns/pid >$spool/$1' | at $2" 2>&1; }
ran() { [ -s "$spool/$1" ]; }
waits() { atq | grep -q alice && not ran "$1"; }
wake() { systemctl kill --kill-who=main --signal=HUP atd.service; }

systemctl start atd
check "at takes a job in a session, and says that it cannot wake atd" \
	eval 'queue first now | grep "at daemon not running" && waits first'
check "atd runs it when it looks" eval 'wake && wait_until 10 ran first'
check "the job is isolated" eval '[ "$(cat "$spool/first")" != "$host_pid_ns" ]'

cp "$examples"/atd-wake.* "$units" && systemctl daemon-reload
systemctl -q enable --now atd-wake.path
check "with atd-wake.path a job for now starts at once" eval 'queue second now && wait_until 10 ran second'
systemctl -q enable --now atd-wake.timer # for the job that the path unit does not see
check "twenty in one login start, too" eval '
	by_ssh alice "for i in \$(seq 20); do echo \"echo >$spool/many-\$i\" | at now; done" 2>/dev/null
	wait_until 15 eval "same 20 \$(ls $spool | grep -c many)"'
check "a job for the next minute starts" eval 'queue later "now + 1 minute" && wait_until 15 ran later'

systemctl -q disable --now atd-wake.path
check "with atd-wake.timer alone a job starts within the minute" eval 'queue third now && wait_until 15 ran third'
check "both stop with atd, and start with it" eval '
	systemctl -q enable --now atd-wake.path
	systemctl stop atd && not systemctl is-active atd-wake.path atd-wake.timer &&
	systemctl start atd && systemctl is-active atd-wake.path atd-wake.timer'

systemctl -q disable --now atd-wake.path atd-wake.timer
rm "$units"/atd-wake.* && systemctl daemon-reload
finish
