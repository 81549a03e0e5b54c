/* What goes well: a file is read whole, and was the same before and after. What can fail is the file. */
#include "inputs_files.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "base/vec.h"
#include "io/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { READ_TRIES = 3, TABLE_SIZE_MIN = 1024 };

struct inputs_files {
	VEC(struct inputs_content) contents;
	uint32_t *slots; /* numbers, which are from 1; 0: free */
	size_t size;
};

struct inputs_files *inputs_files_create(void)
{
	struct inputs_files *f = xcalloc(1, sizeof *f);
	f->size = TABLE_SIZE_MIN;
	f->slots = xcalloc(f->size, sizeof *f->slots);
	return f;
}

void inputs_files_destroy(struct inputs_files *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->contents.n; i++)
		free(f->contents.v[i].scan);
	vec_fini(&f->contents);
	free(f->slots);
	free(f);
}

const struct inputs_content *inputs_files_content(const struct inputs_files *f, uint32_t number)
{
	return &f->contents.v[number - 1];
}

/* The slot of the hash, or the free one where it belongs. */
static uint32_t *slot_of(const struct inputs_files *f, const uint8_t *hash)
{
	uint64_t start;
	memcpy(&start, hash, sizeof start);
	for (size_t i = (size_t)start & (f->size - 1);; i = (i + 1) & (f->size - 1)) {
		uint32_t number = f->slots[i];
		if (number == 0 ||
			memcmp(f->contents.v[number - 1].hash, hash, VIEW_HASH_BYTES) == 0)
			return &f->slots[i];
	}
}

static void grow(struct inputs_files *f)
{
	free(f->slots);
	f->size *= 2;
	f->slots = xcalloc(f->size, sizeof *f->slots);
	for (uint32_t i = 0; i < f->contents.n; i++)
		*slot_of(f, f->contents.v[i].hash) = i + 1;
}

static uint32_t add(struct inputs_files *f, const char *data, size_t n)
{
	struct inputs_content c = {.bytes = n};
	digest_content(data, n, c.hash);
	uint32_t *slot = slot_of(f, c.hash);
	if (*slot)
		return *slot;
	c.scan = incscan_create(data, n);
	vec_push(&f->contents, c);
	uint32_t number = (uint32_t)f->contents.n;
	*slot = number;
	if (f->contents.n > f->size / 2)
		grow(f);
	return number;
}

static bool is_same_state(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Exactly n bytes, and no more are there; -EAGAIN otherwise. */
static int read_all(int fd, char *data, size_t n)
{
	size_t done;
	int err = fs_read_all(fd, data, n + 1, &done);
	return err || done == n ? err : -EAGAIN;
}

static int read_once(const char *path, char **ret_data, struct stat *ret_st)
{
	_cleanup_close_ int fd =
		open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat before, after;
	if (fd < 0 || fstat(fd, &before) < 0)
		return -errno;
	if (!S_ISREG(before.st_mode))
		return -EINVAL;
	if (before.st_size > VIEW_CONTENT_BYTES_MAX)
		return ERR_TOOBIG;
	size_t n = (size_t)before.st_size;
	_cleanup_free_ char *data = xmalloc(n + 1);
	int err = read_all(fd, data, n);
	if (!err && fstat(fd, &after) < 0)
		err = -errno;
	if (!err && !is_same_state(&before, &after))
		err = -EAGAIN;
	if (err)
		return err;
	*ret_data = data;
	*ret_st = before;
	data = NULL;
	return 0;
}

int inputs_files_read(const char *path, char **ret_data, struct stat *ret_st)
{
	int err = -EAGAIN;
	for (int i = 0; i < READ_TRIES && err == -EAGAIN; i++)
		err = read_once(path, ret_data, ret_st);
	return err;
}

char *inputs_files_read_as(const char *path, const uint8_t hash[VIEW_HASH_BYTES], size_t *ret_n)
{
	uint8_t got[VIEW_HASH_BYTES];
	struct stat st;
	char *data;
	if (inputs_files_read(path, &data, &st) < 0)
		return NULL;
	*ret_n = (size_t)st.st_size;
	digest_content(data, *ret_n, got);
	if (memcmp(got, hash, sizeof got) == 0)
		return data;
	free(data);
	return NULL;
}

uint32_t inputs_files_take(struct inputs_files *f, const char *path, struct stat *ret_st)
{
	_cleanup_free_ char *data = NULL;
	if (inputs_files_read(path, &data, ret_st) < 0)
		return 0;
	return add(f, data, (size_t)ret_st->st_size);
}
