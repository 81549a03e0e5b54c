/* inputs_tree - a temporary tree, and farmmake's inputs asked about it, for tests.
 *
 * The compiler's own directory is "sys" in the tree; nobody starts a compiler. Paths of files and entries are
 * relative to the tree.
 */
#pragma once

#include "base/fs.h"
#include "inputs.h"
#include "io/digest.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tree {
	char *top;
	uv_loop_t loop;
	struct inputs *in;
	struct inputs_answer answer; /* the last one */
	unsigned answers;
};

static inline char *tree_path(const struct tree *t, const char *path)
{
	return xasprintf("%s%s%s", t->top, *path ? "/" : "", path);
}

/* Makes the directories above it, too. */
static inline void tree_put(const struct tree *t, const char *path, const char *text)
{
	_cleanup_free_ char *full = tree_path(t, path);
	_cleanup_free_ char *dir = xstrndup(full, (size_t)(strrchr(full, '/') - full));
	cr_assert_eq(fs_mkdirs(dir, 0755), 0, "%s", dir);
	FILE *f = fopen(full, "w");
	cr_assert(f, "%s: %s", full, strerror(errno));
	fputs(text, f);
	fclose(f);
}

static inline void tree_remove(const struct tree *t, const char *path)
{
	_cleanup_free_ char *full = tree_path(t, path);
	cr_assert_eq(remove(full), 0, "%s", full);
}

static inline void tree_rename(const struct tree *t, const char *from, const char *to)
{
	_cleanup_free_ char *a = tree_path(t, from), *b = tree_path(t, to);
	cr_assert_eq(rename(a, b), 0, "%s to %s", a, b);
}

static inline void tree_link(const struct tree *t, const char *target, const char *path)
{
	_cleanup_free_ char *full = tree_path(t, path);
	cr_assert_eq(symlink(target, full), 0, "%s", full);
}

static inline void tree_open(struct tree *t)
{
	char *dir;
	*t = (struct tree){0};
	cr_assert_eq(fs_make_private_dir("/tmp", "farmmake-inputs-", &dir), 0);
	t->top = realpath(dir, NULL);
	free(dir);
	uv_loop_init(&t->loop);
	t->in = inputs_create(&t->loop);
	tree_put(t, "sys/stdio.h", "int puts(const char *);\n");
}

static inline void tree_on_closed(void *ctx)
{
	struct tree *t = ctx;
	t->in = NULL;
}

static inline void tree_close(struct tree *t)
{
	if (t->in)
		inputs_close(t->in, tree_on_closed, t);
	uv_run(&t->loop, UV_RUN_DEFAULT);
	cr_assert_null(t->in);
	cr_assert_eq(uv_loop_close(&t->loop), 0);
	free(t->answer.reason);
	free(t->answer.entries);
	strv_fini(&t->answer.flags);
	fs_remove_tree(t->top);
	free(t->top);
}

static inline void tree_on_answer(void *ctx, struct inputs_answer *answer)
{
	struct tree *t = ctx;
	free(t->answer.reason);
	free(t->answer.entries);
	strv_fini(&t->answer.flags);
	t->answer = *answer;
	*answer = (struct inputs_answer){0};
	t->answers++;
}

static inline char *tree_said(const struct tree *t)
{
	return xasprintf("gcc version 12\n#include \"...\" search starts here:\n"
			 "#include <...> search starts here:\n %s/sys\nEnd of search list.\n",
		t->top);
}

static inline void tree_learn(struct tree *t, const struct inputs_order *order)
{
	_cleanup_free_ char *said = tree_said(t);
	struct strv macros = {0};
	inputs_learn_dirs(t->in, order, said, &macros);
}

/* An order for a compile in the directory; words: separated by blanks. */
static inline struct inputs_order tree_order(
	const struct tree *t, const char *cwd, const char *source, const char *words)
{
	static char path[PATH_MAX];
	static struct strv split;
	strv_fini(&split);
	_cleanup_free_ char *copy = xstrdup(words);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		strv_push(&split, word);
	snprintf(path, sizeof path, "%s%s%s", t->top, *cwd ? "/" : "", cwd);
	return (struct inputs_order){.compiler = "/usr/bin/gcc",
		.lang = LANG_C,
		.cwd = path,
		.source = source,
		.words = &split,
		.cpath = "",
		.lang_path = ""};
}

/* Asks, answers what the compiler would be asked for, and waits for what comes. */
static inline void tree_ask_order(struct tree *t, const struct inputs_order *order)
{
	inputs_ask(t->in, order, tree_on_answer, t);
	uv_run(&t->loop, UV_RUN_DEFAULT);
	if (t->answer.outcome != INPUTS_DIRS)
		return;
	tree_learn(t, order);
	inputs_ask(t->in, order, tree_on_answer, t);
	uv_run(&t->loop, UV_RUN_DEFAULT);
}

static inline void tree_ask(struct tree *t, const char *cwd, const char *source, const char *words)
{
	struct inputs_order order = tree_order(t, cwd, source, words);
	tree_ask_order(t, &order);
}

/* The same, and there is a view; returns its number. */
static inline uint32_t tree_view(
	struct tree *t, const char *cwd, const char *source, const char *words)
{
	tree_ask(t, cwd, source, words);
	cr_assert_eq(t->answer.outcome, INPUTS_VIEW, "%s: %s", source, t->answer.reason);
	return t->answer.view;
}

/* The entry of the last answer for this path, or NULL. */
static inline const struct view_entry *tree_entry(const struct tree *t, const char *path)
{
	_cleanup_free_ char *full = tree_path(t, path);
	const struct view_entry *found = NULL;
	for (size_t i = 0; i < t->answer.count; i++) {
		const struct view_entry *e = inputs_entry(t->in, t->answer.entries[i]);
		if (strcmp(e->path, full) != 0)
			continue;
		cr_assert_null(found, "%s is there twice", path);
		found = e;
	}
	return found;
}

static inline bool tree_has(const struct tree *t, enum view_kind kind, const char *path)
{
	const struct view_entry *e = tree_entry(t, path);
	return e && e->kind == kind;
}

/* Is the file in the last answer, with this text? */
static inline bool tree_shows(const struct tree *t, const char *path, const char *text)
{
	const struct view_entry *e = tree_entry(t, path);
	uint8_t hash[DIGEST_CONTENT_BYTES];
	digest_content(text, strlen(text), hash);
	return e && e->kind == VIEW_FILE && memcmp(e->hash, hash, sizeof hash) == 0 &&
	       e->bytes == strlen(text);
}

/* The last answer's flags, a blank between. */
static inline const char *tree_flags(const struct tree *t)
{
	static char flags[8192];
	flags[0] = '\0';
	for (size_t i = 0; i < t->answer.flags.n; i++)
		snprintf(flags + strlen(flags), sizeof flags - strlen(flags), "%s%s", i ? " " : "",
			t->answer.flags.v[i]);
	return flags;
}
