/* A region is what stands between two cuts: a block, or the main file's own text. The last one, and what
 * is very long, is no block.
 *
 * What leaves: the ids of known blocks gather in `known`, rewritten text in `out`; whoever adds to one
 * of them sends the other first.
 */
#include "text.h"

#include "base/err.h"
#include "base/str.h"
#include "core/dtext.h"
#include "core/lz.h"
#include "io/blockmap.h"
#include "sources.h"

#include <errno.h>
#include <string.h>

enum {
	REGION_BYTES_MAX = 256 << 10, /* a longer one is no block */
	HELD_BYTES_MAX = 64 << 20,
	ALIKE_MAX = 4, /* a header has few forms: with its guard open, and closed */
	WINDOW_BYTES = REGION_BYTES_MAX + TEXT_STEP_BYTES,
};

struct text {
	struct sock *sock;
	struct dtext *dtext;
	struct sources *sources;
	struct blockmap *map; /* NULL: every block is unknown */
	struct lz *lz;
	uint8_t *packed; /* LZ_PACKED_MAX bytes */
	struct buf in;   /* as the preprocessor wrote it, less what was passed on */
	size_t start;    /* of the current region in it */
	struct dtext_cutter cutter;
	bool is_block;      /* the region is one, as far as is known */
	struct buf out;     /* rewritten and not yet sent */
	struct buf prelude; /* the macros that the text leaves out, if they are wanted */
	struct msg known;   /* MSG_CC_KNOWN, not yet sent */
	struct buf markers;
	uint64_t raw_bytes;
};

struct text *text_create(struct sock *sock, const char *dir, const char *cwd)
{
	_cleanup_free_ char *blocks = xasprintf("%sblocks", dir);
	struct text *t = xcalloc(1, sizeof *t);
	t->sock = sock;
	t->dtext = dtext_create();
	t->sources = sources_create(dir, cwd);
	dtext_on_file(t->dtext, sources_check, t->sources);
	if (blockmap_open(blocks, &t->map) < 0)
		t->map = NULL;
	t->lz = lz_create();
	t->packed = xmalloc(LZ_PACKED_MAX);
	t->known.type = MSG_CC_KNOWN;
	buf_init(&t->in, JOB_TEXT_BYTES_MAX);
	buf_reserve(&t->in, WINDOW_BYTES); /* in one piece; what is not used costs nothing */
	buf_init(&t->out, HELD_BYTES_MAX);
	buf_init(&t->markers, HELD_BYTES_MAX);
	buf_init(&t->prelude, HELD_BYTES_MAX);
	return t;
}

void text_destroy(struct text *t)
{
	dtext_destroy(t->dtext);
	sources_destroy(t->sources);
	blockmap_close(t->map);
	lz_destroy(t->lz);
	free(t->packed);
	buf_fini(&t->in);
	buf_fini(&t->out);
	buf_fini(&t->markers);
	buf_fini(&t->prelude);
	free(t);
}

void text_keep_prelude(struct text *t)
{
	dtext_keep_macros(t->dtext, &t->prelude);
}

int text_send_prelude(struct text *t)
{
	struct msg m = {.type = MSG_CC_PRELUDE};
	m.cc_prelude.text = (const char *)t->prelude.data;
	m.cc_prelude.n = t->prelude.len;
	return t->prelude.len <= JOB_PRELUDE_BYTES_MAX ? sock_queue(t->sock, &m) : 0;
}

static int send_packed(struct text *t, const uint8_t *raw, size_t n)
{
	struct msg m = {.type = MSG_DATA};
	lz_pack(t->lz, raw, n, t->packed, &m);
	m.data.stream = STREAM_TEXT;
	return sock_queue(t->sock, &m);
}

/* Sends rewritten text in pieces as large as they may be; the last one only when all is to go. */
static int send_out(struct text *t, bool all)
{
	size_t done = 0;
	int err = 0;
	while (!err && (t->out.len - done >= LZ_BLOCK_BYTES || (all && done < t->out.len))) {
		size_t left = t->out.len - done;
		size_t n = left < LZ_BLOCK_BYTES ? left : LZ_BLOCK_BYTES;
		err = send_packed(t, t->out.data + done, n);
		done += n;
	}
	buf_consume(&t->out, done);
	t->raw_bytes += done;
	return t->raw_bytes > JOB_TEXT_BYTES_MAX ? ERR_TOOBIG : err;
}

static int send_known(struct text *t)
{
	if (t->known.cc_known.n == 0)
		return 0;
	int err = sock_queue(t->sock, &t->known);
	t->known.cc_known.n = 0;
	return err;
}

static int pass_plain(struct text *t, const char *p, size_t n)
{
	int err = send_known(t);
	if (!err)
		err = dtext_feed(t->dtext, p, n, &t->out);
	return err ? err : send_out(t, false);
}

static int pass_known(struct text *t, const struct block_entry *e)
{
	int err = send_out(t, true);
	if (!err && t->known.cc_known.n == JOB_KNOWN_MAX)
		err = send_known(t);
	if (!err)
		err = dtext_skip(t->dtext, e->markers, e->markers_n);
	t->known.cc_known.ids[t->known.cc_known.n++] = e->id;
	t->raw_bytes += e->raw_bytes;
	return err;
}

/* A new block: farmmake is told what the text that follows is, and keeps it. */
static int pass_new(struct text *t, struct block_key key, const char *p, size_t n)
{
	int err = send_known(t);
	if (!err)
		err = send_out(t, true);
	buf_clear(&t->markers);
	dtext_record(t->dtext, &t->markers);
	if (!err)
		err = dtext_feed(t->dtext, p, n, &t->out);
	dtext_record(t->dtext, NULL);
	if (!err && dtext_context(t->dtext) >= 0 && t->markers.len <= JOB_MARKERS_BYTES_MAX) {
		struct msg m = {.type = MSG_CC_BLOCK};
		m.cc_block.key = key;
		m.cc_block.raw_bytes = (uint32_t)t->out.len;
		m.cc_block.text_bytes = (uint32_t)n;
		m.cc_block.opening = blockmap_opening(p, n);
		m.cc_block.markers = (const char *)t->markers.data;
		m.cc_block.markers_n = t->markers.len;
		err = sock_queue(t->sock, &m);
	}
	return err ? err : send_out(t, true);
}

static int pass_region(struct text *t, size_t end)
{
	const char *p = (const char *)t->in.data + t->start;
	size_t n = end - t->start;
	t->start = end;
	int context = dtext_context(t->dtext);
	if (!t->map || !t->is_block || context < 0)
		return pass_plain(t, p, n);
	struct block_key key = blockmap_key(t->map, p, n, context);
	struct block_entry e;
	return blockmap_find(t->map, key, &e) ? pass_known(t, &e) : pass_new(t, key, p, n);
}

/* What was passed on makes room, so a small part of memory serves for the whole text. The line end before
 * the current region stays: the cutter looks at it. */
char *text_room(struct text *t)
{
	if (t->start > 1) {
		size_t n = t->start - 1;
		buf_consume(&t->in, n);
		dtext_cut_dropped(&t->cutter, n);
		t->start = 1;
	}
	return buf_reserve(&t->in, TEXT_STEP_BYTES) == 0 ? (char *)t->in.data + t->in.len : NULL;
}

/* Does this block stand at the beginning of n bytes of text? -EAGAIN: cannot be said before there are more. */
static int stands_at(const struct text *t, const struct block_entry *e, const char *p, size_t n)
{
	if (e->text_bytes >= n)
		return -EAGAIN;
	const char *next = p + e->text_bytes;
	if (next[0] != '#' || next[-1] != '\n')
		return 0;
	const char *nl = memchr(next, '\n', n - e->text_bytes);
	if (!nl)
		return -EAGAIN;
	if (!dtext_cuts_block(&t->cutter, next, nl))
		return 0;
	struct block_key key = blockmap_key(t->map, p, e->text_bytes, dtext_context(t->dtext));
	return key.low == e->key.low && key.high == e->key.high;
}

/* Is what begins here one of the blocks that begin so? 1 for yes; -EAGAIN: perhaps, when there is more. */
static int expect(const struct text *t, struct block_entry *ret)
{
	if (!t->map || !t->is_block || dtext_context(t->dtext) < 0)
		return 0;
	const char *p = (const char *)t->in.data + t->start;
	size_t n = t->in.len - t->start;
	uint64_t opening = blockmap_opening(p, n), at = 0;
	int result = 0;
	for (int i = 0; i < ALIKE_MAX && blockmap_alike(t->map, opening, &at, ret); i++) {
		int stands = stands_at(t, ret, p, n);
		if (stands == 1)
			return 1;
		if (stands < 0)
			result = stands;
	}
	return result;
}

static int pass_expected(struct text *t, const struct block_entry *e)
{
	t->start += e->text_bytes;
	t->is_block = false; /* until the marker here has been seen whole */
	dtext_cut_skip(&t->cutter, t->start);
	return pass_known(t, e);
}

/* Passes on all that is complete. */
static int advance(struct text *t, bool at_end)
{
	const char *in = (const char *)t->in.data;
	int err = 0;
	while (!err) {
		struct block_entry e;
		int known = expect(t, &e);
		if (known == 1)
			err = pass_expected(t, &e);
		else if (known < 0 && !at_end)
			return 0; /* it will be seen when there is more */
		size_t cut = err ? t->in.len : dtext_cut(&t->cutter, in, t->in.len);
		if (cut == t->in.len)
			return err;
		if (cut > t->start)
			err = pass_region(t, cut);
		t->is_block = t->cutter.at_block;
	}
	return err;
}

int text_grown(struct text *t, size_t n)
{
	t->in.len += n;
	int err = advance(t, false);
	if (!err && t->in.len - t->start > REGION_BYTES_MAX && t->cutter.scanned > t->start) {
		t->is_block = false;
		err = pass_region(t, t->cutter.scanned + 1);
	}
	return err;
}

int text_finish(struct text *t, uint64_t *ret_raw_bytes)
{
	int err = advance(t, true);
	t->is_block = false;
	if (!err)
		err = pass_region(t, t->in.len);
	if (!err)
		err = dtext_finish(t->dtext, &t->out);
	if (!err)
		err = send_out(t, true);
	*ret_raw_bytes = t->raw_bytes;
	return err;
}

const char *text_trap(const struct text *t)
{
	return dtext_trap(t->dtext);
}
