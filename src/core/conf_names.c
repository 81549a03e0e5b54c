/* The rows by the names that their sources give them, and the nearest one to a misspelt name. */
#include "conf_impl.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>

enum { NEAR_ENOUGH = 3 };

const char *conf_spell(const struct conf_row *row, enum conf_source source, char *out)
{
	static const char *const prefixes[] = {
		[CONF_DEFAULT] = "",
		[CONF_FILE] = "",
		[CONF_ENV] = "FARMMAKE_",
		[CONF_OPTION] = "--farm-",
	};
	size_t n = (size_t)snprintf(out, CONF_NAME_BYTES, "%s", prefixes[source]);
	for (const char *p = row->key; *p; p++) {
		char c = *p;
		if (source == CONF_ENV && c != '_')
			c = (char)(c - 'a' + 'A'); /* not toupper(): locales differ about 'i' */
		if (source == CONF_OPTION && c == '_')
			c = '-';
		out[n++] = c;
	}
	out[n] = '\0';
	return out;
}

const struct conf_row *conf_find(enum conf_source source, const char *name, size_t *ret_i)
{
	char spelt[CONF_NAME_BYTES];
	const struct conf_row *row;
	for (size_t i = 0; (row = conf_row(i)); i++) {
		if (strcmp(conf_spell(row, source, spelt), name) == 0) {
			*ret_i = i;
			return row;
		}
	}
	return NULL;
}

/* Levenshtein's distance of two short names. */
static size_t distance(const char *a, const char *b)
{
	size_t row[CONF_NAME_BYTES], n = strlen(b);
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			if (best > row[j] + 1)
				best = row[j] + 1;
			if (best > row[j - 1] + 1)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[n];
}

/* "; did you mean --farm-port?", or nothing when no name is near. Returns out. */
static const char *suggest(enum conf_source source, const char *name, char *out, size_t out_size)
{
	char spelt[CONF_NAME_BYTES];
	const struct conf_row *row;
	size_t best = NEAR_ENOUGH;
	out[0] = '\0';
	for (size_t i = 0; (row = conf_row(i)); i++) {
		size_t d = distance(name, conf_spell(row, source, spelt));
		if (d < best) {
			best = d;
			snprintf(out, out_size, "; did you mean %s?", spelt);
		}
	}
	return out;
}

char *conf_unknown(enum conf_source source, const char *what, const char *name)
{
	char shown[2 * CONF_NAME_BYTES], hint[2 * CONF_NAME_BYTES];
	log_escape(name, shown, sizeof shown);
	return xasprintf("unknown %s %s%s", what, shown, suggest(source, name, hint, sizeof hint));
}
