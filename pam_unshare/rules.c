/* SPDX-License-Identifier: MIT */
#include "rules.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct search {
	const struct options *options;
	struct login *login;
	struct rule *rule;
	const char *file;
	unsigned int line;
};

static int refuse(const char *step, const char *word, const char *remedy, struct error *error)
{
	error_set(error, 0, step, word);
	error->remedy = remedy;
	return -EINVAL;
}

/* For each character of a rule file: strchr(3) and strspn(3) cost more than all else here. */
static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Cut the next word off a line; a backslash takes the next character along. NULL at the end. */
static char *next_word(char **line)
{
	char *word = *line;
	char *end;

	while (is_blank(*word))
		word++;
	if (*word == '\0' || *word == '#')
		return NULL;
	for (end = word; *end != '\0' && !is_blank(*end); end++)
		if (*end == '\\' && end[1] != '\0')
			end++;
	*line = end;
	if (*end != '\0') {
		*end = '\0';
		*line = end + 1;
	}
	return word;
}

static int refuse_short(struct error *error)
{
	return refuse("understand a rule that ends early", NULL,
		"a rule is: SUBJECTS SERVICES ACTION [OPTION...]", error);
}

static int parse_action(const char *word, bool *skip, struct error *error)
{
	if (!word)
		return refuse_short(error);
	*skip = strcmp(word, "skip") == 0;
	if (!*skip && strcmp(word, "isolate") != 0)
		return refuse("understand the action", word, "an action is skip or isolate", error);
	return 0;
}

static int parse_line(char *line, struct search *search, struct error *error)
{
	struct options options = *search->options;
	char *subjects = next_word(&line);
	char *services, *word;
	bool skip;
	int result;

	if (!subjects)
		return 0;
	services = next_word(&line);
	if (!services)
		return refuse_short(error);
	result = subjects_check(subjects, error);
	if (result < 0)
		return result;
	result = parse_action(next_word(&line), &skip, error);
	if (result < 0)
		return result;
	while ((word = next_word(&line))) {
		result = skip ? refuse("take an option after skip:", word, "remove it", error)
			      : options_parse_rule(word, &options, error);
		if (result < 0)
			return result;
	}
	if (search->rule->found ||
		!list_contains(services, strlen(services), search->login->service))
		return 0;
	result = subjects_match(subjects, strlen(subjects), search->login, error);
	if (result > 0) {
		struct rule *rule = search->rule;

		*rule = (struct rule){.found = true, .skip = skip, .options = options};
		rule->line = search->line;
		snprintf(rule->file, sizeof(rule->file), "%s", search->file);
	}
	return result < 0 ? result : 0;
}

static int parse_text(char *text, struct search *search, struct error *error)
{
	int result = 0;

	for (search->line = 1; text && result == 0; search->line++) {
		char *line = text;

		text = strchr(line, '\n');
		if (text)
			*text++ = '\0';
		result = parse_line(line, search, error);
	}
	if (result < 0)
		error_locate(error, search->file, search->line - 1);
	return result;
}

/* What everybody may write, everybody could exempt themselves with. */
static int check_file(int fd, const char *path, struct error *error)
{
	struct stat status;

	if (fstat(fd, &status) == -1)
		return error_set(error, errno, "read the rule file", path);
	if (!S_ISREG(status.st_mode))
		return refuse("read the rule file", path, "it has to be a regular file", error);
	if (status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)))
		return refuse("trust the rule file", path,
			"it has to be root's and writable by root alone: chown root, chmod go-w",
			error);
	return 0;
}

/* The whole of a file as one string, from malloc. */
static int read_file(int fd, const char *path, char **text, size_t *length, struct error *error)
{
	size_t size = 4096;
	ssize_t got;

	*length = 0;
	*text = malloc(size);
	if (!*text)
		return error_set(error, ENOMEM, "read the rule file", path);
	while ((got = read(fd, *text + *length, size - *length - 1)) > 0) {
		*length += (size_t)got;
		if (*length == size - 1) {
			char *larger = realloc(*text, size * 2);

			if (!larger)
				return error_set(error, ENOMEM, "read the rule file", path);
			*text = larger;
			size *= 2;
		}
	}
	if (got == -1)
		return error_set(error, errno, "read the rule file", path);
	(*text)[*length] = '\0';
	if (memchr(*text, '\0', *length))
		return refuse(
			"read the rule file", path, "it holds a NUL byte: it is no text", error);
	return 0;
}

static int search_file(const char *path, bool required, struct search *search, struct error *error)
{
	/* O_NONBLOCK: a FIFO in its place must not hang the login. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *text = NULL;
	size_t length;
	int result;

	if (fd == -1 && errno == ENOENT && !required)
		return 0;
	if (fd == -1) {
		error_set(error, errno, "read the rule file", path);
		error->remedy = "create it, or correct conf= on the line of pam_unshare.so";
		return -error->code;
	}
	search->file = path;
	result = check_file(fd, path, error);
	if (result == 0)
		result = read_file(fd, path, &text, &length, error);
	if (result == 0)
		result = parse_text(text, search, error);
	free(text);
	close(fd);
	return result;
}

static int is_rule_file(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 5 && entry->d_name[0] != '.' &&
	       strcmp(entry->d_name + length - 5, ".conf") == 0;
}

/* By bytes: not alphasort(3), whose order is that of the application's locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int search_directory(const char *path, struct search *search, struct error *error)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_rule_file, compare_names);
	int result = 0;

	if (count == -1)
		return errno == ENOENT ? 0 : error_set(error, errno, "read the directory", path);
	for (int i = 0; i < count; i++) {
		char *file = NULL;

		if (result == 0 && asprintf(&file, "%s/%s", path, entries[i]->d_name) == -1) {
			file = NULL;
			result = error_set(error, ENOMEM, "read the rule file", entries[i]->d_name);
		}
		if (result == 0)
			result = search_file(file, true, search, error);
		free(file);
		free(entries[i]);
	}
	free(entries);
	return result;
}

int rules_find(const char *path, bool required, const struct options *options, struct login *login,
	struct rule *rule, struct error *error)
{
	struct search search = {.options = options, .login = login, .rule = rule};
	char *directory = NULL;
	int result;

	*rule = (struct rule){.found = false};
	result = search_file(path, required, &search, error);
	if (result < 0)
		return result;
	if (asprintf(&directory, "%s.d", path) == -1)
		return error_set(error, ENOMEM, "read the rule file", path);
	result = search_directory(directory, &search, error);
	free(directory);
	return result;
}
