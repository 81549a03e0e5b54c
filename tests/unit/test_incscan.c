#include "base/str.h"
#include "core/incscan.h"

#include <criterion/criterion.h>
#include <string.h>

/* The items, one behind the other: a letter of the kind, the name as in a source, and of computed ones
 * what they hang on. */
static char *describe(const struct incscan *s)
{
	static const char kinds[] = "inhHed";
	char *all = xstrdup("");
	struct incscan_item item;
	for (size_t at = 0; incscan_next(s, &at, &item);) {
		const char *open = item.form == INCSCAN_QUOTED   ? "\""
				   : item.form == INCSCAN_ANGLED ? "<"
				   : item.form == INCSCAN_OTHER  ? "?"
								 : "";
		const char *close = item.form == INCSCAN_QUOTED   ? "\""
				    : item.form == INCSCAN_ANGLED ? ">"
								  : "";
		char *longer = item.kind == INCSCAN_DEFINE
				       ? xasprintf("%s%sd %s=%s%s%s", all, *all ? "; " : "",
						 item.name, open, item.more, close)
				       : xasprintf("%s%s%c %s%s%s%s%s", all, *all ? "; " : "",
						 kinds[item.kind], open, item.name, close,
						 *item.more ? " if " : "", item.more);
		free(all);
		all = longer;
	}
	return all;
}

/* As a text of its own size, so that the sanitizers see a read past its end. */
static struct incscan *scan(const char *text, size_t n)
{
	char *copy = xmalloc(n ? n : 1);
	memcpy(copy, text, n);
	struct incscan *s = incscan_create(copy, n);
	free(copy);
	cr_assert_eq(incscan_check(s, incscan_bytes(s)), s);
	return s;
}

struct row {
	const char *text, *items;
};

static void expect(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct incscan *s = scan(rows[i].text, strlen(rows[i].text));
		char *items = describe(s);
		cr_expect_str_eq(items, rows[i].items, "%s\n  gives  %s\n  not  %s", rows[i].text,
			items, rows[i].items);
		cr_expect_null(incscan_problem(s), "%s: %s", rows[i].text, incscan_problem(s));
		free(items);
		free(s);
	}
}
#define EXPECT(...)                                                                                \
	do {                                                                                       \
		static const struct row rows_[] = {__VA_ARGS__};                                   \
		expect(rows_, sizeof rows_ / sizeof *rows_);                                       \
	} while (0)

Test(incscan, directives)
{
	EXPECT({"", ""}, {"int a;\n", ""}, {"#", ""}, {"#\n#include \"a.h\"\n", "i \"a.h\""},
		{"#include \"a.h\"\n", "i \"a.h\""}, {"#include <a/b.h>", "i <a/b.h>"},
		{"#include\"a.h\"\n#include<b.h>\n", "i \"a.h\"; i <b.h>"},
		{"\t # \f include \v \"a.h\" more\n", "i \"a.h\""},
		{"#include \"a.h\"\r\n#include \"b.h\"\r\n", "i \"a.h\"; i \"b.h\""},
		{"#import \"a.h\"\n", "i \"a.h\""}, {"#include_next <a.h>\n", "n <a.h>"},
		{"#embed \"a.bin\" limit(3)\n", "e \"a.bin\""},
		{"#pragma GCC dependency \"parse.y\" words\n", "e \"parse.y\""},
		{"%:include \"a.h\"\n", "i \"a.h\""}, {"%\\\n:include \"a.h\"\n", "i \"a.h\""},
		{"?\?=include \"a.h\"\n", "i \"a.h\""},
		{"\xef\xbb\xbf#include \"a.h\"\n", "i \"a.h\""}, {"x #include \"a.h\"\n", ""},
		{"#includes \"a.h\"\n#xinclude \"a.h\"\n", ""},
		{"#include \"a.h\n#include \"b.h\"\n", "i \"b.h\""},
		{"#include\n#include \"b.h\"\n", "i \"b.h\""},
		{"#include \"a\\b.h\"\n", "i \"a\\b.h\""}, {"#include <a//b.h>\n", "i <a//b.h>"},
		{"#include </*.h>\n", "i </*.h>"}, {"a %: b ? c\n", ""});
}

Test(incscan, nul_bytes_are_blanks)
{
	static const char text[] = "\0#\0include\0\"a.h\"\0\n";
	struct incscan *s = scan(text, sizeof text - 1);
	char *items = describe(s);
	cr_expect_str_eq(items, "i \"a.h\"");
	free(items);
	free(s);
}

Test(incscan, lines_that_go_on)
{
	EXPECT({"#inc\\\nlude \"a.h\"\n", "i \"a.h\""}, {"#include \"a\\\n.h\"\n", "i \"a.h\""},
		{"#include \\\n\"a.h\"\n", "i \"a.h\""}, {"\\\n#include \"a.h\"\n", "i \"a.h\""},
		{" \\\n \\\n # \\\n include <a.h>\n", "i <a.h>"},
		{"#include \\  \n\"a.h\"\n", "i \"a.h\""},
		{"#include \\\r\n\"a.h\"\r\n", "i \"a.h\""}, {"x \\\n#include \"a.h\"\n", ""},
		{"#define X \\\n#include \"a.h\"\n#include \"b.h\"\n", "i \"b.h\""},
		{"?\?/\n#include \"a.h\"\nx ?\?/\n#include \"b.h\"\n",
			"i \"a.h\"; i \"b.h\"; i \"a.h\""},
		{"#include \"a.h\"\\", "i \"a.h\""}, {"#include \"a.h\" \\\n", "i \"a.h\""});
}

Test(incscan, comments)
{
	EXPECT({"/* x */ #include \"a.h\"\n", "i \"a.h\""},
		{"/* \n */ # /* */ include /**/ \"a.h\"\n", "i \"a.h\""},
		{"/*\n#include \"a.h\"\n*/\n", ""}, {"//\n#include \"a.h\"\n", "i \"a.h\""},
		{"// x \\\n#include \"a.h\"\n#include \"b.h\"\n", "i \"b.h\""},
		{"/\\\n* #x *\\\n/ #include \"a.h\"\n", "i \"a.h\""},
		{"/\\\n/ x \\\n #include \"a.h\"\n", ""},
		{"/*/ #include \"a.h\"\n*/#include \"b.h\"\n", "i \"b.h\""},
		{"/***\n***/ #include \"a.h\"\n", "i \"a.h\""},
		{"/* \" */ #include \"a.h\"\n", "i \"a.h\""},
		{"// don't \"\n#include \"a.h\"\n", "i \"a.h\""},
		{"x /* */ #include \"a.h\"\n", ""}, {"a / b\n#include \"a.h\"\n", "i \"a.h\""},
		{"/* without an end\n#include \"a.h\"\n", ""},
		{"#define X /* \n */ y\n#include \"a.h\"\n", "d X=y; i \"a.h\""},
		/* C of 1990 has no comments of two slashes */
		{"// /* \n#include \"a.h\"\n// */\n#include \"b.h\"\n",
			"i \"a.h\"; i \"b.h\"; i \"b.h\""},
		{"//* x\n#include \"a.h\"\n", "i \"a.h\""},
		{"// /* */\n#include \"a.h\"\n", "i \"a.h\""});
}

Test(incscan, literals)
{
	EXPECT({"\"/*\"\n#include \"a.h\"\n", "i \"a.h\""},
		{"'\"'\n#include \"a.h\"\n", "i \"a.h\""},
		{"\"\\\"/*\"\n#include \"a.h\"\n", "i \"a.h\""},
		{"\"x\\\ny /* \"\n#include \"a.h\"\n", "i \"a.h\""},
		{"\"\\\\\" /*\n#include \"a.h\"\n*/", ""},
		{"\"\\\\\\\n\" /*\n#include \"a.h\"\n*/", ""},
		{"don't\n#include \"a.h\"\n", "i \"a.h\""}, {"\"\n#include \"a.h\"\n", "i \"a.h\""},
		{"\"\" #include \"a.h\"\n", ""}, {"L'\\'' /*\n#include \"a.h\"\n*/", ""},
		/* a number in one dialect, a literal in another */
		{"1'000 /*'\n#include \"a.h\"\n*/\n", "i \"a.h\""},
		{"1'000'000\n#include \"a.h\"\n", "i \"a.h\""},
		{"a1'000 /*'\n#include \"a.h\"\n", "i \"a.h\""},
		{"x.1'000 /*'\n#include \"a.h\"\n*/\n", "i \"a.h\""},
		/* raw strings in one dialect, lines in another */
		{"R\"(\n#include \"a.h\"\n)\"\n#include \"b.h\"\n",
			"i \"b.h\"; i \"a.h\"; i \"b.h\""},
		{"u8R\"x(\" /* )y\" )x\"\n#include \"b.h\"\n", "i \"b.h\""},
		{"LR\"(\\)\"\n#include \"b.h\"\n", "i \"b.h\""},
		{"xR\"(\n#include \"a.h\"\n", "i \"a.h\""},
		{"R\"a b(\"\n#include \"a.h\"\n", "i \"a.h\""});
}

Test(incscan, branches)
{
	EXPECT({"#if 0\n#include \"a.h\"\n#else\n#include \"b.h\"\n#endif\n#include \"c.h\"\n",
		       "i \"b.h\"; i \"c.h\""},
		{"#if 1\n#include \"a.h\"\n#elif X\n#include \"b.h\"\n#else\n#include \"c.h\"\n#endif\n",
			"i \"a.h\""},
		{"#if X\n#include \"a.h\"\n#elif 1\n#include \"b.h\"\n#else\n#include \"c.h\"\n#endif\n",
			"i \"a.h\" if X ; i \"b.h\""},
		{"#if 0\n#if X\n#include \"a.h\"\n#else\n#include \"b.h\"\n#endif\n#elif 0\n#include \"c.h\"\n#endif\n",
			""},
		{"#if 0 || X\n#include \"a.h\"\n#endif\n", "i \"a.h\""},
		{"#if/**/0/**/\n#include \"a.h\"\n#endif", ""},
		{"#if 0\ndon't /* \n#endif\n*/\n#include \"a.h\"\n#endif\n#include \"b.h\"\n",
			"i \"a.h\"; i \"b.h\""},
		{"#ifdef X\n#include \"a.h\"\n#elifdef Y\n#include \"b.h\"\n#elifndef Z\n#include \"c.h\"\n#endif\n",
			"i \"a.h\" if X ; i \"b.h\" if Y ; i \"c.h\""},
		{"#endif\n#else\n#elif 0\n#include \"a.h\"\n", "i \"a.h\""},
		{"#if 00\n#include \"a.h\"\n", "i \"a.h\""});
}

Test(incscan, questions)
{
	EXPECT({"#if __has_include(\"a.h\") && __has_include ( <b.h> )\n", "h \"a.h\"; h <b.h>"},
		{"#if __has_include_next(<a.h>)\n#elif __has_embed(\"b\" limit(1))\n",
			"H <a.h>; e \"b\""},
		{"#if __has_include__(\"a.h\")\n", "h \"a.h\""},
		{"#ifdef __has_include\n#endif\n", ""},
		{"#if defined __has_include && defined(__has_include)\n", ""},
		{"#ifndef __has_include\n#define __has_include(x) 0\n#endif\n", ""},
		{"#if __has_include(NAME)\n", "h NAME"},
		{"#if __has_include(NAME(x))\n", "h ?NAME(x))"},
		{"#define HAS __has_include(<a.h>)\n", "h <a.h>"},
		{"#define HAS(x) __has_include(x)\n", "h ?__has_include(x)"},
		{"#define HAS \"__has_include(x)\"\n", "d HAS=\"__has_include(x)\""},
		{"#if __has_\\\ninclude(<a.h>)\n", "h <a.h>"}, {"__has_include(<a.h>)\n", ""},
		{"#if 0\n#elif __has_include(\"a.h\")\n#endif\n", "h \"a.h\""});
}

Test(incscan, names_that_macros_make)
{
	EXPECT({"#include NAME\n", "i NAME"}, {"#include NAME // x\n", "i NAME"},
		{"#include NAME(a, b)\n", "i ?NAME(a, b)"}, {"#include <a\n", "i ?<a"},
		{"#include A B\n", "i ?A B"},
		{"#ifdef X\n#if defined(Y) && Z > 3\n#include NAME\n#endif\n#include B\n#else\n#include C\n#endif\n",
			"i NAME if X Y ; i B if X ; i C"},
		{"#if defined X || Y\n#include A\n#elif defined Z\n#include B\n#elif Q\n#include C\n#endif\n",
			"i A; i B if Z ; i C if Q "},
		{"#ifndef X\n#include A\n#else\n#include B\n#endif\n", "i A; i B"},
		{"#if true\n#include A\n#endif\n#if F(x)\n#include B\n#endif\n#if X or Y\n#include C\n#endif\n",
			"i A; i B; i C"},
		{"#ifdef __X__\n#include A\n#elif \u00e9\n#include B\n#endif\n", "i A; i B"},
		{"#ifdef X\n#define Y __has_include(<a.h>)\n#if __has_include(<b.h>)\n#endif\n#endif\n",
			"h <a.h> if X ; h <b.h> if X "},
		{"#if XY && defined(X)\n#include A\n#endif\n#if !defined(X)\n#include B\n#endif\n",
			"i A if XY ; i B"},
		{"#if X ? 0 : 1\n#include A\n#endif\n", "i A"});
}

Test(incscan, definitions)
{
	EXPECT({"#define A \"a.h\"\n#define B <b.h>\n#define C A\n",
		       "d A=\"a.h\"; d B=<b.h>; d C=A"},
		{"#define A \"a\" \"b\"\n#define B(x) \"b\"\n#define C 1\n#define D x y\n#define E\n",
			""},
		{"#define A \"a\\n\"\n#define B L\"b\"\n#define C <b> c\n", ""},
		{"# define /**/ A /**/ \"a.h\" /* x */\n", "d A=\"a.h\""});
}

static bool defines(const struct incscan *s, const char *name, bool *ret_simple)
{
	return incscan_defines(s, incscan_hash(name, strlen(name)), ret_simple);
}

Test(incscan, macros_are_known)
{
	static const char text[] =
		"#define A \"a.h\"\n#define B(x) x\n#ifdef Q\n#define A 3\n#endif\n#define C D\n"
		"#ifdef R\n#undef R\n#define R \"r\"\n#endif\n#undef U\n#pragma pop_macro(\"P\")\n#if 0\n#define N\n#endif\n";
	struct incscan *s = scan(text, strlen(text));
	bool simple = true;
	cr_expect(defines(s, "A", &simple) && !simple);
	cr_expect(defines(s, "B", &simple) && !simple);
	cr_expect(defines(s, "C", &simple) && simple);
	cr_expect(!defines(s, "D", &simple) && !defines(s, "N", &simple) &&
		  !defines(s, "U", &simple));
	cr_expect(incscan_introduces(s, incscan_hash("A", 1)));
	cr_expect(defines(s, "R", &simple) && !simple);
	cr_expect(!incscan_introduces(s, incscan_hash("R", 1)));
	cr_expect(incscan_undefines(s, incscan_hash("U", 1)));
	cr_expect(incscan_undefines(s, incscan_hash("P", 1)));
	cr_expect(!incscan_undefines(s, incscan_hash("A", 1)));
	free(s);
}

static void expect_definitions(const char *text, const char *expected)
{
	struct strv all = {0};
	incscan_definitions(text, strlen(text), "M", &all);
	char *got = xstrdup("");
	for (size_t i = 0; i < all.n; i++) {
		char *longer = xasprintf("%s%s|", got, all.v[i]);
		free(got);
		got = longer;
	}
	cr_expect_str_eq(got, expected, "%s: %s", text, got);
	free(got);
	strv_fini(&all);
}

Test(incscan, definitions_are_whole)
{
	expect_definitions("#define M(x) #x\n", "(x) #x|");
	expect_definitions("#define M (x)\n#define M\n#define N 3\n#define MM 4\n", " (x)| |");
	expect_definitions(
		" # /**/ define\\\n M( a,\\\n b... )  a/* c\n */##b // d\n", "( a, b... )  a ##b|");
	expect_definitions("%:define M \"/*\" '\"' <a//b\n", " \"/*\" '\"' <a|");
	expect_definitions("/*\n#define M 1\n*/\n\"\\\n#define M 2\\\n\"\n", "");
	expect_definitions(
		"#if 0\n#define M 1\n#elif A\n#define M 2\n#else\n#define M 3\n#endif\n", " 2| 3|");
	expect_definitions("\xef\xbb\xbf#define M 1", " 1|");
	/* in each dialect */
	expect_definitions("const char *a = R\"(\n#define M 1\n)\";\n#define M 2\n", " 2| 1| 2|");
	expect_definitions("?\?=define M a?\?/\n b\n", " a b|");
	expect_definitions("#undef M\n#ifdef M\n#define X\n", "");
}

Test(incscan, flags)
{
	static const struct {
		const char *text;
		unsigned flags;
	} rows[] = {
		{"int a;\n", 0},
		{"x = __TIME__ __DATE__;\n", INCSCAN_TIME | INCSCAN_DATE},
		{"#define T __TIMESTAMP__\n", INCSCAN_TIMESTAMP},
		{"x = __TI\\\nME__;\n", INCSCAN_TIME},
		{"#define T __DA\\\n\\\nTE__\n", INCSCAN_DATE},
		{"asm(\".inc\\\nbin \\\"x\\\"\");\n", INCSCAN_INCBIN},
		{"asm(\".incbin \\\"x\\\"\");\n", INCSCAN_INCBIN},
		{"asm(\".include \\\"x\\\"\");\n", INCSCAN_ASM_INCLUDE},
		{"a.include = 3;\n", 0},
		{"#pragma GCC dependency \"x\"\n", INCSCAN_FILE_DATES},
		{"_Pragma(\"GCC dependency \\\"x\\\"\")\n", INCSCAN_FILE_DATES},
		{"#pragma GCC pch_preprocess \"x\"\n", INCSCAN_PCH},
		{"#pragma once\n", INCSCAN_ONCE},
		{"#ifdef X\n#pragma once\n#endif\n", 0},
		{"#include_next <a.h>\n", INCSCAN_USES_NEXT},
		{"import a;\n", INCSCAN_MODULES},
		{"import <a>;\n", INCSCAN_MODULES},
		{"int a;\n\tmodule;\n", INCSCAN_MODULES},
		{"export module a.b;\n", INCSCAN_MODULES},
		{"/* */ import a;\n", INCSCAN_MODULES},
		{"/*\nimport a;\n*/\n", 0},
		{"module = import;\nmodule->a;\nimportant;\nint import;\n", 0},
		{"const char *s = R\"(\nimport a;\n)\";\n", INCSCAN_MODULES},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct incscan *s = scan(rows[i].text, strlen(rows[i].text));
		cr_expect_eq(
			incscan_flags(s), rows[i].flags, "%s: %x", rows[i].text, incscan_flags(s));
		free(s);
	}
}

Test(incscan, guards)
{
	static const struct {
		const char *text;
		bool guarded;
	} rows[] = {
		{"#ifndef G\n#define G\n#include \"a.h\"\n#endif\n", true},
		{"/* x */\n#if !defined(G)\n#define G 1\n#if X\n#include \"a.h\"\n#else\n#endif\n#endif\nint x;\n",
			true},
		{"#if !defined G\n#define G\n#endif\n", true},
		{"#ifndef G\n#define H\n#include \"a.h\"\n#endif\n", false},
		{"#ifndef G\n#define G\n#else\n#include \"a.h\"\n#endif\n", false},
		{"#ifndef G\n#define G\n#endif\n#include \"a.h\"\n", false},
		{"#include \"a.h\"\n#ifndef G\n#define G\n#endif\n", false},
		{"#if !defined(G) || X\n#define G\n#include \"a.h\"\n#endif\n", false},
		{"#if !G\n#define G 1\n#include \"a.h\"\n#endif\n", false},
		{"#ifndef G\n#include \"a.h\"\n#define G\n#endif\n", false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct incscan *s = scan(rows[i].text, strlen(rows[i].text));
		cr_expect_eq(!!(incscan_flags(s) & INCSCAN_GUARDED), rows[i].guarded, "%s",
			rows[i].text);
		if (rows[i].guarded)
			cr_expect_eq(incscan_guard(s), incscan_hash("G", 1));
		free(s);
	}
}

Test(incscan, what_cannot_be_read_for_certain)
{
	struct incscan *s = scan("int a;\r#include \"a.h\"\n", 22);
	cr_expect_str_eq(incscan_problem(s), "a lone carriage return");
	free(s);

	char deep[300 * 7 + 1];
	for (size_t i = 0; i < 300; i++)
		memcpy(deep + 7 * i, "#if XY\n", 8);
	s = scan(deep, strlen(deep));
	cr_expect_str_eq(incscan_problem(s), "conditionals nested too deeply");
	free(s);

	char *name = xmalloc(6000);
	memset(name, 'a', 6000);
	memcpy(name, "#include <", 10);
	memcpy(name + 5998, ">\n", 2);
	s = scan(name, 6000);
	cr_expect_str_eq(incscan_problem(s), "a file's name of more than 4095 bytes");
	free(s);
	free(name);
}

Test(incscan, a_block_that_is_not_whole_is_no_scan)
{
	static const char text[] = "#include \"a.h\"\n#define B <c.h>\n#define D 1\n#undef E\n";
	struct incscan *s = scan(text, strlen(text));
	size_t n = incscan_bytes(s);
	for (size_t i = 0; i < n; i++) {
		void *part = xmalloc(i ? i : 1);
		memcpy(part, s, i);
		cr_expect_null(incscan_check(part, i));
		free(part);
	}
	char *copy = xmalloc(n + 4);
	memcpy(copy, s, n);
	cr_expect_eq((const void *)incscan_check(copy, n), (const void *)copy);
	cr_expect_null(incscan_check(copy, n + 1));
	copy[n - 1] = 'x';
	cr_expect_null(incscan_check(copy, n));
	free(copy);
	free(s);
}
