# SPDX-License-Identifier: MIT
#
# What ./try and ./check need of a Debian or Ubuntu machine. Sourced by them.

packages_build='gcc libc6-dev musl-tools meson ninja-build pkg-config libpam0g-dev libcap-dev libsmartcols-dev'
packages_copy='util-linux mount perl-base iproute2 procps sudo openssh-server openssh-client login'
packages_test='libcmocka-dev clang libclang-rt-dev clang-tidy cppcheck valgrind cron at tmux lxcfs autofs strace bindfs zsh mandoc groff-base git pamtester'

# Modules and applications that the tests put beside the module. Some change /etc/pam.d when they are installed, or
# start a daemon: so only the copy gets them, and this machine keeps the files.
packages_beside='libpam-mount libpam-script libpam-tmpdir libpam-net libnss-extrausers opendoas vsftpd telnetd
	inetutils-telnetd telnet socat greetd lightdm xvfb schroot sudo-rs proftpd-core pure-ftpd samba python3-samba
	cockpit-ws cockpit-bridge rsh-redone-server rsh-redone-client slurmd slurmctld slurm-client
	munge xauth libpam-mount-bin gocryptfs libpam-encfs encfs libpam-fscrypt fscrypt libpam-krb5 krb5-kdc
	krb5-admin-server krb5-user libpam-chroot libpam-python libpam-oath oathtool libpam-google-authenticator
	libpam-pwdfile libpam-ssh-agent-auth libpam-gnome-keyring gnome-keyring libpam-pwquality'

packages_vm='mmdebstrap qemu-system-x86 openssh-client' # what tests/vm/run boots a machine with

packages_bench='bubblewrap firejail tini catatonit dumb-init' # what tests/bench/run compares with

# in_release PACKAGE...: prints those that this release has, and names the others.
in_release() {
	local package
	for package; do
		if apt-cache show "$package" >/dev/null 2>&1; then
			echo "$package"
		else
			echo "Not in this release, and left out: $package" >&2
		fi
	done
}

# install_missing PACKAGE...: installs those that are missing and says so; no network where none is.
# A service that comes with one of them is neither started nor enabled: the copy starts its own.
install_missing() {
	local missing policy=/usr/sbin/policy-rc.d log unit
	command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || {
		echo "This is no Debian or Ubuntu; it needs what these packages hold: $*" >&2
		return 0
	}
	missing=$(comm -23 <(printf '%s\n' "$@" | sort -u) \
		<(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' | sort -u))
	[ -n "$missing" ] || return 0
	echo "Installing with apt-get:" $missing
	[ "$(id -u)" = 0 ] || {
		echo "Only root can install packages." >&2
		return 1
	}
	log=$(mktemp) || return
	(
		if [ ! -e $policy ]; then
			trap 'rm -f $policy' EXIT # also when interrupted: while it is there no service starts
			printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy
		fi
		export DEBIAN_FRONTEND=noninteractive
		apt-get update -q && apt-get install -y -q --no-install-recommends $(in_release $missing)
	) >"$log" 2>&1 </dev/null
	local status=$?
	[ $status = 0 ] || tail -n 20 "$log" >&2
	grep '^Not in this release' "$log" >&2
	rm -f "$log"
	if [ -d /run/systemd/system ]; then
		for unit in openssh-server:ssh.service openssh-server:ssh.socket cron:cron.service at:atd.service \
			lxcfs:lxcfs.service autofs:autofs.service; do
			case " $(echo $missing) " in *" ${unit%:*} "*) systemctl -q disable "${unit#*:}" 2>/dev/null ;; esac
		done
	fi
	return $status
}

# download DIRECTORY PACKAGE...: the files of each, and of what it needs that is not installed, for put_in_copy. Each by
# itself: some exclude each other. What the release has not, or cannot be had, is left out.
download() {
	local directory=$1 package updated=''
	shift
	command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || return 0
	mkdir -p "$directory/partial" || return
	for package; do
		apt-cache show "$package" >/dev/null 2>&1 && ! [ -e "$directory/$package.done" ] || continue
		until fetch_files "$directory" "$package"; do
			[ -z "$updated" ] && apt-get update -q >/dev/null 2>&1 || {
				echo "Cannot be downloaded, and left out: $package" >&2
				continue 2
			}
			updated=1
		done
		: >"$directory/$package.done"
	done
}

fetch_files() {
	apt-get install --download-only -y -q --no-install-recommends -o Dir::Cache::archives="$1" "$2" >/dev/null 2>&1
}
