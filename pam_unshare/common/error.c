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
		       "kernel.pid_max and "
		       "kernel.threads-max";
	case ENOMEM:
		return "memory is short: see the memory limit of the application's cgroup";
	case ENOSYS:
		return "Linux 5.10 or newer is needed (or a seccomp filter denies the call)";
	default:
		return NULL;
	}
}

/* Copy without allocation or formatting, so that a clone may. */
static void copy_cut(char *to, const char *from, size_t size)
{
	size_t i;

	for (i = 0; from[i] != '\0' && i + 1 < size; i++)
		to[i] = from[i];
	to[i] = '\0';
}

int error_set(struct error *error, int code, const char *step, const char *object)
{
	error->step = step;
	copy_cut(error->object, object ? object : "", sizeof(error->object));
	error->code = code;
	error->remedy = remedy_of(code);
	error->file[0] = '\0';
	error->line = 0;
	return code ? -code : -EINVAL;
}

void error_locate(struct error *error, const char *file, unsigned int line)
{
	copy_cut(error->file, file, sizeof(error->file));
	error->line = line;
}

const char *error_printable(const char *text, char *buffer, size_t size)
{
	size_t i;

	for (i = 0; text[i] != '\0' && i + 1 < size; i++)
		buffer[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	buffer[i] = '\0';
	return buffer;
}

void error_format(const struct error *error, const char *user, char *buffer, size_t size)
{
	char object[sizeof(error->object)], file[sizeof(error->file)], name[128], line[16] = "";
	char reason[128] = "";
	const char *text = "";

	error_printable(error->object, object, sizeof(object));
	error_printable(error->file, file, sizeof(file));
	error_printable(user, name, sizeof(name));
	if (error->line)
		snprintf(line, sizeof(line), "%u", error->line);
	if (error->code) /* GNU's strerror_r: the plain one shares a buffer with the application */
		text = strerror_r(error->code, reason, sizeof(reason));
	snprintf(buffer, size, "cannot %s%s%s%s%s%s%s%s for %s%s%s%s%s", error->step,
		*object ? " " : "", object, *file ? " (" : "", file, *line ? ", line " : "", line,
		*file ? ")" : "", name, *text ? ": " : "", text, error->remedy ? "; " : "",
		error->remedy ? error->remedy : "");
}
