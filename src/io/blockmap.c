/* The file: a header with the seed, the slots of the table, and records of id, size and markers, one
 * behind the other. A slot that is not free says where its record is; it is written last.
 *
 * Records are written with pwrite(), so that a full disk is an error here and not a SIGBUS there;
 * the slots' room is allocated at the start for the same reason.
 */
#include "io/blockmap.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
	SLOTS = 1 << 15,
	PROBES = 8,
	SLOTS_AT = 64, /* in the file */
	RECORDS_BYTES_MAX = 32 << 20,
};

struct slot {
	struct block_key key;
	_Atomic uint64_t record; /* offset in the file; 0: a free slot */
};

struct record {
	uint32_t id, raw_bytes;
	uint64_t markers_n;
	/* the markers follow */
};

enum {
	RECORDS_AT = SLOTS_AT + SLOTS * sizeof(struct slot),
	MAP_BYTES = RECORDS_AT + RECORDS_BYTES_MAX,
};

struct blockmap {
	int fd; /* the writer's, else -1 */
	uint8_t *file;
	uint64_t seed;
	size_t end; /* of the records; the writer's */
};

static int map_file(int fd, int prot, struct blockmap **ret)
{
	void *file = mmap(NULL, MAP_BYTES, prot, MAP_SHARED, fd, 0);
	if (file == MAP_FAILED)
		return -errno;
	struct blockmap *m = xmalloc(sizeof *m);
	*m = (struct blockmap){.fd = -1, .file = file, .end = RECORDS_AT};
	memcpy(&m->seed, file, sizeof m->seed);
	*ret = m;
	return 0;
}

int blockmap_create(const char *path, struct blockmap **ret)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	uint64_t seed;
	if (fd < 0 || getrandom(&seed, sizeof seed, 0) != sizeof seed)
		return -errno;
	int err = -posix_fallocate(fd, 0, RECORDS_AT);
	if (!err && pwrite(fd, &seed, sizeof seed, 0) != sizeof seed)
		err = -errno;
	if (!err)
		err = map_file(fd, PROT_READ | PROT_WRITE, ret);
	if (err)
		return err;
	(*ret)->fd = fd;
	fd = -1;
	return 0;
}

int blockmap_open(const char *path, struct blockmap **ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : map_file(fd, PROT_READ, ret);
}

void blockmap_close(struct blockmap *m)
{
	if (!m)
		return;
	munmap(m->file, MAP_BYTES);
	if (m->fd >= 0)
		close(m->fd);
	free(m);
}

struct block_key blockmap_key(const struct blockmap *m, const void *text, size_t n, int context)
{
	XXH128_hash_t h = XXH3_128bits_withSeed(text, n, m->seed + (uint64_t)context);
	return (struct block_key){h.low64, h.high64};
}

/* The key's slot, or else a free one for it, or NULL. */
static struct slot *find_slot(const struct blockmap *m, struct block_key key)
{
	struct slot *slots = (struct slot *)(void *)(m->file + SLOTS_AT);
	for (size_t i = 0; i < PROBES; i++) {
		struct slot *s = &slots[(key.low + i) % SLOTS];
		if (s->record == 0 || (s->key.low == key.low && s->key.high == key.high))
			return s;
	}
	return NULL;
}

bool blockmap_find(const struct blockmap *m, struct block_key key, struct block_entry *ret)
{
	const struct slot *s = find_slot(m, key);
	if (!s || s->record == 0)
		return false;
	struct record r;
	const uint8_t *at = m->file + s->record;
	memcpy(&r, at, sizeof r);
	*ret = (struct block_entry){.id = r.id,
		.raw_bytes = r.raw_bytes,
		.markers = (const char *)at + sizeof r,
		.markers_n = r.markers_n};
	return true;
}

int blockmap_add(struct blockmap *m, struct block_key key, const struct block_entry *e)
{
	struct slot *s = find_slot(m, key);
	struct record r = {e->id, e->raw_bytes, e->markers_n};
	if (!s || e->markers_n > JOB_MARKERS_BYTES_MAX ||
		m->end + sizeof r + e->markers_n > MAP_BYTES)
		return ERR_TOOBIG;
	if (s->record)
		return ERR_STATE;
	if (lseek(m->fd, (off_t)m->end, SEEK_SET) < 0)
		return -errno;
	int err = fs_write_all(m->fd, &r, sizeof r);
	if (!err)
		err = fs_write_all(m->fd, e->markers, e->markers_n);
	if (err)
		return err;
	s->key = key;
	s->record = m->end; /* publishes it: sequentially consistent */
	m->end += sizeof r + e->markers_n;
	return 0;
}
