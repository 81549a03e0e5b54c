/* Names that macros make. */
#include "lib/memtree.h"

TestSuite(closure_made, .init = set_up, .fini = tear_down);

/* Anew, with a file that has changed. */
static void change(const char *path, const char *all)
{
	put(path, all);
	closure_touch(closure, path);
}

Test(closure_made, macros_stand_for_all_their_values)
{
	put("a.c", "#include \"c.h\"\n#include NAME\n");
	put("c.h", "#ifdef X\n#define NAME \"x.h\"\n#else\n#define NAME <y.h>\n#endif\n");
	put("x.h", "#define NAME OTHER\n#define OTHER \"z.h\"\n");
	put("z.h", "");
	put("i/y.h", "");
	expect("a.c c.h i/y.h x.h z.h");
	change("c.h", "");
	expect("a.c c.h");
	expect("a.c c.h i/y.h", .macros = "NAME=<y.h>");
	expect("a.c c.h x.h z.h", .macros = "OTHER=3 NAME=\"x.h\"");
	expect("a.c c.h x.h z.h", .macros = "S(x)=#x NAME=S(x.h)");
	expect("a.c c.h", .macros = "NAME=STR(x)");
	expect("a.c c.h", .macros = "NAME=A A=NAME");
	expect("a.c c.h", .macros = "NAME");
	expect("a.c c.h", .macros = "NAMES=<y.h>");
	expect("a.c c.h i/y.h x.h z.h", .macros = "z=y NAME=<z.h> NAME=\"x.h\"");
	expect("a.c: #include NAME depends on a macro that may be the compiler's",
		.macros = "NAME=__FILE__");
	cr_expect_eq(texts, 0, "the scans had it all");
}

/* A macro of the system's may be there or not. */
Test(closure_made, linux_may_be_1)
{
	put("a.c", "#include NAME\n");
	put("i/linux/x.h", "");
	put("i/1/x.h", "");
	expect("a.c i/1/x.h i/linux/x.h", .macros = "NAME=<linux/x.h>");
	expect("a.c", .macros = "NAME=linux");
}

Test(closure_made, calls)
{
	put("a.c", "#include \"b.h\"\n#include STR(x.h)\n");
	put("b.h", "");
	put("x.h", "");
	put("y.h", "");
	expect("a.c b.h");
	change("b.h", "#define STR(x) #x\n");
	expect("a.c b.h x.h");
	cr_expect_eq(texts, 1);
	put("b.c", "#include \"b.h\"\n#include STR(y.h)\n");
	expect("b.c b.h y.h", .source = "b.c");
	cr_expect_eq(texts, 1, "what a content has is asked for once");
	/* definitions that exclude each other, one of them in another file */
	change("b.h",
		"#if A\n#define STR(x) #x\n#else\n#define STR(x) <y.h>\n#endif\n#include \"c.h\"\n");
	put("c.h", "#undef STR\n#define STR(a, ...) \"j/z.h\"\n#define STR(a) \"c/\" #a\n");
	put("j/z.h", "");
	put("i/y.h", "");
	expect("a.c b.h c.h i/y.h j/z.h x.h");
	expect("a.c: #include STR(x.h) depends on a macro that may be the compiler's",
		.macros = "x=__FILE__ STR(a)=STR2(a) STR2(a)=#a");
	change("a.c", "#ifdef TRACE\n#include STR(x.h)\n#endif\n#include \"b.h\"\n");
	expect("a.c b.h c.h");
	expect("a.c b.h c.h i/y.h j/z.h x.h", .macros = "TRACE");
}

Test(closure_made, what_is_asked_for_counts_too)
{
	put("a.c", "#include \"b.h\"\n#if __has_include(STR(x.h)) && 1\n#endif\n#embed STR(y.h)\n");
	put("b.h", "#define STR(x) #x\n");
	put("x.h", "#include \"z.h\"\n");
	put("y.h", "#include \"z.h\"\n");
	put("z.h", "");
	expect("a.c b.h x.h y.h", .is_cxx = true);
}

/* The kernel's include/trace/define_trace.h, which is read again and again under other definitions. */
Test(closure_made, trace_headers)
{
	put("a.c", "#include \"b.h\"\n#define CREATE\n#include <trace/events/one.h>\n"
		   "#include \"two.h\"\n");
	put("b.h", "");
	put("i/linux/stringify.h", "#define __stringify_1(x...) #x\n"
				   "#define __stringify(x...) __stringify_1(x)\n");
	put("i/trace/events/one.h",
		"#undef SYSTEM\n#define SYSTEM one\n#include <trace/define.h>\n");
	put("two.h", "#undef SYSTEM\n#define SYSTEM two\n#undef PATH\n#define PATH ../../d/e\n"
		     "#define FILE two_trace\n#include <trace/define.h>\n");
	put("i/trace/define.h", "#ifdef CREATE\n#undef CREATE\n#include <linux/stringify.h>\n"
				"#ifndef FILE\n# define FILE SYSTEM\n# define UNDEF_FILE\n#endif\n"
				"#ifndef PATH\n# define NAME2(system) <trace/events/system.h>\n"
				"# define UNDEF_PATH\n#else\n"
				"# define NAME2(system) __stringify(PATH/system.h)\n#endif\n"
				"# define NAME(system) NAME2(system)\n"
				"#include NAME(FILE)\n#define CREATE\n#endif\n");
	put("i/trace/../../d/e/two_trace.h", "");
	put("i/trace/events/two.h", "");
	put("d/e/two_trace.h", "");
	expect("a.c b.h i/linux/stringify.h i/trace/../../d/e/two_trace.h i/trace/define.h "
	       "i/trace/events/one.h i/trace/events/two.h two.h");
	change("a.c", "#include <trace/events/one.h>\n");
	expect("a.c i/trace/define.h i/trace/events/one.h");
}

/* Each name gives the next one its value. */
Test(closure_made, values_come_while_the_set_grows)
{
	put("a.c", "#define S(x) T(x)\n#define T(x) #x\n#include \"x.h\"\n#include S(NEXT)\n");
	put("x.h", "#define NEXT y.h\n");
	put("y.h", "#undef NEXT\n#define NEXT z .h\n");
	put("z.h", "");
	put("z .h", "#undef S\n#define S(x) <d/x>\n#define d e##f\n");
	put("i/ef/y.h", "");
	expect("a.c i/ef/y.h x.h y.h z .h");
}

/* What is not known now may be later: only in the end is it not decided. */
Test(closure_made, a_name_that_is_known_in_the_end)
{
	put("a.c", "#include __NAME(x.h)\n#include OTHER\n");
	put("b.h", "#define __NAME(x) #x\n");
	put("x.h", "");
	expect("a.c: #include __NAME(x.h) depends on a macro that may be the compiler's");
	expect("a.c b.h x.h", .macros = "OTHER=\"b.h\"");
	expect("? a.c x.h", .learned = "x.h");
}

/* Who defines an operator means compilers that lack it. */
Test(closure_made, what_others_lack)
{
	put("a.c", "#ifndef __has_include\n#define __has_include(x) 0\n#endif\n"
		   "#define HAS(x) __has_include(x)\n");
	expect("a.c: __has_include __has_include(x) depends on a macro that may be the compiler's");
	put("b.c", "#ifndef __INT__\n#define __INT__ \"x.h\"\n#endif\n#include __INT__\n");
	expect("b.c: #include __INT__ depends on a macro that may be the compiler's",
		.source = "b.c");
}

Test(closure_made, what_is_not_read_is_not_decided)
{
	put("a.c", "#include \"b.h\"\n#include STR(x.h)\n");
	put("b.h", "#define STR(x) __VA_OPT__(x) #x\n");
	put("x.h", "");
	expect("a.c: #include STR(x.h) depends on macros", .macros = "A");
	change("b.h", "#define STR(x) R\"(x.h)\"\n");
	expect("a.c: #include STR(x.h) depends on macros");
	expect("? a.c b.h x.h", .learned = "x.h b.h");
	put("x.h.gch", "");
	change("b.h", "#define STR(x) #x\n");
	expect("a.c: #include STR(x.h) may be a precompiled header");
}

Test(closure_made, without_texts)
{
	closure_destroy(closure);
	closure = closure_create(&(struct closure_fs){.find = find, .scan = scan});
	put("a.c", "#include \"b.h\"\n#include STR(x.h)\n#include NAME\n");
	put("b.h", "#define NAME <y.h>\n");
	put("i/y.h", "");
	expect("a.c b.h i/y.h");
	expect("a.c b.h i/y.h", .macros = "STR(x)=#x");
	change("b.h", "#define STR(x) #x\n");
	expect("a.c: #include STR(x.h) depends on macros");
}

/* 20 macros of two values each, and one of 3000. */
Test(closure_made, too_many_values)
{
	char *all = xstrdup(""), *line = xstrdup("");
	for (int i = 0; i < 20; i++) {
		char *longer = xasprintf("%s#define M%d a%d\n#define M%d b%d\n", all, i, i, i, i);
		char *more = xasprintf("%sM%d/", line, i);
		free(all);
		free(line);
		all = longer;
		line = more;
	}
	char *both = xasprintf("%s#define S(x) T(x)\n#define T(x) #x\n#include S(%s)\n", all, line);
	put("a.c", both);
	char *got = files_of(&(struct ask){0});
	cr_expect(strstr(got, "may name too many files"), "%.200s", got);
	free(got);
	free(all);
	all = xstrdup("");
	for (int i = 0; i < 3000; i++) {
		char *longer = xasprintf("%s#define M \"%d\"\n", all, i);
		free(all);
		all = longer;
	}
	char *values = xasprintf("%s#include M\n", all);
	put("b.c", values);
	expect("b.c: #include M may name too many files", .source = "b.c");
	free(all);
	free(line);
	free(both);
	free(values);
}
