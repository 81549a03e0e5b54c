#include "base/vec.h"

#include <criterion/criterion.h>
#include <stdint.h>

struct pair {
	uint32_t a;
	uint64_t b;
};

Test(vec, items_keep_their_order_and_value)
{
	VEC(struct pair) pairs = {0};
	for (uint32_t i = 0; i < 5000; i++) {
		vec_push(&pairs, (struct pair){i, UINT64_MAX - i});
		cr_assert(pairs.n == i + 1 && pairs.n <= pairs.cap);
	}
	for (uint32_t i = 0; i < 5000; i++)
		cr_assert(pairs.v[i].a == i && pairs.v[i].b == UINT64_MAX - i);
	vec_fini(&pairs);
	cr_assert(!pairs.v && pairs.n == 0 && pairs.cap == 0);
}

Test(vec, an_emptied_one_keeps_its_memory)
{
	VEC(int) numbers = {0};
	for (int i = 0; i < 100; i++)
		vec_push(&numbers, i);
	const int *was = numbers.v;
	size_t cap = numbers.cap;
	for (int round = 0; round < 3; round++) {
		numbers.n = 0;
		for (int i = 0; i < 100; i++)
			vec_push(&numbers, -i);
		cr_assert(numbers.v == was && numbers.cap == cap && numbers.v[99] == -99);
	}
	vec_fini(&numbers);
}

Test(vec, growing_is_cheap)
{
	size_t cap = 0, moves = 0;
	char *v = NULL;
	for (size_t n = 0; n < 1000000; n++) {
		size_t before = cap;
		v = vec_room(v, n, &cap, 1);
		moves += cap != before;
		v[n] = 1;
	}
	cr_assert_lt(moves, 20);
	free(v);
}

Test(vec, an_empty_one_may_be_ended)
{
	VEC(int) none = {0};
	vec_fini(&none);
	vec_fini(&none);
	cr_assert_null(none.v);
}
