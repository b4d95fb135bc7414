#!/bin/bash
# SPDX-License-Identifier: MIT
# The modules of other packages in one stack with ours, each by itself.
. "$(dirname "$0")/../lib/libtest.sh"
. "$lib/beside.sh"

put_in_copy_if_there libpam-script libpam-tmpdir libpam-net libnss-extrausers libpam-krb5 krb5-kdc krb5-admin-server krb5-user \
	libpam-chroot libpam-python libpam-oath oathtool libpam-google-authenticator libpam-pwdfile libpam-ssh-agent-auth \
	libpam-gnome-keyring gnome-keyring libpam-pwquality
echo 'alice:correct-horse' | chpasswd -c SHA512

# after_first_login LINE...: what a login without us leaves in /run and /tmp is the module's.
after_first_login() {
	form=none stack "$@"
	su alice -c true >/dev/null 2>&1
	mounts_and_files | sort >"$scratch/before"
}

# --- libpam-script -----------------------------------------------------------------------------------

mkdir -p /usr/share/libpam-script
for end in open close; do
	printf '#!/bin/sh\nPAM_TYPE=%s_session exec say-where\n' $end >/usr/share/libpam-script/pam_script_ses_$end
	chmod 755 /usr/share/libpam-script/pam_script_ses_$end
done
by='su sshd' closes=1 later=ran_at_both_ends beside pam_script 'setsid -f sleep 6789 >/dev/null 2>&1' '' 'session required pam_script.so'

# --- libpam-tmpdir -----------------------------------------------------------------------------------

after_first_login 'session required pam_tmpdir.so'
by='su sshd' beside pam_tmpdir 'echo $TMPDIR; stat -c "%U %a" $TMPDIR' '/tmp/user/63001 alice 700' 'session required pam_tmpdir.so'

# --- libpam-net: a network namespace for the login ----------------------------------------------------

host_net=$(readlink /proc/self/ns/net)
network="[ \$(readlink /proc/self/ns/net) = '$host_net' ] && echo 'of the host' || echo own"
groupadd newnet 2>/dev/null; groupadd usernet 2>/dev/null
usermod -aG newnet alice
by='su sshd' beside pam_newnet "$network" own 'session required pam_newnet.so'
usermod -G usernet alice
mkdir -p /etc/netns/alice
after_first_login 'session required pam_usernet.so'
its_own="own $(stat -L -c 'net:[%i]' /run/netns/alice 2>/dev/null)"
network="$network; readlink /proc/self/ns/net"
by='su sshd' beside pam_usernet "$network" "$its_own" 'session required pam_usernet.so'
also=scope=user beside 'pam_usernet with scope=user' "$network" "$its_own" 'session required pam_usernet.so'
gpasswd -d alice usernet >/dev/null

# --- libnss-extrausers -------------------------------------------------------------------------------

if [ -n "$(find /lib /usr/lib -name 'libnss_extrausers.so*' 2>/dev/null)" ]; then
	mkdir -p /var/lib/extrausers /home/dora
	echo 'dora:x:63010:63010::/home/dora:/bin/bash' >/var/lib/extrausers/passwd
	printf '%s\n' 'dora:x:63010:' 'elsewhere:x:63011:dora' >/var/lib/extrausers/group
	echo 'dora:*:19000:0:99999:7:::' >/var/lib/extrausers/shadow
	cp -r /home/alice/.ssh /home/dora && chown -R dora: /home/dora
	sed -i 's/^\(passwd\|group\|shadow\):.*/& extrausers/' /etc/nsswitch.conf
	chown -R 63010:63010 /home/dora
	as() { also=$1; stacks='su sshd' stack 'session required pam_permit.so'; }
	su_as() { su "$1" -c look-around >"$scratch/$1" 2>&1; }
	as ''
	check_isolated "a user from elsewhere by su" su dora su dora -c look-around
	check_isolated "a user from elsewhere by sshd" sshd dora ssh dora@localhost look-around
	as exempt=@elsewhere
	check "exempt= knows a group from elsewhere" eval '
		su_as dora; su_as alice; not_isolated "$scratch/dora" && isolated su alice "$scratch/alice"'
	check "nsinfo check says the same of her" exits 0 nsinfo check --as dora --service su
	as only=dora
	check "only= knows a user from elsewhere" eval '
		su_as dora; su_as alice; isolated su dora "$scratch/dora" && not_isolated "$scratch/alice"'
	as only=@elsewhere
	check "only= knows a group from elsewhere" eval '
		su_as dora; su_as alice; isolated su dora "$scratch/dora" && not_isolated "$scratch/alice"'
	as scope=user
	check "scope=user: two logins of a user from elsewhere share a session, and nsinfo names the user" eval '
		mkfifo -m 666 $scratch/wait; su dora -c "readlink /proc/self/ns/pid; read word <$scratch/wait" >"$scratch/first" &
		wait_until 10 grep -q pid "$scratch/first" &&
		same "$(cat "$scratch/first")" "$(su dora -c "readlink /proc/self/ns/pid")" && nsinfo list -no USER | grep -qx dora
		result=$?; echo >$scratch/wait; wait $!; return $result'
	also=''
	check "users from elsewhere leave nothing" nothing_left
else
	skip "libnss-extrausers works beside it" "no libnss_extrausers on this machine"
fi

# --- Kerberos ----------------------------------------------------------------------------------------

if there "pam_krb5 works beside it" pam_krb5.so && have "pam_krb5 works beside it" krb5kdc kdb5_util kadmin.local klist; then
	printf '%s\n' '[libdefaults]' 'default_realm = COPY' 'dns_lookup_kdc = false' '[realms]' 'COPY = {' 'kdc = 127.0.0.1' '}' >/etc/krb5.conf
	{ kdb5_util create -s -P master -r COPY && kadmin.local -q 'addprinc -pw tickets alice' &&
		krb5kdc -P /etc/kdc.pid; } >"$scratch/kdc" 2>&1 || cat "$scratch/kdc"
	input=tickets beside pam_krb5 'klist | grep -o "krbtgt/COPY@COPY"; echo $KRB5CCNAME | cut -d _ -f 1,2' \
		'krbtgt/COPY@COPY FILE:/tmp/krb5cc_63001' \
		'auth required pam_krb5.so' 'account required pam_krb5.so' 'session required pam_krb5.so'
	kill "$(cat /etc/kdc.pid)"
fi

# --- answers to a question ---------------------------------------------------------------------------

echo "alice:$(openssl passwd -6 of-the-file)" >/etc/its-own-passwords
input=of-the-file beside pam_pwdfile true '' 'auth required pam_pwdfile.so pwdfile=/etc/its-own-passwords'
input=wrong refuses pam_pwdfile 'auth required pam_pwdfile.so pwdfile=/etc/its-own-passwords nodelay'

if have "pam_oath works beside it" oathtool; then
	echo 'HOTP alice - 3132333435363738393031323334353637383930' >/etc/users.oath && chmod 600 /etc/users.oath
	next_word() { oathtool -c $(($(grep -c . "$scratch/words") - 1)) 3132333435363738393031323334353637383930; echo >>"$scratch/words" x; }
	echo x >"$scratch/words"
	answer=next_word beside pam_oath true '' 'auth required pam_oath.so usersfile=/etc/users.oath window=20 digits=6'
	printf '%s\n' GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ '" TOTP_AUTH' >/home/alice/.google_authenticator
	chown alice: /home/alice/.google_authenticator && chmod 400 /home/alice/.google_authenticator
	answer='oathtool --totp -b GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' beside pam_google_authenticator true '' \
		'auth required pam_google_authenticator.so'
fi

if there "pam_ssh_agent_auth works beside it" pam_ssh_agent_auth.so; then
	eval "$(ssh-agent -a $scratch/agent)" >/dev/null
	ssh-add -q /root/.ssh/id_ed25519
	install -m 644 /root/.ssh/id_ed25519.pub /etc/let-in-keys
	beside pam_ssh_agent_auth true '' 'auth required pam_ssh_agent_auth.so file=/etc/let-in-keys'
	ssh-agent -k >/dev/null
	unset SSH_AUTH_SOCK SSH_AGENT_PID
fi

# --- pam_python --------------------------------------------------------------------------------------

cat >/etc/says.py <<'EOT'
def pam_sm_open_session(pamh, flags, argv):
    open("/etc/said-open", "w").write(pamh.get_user(None))
    return pamh.PAM_SUCCESS
def pam_sm_close_session(pamh, flags, argv):
    open("/etc/said-close", "w").write(pamh.get_user(None))
    return pamh.PAM_SUCCESS
EOT
later='same "alice alice" "$(cat /etc/said-open) $(cat /etc/said-close)" && rm /etc/said-*' \
	beside pam_python true '' 'session required pam_python.so /etc/says.py'

# --- pam_gnome_keyring -------------------------------------------------------------------------------

keyring_on_host() {
	ps -u alice -o args=
	same "$host_pid_ns" "$(readlink /proc/"$(pgrep -u alice gnome-keyring)"/ns/pid)" &&
		pkill -u alice gnome-keyring && wait_until 10 none_left && nothing_left
}
if there "pam_gnome_keyring works beside it" pam_gnome_keyring.so && have "pam_gnome_keyring works beside it" gnome-keyring-daemon; then
	keyring=('auth required pam_unix.so' 'auth optional pam_gnome_keyring.so')
	starts='session optional pam_gnome_keyring.so auto_start'
	# keyring_login: her command counts the daemons that she sees.
	keyring_login() {
		su alice -c 'look-around; echo "daemons=$(ps -e -o args= | grep -c [g]nome-keyring)"; exit 7' >"$scratch/look" 2>&1 <<<correct-horse
		status=$?
		sed -i 's/^.*\(pid_ns=pid\)/\1/' "$scratch/look"
		isolated su alice "$scratch/look" && same 7 $status
	}
	for form in one two; do
		stack "${keyring[@]}" "$starts" 'session required pam_permit.so'
		check "pam_gnome_keyring, su, $form: isolated, and the exit status is kept" keyring_login
		check "pam_gnome_keyring, su, $form: its daemon is on the host, and stays there after the logout" eval '
			same 0 "$(saw "$scratch/look" daemons)" && keyring_on_host'
	done
	form=none stack "${keyring[@]}" 'session required pam_unshare.so' "$starts"
	check "pam_gnome_keyring, su, after our line: isolated, and the exit status is kept" keyring_login
	check "pam_gnome_keyring, su, after our line: its daemon is in the session, and ends with it" eval '
		same 1 "$(saw "$scratch/look" daemons)" && nothing_left'
	form=one
fi

# --- pam_chroot --------------------------------------------------------------------------------------

if there "pam_chroot works beside it" pam_chroot.so; then
	expect_to_stay mkdir -p /srv/jail
	# The jail is the copy again, without what is mounted in it but for these.
	mount --bind / /srv/jail && mount -t proc proc /srv/jail/proc && mount --bind /dev /srv/jail/dev && mount --bind /run /srv/jail/run
	expect_to_stay true
	echo 'alice /srv/jail' >>/etc/security/chroot.conf
	beside pam_chroot '[ -d /srv/jail/etc ] || echo jailed' jailed 'session required pam_chroot.so'
	sed -i '/^alice/d' /etc/security/chroot.conf
	umount -R /srv/jail
	expect_to_stay true
fi
# --- pam_pwquality ---------------------------------------------------------------------------------------

# passwd_in_session OLD NEW: alice changes her password in a session.
passwd_in_session() { su alice -c "printf '%s\n' $1 $2 $2 | passwd"; }
if there "pam_pwquality works in a session" pam_pwquality.so; then
	stack
	stacks=passwd form=none stack 'password requisite pam_pwquality.so retry=1 dictcheck=0' 'password required pam_unix.so use_authtok'
	check "pam_pwquality refuses a short password in a session, and takes a longer one" eval '
		not passwd_in_session correct-horse abc && passwd_in_session correct-horse Tro2-bador-Kx9 && nothing_left'
fi
finish
