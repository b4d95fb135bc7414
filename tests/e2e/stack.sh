#!/bin/bash
# SPDX-License-Identifier: MIT
# pam_unshare in one stack with the modules that change what a login sees.
. "$(dirname "$0")/../lib/libtest.sh"

. "$lib/beside.sh"

there "six other modules work beside it" pam_namespace.so pam_mkhomedir.so pam_limits.so pam_env.so pam_keyinit.so pam_exec.so || finish

# --- all of them at once -----------------------------------------------------------------------------

mkdir -p -m 000 /srv/poly
echo '/tmp /srv/poly/ user root' >/etc/security/namespace.conf
echo '* - nofile 512' >/etc/security/limits.conf
echo 'PROJECT DEFAULT=apollo' >/etc/security/pam_env.conf
cat >/usr/bin/say-hello <<'EOF'
#!/bin/bash
echo "$PAM_TYPE $(readlink /proc/self/ns/pid)" >>/run/said-hello
EOF
chmod 755 /usr/bin/say-hello
useradd -u 63003 -d /home/carol -s /bin/bash carol 2>/dev/null
rm -rf /home/carol
others=('session optional pam_keyinit.so force revoke' 'session required pam_limits.so' 'session required pam_env.so'
	'session required pam_mkhomedir.so' 'session required pam_namespace.so' 'session required pam_exec.so /usr/bin/say-hello')

# A container may have no keyrings: then a login without pam_unshare has none either.
own_keyrings='awk "\$6 == 63003 && /keyring *_ses/" /proc/keys | sed "s/^/keyring=/"'
form=none stack "${others[0]}"
without_us=$(su carol -c "$own_keyrings" 2>/dev/null)
for option in '' scope=user; do
	form=two also=$option stack "${others[@]}"
	rm -f /run/said-hello
	echo host >/tmp/mark
	su carol -c 'look-around; echo "home=$(ls -d ~)"; echo "files=$(ulimit -n)"; echo "project=$PROJECT"
		echo "tmp=$(ls /tmp)"; touch /tmp/of-carol'"; $own_keyrings" >"$scratch/look" 2>&1
	check "with six other modules a login is isolated, ${option:-alone}" isolated su carol "$scratch/look"
	check "pam_mkhomedir made the home, ${option:-alone}" same /home/carol "$(saw "$scratch/look" home)"
	check "pam_limits set the limit, ${option:-alone}" same 512 "$(saw "$scratch/look" files)"
	check "pam_env set the variable, ${option:-alone}" same apollo "$(saw "$scratch/look" project)"
	check "pam_namespace gave her a /tmp of her own, ${option:-alone}" eval '
		grep -qx tmp= "$scratch/look" && [ ! -e /tmp/of-carol ] && [ -e /srv/poly/carol/of-carol ]; result=$?
		rm -f /srv/poly/carol/of-carol
		return $result'
	if [ -n "$without_us" ]; then
		check "pam_keyinit made a keyring, ${option:-alone}" test -n "$(saw "$scratch/look" keyring)"
	else
		skip "pam_keyinit made a keyring, ${option:-alone}" "no keyrings here"
	fi
	check "pam_exec ran on the host at both ends, ${option:-alone}" \
		same "open_session $host_pid_ns close_session $host_pid_ns" "$(xargs </run/said-hello)"
	rm -f /tmp/mark /run/said-hello
	check "afterwards nothing is left, ${option:-alone}" nothing_left
done

# Without a first line that closes, the others close from inside the session, and must not fail.
form=one stack "${others[@]}"
su carol -c look-around >"$scratch/look" 2>&1
check "a single line, the last one, works with them too" isolated su carol "$scratch/look"
rm -f /run/said-hello
check "and leaves nothing" nothing_left

# --- a home that is mounted at login -----------------------------------------------------------------

cat >/usr/bin/mount-home <<'EOF'
#!/bin/bash
case $PAM_TYPE in
open_session) mount -t tmpfs -o uid=63003,mode=700 of-carol /home/carol && touch /home/carol/mounted ;;
close_session) umount /home/carol || echo busy >/run/busy ;;
esac
EOF
chmod 755 /usr/bin/mount-home
form=two stack 'session required pam_exec.so /usr/bin/mount-home'
check "a home that an earlier module mounts is there in the session" \
	same mounted "$(su carol -c 'cd && ls && setsid -f sleep 6789 >/dev/null 2>&1')"
check "its unmount at the end is not blocked by what still ran in it" eval '
	[ ! -e /run/busy ] && ! mountpoint -q /home/carol && nothing_left'
finish
