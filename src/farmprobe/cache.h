/* cache - remembers measured toolchains, one file per compiler path and processor, since machines may share a
 * home directory.
 *
 * An entry holds for as long as the files that make up the compiler (driver, cc1, cc1plus, as) are
 * the ones it was measured with: same real path, device, inode, size and mtime. So a hit runs
 * nothing, and an upgraded package is a miss.
 *
 * Contract: blocking. A damaged entry is a miss; an entry that cannot be written is not an error.
 */
#pragma once

#include "core/toolchain.h"
#include "run.h"

bool cache_load(const char *cache_dir, const char *compiler, struct toolchain *ret);

/* What a compiler consists of, as it is now. Taken before measuring, stored after it. */
struct cache_parts {
	struct strv paths;
	uint8_t state[32];
};
/* place: where to run the compiler to find its parts. */
void cache_find_parts(const char *compiler, const struct run_place *place, struct cache_parts *ret);
void cache_store(const char *cache_dir, const struct cache_parts *parts, const struct toolchain *t);
void cache_parts_fini(struct cache_parts *p);
