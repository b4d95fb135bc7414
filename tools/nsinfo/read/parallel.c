/* SPDX-License-Identifier: MIT */

#include "read/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

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

/* The processors that we may run on beside the one that we are on. Returns how many. */
static size_t other_processors(cpu_set_t *set)
{
	int here = sched_getcpu();

	if (here == -1 || sched_getaffinity(0, sizeof(*set), set) == -1)
		return 0;
	CPU_CLR((size_t)here, set);
	return (size_t)CPU_COUNT(set);
}

/*
 * A new thread often starts on the processor of its creator, and waits there for the creator's time
 * slice to end: for longer than all of its work takes. So it is told to start on another one.
 */
void parallel(size_t count, void (*work)(void *data, size_t index), void *data)
{
	struct job job = {.work = work, .data = data, .count = count};
	pthread_t threads[THREADS_MAX - 1];
	pthread_attr_t attributes;
	cpu_set_t others;
	size_t started = 0, wanted = count / (SLICE * 2);
	size_t processors = wanted > 0 ? other_processors(&others) : 0;

	if (processors > 0 && pthread_attr_init(&attributes) == 0) {
		pthread_attr_setaffinity_np(&attributes, sizeof(others), &others);
		while (started < THREADS_MAX - 1 && started < wanted && started < processors &&
			pthread_create(&threads[started], &attributes, run, &job) == 0)
			started++;
		pthread_attr_destroy(&attributes);
	}
	run(&job);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
}
