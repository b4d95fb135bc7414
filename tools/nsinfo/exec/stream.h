/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_STREAM_H
#define NSINFO_STREAM_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Bytes on their way from one descriptor to another. What ends on one side ends on the other: when
 * nothing more comes, the far end is closed; when nobody takes it any more, the near one.
 */

#define STREAM_SIZE 16384

/* More than a pipe (pipe(7): 1 MiB at most by default) or a terminal can hold. */
#define STREAM_REST (2 << 20)

struct stream {
	int from, to; /* owned; -1: closed */
	bool paused;  /* do not read now */
	bool last;    /* the writer has ended: pass on what is there */
	int error;    /* what it could not be written for, but that nobody reads; 0: nothing */
	size_t left;  /* bytes still to be read */
	size_t begin, end;
	char data[STREAM_SIZE];
};

/* stream_open - takes the two descriptors over. FROM does not block, or poll(2) tells all of it. */
void stream_open(struct stream *stream, int from, int to);

/* stream_close - drop what is in it, and close both ends. */
void stream_close(struct stream *stream);

/* stream_is_open - is there anything left to do? */
bool stream_is_open(const struct stream *stream);

/* stream_ask - what poll(2) is to wait for: two entries, which may be empty. */
void stream_ask(const struct stream *stream, struct pollfd ask[2]);

/* stream_move - read or write once, as poll(2) allows. */
void stream_move(struct stream *stream, const struct pollfd answer[2]);

/*
 * stream_finish - the writer has ended. What is there by now is still passed on; but what others go
 * on to write is not waited for, and not read beyond STREAM_REST. FROM must not block.
 */
void stream_finish(struct stream *stream);

#endif
