# SPDX-License-Identifier: MIT
#
# For end-to-end tests. A test is a bash script that sources this file first: it then runs in a throw-away
# copy of the machine (copy.sh), as root, with an sshd, and says one line of TAP for each sentence that
# it checks:
#
#     . "$(dirname "$0")/../lib/libtest.sh"
#     check "su puts alice in a PID namespace of her own" other_pid_ns su alice -c 'readlink /proc/self/ns/pid'
#     finish
#
# By hand, after ./check: tests/e2e/su.sh, or PAM_UNSHARE_BUILD=DIR tests/e2e/su.sh. With PAM_UNSHARE_STOCK=1 the stacks are without our
# line, and the tests of isolation must fail. With PAM_UNSHARE_SHELL=1 a sentence that is not so opens a shell in the copy, as does
# the end of the script. A script may set copy_options, for copy.sh, before it sources this.
set -u

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ -z "${IN_COPY-}" ]; then
	exec "$lib/copy.sh" --tap --build "${PAM_UNSHARE_BUILD:-$lib/../../build-check}" \
		${PAM_UNSHARE_STOCK:+--stock} ${copy_options-} ${PAM_UNSHARE_SHELL:+env "PAM_UNSHARE_SHELL=$PAM_UNSHARE_SHELL"} bash "$0" "$@"
fi
. "$lib/machine.sh"

scratch=$(mktemp -d /run/test.XXXXXX)
chmod 755 "$scratch"
. "$lib/say.sh"

# --- the log -----------------------------------------------------------------------------------------

# logged REGEX: a line of the log matches, since the last forget_log.
logged() {
	wait_until 10 grep -Eq -- "$1" /run/syslog || {
		echo "no such line in the log: $1"
		cat /run/syslog
		return 1
	}
}

# log_holds NUMBER REGEX: so many lines match.
log_holds() { same "$1" "$(grep -Ec -- "$2" /run/syslog)"; }

forget_log() { : >/run/syslog; }

# --- namespaces --------------------------------------------------------------------------------------

host_pid_ns=$(readlink /proc/self/ns/pid)
host_mnt_ns=$(readlink /proc/self/ns/mnt)

# A program on the host whose command line nobody in a session may read.
bash -c 'exec -a "canary --password=correct-horse" sleep infinity' &
canary=$!

# What a login can see, as NAME=VALUE lines, for probe.
cat >/usr/bin/look-around <<'EOT'
#!/bin/bash
echo "pid_ns=$(readlink /proc/self/ns/pid)"
echo "mnt_ns=$(readlink /proc/self/ns/mnt)"
for i in {1..50}; do # a login may be faster than its PID 1 gets its title
	init=$(ps -p 1 -o args=)
	case $init in '['*) sleep 0.02 ;; *) break ;; esac
done
echo "init=$init"
echo "user=$(id -un)"
echo "tty=$(tty)"
echo "cwd=$(pwd)"
echo "canary=$(ps -e -o args | grep -c '[c]anary --password')"
echo "processes=$(ls -d /proc/[0-9]* | wc -l)"
echo "ps:"; ps -e -o pid,ppid,user,stat,args
EOT
chmod 755 /usr/bin/look-around

# saw FILE NAME
saw() { sed -n "s/^$2=//p" "$1" | tr -d '\r'; }

# isolated SERVICE USER FILE: FILE is what "look-around" printed in a session of that service and user.
isolated() {
	local service=$1 user=$2 file=$3
	cat "$file"
	[ -n "$(saw "$file" pid_ns)" ] && [ "$(saw "$file" pid_ns)" != "$host_pid_ns" ] &&
		[ "$(saw "$file" mnt_ns)" != "$host_mnt_ns" ] &&
		same "pam_unshare: $user [$service]" "$(saw "$file" init)" &&
		same 0 "$(saw "$file" canary)" && [ "$(saw "$file" processes)" -le 14 ]
}

# not_isolated FILE: the same, of a login that was let in without a session.
not_isolated() {
	cat "$1"
	same "$host_pid_ns" "$(saw "$1" pid_ns)" && same "$host_mnt_ns" "$(saw "$1" mnt_ns)" && same 1 "$(saw "$1" canary)"
}

# check_isolated LOGIN SERVICE USER COMMAND...: the command is a login that runs "look-around".
check_isolated() {
	local login=$1 service=$2 user=$3
	shift 3
	"$@" >"$scratch/look" 2>&1 </dev/null
	check "$login lands in a private PID namespace and sees nothing of the host" \
		isolated "$service" "$user" "$scratch/look"
}

# on_terminal COMMAND...: runs it on a terminal of its own, which nobody types at.
mkfifo "$scratch/nobody"
on_terminal() { script -qefc "$(printf '%q ' "$@")" /dev/null <>"$scratch/nobody"; }

# The PIDs on the host of the applications with an open session, and of the sessions' PID 1.
applications() {
	local dir
	for dir in /proc/[0-9]*; do
		case $(readlink "$dir/ns/pid" "$dir/ns/pid_for_children" 2>/dev/null | xargs) in
		'' | "$host_pid_ns" | "$host_pid_ns $host_pid_ns") ;;
		"$host_pid_ns "*) echo "${dir#/proc/}" ;;
		esac
	done
}
session_inits() { grep -l "^NSpid:.*[[:space:]][0-9]*[[:space:]]1$" /proc/[0-9]*/status 2>/dev/null | cut -d / -f 3; }
no_application() { same '' "$(applications)"; }

session_is_open() { [ -n "$(applications)" ] && [ -n "$(session_inits)" ]; }

# options OPTION...: what stands after pam_unshare.so in every stack, from here on.
options() { sed -i "s|^\(session required pam_unshare.so\).*|\1 $*|" /etc/pam.d/*; }

# --- what is left ------------------------------------------------------------------------------------

# Every process in a PID or mount namespace other than the copy's, every process of alice's and bob's, and
# every zombie.
leftover_processes() {
	local dir pid ns
	for dir in /proc/[0-9]*; do
		pid=${dir#/proc/}
		ns="$(readlink "$dir/ns/pid" 2>/dev/null) $(readlink "$dir/ns/mnt" 2>/dev/null)"
		case $ns in
		" " | "$host_pid_ns $host_mnt_ns") ;;
		*) ps -o pid=,user=,stat=,args= -p "$pid" ;;
		esac
	done
	ps -e -o pid=,user=,stat=,args= | awk '$2 == "alice" || $2 == "bob" || $3 ~ /^Z/'
}

# Mounts of the copy, and the files where a session could leave some. Not what applications keep there, and
# not the place where logins that share a session meet, which stays.
mounts_and_files() {
	cut -d ' ' -f 4,5,6,9- /proc/self/mountinfo
	find /run /tmp /dev/shm -path "$scratch" -prune -o -path /run/syslog -o -path '/run/utmp*' -o -path '/run/sudo*' \
		-o -path '/run/user*' -o -path '/tmp/tmux*' -o -path '/tmp/ssh-*' -o -path '/run/motd*' -o -path /run/lock -o -path /run/mount \
		-o -path /run/pam_unshare -o -path /run/pam_unshare/lock -o -print
}

none_left() { [ -z "$(leftover_processes)" ]; }

# nothing_left [SECONDS]: no process, mount or file of a session, and the canary is alive.
nothing_left() {
	wait_until "${1:-10}" none_left || {
		leftover_processes
		return 1
	}
	diff "$scratch/before" <(mounts_and_files | sort) && kill -0 "$canary"
}

# --- terminals ---------------------------------------------------------------------------------------

# tmux_lives_on: alice starts tmux by ssh and hangs up; her next login by ssh attaches to it.
tmux_lives_on() {
	terminal_open ssh -t alice@localhost 'tmux -L own new -s work'
	terminal_shows '^\[work\]' || return # tmux 3.2 throws away what is typed before
	terminal_type 'echo alive-$((40 + 2))'
	terminal_shows 'alive-42' || return
	terminal_close
	wait_until 10 no_application || return
	terminal_open ssh -t alice@localhost 'tmux -L own attach -t work'
	terminal_shows 'alive-42'
}

start_sshd
mounts_and_files | sort >"$scratch/before"
