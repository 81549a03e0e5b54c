/* The file: a header with the seed, chains of the blocks that begin alike, tables of slots, and records of
 * id, sizes and markers, one behind the other. A slot that is not free says where its record is; it is written last. What
 * is written and read at the same time has 32 bits: without a lock that is all that some processors can do.
 *
 * Each table is twice as large as the one before. One is in use; when it is half full, or a key
 * finds no slot, all that it has goes into the next. So lookups stay within the few pages that a small build needs: a page that a
 * farmcc touches costs as much as hashing 4 KB. Who still reads the table before misses what is new.
 *
 * Records are written with write(), so that a full disk is an error here and not a SIGBUS there;
 * a table's room is allocated before it is used for the same reason.
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
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
	LEVEL_MIN = 10, /* a table has 2^level slots */
	LEVEL_MAX = 16,
	PROBES = 32, /* in a table that is half full hardly any key needs as many */
	CHAINS = 1 << 13,
	CHAIN_TRIES = 4, /* strangers in a chain that are passed over, one behind the other */
	CHAINS_AT = 64,
	TABLES_AT = CHAINS_AT + CHAINS * sizeof(uint32_t),
	RECORDS_BYTES_MAX = 32 << 20,
};

struct slot {
	struct block_key key;
	_Atomic uint32_t record; /* offset in the file; 0: a free slot */
};

struct record {
	struct block_key key;
	uint64_t opening, next; /* record of the same chain; 0: none */
	uint32_t id, raw_bytes, text_bytes, markers_n;
	/* the markers follow */
};

/* Where a level's table begins: those before it have 2^LEVEL_MIN + … + 2^(level - 1) slots. */
#define TABLE_AT(level)                                                                            \
	(TABLES_AT + (((size_t)1 << (level)) - ((size_t)1 << LEVEL_MIN)) * sizeof(struct slot))

enum {
	RECORDS_AT = TABLE_AT(LEVEL_MAX + 1),
	MAP_BYTES = RECORDS_AT + RECORDS_BYTES_MAX,
};

struct header {
	uint64_t seed;
	_Atomic uint32_t level; /* of the table in use */
};

struct blockmap {
	int fd; /* the writer's, else -1 */
	uint8_t *file;
	struct header *header; /* in it, as chains are */
	_Atomic uint32_t *chains;
	size_t used; /* slots of the table; the writer's, as end is */
	size_t end;  /* of the records */
};

static int map_file(int fd, int prot, struct blockmap **ret)
{
	void *file = mmap(NULL, MAP_BYTES, prot, MAP_SHARED, fd, 0);
	if (file == MAP_FAILED)
		return -errno;
	struct blockmap *m = xmalloc(sizeof *m);
	*m = (struct blockmap){.fd = -1, .file = file, .header = file, .end = RECORDS_AT};
	m->chains = (_Atomic uint32_t *)(void *)(m->file + CHAINS_AT);
	*ret = m;
	return 0;
}

int blockmap_create(const char *path, struct blockmap **ret)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	uint64_t seed;
	if (fd < 0 || getrandom(&seed, sizeof seed, 0) != sizeof seed)
		return -errno;
	int err = -posix_fallocate(fd, 0, TABLE_AT(LEVEL_MIN + 1));
	if (!err && ftruncate(fd, RECORDS_AT) < 0)
		err = -errno;
	if (!err)
		err = map_file(fd, PROT_READ | PROT_WRITE, ret);
	if (err) {
		unlink(path); /* nobody is to find the half of it */
		return err;
	}
	(*ret)->header->seed = seed;
	(*ret)->header->level = LEVEL_MIN;
	(*ret)->fd = fd;
	fd = -1;
	return 0;
}

int blockmap_open(const char *path, struct blockmap **ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return st.st_size < RECORDS_AT ? ERR_TRUNCATED : map_file(fd, PROT_READ, ret);
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
	XXH128_hash_t h = XXH3_128bits_withSeed(text, n, m->header->seed + (uint64_t)context);
	return (struct block_key){h.low64, h.high64};
}

static struct slot *table(const struct blockmap *m, uint32_t level)
{
	return (struct slot *)(void *)(m->file + TABLE_AT(level));
}

/* The key's slot, or else a free one for it, or NULL. */
static struct slot *find_slot(const struct blockmap *m, uint32_t level, struct block_key key)
{
	struct slot *slots = table(m, level);
	for (size_t i = 0; i < PROBES; i++) {
		struct slot *s = &slots[(key.low + i) & (((size_t)1 << level) - 1)];
		if (s->record == 0 || (s->key.low == key.low && s->key.high == key.high))
			return s;
	}
	return NULL;
}

static void read_entry(const struct blockmap *m, uint64_t at, struct block_entry *ret)
{
	struct record r;
	memcpy(&r, m->file + at, sizeof r);
	*ret = (struct block_entry){.key = r.key,
		.id = r.id,
		.raw_bytes = r.raw_bytes,
		.text_bytes = r.text_bytes,
		.opening = r.opening,
		.markers = (const char *)m->file + at + sizeof r,
		.markers_n = r.markers_n};
}

static uint64_t next_record(const struct blockmap *m, uint64_t at)
{
	struct record r;
	memcpy(&r, m->file + at, sizeof r);
	return r.next;
}

bool blockmap_find(const struct blockmap *m, struct block_key key, struct block_entry *ret)
{
	const struct slot *s = find_slot(m, m->header->level, key);
	if (!s || s->record == 0)
		return false;
	read_entry(m, s->record, ret);
	return true;
}

uint64_t blockmap_opening(const char *text, size_t n)
{
	const char *nl = memchr(text, '\n', n);
	return XXH3_64bits(text, nl ? (size_t)(nl - text) : n);
}

bool blockmap_alike(
	const struct blockmap *m, uint64_t opening, uint64_t *at, struct block_entry *ret)
{
	uint64_t record = *at ? next_record(m, *at) : m->chains[opening % CHAINS];
	for (int i = 0; record && i < CHAIN_TRIES; i++) {
		*at = record;
		read_entry(m, record, ret);
		if (ret->opening == opening)
			return true;
		record = next_record(m, record);
	}
	return false;
}

/* An entry that finds no slot is lost: the block is new again, for who meets it next. */
static int grow(struct blockmap *m)
{
	const uint32_t level = m->header->level, next = level + 1;
	const struct slot *old = table(m, level);
	int err = -posix_fallocate(
		m->fd, (off_t)TABLE_AT(next), (off_t)(TABLE_AT(next + 1) - TABLE_AT(next)));
	if (err)
		return err;
	m->used = 0;
	for (size_t i = 0; i < (size_t)1 << level; i++) {
		struct slot *s = old[i].record ? find_slot(m, next, old[i].key) : NULL;
		if (!s)
			continue;
		s->key = old[i].key;
		s->record = old[i].record;
		m->used++;
	}
	m->header->level = next;
	return 0;
}

int blockmap_add(struct blockmap *m, struct block_key key, const struct block_entry *e)
{
	struct slot *s = find_slot(m, m->header->level, key);
	bool full = m->used >= (size_t)1 << m->header->level >> 1;
	if ((!s || full) && m->header->level < LEVEL_MAX && grow(m) == 0)
		s = find_slot(m, m->header->level, key);
	_Atomic uint32_t *chain = &m->chains[e->opening % CHAINS];
	struct record r = {.key = key,
		.opening = e->opening,
		.next = *chain,
		.id = e->id,
		.raw_bytes = e->raw_bytes,
		.text_bytes = e->text_bytes,
		.markers_n = (uint32_t)e->markers_n};
	if (!s || e->text_bytes == 0 || e->markers_n > JOB_MARKERS_BYTES_MAX ||
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
	s->record = (uint32_t)m->end; /* publishes it: sequentially consistent */
	*chain = (uint32_t)m->end;
	m->used++;
	m->end += sizeof r + e->markers_n;
	return 0;
}
