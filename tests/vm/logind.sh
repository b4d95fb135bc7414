#!/bin/bash
# SPDX-License-Identifier: MIT
# Logins that share a session, and logind: the end of one of them, whichever way it comes, ends that one and no other.
. "$(dirname "$0")/lib/libvm.sh"

# --- logins that stay, and answer --------------------------------------------------------------------

declare -A typed held number

# enter NAME COMMAND...: a login that stays. Its shell reads what say types, and a process of its own is called mark-NAME.
enter() {
	local name=$1 fd
	shift
	rm -f "$scratch/$name.in" "$scratch/$name.out"
	mkfifo "$scratch/$name.in"
	( # without what leads to the others, which would never see the end of it
		for fd in "${typed[@]}"; do exec {fd}>&-; done
		"$@" <"$scratch/$name.in" >"$scratch/$name.out" 2>&1
	) &
	held[$name]=$!
	exec {fd}>"$scratch/$name.in"
	typed[$name]=$fd
	say "$name" 'echo "session $XDG_SESSION_ID"; readlink /proc/self/ns/pid'
	wait_until 30 grep -q '^pid:' "$scratch/$name.out" || return
	number[$name]=$(sed -n 's/^session //p' "$scratch/$name.out")
	[ -n "${number[$name]}" ] || { cat "$scratch/$name.out"; return 1; }
}
say() { echo "$2" >&"${typed[$1]}"; }
mark() { say "$1" "(exec -a mark-$1 sleep 100000) </dev/null >/dev/null 2>&1 &" && wait_until 10 marked "$1"; }
marked() { pgrep -f "^mark-$1" >/dev/null; }
namespace() { grep '^pid:' "$scratch/$1.out"; }
ssh_as() { ssh "$1@localhost" exec bash; }

tokens=0
answers() { # NAME: its shell is there, and runs what it is told
	tokens=$((tokens + 1))
	say "$1" "echo token$tokens; ls /proc | grep -c ^1\$" && wait_until 10 grep -q "^token$tokens" "$scratch/$1.out"
}
hang_up() { # NAME: nothing more is typed; it may be gone already
	local fd=${typed[$1]}
	exec {fd}>&-
}
leave() { # NAME: log out; its command ends, whatever else it has left running
	say "$1" exit 2>/dev/null
	hang_up "$1"
	ended "$1"
}
ended() { wait_until 20 not kill -0 "${held[$1]}"; }
scope_state() { systemctl is-active "session-$1.scope"; }
scope_is_gone() { [[ $(scope_state "$1") =~ ^(inactive|failed)$ ]] || { systemctl status "session-$1.scope"; return 1; }; }
session_is_gone() { not loginctl show-session "$1"; }

# Nothing is left of a login: its command, its processes, its scope, its session of logind's.
is_over() {
	ended "$1" || { echo "its command has not ended"; return 1; }
	wait_until 10 not marked "$1" || { echo "its processes live"; return 1; }
	wait_until 10 scope_is_gone "${number[$1]}" && wait_until 10 session_is_gone "${number[$1]}"
}
goes_on() { answers "$1" && marked "$1" && same active "$(scope_state "${number[$1]}")"; }

all_over() {
	local name
	trap '' PIPE
	for name in "${!typed[@]}"; do say "$name" exit; hang_up "$name"; done 2>/dev/null
	trap - PIPE
	for name in "${!held[@]}"; do ended "$name" || kill "${held[$name]}"; done
	typed=() held=() number=()
	wait_until 10 no_session
}

kill_user_processes() { # yes or no
	mkdir -p /etc/systemd/logind.conf.d
	printf '[Login]\nKillUserProcesses=%s\n' "$1" >/etc/systemd/logind.conf.d/vm.conf
	systemctl restart systemd-logind
}
cgroup_of_init() { sed -n 's/^0:://p' "/proc/$(session_inits)/cgroup"; }

# --- one of two ends ---------------------------------------------------------------------------------

by_logout() { leave "$1"; }
by_terminate() { loginctl terminate-session "${number[$1]}"; }
by_kill() { loginctl kill-session -s KILL "${number[$1]}"; }

# two_of USER OTHER: both have entered the same session.
two_of() {
	enter first ssh_as "$1" && enter second "${@:2}" && mark first && mark second &&
		same "$(namespace first)" "$(namespace second)" && [ "${number[first]}" != "${number[second]}" ]
}

# one_ends WHICH STAYS WAY: what this file is for.
one_ends() {
	two_of "${pair[@]}" || return
	"by_$3" "$1"
	is_over "$1" && goes_on "$2" && leave "$2" && is_over "$2" && wait_until 10 no_session
}

usermod -g alice bob
for setting in yes no; do
	kill_user_processes $setting
	for scope in user group; do
		options "scope=$scope"
		case $scope in
		user) pair=(alice su - alice -c 'exec bash') ends=('first second' 'second first') ;;
		group) pair=(alice ssh_as bob) ends=('first second') ;;
		esac
		for way in logout terminate kill; do
			# Who logs out with KillUserProcesses=no leaves behind what it wants.
			[ $setting-$way != no-logout ] || continue
			for which in "${ends[@]}"; do
				check "KillUserProcesses=$setting, scope=$scope: the end of the ${which% *} by $way ends that login alone" \
					one_ends $which $way
				all_over
			done
		done
	done
done
usermod -g bob bob
options scope=user
kill_user_processes no

# --- who logs out and leaves something behind --------------------------------------------------------

leaves_behind() {
	two_of alice ssh_as alice && leave first && ended first && answers second && marked first || return
	leave second && is_over first && is_over second
}
check "KillUserProcesses=no: what the first leaves behind goes on until the last is over, and ends then" leaves_behind
all_over

leaves_nothing() {
	enter first ssh_as alice && enter second ssh_as alice && leave first && is_over first && answers second
}
check "who leaves nothing behind is no closing session that others keep" leaves_nothing
all_over

# --- one that nobody shares --------------------------------------------------------------------------

alone() { # OPTIONS: PID 1 lives in the login's own scope, and both end at once
	options "$1"
	enter first ssh_as alice && mark first || return
	[[ $(cgroup_of_init) == */session-${number[first]}.scope ]] || { cgroup_of_init; return 1; }
	by_terminate first && is_over first && wait_until 10 no_session
}
for setting in yes no; do
	kill_user_processes $setting
	check "KillUserProcesses=$setting: a session of one login lives in its scope, and ends with it" alone ''
	all_over
	check "KillUserProcesses=$setting, scope=user: so does one that nobody else has joined yet" alone scope=user
	all_over
done

# --- where PID 1 is ----------------------------------------------------------------------------------

in_init_scope() {
	options "$1"
	two_of alice ssh_as alice && same /init.scope "$(cgroup_of_init)" && leave first && answers second
}
check "a shared session's PID 1 is in init.scope" in_init_scope scope=user
all_over
check "with=cgroup, too" in_init_scope 'scope=user with=ipc,uts,cgroup,net'
all_over

exec_is_limited() { # which PID 1 is not
	options scope=user
	two_of alice ssh_as alice && nsinfo exec "$(session_inits)" cat /proc/self/cgroup >"$scratch/exec" </dev/null &&
		grep -Eq "/session-(${number[first]}|${number[second]}).scope\$" "$scratch/exec" || { cat "$scratch/exec"; return 1; }
}
check "a command of nsinfo exec is in the scope of one of the logins" exec_is_limited
all_over

# --- all of them -------------------------------------------------------------------------------------

options scope=user
three() { two_of alice ssh_as alice && enter third su - alice -c 'exec bash' && mark third; }
all_end() {
	three && "$@" || return
	is_over first && is_over second && is_over third && wait_until 10 no_session
}
check "loginctl terminate-user ends them all" all_end loginctl terminate-user alice
all_over
check "loginctl kill-user does, too" all_end loginctl kill-user -s KILL alice
all_over
check "SIGTERM from root to PID 1 ends them all, as before" all_end eval 'kill $(session_inits)'
all_over
restart_ssh() { three && systemctl restart ssh && goes_on first && goes_on second && goes_on third; }
check "systemctl restart ssh ends none of them" restart_ssh
all_over
reexec() { three && systemctl daemon-reexec && goes_on first && leave first && goes_on second && goes_on third; }
check "systemctl daemon-reexec ends none of them" reexec
all_over

# --- on_close=linger ---------------------------------------------------------------------------------

lingers() { # SETTING
	kill_user_processes "$1"
	options scope=user on_close=linger
	two_of alice ssh_as alice && leave first && leave second || return
	case $1 in
	no) # logind terminates no session that is closing, with the module or without
		marked first && marked second && by_kill first && wait_until 10 not marked first && marked second &&
			by_kill second && wait_until 10 no_session ;;
	yes) is_over first && is_over second && wait_until 10 no_session ;;
	esac
}
check "on_close=linger, KillUserProcesses=no: what is left lives on, until its session is killed" lingers no
all_over
check "on_close=linger, KillUserProcesses=yes: logind ends it at the logout" lingers yes
all_over

rm /etc/systemd/logind.conf.d/vm.conf
systemctl restart systemd-logind
options
finish
