/* Preprocessed text: where it is split between two feeds makes no difference. Also as source. */
#include "fuzz.h"

#include "base/err.h"
#include "core/dtext.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!data) /* libFuzzer's empty input */
		return 0;
	struct outcome whole, split;
	(void)dtext_check_source((const char *)data, size);
	run((const char *)data, size, size ? size : 1, &whole);
	run((const char *)data, size, 3, &split);
	assert(whole.err == split.err);
	if (!whole.err) {
		assert(whole.out.len == split.out.len);
		assert(!whole.out.len ||
			memcmp(whole.out.data, split.out.data, whole.out.len) == 0);
	}
	fini(&whole);
	fini(&split);
	return 0;
}
