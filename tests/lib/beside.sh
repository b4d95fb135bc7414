# SPDX-License-Identifier: MIT
#
# For tests of our line beside other modules. Sourced after libtest.sh.
#
#     by='su sshd' beside pam_umask 'umask' 0027 'session optional pam_umask.so umask=0027'
#
# These are four logins of alice's with this stack: by su and by sshd, with our one line at its end and with our two.
# Of each is checked that she is isolated, that the status of her command is kept, that the command prints these
# words, that nothing is left, and that nsinfo check says of the stack what happened.

form=one    # which lines of ours stack() writes: one, two or none
also=''     # options of ours
stacks='su' # whose stack it is

# stack LINE...: the stack is our lines and these. Of a kind that they have not, anything is allowed: else libpam takes
# the lines of "other".
stack() {
	local lines=("$@") service
	has_kind auth "$@" || lines+=('auth sufficient pam_rootok.so')
	has_kind account "$@" || lines+=('account required pam_permit.so')
	case $form in
	one) lines+=("session required pam_unshare.so $also") ;;
	two) lines=('session required pam_unshare.so close' "${lines[@]}" "session required pam_unshare.so open $also") ;;
	none) has_kind session "$@" || lines+=('session required pam_permit.so') ;;
	esac
	for service in $stacks; do printf '%s\n' "${lines[@]}" >"/etc/pam.d/$service"; done
}
has_kind() { printf '%s\n' "${@:2}" | grep -q "^$1 "; }

# says LEVEL SERVICE REGEX: nsinfo check SERVICE has such a finding.
says() {
	nsinfo check -nro LEVEL,SUBJECT,MESSAGE "$2" 2>&1 | sed 's/\\x20/ /g' >"$scratch/findings"
	grep -Eq "^($1) $2 .*$3" "$scratch/findings" || {
		cat "$scratch/findings"
		return 1
	}
}

# said_ok SERVICE: it is isolated, and there is nothing to warn of.
said_ok() { says ok "$1" isolated && ! grep -E "^(problem|warning) $1 " "$scratch/findings"; }

# put_in_copy_if_there PACKAGE...: at once, which is quicker, those of them that ./check could download.
put_in_copy_if_there() {
	local package packages=()
	for package; do
		[ ! -e "$COPY_BUILD/debs/$package.done" ] || dpkg -s "$package" >/dev/null 2>&1 || packages+=("$package")
	done
	[ ${#packages[@]} = 0 ] || put_in_copy "${packages[@]}" || echo "# not installed: ${packages[*]}"
}

# there SENTENCE MODULE...: true if the machine, or the copy, has all of them; otherwise the sentence is skipped.
there() {
	local sentence=$1 module
	shift
	for module; do
		[ -n "$(find /lib/*/security /lib/security -name "$module" 2>/dev/null)" ] || {
			skip "$sentence" "no $module on this machine"
			return 1
		}
	done
}

# found WORDS FILE: what the login's own command printed.
found() {
	cat "$2"
	same "$1" "$(sed -n 's/^found=//p' "$2" | tr -d '\r' | xargs)"
}

# expect_to_stay COMMAND...: what it makes in /run or /tmp, or mounts, is another module's, and stays after a login.
expect_to_stay() { "$@" && mounts_and_files | sort >"$scratch/before"; }

# type_at LOGIN... WORDS: the login's shell reads them. Only to such a login su says what modules print.
type_at() { "${@:1:$#-1}" <<<"${*: -1}"; }

# beside MODULE COMMAND WORDS LINE... The module may be followed by more words. Before it may stand:
#
#     by=       the services through which she logs in; su if you do not say
#     forms=    one and two if you do not say
#     input=    what is typed at her login
#     answer=   a command that prints what is typed
#     leaves=   with one line this command succeeds afterwards, in the place of "nothing is left"
#     closes=   the module needs the session gone before it closes: nsinfo check warns of it with one line
#     prints=   a regular expression: the login, not her command, prints it
#     later=    a command that has to succeed after each login
beside() {
	local module=$1 command=$2 words=$3 service status login
	shift 3
	there "$module works beside it" "${module%% *}.so" || return 0
	for service in ${by:-su}; do
		for form in ${forms:-one two}; do
			stacks=$service stack "$@"
			case $service in
			sshd) login=(ssh alice@localhost) ;;
			su) login=(su alice -c) ;;
			su-l) login=(type_at su - alice) ;;
			esac
			[ -z "${answer-}" ] || input=$($answer)
			"${login[@]}" "look-around; { $command; } 2>&1 | sed 's/^/found=/'; exit 7" >"$scratch/look" 2>&1 <<<"${input-}"
			status=$?
			sed -i 's/^.*\(pid_ns=pid\)/\1/' "$scratch/look" # after a question for a password
			check "$module, $service, $form: isolated, and the exit status is kept" eval '
				isolated $service alice "$scratch/look" && same 7 $status && grep -Eq -- "${prints-}" "$scratch/look"'
			check "$module, $service, $form: what it does is there" found "$words" "$scratch/look"
			if [ $form = one ] && [ -n "${leaves-}" ]; then
				check "$module, $service, $form: what it opened is left behind" eval "$leaves"
			else
				check "$module, $service, $form: nothing is left" eval 'nothing_left && eval "${later-:}"'
			fi
			if [ $form = one ] && [ -n "${closes-}" ]; then
				check "$module, $service, $form: nsinfo check warns of it" \
					says warning $service "${module%% *}.so .*closes before pam_unshare"
			else
				check "$module, $service, $form: nsinfo check calls it isolated" said_ok $service
			fi
		done
	done
	form=one
}

# refuses MODULE LINE...: alice is refused, and no session was opened for it.
refuses() {
	local module=$1
	shift
	there "$module refuses" "$module.so" || return 0
	stack "$@"
	forget_log
	check "$module refuses her before a session is opened" eval '
		not su alice -c true <<<"${input-}" && log_holds 0 "session opened" && nothing_left'
}

# --- a program that a module runs at both ends of a session -------------------------------------------

# say-where notes in $said which end it is, its PID and mount namespace, and what alice still runs.
said=$scratch/said-where
cat >/usr/bin/say-where <<EOT
#!/bin/bash
running=\$(ps -U alice -o stat=,comm= | awk '\$1 !~ /Z/ { print \$2 }' | xargs)
echo "\$PAM_TYPE \$(readlink /proc/self/ns/pid) \$(readlink /proc/self/ns/mnt) \$running" >>$said
EOT
chmod 755 /usr/bin/say-where

ran_on_host() { grep -Fqx "$1 $host_pid_ns $host_mnt_ns " $said; }
ran_in_session() {
	grep -Ex "$1 pid:.* mnt:.* sleep" $said >"$scratch/inside" && ! grep -Fq -e "$host_pid_ns" -e "$host_mnt_ns" "$scratch/inside"
}

# ran_at_both_ends: at the logout with two lines on the host, after the session; with one in it, beside the "sleep" that
# alice left running.
ran_at_both_ends() {
	cat $said
	ran_on_host open_session || return
	case $form in
	one) ran_in_session close_session ;;
	two) ran_on_host close_session ;;
	esac && rm $said
}
