/* SPDX-License-Identifier: MIT */
#include "policy/rules.h"

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
	const char *path; /* the rule file; the others are in PATH.d */
	const char *file; /* that is read */
	unsigned int line;
};

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
		if (end[0] == '\\' && end[1] != '\0')
			end++;
	*line = end;
	if (*end != '\0') {
		*end = '\0';
		*line = end + 1;
	}
	return word;
}

static int parse_action(const char *word, bool *skip, struct error *error)
{
	*skip = strcmp(word, "skip") == 0;
	if (!*skip && strcmp(word, "isolate") != 0)
		return error_word(error, word, "an action is skip or isolate", NULL);
	return 0;
}

/* The options of a rule, over those of the line; all of them are checked. */
static int parse_options(char *line, bool skip, struct options *options, struct error *error)
{
	char *word;

	while ((word = next_word(&line))) {
		int result =
			skip ? error_word(error, word, "no option may follow skip", "remove it")
			     : options_parse_rule(word, options, error);

		if (result < 0)
			return result;
	}
	return 0;
}

/* SUBJECTS SERVICES ACTION [OPTION...]. All of it is checked, whether it names the login or not. */
static int parse_line(char *line, struct search *search, struct error *error)
{
	struct options options = *search->options;
	struct rule *rule = search->rule;
	char *subjects = next_word(&line);
	char *services = subjects ? next_word(&line) : NULL;
	char *action = services ? next_word(&line) : NULL;
	bool skip = false;
	int named, result;

	if (!subjects)
		return 0;
	if (!action)
		return error_explain(error, 0, "understand a rule that ends early", NULL,
			"a rule is: SUBJECTS SERVICES ACTION [OPTION...]", NULL);
	named = services_match(services, search->login->service, error);
	if (named < 0)
		return named;
	result = parse_action(action, &skip, error);
	if (result == 0)
		result = parse_options(line, skip, &options, error);
	if (result < 0)
		return result;
	result = subjects_match(subjects, named > 0 && !rule->found ? search->login : NULL, error);
	if (result <= 0)
		return result;
	*rule = (struct rule){
		.found = true, .skip = skip, .options = options, .line = search->line};
	snprintf(rule->file, sizeof(rule->file), "%s", search->file);
	return 0;
}

/* What everybody may write, everybody could exempt themselves with. */
static int check_trust(
	const struct stat *status, const char *step, const char *path, struct error *error)
{
	if (status->st_uid != 0 || (status->st_mode & (S_IWGRP | S_IWOTH)))
		return error_explain(error, 0, step, path,
			"it has to be root's, and writable by root alone",
			"chown root and chmod go-w will do");
	return 0;
}

static int check_file(int fd, const char *path, struct error *error)
{
	struct stat status;

	if (fstat(fd, &status) == -1)
		return error_set(error, errno, "read the rule file", path);
	if (!S_ISREG(status.st_mode))
		return error_explain(
			error, 0, "read the rule file", path, "it has to be a regular file", NULL);
	return check_trust(&status, "trust the rule file", path, error);
}

/* One line of a file, without its newline. */
static int parse_text(char *text, size_t length, struct search *search, struct error *error)
{
	int result;

	search->line++;
	if (memchr(text, '\0', length))
		result = error_explain(error, 0, "understand a line", NULL,
			"it holds a NUL byte, so it is no text", NULL);
	else
		result = parse_line(text, search, error);
	if (result < 0) {
		error_locate(error, search->file, search->line);
		if (!error->remedy && error->code == 0)
			error->remedy = "correct that line";
	}
	return result;
}

static int parse_file(FILE *file, struct search *search, struct error *error)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	int result = 0;

	while (result == 0 && (length = getdelim(&line, &size, '\n', file)) > 0) {
		if (ferror(file)) /* it has read a part of the line */
			break;
		if (line[length - 1] == '\n')
			line[--length] = '\0';
		result = parse_text(line, (size_t)length, search, error);
	}
	if (result == 0 && !feof(file))
		result = error_set(error, errno, "read the rule file", search->file);
	free(line);
	return result;
}

/* Returns 0 with NULL if it is not there, and need not be. */
static int open_file(const char *path, bool required, const struct search *search, FILE **file,
	struct error *error)
{
	/* O_NONBLOCK: a FIFO in its place must not hang the login. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int result;

	*file = NULL;
	if (fd == -1 && errno == ENOENT && !required)
		return 0;
	if (fd == -1) {
		error_set(error, errno, "read the rule file", path);
		error->remedy =
			strcmp(path, search->path) == 0
				? "create it, or correct conf= on the line of pam_unshare.so"
				: "remove it, or mend what it points to";
		return -error->code;
	}
	result = check_file(fd, path, error);
	if (result == 0)
		*file = fdopen(fd, "r");
	if (result == 0 && !*file)
		result = error_set(error, errno, "read the rule file", path);
	if (result < 0)
		close(fd);
	return result;
}

static int search_file(const char *path, bool required, struct search *search, struct error *error)
{
	FILE *file;
	int result = open_file(path, required, search, &file, error);

	if (!file)
		return result;
	search->file = path;
	search->line = 0;
	result = parse_file(file, search, error);
	fclose(file);
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
	struct stat status;
	int count, result;

	if (stat(path, &status) == -1)
		return errno == ENOENT ? 0 : error_set(error, errno, "read the directory", path);
	result = check_trust(&status, "trust the directory of rules", path, error);
	if (result < 0)
		return result;
	count = scandir(path, &entries, is_rule_file, compare_names);
	if (count == -1)
		return error_set(error, errno, "read the directory", path);
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
	struct search search = {.options = options, .login = login, .rule = rule, .path = path};
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
