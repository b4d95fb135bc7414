#!/bin/bash
# SPDX-License-Identifier: MIT
# systemctl in a session: by each login, under sudo, and with it service and the scripts of packages.
. "$(dirname "$0")/lib/libvm.sh"

# --- daemons to restart ------------------------------------------------------------------------------

# unit NAME: one of the system's, which runs.
unit() {
	printf '%s\n' '[Service]' 'ExecStart=/bin/sleep infinity' '[Install]' 'WantedBy=multi-user.target' >"/etc/systemd/system/$1.service"
	systemctl daemon-reload && systemctl start "$1"
}
main_pid() { systemctl show -P MainPID "$1"; }
unit vmd
install -d -o alice -g alice /home/alice/.config /home/alice/.config/systemd /home/alice/.config/systemd/user
cp /etc/systemd/system/vmd.service /home/alice/.config/systemd/user/vmu.service
loginctl enable-linger alice
alice_runs() { systemctl -q is-active "user@$(id -u alice)" && [ -S "/run/user/$(id -u alice)/bus" ]; }
wait_until 60 alice_runs || echo "# alice's systemd does not run"

# package VERSION: /var/tmp/vmp.deb, with a daemon; its postinst is what debhelper makes of one (dh_installsystemd).
package() {
	local tree=$scratch/vmp
	mkdir -p "$tree/DEBIAN" "$tree/usr/lib/systemd/system"
	printf '%s\n' 'Package: vmp' "Version: $1" 'Architecture: all' 'Maintainer: nobody <nobody@localhost>' \
		'Description: a daemon' >"$tree/DEBIAN/control"
	cat >"$tree/DEBIAN/postinst" <<-'EOF'
		#!/bin/sh
		set -e
		[ "$1" = configure ] || exit 0
		deb-systemd-helper unmask vmp.service >/dev/null || true
		if deb-systemd-helper --quiet was-enabled vmp.service; then
			deb-systemd-helper enable vmp.service >/dev/null || true
		fi
		if [ -d /run/systemd/system ]; then
			systemctl --system daemon-reload >/dev/null || true
			if [ -n "$2" ]; then action=restart; else action=start; fi
			deb-systemd-invoke $action vmp.service >/dev/null || true
		fi
	EOF
	chmod 755 "$tree/DEBIAN/postinst"
	printf '%s\n' '[Service]' "ExecStart=/bin/sleep infinity" '[Install]' 'WantedBy=multi-user.target' \
		>"$tree/usr/lib/systemd/system/vmp.service"
	dpkg-deb --root-owner-group -b "$tree" /var/tmp/vmp.deb >/dev/null && chmod 644 /var/tmp/vmp.deb
}
version=1
package 1
apt_get='apt-get -y -o Dpkg::Use-Pty=0 install /var/tmp/vmp.deb'
$apt_get >"$scratch/apt" 2>&1 || sed 's/^/# /' "$scratch/apt"

# --- logins as alice ---------------------------------------------------------------------------------

# KIND runs "$1", a shell command, in a login as alice.
via_ssh() { ssh alice@localhost "$1"; }
via_su() { su - alice -c "$1"; }
# login(1) hangs its terminal up and opens it again. tmux may have closed it in between: then once more.
begins_or_is_gone() { terminal_matches '\$$' || not tmux -L "test$terminals" has-session; }
open_login() {
	terminals=$((BASHPID * 10)) # this may be a subshell
	for try in 1 2 3 4 5; do
		terminal_open login -f alice
		wait_until 20 begins_or_is_gone
		! terminal_matches '\$$' || return 0
	done
	echo "no login on a terminal"
	return 1
}
# A login shell that reads the command from its terminal: login(1) takes none.
via_login() {
	rm -f /home/alice/status
	open_login || return
	printf '%s\n' "$1" >/home/alice/command && chmod 644 /home/alice/command
	terminal_type "bash ~/command >~/said 2>&1; echo \$? >~/status; exit"
	wait_until 60 test -s /home/alice/status || { terminal_screen; return 1; }
	terminal_close
	cat /home/alice/said
	return "$(cat /home/alice/status)"
}
# The session bus, as pam_systemd tells it to a login; by su it does not on every release.
user_bus='export XDG_RUNTIME_DIR=/run/user/$(id -u);'

# restarts UNIT KIND COMMAND: in the login, the command succeeds and the unit has another main process afterwards.
restarts() {
	local unit=$1 before after status
	before=$(main_pid "$unit")
	"via_$2" "$3"
	status=$?
	after=$(main_pid "$unit")
	[ $status = 0 ] && [ "$before" != 0 ] && [ "$after" != 0 ] && [ "$after" != "$before" ] || {
		echo "status $status, MainPID $before, then $after"
		return 1
	}
}
# leaves UNIT KIND COMMAND: the same main process as before, whatever the command says.
leaves() {
	local before
	before=$(main_pid "$1")
	"via_$2" "$3"
	[ "$before" != 0 ] && same "$before" "$(main_pid "$1")"
}
# Of alice's systemd, from the host.
as_alice() { setpriv --reuid alice --regid alice --init-groups env -i "XDG_RUNTIME_DIR=/run/user/$(id -u alice)" "$@"; }
fails_to_restart() {
	local said
	said=$(leaves vmd ssh 'sudo systemctl restart vmd && echo restarted') && same '' "$(grep restarted <<<"$said")"
}
user_pid() { as_alice systemctl --user show -P MainPID vmu; }
restarts_user_unit() {
	local before after
	as_alice systemctl --user daemon-reload && as_alice systemctl --user start vmu || return
	before=$(user_pid)
	"via_$1" "$user_bus systemctl --user restart vmu" || return
	after=$(user_pid)
	[ "${before:-0}" != 0 ] && [ "${after:-0}" != 0 ] && [ "$before" != "$after" ] || { echo "MainPID $before, then $after"; return 1; }
}
has_variable() { same 1 "$("$@" 'echo $SYSTEMCTL_FORCE_BUS' | tr -d '\r')"; }
isolated_with_variable() {
	local found
	found=$("$@" 'echo $SYSTEMCTL_FORCE_BUS; readlink /proc/self/ns/pid' | xargs)
	[[ $found == "1 pid:"* ]] && [ "$found" != "1 $host_pid_ns" ] || same "1 and another namespace than $host_pid_ns" "$found"
}
has_none() { same '' "$("$@" 'echo $SYSTEMCTL_FORCE_BUS' | tr -d '\r')"; }
# upgrade WHAT KIND: the login installs a new version of the package; WHAT is "restarts" or "leaves".
upgrade() {
	package $((version + 1)) && "$1" vmp "$2" "sudo $apt_get" || return
	same $((version + 1)) "$(dpkg-query -W -f '${Version}' vmp)"
}

for kind in ssh su login; do
	check "$kind: the login is isolated, and has SYSTEMCTL_FORCE_BUS" isolated_with_variable "via_$kind"
	check "$kind: sudo systemctl restart restarts a daemon" restarts vmd "$kind" 'sudo systemctl restart vmd'
	check "$kind: sudo service does" restarts vmd "$kind" 'sudo service vmd restart'
	check "$kind: systemctl --user restarts a unit of the user's" restarts_user_unit "$kind"
	check "$kind: apt-get install of a new version restarts its daemon" upgrade restarts "$kind"
	version=$((version + 1))
done
check "sudo -i restarts a daemon" restarts vmd ssh 'sudo -i systemctl restart vmd'
check "su - to root in a session does" restarts vmd ssh 'sudo su - -c "systemctl restart vmd"'

# --- sudo without the line ---------------------------------------------------------------------------

cp /etc/pam.d/sudo "$scratch/sudo"
sed -i '/pam_unshare/d' /etc/pam.d/sudo
checked() { nsinfo check --json sudo; } # its lines are not broken
under_sudo() { ssh alice@localhost "sudo bash -c '$1'"; }
check "without the line in sudo, sudo does not keep the variable" has_none under_sudo
check "sudo systemctl restart then fails, and nsinfo check says what to do" eval '
	fails_to_restart && checked | grep "sudo does not keep SYSTEMCTL_FORCE_BUS"'
check "apt-get install leaves the old daemon running" upgrade leaves ssh
version=$((version + 1))
install -m 440 /usr/share/doc/pam_unshare/examples/sudoers /etc/sudoers.d/pam_unshare
check "visudo takes the example for sudoers" visudo -c
check "with it sudo keeps the variable" has_variable under_sudo
check "sudo systemctl restart restarts the daemon" restarts vmd ssh 'sudo systemctl restart vmd'
check "sudo service does" restarts vmd ssh 'sudo service vmd restart'
check "apt-get install of a new version does" upgrade restarts ssh
check "nsinfo check has nothing to say any more" eval '
	checked | grep "sudo opens PAM sessions" && not grep "does not keep" <(checked)'
rm /etc/sudoers.d/pam_unshare
cp "$scratch/sudo" /etc/pam.d/sudo

# --- off, and on the host ----------------------------------------------------------------------------

options systemctl=direct
check "systemctl=direct: no login has the variable" eval 'has_none via_ssh && has_none under_sudo && has_none via_su'
check "systemctl=direct: sudo systemctl restart fails" fails_to_restart
check "systemctl=direct: systemctl --user fails" not via_ssh "$user_bus systemctl --user restart vmu"
options exempt=alice
check "who is left alone on the host does not have it" eval 'has_none via_ssh && has_none under_sudo && has_none via_su'
check "and systemctl works for them" restarts vmd ssh 'sudo systemctl restart vmd'
options
root_by_ssh() { ssh root@localhost "$1"; }
root_by_su() { su - root -c "$1"; }
root_by_sudo() { sudo bash -c "$1"; }
check "root on the host does not have it: ssh, su, sudo" eval 'has_none root_by_ssh && has_none root_by_su && has_none root_by_sudo'
of_systemd() { as_alice systemctl --user show-environment; }
check "the user's systemd does not have it" eval 'of_systemd | grep ^PATH && not grep SYSTEMCTL <(of_systemd)'
outside() { via_ssh "$user_bus systemd-run --user --pipe -q bash -c \"echo \\\$SYSTEMCTL_FORCE_BUS\""; }
check "what systemd-run starts outside of the session does not have it" same '' "$(outside)"

# --- what else asks systemd --------------------------------------------------------------------------

# What doc/limits.md says of each. They run in one login, which takes its time to open on a slow machine.
works='sudo systemctl status vmd
	sudo systemctl daemon-reload
	sudo systemctl enable vmd
	sudo systemd-run --wait true
	sudo systemd-run --pipe true
	systemd-run --user --wait true
	systemd-run --user --pipe true
	systemd-analyze time
	busctl list
	loginctl list-sessions
	sudo journalctl -n 1
	timedatectl show
	hostnamectl'
fails='sudo systemd-run true
	systemd-run --user true
	sudo systemd-run --scope true
	systemd-run --user --scope true
	sudo systemd-mount -t tmpfs tmpfs /mnt
	sudo systemd-analyze time
	systemd-analyze --user time
	busctl status org.freedesktop.systemd1'
{
	echo "$user_bus"
	sed 's/.*/{ & ; } >\/dev\/null 2>\&1 <\/dev\/null \&\& echo "works &" || echo "fails &"/' <<<"$works"$'\n'"$fails" | tr -d '\t'
} >"$scratch/commands"
via_ssh "$(cat "$scratch/commands")" >"$scratch/found"
while read -r command; do
	check "in a session this works: $command" grep -Fx "works $command" "$scratch/found"
done <<<"$works"
while read -r command; do
	case $(systemctl --version) in # others may ask systemd in another way
	'systemd 257 '*) check "in a session this does not work: $command" grep -Fx "fails $command" "$scratch/found" ;;
	*) skip "in a session this does not work: $command" "seen with systemd 257" ;;
	esac
done <<<"$fails"
check "nothing is left" wait_until 30 no_session

dpkg --purge vmp >/dev/null 2>&1
systemctl disable --now vmd >/dev/null 2>&1
rm -rf /etc/systemd/system/vmd.service* /home/alice/.config /home/alice/{said,status,command} /var/tmp/vmp.deb
loginctl disable-linger alice
systemctl daemon-reload
finish
