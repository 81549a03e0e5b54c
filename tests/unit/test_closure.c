#include "base/err.h"
#include "base/vec.h"
#include "core/closure.h"
#include "lib/words.h"

#include <criterion/criterion.h>

/* A file system in memory: relative names, in which "." and ".." mean what they do. */
struct entry {
	const char *path, *text;
};

static struct entry tree[64];
static size_t tree_len;
static VEC(struct incscan *) scans;
static unsigned finds, reads;

/* The name without "." and "x/.."; malloc'd. */
static char *normal(const char *path)
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

static bool find(void *ctx, const char *path, struct closure_identity *ret)
{
	(void)ctx;
	finds++;
	char *name = normal(path);
	bool found = false;
	for (size_t i = 0; i < tree_len && !found; i++)
		if (strcmp(tree[i].path, name) == 0) {
			*ret = (struct closure_identity){.content = i + 1, .place = i + 1};
			found = true;
		}
	free(name);
	return found;
}

static const struct incscan *scan(void *ctx, const char *path, uint64_t content)
{
	(void)ctx;
	(void)path;
	reads++;
	const char *text = tree[content - 1].text;
	if (!text)
		return NULL;
	vec_push(&scans, incscan_create(text, strlen(text)));
	return scans.v[scans.n - 1];
}

static struct closure *closure;

static void put(const char *path, const char *text)
{
	size_t i = 0;
	while (i < tree_len && strcmp(tree[i].path, path) != 0)
		i++;
	tree_len += i == tree_len;
	tree[i] = (struct entry){path, text};
}

static void set_up(void)
{
	closure = closure_create(&(struct closure_fs){.find = find, .scan = scan});
}

static void tear_down(void)
{
	closure_destroy(closure);
	for (size_t i = 0; i < scans.n; i++)
		free(scans.v[i]);
	vec_fini(&scans);
}

TestSuite(closure, .init = set_up, .fini = tear_down);

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *names(const uint32_t *files, size_t n)
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
static unsigned chain(const char *words)
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

static struct closure_set ask(const struct ask *a)
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
static char *files_of(const struct ask *a)
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

static void check(int line, const struct ask *a)
{
	char *got = files_of(a);
	cr_expect_str_eq(got, a->expected, "line %d: %.500s\n  not %s", line, got, a->expected);
	free(got);
}
#define expect(...) check(__LINE__, &(struct ask){__VA_ARGS__})

static void expect_absent(const char *expected, const struct ask *a)
{
	struct closure_set set = ask(a);
	char *got = names(set.absent, set.absent_count);
	cr_expect_str_eq(got, expected, "%s", got);
	free(got);
	closure_set_fini(&set);
}

Test(closure, quotes_look_beside_the_file_first)
{
	put("s/a.c", "#include \"x.h\"\n#include \"y.h\"\n#include <x.h>\n");
	put("s/x.h", "");
	put("q/x.h", "");
	put("q/y.h", "#include \"z.h\"\n");
	put("q/z.h", "");
	put("i/x.h", "");
	put("i/z.h", "");
	expect("i/x.h q/y.h q/z.h s/a.c s/x.h", .source = "s/a.c", .chain = "q | i");
	expect_absent("i/stdc-predef.h i/x.h.gch q/y.h.gch s/x.h.gch s/y.h s/y.h.gch",
		&(struct ask){.source = "s/a.c", .chain = "q | i"});
}

Test(closure, brackets_do_not)
{
	put("a.c", "#include <x.h>\n#include <y.h>\n#include <none.h>\n");
	put("x.h", "");
	put("q/x.h", "");
	put("j/x.h", "#include <k.h>\n");
	put("i/y.h", "#include \"k.h\"\n");
	put("i/k.h", "");
	expect("a.c i/k.h i/y.h j/x.h", .chain = "q | i j");
	expect_absent("i/none.h i/none.h.gch i/stdc-predef.h i/x.h i/x.h.gch i/y.h.gch j/none.h "
		      "j/none.h.gch j/stdc-predef.h j/x.h.gch",
		&(struct ask){.chain = "q | i j"});
}

Test(closure, names_stay_as_they_are_opened)
{
	put("a.c", "#include \"./x.h\"\n#include \"d/../x.h\"\n#include \"/abs/y.h\"\n");
	put("x.h", "");
	put("/abs/y.h", "#include \"z.h\"\n#include_next <w.h>\n");
	put("/abs/z.h", "");
	put("i/w.h", "");
	expect("./x.h /abs/y.h /abs/z.h a.c d/../x.h i/w.h", .chain = "| i/ j");
}

Test(closure, include_next_goes_on_behind_where_the_file_was_found)
{
	put("a.c", "#include <x.h>\n");
	put("i/x.h", "#include_next <x.h>\n");
	put("j/x.h", "#include_next \"x.h\"\n");
	put("k/x.h", "#include <x.h>\n#if __has_include_next(<x.h>)\n#endif\n");
	expect("a.c i/x.h j/x.h k/x.h", .chain = "q | i j k");
	/* found beside another: the whole chain, with the quotes' */
	put("b/b.c", "#include \"x.h\"\n");
	put("b/x.h", "#include_next <x.h>\n");
	put("q/x.h", "");
	expect("b/b.c b/x.h q/x.h", .source = "b/b.c", .chain = "q | i j k");
	/* in the source: as #include */
	put("c.c", "#include_next <x.h>\n");
	expect("c.c k/x.h", .source = "c.c", .chain = "| k");
}

Test(closure, a_file_in_two_places_of_a_chain_is_two)
{
	put("a.c", "#include <x.h>\n#include \"i/x.h\"\n");
	put("i/x.h", "#include_next <x.h>\n");
	put("q/x.h", "");
	put("j/x.h", "");
	expect("a.c i/x.h j/x.h q/x.h", .chain = "q | i j");
}

Test(closure, what_is_only_asked_for_names_nothing)
{
	put("a.c", "#if __has_include(\"x.h\")\n#endif\n#embed <y.h>\n");
	put("x.h", "#include \"z.h\"\n");
	put("i/y.h", "#include \"z.h\"\n");
	put("z.h", "");
	expect("a.c i/y.h x.h");
	put("b.c", "#include \"a.c\"\n#include \"x.h\"\n");
	expect("a.c b.c i/y.h x.h z.h", .source = "b.c");
}

Test(closure, forced_files)
{
	put("s/a.c", "");
	put("i/stdc-predef.h", "");
	put("f.h", "#include \"g.h\"\n");
	put("g.h", "");
	put("s/g.h", "");
	put("q/m.h", "");
	expect("./f.h ./g.h i/stdc-predef.h q/m.h s/a.c", .source = "s/a.c", .chain = "q | i",
		.forced = "m.h f.h");
	expect_absent("./f.h.gch ./m.h ./m.h.gch q/m.h.gch",
		&(struct ask){.source = "s/a.c", .chain = "q | i", .forced = "m.h f.h"});
}

Test(closure, headers_that_name_each_other)
{
	put("s/a.c", "#include \"../a/x.h\"\n");
	put("a/x.h", "#ifndef X\n#define X\n#include \"../b/y.h\"\n#endif\n");
	put("b/y.h", "#ifndef Y\n#define Y\n#include \"../a/x.h\"\n#endif\n");
	expect("s/../a/../b/../a/x.h s/../a/../b/y.h s/../a/x.h s/a.c", .source = "s/a.c");
	put("a/x.h", "#pragma once\n#include \"../b/y.h\"\n");
	closure_touch(closure, "s/../a/x.h");
	closure_touch(closure, "s/../a/../b/../a/x.h");
	expect("s/../a/../b/../a/x.h s/../a/../b/y.h s/../a/x.h s/a.c", .source = "s/a.c");
}

/* y.h may be the first to name x.h: then what x.h names is opened below y.h's own directory. */
Test(closure, a_header_that_is_reached_past_itself_counts)
{
	put("s/a.c", "#include \"../a/x.h\"\n#include \"../a/../b/y.h\"\n");
	put("a/x.h", "#ifndef X\n#define X\n#include \"../b/y.h\"\n#include \"z.h\"\n#endif\n");
	put("a/z.h", "");
	put("b/y.h", "#ifndef Y\n#define Y\n#include \"../a/x.h\"\n#endif\n");
	expect("s/../a/../b/../a/../b/y.h s/../a/../b/../a/x.h s/../a/../b/../a/z.h s/../a/../b/y.h s/../a/x.h "
	       "s/../a/z.h s/a.c",
		.source = "s/a.c");
}

Test(closure, macros_stand_for_all_their_values)
{
	put("a.c", "#include \"c.h\"\n#include NAME\n");
	put("c.h", "#ifdef X\n#define NAME \"x.h\"\n#else\n#define NAME <y.h>\n#endif\n");
	put("x.h", "#define NAME OTHER\n#define OTHER \"z.h\"\n");
	put("z.h", "");
	put("i/y.h", "");
	expect("a.c c.h i/y.h x.h z.h");
	put("c.h", "");
	closure_touch(closure, "c.h");
	expect("a.c c.h");
	expect("a.c c.h i/y.h", .macros = "NAME=<y.h>");
	expect("a.c c.h x.h z.h", .macros = "OTHER=3 NAME=\"x.h\"");
	expect("a.c: #include NAME depends on macros", .macros = "NAME=STR(x)");
	expect("a.c: #include NAME depends on macros", .macros = "NAME=<linux/y.h>");
	expect("a.c: #include NAME depends on macros", .macros = "y=z NAME=<y.h>");
	expect("a.c: #include NAME depends on macros", .macros = "NAME=__FILE__");
	expect("a.c: #include NAME depends on macros", .macros = "NAME=A A=NAME");
	expect("a.c c.h", .macros = "NAME");
}

Test(closure, macros_that_are_more_than_names)
{
	put("a.c", "#include \"b.h\"\n#include STR(x.h)\n");
	put("b.h", "");
	put("x.h", "");
	put("y.h", "#include \"x.h\"\n");
	expect("a.c b.h");
	put("b.h", "#define STR(x) #x\n");
	closure_touch(closure, "b.h");
	expect("a.c: #include STR(x.h) depends on macros");
	expect("? a.c b.h x.h y.h", .learned = "a.c b.h y.h gone.h");
	put("a.c", "#ifdef TRACE\n#include STR(x.h)\n#endif\n#include \"b.h\"\n");
	closure_touch(closure, "a.c");
	expect("a.c b.h");
	expect("a.c: #include STR(x.h) depends on macros", .macros = "TRACE");
	expect("? a.c b.h x.h", .macros = "TRACE=1", .learned = "x.h");
}

Test(closure, a_branch_counts_once_its_macro_may_be_defined)
{
	put("a.c",
		"#ifdef X\n#include \"x.h\"\n#endif\n#ifdef __GNUC__\n#include \"b.h\"\n#endif\n");
	put("x.h", "#define Y\n");
	put("b.h",
		"#if defined(Y) && 3\n#include \"y.h\"\n#endif\n#ifdef linux\n#include \"l.h\"\n#endif\n");
	put("y.h", "#ifdef Z\n#include \"z.h\"\n#endif\n");
	put("l.h", "");
	put("z.h", "");
	expect("a.c b.h l.h");
	expect("a.c b.h l.h x.h y.h", .macros = "X");
	expect("a.c b.h l.h x.h y.h z.h", .macros = "X=0 Z(x)=1");
	expect("a.c b.h l.h y.h", .macros = "Y");
	put("l.h", "#define X\n");
	closure_touch(closure, "l.h");
	expect("a.c b.h l.h x.h y.h");
	put("l.h", "#undef X\n");
	closure_touch(closure, "l.h");
	expect("a.c b.h l.h");
	put("x.h", "#define Y\n#include \"l.h\"\n#include \"z.h\"\n");
	closure_touch(closure, "x.h");
	expect("a.c b.h l.h x.h y.h z.h", .macros = "X");
}

/* As the kernel's trace headers have it. */
Test(closure, a_macro_does_not_make_itself_possible)
{
	put("a.c", "#include \"t.h\"\n");
	put("t.h", "#ifdef TRACE\n#undef TRACE\n#include STR(x.h)\n#define TRACE\n#endif\n"
		   "#define STR(x) #x\n");
	expect("a.c t.h");
	expect("t.h: #include STR(x.h) depends on macros", .macros = "TRACE");
}

/* Only what another directive names in the end makes the first one possible. */
Test(closure, a_set_that_grows_is_gone_over_again)
{
	put("a.c", "#ifdef LATE\n#include FIRST\n#endif\n#include SECOND\n");
	put("x.h", "#define LATE\n#define FIRST \"y.h\"\n");
	put("y.h", "");
	expect("a.c x.h y.h", .macros = "SECOND=\"x.h\"");
}

Test(closure, what_makes_a_set_impossible)
{
	put("a.c", "#include \"b.h\"\n");
	put("b.h", "asm(\".incbin \\\"x\\\"\");\n");
	expect("b.h: the assembler's .incbin reads a file");
	put("c.c", "#include \"c.h\"\n");
	put("c.h", "int a;\rint b;\n");
	expect("c.h: a lone carriage return", .source = "c.c");
	put("d.c", "import a;\n");
	expect("d.c", .source = "d.c");
	expect("d.c: C++ modules", .source = "d.c", .is_cxx = true);
	expect("none.c: cannot be read", .source = "none.c");
	put("e.c", "#include \"e.h\"\n");
	put("e.h", NULL);
	expect("e.h: cannot be read", .source = "e.c");
}

Test(closure, precompiled_headers)
{
	put("a.c", "#include <x.h>\n");
	put("j/x.h", "#include \"y.h\"\n");
	put("j/y.h", "");
	expect("a.c j/x.h j/y.h");
	put("j/y.h.gch", "");
	expect("a.c j/x.h j/y.h");
	put("i/x.h.gch", "");
	closure_touch(closure, "i/x.h.gch");
	expect("a.c: a precompiled header may be in use");
	put("b.c", "");
	put("f.h.gch", "");
	expect("f.h: a precompiled header may be in use", .source = "b.c", .forced = "f.h");
}

Test(closure, flags_are_those_of_all_files)
{
	put("a.c", "#include \"b.h\"\n#if __has_include(\"c.h\")\n#endif\n");
	put("b.h", "int x = __TIME__;\n");
	put("c.h", "int x = __DATE__;\n");
	struct closure_set set = ask(&(struct ask){0});
	cr_expect_eq(set.flags, INCSCAN_TIME);
	closure_set_fini(&set);
}

Test(closure, nothing_is_asked_twice)
{
	put("a.c", "#include \"b.h\"\n#include <c.h>\n");
	put("b.h", "#include <c.h>\n");
	put("j/c.h", "#include_next <c.h>\n#include \"d.h\"\n");
	expect("a.c b.h j/c.h");
	unsigned finds_before = finds, reads_before = reads;
	expect("a.c b.h j/c.h");
	cr_expect_eq(finds, finds_before);
	cr_expect_eq(reads, reads_before);
	/* one of a.c's own, and the source */
	put("b.c", "#include \"b.h\"\n");
	expect("b.c b.h j/c.h", .source = "b.c");
	cr_expect_eq(reads, reads_before + 1);
}

Test(closure, what_changes_is_looked_at_again)
{
	put("a.c", "#include <x.h>\n");
	put("j/x.h", "");
	expect("a.c j/x.h");
	/* a header that is found first */
	put("i/x.h", "#include \"y.h\"\n");
	closure_touch(closure, "i/x.h");
	expect("a.c i/x.h");
	put("i/y.h", "");
	closure_touch(closure, "i/y.h");
	expect("a.c i/x.h i/y.h");
	put("i/x.h", "#include_next <x.h>\n");
	closure_touch(closure, "i/x.h");
	closure_touch(closure, "never/seen.h");
	expect("a.c i/x.h j/x.h");
	put("a.c", "");
	closure_touch(closure, "a.c");
	expect("a.c");
}

Test(closure, chains_are_kept_apart)
{
	put("a.c", "#include <x.h>\n");
	put("i/x.h", "#include <y.h>\n");
	put("j/x.h", "");
	put("j/y.h", "");
	expect("a.c i/x.h j/y.h", .chain = "| i j");
	expect("a.c j/x.h", .chain = "| j i");
	cr_expect_eq(chain("| i j"), chain("| i j"));
	cr_expect_neq(chain("| i j"), chain("i | j"));
	struct incdirs d = {0};
	unsigned number = 0;
	int err = 0;
	for (int i = 0; i <= CLOSURE_CHAINS_MAX && !err; i++) {
		strv_push(&d.dirs, "d");
		err = closure_add_chain(closure, &d, &number);
	}
	cr_expect_eq(err, ERR_TOOBIG);
	incdirs_fini(&d);
}

/* gcc itself gives up 200 files deep. */
Test(closure, names_without_an_end)
{
	put("a.c", "#include \"d/../a.c\"\n");
	put("b.c", "#include \"d/../x.h\"\n");
	put("x.h", "#ifndef X\n#define X\n#include \"d/../y.h\"\n#endif\n");
	put("y.h", "#undef X\n#include \"d/../x.h\"\n");
	for (const char *source = "a.c"; source; source = *source == 'a' ? "b.c" : NULL) {
		struct closure_set set = ask(&(struct ask){.source = source});
		cr_expect(set.count > 200 && set.count < 2000, "%zu", set.count);
		closure_set_fini(&set);
	}
}
