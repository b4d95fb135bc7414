/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_TERMINAL_H
#define NSINFO_TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

/* The terminal that the caller types at, and a new one for a command that is not to get it. */

struct terminal {
	int fd;   /* an open file of our own, which does not block; -1: no terminal */
	bool raw; /* its modes are ours, and these are to be set again: */
	struct termios modes;
};

#define TERMINAL_NONE                                                                              \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/*
 * terminal_open_again - the terminal or pipe that a descriptor of the caller's is open on: a new
 * description of it, which does not block. The flags of the old one are shared with the caller's
 * shell, and stay as they are. Of anything else it is a copy of the descriptor.
 * @flags: O_WRONLY or O_RDWR. Not for reading a pipe: a FIFO that has no writer any more, and is
 * opened again for reading without blocking, never says that it has ended (fifo_open in fs/pipe.c).
 *
 * Returns a descriptor, close-on-exec, or a negative errno.
 */
int terminal_open_again(int fd, int flags);

/* terminal_open - the first of 0, 1 and 2 that is one. None is no error. Returns 0 or an errno. */
int terminal_open(struct terminal *terminal);
void terminal_close(struct terminal *terminal);

/* terminal_is_ours - may this process read it, and change its modes? Not from the background. */
bool terminal_is_ours(const struct terminal *terminal);

/* terminal_raw - from here on each byte comes as it was typed, ^C too. */
void terminal_raw(struct terminal *terminal);

/* terminal_restore - the modes that terminal_raw() found. */
void terminal_restore(struct terminal *terminal);

/*
 * terminal_restore_if_killed - restore it also if a signal ends this process that is neither
 * blocked nor handled. One terminal in a process.
 */
void terminal_restore_if_killed(struct terminal *terminal);

/*
 * terminal_new - a pseudoterminal of the size of this one.
 * @owner: of the slave.
 * @master: does not block. Both are the caller's to close, and close-on-exec.
 *
 * Returns 0 or a negative errno.
 */
int terminal_new(const struct terminal *terminal, uid_t owner, int *master, int *slave);

/*
 * terminal_copy_modes - to the pseudoterminal. Only from the foreground: in the background they are
 * those of the shell's line editor.
 */
void terminal_copy_modes(const struct terminal *terminal, int master);

/* terminal_copy_size - to the pseudoterminal; its foreground gets SIGWINCH if it is another. */
void terminal_copy_size(const struct terminal *terminal, int master);

#endif
