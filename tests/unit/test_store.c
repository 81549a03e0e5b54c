#include "core/store.h"

#include <criterion/criterion.h>
#include <string.h>

enum { PAGE = 4096 };

struct gone {
	uint64_t numbers[16];
	size_t n;
};

static void on_evict(void *ctx, const struct store_item *item)
{
	struct gone *g = ctx;
	g->numbers[g->n++] = item->number;
}

static const uint8_t *hash(uint8_t first, uint8_t last)
{
	static uint8_t out[VIEW_HASH_BYTES];
	memset(out, 0x5a, sizeof out);
	out[0] = first;
	out[VIEW_HASH_BYTES - 1] = last;
	return out;
}

/* One of a page, in use no more. */
static struct store_item *add(struct store *s, uint8_t name)
{
	cr_assert(store_reserve(s, PAGE - 1));
	return store_add(s, hash(name, 0), PAGE - 1, name);
}

Test(store, only_who_has_the_whole_hash_finds_it)
{
	struct gone gone = {.n = 0};
	struct store *s = store_create(1 << 20, on_evict, &gone);
	struct store_item *item = add(s, 7);
	cr_expect_eq(store_find(s, hash(7, 0)), item);
	cr_expect_null(store_find(s, hash(7, 1)));
	cr_expect_null(store_find(s, hash(8, 0)));
	store_destroy(s);
}

Test(store, what_was_used_least_lately_goes_first)
{
	struct gone gone = {.n = 0};
	struct store *s = store_create(3 * PAGE, on_evict, &gone);
	add(s, 1), add(s, 2), add(s, 3);
	store_use(s, store_find(s, hash(1, 0)));
	store_unuse(s, store_find(s, hash(1, 0)));
	cr_assert_eq(gone.n, 0);
	cr_assert(store_reserve(s, PAGE + 1)); /* two pages */
	cr_assert_eq(gone.n, 2);
	cr_expect(gone.numbers[0] == 2 && gone.numbers[1] == 3);
	cr_expect_null(store_find(s, hash(2, 0)));
	cr_expect_not_null(store_find(s, hash(1, 0)));
	cr_expect_eq(store_bytes(s), 3 * PAGE);
	store_destroy(s);
}

Test(store, what_is_used_stays_and_nothing_goes_in_vain)
{
	struct gone gone = {.n = 0};
	struct store *s = store_create(3 * PAGE, on_evict, &gone);
	struct store_item *used = add(s, 1);
	store_use(s, used);
	store_use(s, used);
	add(s, 2);
	cr_expect_not(store_reserve(s, 3 * PAGE - 1));
	cr_expect_eq(gone.n, 0);
	store_unuse(s, used);
	cr_expect_not(store_reserve(s, 3 * PAGE - 1));
	store_unuse(s, used);
	cr_expect(store_reserve(s, 3 * PAGE - 1));
	cr_expect_eq(gone.n, 2);
	store_destroy(s);
}

Test(store, reservations_count_and_can_be_given_back)
{
	struct gone gone = {.n = 0};
	struct store *s = store_create(2 * PAGE, on_evict, &gone);
	cr_expect(store_reserve(s, 1));
	cr_expect(store_reserve(s, 0)); /* a file of no bytes is a file */
	cr_expect_not(store_reserve(s, 1));
	store_give_back(s, 1);
	cr_expect(store_reserve(s, 1));
	store_give_back(s, 0);
	store_give_back(s, 1);
	cr_expect_eq(store_bytes(s), 0);
	cr_expect_not(store_reserve(s, UINT64_MAX - 2 * PAGE));
	store_destroy(s);
}

Test(store, nothing_fits_into_nothing)
{
	struct store *s = store_create(0, on_evict, NULL);
	cr_expect_not(store_reserve(s, 1));
	store_destroy(s);
	store_destroy(NULL);
}
