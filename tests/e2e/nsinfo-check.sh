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
# Not by PID 1's title, which it may get later.
elsewhere() { [ -n "$1" ] && [ "$1" != "$host_pid_ns" ]; }
isolates() { elsewhere "$(su alice -c 'readlink /proc/self/ns/pid' </dev/null 2>/dev/null)"; }
by_sudo() { sudo -u alice readlink /proc/self/ns/pid </dev/null 2>/dev/null | grep ^pid:; } # pam_debug says what it does
lets_in() { su alice -c true </dev/null; }

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

# --- modules that are not there -----------------------------------------------------------------------

sed -i 's|pam_unshare.so|/usr/lib/nowhere/&|' /etc/pam.d/su
check "a path of ours that leads nowhere is a problem, and everybody is refused, root too" eval '
	found problem su "cannot load /usr/lib/nowhere/pam_unshare.so.*every login is refused" && ! lets_in && ! su root -c true </dev/null'
sed -i 's/required \(.*pam_unshare\)/optional \1/' /etc/pam.d/su
check "with optional it is one, too, and the login is let in and sees the host" eval '
	found problem su "cannot load .*let in, and not isolated" && lets_in && ! isolates'
restore pam.d/su
sed -i '/pam_unshare/i session required pam_nowhere.so' /etc/pam.d/su
check "another required module that is not there is a problem, and everybody is refused" eval '
	found problem su "cannot load pam_nowhere.so .*every login is refused" && ! lets_in'
sed -i 's/session required pam_nowhere/session optional pam_nowhere/' /etc/pam.d/su
check "an optional one is a note, and the login is isolated" eval '
	found note su "cannot load pam_nowhere.so .*goes on without it" && found ok su isolated && isolates'
sed -i 's/session optional pam_nowhere/-&/' /etc/pam.d/su
check "with a - before it, it is not worth a note" eval '! found note su pam_nowhere >/dev/null && found ok su isolated'
restore pam.d/su
sed -i 's|required \(.*\)pam_unshare.so|optional \1/usr/lib/nowhere/pam_unshare.so|; /pam_unshare/i session [success=die default=ignore] pam_succeed_if.so quiet user = bob' /etc/pam.d/su
check "also if a condition before it refuses somebody" eval 'found problem su "not isolated: libpam cannot load" && lets_in && ! isolates'
restore pam.d/su
echo nonsense >/usr/lib/pam_broken.so
sed -i '/pam_unshare/i session required /usr/lib/pam_broken.so' /etc/pam.d/su
check "a module that is there and cannot be loaded is a problem, and says why" eval '
	found problem su "cannot load /usr/lib/pam_broken.so .*: (file too short|invalid ELF header)" && ! lets_in'
restore pam.d/su
if have "a module that does not load within 10 s is a problem" cc; then
	cc -shared -fPIC -x c -o /usr/lib/pam_waits.so - <<'EOT'
#include <unistd.h>
__attribute__((constructor)) static void wait_for_ever(void) { for (;;) pause(); }
int pam_sm_open_session(void) { return 0; }
EOT
	sed -i '/pam_unshare/i session required /usr/lib/pam_waits.so' /etc/pam.d/su
	check "a module whose constructor waits for ever is a problem, and no login goes on" eval '
		found problem su "cannot load /usr/lib/pam_waits.so .*: it did not load within 10 s" && exits 124 timeout 2 su alice -c true'
	restore pam.d/su
fi
rm /etc/pam.d/su && mkfifo /etc/pam.d/su
check "a FIFO in the place of a stack is a problem, and no login goes on" eval '
	found problem su "/etc/pam.d/su is no regular file" && exits 124 timeout 2 su alice -c true'
rm /etc/pam.d/su
restore pam.d/su

libm=$(ldconfig -p | sed -n 's/.*libm\.so\.6 .*=> //p' | head -n 1)
sed -i "/pam_unshare/i session required $libm" /etc/pam.d/su
check "a library that is no module is a problem" eval 'found problem su "cannot load $libm .* it has no pam_sm_open_session" && ! lets_in'
restore pam.d/su
cp "$(ls /usr/lib/*/security/pam_permit.so /lib/security/pam_permit.so 2>/dev/null | head -n 1)" /usr/lib/pam_own.so
chmod 600 /usr/lib/pam_own.so
sed -i '/pam_unshare/i session required /usr/lib/pam_own.so' /etc/pam.d/su
check "a module that only root may read is no problem, whoever asks" eval '
	isolates && exits 0 nsinfo check su && su bob -c "nsinfo check su" </dev/null'
restore pam.d/su
cp /usr/lib/*/security/pam_unshare.so /usr/lib/old_unshare 2>/dev/null || cp /lib/security/pam_unshare.so /usr/lib/old_unshare
mkdir /usr/lib/old && mv /usr/lib/old_unshare /usr/lib/old/pam_unshare.so
sed -i 's|pam_unshare.so|/usr/lib/old/&|' /etc/pam.d/su
check "another copy of the module than the one that is installed is a warning" eval '
	found warning su "/usr/lib/old/pam_unshare.so .* is not " && isolates'
restore pam.d/su

# --- the place of the line ---------------------------------------------------------------------------

if have "sudo goes on after PAM_SESSION_ERR" sudo; then
	keep pam.d/sudo
	sed -i '/pam_unshare/i session requisite pam_debug.so open_session=session_err' /etc/pam.d/sudo
	check "a requisite line before ours in sudo is a problem: sudo goes on after PAM_SESSION_ERR, not isolated" eval '
		found problem sudo "returns session_err: it ends the stack before pam_unshare, and sudo goes on" &&
			same "$host_pid_ns" "$(by_sudo)"'
	sed -i 's/session requisite pam_debug/session required pam_debug/' /etc/pam.d/sudo
	check "with required it is isolated, though that module fails" eval '
		found ok sudo isolated && elsewhere "$(by_sudo)"'
	away=$(ls /usr/libexec/pam_unshare/*/session-init)
	mv $away $away.away
	check "if ours fails as well, sudo goes on, which is a note" eval '
		same "$host_pid_ns" "$(by_sudo)" && found note sudo "session_err, and pam_unshare fails, too.*pam_debug.so"'
	sed -i 's/session required pam_debug/session [success=ok ignore=ignore session_err=ignore default=bad] pam_debug/' /etc/pam.d/sudo
	check "what the note says refuses it" eval 'same "" "$(by_sudo)" && ! found note sudo "pam_unshare fails, too.*pam_debug" >/dev/null'
	mv $away.away $away
	check "and isolates it if ours works" eval 'found ok sudo isolated && elsewhere "$(by_sudo)"'
	restore pam.d/sudo
	keep pam.d/su
fi

echo 'session required pam_loginuid.so' >>/etc/pam.d/su
check "a module that has to stand before it is a warning" found warning su 'pam_loginuid.so .* stands after'
restore pam.d/su

echo 'session optional pam_motd.so' >>/etc/pam.d/su
check "any other module behind it is a note" eval 'found note su "pam_motd.so .* stands after" && found ok su isolated'
restore pam.d/su

mkdir -p /etc/pam.d.kept && cp -a /etc/pam.d/. /etc/pam.d.kept
sed -i '/pam_unshare/d' /etc/pam.d/*
echo 'session required pam_unshare.so' >>/etc/pam.d/common-session
check "the line in a file that many include is one finding, which names them" eval '
	found warning /etc/pam.d/common-session:[0-9]+ "reaches [0-9]+ services.* chfn.* sshd" &&
		same "" "$(nsinfo check -nro SUBJECT | grep -xE "chfn|chsh|passwd|common-session")"'
check "and those of them that are logins are isolated" eval 'found ok su isolated && isolates'
cp -a /etc/pam.d.kept/. /etc/pam.d && rm -r /etc/pam.d.kept

sed -i '/pam_unshare/s/$/ open/' /etc/pam.d/su
check "the second of two lines alone is a warning" found warning su 'nothing closes'
sed -i 's/^\(session required pam_unshare.so\) open/\1 close/' /etc/pam.d/su
check "the first alone is a problem, and nobody is isolated" eval 'found problem su "only closes" && lets_in && ! isolates'
restore pam.d/su

# --- files that this libpam does not read -------------------------------------------------------------

# reads DIRECTORY: this libpam looks there for a service's file.
reads() { (cd / && strace -f -e trace=open,openat pamtester nothere alice open_session 2>&1 | grep -q "\"$1/nothere\""); }
if have "which directories libpam reads" strace pamtester; then
	for directory in /usr/lib/pam.d /usr/share/pam.d /usr/etc/pam.d; do
		mkdir -p $directory && cp /etc/pam.d/su $directory/elsewhere
		if reads $directory; then
			check "libpam reads $directory, and so does nsinfo" exits 0 nsinfo check elsewhere
			sed -i '/pam_unshare/d' $directory/elsewhere
			check "a vendor's file is to be copied first" eval '
				nsinfo check elsewhere | tr -s " \n" " " | grep -q "copy $directory/elsewhere, which is its vendor.s, to /etc/pam.d/elsewhere"'
		else
			check "libpam does not read $directory, and nsinfo says so" eval '
				exits 1 nsinfo check elsewhere &&
					nsinfo check elsewhere | tr -s " \n" " " | grep -q "$directory/elsewhere is there, and this machine.s libpam does not read it"'
		fi
		rm $directory/elsewhere
	done
fi

# --- what should be isolated --------------------------------------------------------------------------

check "without a list of what should be isolated there is a note, with the command that makes it" eval '
	nsinfo check | tr -s " \n" " " | sed -n "s|.*-> \(echo .* >/etc/security/unshare.services\).*|\1|p" >"$scratch/command" &&
		sh "$scratch/command" && grep -qw sshd /etc/security/unshare.services && grep -qw su /etc/security/unshare.services &&
		exits 0 nsinfo check && ! found note PAM "no file says"'
sed -i '/pam_unshare/d' /etc/pam.d/su
check "a service of that list that has lost its line is a problem" eval '
	exits 1 nsinfo check && found problem su "though /etc/security/unshare.services:1 names it"'
rm /etc/security/unshare.services
restore pam.d/su

mv /etc/pam.d/su-l "$scratch/su-l"
cp -a /etc/pam.d/other "$scratch/other"
sed -i '1i auth sufficient pam_rootok.so' /etc/pam.d/other # as su has it
check "without a file for su-l \"su -\" has the stack of other: a warning, and it is not isolated" eval '
	found warning su-l "su - uses the service su-l" && same "$host_pid_ns" "$(su - alice -c "readlink /proc/self/ns/pid" </dev/null)"'
mv "$scratch/su-l" /etc/pam.d/su-l
mv "$scratch/other" /etc/pam.d/other
if have "sudo uses the service that sudoers names" sudo; then
	echo 'Defaults pam_service=chsh' >/etc/sudoers.d/zz-test
	check "if sudoers names another service, that one counts" eval '
		found note sudo "uses the service chsh" && found problem chsh "not isolated" && same "$host_pid_ns" "$(by_sudo)"'
	rm /etc/sudoers.d/zz-test
fi

if grep -aqz '^remote$' /bin/login; then
	check "util-linux login -h uses a service without a file: a warning" found warning remote 'login -h'
	cp /etc/pam.d/login /etc/pam.d/remote
	check "with the file it is isolated" eval '! found warning remote "login -h" >/dev/null && found ok remote isolated'
	rm /etc/pam.d/remote
else
	check "this login -h uses login: no warning" not found warning remote 'login -h'
fi

# --- whom the line leaves alone -----------------------------------------------------------------------

sed -i 's/pam_unshare.so/& exempt=alice/' /etc/pam.d/su
check "a user whom the line leaves alone is told beside the ok" eval '
	found ok su "but for 1 of [0-9]+ users, for example alice: exempt= names the user" && ! isolates'
restore pam.d/su
echo '* su skip' >>/etc/security/unshare.conf
check "a rule that leaves everybody alone is a problem" eval '
	found problem su "nobody is isolated: everybody .*the rule in /etc/security/unshare.conf:[0-9]+" && ! isolates &&
		found ok sshd "isolated"'
sed -i '/^\* su skip$/d' /etc/security/unshare.conf

set_up_user carol 63003 # whom neither names
sed -i 's/pam_unshare.so/& only=bob/' /etc/pam.d/su
echo 'session required pam_unshare.so only=alice' >>/etc/pam.d/su
check "of two lines either isolates those whom it names" eval 'found ok su "but for [0-9]+ of" && isolates &&
	! nsinfo check su | tr -s " \n" " " | grep -q "for example alice" &&
	nsinfo check --as alice --service su -nro LEVEL,MESSAGE | grep -q "^ok alice.x20is.x20isolated"'
sed -i '/^carol:/d' /etc/passwd /etc/shadow /etc/group
restore pam.d/su
sed -i 's/pam_unshare.so/& exempt=@sudoo,bob,63001,allice/' /etc/pam.d/su
check "names of users and groups that are not there are a warning" eval '
	found warning su "exempt= names @sudoo, and there is no such group" && found warning su "exempt= names allice, and there is no such user" &&
		! found warning su "names (bob|63001)"'
restore pam.d/su
sed -i 's/pam_unshare.so/& close open/' /etc/pam.d/su
check "a line that both opens and closes is one problem, and refuses" eval '
	same 1 "$(nsinfo check su -nro LEVEL,SUBJECT | grep -c "^problem su")" && ! lets_in'
restore pam.d/su
sed -i 's/$/\r/' /etc/pam.d/su
check "the line ends of Windows are one problem, and nobody gets in" eval '
	found problem su "ends as on Windows" && same 1 "$(nsinfo check su -nro LEVEL,SUBJECT | grep -c "^problem su")" && ! lets_in'
restore pam.d/su
as() { nsinfo check --as "$1" --service su -nro LEVEL,MESSAGE | sed 's/\\x20/ /g'; }
sed -i '/pam_unshare/i session sufficient pam_permit.so' /etc/pam.d/su
check "--as looks at the whole stack" eval 'as alice | grep -q "^problem alice would be isolated by .*but: not isolated if pam_permit.so" && ! isolates'
restore pam.d/su
check "--as says by what she is isolated" eval 'as alice | grep -q "^ok alice is isolated by the line in /etc/pam.d/su"'
chmod 666 /etc/pam.d/su
check "a stack that others can write is a problem" found problem su '/etc/pam.d/su can be changed by others'
restore pam.d/su

# --- options, rules, applications ---------------------------------------------------------------------

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
check "a wrong rule is a problem, and logins are refused" eval 'found problem rules nonsense && found problem su "all but root are refused" && ! su alice -c true </dev/null'
restore security/unshare.conf

keep ssh/sshd_config
sed -i 's/^UsePAM yes/UsePAM no/' /etc/ssh/sshd_config
check "sshd without PAM is a problem" found problem sshd 'does not use PAM'
restore ssh/sshd_config

kill "$(cat /run/sshd.pid)"
start_sshd -o UsePAM=no
check "options of the running sshd are a warning: they count over its file" eval '
	found warning sshd "runs with options.*UsePAM=no" && same "$host_pid_ns" "$(ssh alice@localhost readlink /proc/self/ns/pid)"'
kill "$(cat /run/sshd.pid)"
rm -f /run/sshd.pid
start_sshd
check "without options there is none" not found warning sshd 'runs with options'

if [ -d /etc/sudoers.d ]; then
	echo 'Defaults !pam_session' >/etc/sudoers.d/zz-test
	check "sudo without PAM sessions is a problem" found problem sudo '!pam_session'
	rm /etc/sudoers.d/zz-test
fi
if have "a sudo that loses SYSTEMCTL_FORCE_BUS in a session is a note" sudo; then
	root_within() { su - alice -c "sudo printenv SYSTEMCTL_FORCE_BUS"; }
	keep pam.d/sudo
	sed -i /pam_unshare/d /etc/pam.d/sudo
	mkdir -p /run/systemd/system
	check "a sudo that loses SYSTEMCTL_FORCE_BUS in a session is a note, and it does" eval '
		found note sudo "sudo does not keep SYSTEMCTL_FORCE_BUS" && same "" "$(root_within)"'
	install -m 440 /usr/share/doc/pam_unshare/examples/sudoers /etc/sudoers.d/zz-test
	check "what the note says mends it" eval '
		! found note sudo "sudo does not keep" >/dev/null && same 1 "$(root_within)"'
	rm /etc/sudoers.d/zz-test
	restore pam.d/sudo
	check "so does the line in its own stack" eval '
		! found note sudo "sudo does not keep" >/dev/null && same 1 "$(root_within)"'
	rmdir /run/systemd/system && rmdir --ignore-fail-on-non-empty /run/systemd
fi
if have "sudoers is read as sudo reads it" sudo; then
	printf 'Defaults env_reset, \\\n ! pam_session\n' >/etc/sudoers.d/zz-test
	check "a setting that goes on in the next line counts, and sudo does not isolate" eval '
		found problem sudo "opens no PAM session: !pam_session in /etc/sudoers.d/zz-test" && same "$host_pid_ns" "$(by_sudo)"'
	mv /etc/sudoers.d/zz-test /etc/sudoers.d/zz-test.bak
	echo 'Defaults env_reset # !pam_session' >/etc/sudoers.d/zz-test
	check "comments, and files that sudo skips, do not count, and sudo isolates" eval '
		found ok sudo "sudo opens PAM sessions" && elsewhere "$(by_sudo)"'
	rm /etc/sudoers.d/zz-test /etc/sudoers.d/zz-test.bak
fi

init=$(ls /usr/libexec/pam_unshare/*/session-init)
chmod 644 $init
check "a session-init that is not executable is a problem, and logins are refused" eval '
	found problem module "not executable" && exits 1 nsinfo check su && found problem session "could not be opened" && ! su alice -c true </dev/null'
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
cp "$(ls /usr/lib/*/security/pam_permit.so /lib/security/pam_permit.so 2>/dev/null | head -n 1)" "$module"
check "a module that isolates nobody is found out by the test session" found problem session 'opened but is not isolated'
cp "$scratch/module" "$module"

limit=$(cat /proc/sys/user/max_pid_namespaces)
if { echo 1 >/proc/sys/user/max_pid_namespaces; } 2>/dev/null; then
	check "a limit that lets no session open is a problem" found problem kernel 'max_pid_namespaces|limit of namespaces'
	echo "$limit" >/proc/sys/user/max_pid_namespaces
fi

mkdir -p /srv/chroot/proc && mount -t proc proc /srv/chroot/proc
check "another procfs is a note" found note /proc /srv/chroot/proc
umount /srv/chroot/proc

# with_tmpfs OPTIONS DIRECTORY...: what nsinfo check says of the session if these are read-only, or full; and what it left there.
cat >/usr/bin/with-tmpfs <<'EOT'
#!/bin/bash
options=$1
shift
for directory; do
	mount -t tmpfs -o "$options" none "$directory" && { head -c 4096 /dev/zero >"$directory/full"; } 2>/dev/null
done
nsinfo check -nro LEVEL,SUBJECT,MESSAGE | sed 's/\\x20/ /g' | grep -E '^[a-z]+ session '
find "$@" -name 'nsinfo.*'
EOT
chmod 755 /usr/bin/with-tmpfs
with_tmpfs() { unshare --mount with-tmpfs "$@"; }
for options in ro size=4k; do
	case $options in ro) state="cannot be written" reason="Read-only file system" ;; *) state="is full" reason="No space left on device" ;; esac
	for directory in /tmp /run; do
		check "a session is tried also if $directory $state" eval '
			with_tmpfs $options $directory | tee /dev/stderr | grep "^ok session a test session opened in"'
	done
	check "if each of them $state, it could not be tried, which is a warning with the reason" eval '
		same "warning session could not try to open a session: cannot write in /run, nor in /tmp: $reason" "$(with_tmpfs $options /run /tmp)"'
done
mount -t tmpfs none /proc/sys/user
check "a limit that could not be read is a note" found note kernel 'could not try what the limit in /proc/sys/user/max_pid_namespaces is'
umount /proc/sys/user

check "in a session it says that it is in one" eval '
	su alice -c "nsinfo check" </dev/null 2>/dev/null | grep -q "nsinfo check runs in a session" && ! nsinfo check | grep -q "runs in a session"'
check "all is well again" exits 0 nsinfo check
check "a user may ask too, and gets no errors" same "" "$(su alice -c 'nsinfo check' </dev/null 2>&1 >/dev/null)"
touch /etc/security/unshare.conf
chmod 600 /etc/security/unshare.conf
check "rules that a user may not read are no problem, but what they decide is not known" eval '
	su bob -c "nsinfo check --as alice --service su -nro LEVEL,MESSAGE" </dev/null | grep -q "^note .*not.x20known"'
check "nothing is left" nothing_left
finish
