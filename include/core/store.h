/* store - the contents that a node keeps for views: which, how much, and what goes when room is short.
 *
 * A content is found only by all the bytes of its hash: the second half is the proof that whoever asks has
 * had it. One whose second half differs is another content, of which nobody can have the bytes.
 *
 * Contract: pure; who keeps the bytes themselves is told by `evict` when those of one have to go. What is
 * in use stays. Every content counts by whole pages.
 *
 * Ownership: the store owns its items; an item lives until it is evicted.
 */
#pragma once

#include "base/list.h"
#include "core/view.h"

struct store;

struct store_item {
	uint8_t hash[VIEW_HASH_BYTES]; /* the key: first in the struct */
	uint64_t bytes;
	uint64_t number; /* its name on disk */
	unsigned uses;
	struct list link; /* while not in use: the next to go comes first */
};

struct store *store_create(
	uint64_t max_bytes, void (*evict)(void *ctx, const struct store_item *item), void *ctx);
void store_destroy(struct store *s); /* evicts nothing */
/* NULL when it is not here. */
struct store_item *store_find(const struct store *s, const uint8_t hash[VIEW_HASH_BYTES]);
/* Room for that many bytes, which store_add() or store_give_back() ends; false when what is in use, or
 * reserved, leaves none. */
bool store_reserve(struct store *s, uint64_t bytes);
void store_give_back(struct store *s, uint64_t bytes);
/* The bytes, for which there is a reservation, are here; none with this hash was. Not in use yet. */
struct store_item *store_add(
	struct store *s, const uint8_t hash[VIEW_HASH_BYTES], uint64_t bytes, uint64_t number);
void store_use(struct store *s, struct store_item *item);
void store_unuse(struct store *s, struct store_item *item);
uint64_t store_bytes(const struct store *s); /* items and reservations */
