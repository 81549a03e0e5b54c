#include "base/vec.h"
#include "core/expand.h"

#include <criterion/criterion.h>
#include <string.h>

/* A macro's name and what stands behind it. */
static const struct macro {
	const char *name, *text;
} macros[] = {
	{"S", "(x) S1(x)"},
	{"S1", "(x...) #x"},
	{"RAW", "( x ) #x"},
	{"HASH", " # x"},
	{"J", "(a, b) a ## b"},
	{"J3", "(a,b,c) a##b##c"},
	{"VA", "(x, ...) S1(x __VA_ARGS__)"},
	{"COMMA", "(x, y...) S1(x, ## y)"},
	{"ANGLED", "(x) <x>"},
	{"ANGLE", " <a abc >"},
	{"EMPTY", "(x, y...) <x y>"},
	{"DIR", " ../../fs"},
	{"NONE", ""},
	{"SELF", " SELF"},
	{"F", "(x) G(x)"},
	{"G", "(x) F(x) x"},
	{"LATE", " S"},
	{"OPEN", " S ("},
	{"abc", " xyz"},
	{"WHITE", "(x) S1(a x b)"},
	{"TWO", "(x,y) y"},
	{"h", " H"},
	{"ODD", " <:"},
	{"OPT", "(x...) __VA_OPT__(x)"},
	{"ONLY", "(x...) S1(a, ## x)"},
	{"BAD", "(x #x"},
};

static VEC(struct expand_definition *) definitions;
static unsigned steps;

static void set_up(void)
{
	for (size_t i = 0; i < sizeof macros / sizeof *macros; i++)
		vec_push(&definitions, expand_definition_create(macros[i].text));
	steps = 1000;
}

static void tear_down(void)
{
	for (size_t i = 0; i < definitions.n; i++)
		expand_definition_destroy(definitions.v[i]);
	vec_fini(&definitions);
}

TestSuite(expand, .init = set_up, .fini = tear_down);

static const struct expand_definition *define(void *ctx, const char *name, size_t n)
{
	(void)ctx;
	if (n > 2 && strncmp(name, "__", 2) == 0)
		return expand_unknown;
	for (size_t i = 0; i < definitions.n; i++)
		if (strlen(macros[i].name) == n && strncmp(macros[i].name, name, n) == 0)
			return definitions.v[i];
	return NULL;
}

static enum expand_result expand(const char *line, struct strv *ret)
{
	return expand_names(&(struct expand_world){.define = define, .steps = &steps}, line, ret);
}

/* other: the second name, when compilers differ. */
static void expect_names(const char *line, const char *name, const char *other)
{
	struct strv names = {0};
	enum expand_result result = expand(line, &names);
	cr_expect_eq(result, EXPAND_DONE, "%s: %d", line, result);
	const char *got = names.n ? names.v[0] : NULL;
	cr_expect(name ? got && strcmp(got, name) == 0 : !got, "%s: %s", line, got);
	const char *last = names.n > 1 ? names.v[1] : got;
	cr_expect(!other || strcmp(last, other) == 0, "%s: %s", line, last);
	strv_fini(&names);
}

static void expect_result(const char *line, enum expand_result expected)
{
	struct strv names = {0};
	enum expand_result result = expand(line, &names);
	cr_expect_eq(result, expected, "%s: %d", line, result);
	strv_fini(&names);
}

Test(expand, strings)
{
	expect_names("\"x.h\" rest", "\"x.h", NULL);
	expect_names("S(dir/name.c)", "\"dir/name.c", NULL);
	expect_names("S(DIR/abc.c)", "\"../../fs/xyz.c", NULL);
	expect_names("RAW(DIR/abc.c)", "\"DIR/abc.c", NULL);
	expect_names("S (  a  .  c  )", "\"a . c", NULL);
	expect_names("S(a,b)", NULL, NULL);
	expect_names("S1(a,b , c)", "\"a,b , c", NULL);
	expect_names("S1((a),b)", "\"(a),b", NULL);
	expect_names("RAW(\"a\\\"\" 'b')", "\"\\\"a\\\\\\\"\\\" 'b'", "\"\"a\\\"\" 'b'");
	expect_names("HASH", NULL, NULL);
	expect_names("L\"x.h\"", NULL, NULL);
	expect_names("\"\"", NULL, NULL);
}

Test(expand, brackets)
{
	expect_names("<a/abc.c>", "<a/xyz.c", NULL);
	expect_names("<a / b.c> c", "<a / b.c", NULL);
	expect_names("ANGLED(x.c)", "<x.c", NULL);
	expect_names("<>", NULL, NULL);
	expect_names("< a", "< a", NULL);
	/* gcc drops a blank before an expansion and an argument; clang takes it from their places */
	expect_names("ANGLE", "<axyz", "<a xyz ");
	expect_names("ANGLED( x.c)", "< x.c", "<x.c");
	expect_names("EMPTY(x.c)", "<x.c", "<x.c ");
	/* to clang, what is in brackets on the line itself is a name already */
	expect_names("S(<abc>)", "\"<xyz>", "\"<abc>");
	expect_names("NONE <abc>", "<xyz", "<abc");
}

Test(expand, pastes)
{
	expect_names("ANGLED(J(a,b)c)", "<abc", NULL);
	expect_names("ANGLED(J(ab,c))", "<xyz", NULL);
	expect_names("ANGLED(J(,c))", "<c", NULL);
	expect_names("ANGLED(J(c,))", "<c", NULL);
	expect_names("ANGLED(J3(a,,c))", "<ac", NULL);
	expect_names("ANGLED(J3(,,))", NULL, NULL);
	expect_names("ANGLED(J3(x,1,_y))", "<x1_y", NULL);
	expect_names("J(S,1)(a.c)", "\"a.c", NULL);
	/* no token: an error in C, in assembly two tokens */
	expect_names("ANGLED(J(a,/)b)", "<a/b", NULL);
	expect_names("ANGLED(J(/,/)b)", "<//b", NULL);
}

Test(expand, variable_arguments)
{
	expect_names("VA(a,b,c)", "\"a b,c", NULL);
	expect_names("VA(a)", "\"a", NULL);
	expect_names("COMMA(a)", "\"a", NULL);
	expect_names("COMMA(a,)", "\"a,", NULL);
	expect_names("COMMA(a,b)", "\"a,b", NULL);
	expect_names("S1()", NULL, NULL);
	expect_result("ONLY()", EXPAND_ODD);
	expect_names("ONLY(b)", "\"a,b", NULL);
}

Test(expand, no_macro_inside_itself)
{
	expect_names("S(SELF.c)", "\"SELF.c", NULL);
	expect_names("S(F(a))", "\"F(a) a", NULL);
	expect_names("S(S(a))", "\"\\\"a\\\"", NULL);
}

Test(expand, calls_from_pieces)
{
	expect_names("LATE(a.c)", "\"a.c", NULL);
	expect_names("OPEN abc)", "\"xyz", NULL);
	expect_names("LATE NONE (abc.c)", NULL, NULL);
	expect_names("S", NULL, NULL);
	expect_names("S(", NULL, NULL);
	expect_names("ANGLED(S)", "<S", NULL);
	expect_names("NONE NONE <a>", "<a", NULL);
	expect_names("S(TWO((a,b),c))", "\"c", NULL);
	expect_names("S(ANGLED)(a)", "\"ANGLED", NULL);
}

Test(expand, blanks_of_arguments)
{
	expect_names("WHITE(abc)", "\"a xyz b", NULL);
	expect_names("WHITE()", "\"a b", NULL);
	expect_names("S(a/NONE/b)", "\"a//b", NULL);
	expect_names("S( abc . h )", "\"xyz .H", "\"xyz . H");
}

Test(expand, what_is_not_known)
{
	expect_result("S(__FILE__)", EXPAND_UNKNOWN);
	expect_result("__FILE__", EXPAND_UNKNOWN);
	expect_names("RAW(__FILE__)", "\"__FILE__", NULL);
	expect_names("S(TWO(__FILE__,a))", "\"a", NULL);
	expect_result("ODD", EXPAND_ODD);
	expect_result("BAD", EXPAND_ODD);
	expect_result("OPT(a)", EXPAND_ODD);
	expect_result("S(R\"(x)\")", EXPAND_ODD);
	expect_result("S(a//b)", EXPAND_ODD);
	steps = 3;
	expect_result("S(a/b/c/d)", EXPAND_LONG);
}
