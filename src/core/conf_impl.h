/* conf_impl - what the files of conf.h share: rows by name, and values checked and stored.
 *
 * Contract: private to core/conf*.c.
 */
#pragma once

#include "core/conf.h"

#include <jansson.h>

enum {
	CONF_NAME_BYTES = 64, /* holds any row's name as any source spells it */
	CONF_ROWS_MAX = sizeof((struct conf *)0)->source / sizeof(enum conf_source),
};

/* One pass over one source. */
struct conf_pass {
	struct conf *conf;
	enum conf_source source;
	bool seen[CONF_ROWS_MAX];
};

/* The row's name as a source writes it: key, FARMMAKE_KEY, --farm-key. Returns out. */
const char *conf_spell(const struct conf_row *row, enum conf_source source, char *out);
/* By such a name; NULL when there is none. */
const struct conf_row *conf_find(enum conf_source source, const char *name, size_t *ret_i);
/* "unknown WHAT NAME", with the nearest name if one is near. malloc'd. */
char *conf_unknown(enum conf_source source, const char *what, const char *name);

/* Both store a value as row i's, unless a stronger source has set it before; false when it is no
 * value for this row. */
bool conf_set_text(struct conf_pass *p, size_t i, const char *text);
bool conf_set_json(struct conf_pass *p, size_t i, const json_t *value);
/* "expected …", in terms of JSON or of plain text. malloc'd. */
char *conf_expected(const struct conf_row *row, bool json);
/* Where the row's value is. */
void *conf_field(struct conf *c, const struct conf_row *row);
