/* SPDX-License-Identifier: MIT */
#include "init/signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

/*
 * Blocked, not ignored: the kernel drops a signal to PID 1 that has no handler, but queues a
 * blocked one (kernel/signal.c, sig_ignored), and SIGCHLD must arrive.
 */
int signals_open(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	return signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
}

/*
 * A sender that this namespace cannot name has PID 0: it is in an ancestor (kernel/signal.c,
 * send_signal_locked). Nobody can forge that: rt_sigqueueinfo(2) refuses si_code SI_USER. Signals
 * from inside, root's too, change nothing.
 */
static bool asks_to_end(const struct signalfd_siginfo *info)
{
	return info->ssi_signo == SIGTERM && info->ssi_code == SI_USER && info->ssi_pid == 0;
}

bool signals_take(int signals)
{
	struct signalfd_siginfo info;
	bool end = false;

	while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		end |= asks_to_end(&info);
	return end;
}
