/* memtree - a file system in memory, and the sets that core/closure finds in it. */
#pragma once

#include "base/vec.h"
#include "core/closure.h"
#include "lib/words.h"

#include <criterion/criterion.h>

/* Relative names, in which "." and ".." mean what they do. */
struct entry {
	const char *path, *text;
	uint64_t content; /* another one whenever it is put there */
};

static struct entry tree[64];
static size_t tree_len;
static VEC(struct incscan *) scans;
static uint64_t contents;
static unsigned finds, reads, texts;

/* The name without "." and "x/.."; malloc'd. */
static inline char *normal(const char *path)
{
	struct strv parts = {0};
	char *all = xstrdup(path[0] == '/' ? "/" : "");
	for (size_t n; *path; path += n + (path[n] == '/')) {
		n = strcspn(path, "/");
		if (n == 2 && strncmp(path, "..", 2) == 0 && parts.n > 0)
			free(parts.v[--parts.n]);
		else if (n > 0 && !(n == 1 && *path == '.'))
			strv_push_take(&parts, xstrndup(path, n));
	}
	for (size_t i = 0; i < parts.n; i++) {
		char *longer = xasprintf("%s%s%s", all, i ? "/" : "", parts.v[i]);
		free(all);
		all = longer;
	}
	strv_fini(&parts);
	return all;
}

static inline bool find(void *ctx, const char *path, struct closure_identity *ret)
{
	(void)ctx;
	finds++;
	char *name = normal(path);
	bool found = false;
	for (size_t i = 0; i < tree_len && !found; i++)
		if (strcmp(tree[i].path, name) == 0) {
			*ret = (struct closure_identity){
				.content = tree[i].content, .place = i + 1};
			found = true;
		}
	free(name);
	return found;
}

static inline const char *text_of(uint64_t content)
{
	size_t i = 0;
	while (i < tree_len && tree[i].content != content)
		i++;
	cr_assert(i < tree_len);
	return tree[i].text;
}

static inline const struct incscan *scan(void *ctx, const char *path, uint64_t content)
{
	(void)ctx;
	(void)path;
	reads++;
	const char *all = text_of(content);
	if (!all)
		return NULL;
	vec_push(&scans, incscan_create(all, strlen(all)));
	return scans.v[scans.n - 1];
}

static inline char *text(void *ctx, const char *path, uint64_t content, size_t *ret_n)
{
	(void)ctx;
	(void)path;
	texts++;
	*ret_n = strlen(text_of(content));
	return xstrdup(text_of(content));
}

static struct closure *closure;

static inline void put(const char *path, const char *all)
{
	size_t i = 0;
	while (i < tree_len && strcmp(tree[i].path, path) != 0)
		i++;
	tree_len += i == tree_len;
	tree[i] = (struct entry){path, all, ++contents};
}

static inline void set_up(void)
{
	closure = closure_create(&(struct closure_fs){.find = find, .scan = scan, .text = text});
}

static inline void tear_down(void)
{
	closure_destroy(closure);
	for (size_t i = 0; i < scans.n; i++)
		free(scans.v[i]);
	vec_fini(&scans);
}

static inline int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline char *names(const uint32_t *files, size_t n)
{
	struct strv all = {0};
	for (size_t i = 0; i < n; i++)
		strv_push(&all, closure_path(closure, files[i]));
	if (n)
		qsort(all.v, n, sizeof *all.v, compare);
	char *line = words_join(&all);
	strv_fini(&all);
	return line;
}

/* "q | i j": quote's directories and the others. */
static inline unsigned chain(const char *words)
{
	struct incdirs d = {0};
	struct strv all = {0};
	words_split(words, &all);
	for (size_t i = 0; i < all.n; i++)
		if (strcmp(all.v[i], "|") == 0)
			d.bracket = i;
		else
			strv_push(&d.dirs, all.v[i]);
	unsigned number;
	cr_assert_eq(closure_add_chain(closure, &d, &number), 0);
	incdirs_fini(&d);
	strv_fini(&all);
	return number;
}

struct ask {
	const char *expected;
	const char *source, *chain, *forced, *macros, *learned;
	bool is_cxx;
};

static inline struct closure_set ask(const struct ask *a)
{
	struct strv forced = {0}, macros = {0}, learned = {0};
	words_split(a->forced ? a->forced : "", &forced);
	words_split(a->macros ? a->macros : "", &macros);
	words_split(a->learned ? a->learned : "", &learned);
	struct closure_job job = {
		.source = a->source ? a->source : "a.c",
		.chain = chain(a->chain ? a->chain : "| i j"),
		.forced = &forced,
		.macros = &macros,
		.learned = a->learned ? &learned : NULL,
		.is_cxx = a->is_cxx,
		.want_absent = true,
	};
	struct closure_set set;
	closure_find(closure, &job, &set);
	strv_fini(&forced);
	strv_fini(&macros);
	strv_fini(&learned);
	return set;
}

/* The names in order, behind "?" when some are those of last time; or the reason. */
static inline char *files_of(const struct ask *a)
{
	struct closure_set set = ask(a);
	char *all = names(set.files, set.count);
	char *said = set.verdict == CLOSURE_UNDECIDABLE
			     ? xstrdup(set.reason)
			     : xasprintf("%s%s", set.verdict == CLOSURE_LEARNED ? "? " : "", all);
	cr_expect_eq(set.verdict == CLOSURE_PROVED, set.reason == NULL);
	free(all);
	closure_set_fini(&set);
	return said;
}

static inline void check(int line, const struct ask *a)
{
	char *got = files_of(a);
	cr_expect_str_eq(got, a->expected, "line %d: %.500s\n  not %s", line, got, a->expected);
	free(got);
}
#define expect(...) check(__LINE__, &(struct ask){__VA_ARGS__})

static inline void expect_absent(const char *expected, const struct ask *a)
{
	struct closure_set set = ask(a);
	char *got = names(set.absent, set.absent_count);
	cr_expect_str_eq(got, expected, "%s", got);
	free(got);
	closure_set_fini(&set);
}
