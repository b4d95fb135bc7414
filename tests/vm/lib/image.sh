#!/bin/bash
# SPDX-License-Identifier: MIT
#
# image.sh MACHINE DIRECTORY: makes DIRECTORY/{root,disk,vmlinuz,initrd} from the packages of the machine's release. Run
# by run, as root, in a mount namespace of its own.
#
# root      the tree: what was built of the project lies there, too (see build in run)
# disk      a file system with the tree in it
# vmlinuz, initrd   the release's own kernel
#
# Not debootstrap: mmdebstrap unpacks another architecture's packages at this machine's speed, and resolves what the
# packages need in one go; what the packages then run is run by qemu-user, as run has set up. MIRROR: another mirror than the one that mmdebstrap and debootstrap know for the distribution.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../lib/packages.sh"
. "$here/machines.sh"
machine "$1"
directory=$2 root=$2/root
rm -rf "$root" "$directory/disk"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

# mmdebstrap knows Debian's mirrors, with those of updates, and debootstrap knows Ubuntu's.
mirror=(${MIRROR:+"$MIRROR"}) options=()
if [ "$distribution" = ubuntu ]; then
	[ -n "${MIRROR-}" ] || mirror=("$(sed -n 's/.*default_mirror *\(http[^ ]*\).*/\1/p' /usr/share/debootstrap/scripts/jammy | sed -n 2p)") # the first has old releases
	keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg how="signed-by=$keyring"
	[ -e "$keyring" ] || how='trusted=yes' # Debian has no package of it; the machine reaches no network, and is thrown away
	mirror=("deb [$how] $mirror $suite main universe" "deb [$how] $mirror $suite-updates main universe")
fi
# /bin and /lib are links to those of /usr, as the installers have it. From Debian 12 on a hook puts a package in that
# says so, and sid's packages make the links by themselves.
case $suite in
bullseye | jammy | noble) options+=(--setup-hook='for d in bin sbin lib lib32 lib64 libx32; do mkdir -p "$1/usr/$d" && ln -s "usr/$d" "$1/$d"; done') ;;
sid) ;;
*) options+=(--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr) ;;
esac
# The archive of its security updates names files that it does not have any more.
[ "$suite" != bullseye ] || options+=(--setup-hook='sed -i "/security/d" "$1/etc/apt/sources.list"')
# Valid-Until: a mirror may be some weeks behind, and the machine is thrown away.
mmdebstrap --mode=root --skip=check/qemu --architectures="$arch" --variant=minbase "${options[@]}" \
	--aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt=force-unsafe-io \
	--essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d"; echo COMPRESS=gzip >"$1/etc/initramfs-tools/conf.d/vm"' \
	--include="$(packages_of_machine | paste -sd,)" "$suite" "$root" "${mirror[@]}"

echo "${1%%-*}" >"$root/etc/hostname"
printf '127.0.0.1 localhost %s\n::1 localhost\n' "${1%%-*}" >"$root/etc/hosts"
ln -sf ../proc/self/mounts "$root/etc/mtab" # as systemd makes it at the first boot
touch "$root/etc/default/locale"            # as the installers do: pam_env complains if it is not there
echo "root:root" | chroot "$root" chpasswd
# No network to fetch from, and no work of the night in the middle of a test.
for unit in apt-daily.timer apt-daily-upgrade.timer man-db.timer e2scrub_all.timer fstrim.timer motd-news.timer; do
	ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

# The way in is an sshd of its own without PAM: what is tested is not what the tests come in by.
mkdir -m 700 -p "$root/root/.ssh" "$root/etc/vm"
[ -f "$directory/../key" ] || ssh-keygen -q -t ed25519 -N '' -f "$directory/../key"
cp "$directory/../key.pub" "$root/etc/vm/authorized_keys"
cat >"$root/etc/vm/sshd_config" <<-'T'
	Port 2222
	UsePAM no
	PermitRootLogin yes
	PidFile none
	HostKey /etc/ssh/ssh_host_ed25519_key
	AuthorizedKeysFile /etc/vm/authorized_keys
	StrictModes no
T
cat >"$root/etc/systemd/system/vm.service" <<-'T'
	[Unit]
	Description=The way in for the tests
	[Service]
	ExecStartPre=/bin/sh -c 'i=0; until [ -e /sys/class/net/eth0 ] || [ $i = 300 ]; do i=$((i+1)); sleep 0.2; done; ip link set lo up; ip link set eth0 up; ip addr replace 10.0.2.15/24 dev eth0'
	ExecStartPre=/bin/mkdir -p /run/sshd
	ExecStart=/usr/sbin/sshd -D -f /etc/vm/sshd_config
	KillMode=process
	[Install]
	WantedBy=multi-user.target
T
ln -sf ../vm.service "$root/etc/systemd/system/multi-user.target.wants/vm.service"

cp "$(ls "$root"/boot/vmlinuz-* | sort -V | tail -n 1)" "$directory/vmlinuz"
cp "$(ls "$root"/boot/initrd.img-* | sort -V | tail -n 1)" "$directory/initrd"
chmod 700 "$root/boot"
if [ -d "$root/etc/selinux/default" ]; then
	# The way in is on another port than sshd may listen on; and without labels nothing of it would start.
	echo '(portcon tcp 2222 (system_u object_r ssh_port_t ((s0) (s0))))' >"$root/etc/vm/vm.cil"
	chroot "$root" semodule -n -i /etc/vm/vm.cil
	chroot "$root" setfiles -F -e /proc -e /sys -e /dev /etc/selinux/default/contexts/files/file_contexts /
fi
truncate -s 8G "$directory/disk.new"
mke2fs -q -F -t ext4 -L root -d "$root" "$directory/disk.new"
mv "$directory/disk.new" "$directory/disk"
