/* SPDX-License-Identifier: MIT */

/* Any mountinfo, the lookups in it, and the plan of the private /proc that is made of it. */

#include "fuzz.h"
#include "mountinfo.h"
#include "procfs.h"

static void check_plan(const struct procfs_plan *plan)
{
	size_t count = plan->info.count;

	FUZZ_HOLDS(plan->instance_count >= 1 && plan->instance_count <= count);
	FUZZ_HOLDS(strcmp(plan->instances[0].target, "/proc") == 0);
	FUZZ_HOLDS(plan->carried_count <= count && plan->unbindable_count <= count);
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
