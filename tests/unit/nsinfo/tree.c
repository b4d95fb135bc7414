/* SPDX-License-Identifier: MIT */

#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strings.h"

static void must(bool done, const char *what)
{
	if (!done) {
		perror(what);
		abort();
	}
}

char *tree_new(void)
{
	char template[] = "/tmp/nsinfo-test.XXXXXX";

	must(mkdtemp(template), template);
	must(chmod(template, 0755) == 0, template);
	return string_copy(template);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void tree_free(char *tree)
{
	nftw(tree, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(tree);
}

static char *full_path(const char *tree, const char *path)
{
	char *full = string_format("%s/%s", tree, path);

	for (char *at = strchr(full + strlen(tree) + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		must(mkdir(full, 0755) == 0 || errno == EEXIST, full);
		*at = '/';
	}
	return full;
}

void tree_write_bytes(const char *tree, const char *path, const char *bytes, size_t size)
{
	_cleanup_free_ char *full = full_path(tree, path);
	_cleanup_fclose_ FILE *file = fopen(full, "we");

	must(file && fwrite(bytes, 1, size, file) == size, full);
}

void tree_write(const char *tree, const char *path, const char *text)
{
	tree_write_bytes(tree, path, text, strlen(text));
}

void tree_link(const char *tree, const char *path, const char *target)
{
	_cleanup_free_ char *full = full_path(tree, path);

	must(symlink(target, full) == 0, full);
}

static void write_status(const char *tree, const struct fake *fake)
{
	_cleanup_free_ char *path = string_format("%d/status", fake->pid);
	_cleanup_free_ char *own = string_format("%d", fake->pid);
	_cleanup_free_ char *text = string_format(
		"Name:\t%s\nUmask:\t0022\nState:\tS (sleeping)\nPid:\t%d\nPPid:\t1\nUid:\t%s\n"
		"NSpid:\t%s\nVmRSS:\t      48 kB\nCapPrm:\t0000000000000020\n",
		fake->name ? fake->name : "sleep", fake->pid,
		fake->uid ? fake->uid : "1000\t1000\t1000\t1000", fake->nspid ? fake->nspid : own);

	tree_write(tree, path, text);
}

static void link_ns(const char *tree, int pid, const char *name, uint64_t inode)
{
	_cleanup_free_ char *path = string_format("%d/ns/%s", pid, name);
	_cleanup_free_ char *target = string_format("pid:[%llu]", (unsigned long long)inode);

	tree_link(tree, path, target);
}

/* Facts end at an empty one. */
static size_t block_size(const char *block)
{
	size_t size = 0;

	while (block[size])
		size += strlen(block + size) + 1;
	return size;
}

static void write_secrets(const char *tree, const struct fake *fake)
{
	_cleanup_free_ char *path = string_format("%d/environ", fake->pid);
	_cleanup_free_ char *exe = string_format("%d/exe", fake->pid);
	const char *block = fake->environ ? fake->environ : "PATH=/bin\0";

	tree_write_bytes(tree, path, block, block_size(block));
	tree_link(tree, exe, fake->exe ? fake->exe : "/usr/bin/sleep");
}

/* As root nothing is forbidden; what may not be read is not there. */
static void hide(const char *tree, int pid)
{
	_cleanup_free_ char *path = string_format("%s/%d/ns", tree, pid);

	must(chmod(path, 0) == 0, path);
}

void tree_process(const char *tree, const struct fake *fake)
{
	_cleanup_free_ char *cmdline = string_format("%d/cmdline", fake->pid);
	_cleanup_free_ char *comm = string_format("%d/comm", fake->pid);
	_cleanup_free_ char *stat = string_format("%d/stat", fake->pid);
	_cleanup_free_ char *stat_text = string_format(
		"%d (a) b) S 1 1 1 34816 1 0 0 0 0 0 0 0 0 0 20 0 1 0 4200 0 0\n", fake->pid);
	_cleanup_free_ char *comm_text = string_format("%s\n", fake->name ? fake->name : "sleep");
	_cleanup_free_ char *parent = string_format("%d/parent", fake->pid);
	_cleanup_free_ char *parent_text =
		string_format("%llu", (unsigned long long)(fake->parent ? fake->parent : HOST_NS));
	uint64_t ns = fake->ns ? fake->ns : HOST_NS;

	write_status(tree, fake);
	tree_write(tree, cmdline, fake->cmdline ? fake->cmdline : "sleep");
	tree_write(tree, comm, comm_text);
	tree_write(tree, stat, stat_text);
	tree_write(tree, parent, parent_text);
	link_ns(tree, fake->pid, "pid", ns);
	link_ns(tree, fake->pid, "pid_for_children", fake->children ? fake->children : ns);
	if (fake->hidden)
		hide(tree, fake->pid);
	else
		write_secrets(tree, fake);
}

static int read_parent(const struct proc *proc, pid_t pid, uint64_t *inode)
{
	_cleanup_free_ char *text = NULL;
	int r = proc_read(proc, pid, "parent", &text, NULL);

	if (r < 0)
		return r;
	*inode = strtoull(text, NULL, 10);
	return 0;
}

void tree_proc(const char *tree, struct proc *proc)
{
	int r;

	tree_process(tree, &(struct fake){.pid = 1, .name = "init", .uid = "0\t0\t0\t0"});
	tree_link(tree, "self", "1");
	r = proc_open(proc, tree);
	must(r == 0, "proc_open");
	proc->parent = read_parent;
	proc->boot = 1700000000;
}
