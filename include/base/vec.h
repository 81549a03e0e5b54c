/* vec - arrays that grow: any struct with members v (its items), n and cap, all zero when empty.
 *
 *     VEC(struct event) queue = {0};
 *     vec_push(&queue, (struct event){...});
 *
 * Contract: for numbers of items that we choose. A push may move the items, so what points to one
 * does not outlive it. n = 0 empties a vec and keeps its memory. The macros name their argument more
 * than once.
 */
#pragma once

#include <stddef.h>
#include <stdlib.h>

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *v;                                                                           \
		size_t n, cap;                                                                     \
	}
#define vec_push(vec, ...)                                                                         \
	((vec)->v = vec_room((vec)->v, (vec)->n, &(vec)->cap, sizeof *(vec)->v),                   \
		(vec)->v[(vec)->n++] = (__VA_ARGS__))
#define vec_fini(vec) (free((vec)->v), (vec)->v = NULL, (vec)->n = (vec)->cap = 0)

/* v, or where its items are now that one more than n of them fit. */
void *vec_room(void *v, size_t n, size_t *cap, size_t item_bytes);
