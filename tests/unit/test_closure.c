#include "base/err.h"
#include "lib/memtree.h"

TestSuite(closure, .init = set_up, .fini = tear_down);

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
	put("x.h", "");
	expect("a.c t.h");
	expect("a.c t.h x.h", .macros = "TRACE");
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
