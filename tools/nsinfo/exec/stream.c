/* SPDX-License-Identifier: MIT */

#include "exec/stream.h"

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

void stream_open(struct stream *stream, int from, int to)
{
	*stream = (struct stream){.from = from, .to = to, .left = SIZE_MAX};
}

void stream_close(struct stream *stream)
{
	cleanup_close(&stream->from);
	cleanup_close(&stream->to);
	stream->begin = stream->end = 0;
}

bool stream_is_open(const struct stream *stream)
{
	return stream->to >= 0;
}

static bool is_empty(const struct stream *stream)
{
	return stream->begin == stream->end;
}

void stream_ask(const struct stream *stream, struct pollfd ask[2])
{
	bool empty = is_empty(stream);

	/* Without events a hang-up is still reported. */
	ask[0] = (struct pollfd){
		.fd = empty ? stream->from : -1, .events = stream->paused ? 0 : POLLIN};
	ask[1] = (struct pollfd){.fd = empty ? -1 : stream->to, .events = POLLOUT};
}

static bool is_only_not_now(ssize_t n)
{
	return n == -1 && (errno == EAGAIN || errno == EINTR);
}

static void fill(struct stream *stream)
{
	size_t size = stream->left < sizeof(stream->data) ? stream->left : sizeof(stream->data);
	ssize_t n = read(stream->from, stream->data, size);

	if (is_only_not_now(n) && !stream->last)
		return;
	if (n <= 0) { /* a terminal that hung up says EIO */
		cleanup_close(&stream->from);
		return;
	}
	stream->left -= (size_t)n;
	stream->begin = 0;
	stream->end = (size_t)n;
}

/*
 * poll(2) promises room for one byte and no more; and the descriptor is the caller's, who may have
 * it block. A socket can be told not to for once; terminals and pipes are opened anew.
 */
static ssize_t write_some(const struct stream *stream)
{
	const char *data = stream->data + stream->begin;
	size_t size = stream->end - stream->begin;
	ssize_t n = send(stream->to, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);

	return n == -1 && errno == ENOTSOCK ? write(stream->to, data, size) : n;
}

static void empty(struct stream *stream)
{
	ssize_t n = write_some(stream);

	if (is_only_not_now(n))
		return;
	if (n == -1) {
		stream->error = errno == EPIPE || errno == EIO ? 0 : errno;
		stream_close(stream);
		return;
	}
	stream->begin += (size_t)n;
}

void stream_move(struct stream *stream, const struct pollfd answer[2])
{
	if (answer[0].revents && stream->from >= 0)
		fill(stream);
	else if (answer[1].revents && stream->to >= 0)
		empty(stream);
	if (stream->last && stream->from >= 0 && is_empty(stream))
		fill(stream);
	if (stream->from < 0 && is_empty(stream))
		stream_close(stream);
}

void stream_finish(struct stream *stream)
{
	static const struct pollfd nothing[2];

	stream->last = true;
	stream->left = STREAM_REST;
	stream_move(stream, nothing);
}
