/* SPDX-License-Identifier: MIT */

/* What nsinfo check makes of its trial of the proc connector. */

#include "../unit.h"

#include <errno.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "check/connector.h"

static void expect(const struct connector_trial *trial, enum finding_level level, const char *words)
{
	struct findings findings = {0};

	connector_judge(&findings, trial);
	assert_int_equal(findings.count, 1);
	assert_int_equal(findings.list[0].level, level);
	assert_string_equal(findings.list[0].subject, "kernel");
	assert_non_null(strstr(findings.list[0].message, words));
	assert_non_null(strstr(findings.list[0].message, "proc connector"));
	findings_free(&findings);
}

static bool is_asked(void)
{
	struct connector_trial trial;

	connector_try(&trial);
	return trial.unasked;
}

/* Is there a socket that the events go to? By /proc/net/netlink: protocol, PID, groups. */
static bool is_listened_to(void)
{
	FILE *file = fopen("/proc/net/netlink", "re");
	bool found = false;
	unsigned int protocol, groups;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%*s %u %*u %x", &protocol, &groups) == 2)
			found |= protocol == NETLINK_CONNECTOR && (groups & CN_IDX_PROC);
	if (file)
		fclose(file);
	return found;
}

/*
 * The first of the tests: a trial that is not taken back lasts. That another program asks
 * meanwhile, as the tests of real logins do, does not count.
 */
TEST_CASE(taken_back, "after the trial users are told as little as before")
{
	const struct timespec pause = {.tv_nsec = 100000000};
	int tries = 50;

	if (is_asked())
		skip();
	while (tries > 0 && is_asked()) {
		nanosleep(&pause, NULL);
		tries -= !is_listened_to();
	}
	assert_true(tries > 0);
}

TEST_CASE(heard, "a proc connector that tells users is a warning")
{
	struct connector_trial trial = {.step = CONNECTOR_DONE, .heard = true};

	expect(&trial, FINDING_WARNING, "as soon as a program outside of a session asks");
	trial.unasked = true;
	expect(&trial, FINDING_WARNING, "a program has asked it to");
	trial.container = true;
	expect(&trial, FINDING_WARNING, "a program has asked it to");
}

TEST_CASE(heard_has_remedy, "and the remedy says what closes it")
{
	struct connector_trial trial = {.step = CONNECTOR_DONE, .heard = true};
	struct findings findings = {0};

	connector_judge(&findings, &trial);
	assert_non_null(strstr(findings.list[0].remedy, "with=net"));
	findings_free(&findings);
}

TEST_CASE(closed, "where the kernel refuses to tell, all is well")
{
	static const struct {
		struct connector_trial trial;
		const char *words;
	} cases[] = {
		{{.step = CONNECTOR_SOCKET, .code = EPROTONOSUPPORT}, "this kernel has no"},
		{{.step = CONNECTOR_BIND, .code = EPERM}, "only root"},
		{{.step = CONNECTOR_ASK, .code = ECONNREFUSED}, "first network namespace"},
		{{.step = CONNECTOR_DONE}, "this kernel has no"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(&cases[i].trial, FINDING_OK, cases[i].words);
}

TEST_CASE(not_tried, "a trial that could not be made is a note, with the reason")
{
	static const struct {
		struct connector_trial trial;
		const char *words;
	} cases[] = {
		{{.step = CONNECTOR_FORK, .code = EAGAIN}, "Resource temporarily unavailable"},
		{{.step = CONNECTOR_FORK}, "could not try"}, /* it was killed */
		{{.step = CONNECTOR_NOBODY, .code = EPERM}, "Operation not permitted"},
		{{.step = CONNECTOR_SOCKET, .code = EAFNOSUPPORT}, "Address family not supported"},
		{{.step = CONNECTOR_BIND, .code = EACCES}, "Permission denied"},
		{{.step = CONNECTOR_HEAR, .code = EAGAIN}, "Resource temporarily unavailable"},
		{{.step = CONNECTOR_ASK, .code = EPERM}, "Operation not permitted"},
		{{.step = CONNECTOR_DONE, .container = true}, "first PID namespace"},
		{{.step = CONNECTOR_DONE, .acknowledged = true}, "no event came"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(&cases[i].trial, FINDING_NOTE, cases[i].words);
}

/* Whatever this machine is. */
TEST_CASE(real, "the trial can be made without root")
{
	struct connector_trial trial;

	connector_try(&trial);
	assert_int_not_equal(trial.step, CONNECTOR_FORK);
	assert_true(trial.step == CONNECTOR_DONE || trial.code != 0);
}

TEST_MAIN("nsinfo-connector", NULL, NULL)
