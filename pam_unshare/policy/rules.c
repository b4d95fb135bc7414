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

#include "policy/escaped.h"

#define BLOCK_SIZE (32 * 1024) /* of a rule file, read at a time */

/*
 * What stands behind SUBJECTS, and what it means for this login. Many rules end alike, so the last
 * few endings are kept: where thousands of rules are read, most of the time would go to reading the
 * same services, actions and options again.
 */
struct ending {
	size_t length; /* 0 where nothing is kept: it was too long, or wrong */
	char text[112];
	bool named; /* the services hold the login's */
	bool skip;
	struct options options;
};

#define ENDINGS_KEPT 8

struct search {
	const struct options *options;
	struct login *login;
	struct rule *rule;
	const char *path; /* the rule file; the others are in PATH.d */
	const char *file; /* that is read */
	unsigned int line;
	struct ending endings[ENDINGS_KEPT];
	size_t next_ending; /* the one to replace */
};

static int refuse(const char *step, const char *word, const char *remedy, struct error *error)
{
	error_set(error, 0, step, word);
	error->remedy = remedy;
	return -EINVAL;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static const bool ends_word[UCHAR_MAX + 1] = {
	['\0'] = true,
	['\t'] = true,
	['\n'] = true,
	['\v'] = true,
	['\f'] = true,
	['\r'] = true,
	[' '] = true,
	['\\'] = true,
};

/* Cut the next word off a line; a backslash takes the next character along. NULL at the end. */
static char *next_word(char **line)
{
	char *word = *line;
	char *end;

	while (is_blank(*word))
		word++;
	if (*word == '\0' || *word == '#')
		return NULL;
	end = word + (escaped_find(word, ends_word) - word);
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
	*skip = strcmp(word, "skip") == 0;
	if (!*skip && strcmp(word, "isolate") != 0)
		return refuse("understand the action", word, "an action is skip or isolate", error);
	return 0;
}

/* The options of a rule, over those of the line; all of them are checked. */
static int parse_options(char *line, bool skip, struct options *options, struct error *error)
{
	char *word;

	while ((word = next_word(&line))) {
		int result = skip ? refuse("take an option after skip:", word, "remove it", error)
				  : options_parse_rule(word, options, error);

		if (result < 0)
			return result;
	}
	return 0;
}

/* SERVICES ACTION [OPTION...] */
static int parse_ending(
	char *line, const struct search *search, struct ending *ending, struct error *error)
{
	char *services = next_word(&line);
	char *action = services ? next_word(&line) : NULL;
	int result;

	if (!action)
		return refuse_short(error);
	result = services_match(services, search->login->service, error);
	if (result < 0)
		return result;
	ending->named = result > 0;
	result = parse_action(action, &ending->skip, error);
	if (result < 0)
		return result;
	ending->options = *search->options;
	return parse_options(line, ending->skip, &ending->options, error);
}

/* An ending as it is kept, or read now and kept. NULL where it is wrong. */
static const struct ending *find_ending(char *line, struct search *search, struct error *error)
{
	size_t length = strlen(line);
	struct ending *ending;

	for (size_t i = 0; i < ENDINGS_KEPT; i++) {
		ending = &search->endings[i];
		if (length > 0 && ending->length == length &&
			memcmp(ending->text, line, length) == 0)
			return ending;
	}
	ending = &search->endings[search->next_ending];
	search->next_ending = (search->next_ending + 1) % ENDINGS_KEPT;
	ending->length = 0;
	if (length > sizeof(ending->text))
		length = 0;
	memcpy(ending->text, line, length);
	if (parse_ending(line, search, ending, error) < 0)
		return NULL;
	ending->length = length;
	return ending;
}

static int parse_line(char *line, struct search *search, struct error *error)
{
	struct rule *rule = search->rule;
	char *subjects = next_word(&line);
	const struct ending *ending;
	int result;

	if (!subjects)
		return 0;
	while (is_blank(*line))
		line++;
	ending = find_ending(line, search, error);
	if (!ending)
		return -EINVAL;
	result = subjects_match(
		subjects, ending->named && !rule->found ? search->login : NULL, error);
	if (result <= 0)
		return result;
	*rule = (struct rule){.found = true, .skip = ending->skip, .options = ending->options};
	rule->line = search->line;
	snprintf(rule->file, sizeof(rule->file), "%s", search->file);
	return 0;
}

/* The lines of a string, of which the last need not end with a newline. */
static int parse_text(char *text, struct search *search, struct error *error)
{
	int result = 0;

	while (text && result == 0) {
		char *line = text;

		text = strchr(line, '\n');
		if (text)
			*text++ = '\0';
		search->line++;
		result = parse_line(line, search, error);
	}
	if (result < 0)
		error_locate(error, search->file, search->line);
	return result;
}

/* What everybody may write, everybody could exempt themselves with. */
static int check_trust(
	const struct stat *status, const char *step, const char *path, struct error *error)
{
	if (status->st_uid != 0 || (status->st_mode & (S_IWGRP | S_IWOTH)))
		return refuse(step, path,
			"it has to be root's and writable by root alone: chown root, chmod go-w",
			error);
	return 0;
}

static int check_file(int fd, const char *path, struct error *error)
{
	struct stat status;

	if (fstat(fd, &status) == -1)
		return error_set(error, errno, "read the rule file", path);
	if (!S_ISREG(status.st_mode))
		return refuse("read the rule file", path, "it has to be a regular file", error);
	return check_trust(&status, "trust the rule file", path, error);
}

/*
 * What has been read of a file and not yet parsed. One block is used over and over: in a new
 * process, as sshd's is, touching memory for the whole file would take as long as reading it.
 */
struct block {
	char *text; /* from malloc; a string */
	size_t size, length;
};

/* Parse the lines that are there as a whole, at the end of the file all, and keep the rest. */
static int parse_block(struct block *block, bool at_end, struct search *search, struct error *error)
{
	char *end = block->text + block->length;
	char *last = at_end ? end : memrchr(block->text, '\n', block->length);
	int result;

	if (!last)
		return 0;
	if (memchr(block->text, '\0', block->length))
		return refuse("read the rule file", search->file,
			"it holds a NUL byte: it is no text", error);
	*last = '\0';
	result = parse_text(block->text, search, error);
	block->length = at_end ? 0 : (size_t)(end - last - 1);
	memmove(block->text, last + 1, block->length);
	return result;
}

static int parse_file(int fd, struct block *block, struct search *search, struct error *error)
{
	ssize_t got = 1;
	int result = 0;

	while (got > 0 && result == 0) {
		if (block->length + 1 >= block->size / 2) { /* a line that is longer than usual */
			size_t size = block->size ? block->size * 2 : BLOCK_SIZE;
			char *larger = realloc(block->text, size);

			if (!larger)
				return error_set(error, ENOMEM, "read the rule file", search->file);
			block->text = larger;
			block->size = size;
		}
		got = read(fd, block->text + block->length, block->size - block->length - 1);
		if (got == -1)
			return error_set(error, errno, "read the rule file", search->file);
		block->length += (size_t)got;
		result = parse_block(block, got == 0, search, error);
	}
	return result;
}

static int search_file(const char *path, bool required, struct search *search, struct error *error)
{
	/* O_NONBLOCK: a FIFO in its place must not hang the login. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct block block = {0};
	int result;

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
	search->file = path;
	search->line = 0;
	result = check_file(fd, path, error);
	if (result == 0)
		result = parse_file(fd, &block, search, error);
	free(block.text);
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
