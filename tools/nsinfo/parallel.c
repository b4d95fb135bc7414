/* SPDX-License-Identifier: MIT */

#include "parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define THREADS_MAX 4
#define SLICE       32 /* items at a time: below that a thread costs more than it saves */

struct job {
	void (*work)(void *data, size_t index);
	void *data;
	size_t count;
	atomic_size_t next;
};

static void *run(void *data)
{
	struct job *job = data;
	size_t from;

	while ((from = atomic_fetch_add(&job->next, SLICE)) < job->count)
		for (size_t i = from; i < from + SLICE && i < job->count; i++)
			job->work(job->data, i);
	return NULL;
}

void parallel(size_t count, void (*work)(void *data, size_t index), void *data)
{
	struct job job = {.work = work, .data = data, .count = count};
	pthread_t threads[THREADS_MAX - 1];
	size_t started = 0, wanted = count / (SLICE * 2);
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	while (started < THREADS_MAX - 1 && started < wanted && (long)started < processors - 1 &&
		pthread_create(&threads[started], NULL, run, &job) == 0)
		started++;
	run(&job);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
}
