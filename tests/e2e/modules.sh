#!/bin/bash
# SPDX-License-Identifier: MIT
# The modules of Linux-PAM in one stack with ours, each by itself.
. "$(dirname "$0")/../lib/libtest.sh"
. "$lib/beside.sh"

put_in_copy_if_there xauth
either='su sshd'
echo 'alice:correct-horse' | chpasswd -c SHA512

# --- session: what the login has ---------------------------------------------------------------------

by=$either beside pam_umask umask 0027 'session optional pam_umask.so umask=0027'

echo 'PROJECT DEFAULT=apollo' >/etc/security/pam_env.conf
by=$either beside pam_env 'echo $PROJECT' apollo 'session required pam_env.so'

echo 'alice - nofile 512' >/etc/security/limits.conf
by=$either beside pam_limits 'ulimit -n' 512 'session required pam_limits.so'

# own_keyring: describes the session keyring of its caller, or the one that is named, by keyctl(2): KEYCTL_DESCRIBE is 6.
# /proc/keys has those of all alices on the machine.
cat >/usr/bin/own-keyring <<'EOT'
#!/usr/bin/perl
my $number = `uname -m` =~ /aarch64/ ? 219 : 250;
my $key = @ARGV ? $ARGV[0] + 0 : syscall($number, 0, -3, 0);
my $about = "\0" x 256;
print syscall($number, 6, $key, $about, 256) == -1 ? "error=" . ($! + 0) : $about =~ s/;\w+;(\w+)\0.*/;$1/sr, "\n";
unless (@ARGV) { open(F, ">", "/home/alice/key"); print F $key; }
EOT
chmod 755 /usr/bin/own-keyring
if [ -e /proc/keys ]; then
	# After the logout it is revoked: EKEYREVOKED, or ENOKEY later. With one line that is so already when the session's
	# processes are asked to end.
	keys_at_the_end() {
		cat /home/alice/at-end
		own-keyring "$(cat /home/alice/key)" | grep -qx 'error=12[68]' || return
		case $form in
		one) grep -qx 'error=12[68]' /home/alice/at-end && says note $service 'pam_keyinit.so .*closes first' ;;
		two) grep -qx 'keyring;63001;63001;_ses' /home/alice/at-end ;;
		esac && rm /home/alice/at-end
	}
	cat >/usr/bin/look-at-the-end <<-'EOT'
		#!/bin/bash
		trap 'own-keyring $(cat ~/key) >~/at-end; exit' HUP TERM
		touch ~/waits
		while :; do sleep 0.02; done
	EOT
	chmod 755 /usr/bin/look-at-the-end
	by=$either later=keys_at_the_end beside pam_keyinit \
		'own-keyring; rm -f ~/waits; setsid -f look-at-the-end >/dev/null 2>&1; until [ -e ~/waits ]; do sleep 0.02; done' \
		'keyring;63001;63001;_ses' 'session required pam_keyinit.so force revoke'
else
	skip "pam_keyinit works beside it" "no keyrings here"
fi

if [ -e /proc/self/loginuid ]; then
	by=$either beside pam_loginuid 'cat /proc/self/loginuid' 63001 'session required pam_loginuid.so'
else
	skip "pam_loginuid works beside it" "a kernel without audit"
fi

by=$either beside pam_mail 'echo $MAIL' /var/mail/alice 'session optional pam_mail.so standard'

echo 'Welcome to the machine.' >$scratch/motd
by=su-l prints='Welcome to the machine' beside pam_motd true '' "session optional pam_motd.so motd=$scratch/motd noupdate"
by=su-l prints='Welcome to the machine' beside pam_echo true '' "session optional pam_echo.so file=$scratch/motd"

later='lastlog -u alice | grep -q "^alice.* $(date +%b)"' beside pam_lastlog true '' 'session optional pam_lastlog.so'
later='logged "pam_warn.su:session.: function=.pam_sm_close_session"; forget_log' \
	beside pam_warn true '' 'session optional pam_warn.so'

# --- session: what is made for the login -------------------------------------------------------------

useradd -u 63003 -d /home/carol -s /bin/bash carol
mkdir -p $scratch/skel && echo made >$scratch/skel/.from-skel
if there "pam_mkhomedir works beside it" pam_mkhomedir.so; then
	for form in one two; do
		rm -rf /home/carol
		stacks=su-l stack "session required pam_mkhomedir.so skel=$scratch/skel"
		check "pam_mkhomedir, su-l, $form: a home is made before the session opens" \
			same "/home/carol made carol" "$(su - carol -c 'echo $(pwd; cat .from-skel; stat -c %U .)')"
	done
	form=one
fi

if command -v xauth >/dev/null; then
	mkdir -p /root/.xauth && echo '*' >/root/.xauth/export
	: >/root/.Xauthority
	xauth -q -f /root/.Xauthority add :7 . 0123456789abcdef0123456789abcdef
	export DISPLAY=:7 XAUTHORITY=/root/.Xauthority
	later='[ -z "$(ls -d /home/alice/.xauth* 2>/dev/null)" ]' beside pam_xauth 'xauth list | cut -d " " -f 3-' \
		'MIT-MAGIC-COOKIE-1 0123456789abcdef0123456789abcdef' 'session optional pam_xauth.so'
	unset DISPLAY XAUTHORITY
else
	skip "pam_xauth works beside it" "no xauth on this machine"
fi

# --- commands at both ends ---------------------------------------------------------------------------

by=$either closes=1 later=ran_at_both_ends beside pam_exec 'setsid -f sleep 6789 >/dev/null 2>&1' '' \
	'session required pam_exec.so /usr/bin/say-where'

# --- what a condition does ---------------------------------------------------------------------------

# condition MODULE ARGUMENT...: it is true of bob, and jumps over our line.
condition() {
	local module=$1
	there "$1 jumps over our line" "$1.so" || return 0
	form=none stack "session [success=1 default=ignore] $1.so ${*:2}" 'session required pam_unshare.so' 'session required pam_permit.so'
	su alice -c look-around >"$scratch/look" 2>&1
	su bob -c look-around >"$scratch/other" 2>&1
	check "$1 jumps over our line for bob: he is left alone, and alice is isolated" eval '
		isolated su alice "$scratch/look" && not_isolated "$scratch/other"'
	check "$1 jumps over our line: nsinfo check says when" says note su "not isolated if $1"
	# libpam counts a jump past the end as a failure.
	stack "session [success=1 default=ignore] $1.so ${*:2}"
	check "$1 jumps over our line, which is the last: bob is refused, and nsinfo check says so" eval '
		says note su "refused if $module" && su alice -c true && not su bob -c true'
}
echo bob >/etc/left-alone
condition pam_succeed_if user = bob
condition pam_listfile item=user sense=allow onerr=fail file=/etc/left-alone

# --- account and auth: they let her in, or refuse her before a session is opened ----------------------

echo 'su;*;alice;Al0000-2400' >/etc/security/time.conf
beside pam_time true '' 'account required pam_time.so'
echo 'su;*;alice;!Al0000-2400' >/etc/security/time.conf
refuses pam_time 'account required pam_time.so'

printf '%s\n' '+:alice:ALL' '-:ALL:ALL' >/etc/security/access.conf
beside pam_access true '' 'account required pam_access.so nodefgroup'
echo '-:alice:ALL' >/etc/security/access.conf
refuses pam_access 'account required pam_access.so nodefgroup'

beside pam_nologin true '' 'account required pam_nologin.so successok file=/run/no-such-file'
refuses pam_nologin 'account required pam_nologin.so file=/etc/passwd'

echo alice >/etc/let-in
beside pam_listfile true '' 'account required pam_listfile.so item=user sense=allow onerr=fail file=/etc/let-in'
refuses pam_listfile 'account required pam_listfile.so item=user sense=deny onerr=fail file=/etc/let-in'

beside pam_succeed_if true '' 'account required pam_succeed_if.so uid > 63000'
refuses pam_succeed_if 'account required pam_succeed_if.so uid > 64000'
beside pam_usertype true '' 'account required pam_usertype.so isregular'
refuses pam_usertype 'account required pam_usertype.so issystem'
beside pam_localuser true '' 'account required pam_localuser.so'
beside pam_shells true '' 'account required pam_shells.so'

beside pam_unix true '' 'account required pam_unix.so' 'session required pam_unix.so'
input=correct-horse beside pam_unix true '' 'auth required pam_unix.so' 'account required pam_unix.so' 'session required pam_unix.so'
input=wrong refuses pam_unix 'auth required pam_unix.so nodelay'

# pam_group's groups are those of the login, but not of the user: exempt= does not know them.
echo 'su;*;alice;Al0000-2400;games' >/etc/security/group.conf
also=exempt=@games beside pam_group 'id -nG' 'alice games' 'auth optional pam_group.so' 'auth required pam_permit.so'

echo 'cap_net_raw alice' >/etc/security/capability.conf
beside pam_cap 'grep CapInh /proc/self/status' 'CapInh: 0000000000002000' 'auth required pam_cap.so' 'auth required pam_permit.so'

if there "pam_faillock works beside it" pam_faillock.so; then
	faillock=('auth required pam_faillock.so preauth silent deny=2 dir=/etc/failed' 'auth sufficient pam_unix.so nodelay'
		'auth [default=die] pam_faillock.so authfail deny=2 dir=/etc/failed' 'account required pam_faillock.so dir=/etc/failed')
	mkdir -p /etc/failed
	input=correct-horse beside pam_faillock true '' "${faillock[@]}"
	input=wrong refuses pam_faillock "${faillock[@]}"
	input=wrong refuses pam_faillock "${faillock[@]}"
	input=correct-horse refuses pam_faillock "${faillock[@]}"
fi

input=anybody@example.org beside pam_ftp true '' 'auth required pam_ftp.so users=alice' 'auth required pam_permit.so'

mkdir -m 700 /etc/stamps
expect_to_stay install -D -m 600 <(printf '%020d' 7) /run/pam_timestamp/_pam_timestamp_key
input=correct-horse later='rm /etc/stamps/root/*' beside pam_timestamp true '' 'auth required pam_unix.so nodelay' \
	'session required pam_timestamp.so timestampdir=/etc/stamps'

# Bob becomes alice without a password, for he is in the group.
if there "pam_wheel works beside it" pam_wheel.so; then
	groupadd -f wheel && usermod -aG wheel bob
	for form in one two; do
		stack 'auth sufficient pam_wheel.so group=wheel trust' 'auth required pam_deny.so'
		setpriv --reuid bob --regid bob --init-groups su alice -c 'look-around; exit 7' >"$scratch/look" 2>&1 </dev/null
		status=$?
		check "pam_wheel, su, $form: isolated, and the exit status is kept" eval 'isolated su alice "$scratch/look" && same 7 $status'
		check "pam_wheel, su, $form: nothing is left" nothing_left
	done
	form=one
fi

beside pam_rhosts true '' 'auth sufficient pam_rhosts.so' 'auth required pam_permit.so'
beside pam_securetty true '' 'auth required pam_securetty.so' 'auth required pam_permit.so'
beside pam_faildelay true '' 'auth optional pam_faildelay.so delay=1000' 'auth required pam_permit.so'
beside pam_debug true '' 'auth required pam_debug.so' 'account required pam_debug.so' 'session required pam_debug.so'
refuses pam_deny 'account required pam_deny.so'

# A line before ours that is required and fails: libpam calls ours all the same, and the application gives up.
for form in one two; do
	stack 'session required pam_debug.so open_session=session_err'
	check "pam_debug fails before our line, $form: su refuses, and the session that was opened is taken back" eval '
		not su alice -c true && nothing_left'
done
form=one
finish
