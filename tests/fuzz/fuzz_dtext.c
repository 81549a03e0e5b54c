/* Preprocessed text: where it is split between two feeds makes no difference, nor does it to take it by
 * blocks, new or known. Also as source. */
#include "fuzz.h"

#include "base/err.h"
#include "core/dtext.h"
#include "lib/block_walk.h"

#include <string.h>

enum { OUT_BYTES_MAX = 4 << 20 };

struct outcome {
	int err;
	char *trap;
	struct buf out;
};

/* Feeds widest bytes, then pieces of 1, 2 … widest, and again from 1. */
static void run(const char *text, size_t n, size_t widest, struct outcome *ret)
{
	struct dtext *d = dtext_create();
	ret->err = 0;
	buf_init(&ret->out, OUT_BYTES_MAX);
	for (size_t at = 0, piece = widest; at < n && !ret->err;
		at += piece, piece = piece % widest + 1) {
		if (piece > n - at)
			piece = n - at;
		ret->err = dtext_feed(d, text + at, piece, &ret->out);
	}
	if (!ret->err)
		ret->err = dtext_finish(d, &ret->out);
	const char *trap = dtext_trap(d);
	assert(!trap == (ret->err != ERR_UNSAFE));
	ret->trap = trap ? xstrdup(trap) : NULL;
	dtext_destroy(d);
}

static void fini(struct outcome *o)
{
	buf_fini(&o->out);
	free(o->trap);
}

/* By blocks, with those of the memory known. */
static void run_blocks(const char *text, size_t n, struct walk_memory *memory, struct outcome *ret)
{
	struct dtext *d = dtext_create();
	*ret = (struct outcome){0};
	buf_init(&ret->out, OUT_BYTES_MAX);
	ret->err = walk_text(memory, d, text, n, 100, &ret->out);
	dtext_destroy(d);
}

static void expect_same(const struct outcome *a, const struct outcome *b)
{
	assert(a->err == b->err);
	assert(a->err || a->out.len == b->out.len);
	assert(a->err || !a->out.len || memcmp(a->out.data, b->out.data, a->out.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!data) /* libFuzzer's empty input */
		return 0;
	const char *text = (const char *)data;
	struct outcome whole, split, learned, known;
	struct walk_memory memory = {0};
	(void)dtext_check_source(text, size);
	run(text, size, size ? size : 1, &whole);
	run(text, size, 3, &split);
	run_blocks(text, size, &memory, &learned);
	run_blocks(text, size, &memory, &known);
	expect_same(&whole, &split);
	expect_same(&whole, &learned);
	expect_same(&whole, &known);
	fini(&whole);
	fini(&split);
	fini(&learned);
	fini(&known);
	walk_forget(&memory);
	return 0;
}
