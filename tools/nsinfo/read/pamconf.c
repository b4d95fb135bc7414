/* SPDX-License-Identifier: MIT */

#include "read/pamconf.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/strings.h"
#include "read/libpam.h"

#define BLANKS     " \n\t"
#define LINE_LIMIT 1000 /* libpam 1.5 has 1024, with what it adds */

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

static void add_mistake(
	struct reader *reader, const struct place *place, const char *what, const char *word)
{
	if (!reader->conf->mistake)
		reader->conf->mistake = string_format(
			"%s:%u: %s%s%s", place->file, place->number, word, *word ? ": " : "", what);
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

/*
 * libpam gives up the service; below an include of one type that file, for which it takes a module
 * that always fails.
 */
static void refuse(
	struct reader *reader, const struct place *place, const char *what, const char *name)
{
	if (!place->all_types) {
		add_mistake(reader, place, what, name);
		pamcontrol_default(add_line(reader, place)->actions, PAMCONTROL_BAD);
	} else if (!reader->conf->problem) {
		reader->conf->problem = string_format(
			"%s:%u: %s%s%s", place->file, place->number, what, *name ? " " : "", name);
	}
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

/*
 * Debian's: a whole file, lines of every type. One that is missing ends the service; below an
 * include of one type it stands for a module that fails, with the control of whatever line was
 * read before.
 */
static void include_all(struct reader *reader, const struct place *place, const char *name)
{
	struct place inner = *place;

	inner.includes++;
	if (name && read_file(reader, name, &inner) == 0)
		return;
	refuse(reader, place, "cannot read the file of @include", name ? name : "");
}

/* What libpam calls the module in its log; without one it gives up (its extract_modulename). */
static bool has_name(const char *module)
{
	const char *name = strrchr(module, '/'), *dot;
	size_t length;

	name = name ? name + 1 : module;
	dot = strrchr(name, '.');
	length = dot ? (size_t)(dot - name) : strlen(name);
	return length > 0 && !(length == 1 && *name == '?');
}

static void parse_session(struct reader *reader, const struct place *place, char *at, bool silent)
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
	if (!has_name(module)) {
		refuse(reader, place, "the module has no name:", module);
		return;
	}
	line->kind = PAMCONF_MODULE;
	line->silent = silent;
	line->module = string_copy(module);
	parse_arguments(line, at);
}

static void parse_line(struct reader *reader, const struct place *place, char *text)
{
	static const char *const others[] = {"auth", "account", "password"};
	bool windows = strchr(text, '\r') != NULL, bom = strncmp(text, "\xef\xbb\xbf", 3) == 0;
	char *type = next_word(&text);
	bool silent;

	if (!type)
		return;
	reader->conf->garbled |= windows || bom;
	if (windows)
		add_mistake(reader, place,
			"this line ends as on Windows, with a carriage return, which libpam takes "
			"for a part of the last word",
			"");
	if (bom)
		add_mistake(reader, place,
			"the file begins with a byte order mark, which libpam takes for a part of "
			"the first word",
			"");
	silent = *type == '-';
	type += silent;
	if (strcasecmp(type, "@include") == 0 && libpam_has_at_include()) {
		include_all(reader, place, next_word(&text));
		return;
	}
	if (strcasecmp(type, "session") == 0) {
		parse_session(reader, place, text, silent);
		return;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcasecmp(type, others[i]) == 0)
			return;
	/*
	 * libpam makes it fail: authentication in the service's own file, else the type included.
	 */
	add_mistake(reader, place,
		"this is none of auth, account, password and session: libpam takes the line for "
		"one "
		"that fails, and may let nobody in",
		type);
	if (!place->all_types)
		pamcontrol_default(add_line(reader, place)->actions, PAMCONTROL_BAD);
}

/* A logical line, put together from lines of a file. */
struct assembly {
	char *text;                 /* the caller's to free */
	unsigned int number, lines; /* where it begins; how many were read */
	bool gap;                   /* it goes on behind a line that is empty or a comment */
	bool ended;                 /* and not by the end of the file */
};

/* Takes CHUNK, a line of the file. Returns whether the logical line goes on behind it. */
static bool assemble_chunk(struct assembly *assembly, char *chunk)
{
	_cleanup_free_ char *before = assembly->text;
	char *start = chunk + strspn(chunk, " \t"), *end = start + strlen(start);
	bool more;

	while (end > start && strchr(BLANKS, end[-1]))
		end--;
	more = end > start && end[-1] == '\\' && !strchr(chunk, '#');
	if (more)
		end[-1] = ' ';
	*end = '\0';
	start[strcspn(start, "#")] = '\0';
	assembly->gap |= before && *start == '\0';
	if (!before)
		assembly->number = assembly->lines;
	assembly->text = string_format("%s%s", before ? before : "", start);
	if (more || *assembly->text != '\0')
		return more;
	/* An empty line is no end. */
	free(assembly->text);
	assembly->text = NULL;
	return true;
}

/* Comments go, and a backslash at the end joins the next line. Returns false at the file's end. */
static bool assemble(FILE *file, struct assembly *assembly)
{
	_cleanup_free_ char *chunk = NULL;
	size_t size = 0;
	bool more = true;

	assembly->text = NULL;
	assembly->gap = false;
	while (more && getline(&chunk, &size, file) != -1) {
		assembly->lines++;
		more = assemble_chunk(assembly, chunk);
	}
	assembly->ended = !more;
	return assembly->text != NULL;
}

static void take_assembled(
	struct reader *reader, struct place *place, const struct assembly *assembly, char *text)
{
	place->number = assembly->number;
	if (!assembly->ended)
		refuse(reader, place, "a backslash at the end of the file", "");
	if (assembly->gap)
		add_mistake(reader, place,
			"a line with a backslash at its end goes on behind a line that is empty or "
			"a comment: one libpam joins them, another does not",
			"");
	if (strlen(text) > LINE_LIMIT)
		add_mistake(reader, place,
			"a line of more than 1000 characters: libpam before 1.6 cuts it", "");
	parse_line(reader, place, text);
}

static void parse_file(struct reader *reader, FILE *file, struct place *place)
{
	struct assembly assembly = {0};

	while (assemble(file, &assembly)) {
		take_assembled(reader, place, &assembly, assembly.text);
		free(assembly.text);
	}
}

static FILE *open_path(struct reader *reader, const char *path, char **found)
{
	_cleanup_free_ char *full = string_format("%s%s", reader->root, path);
	_cleanup_close_ int fd = open(full, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	FILE *file;

	if (fd == -1 && errno == EACCES && !reader->conf->unreadable)
		reader->conf->unreadable = string_copy(path);
	if (fd == -1 || fstat(fd, &st) == -1)
		return NULL;
	/* libpam would wait for somebody who writes into a FIFO. */
	if (!S_ISREG(st.st_mode)) {
		if (!reader->conf->mistake)
			reader->conf->mistake = string_format("%s is no regular file", path);
		return NULL;
	}
	file = fdopen(fd, "r");
	if (!file)
		return NULL;
	fd = -1;
	*found = string_copy(path);
	return file;
}

/* INCLUDED: not the service's own file. */
static FILE *open_name(struct reader *reader, const char *name, bool included, char **path)
{
	const char *const *directory =
		included ? libpam_include_directories() : libpam_config_directories();
	FILE *file = *name == '/' ? open_path(reader, name, path) : NULL;

	for (; *name != '/' && *directory && !file; directory++) {
		_cleanup_free_ char *inside = string_format("%s/%s", *directory, name);

		file = open_path(reader, inside, path);
	}
	return file;
}

static int read_file(struct reader *reader, const char *name, const struct place *from)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_fclose_ FILE *file = NULL;
	struct place place = *from;

	if (from->includes >= PAMCONF_INCLUDES_MAX)
		return -ELOOP;
	file = open_name(reader, name, true, &path);
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
	struct assembly assembly = {0};

	if (!file)
		return -ENOENT;
	while (assemble(file, &assembly)) {
		char *rest = assembly.text, *service = next_word(&rest);

		if (service && strcasecmp(service, reader->service) == 0) {
			reader->conf->found = true;
			take_assembled(reader, &place, &assembly, rest);
		}
		free(assembly.text);
	}
	return 0;
}

static bool has_directory(const char *root)
{
	for (const char *const *d = libpam_config_directories(); *d; d++) {
		_cleanup_free_ char *path = string_format("%s%s", root, *d);
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
	file = open_name(reader, reader->service, false, &path);
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
	struct reader reader = {.root = root, .conf = conf};
	_cleanup_free_ char *name = NULL;

	*conf = (struct pamconf){0};
	/* libpam takes what is behind the last slash, in lower case (pam_start.c). */
	name = string_copy(strrchr(service, '/') ? strrchr(service, '/') + 1 : service);
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	reader.service = name;
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
	conf->other = true;
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
	free(conf->unreadable);
	free(conf->mistake);
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

/* Editors' and package managers' files, and what libpam cannot look for (it makes names lower
 * case). */
static bool is_leftover(const char *name)
{
	static const char *const ends[] = {".dpkg-old", ".dpkg-dist", ".dpkg-new", ".dpkg-bak",
		".dpkg-tmp", ".ucf-old", ".ucf-dist", ".ucf-new", ".rpmnew", ".rpmsave", ".rpmorig",
		".pacnew", ".pacsave", ".bak", ".old", ".orig", ".save", ".swp", ".new"};
	size_t length = strlen(name);

	if (*name == '.' || strpbrk(name, "~#"))
		return true;
	for (const char *c = name; *c; c++)
		if (isupper((unsigned char)*c))
			return true;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (length > strlen(ends[i]) &&
			strcmp(name + length - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}

static void add_files(struct services *services, const char *root)
{
	for (const char *const *d = libpam_config_directories(); *d; d++) {
		_cleanup_free_ char *path = string_format("%s%s", root, *d);
		_cleanup_closedir_ DIR *dir = opendir(path);
		struct dirent *entry;

		while (dir && (entry = readdir(dir)))
			if (!is_leftover(entry->d_name))
				add_service(services, entry->d_name);
	}
}

static void add_pam_conf(struct services *services, const char *root)
{
	_cleanup_free_ char *path = string_format("%s/etc/pam.conf", root);
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	struct assembly assembly = {0};

	while (file && assemble(file, &assembly)) {
		char *rest = assembly.text, *service = next_word(&rest);

		for (char *c = service; c && *c; c++)
			*c = (char)tolower((unsigned char)*c);
		if (service)
			add_service(services, service);
		free(assembly.text);
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
