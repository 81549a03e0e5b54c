#include "texts.h"

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"

#include <string.h>

enum { STORE_BYTES_MAX = 64 << 20 /* packed */ };

struct block {
	uint8_t *chunks; /* as they were added */
	size_t n;
	uint64_t raw_bytes;
};

struct texts {
	struct blockmap *map; /* NULL: none could be made */
	struct block *blocks; /* by id */
	size_t count, cap;
	size_t bytes;
};

struct texts *texts_create(const char *path)
{
	struct texts *t = xcalloc(1, sizeof *t);
	int err = blockmap_create(path, &t->map);
	if (err) {
		t->map = NULL;
		log_warning("%s: %s; every text will be sent in full", path, err_str(err));
	}
	return t;
}

void texts_destroy(struct texts *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++)
		free(t->blocks[i].chunks);
	free(t->blocks);
	blockmap_close(t->map);
	free(t);
}

void texts_keep(struct texts *t, struct block_key key, const struct block_entry *entry,
	const struct chunks *c, size_t start)
{
	struct block_entry e = *entry;
	size_t n = c->buf.len - start;
	e.id = (uint32_t)t->count;
	uint8_t *copy = t->map && t->bytes + n <= STORE_BYTES_MAX ? malloc(n) : NULL;
	if (!copy || blockmap_add(t->map, key, &e) < 0) {
		free(copy);
		return;
	}
	if (t->count == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 256;
		t->blocks = xrealloc(t->blocks, t->cap * sizeof *t->blocks);
	}
	struct block *b = &t->blocks[t->count++];
	*b = (struct block){.chunks = copy, .n = n, .raw_bytes = e.raw_bytes};
	memcpy(copy, c->buf.data + start, n);
	t->bytes += n;
}

int texts_append(const struct texts *t, uint32_t id, struct chunks *c)
{
	if (id >= t->count)
		return ERR_STATE;
	const struct block *b = &t->blocks[id];
	return chunks_append(c, b->chunks, b->n, b->raw_bytes);
}
