#!/bin/bash
# SPDX-License-Identifier: MIT
# sshd: what a connection carries.
. "$(dirname "$0")/../lib/libtest.sh"

port_is_open() { : <>"/dev/tcp/127.0.0.1/$1"; }

check_isolated "a command" sshd alice ssh alice@localhost look-around
check_isolated "a command on a terminal" sshd alice ssh -tt alice@localhost look-around
check "a terminal is the user's own" same alice \
	"$(ssh -tt alice@localhost 'stat -c %U "$(tty)"' | tr -d '\r')"
check "a login shell reads what is typed" same 42 "$(echo 'echo $((6 * 7))' | ssh -T alice@localhost 2>/dev/null | tail -n 1)"
check "a session without a terminal has no more descriptors than 0, 1 and 2" \
	same '0 1 2' "$(ssh alice@localhost 'ls /proc/$$/fd; true' | xargs)"

echo 'ls -1 /proc' | sftp -q -b - alice@localhost >"$scratch/sftp" 2>/dev/null
check "sftp sees the private /proc" eval '
	grep -q meminfo "$scratch/sftp" && [ "$(grep -c "/*[0-9][0-9]*/*$" "$scratch/sftp")" -le 9 ]'
seq 100000 >/srv/numbers
check "sftp brings a file there and back" eval '
	printf "%s\n" "put /srv/numbers there" "get there /srv/back" | sftp -q -b - alice@localhost && cmp /srv/numbers /srv/back'
check "scp brings a file there and back" eval '
	scp -q /srv/numbers alice@localhost:scp && scp -q alice@localhost:scp /srv/scp-back && cmp /srv/numbers /srv/scp-back'
old=-O # scp before OpenSSH 8.7 has no other, and no option for it
scp -O 2>&1 | grep -q "unknown option" && old=
check "scp with the old protocol does too" eval '
	scp -q $old /srv/numbers alice@localhost:scp && scp -q $old alice@localhost:scp /srv/old-back && cmp /srv/numbers /srv/old-back'
check "sftp and scp leave nothing" nothing_left

mux="-S $scratch/mux -o ControlMaster=no"
ssh -M -S "$scratch/mux" -f -N alice@localhost
ssh $mux alice@localhost look-around >"$scratch/first"
ssh $mux alice@localhost look-around >"$scratch/second"
check "sessions over one connection are in one PID namespace" eval '
	isolated sshd alice "$scratch/first" && isolated sshd alice "$scratch/second" &&
		same "$(saw "$scratch/first" pid_ns)" "$(saw "$scratch/second" pid_ns)"'
ssh alice@localhost look-around >"$scratch/other"
check "another connection is in another" eval '
	isolated sshd alice "$scratch/other" && not same "$(saw "$scratch/first" pid_ns)" "$(saw "$scratch/other" pid_ns)"'
check "the end of one session does not end the others" eval '
	ssh $mux alice@localhost "sleep 0.5; exit 5" & one=$!
	ssh $mux alice@localhost true; wait $one; same 5 $?'
ssh $mux -O exit alice@localhost 2>/dev/null
check "the end of the connection leaves nothing" nothing_left

eval "$(ssh-agent)" >/dev/null
ssh-add -q /root/.ssh/id_ed25519
check "the agent is forwarded" eval 'ssh -A alice@localhost ssh-add -l | grep ED25519'
check "with the forwarded agent alice goes on to bob" same bob \
	"$(ssh -A alice@localhost 'ssh -o StrictHostKeyChecking=no bob@localhost id -un')"
ssh-agent -k >/dev/null
unset SSH_AUTH_SOCK

hop='-o HostKeyAlias=localhost'
ssh -N -L 2201:localhost:22 alice@localhost &
forward=$!
check "a local port is forwarded" eval 'wait_until 10 port_is_open 2201 && same bob "$(ssh $hop -p 2201 bob@localhost id -un)"'
kill $forward
wait $forward
ssh -N -R 2202:localhost:22 alice@localhost &
forward=$!
check "a remote port is forwarded" eval 'wait_until 10 port_is_open 2202 && same bob "$(ssh $hop -p 2202 bob@localhost id -un)"'
kill $forward
wait $forward
check "a forwarded Unix socket works" eval '
	ssh -N -L "$scratch/socket:localhost:22" alice@localhost & forward=$!
	wait_until 10 test -S "$scratch/socket"; opened=$?; kill $forward; wait $forward; rm -f "$scratch/socket"; return $opened'
check "forwarding leaves nothing" nothing_left

ssh root@localhost look-around >"$scratch/look"
check "root is let in without a session" not_isolated "$scratch/look"
options root
check_isolated "with the option root, root" sshd root ssh root@localhost look-around
options ''

check "a client that vanishes leaves nothing" eval '
	ssh alice@localhost "trap \"\" HUP; sleep 1000" & client=$!
	wait_until 10 session_is_open && kill -KILL $client && wait_until 10 none_left; wait $client; nothing_left'
check "thirty connections at a time all work, and leave nothing" eval '
	for i in {1..30}; do ssh alice@localhost "sleep 0.3; echo in" & done >"$scratch/in" 2>&1
	for job in $(jobs -p); do [ "$job" = "$canary" ] || wait "$job"; done
	same 30 "$(grep -c in "$scratch/in")" && nothing_left'
finish
