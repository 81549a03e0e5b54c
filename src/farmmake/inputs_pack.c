/* Contents in packed blocks, the last ones kept: what one node needs the next needs, too. */
#include "inputs_impl.h"

#include "base/idmap.h"
#include "core/lz.h"

#include <string.h>

enum {
	KEPT_BYTES_MAX = 64 << 20,                     /* packed */
	PACKED_BYTES_MAX = 2 * VIEW_CONTENT_BYTES_MAX, /* of one: it never fills that */
};

struct packed {
	struct list link; /* the last one used is the last one */
	uint32_t key;
	uint8_t hash[VIEW_HASH_BYTES];
	struct chunks chunks;
};

struct inputs_packer {
	struct lz *lz;
	struct list kept;
	struct idmap by_key;
	size_t bytes;
	uint8_t block[LZ_PACKED_MAX];
};

struct inputs_packer *inputs_pack_create(void)
{
	struct inputs_packer *p = xcalloc(1, sizeof *p);
	p->lz = lz_create();
	list_init(&p->kept);
	return p;
}

static void drop(struct inputs_packer *p, struct packed *packed)
{
	list_remove(&packed->link);
	idmap_remove(&p->by_key, packed->key);
	p->bytes -= packed->chunks.buf.len;
	chunks_fini(&packed->chunks);
	free(packed);
}

void inputs_pack_destroy(struct inputs_packer *p)
{
	if (!p)
		return;
	while (!list_empty(&p->kept))
		drop(p, list_entry(p->kept.next, struct packed, link));
	idmap_fini(&p->by_key);
	lz_destroy(p->lz);
	free(p);
}

void inputs_pack_begin(struct inputs_packer *p)
{
	while (p->bytes > KEPT_BYTES_MAX)
		drop(p, list_entry(p->kept.next, struct packed, link));
}

/* The key of the content, or one that is free. A gap that was left hides one at worst, which is packed again. */
static uint32_t key_of(const struct inputs_packer *p, const uint8_t *hash)
{
	uint32_t key;
	memcpy(&key, hash, sizeof key);
	for (const struct packed *at; (at = idmap_get(&p->by_key, key)); key++)
		if (memcmp(at->hash, hash, VIEW_HASH_BYTES) == 0)
			break;
	return key;
}

static int pack_blocks(struct inputs_packer *p, const char *data, size_t n, struct chunks *ret)
{
	int err = 0;
	for (size_t at = 0; at < n && !err; at += LZ_BLOCK_BYTES) {
		size_t len = n - at < LZ_BLOCK_BYTES ? n - at : LZ_BLOCK_BYTES;
		struct msg m = {0};
		lz_pack(p->lz, (const uint8_t *)data + at, len, p->block, &m);
		m.data.stream = STREAM_TEXT;
		err = chunks_add(ret, &m);
	}
	return err;
}

static struct packed *add(struct inputs_packer *p, const struct view_entry *e, const char *data)
{
	struct packed *packed = xcalloc(1, sizeof *packed);
	chunks_init(&packed->chunks, PACKED_BYTES_MAX);
	memcpy(packed->hash, e->hash, sizeof packed->hash);
	if (pack_blocks(p, data, (size_t)e->bytes, &packed->chunks) < 0) {
		chunks_fini(&packed->chunks);
		free(packed);
		return NULL;
	}
	packed->key = key_of(p, e->hash);
	idmap_put(&p->by_key, packed->key, packed);
	p->bytes += packed->chunks.buf.len;
	list_append(&p->kept, &packed->link);
	return packed;
}

static struct packed *read_and_add(struct inputs_packer *p, const struct view_entry *e)
{
	size_t n;
	_cleanup_free_ char *data = inputs_files_read_as(e->path, e->hash, &n);
	return data ? add(p, e, data) : NULL;
}

const struct chunks *inputs_pack(struct inputs_packer *p, const struct view_entry *e)
{
	struct packed *packed = idmap_get(&p->by_key, key_of(p, e->hash));
	if (!packed)
		packed = read_and_add(p, e);
	if (!packed)
		return NULL;
	list_remove(&packed->link);
	list_append(&p->kept, &packed->link);
	return &packed->chunks;
}
