#include "base/vec.h"

#include "base/str.h"

#include <assert.h>
#include <stdint.h>

enum { FIRST_CAP = 16 };

void *vec_room(void *v, size_t n, size_t *cap, size_t item_bytes)
{
	if (n < *cap)
		return v;
	assert(*cap <= SIZE_MAX / 2 / item_bytes);
	*cap = *cap ? 2 * *cap : FIRST_CAP;
	return xrealloc(v, *cap * item_bytes);
}
