/* hash - FNV-1a, for keys that nobody else chooses.
 *
 * Contract: not for data of a stranger, who could make keys meet.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static const uint64_t hash_basis = 0xcbf29ce484222325;

/* Goes on from h. */
static inline uint64_t hash_bytes(uint64_t h, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)p[i]) * 0x100000001b3;
	return h;
}

/* The same over a text without its end. */
static inline uint64_t hash_text(uint64_t h, const char *text)
{
	return hash_bytes(h, text, strlen(text));
}
