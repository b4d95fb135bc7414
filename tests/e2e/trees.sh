#!/bin/bash
# SPDX-License-Identifier: MIT
# The PAM stacks of other distributions (tests/e2e/trees), with our line in the right place and in wrong ones, and stacks made at random:
# what nsinfo check says of each is what libpam does with it.
#
# With SEED COUNT [all] as arguments it makes these random stacks and nothing else; see trees/stacks.py.
trees=$(cd "$(dirname "$0")" && pwd)/trees
. "$(dirname "$0")/../lib/libtest.sh"

if ! command -v pamtester >/dev/null; then
	skip "nsinfo check and libpam agree" "no pamtester on this machine"
	finish
fi

if [ $# -gt 0 ]; then
	check "stacks made at random: $*" python3 "$trees/stacks.py" "$@"
	finish
fi

line='session required pam_unshare.so'
logins='sshd su su-l sudo sudo-i login remote crond cron runuser runuser-l gdm-password greetd lightdm'

# --- trees -------------------------------------------------------------------------------------------

# plant TREE: its files, and no other stack. $services are its logins, $shared the files that these include for their session.
plant() {
	local text path='' service
	rm -rf /etc/pam.d /usr/lib/pam.d /usr/etc/pam.d /usr/share/pam.d /etc/authselect
	mkdir -p /etc/pam.d
	while IFS= read -r text; do
		case $text in
		'== '*' -> '*) path=${text#== } && ln -s "${path#* -> }" "${path% -> *}" ;;
		'== '*) path=${text#== } && mkdir -p "${path%/*}" ;;
		*) [ -z "$path" ] || echo "$text" >>"$path" ;;
		esac
	done <"$trees/$1"
	services=
	for service in $logins; do
		[ ! -e "/etc/pam.d/$service" ] && [ ! -e "/usr/lib/pam.d/$service" ] || services+=" $service"
	done
	case $1 in
	fedora) shared='/etc/authselect/system-auth /etc/authselect/password-auth' ;;
	opensuse) shared=/etc/pam.d/common-session-pc ;;
	alpine) shared=/etc/pam.d/base-session-noninteractive ;;
	*) shared=/etc/pam.d/system-auth ;;
	esac
}

# own SERVICE...: the files of a vendor become the administrator's.
own() {
	local service
	for service; do [ -e "/etc/pam.d/$service" ] || cp "/usr/lib/pam.d/$service" /etc/pam.d; done
}

files() { printf '/etc/pam.d/%s ' $services; }

# at_end TEXT: of each login's file.
at_end() {
	own $services
	append "$1" $(files)
}

# at_top TEXT FILE...; before_all TEXT FILE...: above the first session line; append TEXT FILE...
at_top() { local text=$1 && shift && sed -i "1i $text" "$@"; }
before_all() { local text=$1 && shift && sed -i "0,/^-\?session/s//$text\n&/" "$@"; }
append() { local text=$1 file && shift && for file; do printf '%s\n' "$text" >>"$file"; done; }

# --- what is so, and what nsinfo says -------------------------------------------------------------------

# opens SERVICE: sudo goes on after PAM_SESSION_ERR, too.
opens() {
	local sudo=
	case $1 in sudo | sudo-i) sudo='|Cannot make/remove an entry for the specified session' ;; esac
	pamtester "$1" alice open_session close_session </dev/null 2>&1 | grep -Eq "successfully opened a session$sudo"
}

# look SERVICE...: fills truth[SERVICE], with isolated, open or refused.
declare -A truth
look() {
	local service
	forget_log
	truth=()
	for service; do
		if opens "$service"; then truth[$service]=open; else truth[$service]=refused; fi
	done
	logger "that is all" # arrives last
	wait_until 10 grep -q 'that is all' /run/syslog || return
	for service; do
		if [ "${truth[$service]}" = open ] && grep -q "pam_unshare($service:session): session opened for alice" /run/syslog; then
			truth[$service]=isolated
		fi
	done
}

# claim SERVICE: what nsinfo says will happen, or may: one of the three, or more if it names a condition.
claim() {
	grep "^[a-z]* $1 " "$scratch/findings" >"$scratch/claims"
	says() { grep -Eq "$1" "$scratch/claims"; }
	if says 'every login is refused|nobody gets in'; then
		echo refused
	elif says '^[a-z]* [^ ]* not isolated: |logins are let in, and not isolated'; then
		echo open
	elif says '^problem .* not isolated if (.* returns success: |pam_deny\.so )'; then
		echo open
	elif says '^[a-z]* [^ ]* not isolated if '; then
		echo isolated open
	elif says ' refused if .* returns success'; then
		echo isolated refused
	elif says '^ok .* isolated \(|a failure to isolate lets the login through|without the file of the module'; then
		echo isolated
	else
		echo nothing
	fi
}

# agree TRUTH [SERVICE...]: nsinfo says of every login what happens, and TRUTH happens to these; to sshd if none is named.
agree() {
	local wanted=$1 service wrong=0
	shift
	[ $# -gt 0 ] || set -- sshd
	look $services
	nsinfo check $services -nro LEVEL,SUBJECT,MESSAGE,REMEDY | sed 's/\\x20/ /g' >"$scratch/findings"
	for service in $services; do
		case " $(claim "$service") " in
		*" ${truth[$service]} "*) ;;
		*) wrong=1 && echo "$service: it is ${truth[$service]}, and nsinfo says: $(claim "$service")" && cat "$scratch/claims" ;;
		esac
	done
	for service; do same "$service $wanted" "$service ${truth[$service]}" || wrong=1; done
	[ $wrong = 0 ]
}

# says_ok SERVICE...: isolated, and at most notes beside.
says_ok() {
	local service
	for service; do
		grep -q "^ok $service isolated (" "$scratch/findings" && ! grep -E "^(problem|warning) $service " "$scratch/findings" || {
			grep "^[a-z]* $service " "$scratch/findings"
			return 1
		}
	done
}

# --- each distribution ------------------------------------------------------------------------------------

for tree in fedora arch opensuse alpine gentoo; do
	plant $tree
	check "$tree: as it comes nobody is isolated" agree open $services
	at_end "$line"
	check "$tree: with the line at the end of its file each login is isolated, and nsinfo says ok" eval 'agree isolated $services && says_ok $services'

	plant $tree
	append "$line" $shared
	check "$tree: the line in the files that all include" agree isolated

	plant $tree
	own $services
	before_all "$line" $(files)
	check "$tree: the line before all others" agree isolated $services

	plant $tree
	at_end "$line"
	at_top 'session sufficient pam_permit.so' $shared
	check "$tree: a sufficient line in an included file, before ours" agree open

	plant $tree
	at_end "$line"
	append 'session requisite pam_elsewhere.so' $shared
	check "$tree: a requisite module that this machine has not, in an included file" agree refused
	plant $tree
	at_end "$line"
	append '-session required pam_elsewhere.so' $shared
	check "$tree: a required module that this machine has not, and the dash does not help" agree refused
	plant $tree
	at_end "$line"
	append '-session optional pam_elsewhere.so' $shared
	check "$tree: an optional module that this machine has not" eval 'agree isolated $services && says_ok $services'

	plant $tree
	at_end 'session [success=1 default=ignore] pam_permit.so'
	at_end "$line"
	check "$tree: a jump over the line" agree open

	plant $tree
	at_end 'session [success=1 default=ignore] pam_succeed_if.so quiet service = sshd'
	at_end "$line"
	check "$tree: a condition that jumps over the line for sshd" agree open
	check "$tree: and not for the others" agree isolated su

	plant $tree
	at_end 'session [success=ignore default=1] pam_succeed_if.so quiet user notin root:bob'
	at_end "$line"
	check "$tree: a condition that jumps over the line for bob" agree isolated $services

	plant $tree
	at_end 'session [success=die default=ignore] pam_succeed_if.so quiet user in root:bob'
	at_end "$line"
	check "$tree: a condition that refuses bob" agree isolated $services
	plant $tree
	at_end 'session [success=die default=ignore] pam_succeed_if.so quiet user in root:alice'
	at_end "$line"
	check "$tree: a condition that refuses alice" agree refused $services

	plant $tree
	own $services
	sed -i -E 's/^(session\s+)include/\1substack/' $(files)
	at_end "$line"
	append 'session [success=done default=ignore] pam_permit.so' $shared
	check "$tree: a done in a substack ends that alone" agree isolated $services
	plant $tree
	own $services
	sed -i -E 's/^(session\s+)include/\1substack/' $(files)
	append 'session [success=done default=ignore] pam_permit.so' $shared
	append "$line" $shared
	check "$tree: a done in a substack, before the line in it" agree open

	plant $tree
	at_end 'session required /usr/lib64/security/elsewhere/pam_unshare.so'
	check "$tree: the line with a path that leads nowhere" agree refused $services
	plant $tree
	at_end '-session optional /usr/lib64/security/elsewhere/pam_unshare.so'
	check "$tree: the same, optional" agree open $services

	plant $tree
	at_end 'session optional pam_unshare.so'
	check "$tree: an optional line" agree isolated $services
	plant $tree
	at_end "-$line"
	check "$tree: a line with a dash" eval 'agree isolated $services && says_ok $services'
	plant $tree
	at_end "$line"
	append 'session required' $shared
	check "$tree: a line without a module in an included file" agree refused
	plant $tree
	at_end 'session required'
	at_end "$line"
	check "$tree: a line without a module" agree refused $services
	plant $tree
	at_end '@include elsewhere'
	at_end "$line"
	check "$tree: an @include of a file that is not there" agree refused $services
	plant $tree
	at_end 'session include elsewhere'
	at_end "$line"
	check "$tree: an include of a file that is not there" agree refused $services
	plant $tree
	at_end "$line"
	rm $shared
	check "$tree: an included file that is gone" agree refused
done

# --- jumps that come with a distribution --------------------------------------------------------------

plant fedora
append "$line" /etc/authselect/postlogin
check "fedora: the line at the end of postlogin" agree isolated sshd su login gdm-password
check "fedora: which sudo does not include" agree open sudo sudo-i crond
plant fedora
sed -i "/default=1/a $line" /etc/authselect/postlogin
check "fedora: the line behind the jump in postlogin, which su takes" agree open su su-l gdm-password
check "fedora: and sshd does not" agree isolated sshd login
plant fedora
sed -i "/service in crond/a $line" $shared
check "fedora: the line behind the jump for crond is jumped over by crond" agree open crond
check "fedora: and by no other" agree isolated sshd su sudo login
plant gentoo
sed -i "/pam_systemd_home/a $line" $shared
check "gentoo: the line behind the jump of a module that this machine has not" agree isolated

# --- where the files are -----------------------------------------------------------------------------

plant opensuse
for service in $services; do append "$line" "/usr/lib/pam.d/$service"; done
check "the line in the vendor's files" eval 'agree isolated $services && says_ok $services'
cp /usr/lib/pam.d/sshd /etc/pam.d/sshd && sed -i '/pam_unshare/d' /etc/pam.d/sshd
check "a file in /etc/pam.d hides the vendor's, with the line" agree open sshd
: >/etc/pam.d/sshd
check "and if it is empty the service other is used" agree refused sshd
rm /etc/pam.d/sshd
mv /etc/pam.d/common-session* /usr/lib/pam.d
check "what is included from the vendor's directory: Debian's libpam does not look there" agree refused sshd

plant fedora
mkdir -p /usr/etc/pam.d /usr/share/pam.d
for service in su sudo; do
	cp /etc/pam.d/$service /usr/etc/pam.d && append "$line" /usr/etc/pam.d/$service && cp /usr/etc/pam.d/$service /usr/share/pam.d
	rm /etc/pam.d/$service
done
check "the line in directories that this libpam does not read" agree refused su
check "then sudo, too, uses other, which denies; and goes on, for pam_deny returns session_err" agree open sudo
echo "$line" >/etc/pam.d/other
check "the line in the file that services without their own use" agree isolated su sudo

# --- at random ---------------------------------------------------------------------------------------

check "stacks made at random" python3 "$trees/stacks.py" 1 400
finish
