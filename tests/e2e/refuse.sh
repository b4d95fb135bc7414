#!/bin/bash
# SPDX-License-Identifier: MIT
# A session that cannot be isolated is refused: nobody gets in by halves.
. "$(dirname "$0")/../lib/libtest.sh"

init=$(ls /usr/libexec/pam_unshare/*/session-init)
ran=/home/alice/ran

via_su() { su alice -c "$1"; }
via_su-login() { su - alice -c "$1"; }
via_sudo() { sudo -u alice bash -c "$1"; }
via_sudo-pty() { on_terminal sudo -u alice bash -c "$1"; }
via_sshd() { ssh alice@localhost "$1"; }
via_sshd-terminal() { ssh -tt alice@localhost "$1"; }
echo 'Defaults use_pty' >/etc/sudoers.d/zz-pty

# refuses KIND [WRAPPER...]: the login fails, and its command does not run.
refuses() {
	local kind=$1
	shift
	rm -f $ran
	! "$@" "via_$kind" "touch $ran" >"$scratch/terminal" 2>&1 </dev/null || {
		echo "the login succeeded"
		return 1
	}
	cat "$scratch/terminal"
	not test -e $ran
}

# One line of ours at err: what it could not do, to whom, why.
log_says_why() {
	wait_until 10 log_holds 1 '^err .*pam_unshare\(.*:session\): alice: cannot .*' || {
		cat /run/syslog
		return 1
	}
	log_holds 1 '^(emerg|alert|crit|err|warning) .*pam_unshare\(' && grep -E "pam_unshare\(.*$1" /run/syslog
}

# No cause on the terminal; and one sentence of ours, but for sudo, which shows none of any module's.
terminal_is_discreet() {
	cat "$scratch/terminal"
	[ "$1" != su ] && [ "$1" != su-login ] || same 1 "$(grep -ci administrator "$scratch/terminal")" || return
	not grep -Ei 'session-init|namespace|/proc|EPERM|not permitted|No such file|too many|pam_unshare' "$scratch/terminal"
}

# took_less SECONDS COMMAND...
took_less() {
	local start=$EPOCHREALTIME limit=$(($1 * PATIENCE))
	shift
	"$@" && elapsed "$start" "$limit"
}

# check_refused WHEN REASON KIND...
check_refused() {
	local when=$1 reason=$2 kind
	shift 2
	for kind; do
		forget_log
		check "$when, $kind refuses the login" refuses "$kind"
		check "$when, one line of the log says why to $kind's administrator" log_says_why "$reason"
		case $kind in
		su* | sudo*) check "$when, the terminal of $kind does not show the cause" terminal_is_discreet "$kind" ;;
		esac
		check "$when, $kind leaves nothing" nothing_left
	done
}

check "su lets alice in, to begin with" eval 'via_su "touch $ran" && test -e $ran'

mv "$init" "$init.away"
check_refused "with session-init gone" 'No such file' su su-login sudo sudo-pty sshd sshd-terminal
su root -c look-around >"$scratch/look" 2>&1
check "with session-init gone, root gets in to repair it" not_isolated "$scratch/look"
: >"$init" && chmod 755 "$init"
check_refused "with an empty session-init" 'Exec format' su
cp /bin/false "$init"
for kind in su sudo sshd; do
	check "with a session-init that exits, no login through $kind stays" took_less 10 not via_$kind 'sleep 20'
done
cp /bin/cat "$init" # waits, but never says that it is ready
check "with something else as session-init, su does not hang" took_less 10 eval 'via_su true; true'
mv "$init.away" "$init"
chmod 644 "$init"
check_refused "with session-init not executable" 'Permission denied' su sudo sshd
chmod 755 "$init"
check "su lets alice in again" via_su true

# --- without the rights ------------------------------------------------------------------------------

no_admin() { setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$@"; }
kill "$(cat /run/sshd.pid)"
rm -f /run/sshd.pid
no_admin bash -c '. "$0"; start_sshd' "$lib/machine.sh"
forget_log
for kind in su sudo; do
	case $kind in su) command='su alice -c' ;; sudo) command='sudo -u alice bash -c' ;; esac
	rm -f $ran
	check "without CAP_SYS_ADMIN, $kind refuses the login" eval '
		! no_admin $command "touch $ran" >"$scratch/terminal" 2>&1 && not test -e $ran'
	check "without CAP_SYS_ADMIN, the log says why to $kind's administrator" \
		logged "^err .*pam_unshare\($kind:session\): alice: cannot .*: Operation not permitted.*CAP_SYS_ADMIN"
done
check "without CAP_SYS_ADMIN, sshd refuses the login" refuses sshd
check "without CAP_SYS_ADMIN, the log says why to sshd's administrator" \
	logged "^err .*pam_unshare\(sshd:session\): alice: cannot .*: Operation not permitted.*CAP_SYS_ADMIN"
kill "$(cat /run/sshd.pid)"
wait_until 10 not pgrep -x sshd
rm -f /run/sshd.pid
start_sshd

# A user namespace with every ID in it, and limits of its own: user.max_pid_namespaces is one for each.
in_user_ns() {
	local go=$scratch/go child
	rm -f "$go"
	unshare --user --mount --propagation private bash -c 'until [ -e "$0" ]; do sleep 0.02; done; exec "$@"' "$go" "$@" &
	child=$!
	wait_until 10 eval '[ "$(readlink /proc/$child/ns/user)" != "$(readlink /proc/self/ns/user)" ]' || return 99
	echo '0 0 4294967295' >/proc/$child/uid_map && echo '0 0 4294967295' >/proc/$child/gid_map && : >"$go"
	wait $child
}
limit_of_the_machine=$(cat /proc/sys/user/max_pid_namespaces)
rm -f $ran
forget_log
check "where the old /proc cannot be detached, as in a new user namespace, su refuses the login" eval '
	! in_user_ns su alice -c "touch $ran" && not test -e $ran'
check "where the old /proc cannot be detached, the log says so" \
	logged '^err .*pam_unshare\(su:session\): alice: cannot detach the procfs on /proc: it is locked; '
forget_log
check "with user.max_pid_namespaces=0, su refuses the login" eval '
	! in_user_ns bash -c "echo 0 >/proc/sys/user/max_pid_namespaces && su alice -c \"touch $ran\"" && not test -e $ran'
check "with user.max_pid_namespaces=0, the log names it" \
	logged '^err .*pam_unshare\(su:session\): alice: cannot .*: .*max_pid_namespaces'
check "the machine's limit is as it was" same "$limit_of_the_machine" "$(cat /proc/sys/user/max_pid_namespaces)"
forget_log
check "with user.max_mnt_namespaces=0, su refuses the login" eval '
	! in_user_ns bash -c "echo 0 >/proc/sys/user/max_mnt_namespaces && su alice -c \"touch $ran\"" && not test -e $ran'
check "with user.max_mnt_namespaces=0, the log names it" \
	logged '^err .*pam_unshare\(su:session\): alice: cannot .*: .*max_mnt_namespaces'

# --- at the limits -----------------------------------------------------------------------------------

# At the innermost PID namespace that the kernel allows: 32.
cat >"$scratch/innermost" <<'EOT'
#!/bin/bash
unshare --pid --fork true 2>/dev/null || exec "$@"
exec unshare --pid --fork --mount-proc "$0" "$@"
EOT
chmod 755 "$scratch/innermost"
forget_log
check "thirty-two namespaces deep, su refuses the login" eval '
	! "$scratch/innermost" su alice -c "touch $ran" && not test -e $ran'
check "thirty-two namespaces deep, the log says why" logged '^err .*pam_unshare\(su:session\): alice: cannot .*: .*32'

forget_log
check "without /proc, su refuses the login" eval '
	! unshare --mount bash -c "umount -l /proc; su alice -c \"touch $ran\"" && not test -e $ran'
check "without /proc, the log says why" logged '^err .*pam_unshare\(su:session\): alice: cannot .*/proc.*'
check "with something else on /proc, su refuses the login" eval '
	! unshare --mount bash -c "mount -t tmpfs none /proc; su alice -c \"touch $ran\"" && not test -e $ran'

isolates_or_refuses() {
	local ns
	ns=$("$@" su alice -c 'readlink /proc/self/ns/pid' 2>/dev/null) || return 1
	[ "$ns" != "$host_pid_ns" ] || exit 99
}
check "whatever the limit of open files, su isolates or refuses" eval '
	isolated=0
	for limit in {3..40}; do
		(isolates_or_refuses prlimit --nofile=$limit:$limit)
		case $? in
		0) isolated=$((isolated + 1)) ;;
		99) echo "with $limit files alice is on the host"; return 1 ;;
		esac
	done
	echo "$isolated isolated"; [ $isolated -gt 0 ] && [ $isolated -lt 38 ]'
check "after all of these nothing is left" nothing_left

# --- the line ----------------------------------------------------------------------------------------

options verbose
check_refused "with an option that nobody knows" verbose su sudo sshd
forget_log
su root -c look-around >"$scratch/look" 2>&1
check "with an option that nobody knows, root gets in" not_isolated "$scratch/look"
check "with an option that nobody knows, root's login is an error in the log" logged '^err .*pam_unshare\(su:session\):.*verbose'
options ''

# --- an application that does not fork ----------------------------------------------------------------

if have "a unit of systemd is refused" pamtester; then
	# By the name of its file systemd is known; what it does then pamtester does as well.
	mkdir -p /run/units && cp "$(command -v pamtester)" /run/units/systemd-executor
	unit() { (cd / && /run/units/systemd-executor su "$1" open_session close_session); }
	forget_log
	check "a unit of systemd is refused, and the log says why" eval '
		not unit alice && logged "^err .*pam_unshare\\(su:session\\): alice: cannot isolate a unit of systemd: it starts its program without a fork; "'
	check "if its user is left alone, it is not" unit root
	# As systemd keeps open what an update replaces.
	for name in systemd systemd-executor; do
		cp "$(command -v pamtester)" /run/units/$name
		exec {unit}</run/units/$name
		rm /run/units/$name
		forget_log
		check "a unit is refused, too, if an update has replaced $name" eval '
			not eval "(cd / && /proc/self/fd/$unit su alice open_session close_session)" &&
				logged "^err .*pam_unshare\\(su:session\\): alice: cannot isolate a unit of systemd: "'
		exec {unit}<&-
	done
	rm -r /run/units
	check "and nothing is left of it" nothing_left
fi

# --- no line -----------------------------------------------------------------------------------------

sed -i '/pam_unshare.so/d' /etc/pam.d/su
check "without the line alice is let in as ever" via_su true
finish
