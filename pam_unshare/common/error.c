/* SPDX-License-Identifier: MIT */
#include "common/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *remedy_of(int code)
{
	switch (code) {
	case EPERM:
	case EACCES:
		return "the application needs to be root with CAP_SYS_ADMIN (a container must "
		       "grant it)";
	case ENOSPC:
		return "a limit on namespaces is reached: raise user.max_pid_namespaces or "
		       "user.max_mnt_namespaces with sysctl(8); 32 nested PID namespaces are the "
		       "most";
	case EMFILE:
		return "raise the application's limit of open files (nofile in limits.conf)";
	case ENFILE:
		return "raise fs.file-max with sysctl(8)";
	case EAGAIN:
		return "a limit on processes is reached: see pids.max of the cgroup, "
		       "kernel.pid_max, kernel.threads-max and nproc in limits.conf";
	case ENOMEM:
		return "memory is short: see the memory limit of the application's cgroup, and "
		       "\"as\" and \"data\" in limits.conf";
	case ENOSYS:
		return "Linux 5.10 or newer is needed (or a seccomp filter denies the call)";
	default:
		return NULL;
	}
}

/* What the errno's own text does not say. */
static const char *reason_of(int code)
{
	switch (code) {
	case ESTALE:
		return "what is mounted was changed meanwhile, time and again";
	case ETIMEDOUT:
		return "it took too long";
	default:
		return NULL;
	}
}

/* Copy without allocation or formatting, so that a clone may. What is cut ends in "...". */
static void copy_cut(char *to, const char *from, size_t size)
{
	static const char dots[] = "...";
	size_t i;

	for (i = 0; from[i] != '\0' && i + 1 < size; i++)
		to[i] = from[i];
	to[i] = '\0';
	if (from[i] != '\0' && size > sizeof(dots))
		memcpy(to + size - sizeof(dots), dots, sizeof(dots));
}

int error_set(struct error *error, int code, const char *step, const char *object)
{
	error->step = step;
	copy_cut(error->object, object ? object : "", sizeof(error->object));
	error->is_word = false;
	error->code = code;
	error->reason = reason_of(code);
	error->remedy = remedy_of(code);
	error->file[0] = '\0';
	error->line = 0;
	return code ? -code : -EINVAL;
}

bool error_suggests(const struct error *error)
{
	return error->remedy == remedy_of(error->code);
}

void error_add(struct error *error, const char *text)
{
	size_t length = strlen(error->object);

	copy_cut(error->object + length, text, sizeof(error->object) - length);
}

int error_explain(struct error *error, int code, const char *step, const char *object,
	const char *reason, const char *remedy)
{
	int result = error_set(error, code, step, object);

	error->reason = reason;
	error->remedy = remedy;
	return result;
}

int error_word(struct error *error, const char *word, const char *right, const char *remedy)
{
	error_explain(error, 0, "understand", word, right, remedy);
	error->is_word = true;
	return -EINVAL;
}

void error_locate(struct error *error, const char *file, unsigned int line)
{
	copy_cut(error->file, file, sizeof(error->file));
	error->line = line;
}

const char *error_printable(const char *text, char *buffer, size_t size)
{
	copy_cut(buffer, text, size);
	for (char *c = buffer; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return buffer;
}

/* Put TEXT behind what is in the buffer; as much as there is room for. */
static void append(char *buffer, size_t size, const char *text)
{
	size_t length = strlen(buffer);

	snprintf(buffer + length, size - length, "%s", text);
}

void error_describe(const struct error *error, char *buffer, size_t size)
{
	char object[sizeof(error->object)], file[sizeof(error->file)], line[32] = "";
	char text[128];
	const char *quote = error->is_word ? "\"" : "";
	const char *reason = error->reason;

	error_printable(error->object, object, sizeof(object));
	error_printable(error->file, file, sizeof(file));
	if (error->line)
		snprintf(line, sizeof(line), ", line %u", error->line);
	/* GNU's strerror_r: the plain one shares a buffer with the application. */
	if (!reason && error->code)
		reason = strerror_r(error->code, text, sizeof(text));
	snprintf(buffer, size, "%s%s%scannot %s%s%s%s%s%s%s", file, line, *file ? ": " : "",
		error->step, *object || error->is_word ? " " : "", quote, object, quote,
		reason ? ": " : "", reason ? reason : "");
}

void error_format(const struct error *error, const char *user, char *buffer, size_t size)
{
	char name[128], sentence[1024];

	error_printable(user, name, sizeof(name));
	error_describe(error, sentence, sizeof(sentence));
	buffer[0] = '\0';
	append(buffer, size, name);
	append(buffer, size, *name ? ": " : "");
	append(buffer, size, sentence);
	append(buffer, size, error->remedy ? "; " : "");
	append(buffer, size, error->remedy ? error->remedy : "");
}
