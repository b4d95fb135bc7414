#!/bin/bash
# SPDX-License-Identifier: MIT
# The working directory that a login comes from: it is kept where that is safe, and leads neither to the host's
# processes nor into a directory that the user may not enter.
. "$(dirname "$0")/../lib/libtest.sh"

# Behind our line, a child of the application notes where the application is.
cat >/usr/bin/note-place <<'EOT'
#!/bin/sh
echo "$PAM_TYPE $(stat -c %d:%i .) $(readlink /proc/self/cwd)" >>/run/places
EOT
# How often the host's canary is found from the working directory, by ways that lead up.
cat >/usr/bin/climb <<'EOT'
#!/bin/bash
up=.
for i in {1..12}; do
	cat $up/cmdline $up/[0-9]*/cmdline $up/proc/[0-9]*/cmdline $up/*/proc/[0-9]*/cmdline 2>/dev/null
	up+=/..
done | tr '\0' '\n' | grep -c '[c]anary --password'
EOT
chmod 755 /usr/bin/note-place /usr/bin/climb
sed -i 's|^session required pam_unshare.so.*|&\nsession optional pam_exec.so quiet /usr/bin/note-place|' /etc/pam.d/su /etc/pam.d/sudo
install -m 666 /dev/null /run/places

here() { stat -c %d:%i .; }
closed_at() { awk '$1 == "close_session" { place = $2 } END { print place }' /run/places; }

# Where alice's next logins join: hold; until release.
hold() {
	rm -f /home/alice/go "$scratch/held"
	su "$1" -c 'echo in; until [ -e /home/alice/go ]; do sleep 0.05; done' >"$scratch/held" 2>&1 </dev/null &
	holder=$!
	wait_until 30 grep -q in "$scratch/held"
}
release() {
	touch /home/alice/go
	wait $holder
}

# own_and_joined SENTENCE COMMAND...: for a session of its own, and for one that is joined.
own_and_joined() {
	local sentence=$1
	shift
	options ''
	check "$sentence" "$@"
	options scope=user
	hold alice
	check "$sentence; also where the session is joined" "$@"
	release
	options ''
}

# --- a directory that root may not enter -------------------------------------------------------------

# A FUSE of alice's without allow_other. With NFS and root_squash it is the same error.
mkdir -p /home/alice/src/in /home/alice/fuse
chown -R alice: /home/alice/src /home/alice/fuse
sed -i '1i auth sufficient pam_permit.so' /etc/pam.d/su # alice may become bob
[ -e /dev/fuse ] || mknod -m 666 /dev/fuse c 10 229
as_alice() { setpriv --reuid=63001 --regid=63001 --clear-groups "$@"; }
from_fuse() { as_alice bash -c 'cd /home/alice/fuse/in && exec "$@"' - "$@"; }
root_may_not_enter() { as_alice stat /home/alice/fuse/in && not stat /home/alice/fuse/in; }

fuse_tests() {
	local daemon
	setpriv --reuid=63001 --regid=63001 --clear-groups bindfs -f --no-allow-other /home/alice/src /home/alice/fuse >"$scratch/bindfs" 2>&1 &
	daemon=$!
	wait_until 10 as_alice stat /home/alice/fuse/in >/dev/null || {
		skip "logins from a directory that root may not enter" "no FUSE here: $(tail -n 1 "$scratch/bindfs")"
		return
	}
	check "root may not enter alice's FUSE" root_may_not_enter
	forget_log
	: >/run/places
	check_isolated "su to bob from there" su bob from_fuse su bob -c look-around
	check "and leaves the working directory as it is" \
		same /home/alice/fuse/in "$(from_fuse su bob -c 'readlink /proc/self/cwd')"
	check "at the close su is in the nearest directory above that root may enter" eval '
		same "$(stat -c %d:%i /home/alice)" "$(closed_at)"'
	check_isolated "sudo to bob from there" sudo bob from_fuse sudo -u bob look-around
	check "and leaves the working directory, too" \
		same /home/alice/fuse/in "$(from_fuse sudo -u bob readlink /proc/self/cwd)"
	check "that is no error for the log" not grep -E '^(err|warning|notice) .*pam_unshare' /run/syslog
	check "root asks the user's daemon nothing: a stopped one stops no login" eval "
		found=\$(from_fuse bash -c 'kill -STOP \$0; exec timeout $((20 * PATIENCE)) su bob -c \"echo in\"' $daemon)
		kill -CONT $daemon
		same in \"\$found\""
	options scope=user
	hold bob
	forget_log
	check_isolated "where bob's session is there, su from there" su bob from_fuse su bob -c look-around
	check "joins it, in /" eval '
		logged "session joined for bob" && same / "$(from_fuse su bob -c "readlink /proc/self/cwd")"'
	check "and goes back to the nearest directory above, without an error" eval '
		same "$(stat -c %d:%i /home/alice)" "$(closed_at)" && not grep -E "^(err|warning|notice) .*pam_unshare" /run/syslog'
	release
	options ''
	kill $daemon
	wait $daemon
}
have "logins from a directory that root may not enter" bindfs && fuse_tests

# --- a directory that leads to the host's processes --------------------------------------------------

# A daemon with mounts of its own, as PrivateTmp= has.
mkdir -p /srv/private /srv/jail /srv/detached /srv/covered /srv/deleted
unshare --mount --propagation private bash -c '
	mount -t tmpfs private /srv/private && mkdir -p /srv/private/a/in /srv/private/gone && cd /srv/private/a/in &&
		exec -a private-daemon sleep infinity' &
daemon=$!
daemon_is_there() { same private-daemon "$(tr '\0' ' ' <"/proc/$daemon/cmdline" | cut -d ' ' -f 1)"; }
wait_until 10 daemon_is_there

# leads_nowhere DIRECTORY: su alice from there finds nothing of the host, and su is back at the close.
leads_nowhere() {
	cd "$1" || return
	: >/run/places
	# On the host the way is open: else this would show nothing.
	[ "$(climb)" -gt 0 ] || { echo "no way from $1 on the host"; return 1; }
	same 0 "$(su alice -c climb)" && same "$(here)" "$(closed_at)"
}
own_and_joined "a directory in another mount namespace leads to no process of the host" leads_nowhere "/proc/$daemon/cwd"
own_and_joined "nor does one that is reached through /proc/PID/root" leads_nowhere "/proc/$daemon/root/srv"
own_and_joined "nor the /proc of another mount namespace" leads_nowhere "/proc/$daemon/root/proc/1"
check "from there alice's login is in /" same / "$(cd "/proc/$daemon/cwd" && su alice -c 'readlink /proc/self/cwd')"
deleted_elsewhere() {
	cd "/proc/$daemon/root/srv/private/gone" && rmdir "/proc/$daemon/root/srv/private/gone" || return
	: >/run/places
	same 0 "$(su alice -c climb)" && same "$(here)" "$(closed_at)"
	local result=$?
	mkdir "/proc/$daemon/root/srv/private/gone"
	return $result
}
own_and_joined "nor a deleted directory in another mount namespace" deleted_elsewhere

kill $daemon

# detached: on a mount that root takes away while the login comes from it; a procfs is mounted there, too.
detached() {
	mount -t tmpfs detached /srv/detached && mkdir -p /srv/detached/in /srv/detached/proc &&
		mount -t proc proc /srv/detached/proc && cd /srv/detached/in && umount -l /srv/detached || return
	: >/run/places
	same 0 "$(su alice -c climb)" && same "$(here)" "$(closed_at)"
}
own_and_joined "nor does a directory on a mount that is detached" detached
detached_proc() {
	mount -t proc proc /srv/detached && cd /srv/detached/1 && umount -l /srv/detached || return
	: >/run/places
	[ "$(climb)" -gt 0 ] && same 0 "$(su alice -c climb)" && same "$(here)" "$(closed_at)"
}
own_and_joined "nor does one on a procfs that is detached" detached_proc

# outside: su runs in a chroot, with a working directory outside of it.
outside() {
	unshare --mount bash -c '
		mount --rbind / /srv/jail && : >/run/places && cd /srv && here=$(stat -c %d:%i .) &&
			found=$(perl -e "chroot q(/srv/jail) or die; exec @ARGV" su alice -c climb)
		echo "found $found, was at $here"
		[ "$found" = 0 ] && [ "$(awk "/^close_session/ { print \$2 }" /run/places)" = "$here" ]'
}
own_and_joined "nor does one outside of the application's root directory" outside
stays_in_chroot() {
	unshare --mount bash -c '
		mkdir -p /srv/mask && mount --rbind / /srv/jail && mount -t tmpfs mask /srv/jail/srv/mask && touch /srv/jail/srv/mask/here &&
			perl -e "chroot q(/srv/jail) or die; exec @ARGV" su alice -c "ls /srv/mask"'
}
own_and_joined "a chroot is not left, also if it is the same directory" eval 'same here "$(stays_in_chroot)"'
foreign_root() {
	unshare --mount --propagation private sleep infinity &
	local other=$! found
	wait_until 10 eval '[ "$(readlink /proc/'$other'/ns/mnt)" != "$host_mnt_ns" ]'
	forget_log
	found=$(perl -e 'chroot "/proc/$ARGV[0]/root" or die; chdir "/"; exec qw(su alice -c climb)' $other)
	kill $other
	[ "${found:-0}" = 0 ]
}
own_and_joined "from a root directory in another mount namespace, no process of the host is seen either" foreign_root

below_proc() {
	mount -t tmpfs below /proc/irq && mkdir -p /proc/irq/in && cd /proc/irq/in || return
	: >/run/places
	local found place
	found=$(su alice -c climb) place=$(su alice -c 'readlink /proc/self/cwd')
	umount -l /proc/irq
	same 0 "$found" && same /proc/irq/in "$place" && same "$(here)" "$(closed_at)"
}
check "a directory on a mount below /proc is entered again where it was carried over" below_proc
own_and_joined "a directory of /proc leads to no process of the host" leads_nowhere /proc/1
own_and_joined "a directory in /proc is entered again in the private one" eval '
	cd /proc/sys/kernel && : >/run/places && same /proc/sys/kernel "$(su alice -c "readlink /proc/self/cwd")" &&
		same "$(here)" "$(closed_at)"'

# --- a path that somebody changes --------------------------------------------------------------------

mkdir -p /srv/one/two/three
own_and_joined "an ordinary directory is kept, and su is back there" eval '
	cd /srv/one/two/three && : >/run/places && same /srv/one/two/three "$(su alice -c "readlink /proc/self/cwd")" &&
		same "$(here)" "$(closed_at)"'
own_and_joined "so is one that is renamed meanwhile, if the application stays in it, as sudo does and su does not" eval '
	as_alice mkdir -p /home/alice/before/in && cd /home/alice/before/in && : >/run/places &&
		sudo -u alice mv /home/alice/before /home/alice/after && same "$(here)" "$(closed_at)"; result=$?
	rm -rf /home/alice/before /home/alice/after
	return $result'
own_and_joined "if it is deleted meanwhile, su goes to the nearest directory above, without an error" eval '
	forget_log
	mkdir -p /srv/one/gone/in && cd /srv/one/gone/in && : >/run/places && su alice -c "sudo rm -r /srv/one/gone" &&
		same "$(stat -c %d:%i /srv/one)" "$(closed_at)" && not grep "^err" /run/syslog'
own_and_joined "if a symbolic link stands in its place, su follows it nowhere" eval '
	forget_log
	mkdir -p /srv/one/gone /srv/elsewhere/in && mkdir /srv/one/gone/in && cd /srv/one/gone/in && : >/run/places &&
		su alice -c "sudo sh -c \"rm -r /srv/one/gone; ln -s /srv/elsewhere /srv/one/gone\"" &&
		same "$(stat -c %d:%i /srv/one)" "$(closed_at)" && not grep "^err" /run/syslog; result=$?
	rm -rf /srv/one/gone
	return $result'
own_and_joined "a deleted directory is kept" eval '
	mkdir -p /srv/deleted/in && cd /srv/deleted/in && rmdir /srv/deleted/in && : >/run/places &&
		su alice -c true && same "$(here)" "$(closed_at)"'

# Alice exchanges a directory above with a symbolic link into bob's, which she may not enter.
never_in_bobs() {
	local i swapper place bobs stood=$scratch/stood
	rm -rf /home/alice/way /home/alice/link /home/bob/secret
	as_alice mkdir -p /home/alice/way/in && as_alice ln -s /home/bob/secret /home/alice/link &&
		mkdir -p /home/bob/secret/in && chown -R bob: /home/bob/secret && chmod 700 /home/bob/secret || return
	bobs=$(stat -c %d:%i /home/bob/secret/in)
	cd /home/alice/way/in && place=$(here) || return
	setpriv --reuid=63001 --regid=63001 --clear-groups "$COPY_BUILD/tests/e2e/attack" swap /home/alice/way /home/alice/link &
	swapper=$!
	for i in {1..60}; do su alice -c 'stat -c %d:%i .'; done >"$stood" 2>/dev/null
	kill $swapper
	wait $swapper
	echo "from $place, bob's is $bobs:"
	sort "$stood" | uniq -c
	# Where she came from she stands as well: else it was no race.
	[ "$(wc -l <"$stood")" = 60 ] && grep -qx "$place" "$stood" && ! grep -qx "$bobs" "$stood"
}
own_and_joined "a user who swaps a directory above never gets into another user's" never_in_bobs

cd /
rm /run/places
check "after all of that nothing is left" nothing_left
finish
