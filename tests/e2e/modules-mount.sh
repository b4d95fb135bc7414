#!/bin/bash
# SPDX-License-Identifier: MIT
# Modules that mount something for a login in one stack with ours: a home, or a /tmp of its own.
. "$(dirname "$0")/../lib/libtest.sh"
. "$lib/beside.sh"

put_in_copy_if_there libpam-mount libpam-mount-bin libpam-encfs encfs gocryptfs libpam-fscrypt fscrypt
volume=/home/alice/volume
mkdir -p $volume /home/bob/volume && chown alice: $volume && chown bob: /home/bob/volume
echo 'alice:correct-horse' | chpasswd -c SHA512

# Not mountpoint(1): root may not look into what FUSE mounts for a user.
mounted() { awk -v path="${1:-$volume}" '$5 == path { found = 1 } END { exit !found }' /proc/self/mountinfo; }
unmount() { while umount $volume 2>/dev/null; do :; done; }
# released DIRECTORY: unmounts what was left there on the host, with the process that serves it.
released() { umount "$1" && not mounted "$1" && nothing_left; }

# Two logins at once: each holds a pipe, and ends when somebody writes to it.
# hold NAME USER COMMAND: USER logs in by su, runs the command and waits.
declare -A holders
hold() {
	rm -f "$scratch/$1.said"
	mkfifo -m 666 "$scratch/$1"
	su "$2" -c "$3; read word <'$scratch/$1'" >"$scratch/$1.said" 2>&1 &
	holders[$1]=$!
	wait_until 10 grep -qx holds "$scratch/$1.said"
}
release() {
	echo 1<>"$scratch/$1" # also if it was refused, and nobody reads
	wait ${holders[$1]}
	rm "$scratch/$1"
}

# --- pam_namespace -----------------------------------------------------------------------------------

mkdir -p -m 000 /srv/poly
echo '/tmp /srv/poly/ user root' >/etc/security/namespace.conf
by='su sshd' later='[ -e /srv/poly/alice/hers ] && rm /srv/poly/alice/hers' beside pam_namespace \
	'touch /tmp/hers; ls /tmp' hers 'session required pam_namespace.so'

# both_keep_theirs NUMBER: of two logins of alice's and one of bob's, in so many sessions.
both_keep_theirs() {
	hold first alice 'touch /tmp/of-alice; echo holds'
	hold second bob 'touch /tmp/of-bob; ls /tmp; echo holds'
	hold third alice 'ls /tmp; echo holds'
	cat "$scratch"/*.said
	same "$1" "$(session_inits | wc -l)" && same 'of-bob holds' "$(xargs <"$scratch/second.said")" &&
		same 'of-alice holds' "$(xargs <"$scratch/third.said")"
	local result=$?
	release first && release second && release third
	rm -f /srv/poly/*/*
	return $result
}
if there "pam_namespace and two users at once" pam_namespace.so; then
	# Whoever has another mount namespace does not share a session.
	groupadd both && usermod -g both alice && usermod -g both bob
	for form in one two; do
		for also in '' scope=user scope=group 'scope=user on_close=linger'; do
			stack 'session required pam_namespace.so'
			check "pam_namespace, su, $form, ${also:-alone}: two users of one group each see their own /tmp" both_keep_theirs 3
			check "pam_namespace, su, $form, ${also:-alone}: nothing is left" nothing_left
		done
	done
	# After our line it makes one for the login alone, in the session that they share; if it can. Since the mend of
	# CVE-2025-6020 it mounts through /proc/self, which is not there.
	form=none stack 'session required pam_unshare.so scope=group' 'session required pam_namespace.so'
	if grep -q 'Error mounting %s on %s (%s on %s)' /usr/lib/*/security/pam_namespace.so; then
		check "pam_namespace, su, after our line: it mounts through /proc/self, and refuses the login" eval '
			exits 1 su alice -c "echo in" && logged "^err .*pam_namespace.*Error mounting /proc/self/"'
	else
		check "pam_namespace, su, after our line, scope=group: two users in one session each see their own /tmp" both_keep_theirs 1
	fi
	check "pam_namespace, su, after our line, scope=group: nothing is left" nothing_left
	form=one also=''
	usermod -g alice alice && usermod -g bob bob
fi

# --- pam_mount ---------------------------------------------------------------------------------------

# volumes LINE...: what pam_mount mounts.
volumes() {
	printf '%s\n' '<?xml version="1.0" encoding="utf-8" ?>' '<pam_mount>' '<debug enable="0" />' "$@" \
		'<mkmountpoint enable="0" />' '<logout wait="0" hup="no" term="no" kill="no" />' '</pam_mount>' \
		>/etc/security/pam_mount.conf.xml
}
pam_mount=('auth sufficient pam_rootok.so' 'auth required pam_unix.so' 'session optional pam_mount.so disable_interactive')
tmpfs='<volume user="*" fstype="tmpfs" mountpoint="/home/%(USER)/volume" options="uid=%(USER),mode=700" />'
# The volume is there for both, until the last of the two has logged out.
at_once() {
	hold first alice "touch $volume/first; echo holds" && hold second alice "cd $volume; ls; touch second; echo holds" || return
	ls $volume
	same 'first second' "$(ls $volume | xargs)" && grep -qx first "$scratch/second.said" || return
	release first
	mounted || return
	release second
}

if there "pam_mount works beside it" pam_mount.so; then
	expect_to_stay mkdir -p /run/pam_mount
	volumes "$tmpfs"
	by='su sshd' closes=1 leaves='mounted && released $volume' later='not mounted' beside pam_mount \
		"cd $volume; touch file; ls; setsid -f sleep 6789 >/dev/null 2>&1" file "${pam_mount[@]}"

	for also in '' scope=user 'scope=user on_close=linger'; do
		form=two stack "${pam_mount[@]}"
		check "pam_mount, su, two, ${also:-alone}: of two logins at once the last unmounts" eval '
			at_once && not mounted && nothing_left'
		form=one stack "${pam_mount[@]}"
		check "pam_mount, su, one, ${also:-alone}: of two logins at once none does" eval 'at_once && released $volume'
	done

	# What lingers keeps the volume, as it would without a session; the next logout after its end unmounts it.
	also='on_close=linger'
	form=two stack "${pam_mount[@]}"
	check "pam_mount, su, two, on_close=linger: what lingers in the volume keeps it" eval '
		su alice -c "cd $volume && touch kept && { setsid -f sleep 6789 >/dev/null 2>&1; }" && mounted && [ -e $volume/kept ]'
	check "pam_mount, su, two, on_close=linger: the next logout unmounts it" eval '
		pkill -u alice sleep && wait_until 10 none_left && su alice -c "ls $volume/kept" && not mounted && nothing_left'
	also=''
	unmount

	# rmdir(2) of a mount point takes it away in every mount namespace.
	volumes "$tmpfs"
	sed -i 's|<mkmountpoint enable="0" />|<mkmountpoint enable="1" remove="true" />|' /etc/security/pam_mount.conf.xml
	rmdir $volume
	form=one stack "${pam_mount[@]}"
	check "pam_mount, su, one, remove=true: the volume is gone, for the mount point is removed" eval '
		su alice -c "mountpoint -q $volume" && not mounted && nothing_left'
	mkdir -p $volume && chown alice: $volume
fi

# --- FUSE: the process that serves the files starts before the session, on the host ------------------

serves() { pgrep -u alice -x "$1" >/dev/null; }
# left_behind PROGRAM DIRECTORY: with one line.
left_behind() { mounted "$2" && serves "$1" && released "$2"; }

if [ ! -c /dev/fuse ] && ! { mknod -m 666 /dev/fuse c 10 229 && : <>/dev/fuse; } 2>/dev/null; then
	skip "FUSE works beside it" "no FUSE here"
	finish
fi
echo user_allow_other >>/etc/fuse.conf

if there "pam_mount with bindfs works beside it" pam_mount.so && have "pam_mount with bindfs works beside it" bindfs; then
	mkdir -p /srv/data && echo data >/srv/data/file && chown -R alice: /srv/data
	volumes '<volume user="alice" fstype="fuse" path="bindfs#/srv/data" mountpoint="/home/alice/volume" />'
	by='su sshd' closes=1 leaves='left_behind bindfs $volume' later='not serves bindfs' beside 'pam_mount with bindfs' \
		"cat $volume/file" data "${pam_mount[@]}"
fi

if there "pam_mount with gocryptfs works beside it" pam_mount.so && have "pam_mount with gocryptfs works beside it" gocryptfs; then
	mkdir /home/alice/cipher && chown alice: /home/alice/cipher
	form=none stack
	su alice -c 'gocryptfs -init -q -scryptn 10 -extpass "echo correct-horse" ~/cipher'
	volumes '<volume user="alice" fstype="fuse" path="gocryptfs#/home/alice/cipher" mountpoint="/home/alice/volume" options="quiet" />'
	input=correct-horse closes=1 leaves='left_behind gocryptfs $volume' later='not serves gocryptfs' beside 'pam_mount with gocryptfs' \
		"echo secret >$volume/file; cat $volume/file" secret 'auth required pam_unix.so' 'auth optional pam_mount.so' 'session optional pam_mount.so'
	check "pam_mount with gocryptfs: only the cipher text is left" eval 'not grep -r secret /home/alice/cipher $volume'
fi

# A user who may name a volume may name the program that serves it. It runs before our line.
if there "what luserconf starts is on the host" pam_mount.so; then
	volumes '<luserconf name=".volumes.xml" />' '<mntoptions allow="nosuid,nodev" />' '<mntoptions require="nosuid,nodev" />'
	printf '%s\n' '<?xml version="1.0" encoding="utf-8" ?>' '<pam_mount>' \
		'<volume fstype="fuse" path="/home/alice/serve#x" mountpoint="~/volume" options="nosuid,nodev" />' '</pam_mount>' >/home/alice/.volumes.xml
	printf '%s\n' '#!/bin/sh' 'look-around >/home/alice/seen' >/home/alice/serve
	chown alice: /home/alice/.volumes.xml /home/alice/serve && chmod 755 /home/alice/serve
	for form in one two; do
		stack "${pam_mount[@]}"
		su alice -c look-around >"$scratch/look" 2>&1
		check "pam_mount with luserconf, $form: the login is isolated, but her own program ran on the host" eval '
			grep -A99 pid_ns "$scratch/look" >"$scratch/own"; isolated su alice "$scratch/own" && not_isolated /home/alice/seen &&
			rm /home/alice/seen && nothing_left'
	done
	check "pam_mount with luserconf: nsinfo check warns of it" eval '
		nsinfo check -nro LEVEL,SUBJECT,MESSAGE | sed "s/\\\\x20/ /g" | grep -q "^warning pam_mount .*lets users name programs"'
	form=one
fi

# --- pam_encfs ---------------------------------------------------------------------------------------

if there "pam_encfs works beside it" pam_encfs.so; then
	mkdir -p /srv/cipher /home/alice/clear && chown alice: /srv/cipher /home/alice/clear
	printf '%s\n' drop_permissions encfs_default 'fuse_default nonempty' \
		'alice /srv/cipher /home/alice/clear - allow_root' >/etc/security/pam_encfs.conf
	encfs=('auth required pam_unix.so' 'auth required pam_encfs.so use_first_pass' 'session required pam_encfs.so' 'session required pam_permit.so')
	form=none stack
	su alice -c 'printf "\n%s\n%s\n" correct-horse correct-horse | encfs -S /srv/cipher ~/clear' >"$scratch/made" 2>&1
	umount /home/alice/clear
	input=correct-horse closes=1 forms=two later='not serves encfs' beside pam_encfs \
		'echo secret >~/clear/file; cat ~/clear/file' secret "${encfs[@]}"

	# It reads /proc/self/mounts without looking whether it could.
	form=one stack "${encfs[@]}"
	su alice -c 'look-around; exit 7' >"$scratch/look" 2>&1 <<<correct-horse
	status=$?
	check "pam_encfs, su, one: it crashes su at the logout, and all stays mounted" eval '
		same 139 $status && left_behind encfs /home/alice/clear'
	check "pam_encfs, su, one: nsinfo check warns of it" says warning su 'pam_encfs.so .*closes before pam_unshare'
fi

# --- pam_fscrypt: what is still in use at the logout is not locked -------------------------------------

# A disk whose directories can be encrypted.
home=/srv/disk/alice
make_disk() {
	[ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
	printf '%s\n' 'auth required pam_unix.so' 'account required pam_unix.so' >/etc/pam.d/fscrypt # not what pam_encfs put in common-auth
	local number
	for number in {0..31}; do [ -e /dev/loop$number ] || mknod /dev/loop$number b 7 $number; done
	mkdir -p /srv/disk && truncate -s 64M /srv/disk.img && mkfs.ext4 -q -O encrypt /srv/disk.img && mount -o loop /srv/disk.img /srv/disk &&
		fscrypt setup --quiet --force && fscrypt setup /srv/disk --quiet && mkdir $home && chown alice: $home &&
		fscrypt encrypt $home --source=pam_passphrase --user=alice --quiet --no-recovery <<<correct-horse &&
		echo secret >$home/file && chown alice: $home/file && fscrypt lock $home --user=alice
}
readable() { [ -e $home/file ]; }
if there "pam_fscrypt works beside it" pam_fscrypt.so && have "pam_fscrypt works beside it" fscrypt mkfs.ext4; then
	if make_disk >"$scratch/why" 2>&1; then
		expect_to_stay install -D -m 600 /dev/null /run/fscrypt/63001.count
		input=correct-horse closes=1 leaves='readable && fscrypt lock $home --user=alice' later='not readable' beside pam_fscrypt \
			"cat $home/file; setsid -f sleep 6789 >/dev/null 2>&1 <$home/file" secret 'auth required pam_unix.so' \
			'auth optional pam_fscrypt.so' 'session optional pam_fscrypt.so' 'session required pam_permit.so'
	else
		skip "pam_fscrypt works beside it" "no such disk here: $(tail -n 1 "$scratch/why")"
	fi
fi
finish
