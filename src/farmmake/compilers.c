#include "compilers.h"

#include "base/err.h"
#include "base/str.h"
#include "io/digest.h"

#include <string.h>

enum { NATIVES_MAX = COMPILERS_BITS / 2 };

struct compilers {
	struct compiler **v;
	size_t n;
	uint8_t ids[COMPILERS_BITS][TOOLCHAIN_ID_BYTES];
	int bits, natives;
};

struct compilers *compilers_create(void)
{
	return xcalloc(1, sizeof(struct compilers));
}

void compilers_destroy(struct compilers *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i]->path);
		free(c->v[i]);
	}
	free(c->v);
	free(c);
}

struct compiler *compilers_get(struct compilers *c, const char *path)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->v[i]->path, path) == 0)
			return c->v[i];
	struct compiler *cc = xcalloc(1, sizeof *cc);
	cc->path = xstrdup(path);
	c->v = xrealloc(c->v, (c->n + 1) * sizeof(struct compiler *));
	c->v[c->n++] = cc;
	return cc;
}

void compilers_each_known(
	const struct compilers *c, void (*fn)(void *ctx, const struct compiler *cc), void *ctx)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i]->state == COMPILER_KNOWN)
			fn(ctx, c->v[i]);
}

/* The bit of an id, or SCHED_NO_TOOLCHAIN. */
static int find(const struct compilers *c, const uint8_t id[TOOLCHAIN_ID_BYTES])
{
	for (int bit = 0; bit < c->bits; bit++)
		if (memcmp(c->ids[bit], id, TOOLCHAIN_ID_BYTES) == 0)
			return bit;
	return SCHED_NO_TOOLCHAIN;
}

/* A new one if need be; SCHED_NO_TOOLCHAIN when there is none left. */
static int intern(struct compilers *c, const uint8_t id[TOOLCHAIN_ID_BYTES])
{
	int bit = find(c, id);
	if (bit >= 0 || c->bits == COMPILERS_BITS)
		return bit;
	memcpy(c->ids[c->bits], id, TOOLCHAIN_ID_BYTES);
	return c->bits++;
}

/* However many kinds of processors there are, they leave room for the toolchains. */
static int intern_native(struct compilers *c, const struct toolchain *t)
{
	uint8_t id[TOOLCHAIN_ID_BYTES];
	if (!toolchain_native_id(t, id))
		return SCHED_NO_TOOLCHAIN;
	int bit = find(c, id);
	if (bit >= 0 || c->natives == NATIVES_MAX)
		return bit;
	bit = intern(c, id);
	c->natives += bit >= 0;
	return bit;
}

int compilers_bits(struct compilers *c, const char *text, struct toolchain *ret_toolchain,
	struct compiler_bits *ret)
{
	struct toolchain t;
	int err = toolchain_parse(text, &t);
	if (err)
		return err;
	char canonical[TOOLCHAIN_TEXT_MAX];
	uint8_t id[TOOLCHAIN_ID_BYTES];
	toolchain_format(&t, true, canonical, sizeof canonical);
	digest_sha256(canonical, strlen(canonical), id);
	if (memcmp(id, t.id, sizeof id) != 0)
		return ERR_COMPILER;
	int bit = intern(c, id);
	if (bit < 0)
		return ERR_TOOBIG;
	if (ret_toolchain)
		*ret_toolchain = t;
	*ret = (struct compiler_bits){.all = bit, .native = intern_native(c, &t)};
	return 0;
}

void compilers_learn(struct compilers *c, struct compiler *cc, const char *text)
{
	int err = compilers_bits(c, text, &cc->toolchain, &cc->bits);
	cc->state = err ? COMPILER_BAD : COMPILER_KNOWN;
}
