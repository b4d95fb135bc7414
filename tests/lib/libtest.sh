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
# By hand: PAM_UNSHARE_BUILD=build tests/e2e/su.sh. With PAM_UNSHARE_STOCK=1 the stacks are without our
# line, and the tests of isolation must fail.
set -u

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ -z "${IN_COPY-}" ]; then
	exec "$lib/copy.sh" --tap --build "${PAM_UNSHARE_BUILD:?the build directory}" \
		${PAM_UNSHARE_STOCK:+--stock} bash "$0" "$@"
fi
. "$lib/machine.sh"

count=0
scratch=$(mktemp -d /run/test.XXXXXX)
chmod 755 "$scratch"

# --- saying what is so -------------------------------------------------------------------------------

# check SENTENCE COMMAND...: the sentence is true if the command succeeds; what it prints says why not.
check() {
	local sentence=$1
	shift
	count=$((count + 1))
	if "$@" >"$scratch/said" 2>&1 </dev/null; then
		echo "ok $count - $sentence"
	else
		echo "not ok $count - $sentence"
		sed 's/^/#   /' "$scratch/said"
	fi
}

# skip SENTENCE REASON
skip() {
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

finish() {
	echo "1..$count"
	exit 0
}

# have SENTENCE PROGRAM...: true if the machine has all of them; otherwise the sentence is skipped.
have() {
	local sentence=$1 program
	shift
	for program; do
		command -v "$program" >/dev/null || {
			skip "$sentence" "no $program on this machine"
			return 1
		}
	done
}

# same WANTED FOUND
same() {
	[ "$1" = "$2" ] || {
		printf 'wanted: %s\n found: %s\n' "$1" "$2"
		return 1
	}
}

not() { ! "$@"; }

# exits STATUS COMMAND...
exits() {
	local wanted=$1 status
	shift
	"$@"
	status=$?
	same "status $wanted" "status $status"
}

# wait_until SECONDS COMMAND...: the command succeeds within the time.
wait_until() {
	local limit=$1 start=$EPOCHREALTIME
	shift
	until "$@" >"$scratch/waiting" 2>&1; do
		elapsed "$start" "$limit" || {
			echo "not within $limit s: $*"
			cat "$scratch/waiting"
			return 1
		}
		sleep 0.02
	done
}

# elapsed START SECONDS: less than SECONDS have gone by since START, which was $EPOCHREALTIME.
elapsed() { [ $((${EPOCHREALTIME/[.,]/} - ${1/[.,]/})) -lt $((${2} * 1000000)) ]; }

# --- the log -----------------------------------------------------------------------------------------

# logged REGEX: a line of the log matches, since the last forget_log.
logged() {
	wait_until 2 grep -Eq -- "$1" /run/syslog || {
		echo "no such line in the log: $1"
		cat /run/syslog
		return 1
	}
}

forget_log() { : >/run/syslog; }

# --- namespaces --------------------------------------------------------------------------------------

host_pid_ns=$(readlink /proc/self/ns/pid)
host_mnt_ns=$(readlink /proc/self/ns/mnt)

# A program on the host whose command line nobody in a session may read.
bash -c 'exec -a "canary --password=correct-horse" sleep infinity' &
canary=$!

# What a login can see, as NAME=VALUE lines, for probe.
cat >/usr/local/bin/look <<'EOT'
#!/bin/bash
echo "pid_ns=$(readlink /proc/self/ns/pid)"
echo "mnt_ns=$(readlink /proc/self/ns/mnt)"
echo "init=$(ps -p 1 -o args=)"
echo "user=$(id -un)"
echo "tty=$(tty)"
echo "cwd=$(pwd)"
echo "canary=$(ps -e -o args | grep -c '[c]anary --password')"
echo "processes=$(ls -d /proc/[0-9]* | wc -l)"
echo "ps:"; ps -e -o pid,ppid,user,stat,args
EOT
chmod 755 /usr/local/bin/look

# saw FILE NAME
saw() { sed -n "s/^$2=//p" "$1" | tr -d '\r'; }

# isolated SERVICE USER FILE: FILE is what "look" printed in a session of that service and user.
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

# check_isolated LOGIN SERVICE USER COMMAND...: the command is a login that runs "look".
check_isolated() {
	local login=$1 service=$2 user=$3
	shift 3
	"$@" >"$scratch/look" 2>&1 </dev/null
	check "$login lands in a private PID namespace and sees nothing of the host" \
		isolated "$service" "$user" "$scratch/look"
}

# on_terminal COMMAND...: runs it on a terminal of its own, which nobody types at.
on_terminal() { script -qefc "$(printf '%q ' "$@")" /dev/null; }

# --- what is left ------------------------------------------------------------------------------------

# Every process in a PID or mount namespace other than the copy's, and every zombie.
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
	ps -e -o pid=,user=,stat=,args= | awk '$3 ~ /^Z/'
}

# Mounts of the copy, and the files where a session could leave some. Not what applications keep there.
mounts_and_files() {
	cut -d ' ' -f 4,5,6,9- /proc/self/mountinfo
	find /run /tmp /dev/shm -path "$scratch" -prune -o -path /run/syslog -o -path '/run/utmp*' -o -path '/run/sudo*' \
		-o -path '/run/user*' -o -path '/tmp/tmux*' -o -path '/tmp/ssh-*' -o -path '/run/motd*' -o -path /run/lock -o -print
}

none_left() { [ -z "$(leftover_processes)" ]; }

# nothing_left [SECONDS]: no process, mount or file of a session, and the canary is alive.
nothing_left() {
	wait_until "${1:-5}" none_left || {
		leftover_processes
		return 1
	}
	diff "$scratch/before" <(mounts_and_files | sort) && kill -0 "$canary"
}

# --- terminals ---------------------------------------------------------------------------------------

# A terminal that somebody types at. terminal_open COMMAND...; terminal_type KEYS... (tmux(1): C-c, Enter);
# terminal_shows REGEX; terminal_close.
terminal_open() {
	: >"$scratch/screen"
	tmux -L "$$" -f /dev/null new-session -d -x 100 -y 50 "$(printf '%q ' "$@"); echo \"status=\$?\"; sleep 60"
}
terminal_type() { tmux -L "$$" send-keys "$@"; }
terminal_screen() { tmux -L "$$" capture-pane -p -S - -J; }
terminal_matches() { terminal_screen | grep -Eq -- "$1"; }
terminal_shows() {
	wait_until "${2:-5}" terminal_matches "$1" || {
		terminal_screen | grep .
		return 1
	}
}
terminal_close() {
	tmux -L "$$" kill-server 2>/dev/null
	return 0
}

start_sshd
mounts_and_files | sort >"$scratch/before"
