/* A set-associative table: a key can be in one of the eight entries of its set, so a look-up reads one
 * or two cache lines, nothing moves, and a full set forgets its oldest. */
#include "core/cost.h"

#include "base/err.h"
#include "base/str.h"

#include <string.h>

enum {
	SETS = 8192,
	WAYS = 8,
	MAGIC = 0x46434f31, /* "FCO1" */
	TEXT_NS = 1400,     /* for each byte of text, until it is known better */
	TEXT_PARTS = 64,    /* a new value counts one part in so many */
	COST_US_MAX = INT32_MAX,
};

struct entry {
	uint64_t key;
	uint32_t cost_us : 31; /* 0: free */
	bool viewless : 1;
	uint32_t build; /* in which it was seen last */
};

struct cost_table {
	uint32_t build;
	double text_ns; /* for each byte of text */
	struct entry sets[SETS][WAYS];
};

struct cost_table *cost_create(void)
{
	struct cost_table *t = xcalloc(1, sizeof *t);
	t->build = 1;
	t->text_ns = TEXT_NS;
	return t;
}

void cost_destroy(struct cost_table *t)
{
	free(t);
}

/* FNV-1a, the terminator included. */
static uint64_t add_word(uint64_t hash, const char *word)
{
	do
		hash = (hash ^ (uint8_t)*word) * 0x100000001b3u;
	while (*word++);
	return hash;
}

/* Defines and warnings change little about the work; these can double it. */
static bool weighs(const char *flag)
{
	static const char *const prefixes[] = {
		"-O", "-g", "-fsanitize", "-fprofile", "-flto", "-fanalyzer"};
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (str_starts(flag, prefixes[i]))
			return true;
	return false;
}

uint64_t cost_key(const char *cwd, const char *source, char *const flags[])
{
	uint64_t hash = 0xcbf29ce484222325u;
	if (source[0] != '/')
		hash = add_word(hash, cwd);
	hash = add_word(hash, source);
	for (; flags && *flags; flags++)
		if (weighs(*flags))
			hash = add_word(hash, *flags);
	return hash;
}

static const struct entry *find(const struct cost_table *t, uint64_t key)
{
	const struct entry *set = t->sets[key % SETS];
	for (int i = 0; i < WAYS; i++)
		if (set[i].cost_us && set[i].key == key)
			return &set[i];
	return NULL;
}

/* Its entry, or the one that it may have. */
static struct entry *claim(struct cost_table *t, uint64_t key)
{
	struct entry *e = (struct entry *)find(t, key);
	if (e)
		return e;
	e = t->sets[key % SETS];
	for (int i = 1; i < WAYS; i++)
		if (t->sets[key % SETS][i].build < e->build)
			e = &t->sets[key % SETS][i];
	return e;
}

uint64_t cost_guess(const struct cost_table *t, uint64_t key, uint64_t text_bytes)
{
	const struct entry *e = find(t, key);
	return e ? e->cost_us : (uint64_t)((double)text_bytes * t->text_ns / 1000);
}

static void learn_text(struct cost_table *t, uint64_t bytes, uint64_t cost_us)
{
	double seen = (double)cost_us * 1000 / (double)bytes;
	if (seen > 4 * t->text_ns)
		seen = 4 * t->text_ns; /* one odd file says little about the others */
	t->text_ns += (seen - t->text_ns) / TEXT_PARTS;
}

void cost_learn(struct cost_table *t, uint64_t key, uint64_t text_bytes, uint64_t cost_us)
{
	if (cost_us == 0)
		return;
	if (cost_us > COST_US_MAX)
		cost_us = COST_US_MAX;
	if (text_bytes)
		learn_text(t, text_bytes, cost_us);
	struct entry *e = claim(t, key);
	bool is_known = e->cost_us && e->key == key;
	if (is_known)
		cost_us = (cost_us + e->cost_us) / 2;
	*e = (struct entry){.key = key,
		.cost_us = (uint32_t)(cost_us ? cost_us : 1) & COST_US_MAX,
		.viewless = is_known && e->viewless,
		.build = t->build};
}

void cost_mark_viewless(struct cost_table *t, uint64_t key)
{
	struct entry *e = claim(t, key);
	if (!e->cost_us || e->key != key)
		*e = (struct entry){.key = key, .cost_us = 1};
	e->viewless = true;
	e->build = t->build;
}

bool cost_is_viewless(const struct cost_table *t, uint64_t key)
{
	const struct entry *e = find(t, key);
	return e && e->viewless;
}

static int read_entries(struct rd *r, uint32_t n, struct entry *out)
{
	for (uint32_t i = 0; i < n; i++) {
		out[i].key = rd_u64(r);
		uint32_t cost = rd_u32(r);
		out[i].cost_us = cost & COST_US_MAX;
		out[i].viewless = cost > COST_US_MAX;
		out[i].build = rd_u32(r);
	}
	return rd_finish(r);
}

static void merge(struct cost_table *t, const struct entry *from)
{
	struct entry *e = claim(t, from->key);
	if (e->build < t->build && from->cost_us && from->build < t->build)
		*e = *from;
}

/* The entries that this build has seen move on to the number of this build. */
static void renumber(struct cost_table *t, uint32_t build)
{
	for (int s = 0; s < SETS; s++)
		for (int i = 0; i < WAYS; i++)
			if (t->sets[s][i].cost_us && t->sets[s][i].build == t->build)
				t->sets[s][i].build = build;
	t->build = build;
}

int cost_read(struct cost_table *t, const void *data, size_t n)
{
	struct rd r;
	rd_init(&r, data, n);
	uint32_t magic = rd_u32(&r), builds = rd_u32(&r), text_ns = rd_u32(&r), count = rd_u32(&r);
	if (r.err || magic != MAGIC || count > SETS * WAYS || builds >= UINT32_MAX - 1)
		return ERR_PROTO;
	struct entry *entries = xcalloc(count + 1, sizeof *entries);
	int err = read_entries(&r, count, entries);
	if (!err) {
		if (builds >= t->build)
			renumber(t, builds + 1);
		if (text_ns)
			t->text_ns = text_ns;
		for (uint32_t i = 0; i < count; i++)
			merge(t, &entries[i]);
	}
	free(entries);
	return err;
}

int cost_write(const struct cost_table *t, struct buf *out)
{
	uint32_t count = 0;
	for (int s = 0; s < SETS; s++)
		for (int i = 0; i < WAYS; i++)
			count += t->sets[s][i].cost_us != 0;
	wr_u32(out, MAGIC);
	wr_u32(out, t->build);
	wr_u32(out, (uint32_t)t->text_ns);
	wr_u32(out, count);
	for (int s = 0; s < SETS; s++) {
		for (int i = 0; i < WAYS; i++) {
			const struct entry *e = &t->sets[s][i];
			if (!e->cost_us)
				continue;
			wr_u64(out, e->key);
			wr_u32(out, e->cost_us | (uint32_t)e->viewless << 31);
			wr_u32(out, e->build);
		}
	}
	return out->err;
}
