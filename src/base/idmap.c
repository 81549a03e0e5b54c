/* Open addressing with linear probing; removal shifts back what a gap would hide, so there are no
 * tombstones and the cost of a look-up depends on the live entries only. */
#include "base/idmap.h"

#include "base/str.h"

#include <assert.h>

static size_t home(const struct idmap *m, uint32_t id)
{
	return (size_t)(id * 2654435761u) & (m->size - 1);
}

/* The slot of id, or the free slot where it would go. */
static size_t find(const struct idmap *m, uint32_t id)
{
	size_t i = home(m, id);
	while (m->slots[i].value && m->slots[i].id != id)
		i = (i + 1) & (m->size - 1);
	return i;
}

void *idmap_get(const struct idmap *m, uint32_t id)
{
	return m->size ? m->slots[find(m, id)].value : NULL;
}

static void grow(struct idmap *m)
{
	struct idmap old = *m;
	m->size = old.size ? old.size * 2 : 64;
	m->slots = xcalloc(m->size, sizeof *m->slots);
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].value)
			m->slots[find(m, old.slots[i].id)] = old.slots[i];
	free(old.slots);
}

void idmap_put(struct idmap *m, uint32_t id, void *value)
{
	if (m->used >= m->size / 2)
		grow(m);
	size_t i = find(m, id);
	assert(value && !m->slots[i].value);
	m->slots[i] = (struct idmap_slot){id, value};
	m->used++;
}

void idmap_remove(struct idmap *m, uint32_t id)
{
	assert(m->size);
	size_t mask = m->size - 1, gap = find(m, id);
	assert(m->slots[gap].value);
	m->used--;
	for (size_t i = (gap + 1) & mask; m->slots[i].value; i = (i + 1) & mask) {
		/* may this entry move to the gap without passing its home? */
		if (((i - home(m, m->slots[i].id)) & mask) >= ((i - gap) & mask)) {
			m->slots[gap] = m->slots[i];
			gap = i;
		}
	}
	m->slots[gap].value = NULL;
}

void *idmap_next(const struct idmap *m, size_t *pos)
{
	while (*pos < m->size) {
		void *value = m->slots[(*pos)++].value;
		if (value)
			return value;
	}
	return NULL;
}

void idmap_fini(struct idmap *m)
{
	free(m->slots);
	*m = (struct idmap){0};
}
