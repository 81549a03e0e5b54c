/* idmap - a hash map from numbers to pointers.
 *
 * Contract: values are never NULL; idmap_put() of a number that is there, and idmap_remove() of one
 * that is not, are bugs of the caller. Iterate by idmap_next(), changing nothing meanwhile.
 *
 * Ownership: the values are the caller's. All zero is an empty map.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct idmap {
	struct idmap_slot {
		uint32_t id;
		void *value; /* NULL: free */
	} * slots;
	size_t size, used;
};

void *idmap_get(const struct idmap *m, uint32_t id);
void idmap_put(struct idmap *m, uint32_t id, void *value);
void idmap_remove(struct idmap *m, uint32_t id);
/* The first value at or behind *pos, which it moves past it; NULL at the end. Start with 0. */
void *idmap_next(const struct idmap *m, size_t *pos);
void idmap_fini(struct idmap *m);
