#!/bin/bash
# SPDX-License-Identifier: MIT
# sudo: in the background, on a pty, from one user to another, and with a session that cannot open.
. "$(dirname "$0")/../lib/libtest.sh"

look_is_written() { grep -q ^ps: "$1"; }

for pty in '!use_pty' use_pty; do
	echo "Defaults $pty" >/etc/sudoers.d/zz-pty
	check_isolated "sudo, $pty" sudo alice sudo -u alice look-around
	check_isolated "sudo on a terminal, $pty" sudo alice on_terminal sudo -u alice look-around
	check_isolated "sudo -s, $pty" sudo alice sudo -s -u alice look-around
	check_isolated "sudo -i, $pty" "$(service_of_sudo_i)" alice sudo -i -u alice look-around
	check_isolated "alice to bob, $pty" sudo bob setpriv --reuid alice --regid alice --init-groups \
		sudo -u bob look-around
	rm -f /home/alice/look
	sudo -b -u alice bash -c 'look-around >/home/alice/look 2>&1; sleep 0.2'
	wait_until 10 look_is_written /home/alice/look >/dev/null
	check "sudo -b, $pty: the command in the background has a session" isolated sudo alice /home/alice/look
	check "sudo -b, $pty: when it ends nothing is left" nothing_left
	sudo look-around >"$scratch/look" 2>&1 </dev/null
	check "sudo to root is let in without a session, $pty" not_isolated "$scratch/look"
	# Older ones (Ubuntu 22.04's) do not pass on what comes from their own process group.
	check "sudo passes SIGTERM on, $pty" eval '
		rm -f "$scratch/ready"
		sudo -u alice bash -c "trap \"exit 9\" TERM; echo ready; while :; do sleep 0.05; done" >"$scratch/ready" &
		sudo=$!
		wait_until 10 grep -q ready "$scratch/ready" && setsid kill -TERM $sudo || return
		wait $sudo
		same 9 $?'
	check "sudo keeps a terminal, $pty" eval \
		'on_terminal sudo -u alice tty | grep -q /dev/pts/'
	check "sudo keeps standard input, $pty" same hello "$(echo hello | sudo -u alice cat)"
done
check "after all of these nothing is left" nothing_left
finish
