/* SPDX-License-Identifier: MIT */

/* nsinfo show: all about one session. */

#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "commands/commands.h"
#include "commands/scan.h"
#include "commands/session-row.h"
#include "common/namespaces.h"
#include "print/text.h"
#include "read/cgroup.h"
#include "read/mounts.h"

/* The limits that a login runs into, as text and JSON name them. */
static const struct {
	int number;
	const char *name, *key;
} limits[] = {
	{RLIMIT_NPROC, "processes", "processes"},
	{RLIMIT_NOFILE, "open files", "open_files"},
	{RLIMIT_AS, "address space", "address_space"},
	{RLIMIT_CPU, "cpu time", "cpu_time"},
	{RLIMIT_FSIZE, "file size", "file_size"},
	{RLIMIT_MEMLOCK, "locked memory", "locked_memory"},
	{RLIMIT_CORE, "core file size", "core_file_size"},
};
#define N_LIMITS (sizeof(limits) / sizeof(limits[0]))

/* What show reads of one session beside its facts. */
struct details {
	const struct session *session;
	struct proc_status init;
	uint64_t ns[NAMESPACES_COUNT], own_ns[NAMESPACES_COUNT]; /* 0: not known */
	struct mounts mounts;
	struct cgroups cgroups;
	struct rlimit limits[RLIM_NLIMITS]; /* of the oldest process but PID 1 */
	bool has_limits;
};

static int read_details(
	struct details *details, struct sessions *sessions, const struct session *session)
{
	const struct proc *proc = sessions->proc;
	const struct process *oldest;
	int r = proc_status(proc, session->init, &details->init);

	if (r < 0)
		return r;
	details->session = session;
	for (size_t i = 0; i < NAMESPACES_COUNT; i++) {
		if (proc_ns(proc, session->init, namespaces[i].name, &details->ns[i]) < 0)
			details->ns[i] = 0;
		if (proc_ns(proc, getpid(), namespaces[i].name, &details->own_ns[i]) < 0)
			details->own_ns[i] = 0;
	}
	mounts_read(proc, session->init, &details->mounts);
	cgroups_read(proc, session->init, &details->cgroups);
	oldest = sessions_oldest(sessions, session);
	details->has_limits = oldest && proc_limits(proc, oldest->pid, details->limits) == 0;
	return 0;
}

static void free_details(struct details *details)
{
	mounts_free(&details->mounts);
	cgroups_free(&details->cgroups);
}

static bool is_proc_mount(const struct mount *mount)
{
	return strcmp(mount->type, "proc") == 0 || strncmp(mount->target, "/proc/", 6) == 0;
}

/* "cap_kill", or "none". The caller frees. */
static char *capability_names(uint64_t set)
{
	char *text = NULL;

	for (int bit = 0; bit < 64; bit++) {
		_cleanup_free_ char *old = text;
		char *name;

		if (!(set >> bit & 1)) {
			old = NULL;
			continue;
		}
		name = cap_to_name(bit);
		text = string_format("%s%s%s", old ? old : "", old ? "," : "", name ? name : "?");
		cap_free(name);
	}
	return text ? text : string_copy("none");
}

/* --- as text --- */

static void heading(const char *text)
{
	printf("\n%s\n", text);
}

static void line(const char *key, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void line(const char *key, const char *format, ...)
{
	va_list args;

	text_print(stdout, "  %-18s ", key);
	va_start(args, format);
	text_vprint(stdout, format, args);
	va_end(args);
	fputc('\n', stdout);
}

static void print_facts(const struct session *session)
{
	char since[TEXT_TIME];

	text_print(stdout, "%s [%s]", session->user ? session->user : "?",
		session->service ? session->service : "?");
	if (session->ns)
		printf(", PID namespace %llu", (unsigned long long)session->ns);
	fputc('\n', stdout);
	heading("Login");
	if (session->uid >= 0)
		line("user", "%s (uid %lld)", session->user, session->uid);
	else if (session->user)
		line("user", "%s", session->user);
	if (session->service)
		line("service", "%s", session->service);
	if (session->tty)
		line("terminal", "%s", session->tty);
	if (session->rhost)
		line("from", "%s", session->rhost);
	if (session->start > 0)
		line("since", "%s",
			text_time_long(session->start, time(NULL), since, sizeof(since)));
	if (session->scope)
		line("scope", "%s", session->scope);
	if (session_state_name(session->state))
		line("state", "%s", session_state_name(session->state));
	if (session->processes >= 0)
		line("processes", "%ld", session->processes);
	if (session->grace_ms >= 0)
		line("grace", "%lld.%03lld s between SIGTERM and SIGKILL", session->grace_ms / 1000,
			session->grace_ms % 1000);
	if (session->parent && session->parent->ns)
		line("opened in session", "%llu", (unsigned long long)session->parent->ns);
	for (size_t i = 0; i < session->n_logins; i++)
		line("application", "%s, PID %d", session->logins[i].command,
			(int)session->logins[i].pid);
}

static void print_init(const struct details *details)
{
	_cleanup_free_ char *permitted = capability_names(details->init.permitted);
	_cleanup_free_ char *bounding = capability_names(details->init.bounding);

	heading("PID 1");
	if (details->session->level > 0)
		line("PID on the host", "%d", (int)details->session->init);
	line("executable", "%s",
		details->session->verified ? "session-init"
					   : "only root may see it; taken for session-init");
	line("capabilities", "%s; bounding set: %s", permitted, bounding);
	line("memory", "%ld KiB resident", details->init.rss_kib);
	for (size_t i = 0; i < details->cgroups.count; i++)
		line(i ? "" : "cgroup", "%s%s%s", details->cgroups.list[i].controllers,
			*details->cgroups.list[i].controllers ? ":" : "",
			details->cgroups.list[i].path);
}

static bool knows_a_namespace(const struct details *details)
{
	for (size_t i = 0; i < NAMESPACES_COUNT; i++)
		if (details->ns[i] != 0)
			return true;
	return false;
}

static void print_namespaces(const struct details *details)
{
	if (!knows_a_namespace(details))
		return;
	heading("Namespaces");
	for (size_t i = 0; i < NAMESPACES_COUNT; i++) {
		if (details->ns[i] == 0)
			continue;
		line(namespaces[i].name, "%llu%s", (unsigned long long)details->ns[i],
			details->own_ns[i] == 0                ? ""
			: details->own_ns[i] == details->ns[i] ? "  shared with this shell"
							       : "  the session's own");
	}
}

static void print_mounts(const struct details *details)
{
	heading("Mounts of /proc");
	for (size_t i = 0; i < details->mounts.info.count; i++) {
		const struct mount *mount = &details->mounts.info.mounts[i];

		if (!is_proc_mount(mount))
			continue;
		_cleanup_free_ char *options = mounts_options(mount);
		line(mount->target, "%s (%s)", mount->type, options);
	}
}

/* The caller frees. */
static char *limit_text(rlim_t limit)
{
	if (limit == RLIM_INFINITY)
		return string_copy("unlimited");
	return string_format("%llu", (unsigned long long)limit);
}

static void print_limit(const char *name, const struct rlimit *limit)
{
	_cleanup_free_ char *soft = limit_text(limit->rlim_cur);
	_cleanup_free_ char *hard = limit_text(limit->rlim_max);

	if (limit->rlim_cur != RLIM_INFINITY || limit->rlim_max != RLIM_INFINITY)
		line(name, "%s, at most %s", soft, hard);
}

static void print_limits(const struct details *details)
{
	if (!details->has_limits)
		return;
	heading("Limits");
	for (size_t i = 0; i < N_LIMITS; i++)
		print_limit(limits[i].name, &details->limits[limits[i].number]);
	for (size_t i = 0; i < details->cgroups.count; i++)
		for (size_t j = 0; j < details->cgroups.list[i].n_limits; j++)
			line(details->cgroups.list[i].limits[j].name, "%s",
				details->cgroups.list[i].limits[j].value);
}

static void print_text(const struct details *details)
{
	print_facts(details->session);
	print_init(details);
	if (details->session->ns == 0) {
		puts("\nOnly root may see its namespaces, its mounts and its applications.");
		return;
	}
	print_namespaces(details);
	print_mounts(details);
	print_limits(details);
}

/* --- as JSON --- */

static void json_init(struct json *json, const struct details *details)
{
	_cleanup_free_ char *permitted = capability_names(details->init.permitted);
	_cleanup_free_ char *bounding = capability_names(details->init.bounding);

	json_object(json, "pid1");
	json_number(json, "pid", details->session->init);
	json_bool(json, "verified", details->session->verified);
	json_string(json, "capabilities", permitted);
	json_string(json, "bounding", bounding);
	json_number(json, "rss_kib", details->init.rss_kib);
	json_array(json, "cgroups");
	for (size_t i = 0; i < details->cgroups.count; i++) {
		json_object(json, NULL);
		json_string(json, "controllers", details->cgroups.list[i].controllers);
		json_string(json, "path", details->cgroups.list[i].path);
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
}

static void json_namespaces(struct json *json, const struct details *details)
{
	json_object(json, "namespaces");
	for (size_t i = 0; i < NAMESPACES_COUNT; i++) {
		json_object(json, namespaces[i].name);
		json_known(json, "ns", details->ns[i] != 0, (long long)details->ns[i]);
		if (details->ns[i] && details->own_ns[i])
			json_bool(json, "shared", details->ns[i] == details->own_ns[i]);
		else
			json_null(json, "shared");
		json_end_object(json);
	}
	json_end_object(json);
}

static void json_mounts(struct json *json, const struct details *details)
{
	json_array(json, "mounts");
	for (size_t i = 0; i < details->mounts.info.count; i++) {
		const struct mount *mount = &details->mounts.info.mounts[i];

		if (!is_proc_mount(mount))
			continue;
		_cleanup_free_ char *options = mounts_options(mount);
		json_object(json, NULL);
		json_string(json, "target", mount->target);
		json_string(json, "fstype", mount->type);
		json_string(json, "options", options);
		json_end_object(json);
	}
	json_end_array(json);
}

/* null: unlimited */
static void json_limit(struct json *json, const char *key, const struct rlimit *limit)
{
	json_object(json, key);
	json_known(json, "soft", limit->rlim_cur != RLIM_INFINITY, (long long)limit->rlim_cur);
	json_known(json, "hard", limit->rlim_max != RLIM_INFINITY, (long long)limit->rlim_max);
	json_end_object(json);
}

static void json_limits(struct json *json, const struct details *details)
{
	json_object(json, "limits");
	for (size_t i = 0; details->has_limits && i < N_LIMITS; i++)
		json_limit(json, limits[i].key, &details->limits[limits[i].number]);
	for (size_t i = 0; i < details->cgroups.count; i++)
		for (size_t j = 0; j < details->cgroups.list[i].n_limits; j++)
			json_string(json, details->cgroups.list[i].limits[j].name,
				details->cgroups.list[i].limits[j].value);
	json_end_object(json);
}

static void print_json(const struct details *details)
{
	struct json json = JSON(stdout);

	json_object(&json, NULL);
	session_row_json(details->session, &json, "session");
	json_init(&json, details);
	json_namespaces(&json, details);
	json_mounts(&json, details);
	json_limits(&json, details);
	json_end_object(&json);
}

/* --- the command --- */

static int show(struct cli *cli, struct sessions *sessions, const char *name)
{
	const struct session *session = name ? scan_choose(sessions, name) : sessions->own;
	struct details details = {0};

	if (!session)
		return EXIT_FAILURE;
	if (cli_wants_table(cli)) {
		session_row_print(cli, session);
		return EXIT_SUCCESS;
	}
	if (read_details(&details, sessions, session) < 0) {
		text_error("the session ended");
		return EXIT_FAILURE;
	}
	if (details.mounts.wrong)
		text_error("note: a mount that is not understood: %s", details.mounts.wrong);
	if (cli->format.json)
		print_json(&details);
	else
		print_text(&details);
	free_details(&details);
	return EXIT_SUCCESS;
}

static int show_main(int argc, char **argv)
{
	struct cli cli = {.command = &command_show};
	struct proc proc = PROC_CLOSED;
	struct sessions sessions;
	int status = EXIT_FAILURE;

	while (cli_getopt(&cli, argc, argv) != -1)
		;
	if (argc - optind > 1)
		cli_usage_error(&cli, "more than one session");
	if (scan_sessions(&proc, &sessions, false) == 0) {
		if (optind == argc && !sessions.own)
			cli_usage_error(&cli, "which session?");
		status = show(&cli, &sessions, argv[optind]);
	}
	sessions_free(&sessions);
	proc_close(&proc);
	return status;
}

const struct command command_show = {
	.name = "show",
	.arguments = "[options] [SESSION]",
	.summary = "show all about one session",
	.columns = session_row_columns,
	.main = show_main,
};
