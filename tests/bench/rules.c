/* SPDX-License-Identifier: MIT */

/*
 * What a rule file with 10,000 rules adds to a decision, beside one with a single rule. The rule
 * that names the login is the last. Interleaved, medians, nothing asserted. Needs root: a rule file
 * has to be root's.
 *
 *   rules [ROUNDS]
 */

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "policy/policy.h"

#define RULES 10000

/* What administrators write, in turn: a name, a group, a range, a list, an escaped space. */
static const char *const kinds[] = {
	"user%05u sshd isolate scope=user on_close=linger\n",
	"@group%05u * skip\n",
	"%u-99999 sshd,su,sudo isolate grace=10\n",
	"bob,user%05u,@staff * isolate\n",
	"DOMAIN\\\\a\\ user%05u * skip\n",
};

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

/* A file of so many rules, the last of which names the login. Returns whether it was written. */
static int write_rules(char *path, unsigned int rules)
{
	int fd = mkstemp(path);
	FILE *file = fd == -1 ? NULL : fdopen(fd, "w");

	if (!file)
		return 0;
	for (unsigned int i = 0; i + 1 < rules; i++) {
		const char *kind = kinds[i % (sizeof(kinds) / sizeof(*kinds))];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		fprintf(file, kind, 30000 + i);
#pragma GCC diagnostic pop
	}
	fputs("alice * isolate\n", file);
	return fclose(file) == 0;
}

/* The time of one decision, or a negative number where it is not as it should be. */
static double decide(const char *path, unsigned int rules)
{
	struct login login = {.user = "alice", .uid = 1000, .gid = 1000, .service = "sshd"};
	struct options options = options_default();
	struct policy policy;
	struct error error;
	double start, time;
	int result;

	options.conf = path;
	start = now_us();
	result = policy_decide(&options, &login, &policy, &error);
	time = now_us() - start;
	login_forget_groups(&login);
	return result == 0 && policy.isolate && policy.rule.line == rules ? time : -1;
}

int main(int argc, char **argv)
{
	const struct sched_param priority = {.sched_priority = 1};
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 200;
	char one[] = "/tmp/bench-rules-XXXXXX", many[] = "/tmp/bench-rules-XXXXXX";
	double *of_one = calloc(rounds + 1, sizeof(*of_one));
	double *of_many = calloc(rounds + 1, sizeof(*of_many));
	int failed = 0;

	if (geteuid() != 0) {
		printf("skipped: needs root\n");
		return 77;
	}
	if (!of_one || !of_many || !write_rules(one, 1) || !write_rules(many, RULES))
		failed = 1;
	sched_setscheduler(0, SCHED_FIFO, &priority); /* where it may; as in open.c */
	for (size_t i = 0; i < rounds && !failed; i++) {
		of_one[i] = decide(one, 1);
		of_many[i] = decide(many, RULES);
		failed = of_one[i] < 0 || of_many[i] < 0;
	}
	unlink(one);
	unlink(many);
	if (failed) {
		fprintf(stderr, "a decision failed\n");
		return 1;
	}
	printf("%-32s %9.1f us  (%zu samples)\n", "decide, 1 rule", median(of_one, rounds), rounds);
	printf("%-32s %9.1f us  (%zu samples)\n", "decide, 10,000 rules", median(of_many, rounds),
		rounds);
	free(of_one);
	free(of_many);
	return 0;
}
