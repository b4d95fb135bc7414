/* SPDX-License-Identifier: MIT */
#include "init/logins.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/descriptors.h"

/* What PID 1 has open beside the descriptors of each login. */
#define DESCRIPTORS_OF_ITS_OWN (FACT_FILES - LOGIN_DESCRIPTORS * FACT_LOGINS_MAX)

/*
 * Beyond the limit poll(2) does not only lack descriptors: it refuses to watch so many (EINVAL),
 * whether they are open or not.
 */
int logins_room(rlim_t files)
{
	if (files >= FACT_FILES)
		return FACT_LOGINS_MAX;
	if (files < LOGIN_DESCRIPTORS + DESCRIPTORS_OF_ITS_OWN)
		return 1;
	return (int)(files - DESCRIPTORS_OF_ITS_OWN) / LOGIN_DESCRIPTORS;
}

void logins_start(struct logins *logins, rlim_t files)
{
	logins->listener = FACT_FD_LISTENER;
	logins->room = logins_room(files);
	logins->left = false;
	logins->count = 0;
	logins_add(logins, login_first());
}

void logins_add(struct logins *logins, struct login login)
{
	logins->all[logins->count++] = login;
}

int logins_count_open(const struct logins *logins)
{
	int count = 0;

	for (int i = 0; i < logins->count; i++)
		count += login_has_open(&logins->all[i]);
	return count;
}

static struct pollfd *watched_of(struct logins *logins, int i)
{
	return &logins->watched[WATCHED_LOGINS + LOGIN_DESCRIPTORS * i];
}

/* If poll(2) fails, nothing has been seen. */
void logins_wait(struct logins *logins, int signals, int live)
{
	struct pollfd *watched = logins->watched;

	watched[WATCHED_SIGNALS] = (struct pollfd){.fd = signals, .events = POLLIN};
	watched[WATCHED_LISTENER] = (struct pollfd){.fd = logins->listener, .events = POLLIN};
	watched[WATCHED_LIVE] = (struct pollfd){.fd = live, .events = POLLIN};
	for (int i = 0; i < logins->count; i++)
		login_watch(&logins->all[i], watched_of(logins, i));
	poll(watched, (nfds_t)(WATCHED_LOGINS + LOGIN_DESCRIPTORS * logins->count), -1);
}

/*
 * Not before, as it takes the kernel some ten milliseconds, for which the close of a login that
 * stays alone would wait. If it fails PID 1 ends with the first login, and there is nobody to tell.
 */
void logins_leave_cgroup(struct logins *logins)
{
	if (logins->left || logins->watched[WATCHED_LISTENER].revents == 0)
		return;
	logins->left = true;
	(void)!write(FACT_FD_CGROUP, "0", 1);
}

static void forget_if_gone(struct logins *logins, int i)
{
	if (logins->all[i].state == LOGIN_GONE)
		logins->all[i] = logins->all[--logins->count];
}

/* Backwards: to forget one puts the last in its place, which has had its turn then. */
void logins_take(struct logins *logins)
{
	for (int i = logins->count - 1; i >= 0; i--) {
		login_take(&logins->all[i], watched_of(logins, i));
		forget_if_gone(logins, i);
	}
	if (logins->watched[WATCHED_LISTENER].revents != 0)
		logins_accept(logins);
}

void logins_dismiss(struct logins *logins)
{
	for (int i = logins->count - 1; i >= 0; i--) {
		login_dismiss(&logins->all[i]);
		forget_if_gone(logins, i);
	}
}

void logins_accept(struct logins *logins)
{
	int channel = accept4(logins->listener, NULL, NULL, SOCK_CLOEXEC);

	if (channel == -1)
		poll(NULL, 0, 10); /* the machine is out of files, and the listener stays ready */
	else if (logins->count >= logins->room)
		close(channel); /* it opens another session, which later ones join */
	else
		logins_add(logins, login_connected(channel));
}

/* Whether the name leads here: another session may have taken it meanwhile. */
static bool is_ours(const struct settings *settings)
{
	struct stat status;

	return settings->inode != -1 &&
	       fstatat(FACT_FD_DIRECTORY, settings->socket, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (ino_t)settings->inode == status.st_ino;
}

void logins_stop_listening(struct logins *logins, const struct settings *settings)
{
	if (logins->listener == -1)
		return;
	/* In this order: while the name is there, somebody listens, and nobody replaces it. */
	if (is_ours(settings))
		unlinkat(FACT_FD_DIRECTORY, settings->socket, 0);
	descriptor_close(&logins->listener);
}
