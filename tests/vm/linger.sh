#!/bin/bash
# SPDX-License-Identifier: MIT
# What is to outlive a login: tmux, screen, nohup, mosh, an editor's server. And XDG_RUNTIME_DIR, with which they work.
. "$(dirname "$0")/lib/libvm.sh"

have "what outlives a login" tmux screen mosh-server mosh-client || finish

cat >"$scratch/server" <<'T'

# As an editor's server: the first login starts it, and the next ones find it by its PID file and its socket.
import os, socket
home = os.path.expanduser("~/server.")
listener = socket.socket(socket.AF_UNIX)
listener.bind(home + "socket")
listener.listen()
open(home + "pid", "w").write(str(os.getpid()))
while True:
    client, _ = listener.accept()
    client.sendall(b"served")
    client.close()
T
cat >"$scratch/start" <<'T'
#!/bin/bash
export LC_ALL=C.UTF-8
touch "$XDG_RUNTIME_DIR/mark"
rm -f ~/server.*
tmux new-session -d -s kept 'exec sleep 1001'
screen -dmS kept sleep 1002
nohup sleep 1003 >/dev/null 2>&1 &
setsid python3 "${0%/*}/server" </dev/null >/dev/null 2>&1 &
mosh-server new -i 127.0.0.1 -- sh -c 'echo mosh is here; exec sleep 1000' 2>/dev/null | sed -n 's/^MOSH CONNECT //p'
until [ -s ~/server.pid ]; do sleep 0.1; done
T
cat >"$scratch/ask" <<'T'

import os, socket
server = socket.socket(socket.AF_UNIX)
server.connect(os.path.expanduser("~/server.socket"))
print(server.recv(100).decode())
T
chmod 644 "$scratch"/{server,start,ask}

all='sleep 1001|sleep 1002|sleep 1003|mosh-server|python3 '$scratch/server
# still: which of those that start has started run.
still() { ps -u alice -o args= | grep -oE "^($all)" | sort -u; }
all_run() { same "$(tr '|' '\n' <<<"$all" | sort)" "$(still)"; }
none_runs() { same '' "$(still)"; }
starts() { mosh=$(by_ssh alice "bash $scratch/start") && [ -n "$mosh" ]; }
marked() { by_ssh alice 'test -e "$XDG_RUNTIME_DIR/mark"'; }
logged_out() { not pgrep -u alice -f '^sshd'; }

# clean: as if she had never been here.
clean() {
	pkill -KILL -u alice
	loginctl terminate-user alice
	wait_until 20 eval 'not pgrep -u alice && no_session && [ ! -e /run/user/$(id -u alice) ]'
}

clean >/dev/null 2>&1
check "all start in a login" starts
check "without on_close=linger they end with it" wait_until 10 none_runs
check "the editor's server is not there for the next login" not by_ssh alice "python3 $scratch/ask 2>&1"

loginctl enable-linger alice
check "loginctl enable-linger changes nothing in this" eval 'starts && wait_until 10 none_runs'
check "with it XDG_RUNTIME_DIR stays" eval 'wait_until 10 no_session && marked'
loginctl disable-linger alice

clean >/dev/null 2>&1
options on_close=linger
check "with on_close=linger they outlive the login" eval 'starts && wait_until 10 logged_out && all_run'
check "logind keeps their session, as closing" eval '
	wait_until 10 eval "loginctl show-user -P Sessions alice | xargs -n 1 loginctl show-session -P State | grep closing"'
check "the next login is in a session of its own, with the same XDG_RUNTIME_DIR" eval '
	marked && same "" "$(by_ssh alice "ps -e -o args= | grep ^sleep.1003")"'
check "it finds tmux" eval 'by_ssh alice "tmux list-sessions" | grep kept'
check "it finds screen" eval 'by_ssh alice "screen -ls" | grep kept'
check "mosh reaches its server" eval '
	terminal_open env LC_ALL=C.UTF-8 MOSH_KEY="${mosh#* }" mosh-client 127.0.0.1 "${mosh% *}" &&
	wait_until 20 terminal_matches "mosh is here"'
terminal_close
check "an editor finds its server by the socket" eval 'same served "$(by_ssh alice "python3 $scratch/ask")"'
check "and not by the PID, which is none there, or another process" eval '
	not by_ssh alice "grep -q server /proc/\$(cat ~/server.pid)/cmdline"'
check "someone who comes back goes on in tmux" eval '
	terminal_open ssh -t alice@localhost tmux attach -t kept &&
	wait_until 20 eval "tmux -S /tmp/tmux-$(id -u alice)/default list-clients | grep kept"'
terminal_close

clean >/dev/null 2>&1
options scope=user on_close=linger
check "with scope=user, too, they outlive the login" eval 'starts && wait_until 10 logged_out && all_run'
check "the next login sees them" eval 'by_ssh alice "ps -e -o args=" | grep "^sleep 1003"'
check "an editor finds its server by the PID, too" eval '
	by_ssh alice "grep -q server /proc/\$(cat ~/server.pid)/cmdline" && same served "$(by_ssh alice "python3 $scratch/ask")"'
check "XDG_RUNTIME_DIR is the same" marked
check "when the last of them ends, the session ends" eval '
	by_ssh alice "tmux kill-server; screen -S kept -X quit; pkill -KILL sleep; pkill -KILL -f server" >/dev/null 2>&1
	wait_until 10 no_session'
check "and XDG_RUNTIME_DIR is removed" wait_until 20 eval '[ ! -e /run/user/$(id -u alice) ]'

clean >/dev/null 2>&1
options
finish
