/* SPDX-License-Identifier: MIT */

/* The parts of PID 1 that need no PID namespace. Sockets, processes and pidfds are real ones. */

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

int session_init_main(void);
#define main session_init_main
#include "init/main.c"
#undef main

#include "init/message.h"
#include "init/number.h"

/* --- what is read ----------------------------------------------------------------------------- */

TEST_CASE(numbers, "decimal digits are a number")
{
	assert_int_equal(number_parse("0"), 0);
	assert_int_equal(number_parse("2000"), 2000);
	assert_int_equal(number_parse("0002"), 2);
	assert_int_equal(number_parse("4194304"), 4194304);      /* the largest PID */
	assert_true(number_parse("4294967297") == 4294967297LL); /* an inode */
}

TEST_CASE(no_numbers, "anything else is not, nor is what is too large")
{
	static const char *const words[] = {
		"", "-1", "+1", " 1", "1 ", "1s", "0x10", "self", ".", "\377"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		assert_int_equal(number_parse(words[i]), -1);
	assert_int_equal(number_parse("9223372036854775808"), -1);
	assert_int_equal(number_parse("99999999999999999999999999"), -1);
}

TEST_CASE(grace, "a grace time that is missing, senseless or above an hour becomes 2 s")
{
	static const struct {
		const char *fact;
		int ms;
	} cases[] = {
		{"0", 0},
		{"1500", 1500},
		{"3600000", GRACE_MAX_MS},
		{"3600001", GRACE_DEFAULT_MS},
		{"18446744073709551617", GRACE_DEFAULT_MS},
		{"", GRACE_DEFAULT_MS},
		{"-5", GRACE_DEFAULT_MS},
		{"2s", GRACE_DEFAULT_MS},
	};

	unsetenv(FACT_GRACE);
	assert_int_equal(settings_read().grace_ms, GRACE_DEFAULT_MS);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		setenv(FACT_GRACE, cases[i].fact, 1);
		assert_int_equal(settings_read().grace_ms, cases[i].ms);
	}
}

TEST_CASE(
	facts, "facts that are missing stand for a session that is not shared and does not linger")
{
	assert_null(settings_read().socket);
	assert_false(settings_read().lingers);
	assert_int_equal(settings_read().inode, -1);
	assert_int_equal(settings_read().protocol, -1);
	setenv(FACT_CLOSE, "kill", 1);
	assert_false(settings_read().lingers);
	setenv(FACT_CLOSE, "linger", 1);
	assert_true(settings_read().lingers);
	unsetenv(FACT_CLOSE);
}

/* --- an application, as it is seen from the other side ------------------------------------------
 */

struct peer {
	pid_t pid;
	int pidfd;
	int channel;
};

static int count_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

static void peer_connect(struct peer *peer, struct login *login)
{
	int ends[2];

	peer->pidfd = (int)syscall(SYS_pidfd_open, peer->pid, 0);
	assert_true(peer->pidfd != -1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	*login = login_connected(ends[0]);
	peer->channel = ends[1];
}

/* Debian 12's valgrind does not know the system call. */
static void skip_without_pidfds(void)
{
	int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	if (pidfd == -1 && errno == ENOSYS)
		skip();
	close(pidfd);
}

/* Processes first: the end of a channel is not seen while one of them has it, too. */
static void peers_start(struct peer *peers, struct login *all, int count)
{
	skip_without_pidfds();
	for (int i = 0; i < count; i++) {
		peers[i].pid = fork();
		assert_true(peers[i].pid != -1);
		if (peers[i].pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
	}
	for (int i = 0; i < count; i++)
		peer_connect(&peers[i], &all[i]);
}

static void peer_start(struct peer *peer, struct login *login)
{
	peers_start(peer, login, 1);
}

static void peer_dies(const struct peer *peer)
{
	siginfo_t info;

	kill(peer->pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)peer->pid, &info, WEXITED | WNOWAIT), 0);
}

static void peer_stop(const struct peer *peer)
{
	kill(peer->pid, SIGKILL);
	waitpid(peer->pid, NULL, 0);
	close(peer->pidfd);
	close(peer->channel);
}

/* Send bytes with COUNT descriptors, all of them FD. Nobody may be there to read it. */
static void peer_sends(const struct peer *peer, const void *bytes, size_t length, int count, int fd)
{
	char control[CMSG_SPACE(4 * sizeof(int))] __attribute__((aligned(8))) = {0};
	const int fds[4] = {fd, fd, fd, fd};
	struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};

	if (count > 0) {
		struct cmsghdr *c = (struct cmsghdr *)(void *)control;
		size_t size = (size_t)count * sizeof(int);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(c), fds, size);
		m.msg_control = control;
		m.msg_controllen = CMSG_SPACE(size);
	}
	assert_true(sendmsg(peer->channel, &m, MSG_NOSIGNAL) == (ssize_t)length || errno == EPIPE);
}

static void peer_joins(const struct peer *peer, int count)
{
	const char message[] = {MESSAGE_JOIN, PROTOCOL_VERSION};

	peer_sends(peer, message, sizeof(message), count, peer->pidfd);
}

static void peer_says(const struct peer *peer, char message)
{
	peer_sends(peer, &message, 1, 0, -1);
}

/*
 * All that it has been told; "." at the end of the channel, and before all else "!" if something
 * that it said was never read (unix(7), ECONNRESET).
 */
static const char *peer_hears(const struct peer *peer)
{
	static char heard[16];
	size_t count = 0;
	ssize_t got;

	do {
		got = recv(peer->channel, &heard[count], 1, MSG_DONTWAIT);
		if (got == -1 && errno == EAGAIN)
			break;
		if (got != 1)
			heard[count] = got == 0 ? '.' : '!';
		count++;
	} while (count < sizeof(heard) - 1 && got != 0);
	heard[count] = '\0';
	return heard;
}

/* One turn of PID 1's loop, that does not wait. */
static void turn(struct login *login)
{
	struct pollfd watched[LOGIN_DESCRIPTORS];

	login_watch(login, watched);
	poll(watched, LOGIN_DESCRIPTORS, 0);
	login_take(login, watched);
}

static void turn_all(struct logins *logins)
{
	for (int i = 0; i < logins->count; i++)
		login_watch(
			&logins->all[i], &logins->watched[WATCHED_LOGINS + LOGIN_DESCRIPTORS * i]);
	logins->watched[WATCHED_LISTENER] = (struct pollfd){.fd = -1};
	poll(&logins->watched[WATCHED_LOGINS], (nfds_t)(LOGIN_DESCRIPTORS * logins->count), 0);
	logins_take(logins);
}

/* The way there that a login takes. */
static void bring_to(struct login *login, const struct peer *peer, enum login_state state)
{
	if (state == LOGIN_CONNECTED)
		return;
	peer_joins(peer, 1);
	turn(login);
	assert_int_equal(login->state, LOGIN_OPEN);
	assert_string_equal(peer_hears(peer), "w");
	if (state == LOGIN_SILENT)
		shutdown(peer->channel, SHUT_WR);
	if (state == LOGIN_CLOSING)
		peer_says(peer, MESSAGE_CLOSE);
	if (state != LOGIN_OPEN)
		turn(login);
	assert_int_equal(login->state, state);
}

/* --- every state and every event ----------------------------------------------------------------
 */

#define STATES (LOGIN_CLOSING + 1)

enum happening {
	JOINS,
	JOINS_BARE,     /* without a pidfd */
	JOINS_OTHER,    /* by another version */
	JOINS_UNHEARD,  /* and does not listen any more */
	CLOSES,         /* and sends a descriptor, too */
	SAYS_NONSENSE,  /* the same */
	SAYS_OUR_WORDS, /* WELCOME, ENDING and DONE are PID 1's */
	SAYS_EMPTY,     /* what looks like the end */
	HANGS_UP,
	DIES,
	CLOSES_AND_DIES,
	ENDS,
	DISMISSED,
	NOTHING_HAPPENS,
	HAPPENINGS
};

static void make_happen(enum happening happening, struct login *login, const struct peer *peer)
{
	static const char other[] = {MESSAGE_JOIN, PROTOCOL_VERSION + 1};

	switch (happening) {
	case JOINS:
		peer_joins(peer, 1);
		break;
	case JOINS_BARE:
		peer_joins(peer, 0);
		break;
	case JOINS_OTHER:
		peer_sends(peer, other, sizeof(other), 1, peer->pidfd);
		break;
	case JOINS_UNHEARD:
		peer_joins(peer, 1);
		shutdown(peer->channel, SHUT_RD);
		break;
	case CLOSES:
		peer_sends(peer, "c", 1, 1, peer->pidfd);
		break;
	case SAYS_NONSENSE:
		peer_sends(peer, "?", 1, 1, peer->pidfd);
		break;
	case SAYS_OUR_WORDS:
		peer_says(peer, MESSAGE_WELCOME);
		turn(login);
		peer_says(peer, MESSAGE_ENDING);
		turn(login);
		peer_says(peer, MESSAGE_DONE);
		break;
	case SAYS_EMPTY:
		peer_sends(peer, "", 0, 0, -1);
		break;
	case HANGS_UP:
		shutdown(peer->channel, SHUT_WR);
		break;
	case DIES:
		peer_dies(peer);
		break;
	case CLOSES_AND_DIES:
		peer_says(peer, MESSAGE_CLOSE);
		peer_dies(peer);
		break;
	case ENDS:
		login_end(login);
		break;
	case DISMISSED:
		login_dismiss(login);
		break;
	default:
		break;
	}
	turn(login);
}

/* The next state, and what the application hears; it has closed its ears in JOINS_UNHEARD. */
static const struct {
	enum login_state state;
	const char *heard;
} expected[STATES][HAPPENINGS] = {
	[LOGIN_CONNECTED] =
		{
			[JOINS] = {LOGIN_OPEN, "w"},
			[JOINS_BARE] = {LOGIN_GONE, "."},
			[JOINS_OTHER] = {LOGIN_GONE, "."},
			[JOINS_UNHEARD] = {LOGIN_GONE, "."},
			[CLOSES] = {LOGIN_GONE, "d."},
			[SAYS_NONSENSE] = {LOGIN_CONNECTED, ""},
			[SAYS_OUR_WORDS] = {LOGIN_CONNECTED, ""},
			[SAYS_EMPTY] = {LOGIN_GONE, "."},
			[HANGS_UP] = {LOGIN_GONE, "."},
			[DIES] = {LOGIN_CONNECTED, ""}, /* no pidfd of it has come yet */
			[CLOSES_AND_DIES] = {LOGIN_GONE, "d."},
			[ENDS] = {LOGIN_GONE, "."},
			[DISMISSED] = {LOGIN_CONNECTED, ""},
			[NOTHING_HAPPENS] = {LOGIN_CONNECTED, ""},
		},
	[LOGIN_OPEN] =
		{
			[JOINS] = {LOGIN_OPEN, ""},
			[JOINS_BARE] = {LOGIN_OPEN, ""},
			[JOINS_OTHER] = {LOGIN_SILENT, "."},
			[JOINS_UNHEARD] = {LOGIN_OPEN, "."},
			[CLOSES] = {LOGIN_CLOSING, ""},
			[SAYS_NONSENSE] = {LOGIN_OPEN, ""},
			[SAYS_OUR_WORDS] = {LOGIN_OPEN, ""},
			[SAYS_EMPTY] = {LOGIN_SILENT, "."},
			[HANGS_UP] = {LOGIN_SILENT, "."},
			[DIES] = {LOGIN_GONE, "."},
			[CLOSES_AND_DIES] = {LOGIN_GONE, "."},
			[ENDS] = {LOGIN_OPEN, "e"},
			[DISMISSED] = {LOGIN_OPEN, ""},
			[NOTHING_HAPPENS] = {LOGIN_OPEN, ""},
		},
	[LOGIN_SILENT] =
		{
			[JOINS] = {LOGIN_SILENT, "."},
			[JOINS_BARE] = {LOGIN_SILENT, "."},
			[JOINS_OTHER] = {LOGIN_SILENT, "."},
			[JOINS_UNHEARD] = {LOGIN_SILENT, "."},
			[CLOSES] = {LOGIN_SILENT, "."},
			[SAYS_NONSENSE] = {LOGIN_SILENT, "."},
			[SAYS_OUR_WORDS] = {LOGIN_SILENT, "."},
			[SAYS_EMPTY] = {LOGIN_SILENT, "."},
			[HANGS_UP] = {LOGIN_SILENT, "."},
			[DIES] = {LOGIN_GONE, "."},
			[CLOSES_AND_DIES] = {LOGIN_GONE, "."},
			[ENDS] = {LOGIN_SILENT, "."},
			[DISMISSED] = {LOGIN_SILENT, "."},
			[NOTHING_HAPPENS] = {LOGIN_SILENT, "."},
		},
	[LOGIN_CLOSING] =
		{
			[JOINS] = {LOGIN_CLOSING, ""},
			[JOINS_BARE] = {LOGIN_CLOSING, ""},
			[JOINS_OTHER] = {LOGIN_CLOSING, ""},
			[JOINS_UNHEARD] = {LOGIN_CLOSING, "."},
			[CLOSES] = {LOGIN_CLOSING, ""},
			[SAYS_NONSENSE] = {LOGIN_CLOSING, ""},
			[SAYS_OUR_WORDS] = {LOGIN_CLOSING, ""},
			[SAYS_EMPTY] = {LOGIN_CLOSING, ""},
			[HANGS_UP] = {LOGIN_CLOSING, ""},
			[DIES] = {LOGIN_GONE, "."},
			[CLOSES_AND_DIES] = {LOGIN_GONE, "!."},
			[ENDS] = {LOGIN_CLOSING, "e"},
			[DISMISSED] = {LOGIN_GONE, "d."},
			[NOTHING_HAPPENS] = {LOGIN_CLOSING, ""},
		},
};

static void check_transition(enum login_state state, enum happening happening)
{
	static const int held[] = {
		[LOGIN_CONNECTED] = 1,
		[LOGIN_OPEN] = 2,
		[LOGIN_SILENT] = 1,
		[LOGIN_CLOSING] = 2,
		[LOGIN_GONE] = 0,
	};
	const int before = count_descriptors();
	struct login login;
	struct peer peer;
	const char *heard;
	int now;

	peer_start(&peer, &login);
	bring_to(&login, &peer, state);
	make_happen(happening, &login, &peer);
	heard = peer_hears(&peer);
	now = count_descriptors() - before - 2; /* the peer's: its channel, its pidfd */
	if (login.state != expected[state][happening].state ||
		strcmp(heard, expected[state][happening].heard) != 0 || now != held[login.state])
		fail_msg("state %d, happening %d: becomes %d, hears \"%s\", holds %d descriptors",
			(int)state, (int)happening, (int)login.state, heard, now);
	descriptor_close(&login.channel);
	descriptor_close(&login.pidfd);
	peer_stop(&peer);
	assert_int_equal(count_descriptors(), before);
}

TEST_CASE(transitions_of_connected, "one that has connected joins, is told that it cannot, or goes")
{
	for (int h = 0; h < HAPPENINGS; h++)
		check_transition(LOGIN_CONNECTED, (enum happening)h);
}

TEST_CASE(transitions_of_open, "one that has the session open closes it, hangs up or dies")
{
	for (int h = 0; h < HAPPENINGS; h++)
		check_transition(LOGIN_OPEN, (enum happening)h);
}

TEST_CASE(transitions_of_silent, "one that has hung up keeps the session open until it dies")
{
	for (int h = 0; h < HAPPENINGS; h++)
		check_transition(LOGIN_SILENT, (enum happening)h);
}

TEST_CASE(transitions_of_closing, "one that has closed is not heard, and gets its answer once")
{
	for (int h = 0; h < HAPPENINGS; h++)
		check_transition(LOGIN_CLOSING, (enum happening)h);
}

TEST_CASE(gone, "nothing happens any more to one that is gone")
{
	struct login login;
	struct peer peer;

	peer_start(&peer, &login);
	bring_to(&login, &peer, LOGIN_OPEN);
	peer_dies(&peer);
	turn(&login);
	turn(&login);
	login_end(&login);
	login_dismiss(&login);
	assert_int_equal(login.state, LOGIN_GONE);
	assert_int_equal(login.channel, -1);
	assert_int_equal(login.pidfd, -1);
	assert_string_equal(peer_hears(&peer), ".");
	peer_stop(&peer);
}

/* --- what comes all at once, or never does ------------------------------------------------------
 */

TEST_CASE(one_message_a_turn, "messages that wait are taken one a turn, and none after the close")
{
	struct login login;
	struct peer peer;

	peer_start(&peer, &login);
	peer_joins(&peer, 1);
	peer_joins(&peer, 1);
	peer_says(&peer, MESSAGE_CLOSE);
	peer_says(&peer, MESSAGE_CLOSE);
	shutdown(peer.channel, SHUT_WR);
	turn(&login);
	assert_int_equal(login.state, LOGIN_OPEN);
	turn(&login);
	assert_int_equal(login.state, LOGIN_OPEN);
	turn(&login);
	assert_int_equal(login.state, LOGIN_CLOSING);
	turn(&login);
	assert_int_equal(login.state, LOGIN_CLOSING);
	login_dismiss(&login);
	assert_int_equal(login.state, LOGIN_GONE);
	assert_string_equal(peer_hears(&peer), "!wd.");
	peer_stop(&peer);
}

TEST_CASE(
	dead_before_it_joins, "one that is dead when its request to join is read is gone in a turn")
{
	const int before = count_descriptors();
	struct login login;
	struct peer peer;

	peer_start(&peer, &login);
	peer_joins(&peer, 1);
	peer_dies(&peer);
	turn(&login);
	assert_int_equal(login.state, LOGIN_OPEN);
	turn(&login);
	assert_int_equal(login.state, LOGIN_GONE);
	peer_stop(&peer);
	assert_int_equal(count_descriptors(), before);
}

TEST_CASE(no_room_for_a_pidfd, "one whose pidfd finds no room is sent away")
{
	const struct pollfd seen[LOGIN_DESCRIPTORS] = {{.revents = POLLIN}};
	struct rlimit limit, none;
	struct login login;
	struct peer peer;
	int next;

	peer_start(&peer, &login);
	peer_joins(&peer, 1);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	next = dup(peer.channel);
	close(next);
	none = (struct rlimit){.rlim_cur = (rlim_t)next, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	login_take(&login, seen);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(login.state, LOGIN_GONE);
	assert_string_equal(peer_hears(&peer), ".");
	peer_stop(&peer);
}

TEST_CASE(many_descriptors, "of several descriptors that come with a message none stays open")
{
	const int before = count_descriptors();
	struct login login;
	struct peer peer;

	for (int count = 2; count <= 4; count++) {
		peer_start(&peer, &login);
		peer_joins(&peer, count);
		turn(&login);
		assert_int_equal(login.state, LOGIN_OPEN);
		assert_int_equal(count_descriptors(), before + 4);
		peer_sends(&peer, "c", 1, count, peer.pidfd);
		turn(&login);
		assert_int_equal(login.state, LOGIN_CLOSING);
		assert_int_equal(count_descriptors(), before + 4);
		login_dismiss(&login);
		peer_stop(&peer);
		assert_int_equal(count_descriptors(), before);
	}
}

TEST_CASE(all_bytes, "every byte that is no message of an application changes nothing")
{
	struct login login;
	struct peer peer;

	peer_start(&peer, &login);
	for (int byte = 0; byte < 256; byte++) {
		if (byte == MESSAGE_JOIN || byte == MESSAGE_CLOSE)
			continue;
		peer_says(&peer, (char)byte);
		turn(&login);
		assert_int_equal(login.state, LOGIN_CONNECTED);
	}
	bring_to(&login, &peer, LOGIN_OPEN);
	for (int byte = 0; byte < 256; byte++) {
		if (byte == MESSAGE_JOIN || byte == MESSAGE_CLOSE)
			continue;
		peer_says(&peer, (char)byte);
		turn(&login);
		assert_int_equal(login.state, LOGIN_OPEN);
	}
	assert_string_equal(peer_hears(&peer), "");
	peer_says(&peer, MESSAGE_CLOSE);
	turn(&login);
	login_dismiss(&login);
	peer_stop(&peer);
}

TEST_CASE(all_versions, "to join by any other version, or by none, is to be sent away")
{
	struct login login;
	struct peer peer;

	for (int version = 0; version < 256; version++) {
		const unsigned char message[] = {MESSAGE_JOIN, (unsigned char)version};

		if (version == PROTOCOL_VERSION)
			continue;
		peer_start(&peer, &login);
		peer_sends(&peer, message, version == 0 ? 1 : 2, 1, peer.pidfd);
		turn(&login);
		assert_int_equal(login.state, LOGIN_GONE);
		peer_stop(&peer);
	}
}

TEST_CASE(longer_messages, "what follows a message in its packet is not read")
{
	const char join[] = {MESSAGE_JOIN, PROTOCOL_VERSION, MESSAGE_CLOSE, MESSAGE_CLOSE};
	struct login login;
	struct peer peer;

	peer_start(&peer, &login);
	peer_sends(&peer, join, sizeof(join), 1, peer.pidfd);
	turn(&login);
	turn(&login);
	assert_int_equal(login.state, LOGIN_OPEN);
	peer_sends(&peer, "close", 5, 0, -1);
	turn(&login);
	assert_int_equal(login.state, LOGIN_CLOSING);
	login_dismiss(&login);
	peer_stop(&peer);
}

TEST_CASE(nothing_to_hear, "to hear where nothing has been said is no end")
{
	struct login login;
	struct peer peer;
	int fd = 0;

	peer_start(&peer, &login);
	assert_int_equal(message_hear(login.channel, &fd), HEARD_NOTHING);
	assert_int_equal(fd, -1);
	assert_true(message_say(login.channel, MESSAGE_DONE));
	close(peer.channel);
	peer.channel = -1;
	assert_false(message_say(login.channel, MESSAGE_DONE)); /* and no SIGPIPE */
	assert_int_equal(message_hear(login.channel, &fd), HEARD_END);
	close(login.channel);
	peer_stop(&peer);
}

/* --- a shared session ---------------------------------------------------------------------------
 */

static void put_at(int number, int fd)
{
	assert_true(fd != -1);
	assert_int_equal(dup2(fd, number), number);
	if (fd != number)
		close(fd);
}

static struct logins logins;

/* Who finds no room opens a session of its own: it must not wait for an answer. */
TEST_CASE(many_applications, "an application for which there is no room learns it at once")
{
	struct sockaddr_un address = {.sun_family = AF_UNIX}; /* the kernel finds a name for it */
	socklen_t length = sizeof(sa_family_t);
	int channel = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	char byte;

	logins.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(logins.listener, (struct sockaddr *)&address, length), 0);
	length = sizeof(address);
	assert_int_equal(getsockname(logins.listener, (struct sockaddr *)&address, &length), 0);
	assert_int_equal(listen(logins.listener, 1), 0);
	assert_int_equal(connect(channel, (struct sockaddr *)&address, length), 0);
	logins.room = 1;
	logins.count = logins.room;
	logins_accept(&logins);
	assert_int_equal(logins.count, logins.room);
	assert_int_equal(recv(channel, &byte, 1, MSG_DONTWAIT), 0); /* the end of the connection */
	close(channel);

	channel = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(channel, (struct sockaddr *)&address, length), 0);
	logins.count = 0;
	logins_accept(&logins);
	assert_int_equal(logins.count, 1);
	assert_int_equal(logins.all[0].state, LOGIN_CONNECTED);
	assert_int_equal(recv(channel, &byte, 1, MSG_DONTWAIT), -1);
	close(channel);
	turn_all(&logins);
	assert_int_equal(logins.count, 0);
	close(logins.listener);
	logins.listener = -1;
}

TEST_CASE(leaves_cgroup, "before the first one joins, and once, PID 1 leaves its control group")
{
	char text[4];
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	put_at(FACT_FD_CGROUP, ends[1]);
	logins.left = false;
	logins.watched[WATCHED_LISTENER].revents = 0;
	logins_leave_cgroup(&logins);
	assert_int_equal(read(ends[0], text, sizeof(text)), -1);
	logins.watched[WATCHED_LISTENER].revents = POLLIN;
	logins_leave_cgroup(&logins);
	logins_leave_cgroup(&logins);
	assert_int_equal(read(ends[0], text, sizeof(text)), 1);
	assert_int_equal(text[0], '0');
	logins.watched[WATCHED_LISTENER].revents = 0;
	close(FACT_FD_CGROUP);
	close(ends[0]);
}

TEST_CASE(room_for_applications,
	"the limit of open files is room for so many applications, and one at least")
{
	assert_int_equal(logins_room(RLIM_INFINITY), FACT_LOGINS_MAX);
	assert_int_equal(logins_room(2016), FACT_LOGINS_MAX);
	assert_int_equal(logins_room(2015), FACT_LOGINS_MAX - 1);
	assert_int_equal(logins_room(40), 12);
	assert_int_equal(logins_room(18), 1);
	assert_int_equal(logins_room(17), 1);
	assert_int_equal(logins_room(0), 1);
}

/* Who has connected and not yet joined is not to wait for the grace time. */
TEST_CASE(waiting_applications, "at the end, who has not yet joined is sent away at once")
{
	struct peer peers[2], *waiting = &peers[0], *joined = &peers[1];

	logins.count = 2;
	peers_start(peers, logins.all, 2);
	bring_to(&logins.all[1], joined, LOGIN_OPEN);
	for (int i = 0; i < logins.count; i++)
		login_end(&logins.all[i]);
	turn_all(&logins);
	assert_int_equal(logins.count, 1);
	assert_string_equal(peer_hears(waiting), ".");
	assert_string_equal(peer_hears(joined), "e");
	peer_stop(joined);
	turn_all(&logins);
	assert_int_equal(logins.count, 0);
	peer_stop(waiting);
}

TEST_CASE(who_counts,
	"those that have closed or not joined do not keep a session open, silent ones do")
{
	struct peer peers[4];

	peers_start(peers, logins.all, 4);
	for (int i = 0; i < 3; i++)
		bring_to(&logins.all[i], &peers[i], LOGIN_OPEN);
	logins.count = 4;
	assert_int_equal(logins_count_open(&logins), 3);
	shutdown(peers[0].channel, SHUT_WR);
	peer_says(&peers[1], MESSAGE_CLOSE);
	turn_all(&logins);
	assert_int_equal(logins.count, 4);
	assert_int_equal(logins_count_open(&logins), 2);
	logins_dismiss(&logins);
	assert_int_equal(logins.count, 3);
	assert_int_equal(logins_count_open(&logins), 2);
	assert_string_equal(peer_hears(&peers[1]), "d.");
	assert_string_equal(peer_hears(&peers[2]), "");
	assert_string_equal(peer_hears(&peers[3]), "");
	for (int i = 0; i < 4; i++)
		peer_stop(&peers[i]);
	turn_all(&logins);
	assert_int_equal(logins.count, 0);
}

/* Each set of five that dies in one turn: the others are the same as before, and are heard. */
TEST_CASE(die_together, "whichever die in the same turn, the others stay")
{
	const int before = count_descriptors();

	for (int dying = 0; dying < 32; dying++) {
		struct peer peers[5];
		int living = 0;

		peers_start(peers, logins.all, 5);
		logins.count = 5;
		for (int i = 0; i < 5; i++) {
			bring_to(&logins.all[i], &peers[i], LOGIN_OPEN);
			if (dying & 1 << i)
				peer_dies(&peers[i]);
			living += !(dying & 1 << i);
		}
		turn_all(&logins);
		assert_int_equal(logins.count, living);
		for (int i = 0; i < 5; i++)
			peer_says(&peers[i], MESSAGE_CLOSE);
		turn_all(&logins);
		assert_int_equal(logins_count_open(&logins), 0);
		assert_int_equal(logins.count, living);
		logins_dismiss(&logins);
		assert_int_equal(logins.count, 0);
		for (int i = 0; i < 5; i++) {
			assert_string_equal(peer_hears(&peers[i]), dying & 1 << i ? "." : "d.");
			peer_stop(&peers[i]);
		}
		assert_int_equal(count_descriptors(), before);
	}
}

/* --- where others join --------------------------------------------------------------------------
 */

/* PID 1 finds some descriptors at fixed numbers: put them there before others are opened. */
static char *make_directory(void)
{
	static char path[64];

	strcpy(path, "/tmp/unit-init.XXXXXX");
	assert_non_null(mkdtemp(path));
	return path;
}

TEST_CASE(name_of_another, "the name goes at the end, unless another session has taken it")
{
	char *path = make_directory();
	struct settings settings = {.socket = "name"};
	struct stat status;

	put_at(FACT_FD_DIRECTORY, open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	close(openat(FACT_FD_DIRECTORY, "name", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_int_equal(fstatat(FACT_FD_DIRECTORY, "name", &status, 0), 0);

	settings.inode = -1;
	logins.listener = dup(STDERR_FILENO);
	logins_stop_listening(&logins, &settings);
	assert_int_equal(logins.listener, -1);
	assert_int_equal(fstatat(FACT_FD_DIRECTORY, "name", &status, 0), 0);

	settings.inode = (long long)status.st_ino + 1;
	logins.listener = dup(STDERR_FILENO);
	logins_stop_listening(&logins, &settings);
	assert_int_equal(fstatat(FACT_FD_DIRECTORY, "name", &status, 0), 0);

	settings.inode = (long long)status.st_ino;
	logins_stop_listening(&logins, &settings); /* it has no listener any more */
	assert_int_equal(fstatat(FACT_FD_DIRECTORY, "name", &status, 0), 0);

	logins.listener = dup(STDERR_FILENO);
	logins_stop_listening(&logins, &settings);
	assert_int_equal(fstatat(FACT_FD_DIRECTORY, "name", &status, 0), -1);
	close(FACT_FD_DIRECTORY);
	assert_int_equal(rmdir(path), 0);
}

/* --- what lives ---------------------------------------------------------------------------------
 */

static void add_process(pid_t pid)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", (int)pid);
	close(openat(FACT_FD_PROC, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static void remove_process(pid_t pid)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", (int)pid);
	unlinkat(FACT_FD_PROC, name, 0);
}

TEST_CASE(live, "a process lives until it is dead; PID 1, zombies and other names do not count")
{
	struct peer dead, living;
	struct login none;
	char *path;
	int pidfd;

	skip_without_pidfds();
	path = make_directory();
	put_at(FACT_FD_PROC, open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	peer_start(&dead, &none);
	close(none.channel);
	peer_start(&living, &none);
	close(none.channel);
	peer_dies(&dead);
	add_process(1);
	close(openat(FACT_FD_PROC, "meminfo", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_int_equal(processes_find_live(), 0);
	add_process(dead.pid);
	assert_int_equal(processes_find_live(), 0);
	assert_true(processes_wait_for_all(-1, 0));
	add_process(living.pid);
	pidfd = processes_find_live();
	assert_true(pidfd > 0);
	close(pidfd);
	assert_false(processes_wait_for_all(-1, 0));
	peer_dies(&living);
	assert_int_equal(processes_find_live(), 0);
	assert_true(processes_wait_for_all(-1, 0));
	peer_stop(&dead);
	peer_stop(&living);
	assert_int_equal(processes_find_live(), 0); /* reaped, as if it were gone meanwhile */

	remove_process(1);
	remove_process(dead.pid);
	remove_process(living.pid);
	unlinkat(FACT_FD_PROC, "meminfo", 0);
	close(FACT_FD_PROC);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(processes_find_live(), -1);
	assert_false(processes_wait_for_all(-1, 0));
}

TEST_CASE(signals_from_inside, "SIGTERM from inside the session does not end it")
{
	sigset_t before;
	int signals;

	sigprocmask(SIG_SETMASK, NULL, &before);
	signals = signals_open();
	assert_true(signals != -1);
	assert_false(signals_take(signals));
	kill(getpid(), SIGTERM);
	kill(getpid(), SIGHUP);
	assert_false(signals_take(signals));
	assert_false(signals_take(signals));
	close(signals);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

TEST_CASE(misuse, "started by hand it says who starts it, and ends with 2")
{
	int saved = dup(STDERR_FILENO), ends[2];
	char text[256] = "";
	int status;

	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	status = session_init_main();
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[1]);
	assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
	close(ends[0]);
	assert_int_equal(status, 2);
	assert_string_equal(text, "session-init is started by pam_unshare, see pam_unshare(8)\n");
}

TEST_MAIN("session-init", NULL, NULL)
