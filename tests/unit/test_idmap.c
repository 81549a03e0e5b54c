#include "base/idmap.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(idmap, empty)
{
	struct idmap m = {0};
	size_t pos = 0;
	cr_assert_null(idmap_get(&m, 1));
	cr_assert_null(idmap_next(&m, &pos));
	idmap_fini(&m);
}

/* Against a plain array, with enough removals in clusters to exercise the shifting back. */
Test(idmap, random_against_array)
{
	enum { IDS = 500, STEPS = 200000 };
	static int values[IDS];
	bool here[IDS] = {false};
	struct idmap m = {0};
	size_t live = 0;
	srand(7);
	for (int step = 0; step < STEPS; step++) {
		uint32_t i = (uint32_t)rand() % IDS;
		uint32_t id = i * 64; /* many share low bits */
		cr_assert_eq(idmap_get(&m, id), here[i] ? &values[i] : NULL);
		if (here[i])
			idmap_remove(&m, id), live--;
		else
			idmap_put(&m, id, &values[i]), live++;
		here[i] = !here[i];
		cr_assert_eq(m.used, live);
	}
	size_t pos = 0, seen = 0;
	for (int *v; (v = idmap_next(&m, &pos)); seen++)
		cr_assert(here[v - values]);
	cr_assert_eq(seen, live);
	idmap_fini(&m);
}
