/* SPDX-License-Identifier: MIT */

/*
 * What opening a session costs, and joining one that is open (scope=user), beside the bare system
 * calls that it cannot do without; then the same as the first thing in a new process, where page
 * faults count as much as system calls, and in an application that has touched 1 GiB. Interleaved,
 * medians, nothing asserted. Needs root.
 *
 *   open [ROUNDS]
 *
 * It is at real-time priority where it may be, as all that it starts: else what the machine does
 * besides is in the figures.
 */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "session.h"

#define PSS_SESSIONS 20
#define LARGE_BYTES  (1UL << 30)
#define SHARED_UID   4242424242UL /* nobody's */

enum {
	BARE,
	OPEN,
	CLOSE,
	JOIN,
	LEAVE,
	BARE_NEW,
	OPEN_NEW,
	JOIN_NEW,
	FORK_LARGE,
	OPEN_LARGE,
	SERIES
};

/* Each with the series that its cost is a multiple of. */
static const struct {
	const char *name;
	int base;
} series[SERIES] = {
	{"bare system calls", BARE},
	{"open a session", BARE},
	{"close a session", BARE},
	{"join a session", OPEN},
	{"leave a session", OPEN},
	{"bare system calls, new process", BARE_NEW},
	{"open a session, new process", BARE_NEW},
	{"join a session, new process", OPEN_NEW},
	{"fork alone, 1 GiB touched", OPEN_NEW},
	{"open a session, 1 GiB touched", OPEN_NEW},
};

struct result {
	double open_us, close_us;
	bool failed;
};

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The floor: unshare both namespaces, fork, slave propagation, mount /proc. Then back, untimed. */
static struct result bare_calls(void)
{
	int mount_namespace = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	int pid_namespace = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	struct result result = {0};
	double start = now_us();
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWNS | CLONE_NEWPID) == -1)
		return (struct result){.failed = true};
	pid = fork();
	if (pid == 0)
		_exit(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == -1 ||
			mount("proc", "/proc", "proc", 0, NULL) == -1);
	result.failed = pid == -1 || waitpid(pid, &status, 0) == -1 || status != 0;
	result.open_us = now_us() - start;
	if (setns(pid_namespace, CLONE_NEWPID) == -1 || setns(mount_namespace, CLONE_NEWNS) == -1)
		result.failed = true;
	close(mount_namespace);
	close(pid_namespace);
	return result;
}

static struct session_request own, shared;

static struct result open_and_close_as(const struct session_request *request)
{
	struct result result = {0};
	struct session *session;
	struct error error;
	double start = now_us(), opened;

	if (session_open(request, &session, &error) < 0) {
		char text[512];

		error_format(&error, "the benchmark", text, sizeof(text));
		fprintf(stderr, "%s\n", text);
		return (struct result){.failed = true};
	}
	opened = now_us();
	result.failed = request->share && session_way(session) != WAY_JOINED;
	result.failed = session_close(session, &error) < 0 || result.failed;
	result.open_us = opened - start;
	result.close_us = now_us() - opened;
	session_free(session);
	return result;
}

static struct result open_and_close(void)
{
	return open_and_close_as(&own);
}

/* What hold_shared has open. */
static struct result join_and_leave(void)
{
	return open_and_close_as(&shared);
}

/*
 * Have a session open that others can join, in a process of its own, until the descriptor that is
 * returned is closed. Returns -1 where it cannot be opened.
 */
static int hold_shared(pid_t *holder)
{
	struct session *session;
	struct error error;
	int ready[2], hold[2];
	char byte;

	if (pipe2(ready, O_CLOEXEC) == -1 || pipe2(hold, O_CLOEXEC) == -1)
		return -1;
	*holder = fork();
	if (*holder == 0) {
		close(hold[1]);
		if (session_open(&shared, &session, &error) < 0)
			_exit(1);
		if (session_way(session) == WAY_FIRST && write(ready[1], "", 1) == 1)
			(void)!read(hold[0], &byte, 1);
		_exit(session_close(session, &error) < 0);
	}
	close(ready[1]);
	if (*holder == -1 || read(ready[0], &byte, 1) != 1)
		return -1;
	close(ready[0]);
	close(hold[0]);
	return hold[1];
}

/* Sessions that are shared meet in RUN_DIRECTORY: here in one that goes with the benchmark. */
static bool have_own_run(void)
{
	return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0 &&
	       mount("run", "/run", "tmpfs", 0, "mode=755") == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) == 0; /* as systemd has it */
}

static struct result fork_alone(void)
{
	struct result result = {0};
	double start = now_us();
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	result.failed = pid == -1 || waitpid(pid, NULL, 0) == -1;
	result.open_us = now_us() - start;
	return result;
}

/* A sample in a process of its own, which has touched LARGE bytes of memory. */
static struct result sample_new(struct result (*measure)(void), size_t large)
{
	struct result *sample = mmap(
		NULL, sizeof(*sample), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct result result = {.failed = true};
	pid_t pid;

	if (sample == MAP_FAILED)
		return result;
	*sample = result;
	pid = fork();
	if (pid == 0) {
		if (large) {
			char *memory = mmap(NULL, large, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			if (memory == MAP_FAILED)
				_exit(1);
			madvise(memory, large, MADV_NOHUGEPAGE);
			memset(memory, 1, large);
		}
		*sample = measure();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	result = *sample;
	munmap(sample, sizeof(*sample));
	return result;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
	if (count == 0)
		return 0;
	qsort(values, count, sizeof(*values), compare);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static double pss_kib(pid_t pid)
{
	char path[64], line[256];
	double pss = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Pss: %lf kB", &pss) == 1)
			break;
	if (file)
		fclose(file);
	return pss;
}

/* Hold PSS_SESSIONS sessions at once and read what each PID 1 holds, from outside of them. */
static double measure_pss(void)
{
	double values[PSS_SESSIONS];
	pid_t holders[PSS_SESSIONS];
	size_t count = 0;
	int ready[2], hold[2];

	if (pipe2(ready, O_CLOEXEC) == -1 || pipe2(hold, O_CLOEXEC) == -1)
		return 0;
	for (size_t i = 0; i < PSS_SESSIONS; i++) {
		holders[i] = fork();
		if (holders[i] == 0) {
			struct session *session;
			struct error error;
			pid_t init = -1;
			char byte;

			close(hold[1]);
			if (session_open(&own, &session, &error) == 0)
				init = session_init_pid(session);
			(void)!write(ready[1], &init, sizeof(init));
			(void)!read(hold[0], &byte, 1);
			_exit(init == -1 || session_close(session, &error) < 0);
		}
	}
	for (size_t i = 0; i < PSS_SESSIONS; i++) {
		pid_t init;

		if (read(ready[0], &init, sizeof(init)) != sizeof(init) || init == -1)
			continue;
		usleep(2000); /* until it waits */
		values[count++] = pss_kib(init);
	}
	close(hold[1]);
	for (size_t i = 0; i < PSS_SESSIONS; i++)
		waitpid(holders[i], NULL, 0);
	return median(values, count);
}

int main(int argc, char **argv)
{
	const struct sched_param priority = {.sched_priority = 1};
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 200;
	size_t large_rounds = rounds / 10 + 1;
	double *values[SERIES], medians[SERIES];
	size_t counts[SERIES] = {0};
	bool failed = false;
	pid_t holder;
	int held;

	own = shared = (struct session_request){
		.user = "root",
		.service = "bench",
		.grace_ms = 2000,
		.init = getenv("SESSION_INIT"),
	};
	shared.share = 'u';
	shared.share_id = SHARED_UID;
	if (geteuid() != 0 || !own.init) {
		printf("skipped: needs root, and the path of session-init in SESSION_INIT\n");
		return 77;
	}
	sched_setscheduler(0, SCHED_FIFO, &priority);
	held = have_own_run() ? hold_shared(&holder) : -1;
	if (held == -1) {
		perror("cannot open the session that others join");
		return 1;
	}
	for (size_t s = 0; s < SERIES; s++) {
		values[s] = calloc(rounds + 1, sizeof(**values));
		if (!values[s])
			return 1;
	}
	for (size_t i = 0; i < rounds && !failed; i++) {
		struct result bare = bare_calls(), opened = open_and_close();
		struct result joined = join_and_leave();
		struct result bare_new = sample_new(bare_calls, 0);
		struct result opened_new = sample_new(open_and_close, 0);
		struct result joined_new = sample_new(join_and_leave, 0);

		failed = bare.failed || opened.failed || joined.failed || bare_new.failed ||
			 opened_new.failed || joined_new.failed;
		values[BARE][counts[BARE]++] = bare.open_us;
		values[OPEN][counts[OPEN]++] = opened.open_us;
		values[CLOSE][counts[CLOSE]++] = opened.close_us;
		values[JOIN][counts[JOIN]++] = joined.open_us;
		values[LEAVE][counts[LEAVE]++] = joined.close_us;
		values[BARE_NEW][counts[BARE_NEW]++] = bare_new.open_us;
		values[OPEN_NEW][counts[OPEN_NEW]++] = opened_new.open_us;
		values[JOIN_NEW][counts[JOIN_NEW]++] = joined_new.open_us;
		if (i < large_rounds) {
			struct result forked = sample_new(fork_alone, LARGE_BYTES);
			struct result large = sample_new(open_and_close, LARGE_BYTES);

			failed = failed || forked.failed || large.failed;
			values[FORK_LARGE][counts[FORK_LARGE]++] = forked.open_us;
			values[OPEN_LARGE][counts[OPEN_LARGE]++] = large.open_us;
		}
	}
	if (failed) {
		fprintf(stderr, "a sample failed\n");
		return 1;
	}
	close(held);
	waitpid(holder, NULL, 0);

	for (size_t s = 0; s < SERIES; s++) {
		medians[s] = median(values[s], counts[s]);
		printf("%-32s %9.1f us  %6.2f x %s (%zu samples)\n", series[s].name, medians[s],
			medians[s] / medians[series[s].base], series[series[s].base].name,
			counts[s]);
		free(values[s]);
	}
	printf("%-32s %9.1f KiB PSS (median of %d)\n", "memory of PID 1", measure_pss(),
		PSS_SESSIONS);
	return 0;
}
