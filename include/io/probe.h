/* probe - runs farmprobe on a compiler: its toolchain, measured or from the cache.
 *
 * Contract: blocking, 30 s at most; for farmcc, farmctl and the start of farmnode. No libuv and no
 * OpenSSL here: farmprobe has it.
 */
#pragma once

#include "core/toolchain.h"

/* compiler: absolute path. cache_dir: NULL for none. cores: how many may be used at a time; 1 inside
 * a slot of make's. ERR_COMPILER when it is no compiler. */
int probe_run(const char *compiler, const char *cache_dir, unsigned cores, struct toolchain *ret);
/* Where a helper program of ours lies: next to the running program, else in libexec. malloc'd;
 * NULL when there is none. */
char *probe_find_helper(const char *name);
