/* escape - tries every vector of escape_vectors.c, and says how far each came.
 *
 *     escape --dir DIR --key FILE --node ADDR:PORT --intruder PROGRAM --level N [--brief]
 *
 * Prints a table and a total. Exit status: 0 when nothing escaped and every vector was tried, 1
 * otherwise. A vector whose compiler is not installed is named and does not count. --brief leaves
 * out what is tried without a jail, and what only takes time.
 */
#include "escape.h"

#include "base/err.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct run {
	struct world world;
	struct cell *cell;
	struct hostile *hostile;
	bool brief;
	unsigned attempts, escapes, lost, untried, left_out, worth;
};

static const char *const ending_words[ENDING_COUNT] = {
	"-", "refused", "fails", "in vain", "limited", "closed", "LOST"};

static const char *describe(const struct attempt *a)
{
	return a->escaped ? a->escaped : ending_words[a->ending];
}

static void count(struct run *r, const struct vector *v, const char *where, const struct attempt *a)
{
	r->attempts += a->ending != ENDING_UNTRIED;
	r->escapes += a->escaped != NULL;
	r->lost += a->ending == ENDING_LOST;
	if (a->escaped || a->ending == ENDING_LOST)
		printf("%s: %s, %s: %s\n", a->escaped ? "ESCAPE" : "LOST", v->name, where,
			a->escaped ? a->escaped : a->why);
}

enum place { PLACE_BARE, PLACE_NODE, PLACE_JAIL, PLACE_COUNT };

static void try_at(struct run *r, const struct vector *v, enum place place, struct attempt *a)
{
	attempt_init(a);
	switch (place) {
	case PLACE_BARE:
		if (!r->brief && !v->view)
			bare_try(&r->world, v, a);
		break;
	case PLACE_NODE: hostile_try(r->hostile, &r->world, v, a); break;
	case PLACE_JAIL:
		if (!v->view)
			cell_try(r->cell, &r->world, v, a);
		break;
	case PLACE_COUNT: break;
	}
	const char *seen = world_inspect(&r->world, a);
	if (seen)
		a->escaped = seen;
}

static void try_vector(struct run *r, const struct vector *v)
{
	struct attempt at[PLACE_COUNT];
	if (r->brief && v->aim == AIM_SPEND) {
		printf("SKIP: %s: only takes time (--brief)\n", v->name);
		r->left_out++;
		return;
	}
	for (size_t i = 0; i < PLACE_COUNT; i++)
		try_at(r, v, (enum place)i, &at[i]);
	r->worth += at[PLACE_BARE].escaped != NULL;
	printf("%-40s %-10s %-10s %s\n", v->name, describe(&at[PLACE_BARE]),
		describe(&at[PLACE_NODE]), describe(&at[PLACE_JAIL]));
	count(r, v, "node", &at[PLACE_NODE]);
	count(r, v, "jail", &at[PLACE_JAIL]);
	if (!v->view && at[PLACE_JAIL].ending == ENDING_UNTRIED) {
		printf("SKIP: %s: %s\n", v->name, at[PLACE_JAIL].why);
		r->left_out++;
	} else if (at[PLACE_NODE].ending == ENDING_UNTRIED && v->tool != TOOL_INTRUDER) {
		printf("UNTRIED: %s: %s\n", v->name, at[PLACE_NODE].why);
		r->untried++;
	}
	fflush(stdout);
	for (size_t i = 0; i < PLACE_COUNT; i++)
		attempt_fini(&at[i]);
}

/* All was for nothing if the node or the jail does not even work. */
static bool serves_honest(struct run *r)
{
	static const struct vector honest = {"an honest job", TOOL_GCC, AIM_READ, {"-O2"},
		"int f(int x) { return x + __LINE__; }\n"};
	struct attempt at[PLACE_COUNT];
	bool good = true;
	for (size_t i = PLACE_NODE; i < PLACE_COUNT; i++) {
		try_at(r, &honest, (enum place)i, &at[i]);
		good = good && at[i].ending == ENDING_PASSED && !at[i].escaped &&
		       at[i].streams[STREAM_OUTPUT].len > 0;
	}
	const struct buf *node = &at[PLACE_NODE].streams[STREAM_OUTPUT],
			 *jail = &at[PLACE_JAIL].streams[STREAM_OUTPUT];
	good = good && node->len == jail->len && memcmp(node->data, jail->data, node->len) == 0;
	for (size_t i = PLACE_NODE; i < PLACE_COUNT; i++)
		attempt_fini(&at[i]);
	if (!good)
		puts("an honest job is not served");
	return good;
}

static bool try_all(struct run *r)
{
	if (!serves_honest(r))
		return false;
	printf("%-40s %-10s %-10s %s\n", "VECTOR", "NO JAIL", "NODE", "JAIL ALONE");
	for (size_t i = 0; i < vectors_n; i++)
		try_vector(r, &vectors[i]);
	bool honest = serves_honest(r);
	printf("%zu vectors, %u left out by name; %u attempts, %u escapes, %u lost, %u not tried; "
	       "%u get out without a jail\n",
		vectors_n, r->left_out, r->attempts, r->escapes, r->lost, r->untried, r->worth);
	return honest && !r->escapes && !r->lost && !r->untried;
}

int main(int argc, char *argv[])
{
	static const struct option names[] = {{"dir", required_argument, NULL, 'd'},
		{"key", required_argument, NULL, 'k'}, {"node", required_argument, NULL, 'n'},
		{"intruder", required_argument, NULL, 'i'}, {"level", required_argument, NULL, 'l'},
		{"brief", no_argument, NULL, 'b'}, {0}};
	const char *text[256] = {0};
	struct run r = {0};
	for (int o; (o = getopt_long(argc, argv, "", names, NULL)) != -1;) {
		if (o == '?')
			return 2;
		text[o] = optarg ? optarg : "";
	}
	if (!text['d'] || !text['k'] || !text['n'] || !text['i'] || !text['l'])
		return 2;
	signal(SIGPIPE, SIG_IGN);
	r.brief = text['b'];
	world_create(&r.world, text['d'], text['k']);
	r.world.intruder = text['i'];
	int level = -1;
	r.cell = cell_create(&r.world, &level);
	r.hostile = hostile_create(text['k'], text['n']);
	bool good = level == atoi(text['l']) && hostile_level(r.hostile) == level;
	if (!good)
		printf("level %d here, %d at the node, %s expected\n", level,
			hostile_level(r.hostile), text['l']);
	good = good && try_all(&r);
	hostile_destroy(r.hostile);
	cell_destroy(r.cell);
	world_destroy(&r.world);
	return !good;
}
