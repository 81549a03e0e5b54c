/* str - allocation that cannot fail, strings, and vectors of strings.
 *
 * Contract: xmalloc and its kin end the program when memory is gone. They are for sizes that this
 * program chooses; sizes chosen by a peer or a file go through buf.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/* The part after the last '/', or s. */
const char *str_base(const char *s);
/* A decimal number in [min, max] and nothing else; -EINVAL or -ERANGE otherwise. */
int str_to_long(const char *s, long min, long max, long *ret);
/* Lower-case hex of n bytes; out holds 2 n + 1. Returns out. */
char *str_hex(const uint8_t *data, size_t n, char *out);
enum { STR_BYTES_MAX = 24 };
/* A number of bytes for people: "1.2 MB". Returns out. */
const char *str_bytes(double n, char out[static STR_BYTES_MAX]);
/* Exactly n bytes of hex; -EINVAL otherwise. */
int str_unhex(const char *hex, uint8_t *out, size_t n);

/* A NULL-terminated vector that owns its strings; usable as argv. All zero is an empty one. */
struct strv {
	char **v;
	size_t n;
	size_t cap;
};

void strv_push(struct strv *sv, const char *s); /* copies */
void strv_push_take(struct strv *sv, char *s);  /* takes over a malloc'd string */
void strv_pushf(struct strv *sv, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strv_fini(struct strv *sv); /* empty and usable again afterwards */
bool strv_has(const struct strv *sv, const char *s);

/* For synchronous code only: objects that outlive the frame are destroyed by name. */
static inline void str_cleanup_free(void *p)
{
	free(*(void **)p);
}
#define _cleanup_free_ __attribute__((cleanup(str_cleanup_free)))
