/* SPDX-License-Identifier: MIT */
#include "init/login.h"

#include <stddef.h>

#include "common/descriptors.h"
#include "common/facts.h"
#include "common/protocol.h"
#include "init/message.h"

/* What can happen to a login. */
enum event {
	NOTHING,
	JOIN,      /* MESSAGE_JOIN with a pidfd */
	BARE_JOIN, /* without: there was no room for it here (unix(7), MSG_CTRUNC) */
	CLOSE,     /* MESSAGE_CLOSE */
	HANG_UP,   /* the channel has ended, or it wants to join by another version */
	DEATH,     /* the application has no live thread */
	SESSION_ENDS,
	SESSION_CLOSED, /* nothing lives any more, or others keep it open */
};

/*
 * What follows from it: a message, or 0, and the next state. What is not here changes nothing: to
 * join twice, to say what no version says. An application that was killed both hangs up and dies,
 * in any order. One that hangs up and lives on (exec, a descriptor that it has closed) has its
 * processes in the session, and keeps it open.
 *
 * Who cannot be counted in is sent away at once, or it would wait in vain: it opens another
 * session. So is who has not joined yet when the session ends, or takes that back before it joins.
 */
static const struct transition {
	enum login_state from;
	enum event event;
	char answer;
	enum login_state to;
} transitions[] = {
	{LOGIN_CONNECTED, JOIN, MESSAGE_WELCOME, LOGIN_OPEN},
	{LOGIN_CONNECTED, BARE_JOIN, 0, LOGIN_GONE},
	{LOGIN_CONNECTED, CLOSE, MESSAGE_DONE, LOGIN_GONE},
	{LOGIN_CONNECTED, HANG_UP, 0, LOGIN_GONE},
	{LOGIN_CONNECTED, SESSION_ENDS, 0, LOGIN_GONE},

	{LOGIN_OPEN, CLOSE, 0, LOGIN_CLOSING},
	{LOGIN_OPEN, HANG_UP, 0, LOGIN_SILENT},
	{LOGIN_OPEN, DEATH, 0, LOGIN_GONE},
	{LOGIN_OPEN, SESSION_ENDS, MESSAGE_ENDING, LOGIN_OPEN},

	{LOGIN_SILENT, DEATH, 0, LOGIN_GONE},

	{LOGIN_CLOSING, DEATH, 0, LOGIN_GONE},
	{LOGIN_CLOSING, SESSION_ENDS, MESSAGE_ENDING, LOGIN_CLOSING},
	{LOGIN_CLOSING, SESSION_CLOSED, MESSAGE_DONE, LOGIN_GONE},
};

/* A state keeps no descriptor that it has no use for. */
static void enter(struct login *login, enum login_state state)
{
	login->state = state;
	if (state == LOGIN_SILENT || state == LOGIN_GONE)
		descriptor_close(&login->channel);
	if (state == LOGIN_GONE)
		descriptor_close(&login->pidfd);
}

static void happen(struct login *login, enum event event)
{
	for (size_t i = 0; i < sizeof(transitions) / sizeof(*transitions); i++) {
		const struct transition *t = &transitions[i];
		bool told;

		if (t->from != login->state || t->event != event)
			continue;
		told = t->answer == 0 || message_say(login->channel, t->answer);
		/* Who is not there to be welcomed has not joined. */
		enter(login, event == JOIN && !told ? LOGIN_GONE : t->to);
		return;
	}
}

static enum event hear(struct login *login)
{
	enum event event = NOTHING;
	int fd;

	switch (message_hear(login->channel, &fd)) {
	case MESSAGE_JOIN:
		event = fd == -1 ? BARE_JOIN : JOIN;
		if (login->state == LOGIN_CONNECTED) {
			login->pidfd = fd;
			fd = -1;
		}
		break;
	case MESSAGE_CLOSE:
		event = CLOSE;
		break;
	case HEARD_END:
		event = HANG_UP;
		break;
	default:
		break;
	}
	descriptor_close(&fd);
	return event;
}

struct login login_first(void)
{
	return (struct login){LOGIN_OPEN, FACT_FD_CHANNEL, FACT_FD_APPLICATION};
}

struct login login_connected(int channel)
{
	return (struct login){LOGIN_CONNECTED, channel, -1};
}

bool login_has_open(const struct login *login)
{
	return login->state == LOGIN_OPEN || login->state == LOGIN_SILENT;
}

void login_watch(const struct login *login, struct pollfd watched[LOGIN_DESCRIPTORS])
{
	bool is_heard = login->state == LOGIN_CONNECTED || login->state == LOGIN_OPEN;

	watched[LOGIN_CHANNEL] = (struct pollfd){
		.fd = is_heard ? login->channel : -1,
		.events = POLLIN,
	};
	watched[LOGIN_PIDFD] = (struct pollfd){.fd = login->pidfd, .events = POLLIN};
}

void login_take(struct login *login, const struct pollfd watched[LOGIN_DESCRIPTORS])
{
	if (watched[LOGIN_CHANNEL].revents != 0)
		happen(login, hear(login));
	if (watched[LOGIN_PIDFD].revents != 0)
		happen(login, DEATH);
}

void login_end(struct login *login)
{
	happen(login, SESSION_ENDS);
}

void login_dismiss(struct login *login)
{
	happen(login, SESSION_CLOSED);
}
