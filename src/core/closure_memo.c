/* What is known: of paths, of the nodes that they are part of, of chains, and of macros.
 *
 * All are numbered in arrays, which grow: a pointer into one does not outlive a call that may add to it.
 */
#include "closure_impl.h"

#include "base/err.h"
#include "base/hash.h"

#include <string.h>

enum { TABLE_SIZE_MIN = 256 };

static uint64_t hash_node(uint32_t file, uint32_t chain, int pos)
{
	uint64_t h = ((uint64_t)file << 32 | chain) * 0x9e3779b97f4a7c15;
	return (h ^ (h >> 29) ^ (uint64_t)(pos + 16)) * 0xbf58476d1ce4e5b9;
}

static size_t first_slot(const struct closure_table *t, uint64_t hash)
{
	return (size_t)(hash ^ hash >> 32) & (t->size - 1);
}

static void insert(struct closure_table *t, uint64_t hash, uint32_t number)
{
	size_t i = first_slot(t, hash);
	while (t->slots[i])
		i = (i + 1) & (t->size - 1);
	t->slots[i] = number + 1;
	t->used++;
}

/* Room for one more; whether all have to be inserted anew. */
static bool grow(struct closure_table *t)
{
	if (t->size && t->used < t->size / 2)
		return false;
	t->size = t->size ? 2 * t->size : TABLE_SIZE_MIN;
	free(t->slots);
	t->slots = xcalloc(t->size, sizeof *t->slots);
	t->used = 0;
	return true;
}

static uint32_t find_file(const struct closure *c, uint64_t hash, const char *path, size_t n)
{
	const struct closure_table *t = &c->file_table;
	for (size_t i = first_slot(t, hash); t->size && t->slots[i]; i = (i + 1) & (t->size - 1)) {
		const struct closure_file *f = &c->files.v[t->slots[i] - 1];
		if (f->hash == hash && strncmp(f->path, path, n) == 0 && f->path[n] == '\0')
			return t->slots[i] - 1;
	}
	return NO_FILE;
}

uint32_t closure_file_at(struct closure *c, const char *path, size_t n, size_t dir_bytes)
{
	uint64_t hash = hash_bytes(hash_basis, path, n);
	uint32_t found = find_file(c, hash, path, n);
	if (found != NO_FILE)
		return found;
	struct closure_file f = {.path = xstrndup(path, n), .hash = hash, .dir_bytes = dir_bytes};
	f.dotted = strstr(f.path, "./") != NULL;
	vec_push(&c->files, f);
	uint32_t number = (uint32_t)c->files.n - 1;
	if (grow(&c->file_table))
		for (uint32_t i = 0; i < number; i++)
			insert(&c->file_table, c->files.v[i].hash, i);
	insert(&c->file_table, hash, number);
	return number;
}

struct closure_file *closure_ask(struct closure *c, uint32_t file)
{
	struct closure_file *f = &c->files.v[file];
	if (!f->asked) {
		f->exists = c->fs.find(c->fs.ctx, f->path, &f->identity);
		f->asked = true;
	}
	return f;
}

static uint32_t find_macro(const struct closure *c, uint32_t hash)
{
	const struct closure_table *t = &c->macro_table;
	for (size_t i = t->size ? first_slot(t, hash) : 0; t->size && t->slots[i];
		i = (i + 1) & (t->size - 1))
		if (c->macros.v[t->slots[i] - 1].hash == hash)
			return t->slots[i] - 1;
	return NO_FILE;
}

const struct incscan *closure_scan(struct closure *c, uint32_t file)
{
	struct closure_file *f = &c->files.v[file];
	if (f->scanned)
		return f->scan;
	f->scan = c->fs.scan(c->fs.ctx, f->path, f->identity.content);
	f->scanned = true;
	size_t n = 0;
	const uint32_t *hashes = f->scan ? incscan_macros(f->scan, &n) : NULL;
	for (size_t i = 0; i < n; i++) {
		uint32_t macro = find_macro(c, hashes[i]);
		if (macro != NO_FILE)
			vec_push(&c->macros.v[macro].files, file);
	}
	return f->scan;
}

uint32_t closure_macro_at(struct closure *c, uint32_t hash)
{
	uint32_t found = find_macro(c, hash);
	if (found != NO_FILE)
		return found;
	struct closure_macro m = {.hash = hash};
	bool simple;
	for (uint32_t i = 0; i < c->files.n; i++)
		if (c->files.v[i].scan && incscan_defines(c->files.v[i].scan, hash, &simple))
			vec_push(&m.files, i);
	vec_push(&c->macros, m);
	uint32_t number = (uint32_t)c->macros.n - 1;
	if (grow(&c->macro_table))
		for (uint32_t i = 0; i < number; i++)
			insert(&c->macro_table, c->macros.v[i].hash, i);
	insert(&c->macro_table, hash, number);
	return number;
}

static uint32_t find_node(const struct closure *c, uint32_t file, uint32_t chain, int pos)
{
	const struct closure_table *t = &c->node_table;
	uint64_t hash = hash_node(file, chain, pos);
	for (size_t i = t->size ? first_slot(t, hash) : 0; t->size && t->slots[i];
		i = (i + 1) & (t->size - 1)) {
		const struct closure_node *n = &c->nodes.v[t->slots[i] - 1];
		if (n->file == file && n->chain == chain && n->pos == pos)
			return t->slots[i] - 1;
	}
	return NO_FILE;
}

uint32_t closure_node_at(struct closure *c, uint32_t file, uint32_t chain, int pos)
{
	uint32_t found = find_node(c, file, chain, pos);
	if (found != NO_FILE)
		return found;
	vec_push(&c->nodes,
		(struct closure_node){.file = file, .chain = chain, .pos = pos, .pch = NO_FILE});
	uint32_t number = (uint32_t)c->nodes.n - 1;
	if (grow(&c->node_table))
		for (uint32_t i = 0; i < number; i++) {
			const struct closure_node *n = &c->nodes.v[i];
			insert(&c->node_table, hash_node(n->file, n->chain, n->pos), i);
		}
	insert(&c->node_table, hash_node(file, chain, pos), number);
	vec_push(&c->files.v[file].nodes, number);
	return number;
}

void closure_touch(struct closure *c, const char *path)
{
	size_t n = strlen(path);
	uint32_t file = find_file(c, hash_bytes(hash_basis, path, n), path, n);
	if (file == NO_FILE)
		return;
	struct closure_file *f = &c->files.v[file];
	f->asked = f->scanned = false;
	f->scan = NULL;
	/* those of other files are here again when they are resolved again */
	size_t kept = 0;
	for (size_t i = 0; i < f->nodes.n; i++) {
		struct closure_node *node = &c->nodes.v[f->nodes.v[i]];
		node->resolved = false;
		if (node->file == file)
			f->nodes.v[kept++] = f->nodes.v[i];
	}
	f->nodes.n = kept;
}

static bool is_chain(const struct closure_chain *chain, const struct incdirs *dirs)
{
	bool same = chain->n == dirs->dirs.n && chain->bracket == dirs->bracket;
	for (size_t i = 0; same && i < chain->n; i++)
		same = strcmp(chain->dirs[i], dirs->dirs.v[i]) == 0;
	return same;
}

int closure_add_chain(struct closure *c, const struct incdirs *dirs, unsigned *ret_chain)
{
	uint64_t hash = hash_basis + dirs->bracket;
	for (size_t i = 0; i < dirs->dirs.n; i++)
		hash = hash_bytes(hash, dirs->dirs.v[i], strlen(dirs->dirs.v[i]) + 1);
	for (unsigned i = 0; i < c->chains.n; i++)
		if (c->chains.v[i].hash == hash && is_chain(&c->chains.v[i], dirs)) {
			*ret_chain = i;
			return 0;
		}
	if (c->chains.n == CLOSURE_CHAINS_MAX)
		return ERR_TOOBIG;
	struct closure_chain chain = {.n = dirs->dirs.n, .bracket = dirs->bracket, .hash = hash};
	chain.dirs = xcalloc(chain.n + 1, sizeof *chain.dirs);
	for (size_t i = 0; i < chain.n; i++)
		chain.dirs[i] = xstrdup(dirs->dirs.v[i]);
	vec_push(&c->chains, chain);
	*ret_chain = (unsigned)c->chains.n - 1;
	return 0;
}

const char *closure_path(const struct closure *c, uint32_t file)
{
	return c->files.v[file].path;
}

size_t closure_dir_bytes(const struct closure *c, uint32_t file)
{
	return c->files.v[file].dir_bytes;
}

struct closure_identity closure_identity(const struct closure *c, uint32_t file)
{
	return c->files.v[file].identity;
}

struct closure *closure_create(const struct closure_fs *fs)
{
	struct closure *c = xcalloc(1, sizeof *c);
	c->fs = *fs;
	return c;
}

static void free_nodes(struct closure *c)
{
	for (size_t i = 0; i < c->nodes.n; i++) {
		vec_fini(&c->nodes.v[i].edges);
		vec_fini(&c->nodes.v[i].absent);
		vec_fini(&c->nodes.v[i].late);
		vec_fini(&c->nodes.v[i].guards);
	}
	vec_fini(&c->nodes);
}

static void free_macros(struct closure *c)
{
	for (size_t i = 0; i < c->macros.n; i++) {
		vec_fini(&c->macros.v[i].files);
		for (size_t k = 0; k < c->macros.v[i].bodies.n; k++)
			closure_body_free(c->macros.v[i].bodies.v[k]);
		vec_fini(&c->macros.v[i].bodies);
	}
	vec_fini(&c->macros);
}

void closure_destroy(struct closure *c)
{
	if (!c)
		return;
	free_nodes(c);
	for (size_t i = 0; i < c->files.n; i++) {
		free(c->files.v[i].path);
		vec_fini(&c->files.v[i].nodes);
	}
	for (size_t i = 0; i < c->chains.n; i++) {
		for (size_t k = 0; k < c->chains.v[i].n; k++)
			free(c->chains.v[i].dirs[k]);
		free(c->chains.v[i].dirs);
	}
	free_macros(c);
	vec_fini(&c->files);
	vec_fini(&c->chains);
	free(c->file_table.slots);
	free(c->node_table.slots);
	free(c->macro_table.slots);
	free(c);
}
