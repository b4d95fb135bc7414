/* SPDX-License-Identifier: MIT */

#include "check/modules.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/strings.h"
#include "read/libpam.h"

#define LOAD_LIMIT_S 10

/* The constructor of a module may wait for ever, as would libpam; SIGALRM then ends the child. */
static void limit_time(void)
{
	sigset_t alarm_alone;

	signal(SIGALRM, SIG_DFL);
	sigemptyset(&alarm_alone);
	sigaddset(&alarm_alone, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarm_alone, NULL);
	alarm(LOAD_LIMIT_S);
}

/* In the child. Returns NULL or what is wrong. */
static const char *try_to_load(const char *path)
{
	void *library;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	limit_time();
	/* What its initialisation prints is no finding. */
	if (null != -1) {
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
	}
	library = dlopen(path, RTLD_NOW);
	if (!library)
		return dlerror();
	return dlsym(library, "pam_sm_open_session") ? NULL : "it has no pam_sm_open_session";
}

/* How the child ended, if not by itself. */
static char *describe_end(int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		return string_format("it did not load within %d s", LOAD_LIMIT_S);
	return status ? string_copy("it ended the process that loaded it") : NULL;
}

/* The child has ended, and what it wrote is there: what its initialisation started may live on. */
static char *read_reason(int fd)
{
	char reason[512];
	size_t length = 0;
	ssize_t n;

	while (length < sizeof(reason) - 1 &&
		(n = read(fd, reason + length, sizeof(reason) - 1 - length)) > 0)
		length += (size_t)n;
	reason[length] = '\0';
	return length ? string_copy(reason) : NULL;
}

/* dlopen(3) says "PATH: REASON", and the path is in the finding already. */
static char *without_path(char *reason, const char *path)
{
	_cleanup_free_ char *whole = reason;
	size_t length = strlen(path);

	if (strncmp(whole, path, length) == 0 && strncmp(whole + length, ": ", 2) == 0)
		return string_copy(whole + length + 2);
	return string_copy(whole);
}

/* In a child: a library's initialisation may do anything. */
static char *load(const char *path)
{
	int ends[2], status = 0;
	const char *wrong;
	char *reason = NULL;
	pid_t child;

	if (geteuid() != 0 && access(path, R_OK) == -1 && errno == EACCES)
		return NULL; /* applications are root */
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == -1)
		return string_copy(strerror(errno));
	child = fork();
	if (child == 0) {
		wrong = try_to_load(path);
		if (wrong)
			(void)!write(ends[1], wrong, strlen(wrong));
		_exit(wrong ? 1 : 0);
	}
	if (child == -1 || waitpid(child, &status, 0) == -1)
		reason = string_copy(strerror(errno));
	close(ends[1]);
	if (!reason)
		reason = read_reason(ends[0]);
	close(ends[0]);
	if (!reason)
		reason = describe_end(status);
	return reason ? without_path(reason, path) : NULL;
}

/*
 * Where libpam looks for it, by itself and with Debian's changes: _pam_add_handler and
 * _pam_load_module of its pam_handlers.c.
 */
static char *load_as_libpam(const char *module)
{
	const char *const *directory = libpam_module_directories();
	char *fault = NULL;

	if (*module == '/')
		return load(module);
	for (bool first = true; *directory; directory++, first = false) {
		_cleanup_free_ char *path = string_format("%s/%s", *directory, module);
		char *why = load(path);

		if (!why) {
			free(fault);
			return NULL;
		}
		if (first)
			fault = string_format("%s: %s", path, why);
		free(why);
	}
	return fault;
}

/* Many services have the same modules. */
static struct tried {
	char *module, *fault;
} * tried;
static size_t tried_count;

char *module_fault(const char *root, const char *module)
{
	if (*root)
		return NULL;
	for (size_t i = 0; i < tried_count; i++)
		if (strcmp(tried[i].module, module) == 0)
			return string_copy(tried[i].fault);
	tried = memory_grow(tried, tried_count, sizeof(*tried));
	tried[tried_count] = (struct tried){string_copy(module), load_as_libpam(module)};
	return string_copy(tried[tried_count++].fault);
}
