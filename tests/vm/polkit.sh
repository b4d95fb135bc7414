#!/bin/bash
# SPDX-License-Identifier: MIT
# What asks for a password on the terminal by polkit: systemctl, hostnamectl, run0 and pkexec, for bob, whom a rule asks
# for his own.
. "$(dirname "$0")/lib/libvm.sh"

have "systemctl asks for a password" tmux pkttyagent || finish
rules=/etc/polkit-1/rules.d/00-vm.rules
cat >$rules <<'T'
polkit.addRule(function(action, subject) {
	if (subject.user == "bob" && /^org\.freedesktop\.(systemd1|hostname1|policykit\.exec)/.test(action.id))
		return "auth_self";
});
T
systemctl restart polkit
out='systemd-run --user --pty --quiet'

# run_by_bob COMMAND: at a terminal of an ssh login, which stays until the next.
run_by_bob() { terminal_open ssh -tt bob@localhost "$1; echo \"status \$?\"; read -r _"; }

# A terminal that waits for a line and does not show it. The agent throws away what was typed before.
hidden() {
	local terminal
	for terminal in /dev/pts/[0-9]*; do
		[[ $(stty -F "$terminal" -a) =~ \ icanon.*\ -echo\  ]] && return
	done
	return 1
}

asks() {
	run_by_bob "$1"
	terminal_shows '^Password:' && wait_until 10 hidden && terminal_type correct-horse && terminal_shows '^status 0$'
}
asks_nothing() {
	run_by_bob "$1"
	terminal_shows '^status [1-9]' && not terminal_matches '^Password:'
}

options exempt=bob
check "outside of a session systemctl asks for the password" asks 'systemctl restart cron'
options
for command in 'systemctl restart cron' "hostnamectl set-hostname $(hostname)" 'run0 true'; do
	check "in a session ${command%% *} cannot ask" asks_nothing "$command"
	check "in a session ${command%% *} asks if systemd's user manager runs it" asks "$out $command"
done
if have "pkexec asks for a password" pkexec; then
	check "in a session pkexec cannot ask" asks_nothing 'pkexec true'
	check "in a session pkexec asks if systemd's user manager runs it" asks "$out pkexec true"
fi

# What the head of the example says is to be done, is done.
examples=/usr/share/doc/pam_unshare/examples
if python3 -c 'import gi; gi.require_version("PolkitAgent", "1.0")' 2>/dev/null; then
	(cd $examples && sed -n 's/^#     //p' pkttyagent | sh -e) >"$scratch/diverted" 2>&1
	for command in 'systemctl restart cron' "hostnamectl set-hostname $(hostname)" 'run0 true'; do
		check "with the example's pkttyagent ${command%% *} asks in a session" asks "$command"
	done
	options exempt=bob
	check "with the example's pkttyagent systemctl asks outside of a session, too" asks 'systemctl restart cron'
	options
	sh -c "$(sed -n 's/^# To take it back: //p' $examples/pkttyagent)" >"$scratch/diverted" 2>&1
	check "its head says how it is taken back" not grep -q pam_unshare /usr/bin/pkttyagent
else
	skip "with the example's pkttyagent systemctl asks in a session" "no python3-gi with gir1.2-polkit-1.0 on this machine"
fi
terminal_close
rm $rules
systemctl restart polkit
finish
