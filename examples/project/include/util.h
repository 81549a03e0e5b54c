/* util - memory that is freed all at once, a string-keyed map, a growing string, and numbers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct block;
struct arena {
	struct block *blocks;
};
void *arena_take(struct arena *a, size_t n); /* zeroed, aligned for anything */
char *arena_copy(struct arena *a, const char *s, size_t n);
void arena_free(struct arena *a);

uint64_t hash_bytes(const void *data, size_t n);

struct map_slot {
	const char *key;
	void *value;
};
struct map {
	struct map_slot *slots;
	size_t used, size;
};
void *map_get(const struct map *m, const char *key);
void map_put(struct map *m, const char *key, void *value); /* keeps the pointer key */
void map_free(struct map *m);

struct strbuf {
	char *text;
	size_t len, size;
};
void strbuf_add(struct strbuf *b, const char *s, size_t n);
void strbuf_puts(struct strbuf *b, const char *s);
void strbuf_free(struct strbuf *b);

char *slurp(const char *path); /* a whole file, malloc'd; NULL with errno */

bool number_parse(const char *s, double *ret);
const char *number_show(double number, char out[32]);

bool ascii_same(const char *a, const char *b); /* but for upper and lower case */
char ascii_upper(char c);
