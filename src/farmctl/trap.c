/* The text is fed line by line, so whoever trips is known; line markers say where it came from. */
#include "trap.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "core/dtext.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOURCE_BYTES_MAX = 64 << 20, OUT_BYTES = 64 << 20, NAME_BYTES = 300 };

struct place {
	char file[NAME_BYTES];
	unsigned long line;
};

/* "# 12 "a.c" ..." */
static bool read_marker(const char *line, struct place *at)
{
	char file[NAME_BYTES];
	unsigned long number;
	if (sscanf(line, "# %lu \"%299[^\"]\"", &number, file) != 2)
		return false;
	snprintf(at->file, sizeof at->file, "%s", file);
	at->line = number;
	return true;
}

static const char *check_source(void *ctx, const char *path, bool system)
{
	(void)ctx, (void)system;
	_cleanup_free_ char *text = NULL;
	size_t n;
	return fs_read_file(path, SOURCE_BYTES_MAX, &text, &n) < 0 ? NULL
								   : dtext_check_source(text, n);
}

static char *name(const struct place *at, const char *why)
{
	char file[NAME_BYTES];
	return xasprintf("%s:%lu: %s", log_escape(at->file, file, sizeof file), at->line, why);
}

static int follow(FILE *text, char **ret_why)
{
	struct dtext *d = dtext_create();
	struct buf out;
	struct place at = {.line = 1};
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	int err = 0;
	buf_init(&out, OUT_BYTES);
	dtext_on_file(d, check_source, NULL);
	for (ssize_t n; !err && (n = getline(&line, &room, text)) > 0;) {
		bool marker = read_marker(line, &at);
		out.len = 0;
		err = dtext_feed(d, line, (size_t)n, &out);
		at.line += !err && !marker;
	}
	if (!err)
		err = dtext_finish(d, &out);
	if (err == ERR_UNSAFE) {
		*ret_why = name(&at, dtext_trap(d));
		err = 0;
	}
	buf_fini(&out);
	dtext_destroy(d);
	return err;
}

int trap_find_in(const char *source, char **ret_why)
{
	_cleanup_free_ char *text = NULL;
	struct place at = {.line = 1};
	size_t n;
	*ret_why = NULL;
	int err = fs_read_file(source, SOURCE_BYTES_MAX, &text, &n);
	if (err)
		return err;
	snprintf(at.file, sizeof at.file, "%s", source);
	for (const char *line = text, *end; !*ret_why && *line; line = end, at.line++) {
		end = line + strcspn(line, "\n");
		const char *why = dtext_find_trap(line, (size_t)(end - line));
		if (why)
			*ret_why = name(&at, why);
		end += *end == '\n';
	}
	return 0;
}

int trap_find(const char *compiler, const struct strv *args, char **ret_why)
{
	int ends[2], status, err;
	struct strv argv = {0};
	*ret_why = NULL;
	if (pipe(ends) < 0)
		return -errno;
	strv_push(&argv, compiler);
	for (size_t i = 0; i < args->n; i++)
		strv_push(&argv, args->v[i]);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execvp(compiler, argv.v);
		_exit(127);
	}
	close(ends[1]);
	strv_fini(&argv);
	FILE *text = fdopen(ends[0], "r");
	err = pid < 0 || !text ? -errno : follow(text, ret_why);
	if (text)
		fclose(text);
	/* who is not read to its end is ended by a signal */
	bool failed = pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
		      WEXITSTATUS(status);
	if (failed && !err) {
		free(*ret_why);
		*ret_why = NULL;
		err = ERR_COMPILER;
	}
	return err;
}
