#include "util.h"

/* FNV-1a */
uint64_t hash_bytes(const void *data, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (const unsigned char *p = data; n--; p++)
		h = (h ^ *p) * 0x100000001b3u;
	return h;
}
