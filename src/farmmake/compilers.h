/* compilers - the compilers that this build uses, and toolchains as small numbers.
 *
 * Each distinct toolchain, local or of a node, has a bit (0 to 63) for the scheduler, and one more for compiles
 * with -march=native and the like, which is the same where they mean the same: core/toolchain's second id. A local
 * compiler is fingerprinted once, by the first wrapper that wants to use it while a node is there.
 */
#pragma once

#include "core/sched.h"
#include "core/toolchain.h"

#include <stdint.h>

struct compilers;

enum { COMPILERS_BITS = 64 };

enum compiler_state { COMPILER_UNKNOWN, COMPILER_PROBING, COMPILER_KNOWN, COMPILER_BAD };

struct compiler_bits {
	int all;
	int native; /* SCHED_NO_TOOLCHAIN: there is no second id, or no bit left for it */
};

struct compiler {
	char *path;
	enum compiler_state state;
	struct compiler_bits bits; /* COMPILER_KNOWN; so the rest */
	struct toolchain toolchain;
};

struct compilers *compilers_create(void);
void compilers_destroy(struct compilers *c);
/* The entry for a path; made when new. Lives as long as c. */
struct compiler *compilers_get(struct compilers *c, const char *path);
/* What farmprobe said of it; "" when it failed. */
void compilers_learn(struct compilers *c, struct compiler *cc, const char *text);
/* Calls fn for each one that is known. */
void compilers_each_known(
	const struct compilers *c, void (*fn)(void *ctx, const struct compiler *cc), void *ctx);
/* The bits of a toolchain in its text form: ERR_COMPILER for a malformed one or a wrong id, ERR_TOOBIG when
 * 64 others are known. */
int compilers_bits(struct compilers *c, const char *text, struct toolchain *ret_toolchain,
	struct compiler_bits *ret);
