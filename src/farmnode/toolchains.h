/* toolchains - the compilers that this node offers.
 *
 * Names are looked for in directories, in order; what is the same file, or turns out to be the same
 * toolchain, is offered once. A compiler outside /usr brings the prefix it is installed under into
 * the jail ("/opt/tc" for "/opt/tc/bin/arm-linux-gnueabihf-gcc").
 *
 * Contract: scanning blocks, for seconds when compilers were never measured before.
 */
#pragma once

#include "core/toolchain.h"

enum { TOOLCHAINS_MAX = 64 };

struct toolchains_entry {
	struct toolchain id;
	char *path; /* absolute */
	char *real; /* the file that it leads to */
};

struct toolchains {
	struct toolchains_entry v[TOOLCHAINS_MAX];
	size_t n;
	struct strv binds; /* directories that their compilers need, besides the system's */
};

struct toolchains_conf {
	const char *const *paths;   /* PATH-like lists of directories, NULL at the end */
	const char *cache_dir;      /* or NULL */
	const struct strv *secrets; /* files and directories that no prefix may contain */
};

void toolchains_scan(const struct toolchains_conf *conf, struct toolchains *ret);
void toolchains_fini(struct toolchains *t);
/* By either of its ids. */
const struct toolchains_entry *toolchains_find(
	const struct toolchains *t, const uint8_t id[TOOLCHAIN_ID_BYTES]);
/* Differs between different lists. */
void toolchains_digest(const struct toolchains *t, uint8_t out[8]);
