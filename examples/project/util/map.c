#include "util.h"

#include <stdlib.h>
#include <string.h>

static struct map_slot *find(const struct map *m, const char *key)
{
	size_t i = hash_bytes(key, strlen(key)) & (m->size - 1);
	while (m->slots[i].key && strcmp(m->slots[i].key, key) != 0)
		i = (i + 1) & (m->size - 1);
	return &m->slots[i];
}

static void grow(struct map *m)
{
	struct map old = *m;
	m->size = old.size ? old.size * 2 : 64;
	m->slots = calloc(m->size, sizeof(*m->slots));
	if (!m->slots)
		abort();
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].key)
			*find(m, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

void *map_get(const struct map *m, const char *key)
{
	return m->size ? find(m, key)->value : NULL;
}

void map_put(struct map *m, const char *key, void *value)
{
	if (m->used * 2 >= m->size)
		grow(m);
	struct map_slot *slot = find(m, key);
	if (!slot->key)
		m->used++, slot->key = key;
	slot->value = value;
}

void map_free(struct map *m)
{
	free(m->slots);
	*m = (struct map){0};
}
