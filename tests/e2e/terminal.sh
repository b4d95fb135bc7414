#!/bin/bash
# SPDX-License-Identifier: MIT
# Sessions on a terminal: job control, suspension, hang-up, login(1).
. "$(dirname "$0")/../lib/libtest.sh"

have "job control" tmux || finish
echo 'Defaults use_pty' >/etc/sudoers.d/zz-pty
printf '%s\n' 'PS1="\u> "' 'unset PROMPT_COMMAND' >/etc/bash.bashrc
echo '. /etc/bash.bashrc' >/etc/profile
rm -rf /etc/profile.d /etc/update-motd.d /root/.bashrc # Ubuntu's sets a prompt

sleeps() { pgrep -u alice -x sleep; }
awake() { pgrep -u alice -x sleep -r S; }
stopped() { pgrep -u alice -x sleep -r T; }
in_foreground() { ps -u alice -o stat=,comm= | grep -q '^S.*+ *sleep'; }

# shell_of COMMAND: root's interactive shell on a new terminal, where COMMAND has started alice's.
shell_of() {
	terminal_open bash -i && terminal_shows '^root>$' && terminal_type "$1" && terminal_shows '^alice>$'
}

# prints COMMAND REGEX: typed at the shell, the command prints a line that matches.
prints() { terminal_type "$1" && terminal_shows "^$2"; }

interrupts() {
	terminal_type 'sleep 1000' && wait_until 10 awake && terminal_key C-c && wait_until 10 not sleeps &&
		prints 'echo status-$?' 'status-130'
}
stops_and_resumes() {
	terminal_type 'sleep 1000' && wait_until 10 awake && terminal_key C-z && wait_until 10 stopped &&
		terminal_shows 'Stopped +sleep 1000' && terminal_type bg && wait_until 10 awake &&
		prints 'echo free-$((1 + 1))' free-2 && terminal_type fg && terminal_shows '^sleep 1000$' &&
		wait_until 10 in_foreground &&
		terminal_key C-c && wait_until 10 not sleeps
}
terminates_with_a_job() { prints 'sleep 1000 & echo job-$((2 + 2))' job-4; }
leaves() { terminal_type "exit 3" && terminal_shows '^root>$' && prints 'echo status-$?' status-3; }

while IFS='|' read -r kind command service; do
	check "$kind: alice gets a shell" shell_of "$command"
	check "$kind: it is in a session" prints 'ps -p 1 -o args=' "pam_unshare: alice \[$service\]"
	check "$kind: it has job control" not terminal_matches 'no job control'
	check "$kind: ^C ends the foreground job" interrupts
	check "$kind: ^Z stops it, bg and fg go on with it" stops_and_resumes
	terminal_clear
	check "$kind: the window's size is known" prints 'stty size' '40 90'
	terminal_resize 70 30
	check "$kind: a change of the window's size is noticed" eval \
		'wait_until 10 eval "terminal_type \"stty size\"; terminal_matches \"^30 70\"" || { terminal_screen; return 1; }'
	check "$kind: a job runs in the background at logout" terminates_with_a_job
	terminal_clear
	check "$kind: the exit status of the shell comes through" leaves
	check "$kind: the terminal works as before" prints 'stty -a | grep -o " icanon"; echo sane' 'sane'
	check "$kind: nothing is left" nothing_left
	check "$kind: when the terminal hangs up, the session ends" eval 'shell_of "$command" && terminal_close && nothing_left'
done <<EOT
su|su alice|su
su -|su - alice|su-l
su -P|su -P alice|su
sudo|sudo -u alice bash|sudo
sudo -i|sudo -i -u alice|$(service_of_sudo_i)
ssh|ssh alice@localhost|sshd
EOT

for command in 'su alice' 'sudo -u alice bash'; do
	check "$command: suspend goes back to the caller's shell, and fg to alice's" eval '
		shell_of "$command" && terminal_type suspend && terminal_shows "Stopped.*$command" &&
			prints "echo outside-\$UID" outside-0 && terminal_type fg && prints "echo inside-\$UID" inside-63001'
	check "$command: and nothing is left after it" eval 'terminal_type exit; terminal_shows "^root>$"; terminal_close; nothing_left'
done

# login hangs up the terminal it starts on, so it has one to itself.
have "login(1)" login && {
	check "login: alice gets a shell" eval 'terminal_open login -f alice && terminal_shows "^alice>$"'
	check "login: it is in a session" prints 'ps -p 1 -o args=' 'pam_unshare: alice \[login\]'
	check "login: the terminal is alice's" prints 'stat -c owner-%U $(tty)' owner-alice
	check "login: ^C ends the foreground job" interrupts
	check "login: ^Z stops it, bg and fg go on with it" stops_and_resumes
	check "login: nothing is left" eval 'terminal_type exit; nothing_left'
}
terminal_close
finish
