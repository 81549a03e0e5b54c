/* blockmap - which blocks of text farmmake holds, for every farmcc of the build to see.
 *
 * A file beside the build's socket, written by farmmake alone and mapped by all farmcc: a hash table
 * of blocks, and for each the line markers that it contains. A block is named by a hash of its bytes
 * as the preprocessor wrote them, with a seed that is new for every build, and of its context.
 *
 * Contract: one writer, any number of readers, no locks: an entry is published whole and never
 * changes. Nothing is ever removed; a full map takes no more entries. A reader needs no more than
 * that the file is there: without it every block is unknown.
 */
#pragma once

#include "core/msg.h"

struct blockmap;

struct block_entry {
	struct block_key key;
	uint32_t id;         /* farmmake's number for it */
	uint32_t raw_bytes;  /* of what becomes of it, unpacked */
	uint32_t text_bytes; /* of it, as the preprocessor wrote it */
	uint64_t opening;    /* blockmap_opening() */
	const char *markers;
	size_t markers_n;
};

/* The writer's: makes the file, mode 0600, with room for all entries on the disk. */
int blockmap_create(const char *path, struct blockmap **ret);
/* A reader's. */
int blockmap_open(const char *path, struct blockmap **ret);
void blockmap_close(struct blockmap *m); /* NULL is allowed */

struct block_key blockmap_key(const struct blockmap *m, const void *text, size_t n, int context);
/* Of the line with which a text begins, for blocks that begin alike. */
uint64_t blockmap_opening(const char *text, size_t n);
/* ret->markers is valid as long as the map is open. */
bool blockmap_find(const struct blockmap *m, struct block_key key, struct block_entry *ret);
/* Goes through blocks that begin with such a line, those first that were added last. *at: 0 before the first.
 * False: there are no more, or that is enough. To see that one stands at the beginning of a text costs its
 * hash; to find where its end would be costs more. */
bool blockmap_alike(
	const struct blockmap *m, uint64_t opening, uint64_t *at, struct block_entry *ret);
/* The writer's; e->key is not looked at. ERR_TOOBIG when the map is full, ERR_STATE when the block is in
 * it, -errno. */
int blockmap_add(struct blockmap *m, struct block_key key, const struct block_entry *e);
