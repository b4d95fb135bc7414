#!/bin/bash
# SPDX-License-Identifier: MIT
# nsinfo check: that all is well, and each thing that can be wrong, compared with what a login then does.
. "$(dirname "$0")/../lib/libtest.sh"

# found LEVEL SUBJECT REGEX
found() {
	nsinfo check -nro LEVEL,SUBJECT,MESSAGE | sed 's/\\x20/ /g' >"$scratch/findings"
	grep -Eq "^$1 $2 .*$3" "$scratch/findings" || {
		cat "$scratch/findings"
		return 1
	}
}
keep() { cp -a "/etc/$1" "$scratch/kept"; }
restore() { cp -a "$scratch/kept" "/etc/$1"; }
isolates() { su alice -c 'ps -p 1 -o args=' </dev/null 2>/dev/null | grep -q pam_unshare; }

check "an installation that isolates has no problem" exits 0 nsinfo check
check "every service with the line is ok" eval '
	for service in $services; do [ ! -e /etc/pam.d/$service ] || found ok $service "a failure refuses" || return; done'
check "a test session was opened, and what it saw is told" found ok session 'opened in [0-9.]+ ms and closed in [0-9.]+ ms'
check "the proc connector was tried: the copy has a network namespace of its own, where there is none" \
	found ok kernel 'no proc connector|only root may read the proc connector'
check "it leaves nothing" nothing_left
check "only the services that were asked for are checked" \
	same "sshd" "$(nsinfo check sshd -nro SUBJECT | sort -u | xargs)"
check "a service without the line is a problem for whoever asks" eval '
	exits 1 nsinfo check chsh && exits 0 nsinfo check sshd su'
check "it ends with a count" eval 'nsinfo check | tail -n 1 | grep -Eq "^0 problems, [0-9]+ warnings?\.$"'
check "colours are for terminals, or for who asks" eval '
	! nsinfo check | grep -q "$(printf "\033")" && nsinfo check --color=always | grep -q "$(printf "\033")"'

keep pam.d/su
sed -i 's/^session required pam_unshare.so/session optional pam_unshare.so/' /etc/pam.d/su
check "optional is a problem" eval 'exits 1 nsinfo check && found problem su "lets the login through"'
restore pam.d/su

sed -i '/pam_unshare/i session sufficient pam_permit.so' /etc/pam.d/su
check "a sufficient line before it is a problem, and such a login is not isolated" eval '
	found problem su "ends the stack before" && ! isolates'
restore pam.d/su

echo 'session required pam_limits.so' >>/etc/pam.d/su
check "a module that has to stand before it is a warning" found warning su 'pam_limits.so .* stands after'
restore pam.d/su

sed -i 's/pam_unshare.so/& gracee=1/' /etc/pam.d/su
check "a wrong option is a problem, and such a login is refused" eval 'found problem su gracee && ! su alice -c true </dev/null'
restore pam.d/su

sed -i '/pam_unshare/d' /etc/pam.d/su
check "a login without the line is a note" found note su 'not isolated'
restore pam.d/su

echo '@include no-such-file' >>/etc/pam.d/su
check "a file that cannot be included is a problem" found problem su no-such-file
restore pam.d/su

keep security/unshare.conf 2>/dev/null || : >"$scratch/kept"
echo 'alice su nonsense' >>/etc/security/unshare.conf
check "a wrong rule is a problem, and logins are refused" eval 'found problem rules nonsense && ! su alice -c true </dev/null'
restore security/unshare.conf

keep ssh/sshd_config
sed -i 's/^UsePAM yes/UsePAM no/' /etc/ssh/sshd_config
check "sshd without PAM is a problem" found problem sshd 'does not use PAM'
restore ssh/sshd_config

if [ -d /etc/sudoers.d ]; then
	echo 'Defaults !pam_session' >/etc/sudoers.d/zz-test
	check "sudo without PAM sessions is a problem" found problem sudo '!pam_session'
	rm /etc/sudoers.d/zz-test
fi

init=$(ls /usr/libexec/pam_unshare/*/session-init)
chmod 644 $init
check "a session-init that is not executable is a problem, and logins are refused" eval '
	found problem module "not executable" && found problem session "could not be opened" && ! su alice -c true </dev/null'
chmod 755 $init
chown alice $init
check "a session-init that is not root's is a problem" found problem module 'changed by others'
chown root $init
mv $init $init.away
check "a missing session-init is a problem" found problem module 'cannot find'
mv $init.away $init
module=$(ls /usr/lib/*/security/pam_unshare.so /usr/lib/security/pam_unshare.so 2>/dev/null | head -n 1)
cp "$module" "$scratch/module"
echo nonsense >"$module"
check "a module that cannot be loaded is a problem" found problem module 'cannot load it'
cp "$scratch/module" "$module"

limit=$(cat /proc/sys/user/max_pid_namespaces)
if { echo 1 >/proc/sys/user/max_pid_namespaces; } 2>/dev/null; then
	check "a limit that lets no session open is a problem" found problem kernel 'max_pid_namespaces|limit of namespaces'
	echo "$limit" >/proc/sys/user/max_pid_namespaces
fi

mkdir -p /srv/chroot/proc && mount -t proc proc /srv/chroot/proc
check "another procfs is a note" found note /proc /srv/chroot/proc
umount /srv/chroot/proc

mount -t tmpfs -o ro none /tmp
check "a test session that could not be tried is a warning, with the reason" \
	found warning session 'could not try to open a session.*Read-only file system'
umount /tmp
mount -t tmpfs none /proc/sys/user
check "a limit that could not be read is a note" found note kernel 'could not try what the limit in /proc/sys/user/max_pid_namespaces is'
umount /proc/sys/user

check "all is well again" exits 0 nsinfo check
check "a user may ask too, and gets no errors" same "" "$(su alice -c 'nsinfo check' </dev/null 2>&1 >/dev/null)"
touch /etc/security/unshare.conf
chmod 600 /etc/security/unshare.conf
check "rules that a user may not read are no problem, but what they decide is not known" eval '
	su bob -c "nsinfo check --as alice --service su -nro LEVEL,MESSAGE" </dev/null | grep -q "^note .*not.x20known"'
check "nothing is left" nothing_left
finish
