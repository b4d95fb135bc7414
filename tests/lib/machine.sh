# SPDX-License-Identifier: MIT
#
# What the throw-away copy has that the machine has not. Sourced by copy.sh, in the copy, as PID 1, with
# $build and $stock set; the functions without "set_up" are for whatever runs in the copy.
#
#   alice, bob       ordinary users; /root/.ssh/id_ed25519 opens an ssh login as alice, bob and root,
#                    and alice may run anything with sudo
#   the module       as "meson install" puts it there, and its line at the end of each of $services
#   /run/syslog      what was sent to /dev/log: "LEVEL PROGRAM[PID]: MESSAGE" on each line
#   sshd             by start_sshd, on 127.0.0.1 port 22 of the copy's own network

# The files of /etc/pam.d that belong to ordinary logins.
services='su su-l sudo sudo-i sshd login runuser runuser-l cron atd'

set_up_machine() {
	echo copy >/proc/sys/kernel/hostname
	printf '127.0.0.1 localhost copy\n::1 localhost\n' >/etc/hosts
	ip link set lo up
	mkdir -p /run/lock /run/sshd /run/user
	: >/run/utmp
	set_up_syslog && set_up_users && set_up_keys || return
	[ -n "$stock" ] || { set_up_module && set_up_stacks $services; }
}

# The service of "sudo -i": before Debian 12 sudo has one for both.
service_of_sudo_i() { if [ -e /etc/pam.d/sudo-i ]; then echo sudo-i; else echo sudo; fi; }

# Puts our line last in the stack of each SERVICE that the machine has.
set_up_stacks() {
	local service
	for service; do
		[ ! -f "/etc/pam.d/$service" ] ||
			echo 'session required pam_unshare.so' >>"/etc/pam.d/$service" || return
	done
}

set_up_module() {
	meson install --no-rebuild -C "$build" >/run/install.log 2>&1 || {
		cat /run/install.log >&2
		return 1
	}
	rm /run/install.log
	local module=(/usr/lib/*/security/pam_unshare.so /lib/security/pam_unshare.so)
	[ -e "${module[0]}" ] || [ -e "${module[-1]}" ] || {
		echo "libpam does not find the module of $build: set it up with --prefix=/usr" >&2
		return 1
	}
}

set_up_user() {
	local user=$1 id=$2 home=/home/$1
	sed -i "/^$user:/d" /etc/passwd /etc/shadow /etc/group
	echo "$user:x:$id:$id::$home:/bin/bash" >>/etc/passwd
	echo "$user:*:19000:0:99999:7:::" >>/etc/shadow
	echo "$user:x:$id:" >>/etc/group
	[ ! -e "$home" ] || mount -t tmpfs home "$home" # the machine has such a user
	mkdir -p "$home" && chmod 755 "$home" && chown "$id:$id" "$home"
}

set_up_users() {
	set_up_user alice 63001 && set_up_user bob 63002 || return
	if [ -d /etc/sudoers.d ]; then
		echo 'alice ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/zz-copy
		chmod 440 /etc/sudoers.d/zz-copy
	fi
}

set_up_keys() {
	local home
	rm -rf /root/.ssh
	mkdir -m 700 /root/.ssh
	ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519 &&
		ssh-keygen -q -t ed25519 -N '' -f /run/host_key || return
	for home in /root /home/alice /home/bob; do
		mkdir -p "$home/.ssh"
		cp /root/.ssh/id_ed25519.pub "$home/.ssh/authorized_keys"
		chown -R --reference="$home" "$home/.ssh"
	done
	echo "localhost,127.0.0.1 $(cat /run/host_key.pub)" >/root/.ssh/known_hosts
	cat >/etc/ssh/sshd_config <<-EOT
		ListenAddress 127.0.0.1
		HostKey /run/host_key
		UsePAM yes
		PermitRootLogin yes
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		MaxStartups 100
		PrintMotd no
		PrintLastLog no
		PidFile /run/sshd.pid
		Subsystem sftp $(ls /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server \
			/usr/lib/ssh/sftp-server 2>/dev/null | head -n 1)
	EOT
	rm -rf /etc/ssh/ssh_config.d
	printf '%s\n' 'Host *' ' BatchMode yes' ' LogLevel ERROR' >/etc/ssh/ssh_config
}

# put_in_copy PACKAGE...: installs them in the copy, from the files that ./check has downloaded. False, and why, if
# they are not there: the release has no such package, or there was no network. Their stacks get no line of ours.
put_in_copy() {
	printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d || return
	local files=$COPY_BUILD/debs package
	for package; do
		[ -e "$files/$package.done" ] || dpkg -s "$package" >/dev/null 2>&1 || {
			echo "no package $package: not in this release, or not downloaded"
			return 1
		}
	done
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends --no-download \
		-o Dir::Cache::archives="$files" -o Dpkg::Options::=--force-unsafe-io \
		-o Dpkg::Options::=--force-confold "$@" >/run/apt.log 2>&1 </dev/null || {
		tail -n 20 /run/apt.log
		return 1
	}
	rm /run/apt.log
}

# A real sshd. Returns when it accepts connections; "kill $(cat /run/sshd.pid)" ends it.
start_sshd() {
	/usr/sbin/sshd "$@" # listens before it goes to the background, but writes the PID file after
	local tries=0
	while [ ! -s /run/sshd.pid ]; do
		[ $((tries += 1)) -le 100 ] || return
		sleep 0.02
	done
}

# A syslog daemon in a few lines of perl-base, which every Debian has.
set_up_syslog() {
	: >/run/syslog
	perl -MIO::Socket::UNIX -MSocket -e '
		my @levels = qw(emerg alert crit err warning notice info debug);
		my $log = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "/dev/log") or die "/dev/log: $!\n";
		chmod 0666, "/dev/log";
		exit if fork;
		open(STDOUT, ">>", "/run/syslog"); open(STDERR, ">&STDOUT"); open(STDIN, "<", "/dev/null");
		$| = 1; $0 = "syslogd";
		while (defined $log->recv(my $message, 65536)) {
			my $level = $message =~ s/^<(\d+)>// ? $levels[$1 & 7] : "?";
			$message =~ s/^\w{3} [ \d]\d [\d:]{8} //;    # the time
			$message =~ s/[\0\n]/ /g;
			print "$level $message\n";
		}'
}
