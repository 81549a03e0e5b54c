#include "check.h"

#include "base/fs.h"
#include "base/str.h"
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PIECE_BYTES = 64 * 1024, DEPS_BYTES_MAX = 64 << 20 };

void check_init(struct check *c)
{
	*c = (struct check){.output_fd = -1, .dwo_fd = -1};
}

int check_open(struct check *c, const char *output, const char *dwo)
{
	c->output = output;
	c->dwo = dwo;
	c->output_fd = memfd_create("farmcc-output", MFD_CLOEXEC);
	if (dwo)
		c->dwo_fd = memfd_create("farmcc-dwo", MFD_CLOEXEC);
	return c->output_fd < 0 || (dwo && c->dwo_fd < 0) ? -errno : 0;
}

void check_close(struct check *c)
{
	if (c->output_fd >= 0)
		close(c->output_fd);
	if (c->dwo_fd >= 0)
		close(c->dwo_fd);
	buf_fini(&c->deps);
	check_init(c);
}

/* From the beginning of both. */
static bool is_same(int a_fd, int b_fd)
{
	static char a[PIECE_BYTES], b[PIECE_BYTES];
	size_t n, m;
	if (lseek(a_fd, 0, SEEK_SET) < 0 || lseek(b_fd, 0, SEEK_SET) < 0)
		return false;
	do {
		if (fs_read_all(a_fd, a, sizeof a, &n) < 0 ||
			fs_read_all(b_fd, b, sizeof b, &m) < 0 || n != m || memcmp(a, b, n) != 0)
			return false;
	} while (n);
	return true;
}

/* path NULL: there is nothing to differ. */
static bool is_same_file(int fd, const char *path)
{
	_cleanup_close_ int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	return !path || (file >= 0 && is_same(fd, file));
}

void check_add_deps(struct check *c, const char *path, struct buf *contents)
{
	c->deps_path = path;
	c->deps = *contents;
	buf_init(contents, 0);
}

static bool is_same_text(const struct buf *b, const char *path)
{
	char *text;
	size_t n;
	if (!path)
		return true;
	if (fs_read_file(path, DEPS_BYTES_MAX, &text, &n) < 0)
		return false;
	bool same = n == b->len && memcmp(text, b->data, n) == 0;
	free(text);
	return same;
}

/* An output while the compiler makes it anew. */
struct aside {
	const char *path;
	char *name;
	int fd; /* its contents */
};

static bool put_aside(struct aside *a, const char *path)
{
	*a = (struct aside){.path = path, .fd = -1};
	if (!path)
		return true;
	a->name = xasprintf("%s.farmcc%ld", path, (long)getpid());
	child_cleanup_add(a->name);
	a->fd = open(path, O_RDONLY | O_CLOEXEC);
	return a->fd >= 0 && rename(path, a->name) == 0;
}

static void put_back(struct aside *a)
{
	if (!a->path)
		return;
	rename(a->name, a->path);
	child_cleanup_drop(a->name);
	free(a->name);
	if (a->fd >= 0)
		close(a->fd);
}

/* Does the compiler make the same once more? */
static bool repeats(const struct check *c, int (*run_again)(void *ctx), void *ctx)
{
	struct aside output, dwo;
	bool aside = put_aside(&output, c->output);
	aside = put_aside(&dwo, c->dwo) && aside;
	bool same = aside && run_again(ctx) == 0 && is_same_file(output.fd, c->output) &&
		    is_same_file(dwo.fd, c->dwo);
	put_back(&output);
	put_back(&dwo);
	return same;
}

enum checked check_end(struct check *c, int wait_status, int (*run_again)(void *ctx), void *ctx)
{
	c->armed = false;
	if (wait_status != 0)
		return CHECKED_UNCLEAR;
	if (!is_same_text(&c->deps, c->deps_path))
		return CHECKED_DIFFERS;
	if (is_same_file(c->output_fd, c->output) && is_same_file(c->dwo_fd, c->dwo))
		return CHECKED_SAME;
	return repeats(c, run_again, ctx) ? CHECKED_DIFFERS : CHECKED_UNCLEAR;
}
