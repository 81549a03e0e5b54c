/* nodes_print - the survey as a table for people, and as JSON. */
#include "nodes.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER_BYTES = 8 };

struct widths {
	int name, address;
};

static int longest(int so_far, const char *text)
{
	int n = (int)strlen(text);
	return n > so_far ? n : so_far;
}

static const char *shown_name(const struct found *f)
{
	return f->name[0] ? f->name : "?";
}

static void format_number(bool known, unsigned value, char out[NUMBER_BYTES])
{
	snprintf(out, NUMBER_BYTES, known ? "%u" : "-", value);
}

static void print_row(const struct found *f, struct widths w)
{
	char slots[NUMBER_BYTES], available[NUMBER_BYTES], jail[NUMBER_BYTES];
	bool asked = f->err == 0;
	format_number(asked, f->slots, slots);
	format_number(asked && f->heard, f->beacon.free, available);
	format_number(asked, f->jail_level, jail);
	printf("%-*s  %-*s  %5s  %4s  %4s", w.name, shown_name(f), w.address, f->address, slots,
		available, jail);
	int indent = 2; /* of what follows; on further lines, as far right as on the first */
	for (size_t i = 0; i < f->offers_n; i++) {
		const struct toolchain *t = &f->offers[i].toolchain;
		printf("%*s%s %s %s%s\n", indent, "", t->kind, t->version, t->target,
			f->offers[i].is_local ? "" : " (no local compiler is the same)");
		indent = w.name + w.address + 23;
	}
	if (f->reason[0])
		printf("%*sunusable: %s\n", indent, "", f->reason);
	if (f->old_key)
		printf("%*shas the old key\n", f->reason[0] ? w.name + w.address + 23 : indent, "");
}

void nodes_print_table(const struct survey *s)
{
	struct widths w = {.name = longest(0, "NAME"), .address = longest(0, "ADDRESS")};
	for (size_t i = 0; i < s->n; i++) {
		w.name = longest(w.name, shown_name(&s->found[i]));
		w.address = longest(w.address, s->found[i].address);
	}
	printf("%-*s  %-*s  SLOTS  FREE  JAIL  TOOLCHAINS\n", w.name, "NAME", w.address, "ADDRESS");
	for (size_t i = 0; i < s->n; i++)
		print_row(&s->found[i], w);
}

static json_t *offer_json(const struct offer *o)
{
	char id[2 * TOOLCHAIN_ID_BYTES + 1];
	const struct toolchain *t = &o->toolchain;
	return json_pack("{s:s, s:s, s:s, s:b, s:s, s:b, s:b}", "kind", t->kind, "version",
		t->version, "target", t->target, "cxx", toolchain_compiles(t, LANG_CXX), "id",
		str_hex(t->id, sizeof t->id, id), "local", o->is_local, "native", o->is_native);
}

static json_t *number_json(bool known, unsigned value)
{
	return known ? json_integer(value) : json_null();
}

static json_t *found_json(const struct found *f)
{
	bool asked = f->err == 0, heard = asked && f->heard;
	json_t *offers = json_array();
	for (size_t i = 0; i < f->offers_n; i++)
		json_array_append_new(offers, offer_json(&f->offers[i]));
	return json_pack("{s:s*, s:s, s:b, s:s*, s:o, s:o, s:o, s:o, s:o, s:b, s:o}", "name",
		f->name[0] ? f->name : NULL, "address", f->address, "usable", !f->reason[0],
		"reason", f->reason[0] ? f->reason : NULL, "slots", number_json(asked, f->slots),
		"preload", number_json(asked, f->preload), "free",
		number_json(heard, f->beacon.free), "queued", number_json(heard, f->beacon.queued),
		"jail", number_json(asked, f->jail_level), "old_key", f->old_key, "toolchains",
		offers);
}

void nodes_print_json(const struct survey *s)
{
	json_t *nodes = json_array();
	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(nodes, found_json(&s->found[i]));
	json_t *all = json_pack("{s:s, s:o}", "schema", "farmmake-nodes/1", "nodes", nodes);
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
}
