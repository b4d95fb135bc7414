#!/bin/bash
# SPDX-License-Identifier: MIT
# Mounts of all kinds, and procfs mounts that users move, hide and uncover: none refuses alice's login, and none shows
# her the host.
. "$(dirname "$0")/../lib/libtest.sh"

flip=$COPY_BUILD/tests/e2e/flip
as_bob() { setpriv --reuid=63002 --regid=63002 --clear-groups "$@"; }

# The PID namespace, and in how many processes on any procfs of the mount tree a secret of the host's is seen.
cat >/usr/bin/count-secrets <<'EOT'
#!/bin/bash
awk '{ for (i = 7; $i != "-"; i++); if ($(i + 1) == "proc") print $5 }' /proc/self/mountinfo | while IFS= read -r target; do
	cd "$(printf '%b' "$target")" 2>/dev/null && cat [0-9]*/cmdline cmdline 2>/dev/null
done | tr "\0" "\n" | grep -c "[c]anary --" | xargs echo "$(readlink /proc/self/ns/pid)"
EOT
chmod 755 /usr/bin/count-secrets

# isolated_login: alice, by su.
isolated_login() {
	local found
	found=$(su alice -c count-secrets 2>&1)
	case $found in "$host_pid_ns "*) ;; pid:*' 0') return ;; esac
	echo "found: $found"
	tail -n 3 /run/syslog
	return 1
}

# logins NUMBER: so many of them, one after the other.
way_in=isolated_login
logins() {
	local i
	for ((i = 1; i <= $1; i++)); do
		$way_in || { echo "login $i of $1"; return 1; }
	done
}

# while_bob NUMBER FLIP...: the logins, while bob changes names.
while_bob() {
	local number=$1 flipper result
	shift
	forget_log
	: >"$scratch/flip"
	setpriv --reuid=63002 --regid=63002 --clear-groups "$flip" "$@" >"$scratch/flip" 2>&1 &
	flipper=$! # not of as_bob: that would be a shell's
	wait_until 10 grep -q ready "$scratch/flip" && logins "$number"
	result=$?
	kill $flipper && wait $flipper
	same ready "$(cat "$scratch/flip")" && return $result
}

# The mount points of what was mounted from SOURCE, wherever they are by now.
where_is() { awk -v source="$1" '{ for (i = 7; $i != "-"; i++); if ($(i + 2) == source) print $5 }' /proc/self/mountinfo; }

# gone SOURCE: unmount it by the short path to where it is, and again if bob's names have changed.
gone() {
	local target
	while target=$(where_is "$1" | tail -n 1) && [ -n "$target" ]; do
		umount -l "$(printf '%b' "$target")" 2>/dev/null || return
	done
}

# Nothing is shown where the tests look, but on the host they would see it.
check "on the host there is a secret to see" same "$host_pid_ns 1" "$(count-secrets)"

# --- mounts of all kinds -----------------------------------------------------------------------------

mkdir -p /run/kinds
touch /run/kinds/{net,file,deleted}
check "ip netns add refuses no login" eval 'ip netns add blue && isolated_login; result=$?; ip netns del blue; return $result'
rmdir /run/netns 2>/dev/null || { umount /run/netns && rmdir /run/netns; }
check "a namespace that is bound to a file refuses no login" eval '
	mount --bind /proc/self/ns/net /run/kinds/net && isolated_login; result=$?; umount /run/kinds/net; return $result'
check "a UTS namespace that unshare(1) keeps in a file refuses no login" eval '
	mkdir /run/kinds/private && mount --bind /run/kinds/private /run/kinds/private &&
		mount --make-private /run/kinds/private && touch /run/kinds/private/uts &&
		unshare --uts=/run/kinds/private/uts true && isolated_login
	result=$?; umount /run/kinds/private/uts; umount /run/kinds/private; return $result'
check "a file that is mounted and was deleted refuses no login" eval '
	mount --bind /run/kinds/deleted /run/kinds/file && rm /run/kinds/deleted && isolated_login
	result=$?; umount /run/kinds/file; return $result'
check "a mount on the root directory, which no path leads to, refuses no login" eval '
	found=$(unshare --mount bash -c "mount -t tmpfs unseen / && exec su alice -c count-secrets")
	case $found in "$host_pid_ns "*) same isolated "$found" ;; *) same 0 "${found#* }" ;; esac'
rm -r /run/kinds

# --- below a directory of bob's ----------------------------------------------------------------------

home=/home/bob
cd $home || exit
as_bob mkdir -p chroot/proc decoy/proc
as_bob ln -s /srv link
mount -t proc bobs $home/chroot/proc
check "the procfs of a chroot in bob's home is replaced" isolated_login
check "while bob swaps the chroot with a symbolic link, each of 150 logins of alice's is isolated" \
	while_bob 150 exchange chroot link
check "while bob swaps it with another directory, too" while_bob 150 exchange chroot decoy
gone bobs
as_bob rm -rf chroot decoy link

as_bob mkdir -p chroot/proc
mount -t proc bobs $home/chroot/proc
check "while bob gives it one new name after the other, too" while_bob 100 wander chroot
gone bobs
as_bob rm -rf chroot*

as_bob mkdir -p 1/2/3/4/5/6/7/8/proc
pairs=() path=.
for i in {1..8}; do
	path=$path/$i
	as_bob mkdir "$path.other"
	pairs+=("$path" "$path.other")
done
mount -t proc bobs "$home/1/2/3/4/5/6/7/8/proc"
check "while bob swaps eight directories above it, too" while_bob 100 exchange "${pairs[@]}"
gone bobs
as_bob rm -rf [1-8]*

# As before Linux 6.5, which cannot put a mount beneath another: PID 1's move_mount(2) number $1 fails with EINVAL.
old_kernel() {
	local found
	rm -f "$scratch/injected"
	found=$("$COPY_BUILD/tests/e2e/inject" init 429 "$1" EINVAL "$scratch/injected" su alice -c count-secrets 2>&1)
	case $found in "$host_pid_ns "*) ;; pid:*' 0') [ -e "$scratch/injected" ] && return ;; esac
	echo "found: $found"
	tail -n 3 /run/syslog
	return 1
}
as_bob mkdir -p chroot/proc decoy/proc
mount -t proc bobs $home/chroot/proc
check "an older kernel puts the new procfs in the place of the old one, in bob's home" old_kernel 1
check "and on /proc" old_kernel 2
way_in="old_kernel 1"
check "an older kernel isolates each login while bob swaps names, too" while_bob 30 exchange chroot decoy
way_in=isolated_login
gone bobs
as_bob rm -rf chroot decoy

# --- what hides a procfs -----------------------------------------------------------------------------

# uncovered SETUP UNCOVER: while alice is logged in, what hides a procfs of the host's goes away.
cat >/usr/bin/look-on <<'EOT'
#!/bin/bash
: >/home/alice/in
until [ -e /home/alice/uncovered ]; do sleep 0.02; done
count-secrets
EOT
chmod 755 /usr/bin/look-on
uncovered() {
	local login found
	rm -f /home/alice/in /home/alice/uncovered
	eval "$1" || return
	su alice -c look-on >"$scratch/found" 2>&1 </dev/null &
	login=$!
	wait_until 10 test -e /home/alice/in && eval "$2"
	: >/home/alice/uncovered
	wait $login
	found=$(cat "$scratch/found")
	case $found in "$host_pid_ns "*) false ;; pid:*' 0') ;; *) false ;; esac || { echo "found: $found"; return 1; }
}
mkdir -p /srv/hidden/proc /srv/stack
check "a procfs below a mount that the host takes away later shows nothing of the host" uncovered \
	'mount -t proc hidden /srv/hidden/proc && mount -t tmpfs cover /srv/hidden' 'umount /srv/hidden'
umount /srv/hidden/proc
check "a procfs with a mount on it that goes away shows nothing either" uncovered \
	'mount -t proc hidden /srv/stack && mount -t tmpfs cover /srv/stack' 'umount /srv/stack'
umount /srv/stack
check "what hid it is there as before, in the session" eval '
	mount -t proc hidden /srv/stack && mount -t tmpfs cover /srv/stack && echo file >/srv/stack/file &&
		same file "$(su alice -c "cat /srv/stack/file")"'
check "a procfs on that one is replaced, too" eval '
	mount -t proc hidden /srv/stack && isolated_login && same 0 "$(su alice -c "ls /srv/stack | grep -c -x file")"'
umount /srv/stack && umount /srv/stack && umount /srv/stack
check "a procfs under three hundred mounts is replaced, and they are there as before" eval '
	mount -t proc hidden /srv/stack && for i in {1..300}; do mount -t tmpfs cover$i /srv/stack || return; done
	isolated_login && same 300 "$(su alice -c "grep -c \" - tmpfs cover\" /proc/self/mountinfo")"
	result=$?; for i in {0..300}; do umount /srv/stack; done; return $result'
check "a process of the host's that is mounted and hidden is not seen when that goes away" uncovered \
	'mount --bind /proc/$canary /srv/stack && mount -t tmpfs cover /srv/stack' 'umount /srv/stack'
umount /srv/stack

touch /srv/file
check "a file of a process of the host's is not seen either, nor a procfs that is hidden beside it" uncovered \
	'mount --bind /proc/$canary/cmdline /srv/file && mount --bind /etc/passwd /srv/file &&
		mount -t proc hidden /srv/stack && mount -t tmpfs cover /srv/stack' 'umount /srv/stack; umount /srv/file'
check "what hid that file is there as before, in the session" eval '
	mount --bind /etc/passwd /srv/file && su alice -c "cmp /etc/passwd /srv/file"'
umount /srv/file; umount /srv/file; umount /srv/stack

if have "a FUSE mount of bob's that hides a procfs" bindfs; then
	[ -e /dev/fuse ] || mknod -m 666 /dev/fuse c 10 229
	as_bob mkdir -p $home/chroot/proc $home/over
	mount -t proc bobs $home/chroot/proc
	check "a FUSE mount of bob's hides a procfs: when he takes it away, nothing of the host is seen" uncovered \
		'as_bob bindfs -n -o nonempty $home/over $home/chroot && not ls $home/chroot' 'as_bob fusermount -u $home/chroot'
	. "$lib/trace.sh"
	if can_trace "a FUSE mount that goes away while PID 1 takes it aside"; then
		delayed() { strace -f -o "$scratch/moves" -e trace=move_mount -e inject=move_mount:delay_enter=1000000:when=2 "$@"; }
		taken_aside() { [ "$(grep -c move_mount "$scratch/moves")" = 2 ]; }
		check "a FUSE mount of bob's that goes away while PID 1 takes it aside shows nothing of the host" eval '
			: >"$scratch/moves"
			as_bob bindfs -n -o nonempty $home/over $home/chroot || return
			delayed su alice -c count-secrets >"$scratch/found" 2>&1 </dev/null &
			login=$!
			wait_until 10 taken_aside && as_bob fusermount -u -z $home/chroot && wait $login &&
				grep EINVAL "$scratch/moves" && grep "^pid:.* 0$" "$scratch/found"'
	fi
	if unshare --user true; then
		as_bob mkdir -p $home/decoy/proc
		cat >/usr/bin/exchange-elsewhere <<-EOT
			#!/bin/bash
			mount --make-rprivate / && touch $home/unshared
			until [ -e $home/covered ]; do sleep 0.02; done
			exec /usr/bin/flip "\$@"
		EOT
		cp "$flip" /usr/bin/flip && chmod 755 /usr/bin/flip /usr/bin/exchange-elsewhere
		# He may rename what is no mount point in the mount namespace that he does it in (rename(2), EBUSY).
		check "while bob swaps the mount point itself, each of 40 logins of alice's is isolated" eval '
			(cd $home && exec setpriv --reuid=63002 --regid=63002 --clear-groups unshare -U -r -m exchange-elsewhere exchange chroot decoy) \
				>"$scratch/flip" 2>&1 &
			flipper=$!
			wait_until 10 test -e $home/unshared && as_bob bindfs -n -o nonempty $home/over $home/chroot &&
				touch $home/covered && wait_until 10 grep -q ready "$scratch/flip" && logins 40
			result=$?; kill $flipper && wait $flipper
			as_bob fusermount -u -z "$(where_is $home/over)"; return $result'
		# Where the name of the directory with the procfs is now.
		[ -e $home/chroot/proc/version ] || as_bob mv --exchange $home/chroot $home/decoy 2>/dev/null
		as_bob rm -f $home/unshared $home/covered
	fi
	gone bobs
	as_bob rm -rf $home/chroot $home/decoy
	as_bob mkdir -p $home/chroot/proc
	mount -t proc bobs $home/chroot/proc
	deep=$home/deep nested=()
	for i in {1..40}; do
		as_bob mkdir $deep
		nested=("$deep" "${nested[@]}") deep=$deep/deep
	done
	as_bob mkdir $deep
	mount -t proc deep $deep
	cp -p /etc/security/limits.conf "$scratch/limits" && echo 'alice soft nofile 64' >>/etc/security/limits.conf
	check "more FUSE mounts of bob's than the application may open files refuse nobody" eval '
		for mount in "${nested[@]}"; do as_bob bindfs -n -o nonempty $home/over "$mount" || return; done
		found=$(su alice -c "ulimit -S -n; count-secrets") && same "64 0" "$(awk "{ print \$NF }" <<<"$found" | xargs)"'
	for ((i = 39; i >= 0; i--)); do as_bob fusermount -u -z "${nested[i]}"; done
	umount $deep; as_bob rm -rf $home/deep
	cp -p "$scratch/limits" /etc/security/limits.conf

	echo user_allow_other >>/etc/fuse.conf # root asks its server, too
	check "a FUSE mount of bob's that never answers delays nobody" eval '
		as_bob bindfs -f -o nonempty,allow_other $home/over $home/chroot &
		fuse_is_there() { grep "$home/chroot .* - fuse" /proc/self/mountinfo; }
		wait_until 10 fuse_is_there && pkill -STOP -x bindfs &&
			found=$(timeout $((20 * PATIENCE)) su alice -c "readlink /proc/self/ns/pid") && [ "$found" != "$host_pid_ns" ]
		result=$?; pkill -CONT -x bindfs; as_bob fusermount -u -z $home/chroot; return $result'
	as_bob mkdir -p $home/shown/proc
	check "nor does one that has another on it" eval '
		as_bob bindfs -n -o nonempty,allow_other,attr_timeout=0,entry_timeout=0 $home/shown $home/chroot || return
		server=$(pgrep -x bindfs)
		as_bob bindfs -n -o nonempty $home/over $home/chroot/proc && kill -STOP $server &&
			found=$(timeout $((20 * PATIENCE)) su alice -c "readlink /proc/self/ns/pid") && [ "$found" != "$host_pid_ns" ]
		result=$?; kill -CONT $server; as_bob fusermount -u -z $home/chroot/proc; as_bob fusermount -u -z $home/chroot
		return $result'
	gone bobs

	# Only with bob's ids may anybody enter it; with CAP_SYS_ADMIN they can mount there.
	as_bob mkdir -p $home/inner/proc
	as_bob bindfs -n $home/inner $home/over
	setpriv --reuid=63002 --regid=63002 --clear-groups --inh-caps=+sys_admin --ambient-caps=+sys_admin perl -e '
		my ($machine, $target, $source, $type) = (@ARGV, "bobs", "proc");
		my $mount = {x86_64 => 165, aarch64 => 40}->{$machine};
		syscall($mount, $source, $target, $type, 0, 0) == 0 or die "mount: $!\n"' "$(uname -m)" $home/over/proc
	check "a procfs that root cannot reach refuses the login, and the log names it and the owner of the directory" eval '
		forget_log
		exits 1 su alice -c true &&
			logged "alice: cannot reach the mount below a directory that belongs to uid 63002: $home/over/proc: "'
	gone bobs
	as_bob fusermount -u -z $home/over
fi

# --- where no path leads -----------------------------------------------------------------------------

cd $home || exit
as_bob mkdir -p chroot/proc
mount -t proc bobs $home/chroot/proc
check "moved to where its path is longer than any that the kernel takes, it refuses no login" eval '
	as_bob "$flip" bury chroot 20000 && [ "$(where_is bobs | tail -n 1 | wc -c)" -gt 20000 ] && logins 10'
cd /
finish
