#include "core/share.h"

#include <criterion/criterion.h>
#include <stdint.h>

enum { MAX = 6, ALL = SHARE_ALL };

struct row {
	unsigned total, least;
	size_t n;
	unsigned want[MAX], got[MAX];
};

static const struct row rows[] = {
	/* all are hungry: equal parts, the rest to the first */
	{8, 1, 1, {ALL}, {8}},
	{8, 1, 2, {ALL, ALL}, {4, 4}},
	{8, 1, 3, {ALL, ALL, ALL}, {3, 3, 2}},
	{9, 1, 2, {7, 6}, {5, 4}},
	/* who wants less leaves it to the others */
	{8, 1, 2, {ALL, 1}, {7, 1}},
	{8, 2, 2, {ALL, 1}, {6, 2}},
	{12, 1, 3, {2, ALL, ALL}, {2, 5, 5}},
	{12, 1, 4, {1, 3, 4, ALL}, {1, 3, 4, 4}},
	{12, 1, 4, {4, 3, 1, 5}, {4, 3, 1, 4}},
	/* what nobody wants goes to those who have least */
	{8, 1, 2, {1, 1}, {4, 4}},
	{8, 1, 2, {6, 1}, {6, 2}},
	{9, 1, 3, {5, 0, 1}, {5, 2, 2}},
	{10, 1, 3, {5, 1, 0}, {5, 3, 2}},
	/* the least comes before the total */
	{1, 1, 3, {ALL, ALL, ALL}, {1, 1, 1}},
	{4, 2, 3, {ALL, 1, 0}, {2, 2, 2}},
	{5, 2, 3, {ALL, 1, 0}, {2, 2, 2}},
	{7, 2, 3, {0, ALL, 0}, {2, 3, 2}},
	{131070, 1, 2, {ALL, ALL}, {65535, 65535}},
};

Test(share, table)
{
	for (const struct row *r = rows; r < rows + sizeof rows / sizeof *rows; r++) {
		struct share v[MAX];
		for (size_t i = 0; i < r->n; i++)
			v[i].want = r->want[i];
		share_divide(r->total, r->least, v, r->n);
		for (size_t i = 0; i < r->n; i++)
			cr_expect_eq(v[i].got, r->got[i], "row %td: %zu got %u, not %u", r - rows,
				i, v[i].got, r->got[i]);
	}
}

Test(share, nobody_is_there)
{
	share_divide(8, 1, NULL, 0);
}

/* Max-min, in its own words: whoever wants more than he got has as much as anybody, give or take
 * what cannot be divided. */
Test(share, laws)
{
	unsigned random = 7;
	for (unsigned round = 0; round < 20000; round++) {
		struct share v[MAX];
		unsigned draw[3 + MAX];
		for (size_t i = 0; i < 3 + MAX; i++) {
			random = random * 1103515245 + 12345;
			draw[i] = random >> 16;
		}
		unsigned total = draw[0] % 40, least = draw[1] % 3;
		size_t n = 1 + draw[2] % MAX;
		for (size_t i = 0; i < n; i++)
			v[i].want = draw[3 + i] % 4 ? draw[3 + i] % 20 : ALL;
		share_divide(total, least, v, n);
		uint64_t sum = 0;
		unsigned most = 0;
		for (size_t i = 0; i < n; i++) {
			sum += v[i].got;
			most = v[i].got > most ? v[i].got : most;
		}
		cr_assert_eq(sum, total > n * least ? total : n * least);
		for (size_t i = 0; i < n; i++) {
			cr_assert_geq(v[i].got, least);
			cr_assert(v[i].got >= v[i].want || v[i].got + 1 >= most, "round %u", round);
		}
	}
}
