#include "core/dtext.h"

#include "base/err.h"
#include "base/str.h"

#include <criterion/criterion.h>
#include <string.h>

/* What gcc 12 writes in front of every main file. */
#define PROLOGUE                                                                                   \
	"# 0 \"a.c\"\n# 1 \"/src//\"\n# 0 \"<built-in>\"\n#define __STDC__ 1\n"                    \
	"# 0 \"<command-line>\"\n#define D 1\n# 1 \"/usr/p.h\" 1 3 4\nint p;\n"                    \
	"# 0 \"<command-line>\" 2\n#define E 1\n# 1 \"a.c\"\n"
#define REWRITTEN "# 1 \"/usr/p.h\" 1 3 4\nint p;\n# 1 \"\" 2\n#line 1\n"

struct outcome {
	int err;
	char *trap, *files;
	struct buf out;
};

static const char *on_file(void *ctx, const char *path, bool system)
{
	struct outcome *o = ctx;
	char *files = xasprintf(system ? "%s<%s>;" : "%s%s;", o->files, path);
	free(o->files);
	o->files = files;
	return strcmp(path, "bad.h") == 0 ? "a bad file" : NULL;
}

static struct outcome run(const char *text, size_t n, size_t piece)
{
	struct outcome o = {.files = xstrdup("")};
	struct dtext *d = dtext_create();
	dtext_on_file(d, on_file, &o);
	buf_init(&o.out, 1 << 20);
	for (size_t at = 0; at < n && !o.err; at += piece)
		o.err = dtext_feed(d, text + at, n - at < piece ? n - at : piece, &o.out);
	if (!o.err)
		o.err = dtext_finish(d, &o.out);
	o.trap = dtext_trap(d) ? xstrdup(dtext_trap(d)) : NULL;
	dtext_destroy(d);
	return o;
}

static void fini(struct outcome *o)
{
	free(o->trap);
	free(o->files);
	buf_fini(&o->out);
}

/* Whatever the pieces, text becomes expected. */
static void expect(const char *text, const char *expected)
{
	size_t n = strlen(text);
	const size_t pieces[] = {n ? n : 1, 1, 2, 3, 7, 64};
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		struct outcome o = run(text, n, pieces[i]);
		cr_assert_eq(o.err, 0, "%s: %s", text, o.trap ? o.trap : err_str(o.err));
		cr_assert_eq(o.out.len, strlen(expected), "in pieces of %zu: %.*s", pieces[i],
			(int)o.out.len, (const char *)o.out.data);
		cr_assert(memcmp(o.out.data, expected, o.out.len) == 0, "%.*s", (int)o.out.len,
			(const char *)o.out.data);
		fini(&o);
	}
}

static void expect_trap(const char *text, const char *words)
{
	size_t n = strlen(text);
	for (size_t piece = 1; piece <= n + 1; piece += piece < 9 ? 1 : n / 3 + 1) {
		struct outcome o = run(text, n, piece);
		cr_assert_eq(o.err, ERR_UNSAFE, "%s is not refused", text);
		cr_assert_not_null(strstr(o.trap, words), "%s: refused for %s", text, o.trap);
		fini(&o);
	}
}

/* What the text leaves out of the beginning. */
Test(dtext, keeps_macros_if_they_are_wanted)
{
	static const char text[] = PROLOGUE "#define MINE\nint x;\n";
	struct dtext *d = dtext_create();
	struct buf out, macros;
	buf_init(&out, 1000);
	buf_init(&macros, 1000);
	dtext_keep_macros(d, &macros);
	for (size_t i = 0; i < sizeof text - 1; i++)
		cr_assert_eq(dtext_feed(d, text + i, 1, &out), 0);
	cr_assert_eq(dtext_finish(d, &out), 0);
	wr_u8(&macros, 0);
	cr_expect_str_eq((char *)macros.data, "#define __STDC__ 1\n#define D 1\n#define E 1\n");
	cr_expect_eq(out.len, strlen(REWRITTEN "#define MINE\nint x;\n"));
	dtext_destroy(d);
	buf_fini(&out);
	buf_fini(&macros);
}

Test(dtext, rewrites)
{
	static const struct {
		const char *body, *expected;
	} rows[] = {
		{"", ""},
		{"int a;\n", "int a;\n"},
		{"int a;", "int a;"},
		{"int a;\r\n#define X\r\n", "int a;\r\n#define X\r\n"},
		{"#define M(a) \\\n a\n", "#define M(a) \\\n a\n"},
		/* into a header and back: the main file's name is left to gcc */
		{"# 1 \"h.h\" 1\nint h;\n# 2 \"a.c\" 2\n", "# 1 \"h.h\" 1\nint h;\n# 2 \"\" 2\n"},
		{"# 1 \"/h.h\" 1 3 4\n# 9 \"a.c\" 2\n", "# 1 \"/h.h\" 1 3 4\n# 9 \"\" 2\n"},
		{"# 1 \"x.h\" 1 3\n# 1 \"y.h\" 1 3 4\n# 2 \"x.h\" 2 3\n# 2 \"a.c\" 2\n",
			"# 1 \"x.h\" 1 3\n# 1 \"y.h\" 1 3 4\n# 2 \"\" 2 3\n# 2 \"\" 2\n"},
		/* the indentation of a directive */
		{" \t# 1 \"h.h\" 1\n# 2 \"a.c\" 2\n", " \t# 1 \"h.h\" 1\n# 2 \"\" 2\n"},
		/* lines that a conditional took out */
		{"int a;\n# 30 \"a.c\"\nint b;\n", "int a;\n#line 30\nint b;\n"},
		{"# 1 \"/h.h\" 1 3\n# 40 \"/h.h\" 3\n# 2 \"a.c\" 2\n",
			"# 1 \"/h.h\" 1 3\n# 40 \"/h.h\" 3\n# 2 \"\" 2\n"},
		{"# 1 \"h.h\" 1\n# 40 \"h.h\"\n# 2 \"a.c\" 2\n",
			"# 1 \"h.h\" 1\n#line 40\n# 2 \"\" 2\n"},
		/* the user's own #line: another name, the same name, back and forth */
		{"# 5 \"y.y\"\nint y;\n# 90 \"y.y\"\n", "#line 5 \"y.y\"\nint y;\n#line 90\n"},
		{"\n# 1 \"a.c\"\nint y;\n", "\n#line 1 \"a.c\"\nint y;\n"},
		{"# 5 \"y.y\"\n# 500 \"a.c\"\n", "#line 5 \"y.y\"\n#line 500 \"a.c\"\n"},
		{"# 5 \"y.y\"\n# 1 \"h.h\" 1\n# 6 \"y.y\" 2\n",
			"#line 5 \"y.y\"\n# 1 \"h.h\" 1\n# 6 \"\" 2\n"},
		/* no markers, whatever they look like */
		{"# 1 apple\n#1 \"a\"\n# 1 \"open\n", "# 1 apple\n#1 \"a\"\n# 1 \"open\n"},
		{"x = \"# 1 \\\"b\\\" 1\";\n", "x = \"# 1 \\\"b\\\" 1\";\n"},
		{"# 1 \"b\" 5\n# 1 \"b\" 1 1\n# 1 \"b\" x\n",
			"# 1 \"b\" 5\n# 1 \"b\" 1 1\n# 1 \"b\" x\n"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text = xasprintf("%s%s", PROLOGUE, rows[i].body);
		char *expected = xasprintf("%s%s", REWRITTEN, rows[i].expected);
		expect(text, expected);
		free(text);
		free(expected);
	}
}

Test(dtext, odd_names)
{
	static const char *const names[] = {"a b.c", "\\\"q\\\".c", "back\\\\slash.c",
		"\\303\\244.c", "/abs/a.c", "x//y.c", "<odd>.c"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *s = names[i];
		char *text = xasprintf("# 0 \"%s\"\n# 0 \"<built-in>\"\n# 1 \"%s\"\n"
				       "# 1 \"h\" 1\n# 2 \"%s\" 2\n# 99 \"%s\"\n",
			s, s, s, s);
		expect(text, "#line 1\n# 1 \"h\" 1\n# 2 \"\" 2\n#line 99\n");
		free(text);
	}
}

Test(dtext, names_files_as_they_are_opened)
{
	static const char text[] =
		"# 0 \"a \\\"b\\\\.c\"\n# 1 \"a \\\"b\\\\.c\"\n# 1 \"\\303\\244.h\" 1\n";
	struct outcome o = run(text, strlen(text), 5);
	cr_assert_eq(o.err, 0);
	cr_assert_str_eq(o.files, "a \"b\\.c;\303\244.h;");
	fini(&o);
	static const char system[] =
		PROLOGUE "# 1 \"/s.h\" 1 3 4\n# 1 \"/t.h\" 1 3\n# 1 \"u.h\" 1\n";
	o = run(system, strlen(system), 3);
	cr_assert_eq(o.err, 0);
	cr_assert_str_eq(o.files + strcspn(o.files, "<"), "</usr/p.h>;</s.h>;</t.h>;u.h;");
	fini(&o);
	expect_trap(PROLOGUE "# 1 \"bad.h\" 1\n", "a bad file");
}

Test(dtext, refuses_what_is_not_gcc_11)
{
	static const char *const texts[] = {"", "int a;\n", "\n", "# 1 \"a.c\"\nint a;\n",
		"# 1 \"a.c\"\n# 1 \"<built-in>\"\n", "# 0 \"a.c\" 1\n"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		expect_trap(texts[i], "gcc 11");
	expect_trap("# 0 \"a.c\"\n", "ended early");
	expect_trap("# 0 \"a.c\"\n# 0 \"<built-in>\"\n#define X\n", "ended early");
	expect_trap("# 0 \"a.c\"\n# 7 \"b.c\"\n", "unknown kind");
}

Test(dtext, refuses_what_does_not_nest)
{
	expect_trap(PROLOGUE "# 2 \"a.c\" 2\n", "nest");
	expect_trap(PROLOGUE "# 1 \"h.h\" 1\n# 2 \"b.c\" 2\n", "nest");
	expect_trap(PROLOGUE "# 1 \"h.h\" 1\n# 2 \"\" 2\n", "nest");
	expect_trap("# 0 \"a.c\"\n# 1 \"h.h\" 1\n# 2 \"a.c\" 2\n", "nest");
	expect_trap(PROLOGUE "#define M \\\n# 1 \"h.h\" 1\n", "continued");
	expect_trap(PROLOGUE "#define M \\\r\n# 1 \"h.h\" 1\n", "continued");
	struct buf deep;
	buf_init(&deep, 1 << 20);
	wr_raw(&deep, PROLOGUE, strlen(PROLOGUE));
	for (int i = 0; i < 2000; i++)
		wr_raw(&deep, "# 1 \"h\" 1\n", 10);
	struct outcome o = run((const char *)deep.data, deep.len, 999);
	cr_assert_eq(o.err, ERR_UNSAFE);
	cr_assert_str_eq(o.trap, "includes are nested too deeply");
	fini(&o);
	buf_fini(&deep);
}

Test(dtext, traps)
{
	static const struct {
		const char *body, *words;
	} rows[] = {
		{"const char *t = __TIME__;\n", "__TIME__"},
		{"#define T __DATE__", "__DATE__"},
		{"f(__TIMESTAMP__)\n", "__TIMESTAMP__"},
		{"asm(\".incbin \\\"f\\\"\");\n", ".incbin"},
		{"asm(\".INCBIN \\\"f\\\"\");\n", ".incbin"},
		{"asm(\".include \\\"f\\\"\");\n", ".include"},
		{"asm(\"\\t.Include\\t \\\"f\\\"\");\n", ".include"},
		{"asm(\".include \" FILE);\n", ".include"},
		{"#pragma GCC pch_preprocess \"x\"\n", "precompiled"},
		{"#pragma GCC dependency \"x\"\n", "dependency"},
		{"#pragma GCC target(\"avx2\")\n", "target"},
		{"  #pragma GCC optimize(\"O3\")\n", "optimize"},
		{"_Pragma (\"once\")\n", "once"},
		{"_Pragma(\"pop_macro(\\\"X\\\")\")\n", "pop_macro"},
		{"_Pragma( \" GCC  target(\\\"avx\\\")\")\n", "target"},
		{"#embed <x>\n", "#embed"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text = xasprintf("%s%s", PROLOGUE, rows[i].body);
		expect_trap(text, rows[i].words);
		free(text);
	}
	/* the command line becomes a flag of the node's compiler */
	expect_trap("# 0 \"a.c\"\n# 0 \"<command-line>\"\n#define D __TIME__\n", "__TIME__");
}

Test(dtext, leaves_look_alikes_alone)
{
	static const char body[] =
		"x.include = 1; y.included(); z.incbins = 2; a.include[\"b\"] = c . include;\n"
		"int __TIMER__, __DATES, _PragmaX; float f = 1.; \".includes\";\n"
		"#pragma GCC diagnostic push\n#pragma pack(push)\n#pragma once_more\n#pragma target\n"
		"_Pragma(\"GCC diagnostic pop\") _Pragma(X) _Pragma(\"GCC targets\")\n"
		"# 1 \"/i.h\" 1 3\n#pragma GCC target(\"avx2\")\n# 6 \"a.c\" 2\n";
	char *text = xasprintf("%s%s", PROLOGUE, body);
	struct outcome o = run(text, strlen(text), 11);
	cr_assert_eq(o.err, 0, "%s", o.trap);
	fini(&o);
	free(text);
}

Test(dtext, bounded_by_its_output)
{
	struct dtext *d = dtext_create();
	struct buf out;
	buf_init(&out, 10);
	cr_assert_eq(dtext_feed(d, PROLOGUE "int long_enough;\n", strlen(PROLOGUE) + 17, &out),
		ERR_TOOBIG);
	cr_assert_null(dtext_trap(d));
	dtext_destroy(d);
	dtext_destroy(NULL);
	buf_fini(&out);
}

Test(dtext, sources)
{
	static const struct {
		const char *text, *words; /* NULL: nothing is wrong with it */
	} rows[] = {
		{"", NULL},
		{"int a = 'x', b = '\\'', c = '\"'; char *s = \"don't /* \\\" \\\\\"; // it's\n",
			NULL},
		{"/* don't\n \"quote */ int a;\r\n/* a * b **/ int b; /*/ x */\n", NULL},
		{"#error don't do that\n#if 0\n#warning it's \"bad\n#endif\n", NULL},
		{"char *s = \"a\\\nb\\\r\nc\";\n#define X \\\n 'a'\n", NULL},
		{"int n = 1'000'000 + 0x'ff; auto c = u8'a' + L'b' + U'c';\n", NULL},
		{"auto s = R\"x(don't \" )\" \n#pragma omp\n)x\" \"y\";\n", NULL},
		{"auto s = u8R\"(\\)\" u8\"a\"; int FOUR\"(b\";\n", NULL},
		{"#pragma once\n# pragma GCC diagnostic push\n#pragma pack(1)\n#pragma STDC X\n",
			NULL},
		{"int a = b %:c; x = y ? z : w; /* ?\?= */ // ?\?/ no\n", NULL},
		{"/* # 1 \"a.h\" */\n/*\n # 1 \"a.h\"\n# 1 apple\n*/\n", NULL},
		{"// goes on \\\ndon't\nint a;\n", NULL},
		{"#define F(x) /* a\n b */ x\n/***\\\n* box *\n\\***/\n", NULL},
		{"a = b /\\\n c;\n", NULL},
		{"int a; // the end", NULL},
		{"#if 0\ndon't\n#endif\n", "without its pair"},
		{"char *s = \"open\n", "without its pair"},
		{"char *s = \"open", "without its pair"},
		{"/* a\\*/ int a;\n", "before the end of a comment"},
		{"char *s = \"\\)\";\n", "in a literal"},
		{"int a;\rint b;\n", "carriage return"},
		{"int a \\ \t\n;\n", "blanks at the end"},
		{"// a \\ \nint b;\n", "blanks at the end"},
		{"  %:define X\n", "digraph"},
		{"?\?=define X\n", "trigraph"},
		{"int a; ?\?/\n", "trigraph"},
		{"/* c */ #include \"x.h\"\n", "behind a comment"},
		{"/* c\n */ #define X\n", "behind a comment"},
		{"/\\\n* c */\n", "start on two lines"},
		{"/* c *\\\n/\n", "end on two lines"},
		{"/*\n# 1 \"x.h\" 1\n*/\n", "a comment holds"},
		{"auto s = R\"(\n# 22 \"x.h\" 1\n)\";\n", "a raw string holds"},
		{"auto s = R\"a(never ends)b\";\n", "without an end"},
		{"#pragma message \"x\"\n", "message"},
		{"#\tpragma  message(\"x\")\n", "message"},
		{"#pragma redefine_extname a b\n", "redefine_extname"},
		{"  #pragma pop_macro(\"x\")\n", "pop_macro"},
		{"#pragma GCC poison strcpy\n", "poison"},
		{"#pragma GCC dependency \"x\"\n", "dependency"},
		{"#pragma omp parallel for\n", "omp"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t n = strlen(rows[i].text);
		char *exact = malloc(n ? n : 1); /* so that a sanitizer sees a read past the end */
		memcpy(exact, rows[i].text, n);
		const char *why = dtext_check_source(exact, n);
		if (rows[i].words)
			cr_assert(why && strstr(why, rows[i].words), "%s: %s", rows[i].text,
				why ? why : "fine");
		else
			cr_assert_null(why, "%s: %s", rows[i].text, why);
		free(exact);
	}
}
