/* store - items in a balanced tree by hash, those not in use in a list besides, by when they last were. */
#include "core/store.h"

#include <assert.h>
#include <search.h>
#include <string.h>

enum { PAGE_BYTES = 4096 };

struct store {
	void *by_hash;
	struct list idle;
	uint64_t bytes, idle_bytes, max_bytes;
	void (*evict)(void *ctx, const struct store_item *item);
	void *ctx;
};

/* All bytes count whatever they are, so that the time that it takes says nothing about the second half. */
static int compare(const void *a, const void *b)
{
	const uint8_t *x = a, *y = b;
	int order = 0;
	for (size_t i = VIEW_HASH_BYTES; i-- > 0;) {
		int d = x[i] - y[i];
		order = d ? d : order;
	}
	return order;
}

static uint64_t price(uint64_t bytes)
{
	return bytes / PAGE_BYTES * PAGE_BYTES + PAGE_BYTES;
}

struct store *store_create(
	uint64_t max_bytes, void (*evict)(void *ctx, const struct store_item *item), void *ctx)
{
	struct store *s = xcalloc(1, sizeof *s);
	s->max_bytes = max_bytes;
	s->evict = evict;
	s->ctx = ctx;
	list_init(&s->idle);
	return s;
}

void store_destroy(struct store *s)
{
	if (!s)
		return;
	tdestroy(s->by_hash, free);
	free(s);
}

struct store_item *store_find(const struct store *s, const uint8_t hash[VIEW_HASH_BYTES])
{
	void *found = tfind(hash, &s->by_hash, compare);
	return found ? *(struct store_item **)found : NULL;
}

static void evict(struct store *s, struct store_item *item)
{
	s->evict(s->ctx, item);
	s->bytes -= price(item->bytes);
	s->idle_bytes -= price(item->bytes);
	list_remove(&item->link);
	tdelete(item, &s->by_hash, compare);
	free(item);
}

bool store_reserve(struct store *s, uint64_t bytes)
{
	if (s->bytes - s->idle_bytes + price(bytes) > s->max_bytes)
		return false;
	while (s->bytes + price(bytes) > s->max_bytes)
		evict(s, list_entry(s->idle.next, struct store_item, link));
	s->bytes += price(bytes);
	return true;
}

void store_give_back(struct store *s, uint64_t bytes)
{
	assert(s->bytes >= price(bytes));
	s->bytes -= price(bytes);
}

/* Nobody uses it now: it is the last to go. */
static void rest(struct store *s, struct store_item *item)
{
	s->idle_bytes += price(item->bytes);
	list_append(&s->idle, &item->link);
}

struct store_item *store_add(
	struct store *s, const uint8_t hash[VIEW_HASH_BYTES], uint64_t bytes, uint64_t number)
{
	struct store_item *item = xcalloc(1, sizeof *item);
	memcpy(item->hash, hash, sizeof item->hash);
	item->bytes = bytes;
	item->number = number;
	rest(s, item);
	void *place = tsearch(item, &s->by_hash, compare);
	assert(place && *(struct store_item **)place == item);
	(void)place;
	return item;
}

void store_use(struct store *s, struct store_item *item)
{
	if (item->uses++ > 0)
		return;
	s->idle_bytes -= price(item->bytes);
	list_remove(&item->link);
}

void store_unuse(struct store *s, struct store_item *item)
{
	assert(item->uses > 0);
	if (--item->uses == 0)
		rest(s, item);
}

uint64_t store_bytes(const struct store *s)
{
	return s->bytes;
}
