#!/bin/bash
# SPDX-License-Identifier: MIT
# scope=user and scope=group: logins that share a session; on_close=linger: work that outlives them.
. "$(dirname "$0")/../lib/libtest.sh"

options scope=user debug
run_directory=/run/pam_unshare
as_alice() { ssh -n alice@localhost "$@"; }
namespaces='readlink /proc/self/ns/pid /proc/self/ns/mnt'
inits() { session_inits | wc -l; }
inits_are() { same "$1" "$(inits)"; }
file_is() { same "$2" "$(cat "$1" 2>/dev/null)"; }
name_of() { ls "$run_directory" | grep -v lock; }

# A login of alice that lasts until release, and writes its namespaces to FILE: hold FILE LOGIN...
rm -f /home/*/go
hold() {
	local file=$1
	shift
	rm -f "$file"
	"$@" "$namespaces; until [ -e /home/alice/go ]; do sleep 0.05; done" >"$file" 2>&1 </dev/null &
	held+=($!)
	wait_until 30 has_lines 2 "$file"
}
has_lines() { [ "$(wc -l <"$2")" -ge "$1" ]; }
held=()
release() {
	touch /home/alice/go
	wait "${held[@]}"
	held=()
	rm -f /home/alice/go
}

# --- joining -----------------------------------------------------------------------------------------

hold "$scratch/first" as_alice
check "a second login of alice joins the session of the first" eval '
	! grep -qF "$host_pid_ns" "$scratch/first" && same "$(cat "$scratch/first")" "$(as_alice "$namespaces")"'
check "a login through another service joins it too" eval '
	same "$(cat "$scratch/first")" "$(su alice -c "$namespaces")" &&
	same "$(cat "$scratch/first")" "$(sudo -u alice bash -c "$namespaces")"'
check "the log says which session a login joined" eval '
	logged "pam_unshare\(su:session\): session joined for alice: PID 1 is $(session_inits), PID namespace"'
check "with debug it says how the join went, and that the first login found nobody" eval '
	logged "^debug .*: PID 1 that listens on .*-u63001-0 takes the login in" &&
		logged "^debug .*: nobody listens on .*-u63001-0: this login does"'
check "her logins see each other" eval 'as_alice "pgrep -f [s]leep | wc -l" | grep -q "^[1-9]"'
check "a login that joins keeps its working directory" eval '
	mkdir -p /srv/here && cd /srv/here && same /srv/here "$(su alice -c pwd)"'
check "bob gets a session of his own" eval '
	ns=$(ssh -n bob@localhost "$namespaces") && ! grep -Fx "$ns" "$scratch/first"'
check "when one of two logins is over the other goes on" eval '
	as_alice true && inits_are 1 && kill -0 "${held[0]}"'
check "only root can enter the directory where logins meet" eval '
	same "700 root" "$(stat -c "%a %U" $run_directory)" && not su bob -c "ls $run_directory"'
check "from alice's session bob, who has a session outside, gets one inside, and the log says so" eval '
	hold "$scratch/bob" ssh -n bob@localhost
	forget_log
	ns=$(as_alice "sudo -n -u bob bash -c \"$namespaces\"")
	[ -n "$ns" ] && [ "$ns" != "$(cat "$scratch/bob")" ] && [ "$ns" != "$(cat "$scratch/first")" ] &&
		logged "bob: cannot join a session that is elsewhere: .*a session of its own"'
check "alice, in her session, gets no second one" eval '
	same "$(cat "$scratch/first")" "$(as_alice "sudo -n -u alice bash -c \"$namespaces\"")" &&
		logged "the login is in its session already"'
release
check "when the last login is over nothing is left" nothing_left

every_namespace='for n in pid mnt ipc uts cgroup net time; do readlink /proc/self/ns/$n; done'
options scope=user with=ipc,uts,cgroup,net,time debug
hold "$scratch/first" as_alice
check "logins that share a session share its further namespaces" eval '
	as_alice "$every_namespace" >"$scratch/one" && su alice -c "$every_namespace" >"$scratch/two" &&
		same 7 "$(wc -l <"$scratch/one")" && cmp "$scratch/one" "$scratch/two" &&
		! grep -Fx -f <(eval "$every_namespace") "$scratch/one"'
options scope=user with=ipc debug
check "a login with other namespaces has another session" eval '
	ns=$(su alice -c "$namespaces") && ! grep -Fx "$ns" "$scratch/first"'
release
check "after these nothing is left either" nothing_left
options scope=user debug

# --- control groups ----------------------------------------------------------------------------------

# As on a machine with systemd, but below a group of our own: there is one hierarchy for all machines of this kernel.
cgroup_of() { sed -n 's/^0:://p' "/proc/$1/cgroup"; }
top=pam_unshare-test-$$
in_group() { sh -c 'echo 0 >"/sys/fs/cgroup/$0/cgroup.procs" && exec "$@"' "$@"; }
moves() { # WANTED OPTIONS: in which group PID 1 is when one login has come, and when two have
	options "$2" debug
	hold "$scratch/first" in_group login su alice -c
	same "/$top/login" "$(cgroup_of "$(session_inits)")" && hold "$scratch/second" in_group login su alice -c &&
		same "/$top/$1" "$(cgroup_of "$(session_inits)")"
	local status=$?
	release
	return $status
}
sentence="PID 1 leaves the control group of the first login before a second one joins"
if mkdir -p /run/cgroup && mount -t cgroup2 cgroup2 /run/cgroup 2>/dev/null && mkdir -p /run/cgroup/$top/{login,init.scope} &&
	mount --bind /run/cgroup/$top /sys/fs/cgroup; then
	check "$sentence" moves init.scope scope=user
	check "with=cgroup does not keep it there" moves init.scope "scope=user with=ipc,uts,cgroup,net"
	umount /sys/fs/cgroup
	rmdir /run/cgroup/$top/init.scope && mount --bind /run/cgroup/$top /sys/fs/cgroup
	check "without such a group it stays, and the log says so" eval '
		moves login scope=user && logged "PID 1 stays in the control group of this login"'
	umount /sys/fs/cgroup
	mount -t tmpfs none /sys/fs/cgroup && mkdir -p /sys/fs/cgroup/init.scope && echo untouched >/sys/fs/cgroup/init.scope/cgroup.procs
	check "what is no control group is not written to" eval '
		hold "$scratch/first" su alice -c; su alice -c true; release; same untouched "$(cat /sys/fs/cgroup/init.scope/cgroup.procs)"'
	umount /sys/fs/cgroup
	wait_until 10 rmdir /run/cgroup/$top/login && rmdir /run/cgroup/$top
else
	skip "$sentence" "no control group can be made here"
fi
umount /run/cgroup 2>/dev/null
rmdir /run/cgroup
options scope=user debug

# pam_namespace(8) gives a login such mounts before it comes to our line.
with_tmp_of_its_own() { unshare -m sh -c 'mount -t tmpfs own /tmp && echo "$1" >/tmp/secret && shift && exec "$@"' - "$@"; }
cat >/usr/bin/tell <<'EOT'
#!/bin/sh
readlink /proc/self/ns/pid /proc/self/ns/mnt; ls /tmp/secret && cat /tmp/secret
until [ -e /home/alice/go ]; do sleep 0.05; done
EOT
chmod 755 /usr/bin/tell
options scope=group debug
sed -i 's/^bob:x:63002:63002:/bob:x:63002:63001:/' /etc/passwd
with_tmp_of_its_own alices su alice -c tell >"$scratch/first" 2>&1 </dev/null &
held+=($!)
wait_until 30 has_lines 4 "$scratch/first"
check "a login with a /tmp of its own does not join a session with another, and keeps its own" eval '
	ns=$(with_tmp_of_its_own hers su alice -c "readlink /proc/self/ns/pid; cat /tmp/secret") &&
	grep -x hers <<<"$ns" && ! grep -Fx "$(head -n 1 <<<"$ns")" "$scratch/first"'
check "nor does one with the machine's own" eval '
	ns=$(su alice -c "readlink /proc/self/ns/pid; ! cat /tmp/secret" 2>/dev/null) && [ -n "$ns" ] && ! grep -Fx "$ns" "$scratch/first"'
# Before Linux 6.11 they cannot be known again, and their logins have sessions of their own (NS_GET_MNTNS_ID).
knows_mounts() { perl -e 'open(my $ns, "<", "/proc/self/ns/mnt") or die; my $id = pack("Q", 0); ioctl($ns, 0x8008b705, $id) or exit 1'; }
inside="from inside, alice is in her session already, whatever its mounts"
if ! knows_mounts; then
	skip "$inside" "this kernel does not number mount namespaces"
else
	check "$inside" eval '
		forget_log
		held_one=$(pgrep -u alice -o -x tell) && nsenter -t "$held_one" -p -m su alice -c "readlink /proc/self/ns/pid" >"$scratch/ns" &&
		grep -Fx "$(cat "$scratch/ns")" "$scratch/first" && logged "the login is in its session already"'
fi
check "bob, of the same group, does not see the /tmp of alice" eval '
	! su bob -c "cat /tmp/secret" | grep alices &&
	! with_tmp_of_its_own bobs su bob -c "cat /tmp/secret" | grep alices'
release
sed -i 's/^bob:x:63002:63001:/bob:x:63002:63002:/' /etc/passwd
options scope=user debug
cat >"$scratch/both" <<'EOT'
su alice -c tell >"$1.one" & one=$!
su alice -c tell >"$1.two" & wait $one $!
EOT
rm -f "$scratch"/in.*
unshare -m bash "$scratch/both" "$scratch/in" 2>/dev/null </dev/null &
held+=($!)
check "logins from one mount namespace of their own share a session, or each has its own if it cannot be known" eval '
	wait_until 30 has_lines 2 "$scratch/in.one" && wait_until 30 has_lines 2 "$scratch/in.two" &&
	if knows_mounts; then cmp "$scratch/in.one" "$scratch/in.two"; else not cmp "$scratch/in.one" "$scratch/in.two"; fi'
release
check "after logins with mounts of their own nothing is left" nothing_left

# --- many at once ------------------------------------------------------------------------------------

check "two hundred logins at the same time end up in one namespace" eval '
	rm -rf "$scratch/many"
	mkdir "$scratch/many"
	for i in $(seq 200); do
		su alice -c "readlink /proc/self/ns/pid; until [ -e /home/alice/go ]; do sleep 0.2; done" \
			>"$scratch/many/$i" 2>&1 </dev/null &
		held+=($!)
	done
	all_in() { same 200 "$(cat "$scratch"/many/* | grep -c "pid:")"; }
	wait_until 60 all_in && same 1 "$(sort -u "$scratch"/many/* | wc -l)" && inits_are 1
	result=$?
	release
	return $result'
check "and leave nothing" nothing_left 10
check "logins that arrive while the session ends get one: 100 in a row, two at a time" eval '
	for i in $(seq 50); do
		su alice -c true & one=$!
		su alice -c "readlink /proc/self/ns/pid" >"$scratch/two" || return
		[ "$(cat "$scratch/two")" != "$host_pid_ns" ] && wait $one || return
	done'
check "these leave nothing either" nothing_left

options scope=user grace=60
hold "$scratch/first" su alice -c
su alice -c 'trap "" HUP TERM; setsid -f sleep 6789 >/dev/null 2>&1 </dev/null'
perl -MSocket -e '
	socket(my $s, AF_UNIX, SOCK_SEQPACKET, 0) or die "$!\n";
	connect($s, sockaddr_un($ARGV[0])) or die "$!\n";
	$| = 1;
	print "in\n";
	sysread($s, my $byte, 1) and die "heard something\n";
	print "out\n"' "$run_directory/$(name_of)" >"$scratch/came" 2>&1 &
came=$!
wait_until 10 grep -x in "$scratch/came" >/dev/null
touch /home/alice/go
check "who comes when a session is about to end, and did not get in, is told at once" eval '
	wait_until 10 grep -x out "$scratch/came" && inits_are 1 && pgrep -x -f "sleep 6789"'
check "the next login does not wait for that end either" eval '
	ns=$(timeout $((20 * PATIENCE)) su alice -c "$namespaces") && [ -n "$ns" ] && [ "$ns" != "$(cat "$scratch/first")" ]'
pkill -9 -x -f "sleep 6789"
kill $came 2>/dev/null
release
options scope=user debug
check "after that nothing is left" nothing_left

# --- what is killed, stopped or left over ------------------------------------------------------------

hold "$scratch/first" as_alice
check "kill -9 of PID 1 ends all logins of the session, and the next one gets a new session" eval '
	kill -9 "$(session_inits)" && wait "${held[@]}"
	held=()
	ns=$(su alice -c "$namespaces") && [ "$ns" != "$(cat "$scratch/first")" ] && [ -n "$ns" ]'
check "what it left behind is gone" nothing_left

hold "$scratch/first" su alice -c
hold "$scratch/second" as_alice
check "kill -9 of the application that opened leaves the session to the others" eval '
	kill -9 "${held[0]}" && sleep 0.3 && same "$(cat "$scratch/first")" "$(as_alice "$namespaces")" && inits_are 1'
held=("${held[1]}")
release
check "and after the last one nothing is left" nothing_left

# log_in_for SECONDS: one login after another, of alice or bob; what each sees, and whether it hangs.
log_in_for() {
	local end=$((SECONDS + $1)) user start
	while [ $SECONDS -lt $end ]; do
		user=alice start=$EPOCHREALTIME
		[ $((RANDOM % 3)) = 0 ] && user=bob
		su $user -c 'echo "$USER: $(readlink /proc/self/ns/pid) $(tr "\0" " " </proc/1/cmdline)"
			[ $((RANDOM % 3)) != 0 ] || { trap "" HUP TERM; setsid -f sleep 1 >/dev/null 2>&1; }' 2>&1 </dev/null
		elapsed "$start" $((20 * PATIENCE)) || echo "hangs"
	done
}
check "whatever is killed at random, no login gets a wrong namespace, and none hangs" eval '
	rm -rf "$scratch/many"
	mkdir "$scratch/many"
	for i in {1..6}; do
		log_in_for 8 >"$scratch/many/$i" 2>/dev/null &
		held+=($!)
	done
	end=$((SECONDS + 8)) killed=0
	while [ $SECONDS -lt $end ]; do
		victim=$(pgrep -x "session-init|su" | shuf -n 1)
		[ -z "$victim" ] || ! kill -9 "$victim" 2>/dev/null || killed=$((killed + 1))
		sleep 0.0$((RANDOM % 5))
	done
	wait "${held[@]}"
	held=()
	! grep -F -e "$host_pid_ns" -e hangs "$scratch"/many/* &&
		! grep -h -e "^alice: .*: bob" -e "^bob: .*: alice" "$scratch"/many/* &&
		[ "$(cat "$scratch"/many/* | grep -c "^alice: pid:.*pam_unshare: alice")" -ge 5 ] && [ "$killed" -ge 5 ]'
# Where PID 1 and all its applications were killed, nobody is left to remove the name; the next login replaces it.
check "and after the next logins nothing is left either" eval '
	su alice -c true && su bob -c true && nothing_left 10'
check "a PID 1 that is killed leaves no name behind, once its login is over" eval '
	hold "$scratch/first" as_alice && name=$(name_of) && [ -S "$run_directory/$name" ] || return
	kill -9 "$(session_inits)"
	release
	nothing_left && [ ! -e "$run_directory/$name" ]'

for leftover in 'echo text >' 'mkdir' 'ln -s /nowhere' 'mkfifo'; do
	check "a leftover in the place of the socket blocks no login: $leftover" eval '
		hold "$scratch/first" as_alice && name=$(name_of)
		release
		wait_until 10 inits_are 0 || return
		eval "$leftover $run_directory/$name"
		ns=$(su alice -c "readlink /proc/self/ns/pid")
		rm -rf "$run_directory/$name"
		[ -n "$ns" ] && [ "$ns" != "$host_pid_ns" ]'
done
check "a PID 1 that is stopped blocks no login: it gets another session" eval '
	rm -rf "$scratch/many"
	mkdir "$scratch/many"
	hold "$scratch/first" as_alice
	init=$(session_inits)
	kill -STOP "$init"
	for i in {1..10}; do
		timeout $((40 * PATIENCE)) su alice -c "readlink /proc/self/ns/pid; until [ -e /home/alice/go ]; do sleep 0.05; done" \
			>"$scratch/many/$i" </dev/null &
		held+=($!)
	done
	all_in() { same 10 "$(cat "$scratch"/many/* | grep -c "pid:")"; }
	wait_until 40 all_in
	kill -CONT "$init"
	release
	ns=$(sort -u "$scratch"/many/*)
	[ -n "$ns" ] && ! grep -Fx -e "$host_pid_ns" -f "$scratch/first" <<<"$ns"'
check "so do all that come meanwhile, and they share it" same 1 "$(wc -l <<<"$ns")"
check "a directory that others may enter is not trusted: the login has a session of its own" eval '
	chmod 755 $run_directory
	forget_log
	ns=$(su alice -c "readlink /proc/self/ns/pid")
	chmod 700 $run_directory
	[ -n "$ns" ] && [ "$ns" != "$host_pid_ns" ] && logged "alice: cannot trust the directory $run_directory: "'
check "after these nothing is left" nothing_left

# --- groups ------------------------------------------------------------------------------------------

options scope=group
sed -i 's/^bob:x:63002:63002:/bob:x:63002:63001:/' /etc/passwd
hold "$scratch/first" as_alice
check "scope=group: users with the same primary group share a session" eval '
	same "$(cat "$scratch/first")" "$(ssh -n bob@localhost "$namespaces")"'
check "and bob cannot signal what is alice's in it" eval '
	ssh -n bob@localhost "kill \$(pgrep -o -u alice bash)" 2>&1 | grep "not permitted" && kill -0 "${held[0]}"'
release
sed -i 's/^bob:x:63002:63001:/bob:x:63002:63002:/' /etc/passwd
check "after the group's last login nothing is left" nothing_left

# --- lingering ---------------------------------------------------------------------------------------

for scope in user session; do
	options scope=$scope on_close=linger
	as_alice 'readlink /proc/self/ns/pid; setsid -f sleep 6789 >/dev/null 2>&1 </dev/null' >"$scratch/first"
	check "on_close=linger, scope=$scope: what alice left running lives on, in the session" eval '
		wait_until 10 pgrep -x -f "sleep 6789" && ns=$(readlink "/proc/$(pgrep -x -f "sleep 6789")/ns/pid") && same "$(cat "$scratch/first")" "$ns"'
	check "nobody has the session open then, scope=$scope" wait_until 10 no_application
	if have "nsinfo shows the session as lingering, scope=$scope" nsinfo; then
		check "nsinfo shows the session as lingering, scope=$scope" \
			same "alice $scope lingering" "$(nsinfo list -n -r -o USER,SCOPE,STATE)"
	fi
	if [ $scope = user ]; then
		check "a later login joins the lingering session" eval '
			same "$(cat "$scratch/first")" "$(as_alice "readlink /proc/self/ns/pid")"'
	fi
	check "it ends with the last process, scope=$scope" eval 'pkill -x -f "sleep 6789"; nothing_left'
done
check "a lingering session that holds nothing is not kept" eval 'as_alice true && nothing_left 2'
check "SIGTERM from root on the host ends a lingering session" eval '
	as_alice "setsid -f sleep 6789 >/dev/null 2>&1 </dev/null"
	wait_until 10 inits_are 1 && kill -TERM "$(session_inits)" && nothing_left'
if have "tmux lives on after the login, and the next login attaches to it" tmux; then
	options scope=user on_close=linger
	check "tmux lives on after the login, and the next login attaches to it" tmux_lives_on
	terminal_close
	as_alice 'tmux -L own kill-server' >/dev/null 2>&1
	check "and when tmux ends nothing is left" nothing_left
fi
options
check "without linger nothing survives" eval 'as_alice "setsid -f sleep 6789 >/dev/null 2>&1 </dev/null"; nothing_left'
finish
