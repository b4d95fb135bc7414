/* SPDX-License-Identifier: MIT */

/* nsinfo check: every service that matters, and what is so of several. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/strings.h"
#include "check/check.h"
#include "check/services.h"
#include "check/wanted.h"
#include "read/pamconf.h"

/* What was found of one service. */
struct judged {
	char *name;
	struct findings found;
	char *place; /* "FILE:LINE" of our line, or NULL; not of "other", but for a login */
	bool shared; /* it is in a file that is there to be included */
	bool wanted; /* unshare.services names it */
};

struct all {
	struct findings *findings;
	const char *root;
	struct judged *list;
	size_t count;
};

static bool is_known_login(const char *service)
{
	return service_kind(service, NULL) == SERVICE_LOGIN;
}

/*
 * Is our line in a file that is neither the service's own nor that of a login (su-l includes su),
 * nor "other", which counts for who has none, nor the one file that has all services?
 */
static bool is_shared(const char *service, const char *place)
{
	const char *name = strrchr(place, '/') + 1;
	_cleanup_free_ char *file = memory_check(strndup(name, strcspn(name, ":")));

	return strcmp(file, service) != 0 && strcmp(file, "other") != 0 &&
	       strcmp(file, "pam.conf") != 0 && !is_known_login(file);
}

static void judge(struct all *all, const char *service, const struct wanted *wanted)
{
	struct judged *judged;
	struct check_wish wish = {.named = wanted_place(wanted, service)};
	struct check_line line = {0};

	all->list = memory_grow(all->list, all->count, sizeof(*all->list));
	judged = &all->list[all->count++];
	*judged = (struct judged){.name = string_copy(service)};
	check_service(&judged->found, all->root, service, &wish, &line);
	judged->wanted = wish.named != NULL;
	if (line.other && strcmp(service, "other") != 0 && !is_known_login(service) &&
		!judged->wanted)
		free(line.place); /* common-auth is no service, but a file that others include */
	else
		judged->place = line.place;
	judged->shared = judged->place && is_shared(service, judged->place);
	if (!judged->place && !is_known_login(service) && !wish.named)
		findings_free(&judged->found); /* of no interest */
}

/* Do both have the same line? */
static bool same_line(const struct judged *a, const struct judged *b)
{
	return a->place && b->place && strcmp(a->place, b->place) == 0;
}

static const struct judged *find_judged(const struct all *all, const char *service)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->list[i].name, service) == 0)
			return &all->list[i];
	return NULL;
}

/* --- a file that several include --- */

static bool is_worth_saying(const struct all *all, size_t i, const struct finding *finding);

/* Was it said of another service with the same line already? */
static bool said_before(const struct all *all, size_t i, const struct finding *finding)
{
	for (size_t j = 0; j < i; j++) {
		const struct judged *before = &all->list[j];

		if (!same_line(before, &all->list[i]))
			continue;
		for (size_t k = 0; k < before->found.count; k++)
			if (strcmp(before->found.list[k].message, finding->message) == 0 &&
				is_worth_saying(all, j, &before->found.list[k]))
				return true;
	}
	return false;
}

/* The file itself is no service, if others include it. */
static bool is_included(const struct all *all, const struct judged *judged)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->list[i].shared && same_line(&all->list[i], judged))
			return true;
	return false;
}

/* Of a service that gives no login and has the line by an include, only what is worst. */
static bool is_worth_saying(const struct all *all, size_t i, const struct finding *finding)
{
	const struct judged *judged = &all->list[i];

	if (!judged->shared)
		return is_known_login(judged->name) || !is_included(all, judged);
	if (finding->level == FINDING_PROBLEM)
		return true;
	return is_known_login(judged->name) &&
	       (finding->level == FINDING_OK || !said_before(all, i, finding));
}

static void add_found(struct all *all)
{
	for (size_t i = 0; i < all->count; i++)
		for (size_t k = 0; k < all->list[i].found.count; k++) {
			const struct finding *finding = &all->list[i].found.list[k];

			if (is_worth_saying(all, i, finding))
				findings_copy(all->findings, finding);
		}
}

/* Every service that has the line PLACE, from the I-th on, which is the first. */
static void add_shared(struct all *all, size_t i)
{
	_cleanup_free_ char *names = string_copy(""), *logins = string_copy("");
	const struct judged *first = &all->list[i];
	size_t count = 0, unwanted = 0;

	for (; i < all->count; i++) {
		const struct judged *judged = &all->list[i];

		if (!judged->shared || !same_line(judged, first))
			continue;
		count++;
		unwanted += !is_known_login(judged->name) && !judged->wanted;
		string_add(&names, ", ", "%s", judged->name);
		if (is_known_login(judged->name))
			string_add(&logins, ", ", "%s", judged->name);
	}
	if (unwanted == 0) /* it is there for that: a file of the administrator's own */
		return;
	_cleanup_free_ char *remedy = string_format(
		"take the line out of it, and write it at the end of the file of each login that "
		"is to be isolated%s%s",
		*logins ? ": " : "", logins);

	findings_add(all->findings, FINDING_WARNING, first->place, remedy,
		"the line stands in a file that is included: it reaches %zu service%s, also such "
		"that give no login or cannot be isolated: %s",
		count, count == 1 ? "" : "s", names);
}

static void check_shared(struct all *all)
{
	for (size_t i = 0; i < all->count; i++) {
		size_t j = 0;

		if (!all->list[i].shared)
			continue;
		while (j < i && !(all->list[j].shared && same_line(&all->list[j], &all->list[i])))
			j++;
		if (j == i)
			add_shared(all, i);
	}
}

/* --- services that a program uses with an option --- */

/*
 * Without a file of its own such a service has the stack of "other". Not each build of a program
 * uses it: shadow's login and su do not, util-linux's do. Then its name is a string of the
 * program's file.
 */
static const struct {
	const char *service, *program, *other, *how;
} companions[] = {
	{"login", "/bin/login", "remote", "login -h, which telnetd and rlogind run,"},
	{"su", "/bin/su", "su-l", "su -"},
	{"runuser", "/sbin/runuser", "runuser-l", "runuser -"},
	{"sudo", "/usr/libexec/sudo/sudoers.so", "sudo-i", "sudo -i"},
	{"sudo", "/usr/lib/sudo/sudoers.so", "sudo-i", "sudo -i"},
};

static bool has_string(const char *root, const char *path, const char *string)
{
	_cleanup_free_ char *full = string_format("%s%s", root, path), *text = NULL;
	_cleanup_fclose_ FILE *file = fopen(full, "re");
	size_t size = 0;

	while (file && getdelim(&text, &size, '\0', file) != -1)
		if (strcmp(text, string) == 0)
			return true;
	return false;
}

static void check_companions(struct all *all)
{
	const struct judged *other = find_judged(all, "other");

	if (other && other->place)
		return;
	for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
		const struct judged *judged = find_judged(all, companions[i].service);

		if (!judged || !judged->place || find_judged(all, companions[i].other) ||
			strncmp(judged->place, "/etc/pam.conf:", strlen("/etc/pam.conf:")) == 0 ||
			!has_string(all->root, companions[i].program, companions[i].other))
			continue;
		_cleanup_free_ char *remedy = string_format("cp %.*s /etc/pam.d/%s",
			(int)strcspn(judged->place, ":"), judged->place, companions[i].other);

		findings_add(all->findings, FINDING_WARNING, companions[i].other, remedy,
			"%s uses the service %s, and that has no file: libpam uses \"other\", and "
			"these logins are not isolated",
			companions[i].how, companions[i].other);
	}
}

/* --- what should be isolated --- */

/* Those that unshare.services names, and that have no file at all. */
static void judge_missing(struct all *all, const struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (!find_judged(all, wanted->list[i].name))
			judge(all, wanted->list[i].name, wanted);
}

static void check_any(struct all *all, const struct wanted *wanted)
{
	_cleanup_free_ char *names = NULL, *remedy = NULL;

	for (size_t i = 0; i < all->count; i++)
		if (all->list[i].place &&
			(is_known_login(all->list[i].name) || all->list[i].wanted))
			string_add(&names, " ", "%s", all->list[i].name);
	if (!names)
		findings_add(all->findings, FINDING_PROBLEM, "PAM",
			"add \"session required pam_unshare.so\" at the end of the files of the "
			"logins that are to be isolated: sshd, su, sudo",
			"no service that gives logins has pam_unshare in its session stack: no "
			"login is isolated");
	if (!names || wanted->count > 0 || wanted->unread)
		return;
	remedy = string_format("echo '%s' >%s", names, WANTED_FILE);
	findings_add(all->findings, FINDING_NOTE, "PAM", remedy,
		"no file says which services are to be isolated: if an update takes the line out "
		"of one, nobody is told");
}

void check_all_services(struct findings *findings, const char *root)
{
	struct all all = {.findings = findings, .root = root};
	struct wanted wanted;
	char **services = pamconf_services(root);

	wanted_read(findings, root, &wanted);
	for (char **service = services; *service; service++) {
		judge(&all, *service, &wanted);
		free(*service);
	}
	free(services);
	judge_missing(&all, &wanted);
	add_found(&all);
	check_shared(&all);
	check_companions(&all);
	check_any(&all, &wanted);
	for (size_t i = 0; i < all.count; i++) {
		free(all.list[i].name);
		free(all.list[i].place);
		findings_free(&all.list[i].found);
	}
	free(all.list);
	wanted_free(&wanted);
}
