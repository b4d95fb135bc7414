#!/bin/bash
# SPDX-License-Identifier: MIT
# SELinux, enforcing: with the policy module logins are isolated, also of confined users; without it the log says why not.
. "$(dirname "$0")/lib/libvm.sh"

have "SELinux" semodule || finish
[ "$(cat /sys/fs/selinux/enforce 2>/dev/null)" = 1 ] || {
	skip "the logins with SELinux" "it is not enforcing"
	finish
}

policy=/usr/share/selinux/packages/pam_unshare.cil
seusers=/etc/selinux/default/seusers
audit_from=0
forget_audit() { audit_from=$(stat -c %s /var/log/audit/audit.log); }
denied() { tail -c "+$((audit_from + 1))" /var/log/audit/audit.log | grep -a '^type=AVC.*denied'; }
ssh_is_refused() { exits 254 by_ssh bob true; }

# confine USER SEUSER: from here on, and what is in the home with it.
confine() {
	sed -i "/^$1:/d" "$seusers" && echo "$1:$2" >>"$seusers" && chcon -R -u "${2%%:*}" "/home/$1"
}

# What the user's shell runs in: isolated, and in the context that it has without the module. Reads "CONTEXT NAMESPACE".
look='echo "$(id -Z) $(readlink /proc/self/ns/pid)"' # no %, which ends a line for cron
isolated_as() {
	local context=$1 found
	shift
	found=$("$@" | grep -ao '[a-z_]*_u:[^ ]* pid:\[[0-9]*\]' | tail -n 1)
	[[ $found == "$context pid:"* ]] && [[ $found != *"$host_pid_ns" ]] || { echo "wanted $context in a session, found: $found"; return 1; }
}
by_terminal() { script -qefc "ssh -tt $1@localhost '$look'" /dev/null </dev/null; }

# By the getty of the machine's console, as in real life: login is in its own domain only so.
by_login() {
	local unit=serial-getty@ttyS0.service drop=/run/systemd/system/serial-getty@ttyS0.service.d
	rm -f "/home/$1/seen"
	cp -a "/home/$1/.profile" "$scratch/profile"
	echo "[ \"\$(tty)\" != /dev/ttyS0 ] || { $look >seen; exit; }" >>"/home/$1/.profile"
	mkdir -p "$drop"
	printf '[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin %s --noclear ttyS0 vt100\n' "$1" >"$drop/vm.conf"
	systemctl daemon-reload && systemctl restart "$unit" && wait_until 60 test -s "/home/$1/seen"
	systemctl stop "$unit"
	rm -r "$drop"
	systemctl daemon-reload
	cat "$scratch/profile" >"/home/$1/.profile"
	cat "/home/$1/seen"
}

# The user's own crontab, which cron believes only if the user made it.
by_cron() {
	rm -f "/home/$1/seen"
	echo "* * * * * ($look) >seen 2>&1" | ssh "$1@localhost" crontab - || return
	systemctl start cron && wait_until 90 test -s "/home/$1/seen"
	crontab -u "$1" -r
	cat "/home/$1/seen"
}

# --- without the policy module -----------------------------------------------------------------------

check "without the policy module a login by ssh is refused" ssh_is_refused
check "the log names SELinux" logged 'bob: cannot .*: Permission denied; SELinux is enforcing and may deny it: load the policy module pam_unshare'
check "nsinfo check calls it a problem" grep -q 'SELinux is enforcing, and its policy does not let sshd' <(COLUMNS=1000 nsinfo check sshd | tr -s ' \n' ' ')
check "nsinfo check says which file to load" grep -q "semodule -i $policy" <(COLUMNS=1000 nsinfo check sshd | tr -s ' \n' ' ')

# --- with it -----------------------------------------------------------------------------------------

check "the policy module can be loaded" semodule -i "$policy"
check "nsinfo check has nothing to say against it" not grep -q 'its policy does not let' <(COLUMNS=1000 nsinfo check sshd login cron | tr -s ' \n' ' ')
cp "$seusers" "$scratch/seusers"
forget_audit
unconfined=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023
check "ssh is isolated" isolated_as $unconfined by_ssh bob "$look"
check "su is isolated" isolated_as $unconfined su bob -c "$look"
check "sudo is isolated" isolated_as $unconfined sudo -u bob bash -c "$look"
confine bob user_u:s0
confine alice staff_u:s0-s0:c0.c1023
check "ssh of user_u is isolated" isolated_as user_u:user_r:user_t:s0 by_ssh bob "$look"
check "ssh of user_u with a terminal is isolated" isolated_as user_u:user_r:user_t:s0 by_terminal bob
check "login of user_u is isolated" isolated_as user_u:user_r:user_t:s0 by_login bob
check "cron of user_u is isolated" isolated_as user_u:user_r:user_t:s0 by_cron bob
check "sudo of staff_u is isolated" isolated_as staff_u:staff_r:staff_t:s0-s0:c0.c1023 by_ssh alice "sudo -u bob bash -c '$look'"
check "nothing of them is left" wait_until 10 no_session
check "nothing that the module or session-init does is denied" not grep -aE 'comm="session-init"|nsfs|mounton|capability=(8|18|19|21) |tclass=filesystem' <(denied)
cp "$scratch/seusers" "$seusers"
chcon -R -u unconfined_u /home/alice /home/bob
semodule -r pam_unshare >/dev/null 2>&1
finish
