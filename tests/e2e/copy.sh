#!/bin/bash
# SPDX-License-Identifier: MIT
# The throw-away copy itself, which the other tests take for granted; without the module.
PAM_UNSHARE_STOCK=1
. "$(dirname "$0")/../lib/libtest.sh"

check "its PID 1 is its own shell" grep -qz '^init$' /proc/1/cmdline
check "it has no process of the machine" [ "$(ls -d /proc/[0-9]* | wc -l)" -lt 15 ]
check "its network is loopback alone" same lo "$(ls /sys/class/net | xargs)"
check "its old root is out of reach" not grep -Ev '^(overlay|proc|sysfs|tmpfs|devpts) ' \
	<(awk '$4 == "/" { sub(/.* - /, ""); print }' /proc/self/mountinfo)
check "root gets an ordinary login by su" same alice "$(su alice -c 'id -un')"
check "root gets an ordinary login by sudo" same alice "$(sudo -u alice id -un)"
check "root gets an ordinary login by ssh" same bob "$(ssh bob@localhost id -un)"
check "nothing is left of these logins" nothing_left
check "by request, a sentence that is not so opens a shell in the copy" same "in copy" "$(
	PAM_UNSHARE_SHELL=1 check "that is not so" false <<<'echo "in $(hostname)"' | grep '^in ')"
check "an orphan is reaped by its PID 1" eval '(sleep 0.1 &); wait_until 10 none_left'
finish
