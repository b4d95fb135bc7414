/* SPDX-License-Identifier: MIT */

/* nsinfo check: does the proc connector tell every user what starts and ends on the machine? */

#include "check/connector.h"

#include <errno.h>
#include <grp.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "check/check.h"
#include "read/proc.h"

#define NOBODY         65534
#define FIRST_USER_NS  0xEFFFFFFDU /* include/linux/proc_ns.h, PROC_USER_INIT_INO */
#define MESSAGE_SIZE   NLMSG_SPACE(sizeof(struct cn_msg) + sizeof(uint32_t))
#define MESSAGE_BUFFER 1024

/* --- the connector --- */

static int ask(int fd, enum proc_cn_mcast_op operation)
{
	_Alignas(struct nlmsghdr) char buffer[MESSAGE_SIZE] = {0};
	struct nlmsghdr *header = (struct nlmsghdr *)buffer;
	struct cn_msg *message = NLMSG_DATA(header);
	uint32_t data = operation;

	header->nlmsg_len = sizeof(buffer);
	header->nlmsg_type = NLMSG_DONE;
	message->id = (struct cb_id){CN_IDX_PROC, CN_VAL_PROC};
	message->len = sizeof(data);
	memcpy(message->data, &data, sizeof(data));
	return send(fd, buffer, sizeof(buffer), 0) == -1 ? -errno : 0;
}

/* The next event's kind (PROC_EVENT_*), or -EAGAIN if there is none. */
static int64_t next_event(int fd)
{
	_Alignas(struct nlmsghdr) char buffer[MESSAGE_BUFFER];
	ssize_t length = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
	const struct cn_msg *message = NLMSG_DATA((struct nlmsghdr *)buffer);
	uint32_t what;

	if (length == -1)
		return -errno;
	if (length < (ssize_t)MESSAGE_SIZE)
		return PROC_EVENT_NONE;
	memcpy(&what, message->data, sizeof(what));
	return what;
}

/*
 * Whether the kernel tells of a process that is started now, as it does before fork(2) returns
 * (kernel/fork.c, copy_process), or of any other: of which one does not matter. The kernel's answer
 * to ask() is a PROC_EVENT_NONE.
 */
static int hear(int fd, struct connector_trial *trial)
{
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	pid_t child = fork();

	if (child == -1)
		return -errno;
	if (child == 0)
		_exit(0);
	waitpid(child, NULL, 0);
	while (!trial->heard && poll(&poller, 1, HEAR_LIMIT_MS) == 1) {
		int64_t event = next_event(fd);

		if (event == PROC_EVENT_NONE)
			trial->acknowledged = true;
		else if (event > 0 || event == -ENOBUFS) /* more than there is room for */
			trial->heard = true;
		else
			return (int)event;
	}
	return 0;
}

/* --- the child --- */

static int become_nobody(void)
{
	cap_t none;
	int result;

	if (geteuid() == 0 &&
		(setgroups(0, NULL) == -1 || setresgid(NOBODY, NOBODY, NOBODY) == -1 ||
			setresuid(NOBODY, NOBODY, NOBODY) == -1))
		return -errno;
	none = cap_init();
	result = none && cap_set_proc(none) == 0 ? 0 : -errno;
	cap_free(none);
	return result;
}

static int failed(struct connector_trial *trial, enum connector_step step, int result)
{
	trial->step = step;
	trial->code = -result;
	return result;
}

static int try_as_nobody(struct connector_trial *trial)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
	_cleanup_close_ int fd = -1;
	int result = become_nobody();

	if (result < 0)
		return failed(trial, CONNECTOR_NOBODY, result);
	fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR);
	if (fd == -1)
		return failed(trial, CONNECTOR_SOCKET, -errno);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == -1)
		return failed(trial, CONNECTOR_BIND, -errno);
	result = hear(fd, trial);
	if (result < 0)
		return failed(trial, CONNECTOR_HEAR, result);
	trial->unasked = trial->heard;
	if (!trial->heard) {
		result = ask(fd, PROC_CN_MCAST_LISTEN);
		if (result == 0)
			result = hear(fd, trial);
		/* Closing the socket would not take it back (cn_proc.c, cn_proc_mcast_ctl). */
		ask(fd, PROC_CN_MCAST_IGNORE);
		if (result < 0)
			return failed(trial, CONNECTOR_ASK, result);
	}
	trial->step = CONNECTOR_DONE;
	return 0;
}

/* The kernel heeds who asks from the first PID and user namespace alone (cn_proc_mcast_ctl). */
static bool is_container(void)
{
	struct stat pid, user;

	return stat("/proc/self/ns/pid", &pid) == -1 || pid.st_ino != PROC_FIRST_PID_NS ||
	       stat("/proc/self/ns/user", &user) == -1 || user.st_ino != FIRST_USER_NS;
}

void connector_try(struct connector_trial *trial)
{
	struct connector_trial *shared;
	pid_t child;

	*trial = (struct connector_trial){.step = CONNECTOR_FORK, .container = is_container()};
	shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		trial->code = errno;
		return;
	}
	*shared = *trial;
	fflush(NULL);
	child = fork();
	if (child == 0)
		_exit(try_as_nobody(shared) == 0 ? 0 : 1);
	if (child == -1)
		shared->code = errno;
	else
		waitpid(child, NULL, 0);
	*trial = *shared;
	munmap(shared, sizeof(*shared));
}

/* --- what it means --- */

static void judge_heard(struct findings *findings, const struct connector_trial *trial)
{
	findings_add(findings, FINDING_WARNING, "kernel",
		"with=net closes it for a session (sshd then cannot forward ports to the host's "
		"network); for all, boot with initcall_blacklist=cn_proc_init",
		"the proc connector tells every user, also in a session, the PID of each process "
		"on this machine that starts, executes a program or ends, and the new name or uid "
		"of one that changes it; %s",
		trial->unasked ? "a program has asked it to"
			       : "it does so as soon as a program outside of a session asks it to");
}

static void judge_silent(struct findings *findings, const struct connector_trial *trial)
{
	if (trial->acknowledged)
		findings_add(findings, FINDING_NOTE, "kernel", "run nsinfo check again",
			"could not try whether the proc connector tells users what runs: no event "
			"came");
	else if (trial->container)
		findings_add(findings, FINDING_NOTE, "kernel",
			"run nsinfo check on the host of this container, outside of a session",
			"could not try whether the proc connector tells users what runs: it can "
			"be asked to in the machine's first PID namespace alone");
	else
		findings_add(findings, FINDING_OK, "kernel", NULL,
			"this kernel has no proc connector that could tell users what runs");
}

/* Failures that mean that users are told nothing. */
static const struct {
	enum connector_step step;
	int code;
	const char *message;
} closed[] = {
	{CONNECTOR_SOCKET, EPROTONOSUPPORT,
		"this kernel has no proc connector that could tell users what runs"},
	{CONNECTOR_BIND, EPERM, "only root may read the proc connector, which tells what runs"},
	{CONNECTOR_ASK, ECONNREFUSED,
		"no proc connector tells users what runs: it is in the machine's first network "
		"namespace alone"},
};

static void judge_failed(struct findings *findings, const struct connector_trial *trial)
{
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
		if (trial->step != closed[i].step || trial->code != closed[i].code)
			continue;
		findings_add(findings, FINDING_OK, "kernel", NULL, "%s", closed[i].message);
		return;
	}
	findings_untried(findings, "kernel", "whether the proc connector tells users what runs",
		trial->code);
}

void connector_judge(struct findings *findings, const struct connector_trial *trial)
{
	if (trial->step != CONNECTOR_DONE)
		judge_failed(findings, trial);
	else if (trial->heard)
		judge_heard(findings, trial);
	else
		judge_silent(findings, trial);
}

void check_connector(struct findings *findings)
{
	struct connector_trial trial;

	connector_try(&trial);
	connector_judge(findings, &trial);
}
