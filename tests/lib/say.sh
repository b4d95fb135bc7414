# SPDX-License-Identifier: MIT
#
# How a test in bash says what is so, waits, and types at a terminal. Sourced by libtest.sh, for the copy of the machine,
# and by vm/lib/libvm.sh, for a booted one. It needs $scratch, a directory of the test's own.

count=0

# --- saying what is so -------------------------------------------------------------------------------

# check SENTENCE COMMAND...: the sentence is true if the command succeeds; what it prints says why not.
check() {
	local sentence=$1
	shift
	count=$((count + 1))
	if run "$@" >"$scratch/said" 2>&1 </dev/null; then
		echo "ok $count - $sentence"
	else
		echo "not ok $count - $sentence"
		sed 's/^/#   /' "$scratch/said"
		open_shell "after: $sentence"
	fi
}

# open_shell WHERE: if PAM_UNSHARE_SHELL asks for it. The test goes on when the shell ends.
open_shell() {
	[ -n "${PAM_UNSHARE_SHELL-}" ] || return 0
	echo "# A shell, $1. The test's files are in $scratch."
	if [ -t 0 ]; then script -qec bash /dev/null; else bash; fi
}

run() { "$@"; } # what "return" in an eval returns from

# skip SENTENCE REASON
skip() {
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

finish() {
	open_shell 'at the end'
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

# wait_until SECONDS COMMAND...: the command succeeds within the time, or $PATIENCE times that on a slow machine.
wait_until() {
	local limit=$(($1 * ${PATIENCE:-1})) start=$EPOCHREALTIME
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

# --- terminals ---------------------------------------------------------------------------------------

# A terminal that somebody types at, by tmux(1).

terminals=0

# terminal_open COMMAND...: a new one, 90 columns by 40 lines, that runs the command. tmux 3.2 heeds the size of a
# new session only where a client is attached, hence resize-window.
terminal_open() {
	terminal_close
	terminals=$((terminals + 1)) # the last server may still be about to exit
	tmux -L "test$terminals" -f /dev/null new-session -d -x 90 -y 40 "exec $(printf '%q ' "$@")" \; \
		resize-window -x 90 -y 40
}

# terminal_type TEXT: types it and Enter. terminal_key KEY: C-c, C-z, C-d.
terminal_type() { tmux -L "test$terminals" send-keys -l -- "$1"$'\r'; }
terminal_key() { tmux -L "test$terminals" send-keys "$1"; }

# Without the spaces at the ends of lines, of which tmux 3.2 prints many with -J.
terminal_screen() { tmux -L "test$terminals" capture-pane -p -J -S - | sed 's/ *$//' | grep .; }
terminal_matches() { terminal_screen | grep -Eq -- "$1"; }

# terminal_shows REGEX: a line on the screen matches, within 10 s.
terminal_shows() {
	wait_until 10 terminal_matches "$1" || {
		terminal_screen
		return 1
	}
}

terminal_resize() { tmux -L "test$terminals" resize-window -x "$1" -y "$2"; }
terminal_clear() { tmux -L "test$terminals" send-keys -R \; clear-history; }
terminal_close() { tmux -L "test$terminals" kill-server 2>/dev/null || :; }

