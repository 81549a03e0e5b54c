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
	*c = (struct check){0};
}

int check_add(struct check *c, const char *path, int *ret_fd)
{
	int fd = memfd_create("farmcc-check", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	c->files[c->n++] = (struct check_file){path, fd};
	*ret_fd = fd;
	return 0;
}

void check_close(struct check *c)
{
	for (size_t i = 0; i < c->n; i++)
		close(c->files[i].fd);
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

static bool is_same_file(int fd, const char *path)
{
	_cleanup_close_ int file = open(path, O_RDONLY | O_CLOEXEC);
	return file >= 0 && is_same(fd, file);
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
	a->path = path;
	a->name = xasprintf("%s.farmcc%ld", path, (long)getpid());
	child_cleanup_add(a->name);
	a->fd = open(path, O_RDONLY | O_CLOEXEC);
	return a->fd >= 0 && rename(path, a->name) == 0;
}

static void put_back(struct aside *a)
{
	rename(a->name, a->path);
	child_cleanup_drop(a->name);
	free(a->name);
	if (a->fd >= 0)
		close(a->fd);
}

/* Does the compiler make the same once more? */
static bool repeats(const struct check *c, int (*run_again)(void *ctx), void *ctx)
{
	struct aside first[CHECK_FILES_MAX];
	bool same = true;
	for (size_t i = 0; i < c->n; i++)
		same = put_aside(&first[i], c->files[i].path) && same;
	same = same && run_again(ctx) == 0;
	for (size_t i = 0; i < c->n; i++) {
		same = same && is_same_file(first[i].fd, first[i].path);
		put_back(&first[i]);
	}
	return same;
}

enum checked check_end(struct check *c, int wait_status, int (*run_again)(void *ctx), void *ctx)
{
	c->armed = false;
	if (wait_status != 0)
		return CHECKED_UNCLEAR;
	if (!is_same_text(&c->deps, c->deps_path))
		return CHECKED_DIFFERS;
	bool same = true;
	for (size_t i = 0; i < c->n; i++)
		same = same && is_same_file(c->files[i].fd, c->files[i].path);
	if (same)
		return CHECKED_SAME;
	return repeats(c, run_again, ctx) ? CHECKED_DIFFERS : CHECKED_UNCLEAR;
}
