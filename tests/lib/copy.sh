#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Runs a command in a throw-away copy of this machine:
#
#     copy.sh [--build DIR] [--stock] [--host-net] [--tap] COMMAND [ARGUMENT...]
#
#     --build DIR  the project's build directory; what it built is installed in the copy
#     --stock      leave the machine's PAM stacks as they are and install nothing
#     --host-net   the command has descriptor 4, of this machine's network namespace
#     --tap        if no copy can be made, print a skipped TAP test and succeed
#
# The copy is a set of new namespaces (mount, PID, network, IPC, UTS) whose root is an overlay: all of
# this machine's files are there, what is written to them goes to a tmpfs, and all of it is gone when the
# command ends or this script is killed. machine.sh says what the copy has that the machine has not.
#
# Exits with the command's status; with 77, and a reason, if no copy can be made.
set -u
shopt -s inherit_errexit

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$(cd "$lib/../.." && pwd)

skip() {
	if [ -n "$tap" ]; then
		echo "1..0 # SKIP $*"
		exit 0
	fi
	echo "no copy of this machine: $*" >&2
	exit 77
}

# --- outside: new namespaces -------------------------------------------------------------------------

# A clean environment: what the caller exported is no part of a test. The command goes through descriptor 3 and
# this script through BASH_ENV, so that ps(1) in the copy shows a PID 1 that is called "init" and nothing else.
enter() {
	local new=(unshare --mount --pid --net --ipc --uts --fork --kill-child) reason
	[ "$(id -u)" = 0 ] || skip "only root can make one"
	reason=$("${new[@]}" true 2>&1) || skip "${reason:-unshare failed}"
	local cwd=$PWD
	cd "$lib" || exit
	exec 4>&-
	[ -z "$host_net" ] || exec 4</proc/self/ns/net
	exec env -i PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH" \
		HOME=/root USER=root LOGNAME=root SHELL=/bin/bash LANG=C.UTF-8 TERM="${TERM:-dumb}" PATIENCE="${PATIENCE:-1}" \
		COPY_BUILD="$build" COPY_STOCK="$stock" COPY_TAP="$tap" COPY_CWD="$cwd" BASH_ENV="$lib/copy.sh" \
		"${new[@]}" perl -e "$start_inside" 3< <(printf '%s\0' "$@") 5<&0 </dev/null
}

# Not bash: unshare(1) of Ubuntu 22.04 has what it starts ignore these signals, and bash keeps to that. ^C would do
# nothing in the copy.
start_inside='$SIG{INT} = $SIG{TERM} = "DEFAULT"; exec {"bash"} "init"'

# --- inside, as PID 1: a new root --------------------------------------------------------------------

layers=0

# overlay PATH: the copy gets this machine's PATH; what is written there is thrown away.
overlay() {
	local path=$1 layer
	layers=$((layers + 1))
	layer=$stage/$layers
	# The merged directory has the owner and the mode of the upper one.
	mkdir -p "$layer/upper" "$layer/work" "$root$path" &&
		chown --reference="$path" "$layer/upper" && chmod --reference="$path" "$layer/upper" &&
		(cd "$path" && mount -t overlay copy "$root$path" \
			-o "lowerdir=.,upperdir=$layer/upper,workdir=$layer/work")
}

# An overlay takes one file system, not what is mounted on it: the others follow one by one, from the
# shortest path to the longest. The kernel's own file systems and other machines' roots stay behind.
overlay_mounts() {
	local path type
	awk '{ for (i = 7; $i != "-"; i++); print length($5), $5, $(i + 1) }' /proc/self/mountinfo |
		sort -n -u | while read -r _ path type; do
		path=$(printf '%b' "$path")
		case $path in
		/ | /proc | /proc/* | /sys | /sys/* | /dev | /dev/* | /run | /run/* | /tmp | /tmp/*) continue ;;
		/snap/* | /var/lib/* | "$stage" | "$stage"/*) continue ;;
		esac
		case $type in
		proc | sysfs | cgroup* | autofs | nsfs | devpts | devtmpfs | mqueue | binfmt_misc | rpc_pipefs) continue ;;
		esac
		if [ -d "$path" ]; then
			overlay "$path" || mount --bind -o ro "$path" "$root$path"
		elif [ -f "$path" ]; then
			cat "$path" >"$root$path" # a container's /etc/hosts, /etc/resolv.conf
		fi
	done 2>/dev/null
}

# change_root OLD: the working directory becomes the root, and OLD in it the old root. By the system call's
# number where there is no pivot_root(8): since util-linux 2.42 it is in a package that few machines have.
change_root() {
	command -v pivot_root >/dev/null && { pivot_root . "$1"; return; }
	perl -e '
		my ($machine, $new, $old) = @ARGV;
		my $number = {x86_64 => 155, aarch64 => 41}->{$machine} or die "no pivot_root: install util-linux-extra\n";
		syscall($number, $new, $old) == 0 or die "pivot_root: $!\n"' "$(uname -m)" . "$1"
}

build_root() {
	local reason path
	# The stage hides what lies below it until the root is changed, so not the project.
	for stage in /media /mnt /srv /opt; do
		case "$source/ $build/" in *"$stage/"*) ;; *) [ -d $stage ] && break ;; esac
	done
	root=$stage/root
	mount -t tmpfs -o mode=755 copy "$stage" && mkdir "$root" || skip "no tmpfs"
	reason=$(overlay / 2>&1) || skip "no overlay of / (${reason##*: })"
	layers=1
	overlay_mounts
	layers=1000 # numbered in a subshell above

	mount -t proc proc "$root/proc" || skip "no /proc"
	mount -t sysfs -o ro sysfs "$root/sys" 2>/dev/null || mount --bind -o ro /sys "$root/sys"
	mount -t tmpfs -o mode=755 run "$root/run"
	mount -t tmpfs -o mode=1777 tmp "$root/tmp"
	# Not devtmpfs: there is only one, and it is the machine's.
	mount -t tmpfs -o mode=755 dev "$root/dev"
	cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty "$root/dev" || skip "no device files"
	mkdir "$root/dev/pts" "$root/dev/shm"
	mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 devpts "$root/dev/pts"
	mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
	ln -s pts/ptmx "$root/dev/ptmx"
	ln -s /proc/self/fd "$root/dev/fd"
	for fd in stdin:0 stdout:1 stderr:2; do ln -s "/proc/self/fd/${fd#*:}" "$root/dev/${fd%:*}"; done

	for path in "$source" "$build"; do
		case $path in /run/* | /tmp/*) overlay "$path" ;; esac
	done

	mkdir -p "$root/.old" && cd "$root" || exit
	reason=$(change_root .old 2>&1) || skip "no change of root (${reason##*: })"
	cd / && umount -l /.old && rmdir /.old || exit
	# As systemd has it: a mount that leaks from a session shows in the copy.
	mount --make-rshared /
}

# --- start -------------------------------------------------------------------------------------------

if [ -n "${BASH_ENV-}" ]; then
	exec 0<&5
	mapfile -d '' -t command <&3
	for fd in /proc/self/fd/*; do # what the caller had open leads out of the copy; 4 is enter's, 255 is this script
		case ${fd##*/} in 0 | 1 | 2 | 4 | 255) ;; *) eval "exec ${fd##*/}>&-" ;; esac
	done
	build=$COPY_BUILD stock=$COPY_STOCK tap=$COPY_TAP cwd=$COPY_CWD
	unset COPY_STOCK COPY_TAP COPY_CWD BASH_ENV
	build_root
	. "$lib/machine.sh"
	set_up_machine || {
		echo "copy.sh: could not set up the copy" >&2
		exit 1
	}
	export IN_COPY=1
	cd "$cwd" 2>/dev/null || cd /
	# Not exec: PID 1 stays a shell, which reaps what it adopts.
	"${command[@]}"
	exit
fi

build='' stock='' host_net='' tap=''
while :; do
	case ${1-} in
	--build) build=$(cd "$2" && pwd) || exit 2; shift 2 ;;
	--stock) stock=1; shift ;;
	--host-net) host_net=1; shift ;;
	--tap) tap=1; shift ;;
	--) shift; break ;;
	-*) sed -n '3,/^set/s/^# \{0,1\}//p' "$0"; exit 2 ;;
	*) break ;;
	esac
done
[ $# -gt 0 ] || set -- bash
enter "$@"
