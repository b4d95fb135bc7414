/* SPDX-License-Identifier: MIT */

/* What nsinfo exec passes on, and when it stops. */

#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exec/stream.h"

/* Two pipes and a stream from the first to the second. */
struct fixture {
	int in, out; /* the test's ends */
	struct stream stream;
};

static void set_up(struct fixture *f)
{
	int first[2], second[2];

	assert_return_code(pipe2(first, O_CLOEXEC | O_NONBLOCK), 0);
	assert_return_code(pipe2(second, O_CLOEXEC | O_NONBLOCK), 0);
	f->in = first[1];
	f->out = second[0];
	stream_open(&f->stream, first[0], second[1]);
}

/* Move what can be moved now. */
static void move_all(struct stream *stream)
{
	struct pollfd p[2];

	for (;;) {
		stream_ask(stream, p);
		if (poll(p, 2, 0) <= 0)
			return;
		stream_move(stream, p);
	}
}

static size_t read_all(int fd)
{
	char data[65536];
	size_t total = 0;
	ssize_t n;

	while ((n = read(fd, data, sizeof(data))) > 0)
		total += (size_t)n;
	return total;
}

static void fill_pipe(int fd)
{
	static const char data[4096];

	while (write(fd, data, sizeof(data)) > 0)
		;
}

TEST_CASE(passes_on, "bytes arrive, and the stream stays open")
{
	struct fixture f;
	char text[16] = "";

	set_up(&f);
	assert_int_equal(write(f.in, "hello", 5), 5);
	move_all(&f.stream);
	assert_int_equal(read(f.out, text, sizeof(text)), 5);
	assert_string_equal(text, "hello");
	assert_true(stream_is_open(&f.stream));
	stream_close(&f.stream);
	close(f.in);
	close(f.out);
}

TEST_CASE(end_is_passed_on_behind_the_rest, "the end is passed on behind the rest")
{
	struct fixture f;
	char text[16];

	set_up(&f);
	assert_int_equal(write(f.in, "rest", 4), 4);
	close(f.in);
	move_all(&f.stream);
	assert_false(stream_is_open(&f.stream));
	assert_int_equal(read(f.out, text, sizeof(text)), 4);
	assert_int_equal(read(f.out, text, sizeof(text)), 0);
	close(f.out);
}

TEST_CASE(without_a_reader_the_writer_learns_of_it,
	"if nobody reads any more the writer learns of it")
{
	struct fixture f;

	signal(SIGPIPE, SIG_IGN);
	set_up(&f);
	close(f.out);
	assert_int_equal(write(f.in, "x", 1), 1);
	move_all(&f.stream);
	assert_false(stream_is_open(&f.stream));
	assert_int_equal(f.stream.error, 0);
	assert_int_equal(write(f.in, "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(f.in);
}

TEST_CASE(full_disk_is_an_error, "a full disk is an error")
{
	struct fixture f;

	set_up(&f);
	close(f.stream.to);
	f.stream.to = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_return_code(f.stream.to, errno);
	assert_int_equal(write(f.in, "x", 1), 1);
	move_all(&f.stream);
	assert_int_equal(f.stream.error, ENOSPC);
	assert_false(stream_is_open(&f.stream));
	close(f.in);
	close(f.out);
}

TEST_CASE(reads_nothing_while_paused_but_sees_the_end,
	"a paused stream reads nothing, and sees the end")
{
	struct fixture f;
	char c;

	set_up(&f);
	f.stream.paused = true;
	assert_int_equal(write(f.in, "x", 1), 1);
	move_all(&f.stream);
	assert_int_equal(read(f.out, &c, 1), -1);
	f.stream.paused = false;
	move_all(&f.stream);
	assert_int_equal(read(f.out, &c, 1), 1);
	f.stream.paused = true;
	close(f.in);
	move_all(&f.stream);
	assert_false(stream_is_open(&f.stream));
	close(f.out);
}

TEST_CASE(when_finished_the_rest_arrives_though_a_writer_is_left,
	"when the writer has ended a full pipe arrives, though another could still write")
{
	struct fixture f;
	size_t total = 0;

	set_up(&f);
	fcntl(f.in, F_SETPIPE_SZ, 1 << 20);
	fill_pipe(f.in);
	stream_finish(&f.stream);
	while (stream_is_open(&f.stream)) {
		move_all(&f.stream);
		total += read_all(f.out);
	}
	assert_int_equal(total, fcntl(f.in, F_GETPIPE_SZ));
	close(f.in);
	close(f.out);
}

TEST_CASE(when_finished_an_endless_writer_is_not_waited_for,
	"when the writer has ended one that goes on writing is not waited for")
{
	struct fixture f;
	size_t total = 0;
	struct pollfd p[2];

	set_up(&f);
	fill_pipe(f.in);
	stream_finish(&f.stream);
	while (stream_is_open(&f.stream)) {
		stream_ask(&f.stream, p);
		assert_true(poll(p, 2, 0) > 0);
		stream_move(&f.stream, p);
		total += read_all(f.out);
		fill_pipe(f.in);
	}
	assert_int_equal(total, STREAM_REST);
	close(f.in);
	close(f.out);
}

TEST_CASE(when_finished_an_empty_stream_is_closed,
	"when the writer has ended and nothing is there, the stream is closed")
{
	struct fixture f;

	set_up(&f);
	stream_finish(&f.stream);
	assert_false(stream_is_open(&f.stream));
	close(f.in);
	close(f.out);
}

/* The caller's socket blocks; the process that writes to it must not. */
TEST_CASE(full_socket_does_not_block, "a full socket does not block, though it is a blocking one")
{
	struct fixture f;
	int pair[2];

	set_up(&f);
	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), errno);
	close(f.stream.to);
	f.stream.to = pair[0];
	for (int i = 0; i < 64; i++) {
		fill_pipe(f.in);
		move_all(&f.stream);
	}
	assert_true(stream_is_open(&f.stream));
	assert_true(f.stream.begin < f.stream.end);
	stream_close(&f.stream);
	close(pair[1]);
	close(f.in);
	close(f.out);
}

TEST_MAIN("nsinfo-stream", NULL, NULL)
