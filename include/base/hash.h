/* hash - FNV-1a, for keys that nobody else chooses.
 *
 * Contract: not for data of a stranger, who could make keys meet.
 */
#pragma once

#include <stdint.h>

static const uint64_t hash_basis = 0xcbf29ce484222325;

/* Goes on from h, over the text without its end. */
static inline uint64_t hash_text(uint64_t h, const char *text)
{
	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 0x100000001b3;
	return h;
}
