#!/bin/bash
# SPDX-License-Identifier: MIT
# Disks that the host mounts and unmounts while somebody is logged in, homes of autofs, and FUSE of the user's.
. "$(dirname "$0")/lib/libvm.sh"

# open_login OPTION...: alice logs in; tell COMMAND: her shell runs it; close_login.
open_login() {
	close_login
	coproc login { exec ssh "$@" alice@localhost 'exec bash 2>&1'; }
	same ready "$(tell echo ready)"
}
tell() {
	local line
	echo "$*; echo end \$?" >&"${login[1]}"
	while read -r -t $((20 * PATIENCE)) line <&"${login[0]}"; do
		[[ $line != 'end '* ]] || return "${line#end }"
		echo "$line"
	done
	return 1
}
close_login() {
	[ -z "${login_PID-}" ] || {
		kill "$login_PID"
		wait "$login_PID"
	} 2>/dev/null
	wait_until 10 no_session
}

# --- a disk ---

disk=/mnt/disk
truncate -s 32M "$scratch/disk"
loop=$(losetup -f --show "$scratch/disk")
mkdir -p $disk
format() { mkfs.ext4 -q -F "$loop"; } # it refuses a device that anybody has mounted
mount_disk() { mount "$loop" $disk && echo here >$disk/file && chmod 644 $disk/file; }
have "there is a disk" mkfs.ext4 || finish
check "there is a disk" format

check "a disk that the host mounts arrives in an open session" eval '
	open_login && mount_disk && same here "$(tell cat $disk/file)"'
check "while somebody of the session is in it the host cannot unmount it" eval '
	tell cd $disk && umount $disk 2>&1 | grep busy'
check "fuser on the host tells who" eval '
	tell cd $disk; fuser -m $disk 2>/dev/null | grep -qw "$(pgrep -n -u alice -x bash)"'
check "when nobody is, the host unmounts it, and it is gone from the session" eval '
	tell cd / && umount $disk && not tell cat $disk/file'
check "nothing of the session holds it" format

mount_disk
check "a disk that is mounted before the login is in the session" eval '
	open_login && same here "$(tell cat $disk/file)"'
check "the host unmounts it" umount $disk
check "it is gone from the session" not tell cat $disk/file
check "and nothing holds it" format

mount_disk
options propagation=private
check "with propagation=private the host unmounts it, too" eval 'open_login && umount $disk'
check "but the session keeps it, and the disk is in use" eval 'same here "$(tell cat $disk/file)" && not format'
check "until the session ends" eval 'close_login && wait_until 10 format'
check "a disk that is mounted later does not arrive" eval '
	open_login && mount_disk && not tell cat $disk/file && umount $disk'
close_login >/dev/null
options
losetup -d "$loop"

# --- FUSE ---

fuse='what a user mounts by FUSE is in the session'
if have "$fuse" bindfs fusermount3; then
	install -d -o alice -g alice /home/alice/from /home/alice/to
	echo here >/home/alice/from/file
	to=/home/alice/to/file
	open_login >/dev/null
	check "$fuse" eval 'tell bindfs --no-allow-other from to && same here "$(tell cat to/file)"'
	check "and not on the host, nor in another login of theirs" eval '[ ! -e $to ] && by_ssh alice "test ! -e $to"'
	check "the user can unmount it" eval 'tell fusermount3 -u to && tell test ! -e to/file'
	check "one that they leave is gone with the login, and its process, too" eval '
		tell bindfs --no-allow-other from to && tell test -e to/file && close_login && wait_until 10 not pgrep -x bindfs'
	options scope=user
	check "with scope=user their other logins have it" eval 'open_login && tell bindfs --no-allow-other from to && by_ssh alice "test -e $to"'
	close_login >/dev/null
	options
fi

# --- autofs ---

homes='a home that autofs mounts is there'
if have "$homes" automount; then
	mkdir -p /srv/homes/carol /srv/homes/data
	useradd -d /homes/carol -s /bin/bash carol
	cp -a /home/alice/.ssh /srv/homes/carol && echo here >/srv/homes/data/file
	chown -R carol: /srv/homes/carol
	echo '/homes /etc/auto.homes --timeout=3' >/etc/auto.master.d/homes.autofs
	printf '%s :/srv/homes/&\n' '*' >/etc/auto.homes
	systemctl restart autofs
	check "$homes" eval 'same /homes/carol "$(by_ssh carol pwd)"'
	open_login >/dev/null
	check "one that somebody asks for in a session is mounted for it" eval 'same here "$(tell cat /homes/data/file)"'
	check "when it is not in use the host unmounts it, in the session, too" eval '
		wait_until 20 not grep -q " /homes/data " /proc/self/mountinfo && not tell grep /homes/data /proc/self/mountinfo'
	check "and mounts it again" eval 'same here "$(tell cat /homes/data/file)"'
	check "it stays while somebody of a session is in it" eval '
		tell cd /homes/data && sleep 10 && tell test -e file && grep " /homes/data " /proc/self/mountinfo'
	close_login >/dev/null
	rm /etc/auto.master.d/homes.autofs /etc/auto.homes
	systemctl restart autofs
	userdel carol
fi
finish
