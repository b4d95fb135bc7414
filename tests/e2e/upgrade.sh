#!/bin/bash
# SPDX-License-Identifier: MIT
# The module and session-init of one version are replaced by those of another, whose protocol is another, while sessions are
# open: up and down. What is open goes on and ends as before, and a login afterwards does not wait for it.
. "$(dirname "$0")/../lib/libtest.sh"

have "another version can be built" meson ninja cc || finish

# The other version: this one's sources, with another number.
own=$(ls /usr/libexec/pam_unshare)
other=$((own + 1))
source=$(cd "$lib/../.." && pwd)
mkdir "$scratch/other"
tar -C "$source" --exclude='./build*' --exclude=./.git -c . | tar -C "$scratch/other" -x
sed -i "s/^#define PROTOCOL_VERSION .*/#define PROTOCOL_VERSION $other/" "$scratch/other/pam_unshare/common/protocol.h"
check "another version can be built" eval '
	meson setup "$scratch/build" "$scratch/other" --prefix=/usr -Dtests=disabled -Dnsinfo=disabled && meson compile -C "$scratch/build"'

# As a package manager has it: the files of the one version come, and then those of the other go.
install_version() {
	case $1 in
	"$own") meson install --no-rebuild -C "$COPY_BUILD" ;;
	*) meson install --no-rebuild -C "$scratch/build" ;;
	esac >"$scratch/installed" 2>&1 || { cat "$scratch/installed"; return 1; }
	for version in "$own" "$other"; do [ "$version" = "$1" ] || rm -rf "/usr/libexec/pam_unshare/$version"; done
}

via_su() { su alice -c "$1"; }
via_ssh() { ssh -n alice@localhost "$1"; }
pid_ns='readlink /proc/self/ns/pid'

# hold NAME KIND: a login that lasts until release NAME.
hold() {
	rm -f "/home/alice/go-$1" "$scratch/$1"
	"via_$2" "$pid_ns; until [ -e /home/alice/go-$1 ]; do sleep 0.05; done; echo over" >"$scratch/$1" 2>&1 </dev/null &
	held[$1]=$!
	wait_until 20 test -s "$scratch/$1"
}
release() {
	touch "/home/alice/go-$1"
	wait "${held[$1]}" && grep -q over "$scratch/$1"
}
declare -A held
ns_of() { head -n 1 "$scratch/$1"; }
inits_are() { same "$1" "$(session_inits | wc -l)"; }
no_names() { same '' "$(ls /run/pam_unshare 2>/dev/null | grep -v -x lock)"; }

# check_change FROM TO: with FROM installed, sessions are opened; TO comes; and they all go on.
check_change() {
	local change="from $1 to $2" kind
	options scope=user on_close=linger
	check "$change: sessions are open before" eval 'hold su su && hold ssh ssh && cmp "$scratch/su" "$scratch/ssh"'
	# The descriptor that nobody reads keeps it alive until it is closed.
	options scope=user
	check "$change: the other version is installed" install_version "$2"
	forget_log
	for kind in su ssh; do
		check "$change: the next login by $kind gets another session, at once" eval '
			start=$EPOCHREALTIME
			ns=$(via_$kind "$pid_ns") && elapsed "$start" $((8 * PATIENCE)) && [ "$ns" != "$(ns_of su)" ] && [ "$ns" != "$host_pid_ns" ] && [ -n "$ns" ]'
	done
	check "$change: and logs nothing unusual" not grep -E '^(notice|warning|err|crit) .*pam_unshare' /run/syslog
	check "$change: logins of the new version share a session" eval '
		hold new su && [ "$(ns_of new)" != "$(ns_of su)" ] && same "$(ns_of new)" "$(via_ssh "$pid_ns")" && inits_are 2'
	if command -v nsinfo >/dev/null; then
		check "$change: nsinfo knows the sessions of both" same 'open open' "$(nsinfo list -nro STATE | xargs)"
	fi
	check "$change: from inside the old session, alice is in her session already" eval '
		forget_log
		nsenter -t "$(pgrep -u alice -o -f "[g]o-su ")" -p -m su alice -c "$pid_ns" >"$scratch/inside"
		same "$(ns_of su)" "$(cat "$scratch/inside")" && logged "the login is in its session already"'
	check "$change: a login that was open before closes as before" release ssh
	su_lingers=$(ns_of su)
	via_linger "$(pgrep -u alice -o -f '[g]o-su ')"
	check "$change: so does the last one, and what it left lingers" eval '
		release su && lingers && inits_are 2 && wait_until 10 no_open "$su_lingers"'
	check "$change: a later login does not join what lingers" eval '[ "$(via_su "$pid_ns")" = "$(ns_of new)" ]'
	check "$change: the new session ends with its login" eval 'release new && wait_until 10 inits_are 1'
	check "$change: what lingers ends with its last process, and takes its name along" eval '
		pkill -x -f "sleep 6789" && nothing_left && no_names'
}
# Something that outlives the old session's logins, started in it.
via_linger() { nsenter -t "$1" -p -m setpriv --reuid alice --regid alice --clear-groups setsid -f sleep 6789 >/dev/null 2>&1 </dev/null; }
lingers() { same "$su_lingers" "$(readlink "/proc/$(pgrep -x -f "sleep 6789")/ns/pid")"; }
no_open() { ! readlink /proc/[0-9]*/ns/pid_for_children | grep -Fx "$1" | grep -q . || [ "$(applications | wc -w)" -le 1 ]; }

check_change "$own" "$other"
check_change "$other" "$own"

# --- while a package is being unpacked ---------------------------------------------------------------

options ''
init=/usr/libexec/pam_unshare/$own/session-init
check "a login that comes before the new session-init is there waits for it" eval '
	mv $init $init.new
	{ sleep 0.3; mv $init.new $init; } &
	ns=$(via_su "$pid_ns") && [ -n "$ns" ] && [ "$ns" != "$host_pid_ns" ]
	result=$?
	wait $!
	return $result'
mkdir -p "/usr/libexec/pam_unshare/$other"
mv $init "/usr/libexec/pam_unshare/$other/session-init"
forget_log
check "a session-init of another version is not started: the login is refused, and the log says what may be going on" eval '
	! via_su true && logged "^err .*alice: cannot execute $init: No such file or directory; if pam_unshare is being upgraded"'
mv "/usr/libexec/pam_unshare/$other/session-init" $init
# The number is in the facts, too: a session-init at the wrong place does not go on.
mv "$init" "$init.away"
cp "$scratch/build/pam_unshare/session-init" "$init"
check "a session-init that is of another version all the same ends at once" eval '! via_su "sleep 20"; wait_until 10 inits_are 0'
mv "$init.away" "$init"
check "and with its own the module lets alice in again" via_su true
check "after all of that nothing is left" nothing_left
finish
