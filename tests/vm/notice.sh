#!/bin/bash
# SPDX-License-Identifier: MIT
# What the users of a session trip over, and the ways out: "What your users will notice" in doc/enabling.md.
. "$(dirname "$0")/lib/libvm.sh"

# --- mounts ------------------------------------------------------------------------------------------

mkdir -p "$scratch/disk" "$scratch/inside" "$scratch/later"
mount -t tmpfs disk "$scratch/disk"
(cd "$scratch/disk" && exec sleep infinity) &
busy=$!

umount_says_yes() {
	by_ssh alice "sudo umount $scratch/disk && ! mountpoint -q $scratch/disk" && mountpoint -q "$scratch/disk"
}
check "sudo umount in a session says yes, and the busy disk is still mounted on the host" umount_says_yes
nobody_uses_the_disk() { not by_ssh alice "sudo fuser $scratch/disk" && fuser "$scratch/disk"; }
check "fuser in a session does not find who uses the disk on the host" nobody_uses_the_disk
mount_stays_inside() {
	by_ssh alice "sudo mount -t tmpfs inside $scratch/inside && mountpoint -q $scratch/inside" && not mountpoint -q "$scratch/inside"
}
check "sudo mount in a session does not mount on the host" mount_stays_inside
host_mount_arrives() {
	terminal_open ssh -tt alice@localhost "until mountpoint -q $scratch/later; do sleep 0.2; done; echo arrived; read -r _"
	wait_until 10 sessions_are_open && mount -t tmpfs later "$scratch/later" && terminal_shows '^arrived'
}
sessions_are_open() { [ -n "$(session_inits)" ]; }
have "what the host mounts arrives in an open session" tmux && check "what the host mounts arrives in an open session" host_mount_arrives
terminal_close
kill $busy
wait $busy
umount "$scratch/disk" "$scratch/later"

# --- PIDs --------------------------------------------------------------------------------------------

cron_pid=$(systemctl show -P MainPID cron)
echo "$cron_pid" >/run/crond.pid # as cron itself writes it
check "a PID file of the host names no process of a session" not by_ssh alice 'sudo sh -c "kill -0 \$(cat /run/crond.pid)"'
echo 2 >"$scratch/pid"
check "a number that the session has, too, names a process of the session" by_ssh alice "sudo cat /proc/\$(cat $scratch/pid)/comm | grep sshd"
check "systemctl kill reaches the daemon from a session" by_ssh alice 'sudo SYSTEMCTL_FORCE_BUS=1 systemctl kill -s CONT cron'
pid_over_bus() {
	not by_ssh alice 'busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager GetUnitByPID u $$ | grep session-'
}
check "a PID of the session given to systemd over D-Bus is not this process" pid_over_bus
finds_itself() { by_ssh alice 'loginctl session-status' | grep alice; }
check "loginctl session-status finds the login without a PID" finds_itself

inner_log() {
	forget_log
	by_ssh alice 'sudo -u bob true' && logged 'pam_unshare\(sudo:session\): session opened for bob: PID 1 is [0-9]{1,2},'
}
check "the log of a login inside a session names a PID of the session" inner_log

# --- users -------------------------------------------------------------------------------------------

useradd carol
setpriv --reuid carol --regid carol --clear-groups sleep infinity &
hers=$!
check "the host does not delete a user who runs something" exits 8 userdel carol
check "nor rename" exits 8 usermod -l caroline carol
check "sudo usermod in a session renames, for it sees no process of the host" by_ssh alice 'sudo usermod -l caroline carol'
sed -i 's/^caroline:/carol:/' /etc/passwd /etc/shadow
check "sudo userdel in a session deletes, for it sees no process of the host" by_ssh alice 'sudo userdel carol'
kill $hers
wait $hers 2>/dev/null

by_ssh_for_long() { ssh alice@localhost 'sleep infinity' >/dev/null 2>&1 & }
renames_alice() { usermod -l alicia alice && usermod -l alice alicia; }
terminated() {
	by_ssh_for_long
	wait_until 10 sessions_are_open && exits 8 usermod -l alicia alice && loginctl terminate-user alice &&
		wait_until 20 renames_alice
}
check "a user who is logged in is renamed after loginctl terminate-user" terminated

who_is_empty() { same '' "$(by_ssh alice who)"; }
check "who in a session prints nobody" who_is_empty
check "loginctl in a session prints the logins" by_ssh alice 'loginctl list-sessions --no-legend | grep alice'
if have "auditctl in a session is refused" auditctl; then
	check "auditctl on the host is not" auditctl -s
	check "auditctl in a session is refused" not by_ssh alice 'sudo auditctl -s'
fi
finish
