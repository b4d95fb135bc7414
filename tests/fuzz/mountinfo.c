/* SPDX-License-Identifier: MIT */

/* Any mountinfo, the lookups in it, and the plan of the private /proc that is made of it. */

#include "fuzz.h"
#include "common/mountinfo.h"
#include "procfs/plan.h"

/* --- what an input is made of --- */

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

struct input {
	uint8_t *data;
	size_t size, max_size;
};

struct piece {
	size_t at, length;
};

/* Of the pieces of WITHIN that END is between, the one with this number; they are a circle. */
static struct piece pick(
	const struct input *input, struct piece within, uint8_t end, unsigned int number)
{
	size_t last = within.at + within.length;
	struct piece piece = {within.at, 0};
	unsigned int count = 1;

	for (size_t i = within.at; i < last; i++)
		count += input->data[i] == end;
	for (number %= count; number > 0; piece.at++)
		number -= input->data[piece.at] == end;
	while (piece.at + piece.length < last && input->data[piece.at + piece.length] != end)
		piece.length++;
	return piece;
}

static struct piece pick_line(const struct input *input, unsigned int number)
{
	return pick(input, (struct piece){0, input->size}, '\n', number);
}

/* Text in the place of a piece, if there is room. */
static void put(struct input *input, struct piece place, const char *text, size_t length)
{
	size_t after = place.at + place.length;

	if (input->size - place.length + length > input->max_size)
		return;
	memmove(input->data + place.at + length, input->data + after, input->size - after);
	memcpy(input->data + place.at, text, length);
	input->size += length - place.length;
}

/* A copy of one piece in the place of another. */
static void copy(struct input *input, struct piece from, struct piece to)
{
	char *text = fuzz_text(input->data + from.at, from.length);

	put(input, to, text, from.length);
	free(text);
}

/* The mount of one line gets the ID of another's, in its own line and in those of what is on it. */
static void same_id(struct input *input, struct piece from, struct piece to)
{
	struct piece id = pick(input, from, ' ', 0);
	char *new = fuzz_text(input->data + id.at, id.length);
	size_t new_length = id.length, old_length;
	char *old;

	id = pick(input, to, ' ', 0);
	old_length = id.length;
	old = fuzz_text(input->data + id.at, id.length);
	for (size_t at = 0; at < input->size;) {
		struct piece rest = {at, input->size - at};
		unsigned int column;

		for (column = 0; column < 2; column++) {
			id = pick(input, pick(input, rest, '\n', 0), ' ', column);
			if (id.length == old_length &&
				memcmp(input->data + id.at, old, old_length) == 0)
				put(input, id, new, new_length);
			rest.length = input->size - at;
		}
		at += pick(input, rest, '\n', 0).length + 1;
	}
	free(new);
	free(old);
}

/*
 * What goes wrong in a plan is how mounts belong together, and bytes that change by themselves
 * seldom make them do so. Mostly a line is repeated, left out, gets a field of another, or its
 * mount gets another's ID: the kernel gives that of a mount that is gone to the next one, also
 * while mountinfo is read (fs/namespace.c, mnt_alloc_id).
 */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	struct input input = {data, size, max_size};
	struct piece from = pick_line(&input, seed >> 8), to = pick_line(&input, seed >> 16);
	struct piece whole = {from.at, from.length + (from.at + from.length < size)};
	unsigned int column = seed >> 3 & 15;

	switch (seed & 7) {
	case 0:
		copy(&input, whole, (struct piece){to.at, 0});
		return input.size;
	case 1:
		put(&input, whole, "", 0);
		return input.size;
	case 2:
	case 3:
		copy(&input, pick(&input, from, ' ', column), pick(&input, to, ' ', column));
		return input.size;
	case 4:
	case 5:
		same_id(&input, from, to);
		return input.size;
	default:
		return LLVMFuzzerMutate(data, size, max_size);
	}
}

/* --- what holds of it --- */

static void check_plan(const struct procfs_plan *plan)
{
	size_t count = plan->info.count;

	FUZZ_HOLDS(plan->instance_count >= 1 && plan->instance_count <= count);
	FUZZ_HOLDS(strcmp(plan->instances[0].target, "/proc") == 0);
	/* A mount is replaced, or carried over, or neither; and once. */
	FUZZ_HOLDS(plan->instance_count + plan->carried_count <= count);
	FUZZ_HOLDS(plan->unbindable_count <= count);
	FUZZ_HOLDS(plan->process_count <= count && plan->cover_count <= count);
	FUZZ_HOLDS(plan->visible_count >= 1 && plan->visible_count <= plan->instance_count);
	FUZZ_HOLDS(plan->visible_process_count <= plan->process_count);
	for (size_t i = 0; i < plan->instance_count; i++) {
		const struct procfs_instance *instance = &plan->instances[i];

		FUZZ_HOLDS(instance->depth >= 1);
		FUZZ_HOLDS(instance->option_count <= PROCFS_OPTIONS_MAX);
		FUZZ_HOLDS(instance->detach + instance->depth <= count);
		FUZZ_HOLDS(instance->way.count >= 1 && instance->way.count <= count);
		FUZZ_HOLDS(instance->carried + instance->carried_count <= plan->carried_count);
		FUZZ_HOLDS(instance->unbindable + instance->unbindable_count <=
			   plan->unbindable_count);
		for (size_t c = 0; c < instance->carried_count; c++)
			FUZZ_HOLDS(mountinfo_is_below(
				plan->carried[instance->carried + c].path, instance->target));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct procfs_plan plan;
	struct mountinfo info;
	struct error error;

	/* Planning takes the square of the mounts; a minute's worth of them finds nothing new. */
	if (size <= 8192 && mountinfo_parse(fuzz_text(data, size), &info) == 0) {
		mountinfo_lookup(&info, "/proc/self/fd");
		for (size_t i = 0; i < info.count; i++)
			mountinfo_lookup(&info, info.mounts[i].target);
		if (procfs_plan_make(&info, -1, "hidepid=2,gid=5", &plan, &error) == 0)
			check_plan(&plan);
		procfs_plan_free(&plan);
	} else if (size <= 8192) {
		mountinfo_free(&info);
	}
	return 0;
}
