/* The table is an array of hashes with open addressing; 0 is a free slot. Slots are written whole and
 * never changed afterwards: two writers that meet lose at most an entry. Its blocks are allocated
 * when it is made, so that a full disk shows then and not as SIGBUS. Processors that cannot write 64
 * bits at once have none.
 */
#include "sources.h"

#include "base/fs.h"
#include "base/hash.h"
#include "base/str.h"
#include "core/dtext.h"
#include "cpp.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SLOTS = 1 << 15, /* an allmodconfig kernel has some ten thousand sources */
	PROBES = 8,      /* neighbours that are tried before a file is just not remembered */
	SOURCE_BYTES_MAX = 64 << 20,
};

struct sources {
	_Atomic uint64_t *table; /* NULL: none */
	uint64_t cwd_hash;
	char *dir;
};

static void *map_table(const char *path)
{
	if (!__atomic_always_lock_free(sizeof(uint64_t), 0))
		return NULL;
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	const off_t bytes = SLOTS * sizeof(uint64_t);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return NULL;
	if (st.st_size != bytes && posix_fallocate(fd, 0, bytes) != 0)
		return NULL;
	void *p = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return p == MAP_FAILED ? NULL : p;
}

struct sources *sources_create(const char *dir, const char *cwd)
{
	_cleanup_free_ char *table = xasprintf("%ssources", dir);
	struct sources *s = xmalloc(sizeof *s);
	s->table = map_table(table);
	s->cwd_hash = hash_text(hash_text(hash_basis, cwd), "\n");
	s->dir = xstrdup(dir);
	return s;
}

void sources_destroy(struct sources *s)
{
	if (!s)
		return;
	if (s->table)
		munmap((void *)s->table, SLOTS * sizeof *s->table);
	free(s->dir);
	free(s);
}

static const char *examine(const char *path)
{
	struct stat st;
	char *text;
	size_t n;
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
		fs_read_file(path, SOURCE_BYTES_MAX, &text, &n) < 0)
		return "a source file cannot be read again";
	const char *why = dtext_check_source(text, n);
	free(text);
	return why;
}

/* cc1 would use it, as gcc does for the system's headers. */
static bool has_shorter_name(const char *path)
{
	_cleanup_free_ char *real = realpath(path, NULL);
	return real && strlen(real) < strlen(path);
}

const char *sources_check(void *ctx, const char *path, bool system)
{
	struct sources *s = ctx;
	uint64_t key = hash_text(path[0] == '/' ? hash_basis : s->cwd_hash, path) ^ system;
	_Atomic uint64_t *free_slot = NULL;
	for (size_t i = 0; s->table && i < PROBES && !free_slot; i++) {
		_Atomic uint64_t *slot = &s->table[(key + i) % SLOTS];
		if (*slot == key)
			return NULL;
		if (*slot == 0)
			free_slot = slot;
	}
	const char *why = examine(path);
	if (!why && system && has_shorter_name(path)) {
		cpp_want_short_names(s->dir);
		why = "a system header has a shorter name";
	}
	if (!why && free_slot)
		*free_slot = key;
	return why;
}
