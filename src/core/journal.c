/* One table says which fields an event has; reading and writing follow it. */
#include "core/journal.h"

#include "base/err.h"
#include "base/str.h"

#include <jansson.h>
#include <string.h>

enum kind { NUMBER, INTEGER, FLAG, TEXT, PHASE };

struct field {
	const char *name;
	enum kind kind;
	size_t offset;
};

#define FIELD(name, kind, member)                                                                  \
	{                                                                                          \
		name, kind, offsetof(struct journal_event, member)                                 \
	}
#define ID FIELD("id", NUMBER, id)
#define NODE FIELD("node", NUMBER, node)

enum { FIELDS_MAX = 5 };

static const struct row {
	const char *name;
	struct field fields[FIELDS_MAX];
} rows[JOURNAL_TYPES] = {
	[JOURNAL_BUILD] = {"build",
		{FIELD("make", TEXT, name), FIELD("dir", TEXT, text), FIELD("slots", NUMBER, slots),
			FIELD("expected", NUMBER, expected)}},
	[JOURNAL_NODE] = {"node",
		{ID, FIELD("name", TEXT, name), FIELD("address", TEXT, text),
			FIELD("slots", NUMBER, slots), FIELD("jail", NUMBER, level)}},
	[JOURNAL_GONE] = {"gone", {ID, FIELD("why", TEXT, text)}},
	[JOURNAL_BEGIN] = {"begin", {ID, FIELD("source", TEXT, name)}},
	[JOURNAL_PHASE] = {"phase", {ID, FIELD("phase", PHASE, phase), NODE}},
	[JOURNAL_END] = {"end", {ID, NODE, FIELD("ok", FLAG, ok)}},
	[JOURNAL_STEP] = {"step", {ID, FIELD("name", TEXT, name), FIELD("command", TEXT, text)}},
	[JOURNAL_STEP_END] = {"step-end", {ID}},
	[JOURNAL_LOAD] = {"load",
		{ID, FIELD("moved", NUMBER, moved), FIELD("speed", NUMBER, speed)}},
	[JOURNAL_POOL] = {"pool", {FIELD("lent", NUMBER, lent), FIELD("short", FLAG, is_short)}},
	[JOURNAL_OVER] = {"over", {FIELD("status", INTEGER, status)}},
};

static const char *const phases[JOURNAL_PHASES] = {
	[JOURNAL_ASKED] = "asked",
	[JOURNAL_PREPARE] = "prepare",
	[JOURNAL_READY] = "ready",
	[JOURNAL_SENT] = "sent",
	[JOURNAL_RUNNING] = "running",
	[JOURNAL_RETURNED] = "returned",
	[JOURNAL_BACK] = "back",
	[JOURNAL_HERE] = "here",
};

const char *journal_type_name(enum journal_type t)
{
	return rows[t].name;
}

const char *journal_phase_name(enum journal_phase p)
{
	return phases[p];
}

/* What is not ASCII is lost: this is for people to look at. */
static void write_text(const char *s, FILE *out)
{
	putc('"', out);
	for (; s && *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			fprintf(out, "\\u%04x", c < 0x80 ? c : 0xfffdu);
		else
			putc(c, out);
	}
	putc('"', out);
}

static void write_field(const struct journal_event *e, const struct field *f, FILE *out)
{
	const void *at = (const char *)e + f->offset;
	fprintf(out, ",\"%s\":", f->name);
	switch (f->kind) {
	case NUMBER: fprintf(out, "%llu", (unsigned long long)*(const uint64_t *)at); break;
	case INTEGER: fprintf(out, "%lld", (long long)*(const int64_t *)at); break;
	case FLAG: fputs(*(const bool *)at ? "true" : "false", out); break;
	case TEXT: write_text(*(const char *const *)at, out); break;
	case PHASE: fprintf(out, "\"%s\"", phases[*(const enum journal_phase *)at]); break;
	}
}

void journal_write(const struct journal_event *e, FILE *out)
{
	const struct row *row = &rows[e->type];
	fprintf(out, "{\"t\":%.6f,\"event\":\"%s\"", e->t, row->name);
	for (size_t i = 0; i < FIELDS_MAX && row->fields[i].name; i++)
		write_field(e, &row->fields[i], out);
	fputs("}\n", out);
}

static bool read_phase(const json_t *v, enum journal_phase *ret)
{
	const char *name = json_string_value(v);
	for (enum journal_phase p = 0; name && p < JOURNAL_PHASES; p++)
		if (strcmp(phases[p], name) == 0) {
			*ret = p;
			return true;
		}
	return false;
}

static bool read_field(const json_t *doc, const struct field *f, struct journal_event *e)
{
	void *at = (char *)e + f->offset;
	const json_t *v = json_object_get(doc, f->name);
	switch (f->kind) {
	case NUMBER:
		*(uint64_t *)at = (uint64_t)json_integer_value(v);
		return json_is_integer(v) && json_integer_value(v) >= 0;
	case INTEGER: *(int64_t *)at = json_integer_value(v); return json_is_integer(v);
	case FLAG: *(bool *)at = json_is_true(v); return json_is_boolean(v);
	case TEXT:
		*(char **)at = json_is_string(v) ? xstrdup(json_string_value(v)) : NULL;
		return json_is_string(v);
	case PHASE: return read_phase(v, at);
	}
	return false;
}

static bool read_type(const json_t *doc, enum journal_type *ret)
{
	const char *name = json_string_value(json_object_get(doc, "event"));
	for (enum journal_type t = 0; name && t < JOURNAL_TYPES; t++)
		if (strcmp(rows[t].name, name) == 0) {
			*ret = t;
			return true;
		}
	return false;
}

/* No build takes longer: so sums and differences of times are whole seconds that an integer holds. */
static bool read_time(const json_t *t, double *ret)
{
	static const double most_s = 1e9;
	*ret = json_number_value(t);
	return json_is_number(t) && *ret >= 0 && *ret <= most_s;
}

int journal_parse(const char *line, struct journal_event *ret)
{
	struct journal_event e = {0};
	json_t *doc = json_loads(line, 0, NULL);
	bool good = read_type(doc, &e.type) && read_time(json_object_get(doc, "t"), &e.t);
	for (size_t i = 0; good && i < FIELDS_MAX && rows[e.type].fields[i].name; i++)
		good = read_field(doc, &rows[e.type].fields[i], &e);
	json_decref(doc);
	if (good)
		*ret = e;
	else
		journal_event_fini(&e);
	return good ? 0 : ERR_PROTO;
}

void journal_event_fini(struct journal_event *e)
{
	free((char *)e->name);
	free((char *)e->text);
	e->name = e->text = NULL;
}
