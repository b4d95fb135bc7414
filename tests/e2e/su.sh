#!/bin/bash
# SPDX-License-Identifier: MIT
# su: the working directory, root, sessions in sessions, and the line's options.
. "$(dirname "$0")/../lib/libtest.sh"

# in_dir DIRECTORY COMMAND...
in_dir() { (cd "$1" && shift && "$@"); }

mkdir -p /srv/deep/er
check "the working directory is kept" same /srv/deep/er "$(in_dir /srv/deep/er su alice -c pwd)"
check "the working directory is the same directory, not a path" \
	same "$(stat -c %d:%i /srv/deep/er)" "$(in_dir /srv/deep/er su alice -c 'stat -c %d:%i .')"

mkdir /srv/gone
echo kept >/srv/gone/file
exec {gone}<"/srv/gone"
check "a deleted working directory is kept" same "(deleted)" "$(
	cd /srv/gone && rm -r /srv/gone && su alice -c 'readlink /proc/self/cwd' 2>/dev/null | grep -o '(deleted)')"
exec {gone}<&-

check "a working directory in /proc is the same path in the private /proc" \
	same /proc/sys/kernel "$(in_dir /proc/sys/kernel su alice -c 'pwd -P')"
check "from /proc as working directory only the session's processes are seen" \
	eval '[ "$(in_dir /proc su alice -c "ls -d [0-9]* | wc -l")" -le 9 ]'
check "from a host process's directory as working directory nothing of it is seen" \
	same / "$(in_dir "/proc/$canary" su alice -c 'cat cmdline; pwd -P' 2>/dev/null)"
check "su - goes to the home directory" same /home/alice "$(in_dir /srv/deep su - alice -c pwd)"

forget_log
su - alice -c true
check "a line that a stack holds twice opens one session" \
	same 1 "$(grep -c '^info .*pam_unshare(su-l:session): .*open' /run/syslog)"

check "a session can open another" same 'pam_unshare: bob [sudo]' \
	"$(su alice -c 'sudo sudo -u bob ps -p 1 -o args=')"
check "root by sudo in a session sees that session alone" \
	same 'pam_unshare: alice [su]' "$(su alice -c 'sudo ps -p 1 -o args=')"

check "alice cannot read the environment of PID 1" not su alice -c 'cat /proc/1/environ'
check "root in the session cannot end PID 1" same 'still here' \
	"$(su alice -c 'sudo kill -KILL 1; sudo kill -TERM 1; sleep 0.1; echo still here')"
# It drops the others when it starts, for which a login does not wait.
check "PID 1 has no capability but CAP_KILL" same 'CapPrm: 0000000000000020 CapEff: 0000000000000020 CapBnd: 0000000000000020' \
	"$(su alice -c 'for i in {1..500}; do ! grep -q "CapBnd:.*0000000000000020" /proc/1/status || break; sleep 0.02; done
		grep -E "Cap(Prm|Eff|Bnd)" /proc/1/status' | xargs)"
check "PID 1 holds nothing of the file system" same / "$(su alice -c 'sudo readlink /proc/1/cwd')"

su root -c look-around >"$scratch/look" 2>&1 </dev/null
check "root is let in without a session" not_isolated "$scratch/look"
options root
check_isolated "with the option root, su to root" su root su -c look-around
options debug
forget_log
check "with the option debug the log holds details" eval 'su alice -c true && logged "^debug .*pam_unshare\(su:session\)"'
check "among them the procfs that was replaced, and how long it took" eval '
	logged "^debug .*: the procfs on /proc is replaced" && logged "^debug .*: starting PID 1 took [0-9]+ us" &&
		logged "^debug .*: of that, replacing /proc took [0-9]+ us"'
options ''
forget_log
check "without it, none" eval 'su alice -c true && ! grep "^debug .*pam_unshare(" /run/syslog'

check "the application has its own /proc/self and its namespaces again when the session is closed" nothing_left
check "two hundred logins in a row leave nothing" eval '
	for i in {1..200}; do su alice -c true || return; done; nothing_left'
check "forty logins at a time all work, and leave nothing" eval '
	for i in {1..40}; do su alice -c "sleep 0.3; echo in" & done >"$scratch/in"
	for job in $(jobs -p); do [ "$job" = "$canary" ] || wait "$job"; done
	same 40 "$(grep -c in "$scratch/in")" && nothing_left'
finish
