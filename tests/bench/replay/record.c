#include "record.h"

#include "base/fs.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COST_BYTES_MAX = 65536 };

char *record_setting(const char *prefix, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", prefix, name);
	char text[PATH_MAX];
	ssize_t n = readlink(path, text, sizeof text - 1);
	return n < 0 ? NULL : xstrndup(text, (size_t)n);
}

char *record_dir(const char *records, const struct job *j)
{
	return xasprintf("%s/%016llx", records, (unsigned long long)j->key);
}

/* Copies a file's contents to a descriptor. */
static bool pour(const char *path, int to)
{
	_cleanup_close_ int from = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (from < 0 || fstat(from, &st) < 0)
		return false;
	for (off_t at = 0; at < st.st_size;) {
		ssize_t n = sendfile(to, from, &at, (size_t)(st.st_size - at));
		if (n <= 0)
			return false;
	}
	return true;
}

static bool copy(const char *from, const char *to)
{
	_cleanup_close_ int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return fd >= 0 && pour(from, fd);
}

/* Runs argv with stderr in a file; the CPU time of it and its children, or -1. */
static long run(char *const argv[], const char *err_path, int *ret_wait_status)
{
	pid_t pid = fork();
	if (pid == 0) {
		int fd = open(err_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
		dup2(fd, STDERR_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	struct rusage ru;
	if (pid < 0 || wait4(pid, ret_wait_status, 0, &ru) < 0)
		return -1;
	return (ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000 + ru.ru_utime.tv_usec +
	       ru.ru_stime.tv_usec;
}

/* The command line without its outputs, and with another input; from and to may be NULL. */
static void derive(char *const argv[], const char *from, const char *to, struct strv *ret)
{
	for (int i = 0; argv[i]; i++) {
		if (i && job_is_dep_arg(argv, &i))
			continue;
		if (strcmp(argv[i], "-o") == 0 && argv[i + 1])
			i++;
		else
			strv_push(ret, from && strcmp(argv[i], from) == 0 ? to : argv[i]);
	}
}

/* What compiling the preprocessed source costs: the share of a board when the preprocessor runs on
 * the client. */
static long measure_expanded(char *const argv[], const struct job *j, const char *dir)
{
	_cleanup_free_ char *text = xasprintf("%s/text.i", dir), *out = xasprintf("%s/text.o", dir);
	_cleanup_free_ char *err = xasprintf("%s/text.err", dir);
	struct strv cpp = {0}, cc = {0};
	int status = -1;
	derive(argv, "-c", "-E", &cpp);
	strv_push(&cpp, "-o");
	strv_push(&cpp, text);
	derive(argv, j->source, text, &cc);
	strv_push(&cc, "-o");
	strv_push(&cc, out);
	long us = -1;
	if (run(cpp.v, err, &status) >= 0 && status == 0)
		us = run(cc.v, err, &status);
	strv_fini(&cpp);
	strv_fini(&cc);
	unlink(text);
	unlink(out);
	unlink(err);
	return us;
}

static void keep(const char *dir, const char *name, const char *path)
{
	_cleanup_free_ char *to = xasprintf("%s/%s", dir, name);
	if (path)
		copy(path, to);
}

/* The line's last field, without its newline; NULL when there is none. */
static const char *source_in(char *cost)
{
	cost[strcspn(cost, "\n")] = '\0';
	return strchr(cost, '/');
}

/* Keeps a record, unless there is one: of the same source, or two jobs would be handed each other's
 * objects. */
static bool file_away(const char *made, const char *dir)
{
	_cleanup_free_ char *new_path = xasprintf("%s/cost", made);
	_cleanup_free_ char *old_path = xasprintf("%s/cost", dir);
	_cleanup_free_ char *new_cost = NULL, *old_cost = NULL;
	if (rename(made, dir) == 0)
		return true;
	bool same = fs_read_file(new_path, COST_BYTES_MAX, &new_cost, NULL) == 0 &&
		    fs_read_file(old_path, COST_BYTES_MAX, &old_cost, NULL) == 0 &&
		    strcmp(source_in(new_cost), source_in(old_cost)) == 0;
	fs_remove_tree(made);
	return same;
}

static void write_cost(const char *dir, const struct cost *c, const struct job *j)
{
	_cleanup_free_ char *path = xasprintf("%s/cost", dir);
	_cleanup_free_ char *text = xasprintf("%ld %ld %d %s/%s\n", c->full_us, c->expanded_us,
		c->wait_status, j->cwd, j->source);
	fs_write_atomic(path, text, strlen(text), 0644);
}

int record_link(const char *records, const char *compiler, char *argv[])
{
	_cleanup_free_ char *links = xasprintf("%s/links", records);
	_cleanup_free_ char *err = xasprintf("%s.%d", links, (int)getpid());
	int status = 0;
	argv[0] = (char *)compiler;
	long us = run(argv, err, &status);
	pour(err, STDERR_FILENO);
	unlink(err);
	_cleanup_close_ int fd = open(links, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	dprintf(fd, "%ld\n", us);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int record_make(const char *records, const char *compiler, char *argv[], const struct job *j)
{
	_cleanup_free_ char *dir = record_dir(records, j);
	_cleanup_free_ char *made = xasprintf("%s.%d", dir, (int)getpid());
	_cleanup_free_ char *err = xasprintf("%s/err", made);
	if (mkdir(made, 0755) < 0)
		return 1;
	argv[0] = (char *)compiler;
	struct cost c = {0};
	c.full_us = run(argv, err, &c.wait_status);
	pour(err, STDERR_FILENO);
	keep(made, "out", j->output);
	keep(made, "dwo", j->dwo);
	keep(made, "dep", j->depfile);
	long expanded_us = measure_expanded(argv, j, made);
	c.expanded_us = expanded_us < 0 ? c.full_us : expanded_us;
	write_cost(made, &c, j);
	if (!file_away(made, dir)) {
		fprintf(stderr, "replay: %s: two compiles look the same\n", j->source);
		return 1;
	}
	return WIFEXITED(c.wait_status) ? WEXITSTATUS(c.wait_status) : 1;
}

bool record_find(const char *records, const struct job *j, struct cost *ret)
{
	_cleanup_free_ char *dir = record_dir(records, j), *path = xasprintf("%s/cost", dir);
	_cleanup_free_ char *text = NULL;
	struct cost c;
	if (fs_read_file(path, COST_BYTES_MAX, &text, NULL) < 0 ||
		sscanf(text, "%ld %ld %d", &c.full_us, &c.expanded_us, &c.wait_status) != 3)
		return false;
	*ret = c;
	return true;
}

bool record_hand_out(const char *records, const struct job *j)
{
	_cleanup_free_ char *dir = record_dir(records, j);
	_cleanup_free_ char *out = xasprintf("%s/out", dir), *err = xasprintf("%s/err", dir);
	_cleanup_free_ char *dwo = xasprintf("%s/dwo", dir), *dep = xasprintf("%s/dep", dir);
	pour(err, STDERR_FILENO);
	return copy(out, j->output) && (!j->dwo || copy(dwo, j->dwo)) &&
	       (!j->depfile || copy(dep, j->depfile));
}
