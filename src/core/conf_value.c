/* Values of the rows: their types and ranges, and which source wins.
 *
 * A stronger source keeps its value whatever is read later, so the sources may be read in any
 * order. A list is replaced by the first value of a pass and grows with the next ones.
 */
#include "conf_impl.h"
#include "core/distcc.h"

#include <limits.h>
#include <string.h>

static const char *const kinds[][2] = {
	[CONF_BOOL] = {"yes or no", "true or false"},
	[CONF_INT] = {"a whole number", "a whole number"},
	[CONF_STRING] = {"a string", "a string"},
	[CONF_LIST] = {"names between commas", "an array of strings"},
};

char *conf_expected(const struct conf_row *row, bool json)
{
	const char *what = kinds[row->type][json];
	switch (row->type) {
	case CONF_BOOL: break;
	case CONF_INT: return xasprintf("expected %s from %ld to %ld", what, row->min, row->max);
	case CONF_STRING:
	case CONF_LIST:
		return xasprintf("expected %s of %ld to %ld bytes", what, row->min, row->max);
	}
	return xasprintf("expected %s", what);
}

void *conf_field(struct conf *c, const struct conf_row *row)
{
	return (char *)c + row->offset;
}

/* Whether this pass may set row i, which it claims; a list starts anew. */
static bool claim(struct conf_pass *p, size_t i)
{
	if (p->conf->source[i] > p->source)
		return false;
	if (conf_row(i)->type == CONF_LIST && !p->seen[i])
		strv_fini(conf_field(p->conf, conf_row(i)));
	p->seen[i] = true;
	p->conf->source[i] = p->source;
	return true;
}

static bool within(const struct conf_row *row, long v)
{
	return v >= row->min && v <= row->max;
}

static bool set_bool(struct conf_pass *p, size_t i, bool v)
{
	if (claim(p, i))
		*(bool *)conf_field(p->conf, conf_row(i)) = v;
	return true;
}

static bool set_long(struct conf_pass *p, size_t i, long v)
{
	if (!within(conf_row(i), v))
		return false;
	if (claim(p, i))
		*(long *)conf_field(p->conf, conf_row(i)) = v;
	return true;
}

static bool set_string(struct conf_pass *p, size_t i, const char *s)
{
	char **v = conf_field(p->conf, conf_row(i));
	if (!within(conf_row(i), (long)strlen(s)))
		return false;
	if (claim(p, i)) {
		free(*v);
		*v = xstrdup(s);
	}
	return true;
}

static bool add_string(struct conf_pass *p, size_t i, const char *s, size_t n)
{
	if (!within(conf_row(i), (long)n))
		return false;
	if (claim(p, i))
		strv_push_take(conf_field(p->conf, conf_row(i)), xstrndup(s, n));
	return true;
}

static bool set_bool_text(struct conf_pass *p, size_t i, const char *text)
{
	static const char *const words[][2] = {{"no", "yes"}, {"0", "1"}, {"false", "true"}};
	for (size_t w = 0; w < sizeof words / sizeof *words; w++)
		for (int v = 0; v < 2; v++)
			if (strcmp(text, words[w][v]) == 0)
				return set_bool(p, i, v);
	return false;
}

/* How long the first item is: up to a comma, but that in a distccd's address is a part of it. */
static size_t item_len(const char *text)
{
	static const char option[] = ",lzo";
	size_t n = strcspn(text, ","), len = sizeof option - 1;
	bool goes_on = distcc_is_address(text) && str_starts(text + n, option) &&
		       (text[n + len] == ',' || !text[n + len]);
	return goes_on ? n + len : n;
}

static bool set_list_text(struct conf_pass *p, size_t i, const char *text)
{
	for (;;) {
		size_t n = item_len(text);
		if (!add_string(p, i, text, n))
			return false;
		if (!text[n])
			return true;
		text += n + 1;
	}
}

bool conf_set_text(struct conf_pass *p, size_t i, const char *text)
{
	long v;
	switch (conf_row(i)->type) {
	case CONF_BOOL: return set_bool_text(p, i, text);
	case CONF_INT: return str_to_long(text, LONG_MIN, LONG_MAX, &v) == 0 && set_long(p, i, v);
	case CONF_STRING: return set_string(p, i, text);
	case CONF_LIST: return set_list_text(p, i, text);
	}
	return false;
}

static bool set_list_json(struct conf_pass *p, size_t i, const json_t *v)
{
	if (!json_is_array(v))
		return false;
	claim(p, i); /* an empty list is a value, too */
	for (size_t j = 0; j < json_array_size(v); j++) {
		const json_t *s = json_array_get(v, j);
		if (!json_is_string(s) ||
			!add_string(p, i, json_string_value(s), json_string_length(s)))
			return false;
	}
	return true;
}

/* Where a long is shorter than JSON's numbers, one that does not fit is out of every range. */
static bool set_integer(struct conf_pass *p, size_t i, json_int_t v)
{
	return (long)v == v && set_long(p, i, (long)v);
}

bool conf_set_json(struct conf_pass *p, size_t i, const json_t *v)
{
	switch (conf_row(i)->type) {
	case CONF_BOOL: return json_is_boolean(v) && set_bool(p, i, json_is_true(v));
	case CONF_INT: return json_is_integer(v) && set_integer(p, i, json_integer_value(v));
	case CONF_STRING: return json_is_string(v) && set_string(p, i, json_string_value(v));
	case CONF_LIST: return set_list_json(p, i, v);
	}
	return false;
}
