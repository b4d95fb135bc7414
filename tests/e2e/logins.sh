#!/bin/bash
# SPDX-License-Identifier: MIT
# What is so of every kind of login as alice.
. "$(dirname "$0")/../lib/libtest.sh"

# KIND runs "$1", a shell command, in a login as alice.
via_su() { su alice -c "$1"; }
via_su-login() { su - alice -c "$1"; }
via_su-pty() { on_terminal su -P alice -c "$1"; }
via_sudo() { sudo -u alice bash -c "$1"; }
via_sudo-pty() { on_terminal sudo -u alice bash -c "$1"; }
via_sudo-i() { sudo -i -u alice bash -c "$1"; }
via_sshd() { ssh alice@localhost "$1"; }
via_sshd-terminal() { ssh -tt alice@localhost "$1"; }
via_runuser() { runuser alice -c "$1"; }
via_runuser-login() { runuser -l alice -c "$1"; }
echo 'Defaults use_pty' >>/etc/sudoers.d/zz-copy

service_of() {
	case $1 in
	su-login) echo su-l ;;
	sudo-i) service_of_sudo_i ;;
	runuser-login) echo runuser-l ;;
	*) echo "${1%-*}" ;;
	esac
}

# What the caller sees of a command that SIGTERM ended: ssh(1) has no status for it, script(1) and a shell 128 + 15.
signal_status() { case $1 in sshd*) echo 255 ;; *) echo 143 ;; esac; }

pids_are_low() { [ "$1" -le 9 ] || same "a PID below 10" "$1"; }

ended_by_kill() {
	local kind=$1 which=$2 login victim
	"via_$kind" 'sleep 1000' &
	login=$!
	wait_until 10 session_is_open || return
	victim=$("$which")
	kill -KILL $victim
	# ssh(1) waits for whoever holds its connection; everything else must end by itself.
	wait_until 10 not kill -0 "$login" || return
	wait "$login"
	nothing_left
}

for kind in su su-login su-pty sudo sudo-pty sudo-i sshd sshd-terminal runuser runuser-login; do
	have "$kind" "$(service_of "$kind" | sed 's/-.*//')" || continue
	forget_log
	check_isolated "$kind" "$(service_of "$kind")" alice "via_$kind" look-around
	check "$kind: an info line in the log says that the session is open, and one that it is closed" \
		wait_until 10 log_holds 2 "^info .*pam_unshare\\($(service_of "$kind"):session\\): session (opened|closed) for alice"
	check "$kind: nothing worse than info is logged of an ordinary login" \
		not grep -E '^(warning|err|crit|alert|emerg) .*pam_unshare\(' /run/syslog
	check "$kind: nothing of the module appears to the user" not grep -i unshare <("via_$kind" true 2>&1)
	check "$kind: the first process of the session has a low PID" pids_are_low "$("via_$kind" 'echo $$' | tr -d '\r')"
	check "$kind: the session inherits no descriptor but 0, 1 and 2" \
		same '0 1 2' "$("via_$kind" 'ls /proc/$$/fd; true' | xargs | tr -d '\r')"
	check "$kind: the session inherits nothing in its environment" not grep UNSHARE <("via_$kind" env)
	check "$kind: an exit status comes through" exits 7 "via_$kind" 'exit 7'
	check "$kind: death by a signal comes through" exits "$(signal_status "$kind")" "via_$kind" 'kill -TERM $$'
	check "$kind: after these logins nothing is left" nothing_left
	check "$kind: killed with its application, the session leaves nothing" ended_by_kill "$kind" applications
	check "$kind: killed with its PID 1, the session leaves nothing" ended_by_kill "$kind" session_inits
done
finish
