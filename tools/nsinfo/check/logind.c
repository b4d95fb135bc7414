/* SPDX-License-Identifier: MIT */

/* nsinfo check: what logind does to a session that is to outlive its logins. */

#include <stdbool.h>
#include <strings.h>

#include "base/cleanup.h"
#include "check/check.h"
#include "check/settings.h"
#include "check/stack.h"

/* logind.conf(5) */
static const char *const directories[] = {
	"/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd"};

static bool is_true(const char *value)
{
	static const char *const words[] = {"1", "yes", "y", "true", "t", "on"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcasecmp(value, words[i]) == 0)
			return true;
	return false;
}

void check_logind(struct stack *s)
{
	const struct pamconf_line *line = &s->conf.lines[s->ours];
	_cleanup_free_ char *value =
		settings_read(s->root, directories, sizeof(directories) / sizeof(*directories),
			"logind.conf", "[Login]", "KillUserProcesses");
	struct options options;
	struct error ignored = {0};

	if (!value || !is_true(value) || check_line_options(line, &options, &ignored) < 0 ||
		!options.linger)
		return;
	findings_add(s->findings, FINDING_WARNING, s->service,
		"set KillUserProcesses=no in logind.conf, or name the users whose processes may "
		"stay in KillExcludeUsers=",
		"on_close=linger (%s:%u) has no effect: logind ends what a login leaves behind "
		"(KillUserProcesses=%s)",
		line->file, line->number, value);
}
