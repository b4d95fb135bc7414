#!/bin/bash
# SPDX-License-Identifier: MIT
# pam_limits before our line: whatever limit it sets, a login that works without our line works with it, isolated and
# with the same limits. If it cannot, it is refused, and the log names the limit.
. "$(dirname "$0")/../lib/libtest.sh"

# Root of this copy may raise a limit; in a container it may not.
if prlimit --nofile=64:64 prlimit --nofile=65:65 true 2>/dev/null; then can_raise=1; else can_raise=; fi

for service in su sudo sshd; do
	grep -q '^session.*pam_limits.so' "/etc/pam.d/$service" ||
		sed -i 's/^session required pam_unshare.so/session required pam_limits.so\n&/' "/etc/pam.d/$service"
done
rm -f /etc/security/limits.d/*
: >/etc/security/limits.conf
limits() { printf 'alice %s\n' "$@" >/etc/security/limits.conf; }

via_su() { su alice -c "$1"; }
via_sudo() { sudo -u alice bash -c "$1"; }
via_sshd() { ssh alice@localhost "$1"; }

# What a login tells: where it is, and all its limits. By bash alone, which needs little.
tells='readlink /proc/self/ns/pid; ulimit -Sa; ulimit -Ha; read -r -a stat </proc/self/stat; echo "nice ${stat[18]}"; exit 7'

# without SERVICE, with SERVICE: such a login without our line, and with it. Its status is in $status, what it told
# in the files "without" and "with", and what it said else in "terminal".
log_in() {
	timeout -s KILL 30 bash -c "$(declare -f "via_$1"); via_$1 \"\$1\"" - "$tells" 2>"$scratch/terminal" </dev/null |
		cat >"$scratch/$2" # a pipe: fsize is no limit for that
	status=${PIPESTATUS[0]}
}
without() {
	sed -i 's/^session required pam_unshare.so/#&/' "/etc/pam.d/$1"
	log_in "$1" without
	sed -i 's/^#\(session required pam_unshare.so\)/\1/' "/etc/pam.d/$1"
}
with() {
	forget_log
	log_in "$1" with
}

ran() { grep -q '^nice ' "$scratch/$1"; }
works() { [ $status = 7 ] && ran "$1"; }

# isolated_as_without: the login with our line told the same as the one without, but for the PID namespace.
isolated_as_without() {
	local ns
	works with && ns=$(head -n 1 "$scratch/with") && same "$host_pid_ns" "$(head -n 1 "$scratch/without")" &&
		[ -n "$ns" ] && [ "$ns" != "$host_pid_ns" ] && diff <(tail -n +2 "$scratch/without") <(tail -n +2 "$scratch/with")
}

# refused SERVICE REGEX: nothing ran, and the one error of ours in the log matches.
refused() {
	[ $status != 7 ] && not ran with &&
		logged "^err .*pam_unshare\($1:session\): alice: cannot .*$2" && log_holds 1 '^err .*pam_unshare'
}

# sweep SERVICE "TYPE ITEM" REGEX VALUE...: a login with each value. If it works without our line, it is isolated, or
# refused with a line of the log that the REGEX matches; '' if it may not be refused. Counts in $isolated and $refused.
sweep() {
	local service=$1 item=$2 regex=$3 value
	isolated=0 refused=0
	shift 3
	for value; do
		limits "$item $value"
		without "$service"
		works without || continue
		with "$service"
		if isolated_as_without >"$scratch/why" 2>&1; then
			isolated=$((isolated + 1))
		elif [ -n "$regex" ] && refused "$service" "$regex" >>"$scratch/why" 2>&1; then
			refused=$((refused + 1))
		else
			echo "$service, $item $value: status $status"
			cat "$scratch/why" "$scratch/terminal" /run/syslog
			return 1
		fi
	done
	echo "$isolated isolated, $refused refused"
}

# --- limits that leave room --------------------------------------------------------------------------

usual=('hard as 900000' 'hard data 400000' 'hard stack 4096' 'hard nofile 100' 'hard nproc 300' 'hard fsize 100000'
	'hard core 0' 'hard cpu 5' 'hard memlock 32' 'hard msgqueue 40000' 'hard sigpending 500' 'hard locks 50'
	'hard rtprio 0' 'hard nice 19' 'soft nofile 90' 'soft nproc 200' '- priority 7')
for service in su sudo sshd; do
	limits "${usual[@]}"
	without "$service"
	with "$service"
	check "$service: each limit and the priority are what pam_limits sets, and the status is kept" isolated_as_without
	check "$service: pam_limits has set them" eval '
		grep -Eq "^open files .* 90$" "$scratch/with" && grep -Eq "^open files .* 100$" "$scratch/with" &&
		grep -Eq "^virtual memory .* 900000$" "$scratch/with" && grep -q "^nice 7$" "$scratch/with" || cat "$scratch/with"'
	# nproc counts what alice runs on the whole machine, in other copies as well.
	for item in 'stack 64 1000' 'nproc 30 300' 'fsize 0 100000' 'cpu 1' 'sigpending 0' 'memlock 0' 'msgqueue 0' 'locks 0' 'rtprio 0' 'core 0'; do
		read -r name values <<<"$item"
		check "$service: a low limit \"$name\" refuses no login" eval '
			sweep "$service" "hard $name" "" $values && [ $isolated -gt 0 ]'
	done
	check "$service: after these nothing is left" nothing_left
done

# --- limits below the size of the application --------------------------------------------------------

as_values='3000 3500 4000 4500 5000 5500 6000 6500 7000 7500 8000 8500 9000 10000 12000'
data_values='200 300 400 500 600 700 800 900 1000 1100 1200 1500 2000'
check_memory() {
	local service=$1 item values_of name
	for item in as data; do
		values_of=${item}_values
		name=RLIMIT_${item^^}
		check "$service: a soft limit \"$item\" below the size of $service refuses no login" eval '
			sweep "$service" "soft $item" "" ${!values_of} && [ $isolated -gt 0 ]'
		if [ -n "$can_raise" ]; then
			check "$service: nor does a hard one" eval '
				sweep "$service" "hard $item" "" ${!values_of} && [ $isolated -gt 0 ]'
		else
			check "$service: without CAP_SYS_RESOURCE a hard one does, and the log names it" eval '
				sweep "$service" "hard $item" "within the [0-9]+ KiB of $name: Cannot allocate memory; .*limits.conf" \
					${!values_of} && [ $isolated -gt 0 ] && [ $refused -gt 0 ]'
		fi
		check "$service: with limits \"$item\" nothing is left" nothing_left
	done
}
check_memory su
check_memory sudo
# sshd itself needs about as much after the session is opened.
as_values='16000 18000 19000 20000 30000' data_values='1000 1500 2000 3000'
for item in as data; do
	values_of=${item}_values
	check "sshd: with a soft limit \"$item\" each login works that does without our line" eval '
		sweep sshd "soft $item" "" ${!values_of} && [ $isolated -gt 0 ]'
done
options scope=user
as_values='4500 5000 5500 6000 6500'
check "a login that shares a session is not refused for a soft limit \"as\" either" eval '
	sweep su "soft as" "" $as_values && [ $isolated -gt 0 ]'
options ''

# Two at once, with little left.
limits 'soft as 20000' 'soft data 4000'
without su
with su
check "two limits of memory are both the same in the session" isolated_as_without
limits 'hard as 3500' 'hard data 200'
via_su() { setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource su alice -c "$1"; }
with su
check "without CAP_SYS_RESOURCE, and if two limits of memory are too low, the log names both" refused su \
	'within the 3500 KiB of RLIMIT_AS and the 200 KiB of RLIMIT_DATA: Cannot allocate memory; .*limits.conf'
via_su() { su alice -c "$1"; }

# --- others ------------------------------------------------------------------------------------------

for service in su sudo sshd; do
	check "$service: if \"nofile\" leaves too few, the log names it" eval '
		sweep "$service" "hard nofile" "Too many open files; .*nofile in limits.conf" {5..20..3} 30 40 &&
			[ $isolated -gt 0 ] && [ $refused -gt 0 ]'
	limits 'hard maxlogins 0'
	with "$service"
	check "$service: who may not log in once more is refused, not by us" eval '
		[ $status != 7 ] && not ran with && not grep "^err .*pam_unshare" /run/syslog'
	check "$service: after that nothing is left" nothing_left
done
limits 'soft core 0'
with su
check "without such limits all is as it was" works with
finish
