/* SPDX-License-Identifier: MIT */

#include "exec/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

static struct terminal *restored_if_killed;

int terminal_open_again(int fd, int flags)
{
	char path[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
	struct stat st;
	int again = -1;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (isatty(fd) || (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode)))
		again = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	/* A pipe that nobody reads any more cannot be opened; writing to it will say so. */
	if (again == -1)
		again = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return again == -1 ? -errno : again;
}

int terminal_open(struct terminal *terminal)
{
	*terminal = (struct terminal)TERMINAL_NONE;
	for (int fd = 0; fd <= 2; fd++) {
		int again;

		if (!isatty(fd))
			continue;
		again = terminal_open_again(fd, O_RDWR);
		if (again < 0)
			return again;
		terminal->fd = again;
		break;
	}
	return 0;
}

void terminal_close(struct terminal *terminal)
{
	terminal_restore(terminal);
	cleanup_close(&terminal->fd);
}

/*
 * A terminal that is not this session's (as after the setsid(2) of "su -c") has no job control for
 * us: tcgetpgrp(3) says ENOTTY, and reading is allowed.
 */
bool terminal_is_ours(const struct terminal *terminal)
{
	pid_t foreground;

	if (terminal->fd < 0)
		return false;
	foreground = tcgetpgrp(terminal->fd);
	return foreground == getpgrp() || (foreground == -1 && errno == ENOTTY);
}

void terminal_raw(struct terminal *terminal)
{
	struct termios raw;

	/*
	 * After a SIGSTOP in raw mode, a shell may have set our own modes again, and not the
	 * caller's.
	 */
	if (!terminal->raw && tcgetattr(terminal->fd, &terminal->modes) == -1)
		return;
	terminal->raw = true;
	raw = terminal->modes;
	cfmakeraw(&raw);
	/* Not TCSADRAIN: a terminal that takes no output would hold us here. */
	tcsetattr(terminal->fd, TCSANOW, &raw);
}

void terminal_restore(struct terminal *terminal)
{
	/* In the background the modes are another job's: the shell has set them. */
	if (!terminal->raw || !terminal_is_ours(terminal))
		return;
	tcsetattr(terminal->fd, TCSANOW, &terminal->modes);
	terminal->raw = false;
}

static void restore_and_die(int signal)
{
	terminal_restore(restored_if_killed);
	raise(signal); /* SA_RESETHAND: this time it ends the process */
}

void terminal_restore_if_killed(struct terminal *terminal)
{
	const struct sigaction action = {
		.sa_handler = restore_and_die, .sa_flags = (int)SA_RESETHAND};

	restored_if_killed = terminal;
	for (int signal = 1; signal <= SIGRTMAX; signal++) {
		struct sigaction old;

		if (signal == SIGCHLD || signal == SIGCONT || signal == SIGURG ||
			signal == SIGWINCH || signal == SIGTSTP || signal == SIGTTIN ||
			signal == SIGTTOU)
			continue; /* these do not end a process: signal(7) */
		if (sigaction(signal, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			sigaction(signal, &action, NULL);
	}
}

int terminal_new(const struct terminal *terminal, uid_t owner, int *master, int *slave)
{
	*slave = -1;
	*master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (*master == -1)
		return -errno;
	/* TIOCGPTPEER, not the name: that may be another terminal's if /dev/pts is another. */
	if (unlockpt(*master) == -1 ||
		(*slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)) == -1 ||
		fchown(*slave, owner, (gid_t)-1) == -1)
		return -errno;
	terminal_copy_size(terminal, *master);
	return 0;
}

void terminal_copy_modes(const struct terminal *terminal, int master)
{
	struct termios modes;

	if (tcgetattr(terminal->fd, &modes) == 0)
		tcsetattr(master, TCSANOW, &modes); /* the slave's: ioctl_tty(2) */
}

void terminal_copy_size(const struct terminal *terminal, int master)
{
	struct winsize size;

	if (ioctl(terminal->fd, TIOCGWINSZ, &size) == 0)
		ioctl(master, TIOCSWINSZ, &size);
}
