/* SPDX-License-Identifier: MIT */

/*
 * What a user may ask the kernel that tells of processes outside of the session; for tells.sh. The
 * first argument is one of:
 *
 * - ask NAME: on the host, have the proc connector tell until the parent ends, and give
 *   short-lived processes this name
 * - hear NAME: wait until the proc connector tells of that name
 * - map FILE: how many processes map the first page of a file, this one included
 * - watch FILE: say "watching", and wait until somebody opens the file
 * - key: have a key, for as long as the process lives
 * - serve SOCKET: listen there
 * - reach SOCKET: what can be done with a descriptor for the process that listens there; a line
 *   for each try, with "ok" or the error
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

#define HEAR_LIMIT_MS 20000

static int say(const char *what, long result)
{
	printf("%s: %s\n", what, result == -1 ? strerror(errno) : "ok");
	fflush(stdout);
	return result == -1 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* --- the proc connector --- */

static int join(void)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR);

	if (fd == -1 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) == -1)
		exit(say("joining", -1));
	return fd;
}

static long ask(int fd, enum proc_cn_mcast_op operation)
{
	_Alignas(struct nlmsghdr) char
		buffer[NLMSG_SPACE(sizeof(struct cn_msg) + sizeof(uint32_t))] = {0};
	struct nlmsghdr *header = (struct nlmsghdr *)buffer;
	struct cn_msg *message = NLMSG_DATA(header);
	uint32_t data = operation;

	header->nlmsg_len = sizeof(buffer);
	header->nlmsg_type = NLMSG_DONE;
	message->id = (struct cb_id){CN_IDX_PROC, CN_VAL_PROC};
	message->len = sizeof(data);
	memcpy(message->data, &data, sizeof(data));
	return send(fd, buffer, sizeof(buffer), 0);
}

static void end(int signal)
{
	(void)signal;
}

static int ask_until_parent_ends(const char *name)
{
	const struct timespec pause = {.tv_nsec = 50000000};
	const struct sigaction action = {.sa_handler = end};
	pid_t parent = getppid();
	int fd = join();

	sigaction(SIGTERM, &action, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	ask(fd, PROC_CN_MCAST_LISTEN);
	while (getppid() == parent && nanosleep(&pause, NULL) == 0) {
		pid_t child = fork();

		if (child == 0) {
			prctl(PR_SET_NAME, name);
			_exit(0);
		}
		if (child != -1)
			waitpid(child, NULL, 0);
		while (recv(fd, &(char){0}, 1, MSG_DONTWAIT) != -1 || errno == ENOBUFS)
			;
	}
	ask(fd, PROC_CN_MCAST_IGNORE);
	return EXIT_SUCCESS;
}

static int hear(const char *name)
{
	_Alignas(struct nlmsghdr) char buffer[1024] = {0};
	const struct cn_msg *message = NLMSG_DATA((struct nlmsghdr *)buffer);
	int fd = join();
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	struct proc_event event;

	if (ask(fd, PROC_CN_MCAST_LISTEN) == -1)
		return say("asking", -1);
	while (poll(&poller, 1, HEAR_LIMIT_MS) == 1) {
		if (recv(fd, buffer, sizeof(buffer), 0) == -1)
			continue; /* ENOBUFS: there were more */
		memcpy(&event, message->data, sizeof(event));
		if (event.what == PROC_EVENT_COMM &&
			strncmp(event.event_data.comm.comm, name,
				sizeof(event.event_data.comm.comm)) == 0)
			return say("heard", 0);
	}
	errno = ETIMEDOUT;
	return say("hearing", -1);
}

/* --- files --- */

/* A field of smaps of the mapping at ADDRESS, in KiB, proc_pid_smaps(5). */
static long smaps(const void *address, const char *field)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	char line[512], begin[32];
	bool here = false;
	long value = -1;

	snprintf(begin, sizeof(begin), "%lx-", (unsigned long)address);
	while (file && value == -1 && fgets(line, sizeof(line), file)) {
		here |= strncmp(line, begin, strlen(begin)) == 0;
		if (here && strncmp(line, field, strlen(field)) == 0)
			value = strtol(line + strlen(field), NULL, 10);
	}
	if (file)
		fclose(file);
	return value;
}

static int map(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *page = mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0);
	long proportional;

	if (page == MAP_FAILED)
		return say("mapping", -1);
	(void)*(const volatile char *)page;
	proportional = smaps(page, "Pss:");
	if (proportional <= 0)
		return EXIT_FAILURE;
	printf("%ld\n", smaps(page, "Rss:") / proportional);
	return EXIT_SUCCESS;
}

static int watch(const char *path)
{
	char buffer[4096];
	int fd = inotify_init1(IN_CLOEXEC);

	if (inotify_add_watch(fd, path, IN_OPEN) == -1)
		return say("watching", -1);
	puts("watching");
	fflush(stdout);
	return say("opened", read(fd, buffer, sizeof(buffer)));
}

static int key(void)
{
	/* -2: the process's keyring, linux/keyctl.h */
	if (say("key", syscall(SYS_add_key, "user", "tells", "x", 1, -2)) == EXIT_FAILURE)
		return EXIT_FAILURE;
	return pause();
}

/* --- a descriptor for a process --- */

static int unix_socket(const char *path, int (*use)(int, const struct sockaddr *, socklen_t))
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (fd == -1 || use(fd, (const struct sockaddr *)&address, sizeof(address)) == -1)
		exit(say(path, -1));
	return fd;
}

static int serve(const char *path)
{
	int fd = unix_socket(path, bind);

	if (chmod(path, 0666) == -1 || listen(fd, 16) == -1)
		return say("listening", -1);
	return pause();
}

/* What it has open, as far as NUMBER says; of a directory, a file in it. */
static void reach_files(int pidfd)
{
	for (int number = 0; number < 10; number++) {
		int fd = (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
		char what[32], text[256];
		ssize_t length;

		if (fd == -1 && errno == EBADF)
			continue;
		snprintf(what, sizeof(what), "pidfd_getfd %d", number);
		say(what, fd);
		fd = fd == -1 ? -1 : openat(fd, "2/cmdline", O_RDONLY | O_CLOEXEC);
		length = fd == -1 ? 0 : read(fd, text, sizeof(text) - 1);
		if (length > 0)
			printf("cmdline of 2 there: %.*s\n", (int)length, text);
	}
}

static int reach(const char *path)
{
	static const struct {
		const char *name;
		int flag;
	} namespaces[] = {{"pid", CLONE_NEWPID}, {"mnt", CLONE_NEWNS}, {"user", CLONE_NEWUSER},
		{"net", CLONE_NEWNET}, {"cgroup", CLONE_NEWCGROUP}};
	int socket = unix_socket(path, connect), pidfd = -1;
	struct ucred peer = {0};
	socklen_t length = sizeof(peer);

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0)
		printf("PID %d\n", (int)peer.pid);
	length = sizeof(pidfd);
	if (say("SO_PEERPIDFD", getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &length)) ==
		EXIT_FAILURE)
		return EXIT_FAILURE;
	say("pidfd_send_signal", syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0));
	reach_files(pidfd);
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(*namespaces); i++) {
		char what[32];

		snprintf(what, sizeof(what), "setns %s", namespaces[i].name);
		say(what, setns(pidfd, namespaces[i].flag));
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "", *with = argc > 2 ? argv[2] : "";

	if (strcmp(what, "ask") == 0)
		return ask_until_parent_ends(with);
	if (strcmp(what, "hear") == 0)
		return hear(with);
	if (strcmp(what, "map") == 0)
		return map(with);
	if (strcmp(what, "watch") == 0)
		return watch(with);
	if (strcmp(what, "key") == 0)
		return key();
	if (strcmp(what, "serve") == 0)
		return serve(with);
	if (strcmp(what, "reach") == 0)
		return reach(with);
	fprintf(stderr, "usage: tells ask|hear|map|watch|key|serve|reach [NAME]\n");
	return 2;
}
