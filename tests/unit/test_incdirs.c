#include "base/err.h"
#include "core/incdirs.h"
#include "lib/words.h"

#include <criterion/criterion.h>

/* Directories that are there: a name, and a letter for the directory that it is. */
static const struct {
	const char *name;
	char inode;
} tree[] = {{"a", 'a'}, {"b", 'b'}, {"c", 'c'}, {"a2", 'a'}, {"./a", 'a'}, {".", '.'},
	{"/u/i", 'u'}, {"/l/i", 'l'}, {"/g/i", 'g'}, {"/r/x", 'x'}, {"/r//x", 'x'}, {"p/d", 'd'}};

static bool identify(void *ctx, enum incdirs_list list, const char *dir, uint64_t *ret_device,
	uint64_t *ret_inode)
{
	(void)ctx;
	(void)list;
	for (size_t i = 0; i < sizeof tree / sizeof *tree; i++)
		if (strcmp(tree[i].name, dir) == 0) {
			*ret_device = 1;
			*ret_inode = (uint64_t)tree[i].inode;
			return true;
		}
	return false;
}

/* "dirs | dirs for brackets", or why there are none; malloc'd. */
static char *chain(const char *command, const char *cpath, const char *lang_path)
{
	struct strv args = {0}, own = {0};
	words_split(command, &args);
	words_split("/g/i /l/i /u/i", &own);
	struct incdirs_args a;
	int err = incdirs_parse(args.v, &a);
	strv_fini(&args);
	char *said;
	if (err) {
		cr_assert_eq(err, ERR_UNSAFE);
		said = xstrdup(a.reason);
	} else {
		struct incdirs_world w = {
			.cpath = cpath, .lang_path = lang_path, .own = &own, .identify = identify};
		struct incdirs d;
		cr_assert_eq(incdirs_build(&a, &w, &d), 0);
		struct strv parts = {0};
		for (size_t i = 0; i <= d.dirs.n; i++) {
			if (i == d.bracket)
				strv_push(&parts, "|");
			if (i < d.dirs.n)
				strv_push(&parts, d.dirs.v[i]);
		}
		said = words_join(&parts);
		strv_fini(&parts);
		incdirs_fini(&d);
	}
	incdirs_args_fini(&a);
	strv_fini(&own);
	return said;
}

Test(incdirs, chains)
{
	static const struct {
		const char *command, *cpath, *lang_path, *chain;
	} rows[] = {
		{"-c x.c", NULL, NULL, "| /g/i /l/i /u/i"},
		{"-Ia -I b -c x.c", NULL, NULL, "| a b /g/i /l/i /u/i"},
		{"-iquote c -Ib -isystem a -idirafter .", NULL, NULL, "c | b a /g/i /l/i /u/i ."},
		{"-iquotec -isystema -idirafter.", NULL, NULL, "c | a /g/i /l/i /u/i ."},
		{"-nostdinc -Ia", NULL, NULL, "| a"},
		{"-nostdinc", NULL, NULL, "|"},
		/* what is not there goes, what is twice stays at its first place */
		{"-Inope -Ia -Ib -Ia2 -I./a", NULL, NULL, "| a b /g/i /l/i /u/i"},
		/* the system's directories win over -I and -iquote */
		{"-I/u/i -Ia -iquote /l/i -iquote c", NULL, NULL, "c | a /g/i /l/i /u/i"},
		{"-Ia -Ib -isystem a2", NULL, NULL, "| b a2 /g/i /l/i /u/i"},
		{"-isystem /u/i -isystem a", NULL, NULL, "| /u/i a /g/i /l/i"},
		{"-idirafter /u/i -idirafter a -Ia", NULL, NULL, "| /g/i /l/i /u/i a"},
		/* of -iquote only the last one goes when it begins the next part */
		{"-iquote c -iquote b -Ib -Ia", NULL, NULL, "c | b a /g/i /l/i /u/i"},
		{"-iquote b -iquote c -Ib -Ia", NULL, NULL, "b c | b a /g/i /l/i /u/i"},
		{"-iquote c -iquote a -Ib -Ia", NULL, NULL, "c a | b a /g/i /l/i /u/i"},
		/* variables come behind the command's, and their empty parts are "." */
		{"-Ia -isystem b", "c", NULL, "| a c b /g/i /l/i /u/i"},
		{"-Ia", "b:c", "nope:.", "| a b c . /g/i /l/i /u/i"},
		{"-Ia", "b:", NULL, "| a b . /g/i /l/i /u/i"},
		{"-Ia", ":b", NULL, "| a . b /g/i /l/i /u/i"},
		{"-Ia", "", "", "| a /g/i /l/i /u/i"},
		{"-nostdinc -Ia", "b", "c", "| a b c"},
		/* roots and prefixes */
		{"--sysroot=/r/ -I=/x", NULL, NULL, "| /r//x /g/i /l/i /u/i"},
		{"--sysroot /r -I$SYSROOT/x", NULL, NULL, "| /r/x /g/i /l/i /u/i"},
		{"-I=/x --sysroot=/q -isysroot /r", NULL, NULL, "| /r/x /g/i /l/i /u/i"},
		{"-iprefix p/ -iwithprefix d -Ia", NULL, NULL, "| a p/d /g/i /l/i /u/i"},
		{"-iprefix p/ -iwithprefixbefore d -Ia", NULL, NULL, "| p/d a /g/i /l/i /u/i"},
		/* values are no options, and options of another kind no directories */
		{"-o -Ia -D -Ib -MF -Ic -DX=-Ia -O2 -Ia", NULL, NULL, "| a /g/i /l/i /u/i"},
		/* what is not understood */
		{"-I- -Ia", NULL, NULL, "-I- changes what quotes mean"},
		{"-I=/x", NULL, NULL, "=/x is below a root that only the compiler knows"},
		{"-iwithprefix d -iprefix p/", NULL, NULL,
			"-iwithprefix takes the compiler's own prefix"},
		{"-remap", NULL, NULL, "-remap changes what headers mean"},
		{"-Wp,-Ia", NULL, NULL, "-Wp,-Ia speaks to the preprocessor alone"},
		{"-DX=__has_include(<x.h>)", NULL, NULL, "X=__has_include(<x.h>) may name a file"},
		{"-Wp,-DX,-DY=.incbin", NULL, NULL, "Y=.incbin may name a file"},
		{"-fsome-news", NULL, NULL, "-fsome-news is not known to the farm"},
		{"-I", NULL, NULL, "-I has no value"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *got = chain(rows[i].command, rows[i].cpath, rows[i].lang_path);
		cr_expect_str_eq(got, rows[i].chain, "%s: %s", rows[i].command, got);
		free(got);
	}
}

static void expect_words(const struct strv *words, const char *expected)
{
	char *got = words_join(words);
	cr_expect_str_eq(got, expected);
	free(got);
}

Test(incdirs, other_options)
{
	struct strv args = {0};
	struct incdirs_args a;
	words_split(
		"-include b.h -imacros m.h -includec.h -DX -D Y=1 -UZ -Wp,-DA=1,-UB,-DC -m32 -nostdinc++ "
		"--sysroot=/r -isysroot /s -iprefix p x.c",
		&args);
	cr_assert_eq(incdirs_parse(args.v, &a), 0);
	expect_words(&a.forced, "m.h b.h c.h");
	cr_expect_eq(a.imacros, 1);
	expect_words(&a.macros, "X Y=1 A=1 C");
	expect_words(&a.probe, "-m32 -nostdinc++ --sysroot=/r -isysroot /s -iprefix p");
	cr_expect(!a.nostdinc && !a.reason);
	incdirs_args_fini(&a);
	strv_fini(&args);
}

static bool identify_all(void *ctx, enum incdirs_list list, const char *dir, uint64_t *ret_device,
	uint64_t *ret_inode)
{
	(void)ctx;
	(void)list;
	*ret_device = 1;
	*ret_inode = strtoull(dir, NULL, 10);
	return true;
}

Test(incdirs, more_directories_than_a_chain_has)
{
	struct strv args = {0}, own = {0};
	struct incdirs_args a;
	struct incdirs d = {0};
	words_split("-I0 -c", &args);
	for (size_t i = 1; i < INCDIRS_MAX; i++)
		strv_pushf(&own, "%zu", i);
	struct incdirs_world w = {.own = &own, .identify = identify_all};
	cr_assert_eq(incdirs_parse(args.v, &a), 0);
	cr_assert_eq(incdirs_build(&a, &w, &d), 0);
	cr_expect_eq(d.dirs.n, INCDIRS_MAX);
	incdirs_fini(&d);
	strv_pushf(&own, "%d", INCDIRS_MAX);
	cr_expect_eq(incdirs_build(&a, &w, &d), ERR_TOOBIG);
	cr_expect_eq(d.dirs.n, 0);
	strv_fini(&own);
	incdirs_args_fini(&a);
	strv_fini(&args);
}

Test(incdirs, what_the_compiler_says)
{
	static const char start[] = "Using built-in specs.\nignoring nonexistent directory \"/x\"\n"
				    "#include \"...\" search starts here:\n";
	struct strv dirs = {0};
	char *said = xasprintf(
		"%s#include <...> search starts here:\n /g/i\n /with blank/i\nEnd of search list.\nmore\n",
		start);
	cr_assert_eq(incdirs_parse_probe(said, &dirs), 0);
	cr_assert_eq(dirs.n, 2);
	cr_expect_str_eq(dirs.v[0], "/g/i");
	cr_expect_str_eq(dirs.v[1], "/with blank/i");
	strv_fini(&dirs);
	free(said);

	static const char *const others[] = {
		"",
		" /q\n#include <...> search starts here:\n /g\nEnd of search list.\n",
		"#include <...> search starts here:\n /g\n",
		"#include <...> search starts here:\nEnd of sear",
	};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		said = xasprintf("%s%s", start, others[i]);
		cr_expect_eq(incdirs_parse_probe(said, &dirs), ERR_COMPILER);
		cr_expect_eq(dirs.n, 0);
		free(said);
	}
}
