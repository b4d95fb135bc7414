#!/bin/bash
# SPDX-License-Identifier: MIT
# The four recipes of doc/enabling.md, as administrators would copy them from examples/.
. "$(dirname "$0")/../lib/libtest.sh"

recipe() { cp "$lib/../../examples/$1.conf" /etc/security/unshare.conf; }
as() { ssh -n "$@"; }
ns='readlink /proc/self/ns/pid'
isolated_ns() { [ -n "$1" ] && [ "$1" != "$host_pid_ns" ]; }

useradd -m -s /bin/bash admin 2>/dev/null
cp -r /root/.ssh /home/admin/ && chown -R admin: /home/admin/.ssh
for group in sudo adm hpcadmin bastionadmin; do groupadd -f $group && usermod -aG $group admin; done

# hold USER: a login that lasts until release.
hold() {
	as "$1@localhost" "$ns; until [ -e /tmp/go ]; do sleep 0.05; done" >"$scratch/held" &
	held=$!
	wait_until 10 grep -q pid: "$scratch/held"
}
release() {
	touch /tmp/go
	wait "$held"
	rm /tmp/go
}

# --- a shared shell host -----------------------------------------------------------------------------

recipe shell-host
hold alice
check "shell host: a user's logins share a private session" eval '
	isolated_ns "$(cat "$scratch/held")" && same "$(cat "$scratch/held")" "$(as alice@localhost "$ns")" &&
		same "$(cat "$scratch/held")" "$(su - alice -c "$ns")"'
check "shell host: another user sees nothing of them" eval '
	as bob@localhost look-around >"$scratch/look" && isolated sshd bob "$scratch/look" && ! grep -q "^ .*alice" "$scratch/look"'
check "shell host: an administrator sees the machine" same "$host_pid_ns" "$(as admin@localhost "$ns")"
release
if have "shell host: tmux outlives the login and is attached again" tmux; then
	check "shell host: tmux outlives the login and is attached again" tmux_lives_on
	terminal_close
	as alice@localhost 'tmux -L own kill-server' >/dev/null 2>&1
fi
if have "shell host: a job of at is isolated, and what it leaves running is ended at once" atd at; then
	rm -rf /var/spool/cron/atjobs/[a-z]*
	mkdir -p /var/spool/cron/atjobs /var/spool/cron/atspool
	atd -f &
	daemon=$!
	wait_until 10 test -e /run/atd.pid
	job="$ns >/home/alice/at; trap '' HUP TERM; setsid -f sleep 6789 >/dev/null 2>&1"
	check "shell host: a job of at is isolated, and what it leaves running is ended at once" eval '
		setpriv --reuid alice --regid alice --init-groups env -C /home/alice HOME=/home/alice at now <<<"$job"
		wait_until 10 test -s /home/alice/at && isolated_ns "$(cat /home/alice/at)" && wait_until 10 none_left'
	kill $daemon
	wait $daemon
	rm -f /run/atd.pid
fi
check "shell host: nothing is left" nothing_left

# --- an HPC login node -------------------------------------------------------------------------------

recipe hpc-login-node
hold alice
check "HPC: a user's ssh logins share a session, and what runs in one can be ended from another" eval '
	as alice@localhost "exec -a forgotten sleep 6789" & sleeper=$!
	found() { as alice@localhost pgrep -f forgotten; }
	wait_until 10 found && as alice@localhost pkill -f forgotten
	wait $sleeper
	isolated_ns "$(cat "$scratch/held")" && same "$(cat "$scratch/held")" "$(as alice@localhost "$ns")"'
check "HPC: su and sudo are sessions of their own" eval '
	for login in "su alice -c" "sudo -u alice bash -c"; do
		own=$($login "$ns") && isolated_ns "$own" && [ "$own" != "$(cat "$scratch/held")" ] || return
	done'
check "HPC: sudo from her session is one inside it" eval '
	own=$(as alice@localhost "sudo -n -u bob $ns") && isolated_ns "$own" && [ "$own" != "$(cat "$scratch/held")" ]'
release
check "HPC: nothing survives the last logout" eval '
	as alice@localhost "setsid -f sleep 6789 >/dev/null 2>&1"; nothing_left'
if have "HPC: lxcfs's /proc/meminfo is carried over" lxcfs; then
	mknod /dev/fuse c 10 229 2>/dev/null
	mkdir -p /var/lib/lxcfs
	# It reads the kernel's own /proc/meminfo: what is mounted there later must not reach it.
	unshare -m --propagation unchanged bash -c '
		mount --make-private /proc && exec lxcfs -f /var/lib/lxcfs' >"$scratch/lxcfs" 2>&1 &
	lxcfs=$!
	is_up() { [ -e /var/lib/lxcfs/proc/meminfo ]; }
	if wait_until 10 is_up >/dev/null; then
		mount --bind /var/lib/lxcfs/proc/meminfo /proc/meminfo
		check "HPC: lxcfs's /proc/meminfo is carried over" eval '
			timeout -s KILL 10 ssh -n alice@localhost "$ns >ns; grep -q MemTotal /proc/meminfo && grep \" /proc/meminfo \" /proc/mounts" |
				grep -q lxcfs && isolated_ns "$(cat /home/alice/ns)"'
		umount /proc/meminfo
	else
		skip "HPC: lxcfs's /proc/meminfo is carried over" "lxcfs does not run here: $(tail -n 1 "$scratch/lxcfs")"
	fi
	mount -t fusectl fusectl "$scratch/fuse" -o X-mount.mkdir 2>/dev/null && {
		for abort in "$scratch"/fuse/*/abort; do echo 1 >"$abort"; done # whatever waits for it
		umount "$scratch/fuse"
	}
	kill $lxcfs
	wait $lxcfs
	umount -q -l /var/lib/lxcfs
	rm -rf /run/lxcfs /run/lxcfs.pid
fi
if have "HPC: a home that autofs mounts after the login arrives" automount; then
	mknod /dev/autofs c 10 235 2>/dev/null
	mkdir -p /auto /srv/homes/alice /srv/homes/bob
	touch /srv/homes/alice/of-alice /srv/homes/bob/of-bob
	echo '/auto /run/auto.homes' >/run/auto.master
	echo '* -fstype=bind :/srv/homes/&' >/run/auto.homes
	# A process group of this PID namespace: autofs asks for one.
	setsid automount -f -v /run/auto.master >"$scratch/automount" 2>&1 &
	is_up() { mountpoint -q /auto; }
	if wait_until 10 is_up >/dev/null; then
		sed -i '/^alice:/s|:/home/alice:|:/auto/alice:|' /etc/passwd
		mkdir /srv/homes/alice/.ssh && cp /root/.ssh/id_ed25519.pub /srv/homes/alice/.ssh/authorized_keys
		chown -R alice: /srv/homes/alice
		check "HPC: a login whose home autofs mounts starts in it" eval '
			same "/auto/alice of-alice" "$(as alice@localhost "pwd; ls; $ns >ns" | xargs)" && isolated_ns "$(cat /srv/homes/alice/ns)"'
		check "HPC: a home that autofs mounts after the login arrives" eval '
			umount /auto/bob 2>/dev/null
			same of-bob "$(as alice@localhost "ls /auto/bob")"'
		sed -i '/^alice:/s|:/auto/alice:|:/home/alice:|' /etc/passwd
	else
		skip "HPC: a home that autofs mounts after the login arrives" "automount does not run here: $(tail -n 1 "$scratch/automount")"
	fi
	pkill -x automount
	wait_until 10 not pgrep -x automount >/dev/null
	umount -q /auto/* /auto 2>/dev/null
	rm -f /run/auto.* /run/autofs*
fi
check "HPC: nothing is left" nothing_left

# --- a bastion ---------------------------------------------------------------------------------------

recipe bastion
check "bastion: people jump through it" same bob "$(ssh -n -J alice@localhost bob@localhost id -un)"
check "bastion: they see themselves alone" eval '
	as alice@localhost look-around >"$scratch/look"; isolated_ns "$(saw "$scratch/look" pid_ns)" && ! grep -q "^ .* root " "$scratch/look"'
check "bastion: System V IPC and the host name are their own" eval '
	as alice@localhost "readlink /proc/self/ns/ipc /proc/self/ns/uts" >"$scratch/saw" && same 2 "$(wc -l <"$scratch/saw")" &&
		! grep -Fxf <(readlink /proc/self/ns/ipc /proc/self/ns/uts) "$scratch/saw"'
check "bastion: an administrator sees the machine" same "$host_pid_ns" "$(as admin@localhost "$ns")"
check "bastion: nothing lingers" eval 'as alice@localhost "trap \"\" HUP TERM; setsid -f sleep 6789 >/dev/null 2>&1"; nothing_left 2'

# --- a CI runner -------------------------------------------------------------------------------------

recipe ci-runner
useradd -m -s /bin/bash ci 2>/dev/null
check "CI: a job is isolated through sudo, su and runuser" eval '
	isolated_ns "$(sudo -u ci $ns)" && isolated_ns "$(su ci -c "$ns")" && isolated_ns "$(runuser -u ci -- bash -c "$ns")"' # by pam
check "CI: a job does not see another one" eval '
	sudo -u ci bash -c "exec -a \"job --token=correct-horse\" sleep 6789" & job=$!
	wait_until 10 pgrep -f "^job --token" && sudo -u ci ps -e -o args >"$scratch/saw"
	pkill -f "^job --token"
	wait $job
	cat "$scratch/saw"; grep -q "^ps -e" "$scratch/saw" && ! grep -q token "$scratch/saw"'
check "CI: two jobs may listen on one port" eval '
	listen="use Socket; socket(S, PF_INET, SOCK_STREAM, 0) or die; bind(S, pack_sockaddr_in(8080, INADDR_LOOPBACK)) or die \$!;
		listen(S, 1) or die; sleep 1"
	sudo -u ci perl -e "$listen" & one=$!
	sudo -u ci perl -e "$listen" && wait $one'
check "CI: a job reaches nothing that listens on the host" eval '
	reach="exec 3<>/dev/tcp/127.0.0.1/22"
	bash -c "$reach" && sudo -u ci bash -c "$reach" 2>&1 | grep refused'
check "CI: a job that daemonizes twice leaves nothing" eval '
	sudo -u ci bash -c "trap \"\" HUP TERM; (setsid -f setsid -f sleep 6789 >/dev/null 2>&1)"; nothing_left 2'
check "CI: its exit status arrives" exits 7 sudo -u ci bash -c 'exit 7'
check "CI: nobody else is isolated" same "$host_pid_ns" "$(su alice -c "$ns")"
finish
