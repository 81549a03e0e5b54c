/* toolchain - a compiler's identity, by behaviour.
 *
 * Two compilers are the same toolchain when kind, target, version, specs, default flags and the
 * assembly that a canary source gives all agree; names and paths do not matter. farmprobe measures
 * these and prints them as lines "field value"; this module parses, formats and compares that text.
 * Compiling C++ is a property beside the identity: a toolchain without C++ has an empty cxx digest.
 *
 * What -march=native and the like mean is no part of it, because that depends on the processor. A toolchain
 * has a second id for compiles that have such options, which is equal where they mean the same.
 *
 * Contract: pure. The id is SHA-256 over the canonical text, computed by farmprobe and carried behind
 * it ("id HEX", "native HEX"); it is checked by whoever has OpenSSL (io/digest.h), not here.
 */
#pragma once

#include "core/job.h"

#include <stdbool.h>
#include <stddef.h>

enum { TOOLCHAIN_TEXT_MAX = 1024, TOOLCHAIN_WORD_MAX = 63, TOOLCHAIN_DIGEST_HEX = 64 };

struct toolchain {
	char kind[8]; /* "gcc" or "clang" */
	char target[TOOLCHAIN_WORD_MAX + 1];
	char version[TOOLCHAIN_WORD_MAX + 1];
	char specs[TOOLCHAIN_DIGEST_HEX + 1];    /* of -dumpspecs ("-" for clang) */
	char defaults[TOOLCHAIN_DIGEST_HEX + 1]; /* of -Q --help=… and predefined macros */
	char canary[TOOLCHAIN_DIGEST_HEX + 1];   /* of the C canary's assembly and object */
	char cxx[TOOLCHAIN_DIGEST_HEX + 1];      /* of the C++ canary's; "-" without C++ */
	char bare[TOOLCHAIN_DIGEST_HEX + 1]; /* of one object of the C canary alone, without -g */
	char bare_cxx[TOOLCHAIN_DIGEST_HEX + 1]; /* and of the C++ canary; "-" */
	uint8_t id[TOOLCHAIN_ID_BYTES];
	char native[TOOLCHAIN_DIGEST_HEX + 1]; /* the second id; "-": it is not equal to any */
};

/* ERR_COMPILER for anything but the exact lines. */
int toolchain_parse(const char *text, struct toolchain *ret);
/* Writes at most out_size bytes; the canonical text, with the lines of both ids unless without_id. */
void toolchain_format(const struct toolchain *t, bool without_id, char *out, size_t out_size);
bool toolchain_same(const struct toolchain *a, const struct toolchain *b);
/* The first field that differs, by name ("version"), or NULL. */
const char *toolchain_difference(const struct toolchain *a, const struct toolchain *b);
bool toolchain_compiles(const struct toolchain *t, enum lang lang);
/* The second id; false when there is none. */
bool toolchain_native_id(const struct toolchain *t, uint8_t ret_id[TOOLCHAIN_ID_BYTES]);
/* Is it the second one? */
bool toolchain_is_native(const struct toolchain *t, const uint8_t id[TOOLCHAIN_ID_BYTES]);
