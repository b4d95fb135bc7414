#!/bin/bash
# SPDX-License-Identifier: MIT
# nsinfo exec: nothing of the caller's gets to the user whose session and command it is; and the command has a
# terminal, job control, signals, files and an exit status as if it ran outside.
. "$(dirname "$0")/../lib/libtest.sh"

have "nsinfo exec on a terminal" tmux || finish
install -m 755 "$COPY_BUILD/tests/e2e/attack-exec" /usr/local/bin/attack-exec
printf '%s\n' 'PS1="\u> "' 'unset PROMPT_COMMAND' >/etc/bash.bashrc
rm -f /root/.bashrc

sed -i '1i session required pam_limits.so' /etc/pam.d/sshd
echo 'bob - nofile 777' >/etc/security/limits.conf
ssh bob@localhost 'sleep 900' >/dev/null 2>&1 </dev/null &
login() { pgrep -u bob -xf 'sleep 900'; }
wait_until 10 login >/dev/null
ns=$(readlink "/proc/$(login)/ns/pid" | tr -dc 0-9)
export SECRET=hunter2

as_bob() { nsinfo exec "$ns" -u bob -- "$@"; }
pid_of() { pgrep -xf "$1"; }
in_state() { pgrep -xf "$1" -r "$2" >/dev/null; }
gone() { ! pgrep -xf "$1"; }
inner_pid() { sed -n 's/^NSpid:.*[[:space:]]//p' "/proc/$1/status"; }
# files_of PID: its descriptors and what they are, in one line.
files_of() {
	local fd
	for fd in $(ls "/proc/$1/fd" | sort -n); do echo "$fd $(readlink "/proc/$1/fd/$fd" | tr -d '0-9:[]')"; done | xargs
}

# --- what the user gets of root's ----------------------------------------------------------------------

# root_shell: a new terminal with root's shell; its name is in $root_tty.
root_shell() {
	rm -f "$scratch/tty" "$scratch/modes"
	terminal_open bash && terminal_shows '^root>$' && terminal_type "tty >$scratch/tty; stty -g >$scratch/modes" &&
		wait_until 10 test -s "$scratch/modes" && root_tty=$(cat "$scratch/tty") && terminal_clear
}
# prints COMMAND REGEX: typed at the shell, the command prints a line that matches.
prints() { terminal_type "$1" && terminal_shows "^$2"; }
modes_are_others() { ! cmp "$scratch/modes" <(stty -g -F "$root_tty"); }
same_modes() { prints "stty -g >$scratch/now; cmp $scratch/modes $scratch/now && echo modes-\$((1 + 1))" modes-2; }

terminal_is_another() {
	root_shell && terminal_type "nsinfo exec $ns -u bob sleep 801" && wait_until 10 in_state 'sleep 801' S
	local pid=$(pid_of 'sleep 801') tty
	tty=$(readlink "/proc/$pid/fd/0")
	same "0 /dev/pts/ 1 /dev/pts/ 2 /dev/pts/" "$(files_of "$pid")" && not same "$root_tty" "$tty" >/dev/null &&
		same "$tty $tty" "$(readlink "/proc/$pid/fd/1" "/proc/$pid/fd/2" | xargs)" &&
		same "${tty#/dev/}" "$(ps -o tty= -p "$pid")" && same bob "$(stat -c %U "$tty")"
}
check "the command's terminal is another than root's, the user's own, and all that it has" terminal_is_another
terminal_key C-c

# types_nothing [-u bob]: what the command typed would be run by root's shell when it is over.
types_nothing() {
	root_shell && terminal_type "nsinfo exec $ns $* -- attack-exec type 'touch $scratch/typed'; echo status-\$?" &&
		terminal_shows '^status-0' && prints 'echo done-$((1 + 1))' done-2 && [ ! -e "$scratch/typed" ]
}
check "the command types nothing into root's shell" types_nothing -u bob
check "nor does one without -u" types_nothing
check "without a terminal among its files the command does not have root's as /dev/tty either" eval '
	root_shell && terminal_type "nsinfo exec $ns -u bob sh -c \"echo mine >/dev/tty\" </dev/null >/dev/null 2>$scratch/said; echo status-\$?" &&
	terminal_shows "^status-[12]" && grep -q "/dev/tty" "$scratch/said" && not terminal_matches "^mine"'

has_only_pipes() {
	nsinfo exec "$ns" ${1-} sleep 802 <"$0" >"$scratch/out" 2>&1 9</etc/shadow &
	local job=$! pid
	wait_until 10 in_state 'sleep 802' S && pid=$(pid_of 'sleep 802') && same "0 pipe 1 pipe 2 pipe" "$(files_of "$pid")"
	local r=$?
	kill $job
	wait $job
	return $r
}
check "no descriptor of the caller's gets to the command: it has three pipes" has_only_pipes '-u bob'
check "nor to one without -u" has_only_pipes
check "its files are the user's, so that /dev/stdout can be opened" same hello "$(echo hello | as_bob sh -c 'cat /dev/stdin >/dev/stdout')"

check "the environment is a login's, and nothing of the caller's" same \
	"HOME=/home/bob LOGNAME=bob PATH=/usr/local/bin:/usr/bin:/bin SHELL=/bin/bash USER=bob" \
	"$(as_bob cat /proc/self/environ | tr '\0' '\n' | sort | xargs)"
check "on a terminal it has TERM too, if that is a name and nothing else" eval '
	root_shell && prints "TERM=vt220 nsinfo exec $ns -u bob sh -c \"echo type-\\\$TERM\"" "type-vt220$" &&
	prints "TERM=../../x nsinfo exec $ns -u bob sh -c \"echo none-\\\${TERM+x}\"" "none-$"'
check "without -u it is the caller's" same hunter2 "$(nsinfo exec $ns printenv SECRET)"

takes_nothing() {
	nsinfo exec "$ns" -u bob sleep 803 <"$0" >"$scratch/out" 2>&1 9</etc/shadow &
	local job=$! r
	wait_until 10 in_state 'sleep 803' S
	as_bob attack-exec take "$(inner_pid "$(pid_of 'sleep 803')")" >"$scratch/taken"
	cat "$scratch/taken"
	grep -q '^fd 0: pipe' "$scratch/taken" && grep -q '^traced' "$scratch/taken" && grep -q '^HOME=' "$scratch/taken" &&
		! grep -e hunter2 -e shadow -e "${0##*/}" -e /dev/ -e socket: "$scratch/taken"
	r=$?
	kill $job
	wait $job
	return $r
}
check "another process of the user takes the command over, and finds nothing of root's" takes_nothing
check "also not in the moment in which the command becomes the user's" eval '
	ssh bob@localhost "attack-exec stalk hunter2 /home/bob/stop >/home/bob/stalked" </dev/null &
	stalker() { grep -q stalking /home/bob/stalked && pid=$(pgrep -u bob -x attack-exec); }
	wait_until 10 stalker && stalked=$(readlink /proc/$pid/ns/pid | tr -dc 0-9)
	for i in {1..150}; do nsinfo exec $stalked -u bob true 9</etc/shadow; done
	touch /home/bob/stop; wait_until 10 grep seen /home/bob/stalked
	cat /home/bob/stalked; [ $(sed -n "s/^seen //p" /home/bob/stalked) -gt 100 ] && 
	! grep "^got" /home/bob/stalked | grep -v -e "/lib/" -e "ld.so.cache$"'

keyring="the command has none of the keys in root's session keyring"
if attack-exec hold-key true; then
	check "$keyring" same "no key" "$(attack-exec hold-key nsinfo exec $ns -u bob attack-exec find-key)"
else
	skip "$keyring" "this kernel gives nobody keys"
fi
check "the user has no capability, whatever root's shell has" same "CapInh: 0 CapPrm: 0 CapEff: 0" \
	"$(setpriv --securebits +no_setuid_fixup --inh-caps +sys_admin nsinfo exec $ns -u bob grep -E 'Cap(Inh|Prm|Eff)' /proc/self/status | sed 's/00*$/0/' | xargs)"
check "nor a way in which set-user-ID programs would keep theirs" eval '
	setpriv --securebits +no_setuid_fixup nsinfo exec $ns -u bob setpriv --dump | grep -i "securebits: \[none\]"'
check "limits are those of the login, and neither umask nor signals are the caller's" eval '
	same "777 0022" "$(umask 077; as_bob sh -c "ulimit -n; umask" | xargs)" &&
	same "0000000000000000 0000000000000000" "$(trap "" INT HUP QUIT PIPE; as_bob sed -n "s/^Sig\(Ign\|Blk\):.//p" /proc/self/status | xargs)"'
spared="it is not spared when memory is short because root's shell is"
if echo -500 2>/dev/null >/proc/self/oom_score_adj; then
	check "$spared" same 0 "$(bash -c 'echo -500 >/proc/self/oom_score_adj; nsinfo exec "$1" -u bob cat /proc/self/oom_score_adj' - "$ns")"
else
	skip "$spared" "no CAP_SYS_RESOURCE here"
fi
check "it is not nice because root's shell is" same 0 "$(nice -n -39 nsinfo exec $ns -u bob sh -c 'ps -o ni= -p $$' | xargs)"
check "its parent cannot be seen in the session" same "0" "$(as_bob sh -c 'ps -o ppid= -p $$' | xargs)"

# --- the working directory -----------------------------------------------------------------------------

init=$(nsinfo list -u bob -nro INIT | head -n 1)
mkdir -p /var/both /var/other
check "the working directory is the caller's" eval 'cd /var/both && same "/var/both /var/both" "$(as_bob pwd) $(nsinfo exec $ns pwd)"'
nsenter -t "$(nsinfo show "$ns" -nro INIT)" -m mount -t tmpfs other /var/other
check "another directory of that name is not: then it is /" eval 'cd /var/other && same "/ /" "$(as_bob pwd) $(nsinfo exec $ns pwd)"'
check "it is / if the user may not enter the caller's" eval 'chmod 700 /root && cd /root && same "/ /root" "$(as_bob pwd) $(nsinfo exec $ns pwd)"'
check "it is / if the caller's is gone" eval 'mkdir /var/gone && cd /var/gone && rmdir /var/gone && same / "$(as_bob /bin/pwd)"'
cd / || exit

# --- pipes and files -------------------------------------------------------------------------------------

check "much input and output comes through whole" eval '
	head -c 50000000 /dev/urandom >"$scratch/much" && as_bob cat <"$scratch/much" | cmp - "$scratch/much" &&
	as_bob cat <"$scratch/much" >"$scratch/copied" && cmp "$scratch/copied" "$scratch/much" && as_bob sh -c "cat >&2" <"$scratch/much" 2>&1 | cmp - "$scratch/much"'
check "nothing is lost of a command that ends at once" eval '
	for i in {1..30}; do same 10000 "$(as_bob seq 1 10000 | tail -n 1)" || return; done'
check "nor on a terminal" eval '
	for i in {1..15}; do same 20000 "$(on_terminal nsinfo exec $ns -u bob seq 1 20000 | tail -n 1 | tr -d "\r")" || return; done'
check "a command that nobody reads any more gets SIGPIPE" eval '
	same "y 141" "$( { as_bob sh -c "yes; echo \$? >$scratch/status"; } 2>/dev/null | head -n 1) 141"; gone yes'
check "a command that reads nothing is no error" eval 'yes | exits 4 as_bob sh -c "exit 4"'
check "a full disk is told" eval 'exits 125 as_bob seq 1 100000 2>"$scratch/said" >/dev/full; grep -q "No space left" "$scratch/said"'
check "the end of a named pipe is seen, though its writer is gone" eval '
	mkfifo "$scratch/fifo" && { echo through >"$scratch/fifo" & exec 7<"$scratch/fifo"; wait $!; same through "$(timeout 10 nsinfo exec $ns cat <&7)"; exec 7<&-; }'
check "standard output and error stay apart" eval '
	as_bob sh -c "echo out; echo err >&2" >"$scratch/out" 2>"$scratch/err"; same "out err" "$(cat "$scratch/out") $(cat "$scratch/err")"'
check "closed descriptors are no harm" eval 'exits 3 as_bob sh -c "exit 3" <&- && exits 3 as_bob sh -c "exit 3" <&- >&- 2>&-'
check "what the command leaves running does not hold nsinfo" eval '
	exits 3 as_bob sh -c "sleep 804 & exit 3" >"$scratch/out" && wait_until 10 pid_of "sleep 804" && pkill -xf "sleep 804"'
check "nor if it prints all the time" eval '
	exits 3 as_bob sh -c "yes & sleep 0.1; exit 3" >"$scratch/out" && wait_until 10 gone yes'

# --- signals ---------------------------------------------------------------------------------------------

# signalled SIGNAL [SECONDS]: the status of nsinfo, which gets the signal while "sleep SECONDS" runs.
signalled() {
	local job seconds=${2-805}
	nsinfo exec "$ns" -u bob sleep "$seconds" </dev/null &
	job=$!
	wait_until 10 in_state "sleep $seconds" S
	kill -"$1" $job
	wait $job
}
check "signals to nsinfo reach the command" eval '
	for signal in HUP INT QUIT TERM USR1 USR2 ALRM; do exits $((128 + $(kill -l $signal))) signalled $signal || return; done'
# dies SIGNAL: nsinfo is killed by it; the command and the monitor end.
dies() {
	signalled "$1" 806
	wait_until 10 gone 'sleep 806' && wait_until 10 gone "nsinfo exec $ns -u bob sleep 806"
}
check "if nsinfo is killed, the command gets SIGHUP" dies KILL
check "the end of the session is the end of exec" eval '
	ssh bob@localhost "sleep 907" </dev/null & wait_until 10 in_state "sleep 907" S
	other=$(readlink /proc/$(pid_of "sleep 907")/ns/pid | tr -dc 0-9)
	nsinfo exec $other -u bob sleep 807 & job=$!
	wait_until 10 in_state "sleep 807" S; kill -KILL $(nsinfo show $other -nro INIT); wait $job; same 137 $?'
check "if the process that waits for the command is killed, exec says so" eval '
	nsinfo exec $ns -u bob sleep 808 2>"$scratch/said" </dev/null & job=$!; wait_until 10 in_state "sleep 808" S
	kill -KILL $(pgrep -P $job); wait $job; same 125 $?; grep -q "was killed" "$scratch/said"'
pkill -xf 'sleep 808'

# --- a terminal ------------------------------------------------------------------------------------------

# exec_shell: root's shell on a new terminal, and in it bob's.
exec_shell() { root_shell && terminal_type "nsinfo exec $ns -u bob" && terminal_shows '^bob>$'; }
leaves() { terminal_type "exit 3" && terminal_shows '^root>$' && prints 'echo status-$?' status-3; }
waits() { in_state 'sleep 820' S; }
in_foreground() { ps -u bob -o stat=,comm= | grep -q '^S.*+ *sleep'; }

check "a shell in the session has job control" eval 'exec_shell && not terminal_matches "no job control"'
check "^C ends a job of it" eval '
	terminal_type "sleep 820" && wait_until 10 waits && terminal_key C-c && wait_until 10 gone "sleep 820" && prints "echo status-\$?" status-130'
check "^Z stops a job of it, fg goes on with it" eval '
	terminal_type "sleep 820" && wait_until 10 waits && terminal_key C-z && terminal_shows "Stopped +sleep 820" &&
	terminal_type fg && wait_until 10 in_foreground && terminal_key C-c && wait_until 10 gone "sleep 820"'
check "suspend goes back to root's shell, fg to the user's, with its modes" eval '
	terminal_type suspend && terminal_shows "Stopped +nsinfo exec" && same_modes && terminal_type fg &&
	prints "echo back-\$UID" back-63002'
terminal_clear
check "the window's size is known" prints 'stty size' '40 90'
terminal_resize 70 30
check "a change of it is noticed" eval 'wait_until 10 eval "terminal_type \"stty size\"; terminal_matches \"^30 70\""'
check "its exit status is nsinfo's, and root's terminal as before" eval 'leaves && same_modes'

check "^C ends the command with its status" eval '
	root_shell && terminal_type "nsinfo exec $ns -u bob sleep 820; echo status-\$?" && wait_until 10 waits && terminal_key C-c &&
	terminal_shows "^(..)?status-130" && same_modes'
check "^\\ does" eval '
	terminal_type "nsinfo exec $ns -u bob sleep 820; echo status-\$?" && wait_until 10 waits && terminal_key "C-\\" &&
	terminal_shows "^(..)?status-131" && same_modes'
check "^Z stops it and gives root's shell the terminal back" eval '
	terminal_type "nsinfo exec $ns -u bob sleep 820" && wait_until 10 waits && terminal_key C-z &&
	terminal_shows "Stopped +nsinfo exec" && in_state "sleep 820" T && same_modes'
check "bg goes on with it, and leaves the terminal to root's shell" eval '
	terminal_type bg && wait_until 10 waits && same_modes && prints "echo free-\$((1 + 1))" free-2'
check "fg brings it back, and ^Z stops it again" eval '
	terminal_clear; terminal_type fg && terminal_shows "^nsinfo exec" && terminal_key C-z && terminal_shows "Stopped +nsinfo exec" &&
	in_state "sleep 820" T'
check "and ^C then ends it" eval '
	terminal_clear; terminal_type "fg; echo status-\$?" && terminal_shows "^nsinfo exec" && wait_until 10 waits && terminal_key C-c &&
	terminal_shows "^(..)?status-130" && same_modes'

check "stopped by SIGSTOP in the middle, nsinfo goes on in the foreground, and leaves the terminal as it was" eval '
	root_shell && terminal_type "nsinfo exec $ns -u bob sleep 820; echo status-\$?" && wait_until 10 waits &&
	wait_until 10 modes_are_others && pkill -STOP -o -f "^nsinfo exec $ns -u bob sleep 820" && terminal_shows "^(..)?status-147" &&
	terminal_type "fg; echo status-\$?" && wait_until 10 modes_are_others && terminal_key C-c && terminal_shows "^(..)?status-130" && same_modes'

check "started in the background, it is stopped when it reads" eval '
	root_shell && terminal_type "nsinfo exec $ns -u bob sed s/h/H/ &" && wait_until 10 in_state "sed s/h/H/" T && same_modes &&
	terminal_shows "Stopped.*nsinfo exec"'
check "in the foreground it reads what is typed, and ^D ends it" eval '
	terminal_type "fg; echo status-\$?" && terminal_shows "^nsinfo exec" && terminal_type hello && terminal_key C-d &&
	terminal_shows "^Hello" && terminal_shows "^status-0" && same_modes'
check "in the background it does not change the terminal, and prints" eval '
	prints "nsinfo exec $ns -u bob sh -c \"until [ -e /home/bob/go ]; do sleep 0.05; done; echo printed-\\\$((1 + 1))\" & echo" "" && same_modes &&
	terminal_type "touch /home/bob/go" && terminal_shows "printed-2$"'
check "in a pipeline the terminal is the other program's until the command reads it" eval '
	root_shell && terminal_type "nsinfo exec $ns -u bob sleep 820 | sh -c \"read x </dev/tty; echo other-\\\$x\"" && wait_until 10 waits &&
	terminal_type hello && terminal_shows "^other-hello" && terminal_key C-c && wait_until 10 gone "sleep 820"'
check "and then it reads it" eval '
	root_shell && terminal_type "nsinfo exec $ns -u bob sh -c \"read x; echo mine-\\\$x\" | cat" &&
	reader() { pgrep -u bob -f "^sh -c read" -r S; } && wait_until 10 reader && terminal_type hello && terminal_shows "^mine-hello" && same_modes'

# killed_by SIGNAL: nsinfo on a terminal; root'\''s terminal is as before.
killed_by() {
	root_shell && terminal_type "nsinfo exec $ns -u bob sleep 820" && wait_until 10 waits &&
		wait_until 10 modes_are_others &&
		pkill -"$1" -o -f "^nsinfo exec $ns -u bob sleep 820" && wait_until 10 gone 'sleep 820' && same_modes
}
for signal in SEGV XCPU TERM HUP; do
	check "killed by SIG$signal, nsinfo leaves the terminal as it was, and no command" killed_by $signal
done
check "killed by SIGKILL it leaves no command" eval '
	root_shell && terminal_type "nsinfo exec $ns -u bob sleep 820" && wait_until 10 waits &&
	pkill -KILL -o -f "^nsinfo exec $ns -u bob sleep 820" && wait_until 10 gone "sleep 820"'
check "when root's terminal hangs up, the command gets SIGHUP" eval '
	root_shell && terminal_type "nsinfo exec $ns -u bob sleep 820" && wait_until 10 waits && terminal_close && wait_until 10 gone "sleep 820" &&
	wait_until 10 gone "nsinfo exec $ns -u bob sleep 820"'
check "so does one in the background" eval '
	root_shell && terminal_type "nsinfo exec $ns -u bob sleep 820 &" && wait_until 10 waits && terminal_close && wait_until 10 gone "sleep 820"'

# As the first program of a terminal there is no shell that could go on with it.
check "where no shell could go on with it, ^Z does nothing" eval '
	terminal_open nsinfo exec $ns -u bob bash -c "trap \"echo go-\\\$((1 + 1))\" CONT; echo begin; while :; do sleep 0.1; done" &&
	terminal_shows "^begin" && terminal_key C-z && terminal_shows "go-2$"'
check "with a terminal that is another session's, as su -c has it, a shell works" eval '
	root_shell && terminal_type "setsid -w nsinfo exec $ns -u bob" && terminal_shows "^bob>$" && not terminal_matches "no job control" && leaves'
terminal_close

nsinfo kill "$ns"
check "nothing is left" nothing_left
finish
