#!/bin/bash
# SPDX-License-Identifier: MIT
# nsinfo with two ssh logins, a su inside one of them and a sudo: what it says is compared with what the
# kernel says, as root, as a user inside and as a user on the host.
. "$(dirname "$0")/../lib/libtest.sh"

sed -i '1i auth sufficient pam_permit.so' /etc/pam.d/su # bob may su to alice

# a user on the host
as_alice_on_host() { setpriv --reuid alice --regid alice --init-groups "$@"; }

# --- without a session -------------------------------------------------------------------------------

check "on the host, status exits with 1 and says so" eval '
	exits 1 nsinfo && nsinfo | grep -q "not isolated" && exits 1 nsinfo status --json'
check "without a session, list says that there is none" eval '
	same "No sessions." "$(nsinfo list 2>&1)" && same "" "$(nsinfo list -nro NS 2>&1)" && same "No sessions." "$(nsinfo ps 2>&1)"'
check "a session that is not there is an error" exits 1 nsinfo show 4026531836
check "a wrong option, column or command is a usage error" eval '
	exits 2 nsinfo list --nonsense && exits 2 nsinfo list -o NONSENSE && exits 2 nsinfo nonsense &&
	exits 2 nsinfo pid && exits 2 nsinfo kill && exits 2 nsinfo kill -s NONSENSE 1 && exits 2 nsinfo exec'
for command in status list show ps pid exec kill check; do
	check "nsinfo $command --help explains it" eval "nsinfo $command --help | grep -q '^Usage: nsinfo $command '"
done
check "no line of a --help is longer than 80 columns" eval '
	for command in "" status list show ps pid exec kill check; do
		! nsinfo $command --help | grep -E "^.{81}" || return; done'

# --- four sessions -----------------------------------------------------------------------------------

ssh -tt alice@localhost 'sleep 1001' >/dev/null 2>&1 </dev/null &
ssh -tt bob@localhost 'su alice -c "sleep 1002; true"' >/dev/null 2>&1 </dev/null &
sudo -u alice sleep 1003 >/dev/null 2>&1 </dev/null &

pid_of() { pgrep -x -f "sleep $1"; }
ns_of() { readlink "/proc/$1/ns/pid" | tr -dc 0-9; }
# The PIDs of a process, from the host's namespace down to its own.
nspid() { sed -n 's/^NSpid:[[:space:]]*//p' "/proc/$1/status" | tr '\t' /; }
# The PID 1 of a namespace.
init_of() {
	local dir
	for dir in /proc/[0-9]*; do
		[ "$(readlink "$dir/ns/pid")" != "pid:[$1]" ] || ! grep -q '^NSpid:.*	1$' "$dir/status" || echo "${dir#/proc/}"
	done 2>/dev/null
}
# The processes in a namespace and below it, as PID 1's own /proc shows them.
processes_of() { nsenter -t "$1" -p -m sh -c 'set -- /proc/[0-9]*; echo $(($# - 1))'; }

all_open() { [ -n "$(pid_of 1001)" ] && [ -n "$(pid_of 1002)" ] && [ -n "$(pid_of 1003)" ] && [ "$(session_inits | wc -l)" = 4 ]; }
check "two ssh logins, a su in one of them and a sudo are open" wait_until 10 all_open
direct=$(pid_of 1001) inner=$(pid_of 1002) sudo=$(pid_of 1003)
ns=$(ns_of "$direct") inner_ns=$(ns_of "$inner") sudo_ns=$(ns_of "$sudo")
su=$(pgrep -x su) outer_ns=$(ns_of "$su")

check "list has a line for each" same "$(printf '%s\n' "$ns" "$inner_ns" "$outer_ns" "$sudo_ns" | sort)" \
	"$(nsinfo list -nro NS | sort)"
check "list tells user, service and terminal of each" eval '
	same "alice sshd $(ps -o tty= -p $direct)" "$(nsinfo list -nro NS,USER,SERVICE,TTY | sed -n "s/^$ns //p")" &&
	same "bob sshd" "$(nsinfo list -nro NS,USER,SERVICE | sed -n "s/^$outer_ns //p")" &&
	same "alice su" "$(nsinfo list -nro NS,USER,SERVICE | sed -n "s/^$inner_ns //p")" &&
	same "alice sudo" "$(nsinfo list -nro NS,USER,SERVICE | sed -n "s/^$sudo_ns //p")"'
check "list tells the remote host and nobody's where there is none" eval '
	same "127.0.0.1" "$(nsinfo list -nro NS,FROM | sed -n "s/^$ns //p")" &&
	same "-" "$(nsinfo list -nro NS,FROM | sed -n "s/^$sudo_ns //p")"'
for each in $ns $inner_ns $outer_ns $sudo_ns; do
	init=$(init_of "$each")
	check "list names PID 1 and counts the processes of $(nsinfo list -nro NS,USER,SERVICE | sed -n "s/^$each //p")" \
		same "$init $(processes_of "$init")" "$(nsinfo list -nro NS,INIT,PROCS | sed -n "s/^$each //p")"
done
check "list names the applications" eval '
	same "su:$su" "$(nsinfo list -nro NS,LOGINS | sed -n "s/^$inner_ns //p")" &&
	same "sudo:$(pgrep -o -x sudo)" "$(nsinfo list -nro NS,LOGINS | sed -n "s/^$sudo_ns //p")" &&
	nsinfo list -nro NS,LOGINS | grep -Eq "^$ns sshd(-session)?:[0-9]*$"'
check "list says that they are open, and for a session" \
	same "4 open session" "$(nsinfo list -nro STATE,SCOPE | uniq -c | xargs)"
check "list tells in which session one was opened" eval '
	same "$outer_ns" "$(nsinfo list -nro NS,PARENT | sed -n "s/^$inner_ns //p")" &&
	same "-" "$(nsinfo list -nro NS,PARENT | sed -n "s/^$outer_ns //p")"'
check "list filters by user and by service" eval '
	same 3 "$(nsinfo list -n -u alice | wc -l)" && same 2 "$(nsinfo list -n -s sshd | wc -l)" &&
	same 1 "$(nsinfo list -n -u alice -s sshd | wc -l)" && same 0 "$(nsinfo list -n -u carol | wc -l)"'
check "since is when it was opened" eval '
	since=$(date -d "$(nsinfo list -u bob -nro SINCE)" +%s) && now=$(date +%s) &&
	[ $((now - since)) -ge 0 ] && [ $((now - since)) -le 60 ]'

json='JSON has all of list, with numbers as numbers and null for what is not known'
cat >"$scratch/list.py" <<'PY'
import json, sys
ns, sudo_ns, document = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
sessions = {s["ns"]: s for s in document["sessions"]}
s = sessions[ns]
assert len(sessions) == 4
assert set(s) == {"ns", "init", "user", "uid", "service", "tty", "rhost", "since", "scope", "state",
                  "processes", "logins"}, s
assert s["user"] == "alice" and s["uid"] == 63001 and s["rhost"] == "127.0.0.1" and s["state"] == "open"
assert isinstance(s["init"], int) and s["processes"] == 3 and s["since"].endswith("Z")
assert s["logins"][0]["command"] in ("sshd", "sshd-session") and isinstance(s["logins"][0]["pid"], int)
assert sessions[sudo_ns]["rhost"] is None
PY
! have "$json" python3 || check "$json" python3 "$scratch/list.py" "$ns" "$sudo_ns" "$(nsinfo list --json)"
valid="the JSON of every command is valid"
! have "$valid" python3 || check "$valid" eval '
	for command in "status" "list" "show $ns" "ps $ns" "ps" "pid $direct" "check"; do
		nsinfo $command --json | python3 -m json.tool >/dev/null || { echo "nsinfo $command"; return 1; }
	done'

# --- ps and pid --------------------------------------------------------------------------------------

check "ps has both PIDs of every process of a session" eval '
	same "$(for dir in /proc/[0-9]*; do
		[ "$(readlink $dir/ns/pid)" != "pid:[$ns]" ] || nspid ${dir#/proc/} | tr / " "; done 2>/dev/null | sort)" \
	"$(nsinfo ps $ns -nro HOSTPID,PID | sort)"'
check "ps shows what is in a session's session too, in its numbers" eval '
	nsinfo ps $outer_ns -nro HOSTPID,PID | grep -qx "$inner $(nspid $inner | cut -d / -f 2)"'
check "ps tells user, parent and command" eval '
	nsinfo ps $ns -nro HOSTPID,USER,COMMAND | grep -qx "$direct alice sleep.x201001" &&
	same "$(nspid $(ps -o ppid= -p $direct | tr -d " ") | cut -d / -f 2)" \
		"$(nsinfo ps $ns -nro HOSTPID,PPID | sed -n "s/^$direct //p")"'
check "ps without a session shows all of them" eval '
	for each in $direct $inner $sudo; do nsinfo ps -nro HOSTPID | grep -qx $each || return; done'
check "a session may be named by its namespace, PID 1, a process, an application, or a user with one session" eval '
	for name in $outer_ns $(init_of $outer_ns) $su bob $(nsinfo list -u bob -nro LOGINS | cut -d : -f 2); do
		same "$outer_ns" "$(nsinfo show $name -nro NS)" || return; done'
check "a user with several sessions is an error that lists them" eval '
	exits 1 nsinfo show alice 2>"$scratch/choices" && grep -q "more than one" "$scratch/choices" &&
	for each in $ns $inner_ns $sudo_ns; do grep -q $each "$scratch/choices" || return; done &&
	! grep -q $outer_ns "$scratch/choices"'

check "pid translates to the session and its PID inside" eval '
	same "$(nspid $direct | cut -d / -f 2) $ns alice sshd" "$(nsinfo pid $direct -nro PID,NS,USER,SERVICE)" &&
	same "$(nspid $inner | cut -d / -f 3) $inner_ns" "$(nsinfo pid $inner -nro PID,NS)"'
check "pid has the PIDs of every level" same "$(nspid "$inner")" "$(nsinfo pid "$inner" -nro LEVELS)"
check "pid --session translates back, from either level" eval '
	same $direct "$(nsinfo pid --session $ns $(nspid $direct | cut -d / -f 2) -nro HOSTPID)" &&
	same $inner "$(nsinfo pid --session $inner_ns $(nspid $inner | cut -d / -f 3) -nro HOSTPID)" &&
	same $inner "$(nsinfo pid --session $outer_ns $(nspid $inner | cut -d / -f 2) -nro HOSTPID)"'
check "pid of a process of the host says that it is in no session" \
	same "- -" "$(nsinfo pid "$canary" -nro PID,NS)"
check "pid of a process that is not there is an error" eval '
	exits 1 nsinfo pid 4194303 && exits 1 nsinfo pid --session $ns 999 && exits 1 nsinfo pid x'
check "show tells facts, namespaces, PID 1 and /proc" eval '
	nsinfo show $ns >"$scratch/show" && cat "$scratch/show" && grep -q "pid  *$ns  the session" "$scratch/show" &&
	grep -q "capabilities  *cap_kill; bounding set: cap_kill" "$scratch/show" &&
	grep -q "/proc  *proc (rw" "$scratch/show" && grep -q "application  *sshd" "$scratch/show"'

# --- a user inside, and on the host ------------------------------------------------------------------

cat >/usr/bin/from-inside <<'EOT'
#!/bin/bash
nsinfo >/dev/null; echo "exit=$?"
echo "kernel_ns=$(readlink /proc/self/ns/pid | tr -dc 0-9)"
echo "status=$(nsinfo status -nro NS,USER,SERVICE,INIT)"
echo "list=$(nsinfo list -nro USER,SERVICE | xargs)"
echo "ps=$(nsinfo ps -nro PID | sort -n | head -n 2 | xargs)"
echo "host=$(nsinfo ps -nro HOSTPID | sort -u)"
echo "pid=$(nsinfo pid $$ -nro PID,USER) $$"
nsinfo kill 1 2>/dev/null; echo "kill=$?"
nsinfo exec 1 true 2>/dev/null; echo "exec=$?"
echo "errors=$( { nsinfo; nsinfo list; nsinfo ps; nsinfo show; nsinfo pid 1; } 2>&1 >/dev/null)"
EOT
chmod 755 /usr/bin/from-inside
ssh alice@localhost from-inside >"$scratch/inside" 2>&1 </dev/null
inside() { same "$2" "$(saw "$scratch/inside" "$1")"; }
check "inside, status exits with 0" inside exit 0
check "a user inside is told namespace, user and service" inside status "$(saw "$scratch/inside" kernel_ns) alice sshd 1"
check "a user inside sees their own session and no other" inside list "alice sshd"
check "ps inside shows the session's own tree, from PID 1" inside ps "1 2"
check "and makes up no PID on the host" inside host -
check "pid inside knows the session" eval 'set -- $(saw "$scratch/inside" pid) && same "$3 alice" "$1 $2"'
check "a user inside can neither end nor enter the session" eval 'inside kill 1 && inside exec 125'
check "a user inside gets no errors" inside errors ''

check "a user on the host sees users and services" same \
	"$(nsinfo list -nro INIT,USER,SERVICE)" "$(as_alice_on_host nsinfo list -nro INIT,USER,SERVICE 2>&1)"
check "but not namespaces, remote hosts, or who holds them open" same "- - - - -" \
	"$(as_alice_on_host nsinfo list -nro NS,FROM,PROCS,STATE,LOGINS | sort -u)"
check "a user on the host gets no errors" same "" \
	"$(as_alice_on_host bash -c 'nsinfo; nsinfo list; nsinfo list --json; nsinfo pid $$' 2>&1 >/dev/null)"
check "a user on the host is told why ps shows nothing, and that is no failure" eval '
	exits 0 as_alice_on_host nsinfo ps 2>"$scratch/why" && same "Only root may see which processes are in a session." "$(cat "$scratch/why")"'
check "a user on the host is told that this is no isolated login" exits 1 as_alice_on_host nsinfo
check "a user on the host may not end another's session" exits 1 as_alice_on_host nsinfo kill bob
check "root by sudo inside sees that session" same "alice su" \
	"$(su alice -c 'sudo nsinfo status -nro USER,SERVICE' </dev/null)"

sed -i 's/pam_unshare.so$/& proc=hidepid=2/' /etc/pam.d/su
check "a user from whom /proc hides PID 1 is told that only root can tell, and not that nothing is isolated" eval '
	su alice -c "nsinfo; echo status \$?; nsinfo list; nsinfo -J" </dev/null >"$scratch/hidden" 2>&1
	cat "$scratch/hidden"; grep -q "^Only root can tell" "$scratch/hidden" && grep -qx "status 2" "$scratch/hidden" &&
	grep -q "^No session is seen: /proc hides" "$scratch/hidden" && grep -q "\"isolated\": null" "$scratch/hidden"'
check "root can" same "alice su" "$(su alice -c 'sudo nsinfo status -nro USER,SERVICE' </dev/null)"
options

# --- completion ---------------------------------------------------------------------------------------

. /usr/share/bash-completion/completions/nsinfo
# completes WANTED WORD...: for the last word, WANTED is among what is offered.
completes() {
	local wanted=$1
	shift
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	_nsinfo
	printf '%s\n' "${COMPREPLY[@]}" | grep -qx -e "$wanted" || {
		echo "wanted: $wanted, offered: ${COMPREPLY[*]}"
		return 1
	}
}
check "bash completes commands, options, columns, sessions, users and services" eval '
	completes check nsinfo ch && completes --noheadings nsinfo list --no && completes NS,USER nsinfo list -o NS,US &&
	completes $ns nsinfo show "" && completes alice nsinfo kill al && completes bob nsinfo exec $ns -u bo &&
	completes sshd nsinfo check ss && completes sshd nsinfo list -s ss && completes USR1 nsinfo kill -s US'

zsh="zsh finds its completion, and loads it"
! have "$zsh" zsh || check "$zsh" zsh -fc '
	autoload -Uz compinit && compinit -u -D && [[ $_comps[nsinfo] == _nsinfo ]] && autoload +X _nsinfo'

# --- what is no PID 1 --------------------------------------------------------------------------------

before=$(nsinfo list -nro INIT | sort)
init=$(ls /usr/libexec/pam_unshare/*/session-init)
fakes=()
exec 3>&2 2>/dev/null # what bash says of the killed
as_alice_on_host bash -c 'exec -a "pam_unshare: root [sshd]" sleep 500' & fakes+=($!)
as_alice_on_host env PAM_UNSHARE_USER=root unshare -Urpf --mount-proc sleep 501 & fakes+=($!)
as_alice_on_host unshare -Urpf bash -c "mkdir -p /tmp/f; cp $(command -v sleep) /tmp/f/session-init
	PAM_UNSHARE_USER=root exec -a 'pam_unshare: root [sshd]' /tmp/f/session-init 502" & fakes+=($!)
as_alice_on_host env PAM_UNSHARE_USER=root unshare -Urmpf --mount-proc bash -c "mount --bind $(command -v sleep) $init 2>/dev/null
	exec -a 'pam_unshare: root [sshd]' $init 503" & fakes+=($!)
as_alice_on_host env PAM_UNSHARE_USER=root unshare -Urpf --mount-proc $init & fakes+=($!)
PAM_UNSHARE_USER=root unshare -pf --mount-proc sleep 505 2>/dev/null & fakes+=($!)
sleep 0.5
check "titles, environments and names that a process makes up are not believed" eval '
	same "$before" "$(nsinfo list -nro INIT | sort)" && same "$before" "$(as_alice_on_host nsinfo list -nro INIT | sort)"'
pkill -KILL -f '50[0-5]$' # the copy has no other processes than its own
pkill -KILL -u alice -x session-init
wait "${fakes[@]}"
rm -r /tmp/f
exec 2>&3 3>&-

bad=$'al\e[31m\nice'
exec -a "$bad" sleep 600 &
check "control characters of a process do not reach the terminal" eval '
	nsinfo pid $! >"$scratch/bad" && cat "$scratch/bad" && same 2 "$(wc -l <"$scratch/bad")" &&
	! grep -q "$(printf "\033")" "$scratch/bad" && nsinfo pid $! -J | grep -q "al.u001b.31m.u000aice"'
kill $!

# --- exec --------------------------------------------------------------------------------------------

awake() { pgrep -xf "$1" -r S >/dev/null; }
mine=$(nsinfo exec $ns -u alice -- bash -c 'readlink /proc/self/ns/pid /proc/self/ns/mnt; id -un; echo "$HOME $USER $SHELL"' | xargs)
check "exec enters the PID and the mount namespace, as the user" same \
	"$(readlink "/proc/$direct/ns/pid" "/proc/$direct/ns/mnt" | xargs) alice /home/alice alice /bin/bash" "$mine"
check "exec sees the session's processes and no others" eval '
	nsinfo exec $ns ps -e -o args= | grep -qx "sleep 1001" && ! nsinfo exec $ns ps -e -o args= | grep -q canary'
check "exec passes the exit status on" eval '
	exits 0 nsinfo exec $ns true && exits 7 nsinfo exec $ns sh -c "exit 7" && exits 137 nsinfo exec $ns sh -c "kill -9 \$\$"'
check "exec says that a command is not there, or cannot be run" eval '
	exits 127 nsinfo exec $ns no-such-command && exits 126 nsinfo exec $ns /etc/passwd && exits 125 nsinfo exec 999999 true'
check "exec keeps standard input and output, and the working directory" eval '
	same through "$(echo through | nsinfo exec $ns cat)" && same /usr/bin "$(cd /usr/bin && nsinfo exec $ns pwd)"'
check "exec gives a command its options" same "-u --session" "$(nsinfo exec $ns echo -u --session)"
check "exec has the user's groups" eval 'same "$(id -G alice)" "$(nsinfo exec $ns -u alice id -G)"'
check "exec leaves nothing that holds the session open" eval '
	nsinfo exec $ns sleep 700 & job=$!; wait_until 10 awake "sleep 700"
	logins=$(nsinfo list -nro NS,LOGINS | sed -n "s/^$ns //p"); kill $job; wait $job; same 1 "$(echo "$logins" | tr , "\n" | wc -l)"'
check "exec passes a signal on" eval '
	nsinfo exec $ns sleep 701 & job=$!; wait_until 10 awake "sleep 701"; kill -TERM $job; wait $job; same 143 $?'
check "exec into the session of a session works" same "$inner_ns" \
	"$(nsinfo exec "$inner_ns" readlink /proc/self/ns/pid | tr -dc 0-9)"

terminal_open bash --norc
terminal_type "PS1='ready> '"
terminal_type "nsinfo exec $ns sleep 702"
wait_until 10 awake 'sleep 702'
terminal_key C-z
check "^Z stops exec as a job" terminal_shows 'Stopped'
terminal_type 'fg; echo "status $?"'
wait_until 10 awake 'sleep 702'
terminal_key C-c
check "fg goes on with it, and ^C ends it" terminal_shows 'status 130'
terminal_type "nsinfo exec $ns -u alice"
terminal_shows 'alice@'
terminal_type 'tty; jobs -l; echo "shell $(ps -o stat= -p $$)"; exit 5'
check "a shell in the session has the terminal and job control" terminal_shows 'shell S.*[+]'
terminal_type 'echo "status $?"'
check "its exit status is nsinfo's" terminal_shows 'status 5'
terminal_close

# --- kill --------------------------------------------------------------------------------------------

ssh -tt alice@localhost 'trap "echo usr1 >/tmp/signalled" USR1; while :; do sleep 0.1; done' >/dev/null 2>&1 </dev/null &
check "a fifth session is open" wait_until 10 eval '[ "$(nsinfo list -n | wc -l)" = 5 ]'
fifth=$(nsinfo list -nro NS | grep -vx -e "$ns" -e "$inner_ns" -e "$outer_ns" -e "$sudo_ns")
check "kill -s sends a signal to the session's processes" eval '
	nsinfo kill "$fifth" -s CONT && kill -0 $direct && nsinfo list -nro NS | grep -qx $fifth'
check "kill ends the session, waits, and ends no other" eval '
	nsinfo kill $fifth && ! nsinfo list -nro NS | grep -qx $fifth && same 4 "$(nsinfo list -n | wc -l)"'
stopped() { ! kill -0 "$1" 2>/dev/null; }
both_are_gone() { ! nsinfo list -nro NS | grep -x -e $outer_ns -e $inner_ns; }
check "kill of a session ends the sessions in it" eval '
	nsinfo kill bob && wait_until 10 stopped $inner && wait_until 10 both_are_gone'
check "kill waits for a process that ignores SIGTERM to be killed" eval '
	ssh -tt bob@localhost "trap \"\" HUP TERM; while :; do sleep 0.1; done" >/dev/null 2>&1 </dev/null &
	wait_until 10 eval "nsinfo show bob >/dev/null" && sleep 0.5 && nsinfo kill bob && exits 1 nsinfo show bob'
check "kill of a session that is not there is an error" exits 1 nsinfo kill 999999
nsinfo kill "$ns"
nsinfo kill "$sudo_ns"
check "nothing is left of the sessions" nothing_left
finish
