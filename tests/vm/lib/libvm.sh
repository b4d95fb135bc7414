# SPDX-License-Identifier: MIT
#
# For the tests of a booted machine (run). A test is a bash script that sources this file first. It runs in the machine
# as root, from the tests' own way in, which no session and no logind knows of. It says TAP, as those of tests/e2e do:
#
#     . "$(dirname "$0")/lib/libvm.sh"
#     check "a login by ssh is isolated" isolated_login ssh alice@localhost
#     finish
#
# What the machine has, once the first test has begun:
#
#   alice, bob    ordinary users with the password "correct-horse"; alice may run anything with sudo, without it.
#                 root's key opens an ssh login as alice, bob and root
#   the module    as "meson install" puts it there, and its line at the end of each of $services
#
# Each test finds the line without options. What a test changes besides, it puts back.
set -u

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../lib" && pwd)
export LC_ALL=C.UTF-8 PATIENCE=${PATIENCE:-10}
[ -e /etc/vm ] || { # this would change the machine that it runs on
	echo "1..0 # SKIP this is no machine of tests/vm/run"
	exit 0
}
scratch=$(mktemp -d /run/test.XXXXXX)
chmod 755 "$scratch"
. "$lib/say.sh"

services='su su-l sudo sudo-i sshd login cron atd'
services=$(for service in $services; do [ ! -f "/etc/pam.d/$service" ] || echo "$service"; done | xargs)

set_up() {
	local user service
	meson install --no-rebuild -C /root/build/installed >/run/install.log 2>&1 || { cat /run/install.log; return 1; }
	[ -e /root/.ssh/id_ed25519 ] || ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
	cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys
	printf '%s\n' 'Host *' ' BatchMode yes' ' LogLevel ERROR' ' StrictHostKeyChecking accept-new' >/root/.ssh/config
	for user in alice bob; do
		useradd -m -s /bin/bash "$user" && echo "$user:correct-horse" | chpasswd || return
		install -d -m 700 -o "$user" -g "$user" "/home/$user/.ssh"
		install -m 600 -o "$user" -g "$user" /root/.ssh/id_ed25519.pub "/home/$user/.ssh/authorized_keys"
	done
	# What was made in homes and by the tests has other labels than sshd may read.
	! command -v selinuxenabled >/dev/null || ! selinuxenabled || restorecon -RF /home /root/.ssh || return
	echo 'alice ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/vm && chmod 440 /etc/sudoers.d/vm
	for service in $services; do echo 'session required pam_unshare.so' >>"/etc/pam.d/$service"; done
	systemctl start ssh 2>/dev/null || systemctl start sshd
	touch /run/vm-set-up
}
[ -e /run/vm-set-up ] || set_up >"$scratch/set-up" 2>&1 || {
	cat "$scratch/set-up"
	exit 1
}

# options OPTION...: what stands after pam_unshare.so in every stack, from here on.
options() { sed -i "s|^\(session required pam_unshare.so\).*|\1 $*|" $(printf '/etc/pam.d/%s ' $services); }
options

# --- the log -----------------------------------------------------------------------------------------

forget_log() { log_from=$(journalctl -q -n 0 --show-cursor | sed -n 's/^-- cursor: //p'); }
log() { journalctl -q -o short --after-cursor "$log_from"; }
log_matches() { log | grep -Eq -- "$1"; }

# logged REGEX: a line of the journal matches, since the last forget_log.
logged() {
	wait_until 10 log_matches "$1" || {
		echo "no such line in the log: $1"
		log
		return 1
	}
}
forget_log

# --- logins ------------------------------------------------------------------------------------------

host_pid_ns=$(readlink /proc/self/ns/pid)

# by_ssh USER COMMAND: a login without a terminal.
by_ssh() { ssh "$1@localhost" "$2"; }

# isolated_login COMMAND...: the login runs "readlink /proc/self/ns/pid" in a namespace of its own.
isolated_login() {
	local found
	found=$("$@" readlink /proc/self/ns/pid) || return
	[[ $found == pid:* ]] && [ "$found" != "$host_pid_ns" ] || { echo "in $found, and the host is in $host_pid_ns"; return 1; }
}
session_inits() { grep -l "^NSpid:.*[[:space:]][0-9]*[[:space:]]1$" /proc/[0-9]*/status 2>/dev/null | cut -d / -f 3; }
no_session() { same '' "$(session_inits)"; }
