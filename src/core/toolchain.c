/* toolchain - one line per field, in the order of the table, and one for each id; parsing is strict, so that
 * equal toolchains have equal texts and equal ids. */
#include "core/toolchain.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>

/* What a field may hold. */
enum shape { SHAPE_KIND, SHAPE_WORD, SHAPE_DIGEST, SHAPE_DIGEST_OR_NONE };

struct field {
	const char *name;
	size_t offset, size;
	enum shape shape;
};

#define FIELD(name, shape)                                                                         \
	{                                                                                          \
#name, offsetof(struct toolchain, name), sizeof_field(name), shape                 \
	}
#define sizeof_field(name) sizeof((struct toolchain *)0)->name

static const struct field fields[] = {
	FIELD(kind, SHAPE_KIND),
	FIELD(target, SHAPE_WORD),
	FIELD(version, SHAPE_WORD),
	FIELD(specs, SHAPE_DIGEST_OR_NONE),
	FIELD(defaults, SHAPE_DIGEST),
	FIELD(canary, SHAPE_DIGEST),
	FIELD(cxx, SHAPE_DIGEST_OR_NONE),
	FIELD(bare, SHAPE_DIGEST),
	FIELD(bare_cxx, SHAPE_DIGEST_OR_NONE),
};
enum { FIELD_COUNT = sizeof fields / sizeof *fields };

static const char *value(const struct toolchain *t, const struct field *f)
{
	return (const char *)t + f->offset;
}

static bool is_word(const char *s)
{
	for (const char *p = s; *p; p++)
		if (*p <= ' ' || *p > '~')
			return false;
	return *s != '\0';
}

static bool is_digest(const char *s)
{
	return strlen(s) == TOOLCHAIN_DIGEST_HEX &&
	       strspn(s, "0123456789abcdef") == TOOLCHAIN_DIGEST_HEX;
}

static bool fits(const char *s, enum shape shape)
{
	switch (shape) {
	case SHAPE_KIND: return strcmp(s, "gcc") == 0 || strcmp(s, "clang") == 0;
	case SHAPE_WORD: return is_word(s);
	case SHAPE_DIGEST: return is_digest(s);
	case SHAPE_DIGEST_OR_NONE: return strcmp(s, "-") == 0 || is_digest(s);
	}
	return false;
}

/* Reads the line "name value\n" at *p into out and moves *p behind it. */
static bool take_line(const char **p, const char *name, char *out, size_t out_size)
{
	size_t name_len = strlen(name);
	if (strncmp(*p, name, name_len) != 0 || (*p)[name_len] != ' ')
		return false;
	const char *start = *p + name_len + 1;
	const char *end = strchr(start, '\n');
	if (!end || (size_t)(end - start) >= out_size)
		return false;
	memcpy(out, start, (size_t)(end - start));
	out[end - start] = '\0';
	*p = end + 1;
	return true;
}

int toolchain_parse(const char *text, struct toolchain *ret)
{
	struct toolchain t = {0};
	const char *p = text;
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const struct field *f = &fields[i];
		char *out = (char *)&t + f->offset;
		if (!take_line(&p, f->name, out, f->size) || !fits(out, f->shape))
			return ERR_COMPILER;
	}
	char id[2 * TOOLCHAIN_ID_BYTES + 1];
	if (!take_line(&p, "id", id, sizeof id) || !is_digest(id))
		return ERR_COMPILER;
	if (!take_line(&p, "native", t.native, sizeof t.native) ||
		!fits(t.native, SHAPE_DIGEST_OR_NONE) || *p)
		return ERR_COMPILER;
	if (str_unhex(id, t.id, sizeof t.id) < 0)
		return ERR_COMPILER;
	*ret = t;
	return 0;
}

void toolchain_format(const struct toolchain *t, bool without_id, char *out, size_t out_size)
{
	char text[TOOLCHAIN_TEXT_MAX], id[2 * TOOLCHAIN_ID_BYTES + 1];
	size_t n = 0;
	for (size_t i = 0; i < FIELD_COUNT; i++)
		n += (size_t)snprintf(
			text + n, sizeof text - n, "%s %s\n", fields[i].name, value(t, &fields[i]));
	if (!without_id)
		snprintf(text + n, sizeof text - n, "id %s\nnative %s\n",
			str_hex(t->id, sizeof t->id, id), t->native);
	snprintf(out, out_size, "%s", text);
}

const char *toolchain_difference(const struct toolchain *a, const struct toolchain *b)
{
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (strcmp(value(a, &fields[i]), value(b, &fields[i])) != 0)
			return fields[i].name;
	return NULL;
}

bool toolchain_same(const struct toolchain *a, const struct toolchain *b)
{
	return !toolchain_difference(a, b);
}

bool toolchain_compiles(const struct toolchain *t, enum lang lang)
{
	return lang == LANG_C || strcmp(t->cxx, "-") != 0;
}

bool toolchain_native_id(const struct toolchain *t, uint8_t ret_id[TOOLCHAIN_ID_BYTES])
{
	return is_digest(t->native) && str_unhex(t->native, ret_id, TOOLCHAIN_ID_BYTES) == 0;
}

bool toolchain_is_native(const struct toolchain *t, const uint8_t id[TOOLCHAIN_ID_BYTES])
{
	uint8_t native[TOOLCHAIN_ID_BYTES];
	return toolchain_native_id(t, native) && memcmp(native, id, sizeof native) == 0;
}
