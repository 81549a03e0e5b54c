#include "base/err.h"
#include "core/driver.h"
#include "lib/words.h"

#include <criterion/criterion.h>

/* The words of the shape, "|", its values; or "none". */
static char *shape(const char *words, const char *source)
{
	struct strv args = {0};
	words_split(words, &args);
	struct driver_shape s = {0};
	char *text = xstrdup("none");
	if (driver_shape_of(&args, source, &s) == 0) {
		free(text);
		char *w = words_join(&s.words), *v = words_join(&s.values);
		text = xasprintf("%s|%s", w, v);
		free(w);
		free(v);
		driver_shape_fini(&s);
	}
	strv_fini(&args);
	return text;
}

#define expect_shape(words, source, expected)                                                      \
	do {                                                                                       \
		char *got_ = shape(words, source);                                                 \
		cr_expect_str_eq(got_, expected);                                                  \
		free(got_);                                                                        \
	} while (0)

Test(driver, names_become_marks)
{
	expect_shape("-E -O2 a.c", "a.c", "-E -O2 farmMark000x.c|a");
	expect_shape("-E src/a.b.cc", "src/a.b.cc", "-E farmMark000x/farmMark001x.cc|src a.b");
	expect_shape("/a.c", "/a.c", "/farmMark000x.c|a");
	expect_shape("-DX=1 -D Y -UZ -I.. -I d a.c", "a.c",
		"-DfarmMark000x -D farmMark001x -UfarmMark002x -IfarmMark003x -I farmMark004x "
		"farmMark005x.c|X=1 Y Z .. d a");
	expect_shape("-MMD -MF x.d -MT x.o -Wp,-MD,.x.d a.c", "a.c",
		"-MMD -MF farmMark000x -MT farmMark001x -Wp,-MD,farmMark002x farmMark003x.c|"
		"x.d x.o .x.d a");
}

Test(driver, what_may_mean_something_is_part_of_the_shape)
{
	expect_shape("-I- -I=inc -I $d -D -include b.h -Wp,-MD,a,-DX a.c", "a.c",
		"-I- -I=inc -I $d -D -include b.h -Wp,-MD,a,-DX farmMark000x.c|a");
	expect_shape("a.c -D", "a.c", "farmMark000x.c -D|a");
}

Test(driver, some_commands_have_no_shape)
{
	expect_shape("-E b.c", "a.c", "none");
	expect_shape("a.c a.c", "a.c", "none");
	expect_shape("-x c file", "file", "none");
	expect_shape("-x c .c", ".c", "none");
	expect_shape("-DfarmMark000x a.c", "a.c", "none");
	expect_shape("-DX=1\n2 a.c", "a.c", "none");
}

#define NAMED "COLLECT_GCC=g c\n"

static void expect_parsed(const char *said, const char *expected)
{
	struct strv words = {0};
	int err = driver_parse(said, "g c", &words);
	char *got = err ? xstrdup("none") : words_join(&words);
	cr_expect_str_eq(got, expected, "%s: %s", said, got);
	cr_expect(!err || words.n == 0);
	free(got);
	strv_fini(&words);
}

Test(driver, the_command_is_parsed_as_gcc_prints_it)
{
	expect_parsed(NAMED
		"Target: x\n /x/cc1 -E \"-std=c11\" -D \"A=\\\"\\$\\\\\" \"\" a.c\nX=1\n",
		"/x/cc1 -E -std=c11 -D A=\"$\\  a.c");
	expect_parsed(NAMED " cc1 -E", "cc1 -E");
	expect_parsed(" cc1 -E", "none");
	expect_parsed("COLLECT_GCC=/opt/g c\n cc1 -E", "none");
	expect_parsed("COLLECT_GCC=g\n cc1 -E", "none");
	expect_parsed("COLLECT_GCC=g cc\n cc1 -E", "none");
	expect_parsed("", "none");
	expect_parsed("gcc: fatal error: no input files\n", "none");
	expect_parsed(NAMED " cc1 a.c\n as a.s\n", "none");
	expect_parsed(NAMED " cc1 \"a.c\n", "none");
	expect_parsed(NAMED " cc1 \"a\"b.c\n", "none");
}

Test(driver, a_pattern_gives_the_command_of_each_of_its_shape)
{
	struct strv args = {0}, filled = {0}, pattern = {0};
	words_split("-DX=1 -I../i -MF d/.b.d d/b.c", &args);
	struct driver_shape s;
	cr_assert_eq(driver_shape_of(&args, "d/b.c", &s), 0);
	cr_assert_eq(
		driver_parse(
			"COLLECT_GCC=cc\n cc1 -I farmMark001x -D farmMark000x -MMD farmMark004x.d -MF "
			"farmMark002x farmMark003x/farmMark004x.c -dumpbase "
			"farmMark004x.c farmMark003xfarmMark004x-\n",
			"cc", &pattern),
		0);
	driver_fill(&pattern, &s, &filled);
	char *got = words_join(&filled);
	cr_expect_str_eq(got, "cc1 -I ../i -D X=1 -MMD b.d -MF d/.b.d d/b.c -dumpbase b.c db-");
	free(got);
	driver_shape_fini(&s);
	strv_fini(&args);
	strv_fini(&pattern);
	strv_fini(&filled);
}
