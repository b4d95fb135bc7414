#!/bin/bash
# SPDX-License-Identifier: MIT
# Abuse from inside a session, by its user and by its root. What root can do all the same is in pam_unshare(8), under
# "What root in a session can do".
. "$(dirname "$0")/../lib/libtest.sh"

install -m 755 "$COPY_BUILD/tests/e2e/attack" /usr/local/bin/attack

# How many command lines on a procfs have a secret of the host's.
cat >/usr/bin/count-secrets <<'EOS'
#!/bin/bash
cat "${1:-/proc}"/[0-9]*/cmdline 2>/dev/null | tr "\0" "\n" | grep -c "[c]anary"
EOS
chmod 755 /usr/bin/count-secrets
check "on the host there is a secret to see" same 1 "$(count-secrets)"

inside() { su alice -c "$1" 2>&1; }

# within SECONDS COMMAND...: it takes no longer, and the command's status.
within() {
	local start=$EPOCHREALTIME limit=$((($1 + 5) * PATIENCE)) status # a busy machine is no failure
	shift
	"$@"
	status=$?
	elapsed "$start" "$limit" || echo "it took $(((${EPOCHREALTIME/[.,]/} - ${start/[.,]/}) / 1000)) ms"
	elapsed "$start" "$limit" && return $status
}

# --- PID 1: signals, tracing, files ------------------------------------------------------------------

# denied COMMAND: it tries at least ten ways, and none of them leads anywhere.
denied() {
	inside "$1" >"$scratch/tries"
	[ "$(wc -l <"$scratch/tries")" -ge 10 ] && ! grep -v -e ': EPERM$' -e ': EACCES$' -e '^pidfd_open: ok$' -e '^F_SETOWN: ok$' "$scratch/tries"
}
check "the user can send PID 1 no signal, in no way" denied 'attack signals 1'
check "the user can neither trace PID 1 nor get its memory or descriptors" denied 'attack trace 1'
check "the user can open nothing of PID 1 in /proc: not its memory, environment, descriptors, root, namespaces" \
	denied 'attack files 1'

rm -f /home/alice/state
check "whatever signal root in the session sends PID 1, with whatever sender: it lives, and is not stopped" eval '
	inside "sudo -n attack signals 1 >/home/alice/tries; sleep 0.2; ps -p 1 -o stat= >/home/alice/state"
	[ "$(grep -c "ok$" /home/alice/tries)" -ge 500 ] && grep -x "Ss *" /home/alice/state'
check "after that the session ends as any other" within 1 nothing_left
check "PID 1 has reaped and ended nothing because of it" eval '
	same "still here" "$(inside "sleep 1000 & sudo -n attack signals 1 >/dev/null; kill -0 \$! && echo still here")"'

rm -f /home/alice/ready
check "root in the session may trace PID 1 and stop it: the login ends all the same, and the session with it" eval '
	within 6 inside "sudo -n attack hold 1 /home/alice/ready & until [ -e /home/alice/ready ]; do sleep 0.02; done" &&
		nothing_left 1'
check "a PID 1 that was traced and left stopped is ended too" eval '
	within 6 inside "sudo -n attack trace 1" && nothing_left 1'

# --- /proc -------------------------------------------------------------------------------------------

mkdir -p /srv/moved /srv/second /srv/empty
for try in \
	'umount -l /proc; mount -t proc proc /proc' \
	'umount -l /proc; umount -l /proc; mount --bind /proc /srv/second' \
	'mount --make-rprivate /; mount --move /proc /srv/moved; mount -t proc proc /srv/second' \
	'mount -t proc proc /srv/second; mount --rbind / /srv/moved' \
	'mount --make-rshared /; mount -t proc -o hidepid=0 proc /srv/second' \
	'mount --make-rshared /; umount -Al /proc' \
	'mount -t proc proc /proc; mount -t tmpfs none /proc; umount /proc; umount /proc'; do
	check "root in the session gets no other /proc than the session's: $try" eval '
		found=$(inside "sudo -n bash -c \"{ $try; } >/dev/null 2>&1
			for at in /proc /srv/moved /srv/second /srv/moved/proc; do count-secrets \\\$at; done; echo tried\"")
		same "0 0 0 0 tried" "$(xargs <<<"$found")"'
done
check "a PID and mount namespace that root makes in the session shows its own processes" same 0 \
	"$(inside 'sudo -n unshare --mount --pid --fork --mount-proc count-secrets')"
rm -rf /run/mount # of mount(8)
check "and the host's mounts are what they were" nothing_left

if su alice -c 'unshare -Ur true' 2>/dev/null; then
	check "in a user namespace of hers, alice cannot unmount /proc" eval '
		not inside "unshare -Urm umount /proc" && not inside "unshare -Urm umount -l /proc"'
	check "nor mount one that is not of a namespace of hers" not inside 'unshare -Urm mount -t proc proc /srv/second'
	check "and in a PID namespace of hers she sees what is in it" same '0 2' \
		"$(inside 'unshare -Urpf --mount-proc bash -c "count-secrets; ls -d /proc/[0-9]* | wc -l"' | head -n 2 | xargs |
			sed 's/ [1-4]$/ 2/')"
	check "a copy of the mounts that she makes there shows nothing either" eval '
		same "0 0" "$(inside "unshare -Urm bash -c \"mount --rbind / /srv/moved; count-secrets /srv/moved/proc; count-secrets\"" | xargs)"'
else
	skip "user namespaces of alice's" "she may make none on this machine"
fi

# --- what comes in from the host ---------------------------------------------------------------------

carry() { (cd "/proc/$canary" && exec 8</proc 9<"/proc/$canary" && "$@"); }
secrets='cat cmdline /proc/self/fd/[3-9]/cmdline /proc/self/fd/[3-9]/[0-9]*/cmdline 2>/dev/null | grep -c canary'
check "sudo carries neither a descriptor of the host's /proc nor a working directory there into the session" \
	same 0 "$(carry sudo -u alice bash -c "$secrets" 2>/dev/null)"
# su closes nothing: doc/limits.md says so. The host's /proc is then open, and still as it was for alice.
check "of what su's caller has open, nothing but that descriptor shows the host" \
	same 0 "$(carry su alice -c 'exec 8<&- 9<&-; '"$secrets" 2>/dev/null)"

as_alice() { ssh -n alice@localhost "$@"; }
for scope in session user; do
	options scope=$scope
	check "alice cannot get at what her sshd process has open: the way to PID 1, and to the host (scope=$scope)" eval '
		as_alice "pid=\$(pgrep -u alice -x \"sshd(-session)?\") && attack trace \$pid && attack files \$pid" >"$scratch/tries"
		[ "$(wc -l <"$scratch/tries")" -ge 20 ] && ! grep -v -e ": EPERM$" -e ": EACCES$" "$scratch/tries"'
done
check "alice cannot connect to where logins meet" eval '
	options scope=user
	as_alice "perl -MIO::Socket::UNIX -e \"print IO::Socket::UNIX->new(Peer => \\\"/run/pam_unshare/\\\" . shift, Type => 5) ? 1 : \\\$!\" \
		$(readlink /proc/self/ns/pid | tr -dc 0-9)-u63001-0" | grep -x "Permission denied"'
options ''

# --- names -------------------------------------------------------------------------------------------

cp /bin/sleep /home/alice/session-init
fake='exec -a "pam_unshare: root [sshd]" /home/alice/session-init'
options scope=user
check "processes of alice's that look like a PID 1 change nothing for a login" eval '
	as_alice "PAM_UNSHARE_USER=bob PAM_UNSHARE_UID=63002 PAM_UNSHARE_SOCKET=1-u63002-0 bash -c \"${fake//\"/\\\"} 1000\" >/dev/null 2>&1 &
		readlink /proc/self/ns/pid; until [ -e /home/alice/go ]; do sleep 0.02; done" >"$scratch/first" & login=$!
	wait_until 10 test -s "$scratch/first"
	bob=$(ssh -n bob@localhost "readlink /proc/self/ns/pid; ps -p 1 -o args=" | xargs)
	alice=$(as_alice "readlink /proc/self/ns/pid")
	inits=$(nsinfo list --json 2>/dev/null | grep -c "\"user\":")
	touch /home/alice/go
	wait $login
	rm /home/alice/go
	same "$(cat "$scratch/first")" "$alice" && [ "${bob%% *}" != "$alice" ] &&
		same "pam_unshare: bob [sshd]" "${bob#* }" && same 1 "$inits"'
check "and end with the login" nothing_left
options grace=1

# --- what runs on ------------------------------------------------------------------------------------

# stays_behind KIND LOGIN...: it ends within the grace time and 2 s.
stays_behind() {
	local kind=$1
	shift
	rm -f /home/alice/ready
	within 3 "$@" "attack stay $kind /home/alice/ready >/dev/null 2>&1" && [ -e /home/alice/ready ] && wait_until 10 none_left
}
for kind in ignoring twice-forked stopped traced vforked without-leader with-zombies; do
	check "processes that are left behind end with the login: $kind" stays_behind $kind su alice -c
done
if su alice -c 'unshare -Ur true' 2>/dev/null; then
	check "processes that are left behind end with the login: in namespaces of their own" \
		stays_behind in-namespaces su alice -c
fi
check "and so does nohup" eval 'within 3 inside "nohup sleep 1000 >/dev/null 2>&1 &" && none_left'
check "all of them at once end with an ssh login" stays_behind all ssh -n alice@localhost
check "all of them end when the application is killed" eval '
	rm -f /home/alice/ready
	su alice -c "attack stay all /home/alice/ready; sleep 1000" & login=$!
	wait_until 10 test -e /home/alice/ready && sleep 0.5 && kill -KILL $login && wait_until 10 none_left'
check "nothing is left of them" nothing_left

# A limit of the user's, so that it cannot spread to the machine.
bomb='attack bomb 250 /home/alice/ready & until [ -e /home/alice/ready ]; do sleep 0.02; done; sleep 0.3'
check "a fork bomb up to a limit of processes ends with the login" eval '
	rm -f /home/alice/ready
	su alice -c "ulimit -u 300; $bomb; ps -e | wc -l >/home/alice/number"
	[ "$(cat /home/alice/number)" -ge 100 ] && wait_until 10 none_left'
check "a fork bomb ends when the application is killed" eval '
	rm -f /home/alice/ready
	su alice -c "ulimit -u 300; $bomb; sleep 1000" & login=$!
	wait_until 10 test -e /home/alice/ready && sleep 0.5 && kill -KILL $login && wait_until 10 none_left'
check "nothing is left of the bombs" nothing_left
options ''

# --- sessions in sessions ----------------------------------------------------------------------------

cat >/usr/local/bin/nest <<'EOS'
#!/bin/bash
echo "level $1 $(readlink /proc/self/ns/pid)"
sudo -n su alice -c "nest $(($1 + 1))"
EOS
chmod 755 /usr/local/bin/nest
forget_log
timeout -s KILL 60 su alice -c 'nest 1' >"$scratch/nest" 2>&1
check "sessions in sessions end where the kernel ends them, with a refusal that says why" eval '
	levels=$(grep -c "^level" "$scratch/nest")
	[ "$levels" -ge 20 ] && [ "$levels" -le 32 ] &&
		same "$levels" "$(grep "^level" "$scratch/nest" | cut -d " " -f 3 | sort -u | wc -l)" &&
		same 1 "$(grep -c "No private session could be opened" "$scratch/nest")" &&
		logged "alice: cannot create a PID namespace: No space left on device.*32 nested PID namespaces"'
check "and all of them end" nothing_left

# --- many mounts -------------------------------------------------------------------------------------

find /proc/sys -type f 2>/dev/null | grep -v pid_max | head -n 500 >/srv/files
mkdir /srv/many
(cd /srv/many && mkdir $(seq 300))
echo masked >/srv/mask
cat >/srv/mount-many <<'EOS'
mount --make-rshared /
while read -r file; do mount -n --bind /srv/mask "$file"; done </srv/files
for i in $(seq 300); do mount -n -t tmpfs many /srv/many/$i; done
mounts=$(grep -c . /proc/self/mountinfo)
masks=$(grep -c ' /proc/sys/' /proc/self/mountinfo)
start=$EPOCHREALTIME
su alice -c "xargs cat </srv/files | grep -c masked; grep -c . /proc/self/mountinfo; count-secrets"
end=$EPOCHREALTIME
echo "$mounts"
echo "$masks"
echo $(((${end/[.,]/} - ${start/[.,]/}) / 1000))
EOS
unshare --mount bash /srv/mount-many >"$scratch/many" 2>&1
check "a /proc with 500 mounts on it, and 300 mounts elsewhere, is as it was in the session" eval '
	mapfile -t said <"$scratch/many"
	same "${said[4]} ${said[3]} 0" "${said[0]} ${said[1]} ${said[2]}" && [ "${said[4]}" -ge 490 ] && [ "${said[3]}" -ge 790 ]'
check "and a login there takes less than two seconds" eval 'cat "$scratch/many"; [ "$(tail -n 1 "$scratch/many")" -lt 2000 ]'
check "after which nothing is left" nothing_left

# --- logins while their PID 1 is killed --------------------------------------------------------------

options scope=user
rm -rf "$scratch/flood"
mkdir "$scratch/flood"
flood() {
	local i
	for i in $(seq 20); do
		timeout -s KILL 20 su alice -c 'readlink /proc/self/ns/pid; sleep 0.05' >"$scratch/flood/$1.$i" 2>/dev/null </dev/null
		[ $? != 137 ] || : # killed with its PID 1, or hangs: the time tells
	done
}
kill_inits() {
	local init
	while [ ! -e "$scratch/flood/over" ]; do
		for init in $(session_inits); do kill -KILL "$init" 2>/dev/null; done
		sleep 0.03
	done
}
kill_inits &
killer=$!
start=$EPOCHREALTIME
flooders=()
for i in 1 2 3 4; do
	flood $i &
	flooders+=($!)
done
wait "${flooders[@]}"
took=$(((${EPOCHREALTIME/[.,]/} - ${start/[.,]/}) / 1000))
: >"$scratch/flood/over"
wait $killer
check "while root kills every PID 1 again and again, eighty logins that share a session get one or are refused" eval '
	same 0 "$(cat "$scratch"/flood/[0-9]* | grep -c -F "$host_pid_ns")" &&
		[ "$(cat "$scratch"/flood/[0-9]* | grep -c "^pid:")" -ge 20 ]'
check "none of them hangs" eval 'echo "$took ms"; [ $took -lt 40000 ]'
check "the next login works" eval '[ "$(inside "readlink /proc/self/ns/pid")" != "$host_pid_ns" ]'
check "and nothing is left of them" nothing_left
finish
