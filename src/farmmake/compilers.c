#include "compilers.h"

#include "base/err.h"
#include "base/str.h"
#include "io/digest.h"

#include <string.h>

struct compilers {
	struct compiler **v;
	size_t n;
	uint8_t ids[COMPILERS_BITS][TOOLCHAIN_ID_BYTES];
	int bits;
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

int compilers_bit(
	struct compilers *c, const char *text, struct toolchain *ret_toolchain, int *ret_bit)
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
	int bit = 0;
	while (bit < c->bits && memcmp(c->ids[bit], t.id, sizeof t.id) != 0)
		bit++;
	if (bit == COMPILERS_BITS)
		return ERR_TOOBIG;
	if (bit == c->bits)
		memcpy(c->ids[c->bits++], t.id, sizeof t.id);
	if (ret_toolchain)
		*ret_toolchain = t;
	*ret_bit = bit;
	return 0;
}

void compilers_learn(struct compilers *c, struct compiler *cc, const char *text)
{
	int err = compilers_bit(c, text, &cc->toolchain, &cc->bit);
	cc->state = err ? COMPILER_BAD : COMPILER_KNOWN;
}
