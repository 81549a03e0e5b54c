/* block_walk - a text through dtext block by block, as farmcc does it: blocks that were met before, in
 * this or another text, are skipped, and what had become of them stands in. */
#pragma once

#include "base/str.h"
#include "core/dtext.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { WALK_BYTES_MAX = 4 << 20 };

struct walk_block {
	int context;
	char *text, *out, *markers;
	size_t text_n, out_n, markers_n;
};

struct walk_memory {
	struct walk_block *v;
	size_t n, skipped; /* blocks known, and how often one of them was met again */
};

static inline void walk_forget(struct walk_memory *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->v[i].text);
		free(m->v[i].out);
		free(m->v[i].markers);
	}
	free(m->v);
	*m = (struct walk_memory){0};
}

static inline const struct walk_block *walk_find(
	const struct walk_memory *m, int context, const char *p, size_t n)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].context == context && m->v[i].text_n == n &&
			memcmp(m->v[i].text, p, n) == 0)
			return &m->v[i];
	return NULL;
}

static inline char *walk_copy(const void *data, size_t n)
{
	return n ? memcpy(xmalloc(n), data, n) : NULL;
}

/* Feeds a new block, and remembers it. */
static inline int walk_learn(
	struct walk_memory *m, struct dtext *d, const char *p, size_t n, struct buf *out)
{
	struct walk_block b = {.context = dtext_context(d), .text_n = n};
	size_t before = out->len;
	struct buf markers;
	buf_init(&markers, WALK_BYTES_MAX);
	dtext_record(d, &markers);
	int err = dtext_feed(d, p, n, out);
	dtext_record(d, NULL);
	if (!err && dtext_context(d) >= 0) {
		b.text = walk_copy(p, n);
		b.out_n = out->len - before;
		b.out = walk_copy(out->data + before, b.out_n);
		b.markers_n = markers.len;
		b.markers = walk_copy(markers.data, b.markers_n);
		m->v = xrealloc(m->v, (m->n + 1) * sizeof *m->v);
		m->v[m->n++] = b;
	}
	buf_fini(&markers);
	return err;
}

/* Who knows a block by its first line and its hash finds the same end without looking for it. */
static inline void walk_check_skip(
	struct dtext_cutter before, const char *text, size_t cut, size_t seen)
{
	const char *nl = memchr(text + cut, '\n', seen - cut);
	assert(nl && dtext_cuts_block(&before, text + cut, nl));
	dtext_cut_skip(&before, cut);
	assert(dtext_cut(&before, text, seen) == cut);
}

/* The text, which grows by step bytes at a time, and of which the part that was passed on is missing then;
 * dtext's errors. */
static inline int walk_text(struct walk_memory *m, struct dtext *d, const char *text, size_t n,
	size_t step, struct buf *out)
{
	struct dtext_cutter cutter = {0};
	bool is_block = false;
	int err = 0;
	size_t start = 0, cut, seen = 0;
	while (!err && seen < n) {
		size_t gone = start > 0 ? start - 1 : 0;
		dtext_cut_dropped(&cutter, gone);
		text += gone;
		n -= gone;
		seen -= gone;
		start -= gone;
		seen = n - seen < step ? n : seen + step;
		struct dtext_cutter before = cutter;
		while (!err && (cut = dtext_cut(&cutter, text, seen)) < seen) {
			if (is_block)
				walk_check_skip(before, text, cut, seen);
			assert(cut >= start && text[cut] == '#' && text[cut - 1] == '\n');
			const struct walk_block *known = NULL;
			int context = dtext_context(d);
			if (is_block && context >= 0)
				known = walk_find(m, context, text + start, cut - start);
			if (known) {
				m->skipped++;
				err = dtext_skip(d, known->markers, known->markers_n);
				if (!err)
					err = buf_append(out, known->out, known->out_n);
			} else if (is_block && context >= 0) {
				err = walk_learn(m, d, text + start, cut - start, out);
			} else {
				err = dtext_feed(d, text + start, cut - start, out);
			}
			start = cut;
			is_block = cutter.at_block;
			before = cutter;
		}
	}
	if (!err)
		err = dtext_feed(d, text + start, n - start, out);
	return err ? err : dtext_finish(d, out);
}
