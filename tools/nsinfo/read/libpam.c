/* SPDX-License-Identifier: MIT */

#include "read/libpam.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/strings.h"
#include "config.h"

/* PAM_CONFIG_DF, PAM_CONFIG_DIST_DF and VENDORDIR of libpam's pam_private.h. */
static const char *const known[] = {
	"/etc/pam.d", "/usr/lib/pam.d", "/usr/share/pam.d", "/usr/etc/pam.d"};
#define N_KNOWN (sizeof(known) / sizeof(known[0]))

/* What is read once. Each list ends with NULL. */
static struct {
	bool done, told, debian;
	const char **configs, **modules, **others;
	size_t n_configs, n_modules, n_others;
} libpam;

static void add(const char ***list, size_t *count, const char *name)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp((*list)[i], name) == 0)
			return;
	*list = memory_grow(*list, *count, sizeof(**list));
	(*list)[(*count)++] = string_copy(name);
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* A string of libpam's file: "/usr/lib/pam.d/%s", "/lib/security/". */
static void take_string(char *text)
{
	static const char config[] = "/pam.d/%s", module[] = "/security/";

	libpam.debian |= strcmp(text, "@include") == 0;
	if (*text != '/')
		return;
	if (ends_with(text, config)) {
		text[strlen(text) - strlen("/%s")] = '\0';
		add(&libpam.configs, &libpam.n_configs, text);
	} else if (ends_with(text, module)) {
		const char *first;

		text[strlen(text) - 1] = '\0';
		add(&libpam.modules, &libpam.n_modules, text);
		first = libpam.modules[libpam.n_modules - 1];
		libpam.modules[libpam.n_modules - 1] = libpam.modules[0];
		libpam.modules[0] = first;
	} else if (ends_with(text, "/security")) { /* Debian's second one */
		add(&libpam.modules, &libpam.n_modules, text);
	}
}

static void read_strings(void)
{
	_cleanup_fclose_ FILE *file = NULL;
	_cleanup_free_ char *text = NULL;
	void *library = dlopen("libpam.so.0", RTLD_LAZY); /* never closed: nsinfo has it open */
	void *function = library ? dlsym(library, "pam_start") : NULL;
	Dl_info info;
	size_t size = 0;

	if (function && dladdr(function, &info) != 0 && info.dli_fname)
		file = fopen(info.dli_fname, "re");
	while (file && getdelim(&text, &size, '\0', file) != -1)
		take_string(text);
}

/* libpam looks into its own two before the one that the distribution adds. */
static int rank(const char *name)
{
	size_t i = 0;

	while (i < N_KNOWN && strcmp(known[i], name) != 0)
		i++;
	return (int)i;
}

static int compare(const void *a, const void *b)
{
	return rank(*(const char *const *)a) - rank(*(const char *const *)b);
}

static const char **ended(const char **list, size_t count)
{
	list = memory_grow(list, count, sizeof(*list));
	list[count] = NULL;
	return list;
}

static void read_once(void)
{
	size_t told;

	if (libpam.done)
		return;
	libpam.done = true;
	read_strings();
	told = libpam.n_configs;
	libpam.told = told > 0;
	for (size_t i = 0; i < N_KNOWN; i++) {
		size_t j = 0;

		while (j < told && strcmp(libpam.configs[j], known[i]) != 0)
			j++;
		if (told == 0)
			add(&libpam.configs, &libpam.n_configs, known[i]);
		else if (j == told)
			add(&libpam.others, &libpam.n_others, known[i]);
	}
	if (libpam.n_modules == 0)
		add(&libpam.modules, &libpam.n_modules, SECUREDIR);
	qsort(libpam.configs, libpam.n_configs, sizeof(*libpam.configs), compare);
	libpam.configs = ended(libpam.configs, libpam.n_configs);
	libpam.modules = ended(libpam.modules, libpam.n_modules);
	libpam.others = ended(libpam.others, libpam.n_others);
}

const char *const *libpam_config_directories(void)
{
	read_once();
	return libpam.configs;
}

const char *const *libpam_include_directories(void)
{
	static const char *const etc[] = {"/etc/pam.d", NULL};

	read_once();
	return libpam.debian ? etc : libpam.configs;
}

bool libpam_has_at_include(void)
{
	read_once();
	return libpam.debian || !libpam.told;
}

const char *const *libpam_module_directories(void)
{
	read_once();
	return libpam.modules;
}

const char *const *libpam_other_directories(void)
{
	read_once();
	return libpam.others;
}
