#include "util.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 16 * 1024 };

struct block {
	struct block *next;
	size_t used, size;
	max_align_t data[];
};

static struct block *grow(struct arena *a, size_t n)
{
	size_t size = n > BLOCK_BYTES ? n : BLOCK_BYTES;
	struct block *b = calloc(1, sizeof(*b) + size);
	if (!b)
		abort();
	b->size = size;
	b->next = a->blocks;
	return a->blocks = b;
}

void *arena_take(struct arena *a, size_t n)
{
	size_t step = sizeof(max_align_t);
	n = (n + step - 1) / step * step;
	struct block *b = a->blocks;
	if (!b || b->size - b->used < n)
		b = grow(a, n);
	void *p = (char *)b->data + b->used;
	b->used += n;
	return p;
}

char *arena_copy(struct arena *a, const char *s, size_t n)
{
	char *copy = arena_take(a, n + 1);
	memcpy(copy, s, n);
	return copy;
}

void arena_free(struct arena *a)
{
	while (a->blocks) {
		struct block *next = a->blocks->next;
		free(a->blocks);
		a->blocks = next;
	}
}
