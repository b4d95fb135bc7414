#!/bin/bash
# SPDX-License-Identifier: MIT
# The end of a session: what runs on in the background is asked to end, and then ended.
. "$(dirname "$0")/../lib/libtest.sh"

cat >/usr/local/bin/polite <<'EOT'
#!/bin/bash
# bash runs the trap of a second signal inside that of the first, so neither may exit.
trap 'hup=HUP' HUP
trap 'term=TERM' TERM
echo ready >/home/alice/polite
until [ "$term" ]; do sleep 0.05; done
printf '%s\n' $hup $term >/home/alice/signals
EOT
cat >/usr/local/bin/stubborn <<'EOT'
#!/bin/bash
trap '' HUP TERM
echo ready >/home/alice/stubborn
while :; do sleep 1; done
EOT
chmod 755 /usr/local/bin/polite /usr/local/bin/stubborn

via_su() { su alice -c "$1"; }
via_sudo() { sudo -u alice bash -c "$1"; }
via_sudo-pty() { on_terminal sudo -u alice bash -c "$1"; }
via_sshd() { ssh alice@localhost "$1"; }
via_sshd-terminal() { ssh -tt alice@localhost "$1"; }
echo 'Defaults use_pty' >/etc/sudoers.d/zz-pty

# leave_behind KIND PROGRAM: logs in, leaves the program running, logs out.
leave_behind() {
	rm -f "/home/alice/$2" /home/alice/signals
	"via_$1" "setsid $2 >/dev/null 2>&1 </dev/null & until [ -e /home/alice/$2 ]; do sleep 0.02; done"
}

took() {
	local start=$EPOCHREALTIME least=$1 most=$2
	shift 2
	"$@" || return
	not elapsed "$start" "$least" && elapsed "$start" "$most" && return
	echo "took $(((${EPOCHREALTIME/[.,]/} - ${start/[.,]/}) / 1000)) ms"
	return 1
}

ends_stubborn() { leave_behind "$1" stubborn && wait_until 10 none_left; }

for kind in su sudo sudo-pty sshd sshd-terminal; do
	check "$kind: work in the background is asked to end with SIGHUP and SIGTERM" eval '
		leave_behind $kind polite && wait_until 10 grep -q TERM /home/alice/signals &&
			same "HUP TERM" "$(sort /home/alice/signals | xargs)" && nothing_left'
	options grace=60
	check "$kind: where all obey, the end does not wait for the grace time" \
		took 0 30 eval 'leave_behind $kind polite && wait_until 20 none_left'
	options
	check "$kind: work that ignores both is killed after 2 s" took 2 12 ends_stubborn $kind
	check "$kind: nothing is left" nothing_left
done

options grace=60
check "a stopped process is woken to end" took 0 30 eval '
	su alice -c "setsid polite & until [ -e /home/alice/polite ]; do sleep 0.02; done; kill -STOP \$!" && wait_until 20 none_left'
options
check "a process of another user in the session is ended too" eval '
	su alice -c "sudo -b setsid sleep 1000" && wait_until 10 none_left'
check "a fork bomb at rest is ended too: five hundred processes" eval '
	su alice -c "for i in {1..500}; do sleep 1000 & done" && wait_until 10 none_left'
check "a session in a session ends with it" eval '
	su alice -c "sudo setsid sudo -u bob sleep 1000 >/dev/null 2>&1 & until pgrep -x sleep >/dev/null; do sleep 0.02; done" &&
		wait_until 10 none_left'
check "a container in a session ends with it" eval '
	su alice -c "sudo setsid unshare --pid --fork --mount-proc sleep 1000 >/dev/null 2>&1 & until pgrep -x sleep >/dev/null; do sleep 0.02; done" &&
		wait_until 10 none_left'
if have "an application that does not close" pamtester; then
	forget_log
	check "an application that does not close ends the session with pam_end(3), and the log line names the module" eval '
		(cd / && pamtester su alice open_session) && logged "pam_unshare\\(su:session\\): session closed for alice" && nothing_left'
fi
check "SIGTERM from the host to PID 1 ends the session" eval '
	su alice -c "sleep 1000" & login=$!
	wait_until 10 session_is_open && kill -TERM "$(session_inits)" && wait_until 10 none_left; wait $login; nothing_left'
check "a stopped application that is killed leaves nothing" eval '
	su alice -c "sleep 1000" & login=$!
	wait_until 10 session_is_open && kill -STOP "$(applications)" && kill -KILL "$(applications)" && wait_until 10 none_left
	wait $login; nothing_left'
finish
