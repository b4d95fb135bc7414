/* SPDX-License-Identifier: MIT */

#include "read/pamconf.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/strings.h"

#define BLANKS " \n\t"

/* Linux-PAM's own, then what distributions configure for files of the vendor. */
static const char *const directories[] = {
	"/etc/pam.d", "/usr/lib/pam.d", "/usr/share/pam.d", "/usr/etc/pam.d"};
#define N_DIRECTORIES (sizeof(directories) / sizeof(directories[0]))

/* --- one line --- */

/*
 * The next word; one in brackets is one word without them, in which "\]" is a "]". Ends it with a
 * NUL and moves *AT behind it. NULL at the end.
 */
static char *next_word(char **at)
{
	char *start = *at + strspn(*at, BLANKS), *end, *to;

	if (*start == '\0')
		return NULL;
	if (*start != '[') {
		end = start + strcspn(start, BLANKS);
		*at = *end ? end + 1 : end;
		*end = '\0';
		return start;
	}
	for (to = end = ++start; *end && *end != ']'; end++) {
		if (end[0] == '\\' && end[1] == ']')
			end++;
		*to++ = *end;
	}
	*at = *end ? end + 1 : end;
	*to = '\0';
	return start;
}

static void parse_arguments(struct pamconf_line *line, char *at)
{
	char *word;

	while ((word = next_word(&at))) {
		line->arguments = memory_grow(
			line->arguments, (size_t)line->n_arguments, sizeof(*line->arguments));
		line->arguments[line->n_arguments++] = string_copy(word);
	}
}

/* --- one file --- */

struct reader {
	const char *root;
	const char *service;
	struct pamconf *conf;
};

/* A line of a file. */
struct place {
	const char *file;
	unsigned int number;
	int includes, level;
	bool all_types; /* not only "session": the service's own file, and what it @includes */
};

static int read_file(struct reader *reader, const char *name, const struct place *from);

static void refuse(
	struct reader *reader, const struct place *place, const char *what, const char *name)
{
	if (!reader->conf->problem)
		reader->conf->problem = string_format(
			"%s:%u: %s%s%s", place->file, place->number, what, *name ? " " : "", name);
}

static struct pamconf_line *add_line(struct reader *reader, const struct place *place)
{
	struct pamconf *conf = reader->conf;
	struct pamconf_line *line;

	conf->lines = memory_grow(conf->lines, conf->count, sizeof(*conf->lines));
	line = &conf->lines[conf->count++];
	*line = (struct pamconf_line){
		.kind = PAMCONF_BROKEN,
		.level = place->level,
		.file = string_copy(place->file),
		.number = place->number,
	};
	for (int i = 0; i < PAMCONTROL_CODES; i++)
		line->actions[i] = PAMCONTROL_UNDEFINED;
	return line;
}

/* A file that cannot be included stands for a module that always fails. */
static void include(
	struct reader *reader, const struct place *place, const char *control, const char *name)
{
	bool substack = strcasecmp(control, "substack") == 0;
	struct place inner = *place;
	struct pamconf_line *line;

	if (substack && name) {
		line = add_line(reader, place);
		line->kind = PAMCONF_SUBSTACK;
		line->control = string_copy(control);
		line->module = string_copy(name);
		inner.level++;
	}
	inner.includes++;
	inner.all_types = false;
	if (name && read_file(reader, name, &inner) == 0)
		return;
	line = add_line(reader, place);
	line->control = string_copy(control);
	pamcontrol_default(line->actions, PAMCONTROL_BAD);
}

/* Debian's: a whole file, lines of every type. */
static void include_all(struct reader *reader, const struct place *place, const char *name)
{
	struct place inner = *place;

	inner.includes++;
	if (!name || read_file(reader, name, &inner) < 0)
		refuse(reader, place, "cannot read the file of @include", name ? name : "");
}

static void parse_session(struct reader *reader, const struct place *place, char *at)
{
	char *control = next_word(&at), *module = NULL;
	struct pamconf_line *line;

	if (control)
		module = next_word(&at);
	if (control &&
		(strcasecmp(control, "include") == 0 || strcasecmp(control, "substack") == 0)) {
		include(reader, place, control, module);
		return;
	}
	line = add_line(reader, place);
	line->control = string_copy(control ? control : "");
	if (control)
		pamcontrol_parse(line->actions, control);
	else
		pamcontrol_default(line->actions, PAMCONTROL_BAD);
	if (!module)
		return;
	line->kind = PAMCONF_MODULE;
	line->module = string_copy(module);
	parse_arguments(line, at);
}

static void parse_line(struct reader *reader, const struct place *place, char *text)
{
	static const char *const others[] = {"auth", "account", "password"};
	char *type = next_word(&text);

	if (!type)
		return;
	if (strcmp(type, "@include") == 0) {
		include_all(reader, place, next_word(&text));
		return;
	}
	if (*type == '-')
		type++;
	if (strcasecmp(type, "session") == 0) {
		parse_session(reader, place, text);
		return;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcasecmp(type, others[i]) == 0)
			return;
	/*
	 * libpam makes it fail: authentication in the service's own file, else the type included.
	 */
	if (place->all_types)
		return;
	pamcontrol_default(add_line(reader, place)->actions, PAMCONTROL_BAD);
}

/*
 * One logical line: comments go, and a backslash at the end joins the next. Returns 1, 0 at the end
 * of the file. TEXT is the caller's to free.
 */
static int assemble(FILE *file, char **text, unsigned int *number, unsigned int *lines)
{
	_cleanup_free_ char *chunk = NULL;
	size_t size = 0;
	bool more = true;

	*text = NULL;
	while (more && getline(&chunk, &size, file) != -1) {
		_cleanup_free_ char *before = *text;
		char *start = chunk + strspn(chunk, " \t"), *end;

		++*lines;
		end = start + strlen(start);
		while (end > start && strchr(BLANKS, end[-1]))
			end--;
		more = end > start && end[-1] == '\\' && !strchr(chunk, '#');
		if (more)
			end[-1] = ' ';
		*end = '\0';
		start[strcspn(start, "#")] = '\0';
		if (!before)
			*number = *lines;
		*text = string_format("%s%s", before ? before : "", start);
		/* An empty line is no end; a comment within a continued one is. */
		if (!more && **text == '\0') {
			free(*text);
			*text = NULL;
			more = true;
		}
	}
	return *text != NULL;
}

static void parse_file(struct reader *reader, FILE *file, struct place *place)
{
	unsigned int lines = 0;
	char *text;

	while (assemble(file, &text, &place->number, &lines)) {
		parse_line(reader, place, text);
		free(text);
	}
}

static FILE *open_name(const char *root, const char *name, char **path)
{
	size_t root_length = strlen(root);

	for (size_t i = 0; i < (*name == '/' ? 1 : N_DIRECTORIES); i++) {
		_cleanup_free_ char *full =
			*name == '/' ? string_format("%s%s", root, name)
				     : string_format("%s%s/%s", root, directories[i], name);
		FILE *file = fopen(full, "re");

		if (file) {
			*path = string_copy(full + root_length);
			return file;
		}
	}
	return NULL;
}

static int read_file(struct reader *reader, const char *name, const struct place *from)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_fclose_ FILE *file = NULL;
	struct place place = *from;

	if (from->includes >= PAMCONF_INCLUDES_MAX)
		return -ELOOP;
	file = open_name(reader->root, name, &path);
	if (!file)
		return -ENOENT;
	place.file = path;
	parse_file(reader, file, &place);
	return 0;
}

/* /etc/pam.conf: the same with the service's name before; libpam reads it without an /etc/pam.d. */
static int read_pam_conf(struct reader *reader)
{
	_cleanup_free_ char *path = string_format("%s/etc/pam.conf", reader->root);
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	struct place place = {.file = "/etc/pam.conf", .all_types = true};
	unsigned int lines = 0;
	char *text;

	if (!file)
		return -ENOENT;
	while (assemble(file, &text, &place.number, &lines)) {
		char *rest = text, *service = next_word(&rest);

		if (service && strcasecmp(service, reader->service) == 0) {
			reader->conf->found = true;
			parse_line(reader, &place, rest);
		}
		free(text);
	}
	return 0;
}

static bool has_directory(const char *root)
{
	for (size_t i = 0; i < N_DIRECTORIES; i++) {
		_cleanup_free_ char *path = string_format("%s%s", root, directories[i]);
		struct stat st;

		if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			return true;
	}
	return false;
}

static int read_service(struct reader *reader)
{
	struct place place = {.all_types = true};
	char *path;
	FILE *file;

	if (!has_directory(reader->root))
		return read_pam_conf(reader);
	file = open_name(reader->root, reader->service, &path);
	if (!file)
		return -ENOENT;
	place.file = path;
	parse_file(reader, file, &place);
	fclose(file);
	free(reader->conf->source);
	reader->conf->source = path;
	return 0;
}

int pamconf_read(const char *root, const char *service, struct pamconf *conf)
{
	struct reader reader = {.root = root, .service = service, .conf = conf};

	*conf = (struct pamconf){0};
	if (strchr(service, '/')) /* libpam takes what is behind the last one */
		reader.service = strrchr(service, '/') + 1;
	if (read_service(&reader) == 0) {
		if (conf->source)
			conf->found = true;
		else
			conf->source = string_copy("/etc/pam.conf");
	}
	if (conf->count > 0 || conf->problem)
		return 0;
	/* Without a line of its own the service has those of "other". */
	reader.service = "other";
	if (read_service(&reader) < 0)
		return conf->found ? 0 : -ENOENT;
	return 0;
}

void pamconf_free(struct pamconf *conf)
{
	for (size_t i = 0; i < conf->count; i++) {
		struct pamconf_line *line = &conf->lines[i];

		for (int j = 0; j < line->n_arguments; j++)
			free(line->arguments[j]);
		free(line->arguments);
		free(line->file);
		free(line->control);
		free(line->module);
	}
	free(conf->lines);
	free(conf->source);
	free(conf->problem);
	*conf = (struct pamconf){0};
}

bool pamconf_is(const struct pamconf_line *line, const char *module)
{
	const char *name;

	if (line->kind != PAMCONF_MODULE)
		return false;
	name = strrchr(line->module, '/');
	return strcmp(name ? name + 1 : line->module, module) == 0;
}

bool pamconf_has_argument(const struct pamconf_line *line, const char *argument)
{
	for (int i = 0; i < line->n_arguments; i++)
		if (strcmp(line->arguments[i], argument) == 0)
			return true;
	return false;
}

/* --- which services there are --- */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_known(char **names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

struct services {
	char **names;
	size_t count;
};

static void add_service(struct services *services, const char *name)
{
	if (is_known(services->names, services->count, name))
		return;
	services->names = memory_grow(services->names, services->count, sizeof(*services->names));
	services->names[services->count++] = string_copy(name);
}

static void add_files(struct services *services, const char *root)
{
	for (size_t i = 0; i < N_DIRECTORIES; i++) {
		_cleanup_free_ char *path = string_format("%s%s", root, directories[i]);
		_cleanup_closedir_ DIR *dir = opendir(path);
		struct dirent *entry;

		/* Editors' and package managers' leftovers have a dot or a tilde. */
		while (dir && (entry = readdir(dir)))
			if (!strpbrk(entry->d_name, ".~"))
				add_service(services, entry->d_name);
	}
}

static void add_pam_conf(struct services *services, const char *root)
{
	_cleanup_free_ char *path = string_format("%s/etc/pam.conf", root);
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	unsigned int number, lines = 0;
	char *text;

	while (file && assemble(file, &text, &number, &lines)) {
		char *rest = text, *service = next_word(&rest);

		for (char *c = service; c && *c; c++)
			*c = (char)tolower((unsigned char)*c);
		if (service)
			add_service(services, service);
		free(text);
	}
}

char **pamconf_services(const char *root)
{
	struct services services = {0};

	if (has_directory(root))
		add_files(&services, root);
	else
		add_pam_conf(&services, root);
	if (services.count > 0)
		qsort(services.names, services.count, sizeof(*services.names), compare_names);
	services.names = memory_grow(services.names, services.count, sizeof(*services.names));
	services.names[services.count] = NULL;
	return services.names;
}
