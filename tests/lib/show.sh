#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What ./try shows, in the copy: what alice sees of everybody's processes, with and without a session.
set -u
. "$(dirname "$0")/machine.sh"

if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

# title TEXT
title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

# as_alice COMMAND...: what ps says to alice when she gets there by COMMAND, but for the show itself. A ps that is
# there before PID 1 has its title shows its name in brackets: once more.
as_alice() {
	local try
	for try in 1 2 3; do
		"$@" >/run/shown 2>&1 </dev/null
		grep -qF '[session-init]' /run/shown || break
	done
	grep -v lib/show.sh /run/shown | cut -c 1-76 | sed 's/^/    /'
}

ps='ps -e -o pid,user,args'

# run_as USER COMMANDLINE: a program that does nothing and has this command line.
run_as() { setpriv --reuid "$1" --regid "$1" --init-groups --reset-env perl -e '$0 = shift; sleep' "$2" & }

# Two programs with a password on their command lines, as they run on any machine.
run_as bob 'psql postgresql://bob:correct-horse@localhost/shop'
run_as root 'backup --to=s3 --secret-key=AKIA42SECRET'
sed -i /MaxStartups/d /etc/ssh/sshd_config # so that its title is as usual
start_sshd

cat <<-EOT

	This is a throw-away copy of this machine, with pam_unshare's line
	    session  required  pam_unshare.so
	at the end of su, sudo and sshd in /etc/pam.d.
EOT
title "What alice sees on the host, without a session:  $ps"
as_alice setpriv --reuid alice --regid alice --init-groups $ps
title "What she sees in a session:  su alice -c '$ps'"
as_alice su alice -c "$ps"
title "sudo -u alice $ps"
as_alice sudo -u alice $ps
title "ssh alice@localhost $ps"
as_alice ssh alice@localhost "$ps"
title 'What the log says (/run/syslog)'
grep -F 'pam_unshare(' /run/syslog | fold -s -w 72 | sed 's/^/    /; s/ *$//'

[ "${1-}" != --demo ] || exit 0

cat <<-EOT

	You are root in the copy. Things to try:
	    su - alice        ssh alice@localhost       sudo -u alice -s
	    kill -9 the su, and see that nothing of the session is left
	    edit /etc/pam.d/su, and see what an option or an error does
	    tail -f /run/syslog$(! command -v nsinfo >/dev/null || printf '\n    nsinfo            shows the sessions')
	"exit" throws the copy away.

EOT
cat >/run/bashrc <<-'EOT'
	[ ! -f /etc/bash.bashrc ] || . /etc/bash.bashrc
	PS1='[throw-away copy] \u:\w\$ '
EOT
cd /root || exit
# A terminal of the copy's own: job control and tty(1) need it.
if [ -t 0 ]; then script -qec 'bash --rcfile /run/bashrc' /dev/null; else bash; fi
exit 0
