/* SPDX-License-Identifier: MIT */

/* nsinfo check: the doctor. Exit status 1 if it found a problem. */

#include "check/check.h"
#include "check/services.h"

#include <stdlib.h>
#include <string.h>

#include "commands/commands.h"
#include "commands/scan.h"
#include "read/pamconf.h"

enum {
	COLUMN_LEVEL,
	COLUMN_SUBJECT,
	COLUMN_MESSAGE,
	COLUMN_REMEDY,
};

static const struct table_column columns[] = {
	[COLUMN_LEVEL] = {"LEVEL", "level", 7, TABLE_BOTH, "ok, note, warning or problem"},
	[COLUMN_SUBJECT] = {"SUBJECT", "subject", 8, TABLE_BOTH,
		"PAM service, or what else was checked"},
	[COLUMN_MESSAGE] = {"MESSAGE", "message", 0.5, TABLE_BOTH | TABLE_TRUNC, "what was found"},
	[COLUMN_REMEDY] = {"REMEDY", "remedy", 0.3, TABLE_BOTH | TABLE_TRUNC,
		"what to do about it"},
	{0},
};

/* Of what is no service's own only what refuses its logins. */
static void check_common_problems(struct findings *findings)
{
	struct findings found = {0};

	check_files(&found, "");
	check_selinux(&found, "");
	check_session(&found);
	for (size_t i = 0; i < found.count; i++)
		if (found.list[i].level == FINDING_PROBLEM)
			findings_copy(findings, &found.list[i]);
	findings_free(&found);
}

static void check(struct findings *findings, char **services)
{
	struct proc proc = PROC_CLOSED;
	struct sessions sessions;
	int result;

	if (*services) {
		check_common_problems(findings);
		for (; *services; services++) {
			check_service(
				findings, "", *services, &(struct check_wish){.asked = true}, NULL);
			check_application(findings, "", *services);
		}
		return;
	}
	check_files(findings, "");
	result = scan_sessions(&proc, &sessions, true);
	if (result == 0 && sessions.own)
		findings_add(findings, FINDING_NOTE, "session", "run nsinfo check on the host",
			"nsinfo check runs in a session: it sees this session's processes, and "
			"what it says of the kernel and of /proc is of the session");
	if (result == 0)
		check_kernel(findings, &sessions);
	else
		findings_untried(findings, "kernel", "what it can do", -result);
	sessions_free(&sessions);
	proc_close(&proc);
	check_connector(findings);
	check_selinux(findings, "");
	check_session(findings);
	check_all_services(findings, "");
	check_application(findings, "", "sshd");
	check_application(findings, "", "sudo");
	check_bypass(findings, "");
	check_programs(findings, "");
}

static void print_table(struct cli *cli, const struct findings *findings)
{
	struct table *table = table_new("findings", columns, &cli->format);

	cli_columns(cli, table);
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->list[i];

		table_row(table, -1);
		table_text(table, COLUMN_LEVEL, finding_level_name(finding->level));
		table_text(table, COLUMN_SUBJECT, finding->subject);
		table_text(table, COLUMN_MESSAGE, finding->message);
		table_text(table, COLUMN_REMEDY, finding->remedy);
	}
	table_print(table);
	table_free(table);
}

static void print(struct cli *cli, const struct findings *findings)
{
	size_t problems = findings_count(findings, FINDING_PROBLEM);
	size_t warnings = findings_count(findings, FINDING_WARNING);

	if (cli->format.json || cli_wants_table(cli)) {
		print_table(cli, findings);
		return;
	}
	findings_print(findings, cli_color(cli));
	printf("\n%zu problem%s, %zu warning%s.\n", problems, problems == 1 ? "" : "s", warnings,
		warnings == 1 ? "" : "s");
}

enum { OPTION_AS = 256, OPTION_SERVICE };

static const struct cli_option options[] = {
	{OPTION_AS, "as", "USER", "say what is decided for this user, and by which rule"},
	{OPTION_SERVICE, "service", "SERVICE", "with --as: for a login through this service alone"},
	{0},
};

/* What would be decided for a user: through one service, or through each that gives a login. */
static void check_user(
	const struct cli *cli, struct findings *findings, const char *user, const char *service)
{
	char **services = pamconf_services("");

	for (char **s = services; *s; s++) {
		bool wanted = service ? false : service_kind(*s, NULL) == SERVICE_LOGIN;

		if (wanted && !check_decision(findings, "", *s, user))
			cli_usage_error(cli, "no such user: %s", user);
		free(*s);
	}
	free(services);
	if (service && !check_decision(findings, "", service, user))
		cli_usage_error(cli, "no such user: %s", user);
}

static int check_main(int argc, char **argv)
{
	struct cli cli = {.command = &command_check};
	struct findings findings = {0};
	const char *user = NULL, *service = NULL;
	int c, problems;

	while ((c = cli_getopt(&cli, argc, argv)) != -1) {
		if (c == OPTION_AS)
			user = optarg;
		else if (c == OPTION_SERVICE)
			service = optarg;
	}
	if (service && !user)
		cli_usage_error(
			&cli, "--service goes with --as USER; without it, name the service alone");
	if (user && argv[optind])
		cli_usage_error(&cli, "with --as USER it is --service %s", argv[optind]);
	if (user)
		check_user(&cli, &findings, user, service);
	else
		check(&findings, argv + optind);
	print(&cli, &findings);
	problems = findings_count(&findings, FINDING_PROBLEM) > 0;
	findings_free(&findings);
	return problems ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command command_check = {
	.name = "check",
	.arguments = "[options] [SERVICE...]",
	.summary = "check installation and PAM stacks; exit status 1 if there is a problem",
	.options = options,
	.columns = columns,
	.color = true,
	.main = check_main,
};
