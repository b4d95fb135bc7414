#!/bin/bash
# SPDX-License-Identifier: MIT
# What the options of the line and the rules of unshare.conf decide, and what is wrong in them.
. "$(dirname "$0")/../lib/libtest.sh"

conf=/etc/security/unshare.conf
ns_of() { su "$1" -c 'readlink /proc/self/ns/pid'; }
is_isolated() { local ns; ns=$(ns_of "$1") && [ -n "$ns" ] && [ "$ns" != "$host_pid_ns" ]; }
is_skipped() { same "$host_pid_ns" "$(ns_of "$1")"; }
is_refused() { ! su "$1" -c 'echo in' 2>/dev/null | grep -q in; }
rules() { printf '%s\n' "$@" >"$conf"; }

check "a commented default file is installed" eval 'grep -q "^# Who is isolated" $conf && is_isolated alice'

# --- options -----------------------------------------------------------------------------------------

options exempt=bob,@nobodies
check "exempt= lets the named users be" eval 'is_skipped bob && is_isolated alice'
options exempt=@alice,63002
check "exempt= knows groups and uids" eval 'is_skipped bob && is_skipped alice'
options exempt=63002-63999
check "exempt= knows ranges of uids" eval 'is_skipped bob && is_isolated alice'
groupadd team && usermod -aG team alice
options only=@team
check "only= isolates members of a supplementary group, and nobody else" eval 'is_isolated alice && is_skipped bob'
options only=root root
check "only= with root isolates uid 0" eval 'is_isolated root && is_skipped alice'
options exempt=root root
check "exempt= names uid 0 too" is_skipped root

options proc=hidepid=2,gid=63002
check "proc= adds options to the private /proc" eval '
	su alice -c "grep \" /proc proc \" /proc/mounts" | grep -q "gid=63002,hidepid=invisible" &&
		same 1 "$(su alice -c "ls -d /proc/1 2>/dev/null | wc -l; true" | grep -c 0)"'
options proc=subset=pid
check "proc=subset=pid leaves processes alone in /proc" eval 'su alice -c "test ! -e /proc/meminfo && test -e /proc/self/status"'
options propagation=private
check "propagation=private: a later mount of the host does not arrive" eval '
	mkdir -p /srv/later
	touch /srv/later/empty
	su alice -c "until [ -e /srv/mounted ]; do sleep 0.02; done; ls /srv/later" >"$scratch/saw" & su=$!
	wait_until 10 session_is_open
	mount -t tmpfs later /srv/later && touch /srv/later/there /srv/mounted
	wait $su
	umount /srv/later; rm /srv/mounted
	same empty "$(cat "$scratch/saw")"'
options
check "propagation=slave, the default: it does" eval '
	su alice -c "until [ -e /srv/mounted ]; do sleep 0.02; done; ls /srv/later" >"$scratch/saw" & su=$!
	wait_until 10 session_is_open
	mount -t tmpfs later /srv/later && touch /srv/later/there /srv/mounted
	wait $su
	umount /srv/later; rm /srv/mounted
	same there "$(cat "$scratch/saw")"'

all_namespaces='for n in ipc uts cgroup net time; do readlink /proc/self/ns/$n; done'
options with=ipc,uts,cgroup,net,time
check "with= gives the session namespaces of its own" eval '
	su alice -c "$all_namespaces" >"$scratch/saw" && same 5 "$(wc -l <"$scratch/saw")" &&
		! grep -Fxf <(eval "$all_namespaces") "$scratch/saw"'
check "with=net has a loopback interface that is up" eval 'su alice -c "ip -o link show lo" | grep -q "LOOPBACK,UP" &&
	su alice -c "ping -c 1 -W 2 127.0.0.1 >/dev/null 2>&1 || (exec 3<>/dev/tcp/127.0.0.1/1) 2>&1 | grep -q refused"'
check "with= ends with the session: sshd is back where it was" eval '
	ssh -n alice@localhost "$all_namespaces" >/dev/null && nothing_left'
options with=net
check "with=net alone shares the others" eval '
	same 4 "$(su alice -c "$all_namespaces" | grep -cFxf <(eval "$all_namespaces"))"'

# The copy is no machine that systemd runs; to sd_booted(3) it is one now.
has_variable() { same 1 "$("$@" 'echo $SYSTEMCTL_FORCE_BUS' | tr -d '\r')"; }
has_none() { same '' "$("$@" 'echo $SYSTEMCTL_FORCE_BUS' | tr -d '\r')"; }
by_sshd() { ssh -n alice@localhost "$1"; }
by_sudo() { sudo -u alice bash -c "$1"; }
by_su() { su alice -c "$1"; }
by_su_login() { su - alice -c "$1"; }
by_runuser() { runuser -u alice -- bash -c "$1"; }
root_by_sshd() { ssh -n root@localhost "$1"; }
root_by_sudo() { sudo bash -c "$1"; }
root_within() { su - alice -c "sudo bash -c '$1'"; }
root_within_by_su() { su - alice -c "sudo su - -c '$1'"; }
options
check "where systemd does not run, a session has no SYSTEMCTL_FORCE_BUS" eval 'has_none by_su && has_none root_within'
mkdir -p /run/systemd/system
check "systemctl=bus, the default: each login has it" eval '
	has_variable by_su && has_variable by_su_login && has_variable by_sudo && has_variable by_sshd && has_variable by_runuser'
check "root has it by sudo and su - in a session, and not on the host" eval '
	has_variable root_within && has_variable root_within_by_su && has_none root_by_sudo && has_none root_by_sshd'
check "what the caller has of it goes no further than sudo and su - let it" eval '
	(export SYSTEMCTL_FORCE_BUS=0; has_variable by_su_login && has_variable by_sudo)'
options exempt=alice
check "who is exempt on the host does not have it" eval 'has_none by_su && has_none by_sshd && has_none root_within'
options systemctl=direct
check "systemctl=direct: no login has it" eval 'has_none by_su && has_none by_sudo && has_none by_sshd && has_none root_within'
options
cp /etc/pam.d/sudo "$scratch/sudo" && sed -i /pam_unshare/d /etc/pam.d/sudo
check "a sudo without the line takes it away" has_none root_within
cp "$(dirname "$0")/../../examples/sudoers" /etc/sudoers.d/zz-bus && chmod 440 /etc/sudoers.d/zz-bus
check "and keeps it with the example for sudoers" has_variable root_within
rm /etc/sudoers.d/zz-bus && cp "$scratch/sudo" /etc/pam.d/sudo
rmdir /run/systemd/system && rmdir --ignore-fail-on-non-empty /run/systemd

options grace=0
# On a busy machine one of them may take 2 s for other reasons; with a grace time each of them does.
ends_at_once() {
	local start=$EPOCHREALTIME
	su alice -c 'trap "" TERM HUP; sleep 100 & true' && elapsed "$start" 2
}
check "grace=0 kills at once" eval '{ ends_at_once || ends_at_once || ends_at_once; } && nothing_left'
options

# An optional first line that closes before the other modules do, and a last one that only opens.
sed -i 's/^session required pam_unshare.so.*/session required pam_unshare.so open/; 0,/^session\|^@include common-session/s//session required pam_unshare.so close\n&/' /etc/pam.d/su
check "a line with close and one with open make one session" eval 'is_isolated alice && nothing_left'
check "a line with close comes before the other modules at the end" eval '
	cat >/usr/bin/where <<-"EOF"
		#!/bin/bash
		[ "$PAM_TYPE" = close_session ] && readlink /proc/self/ns/pid >/run/where
		exit 0
	EOF
	chmod 755 /usr/bin/where
	sed -i "s|^session required pam_unshare.so open|session required pam_exec.so /usr/bin/where\n&|" /etc/pam.d/su
	su alice -c true && same "$host_pid_ns" "$(cat /run/where)"'
sed -i '/pam_unshare.so close/d; /pam_exec.so/d; s/pam_unshare.so open/pam_unshare.so/' /etc/pam.d/su
rm -f /run/where

for wrong in unknown debug=yes scope=all scope exempt= exempt=a,,b exempt=@ only=9-1 only=99999999999 on_close=stay \
	grace=-1 grace=3601 grace=2s proc=hidepid=3 proc=exec proc= propagation=shared systemctl=off with=user with=net, \
	conf=relative conf=/nowhere 'open close'; do
	options $wrong
	forget_log
	check "a line with \"$wrong\" refuses the login, and the log names the word" eval '
		is_refused alice && logged "pam_unshare\(su:session\): alice: cannot .*${wrong##*[ =]}.*: .*; "'
	check "and lets root in to repair it: \"$wrong\"" eval 'is_skipped root && logged "root: cannot "'
done
options

# --- rules -------------------------------------------------------------------------------------------

rules '# comment' '' 'alice su skip   # a comment' 'alice,bob * isolate' '* * skip'
check "the first rule that names the login holds" eval 'is_skipped alice && is_isolated bob'
check "a rule names services too" eval '
	ns=$(sudo -u alice readlink /proc/self/ns/pid) && [ "$ns" != "$host_pid_ns" ]'
options only=nobody
rules 'alice * isolate'
check "where no rule names the login, the options of the line hold" eval 'is_isolated alice && is_skipped bob'
options
rules '@team su isolate proc=hidepid=2 with=net' '* * isolate'
check "a rule has options of its own" eval '
	su alice -c "grep \" /proc proc \" /proc/mounts" | grep -q hidepid=invisible &&
		su bob -c "grep \" /proc proc \" /proc/mounts" >"$scratch/saw" && ! grep hidepid "$scratch/saw"'
rules 'root * isolate'
check "a rule isolates uid 0 only with root" eval 'is_skipped root && rules "root * isolate root" && is_isolated root'
rules
mkdir -p $conf.d
echo 'bob * skip' >$conf.d/20-b.conf
echo 'bob * isolate' >$conf.d/10-a.conf
echo 'alice * skip' >$conf.d/ignored
check "unshare.conf.d is read in the order of its names, *.conf alone" eval 'is_isolated bob && is_isolated alice'
rm $conf.d/10-a.conf
check "a rule of unshare.conf.d counts" is_skipped bob
rm -r $conf.d
echo '* * skip' >/etc/other.conf
options conf=/etc/other.conf
check "conf= names another file" is_skipped alice
options debug
rules '' 'bob su skip'
check "debug says which rule decided" eval 'is_skipped bob && logged "the rule is in $conf, line 2"'
options

refuses_rule() {
	rules '* none isolate' "$1"
	forget_log
	is_refused alice && logged "alice: $conf, line 2: cannot understand .*$2.*: .*; " && is_skipped root
}
check "a rule with an unknown action refuses, and names file, line and word" refuses_rule '* * hide' hide
check "a rule that ends early refuses" refuses_rule 'alice su' 'a rule that ends early'
check "a rule with an option of the line alone refuses" refuses_rule 'bob su isolate exempt=alice' exempt=alice
check "a rule with an option after skip refuses" refuses_rule 'bob su skip root' root
check "a rule with a wrong value refuses, also after the rule that holds" eval '
	rules "alice * isolate" "bob su isolate scope=all" && is_refused alice && logged "line 2"'
check "a rule with a wrong list refuses" refuses_rule '5-3 su skip' 5-3
nsinfo_says() { nsinfo check "${@:2}" 2>&1 | tr -s ' \n' ' ' | grep -F -- "$1"; }
if have "nsinfo check --as" nsinfo; then
	rules '' 'alice su skip' '@team,bob su isolate scope=user grace=7'
	check "nsinfo check --as says the decision, and the rule that made it" eval '
		nsinfo_says "alice is let in without a session: a rule says so (the rule in $conf:2)" --as alice --service su &&
		nsinfo_says "bob is isolated by the rule in $conf:3: scope=user on_close=kill grace=7" --as bob --service su'
	check "nsinfo check --as says which line decides where no rule does" \
		nsinfo_says "alice is isolated by the line in /etc/pam.d/sudo:" --as alice --service sudo
	check "nsinfo check --as knows that root is skipped" nsinfo_says "root is let in without a session: uid 0" --as root
	rules 'alice su hide'
	check "nsinfo check finds a wrong rule, before anybody is locked out" eval '
		nsinfo_says "$conf, line 1: cannot understand \"hide\": an action is skip or isolate" && ! nsinfo check >/dev/null'
	rules
	echo 'x' >/etc/other.conf
	options conf=/etc/other.conf
	check "and in the file that conf= names" nsinfo_says "/etc/other.conf, line 1" su
	options
	rm /etc/other.conf
fi
rules '* * skip'
chmod 666 $conf
check "a file that others may write is not trusted" eval 'is_refused alice && logged "cannot trust the rule file $conf"'
chmod 644 $conf
chown alice $conf
check "a file that is not root's is not trusted" is_refused alice
chown root $conf
mkdir -p $conf.d
chmod 777 $conf.d
check "a directory of rules that others may write is not trusted" eval '
	is_refused alice && logged "cannot trust the directory of rules $conf.d"'
chmod 755 $conf.d
check "and is again when only root may" is_skipped alice
rm $conf
mkfifo $conf
check "a FIFO in its place hangs nobody" eval 'timeout $((20 * PATIENCE)) su alice -c true; not same "status 124" "status $?"'
rm $conf
printf '* * skip\0\n' >$conf
check "a file with NUL bytes is no text" is_refused alice
rm $conf
check "a file that is not there is no error" is_isolated alice

# Names from NSS that nobody would choose but somebody who means harm.
id=63100
for name in 'al ice' '100%s%n' "o'hara\"" $'esc\e[31mred' $'tab\tbell\a' 'back\slash' '$(reboot)' "$(printf 'x%.0s' {1..1000})" 'ümlaut'; do
	id=$((id + 1))
	shown=$(LC_ALL=C sed 's/[^ -~]/?/g' <<<"$name")
	[ ${#shown} -le 127 ] || shown=${shown:0:124}...
	called=$(LC_ALL=C sed 's/[^ -~]/?/g' <<<"${name:0:20}")
	printf '%s:x:%d:%d::/tmp:/bin/bash\n' "$name" $id $id >>/etc/passwd
	printf '%s:*:19000:0:99999:7:::\n' "$name" >>/etc/shadow
	rules "$(LC_ALL=C sed 's/[\\, \t#]/\\&/g' <<<"$name") su isolate with=uts" '* * skip'
	forget_log
	su "$name" -c 'readlink /proc/self/ns/pid
		until tr "\0" "\n" </proc/1/cmdline | grep .; do sleep 0.02; done' >"$scratch/look" 2>&1 &
	su=$!
	wait $su
	check "a rule isolates a user whose name is \"$called\"" eval '
		cat "$scratch/look"; grep -q ^pid: "$scratch/look" && ! grep -qF "$host_pid_ns" "$scratch/look"'
	check "the title and the log hold it without its control characters: \"$called\"" eval '
		grep -qF "pam_unshare: $shown [su]" "$scratch/look" && logged "session opened for " &&
		grep -F "pam_unshare(su:session): session opened" /run/syslog | grep -qF "opened for $shown: PID 1 is"'
	check "the environment of PID 1 holds it as it is: \"$called\"" eval '
		su "$name" -c "until [ -e $scratch/seen ]; do sleep 0.02; done" & su=$!
		holds_name() { tr "\0" "\n" <"/proc/$(session_inits)/environ" | grep -qxF "PAM_UNSHARE_USER=$name"; }
		wait_until 10 holds_name
		result=$?
		touch "$scratch/seen"
		wait $su
		rm "$scratch/seen"
		return $result'
done
rules
check "after all of these nothing is left" nothing_left
finish
