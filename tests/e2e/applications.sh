#!/bin/bash
# SPDX-License-Identifier: MIT
# Applications of other packages that are isolated: doas, schroot, sudo-rs, su-rs, vsftpd, telnetd, greetd, lightdm.
. "$(dirname "$0")/../lib/libtest.sh"
. "$lib/applications.sh"

install opendoas schroot vsftpd inetutils-telnetd telnet socat greetd lightdm xvfb sudo-rs
set_up_stacks doas schroot vsftpd greetd lightdm-autologin
echo alice:secret | chpasswd

# --- commands: doas, schroot, sudo-rs, su-rs ----------------------------------------------------------

via_doas() { doas -u alice sh -c "$1"; }
via_schroot() { schroot -c copy -u alice -d / -- sh -c "$1"; }
via_sudo-rs() { sudo-rs -u alice sh -c "$1"; }
via_su-rs() { su-rs alice -c "$1"; }
echo 'permit nopass root' >/etc/doas.conf

[ ! -d /etc/schroot ] || printf '%s\n' '[copy]' type=plain directory=/ users=root root-users=root >/etc/schroot/chroot.d/copy

for name in doas schroot sudo-rs su-rs; do
	service=${name%-rs}
	has_application $name $name || continue
	forget_log
	check_isolated $name $service alice via_$name look-around
	check "$name: an exit status comes through" exits 7 via_$name 'exit 7'
	check "$name: nothing is left" nothing_left
	check "$name: nsinfo check calls it isolated" says ok $service 'isolated \('
	check "$name: alice is refused if no session can be opened" eval '
		same "" "$(without_session via_$name "echo in" 2>/dev/null)" && refusal_is_logged $service'
done

# --- vsftpd -------------------------------------------------------------------------------------------

if has_application vsftpd vsftpd; then
	# Only with session_support does it open a session.
	printf '%s\n' listen=YES listen_ipv6=NO listen_address=127.0.0.1 listen_port=2121 local_enable=YES background=NO \
		session_support=YES >/etc/vsftpd.conf
	start vsftpd /etc/vsftpd.conf
	wait_until 10 listens 2121
	ftp 'readlink /proc/$(pgrep -u alice vsftpd)/ns/pid' >"$scratch/ftp" 2>&1
	check "vsftpd: the process that serves alice is in a private PID namespace, and she sees its /proc" eval '
		cat "$scratch/ftp"; grep -Eq "^sees=1 [0-9]+$" "$scratch/ftp" && grep "^pid:" "$scratch/ftp" &&
			! grep -Fq "$host_pid_ns" "$scratch/ftp"'
	check "vsftpd: nothing is left of the session" session_left_nothing
	check "vsftpd: nsinfo check calls it isolated" says ok vsftpd 'isolated \('
	forget_log
	check "vsftpd: alice is refused if no session can be opened" eval '
		not without_session ftp 2>"$scratch/ftp" && grep "530" "$scratch/ftp" && refusal_is_logged vsftpd'
	stop
fi

# --- login, as telnetd starts it ----------------------------------------------------------------------

# telnet_in: alice logs in and looks around.
telnet_in() {
	rm -f /home/alice/telnet
	terminal_open telnet 127.0.0.1 2323
	terminal_shows 'login:$' || return
	terminal_type alice
	terminal_shows '^Password:' || return
	terminal_type secret
	terminal_shows '\$$' || return
	terminal_type 'look-around >telnet 2>&1; exit'
	wait_until 10 grep -q ^ps: /home/alice/telnet
}

if has_application telnetd telnetd telnet socat tmux; then
	start socat TCP-LISTEN:2323,bind=127.0.0.1,reuseaddr,fork EXEC:telnetd,nofork
	wait_until 10 listens 2323
	service=login
	! grep -aqz '^remote$' /bin/login || service=remote # util-linux's, with -h
	if [ $service = remote ]; then
		check "telnetd: without a file for the service remote, alice is let in and not isolated" eval '
			telnet_in && not_isolated /home/alice/telnet'
		check "telnetd: nsinfo check warns of that" eval 'nsinfo check -nro LEVEL,SUBJECT | grep -x "warning remote"'
		cp /etc/pam.d/login /etc/pam.d/remote
	fi
	check "telnetd: alice logs in" telnet_in
	check "telnetd: she lands in a private PID namespace and sees nothing of the host" \
		isolated $service alice /home/alice/telnet
	terminal_close
	check "telnetd: nothing is left of the session" session_left_nothing
	check "telnetd: nsinfo check calls it isolated" says ok $service 'isolated \('
	forget_log
	check "telnetd: she is refused if no session can be opened" eval '
		not without_session telnet_in && terminal_close && refusal_is_logged $service'
	stop
	rm -f /etc/pam.d/remote
fi

# --- greetd -------------------------------------------------------------------------------------------

if has_application greetd greetd; then
	cat >/run/greetd.toml <<-'EOT'
		[terminal]
		vt = "none"
		[general]
		runfile = "/run/greetd.once"
		[initial_session]
		command = "sh -c 'look-around >greetd 2>&1'"
		user = "alice"
		[default_session]
		command = "sh -c 'echo greeter >/run/greeter; sleep 1000'"
		user = "root"
	EOT
	greetd_starts() {
		rm -f /run/greetd.once /run/greeter /home/alice/greetd
		start greetd -c /run/greetd.toml
		wait_until 10 test -s /run/greeter # which comes after alice's session
		stop
	}
	check "greetd: alice's session comes and ends, and the greeter after it" greetd_starts
	check "greetd: her session is in a private PID namespace and sees nothing of the host" \
		isolated greetd alice /home/alice/greetd
	check "greetd: nothing is left of the session" session_left_nothing
	check "greetd: nsinfo check calls it isolated" says ok greetd 'isolated \('
	forget_log
	check "greetd: she is refused if no session can be opened" eval '
		without_session greetd_starts; not test -e /home/alice/greetd && refusal_is_logged greetd'
fi

# --- lightdm ------------------------------------------------------------------------------------------

if has_application lightdm lightdm Xvfb dbus-daemon; then
	groupadd -f autologin
	usermod -aG autologin alice
	# An X server: of what lightdm puts on its command line, what Xvfb knows.
	cat >/usr/bin/start-xvfb <<-'EOT'
		#!/bin/bash
		display=$1
		while [ $# -gt 1 ] && [ "$1" != -auth ]; do shift; done
		exec Xvfb "$display" -screen 0 320x200x8 -nolisten tcp -auth "$2"
	EOT
	printf '#!/bin/sh\nlook-around >desktop 2>&1\n' >/usr/bin/look-session
	chmod 755 /usr/bin/start-xvfb /usr/bin/look-session
	mkdir -p /usr/share/xsessions /run/dbus
	printf '%s\n' '[Desktop Entry]' Name=Look Exec=/usr/bin/look-session Type=Application >/usr/share/xsessions/look.desktop
	cat >/run/lightdm.conf <<-'EOT'
		[Seat:*]
		xserver-command=/usr/bin/start-xvfb
		session-wrapper=/usr/bin/env
		autologin-user=alice
		autologin-session=look
		greeter-session=none
	EOT
	dbus-daemon --system --nopidfile --nofork >/dev/null 2>&1 &
	bus=$!
	wait_until 10 test -S /run/dbus/system_bus_socket
	# It ends when alice's session does, for there is no greeter.
	lightdm_starts() {
		rm -f /home/alice/desktop
		start lightdm -c /run/lightdm.conf
		wait_until 20 ended
		stop
	}
	check "lightdm: it starts, and ends after alice's session" lightdm_starts
	check "lightdm: her session is in a private PID namespace and sees nothing of the host" \
		isolated lightdm-autologin alice /home/alice/desktop
	check "lightdm: nothing is left of the session" session_left_nothing
	check "lightdm: nsinfo check calls it isolated" says ok lightdm-autologin 'isolated \('
	forget_log
	check "lightdm: she is refused if no session can be opened" eval '
		without_session lightdm_starts; not test -e /home/alice/desktop && refusal_is_logged lightdm-autologin'
	kill $bus
	wait $bus 2>/dev/null
fi
finish
