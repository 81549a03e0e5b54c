#include "base/str.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

Test(str, allocates_what_it_is_asked_for_and_at_least_something)
{
	char *p = xcalloc(0, 8);
	cr_assert_not_null(p);
	free(p);
	p = xmalloc(0);
	cr_assert_not_null(p);
	p = xrealloc(p, 4);
	memcpy(p, "abc", 4);
	p = xrealloc(p, 4000);
	cr_expect_str_eq(p, "abc");
	free(p);
	p = xstrndup("farmnode", 4);
	cr_expect_str_eq(p, "farm");
	free(p);
	p = xasprintf("%s-%d", "board", 7);
	cr_expect_str_eq(p, "board-7");
	free(p);
}

Test(str, compares_ends)
{
	cr_expect(str_starts("farmmake", "farm"));
	cr_expect(str_starts("farm", "farm"));
	cr_expect(str_starts("farm", ""));
	cr_expect_not(str_starts("far", "farm"));
	cr_expect(str_ends("a.dwo", ".dwo"));
	cr_expect(str_ends("a.o", ""));
	cr_expect_not(str_ends("o", ".o"));
	cr_expect_not(str_ends("a.o.d", ".o"));
}

Test(str, finds_the_base_name)
{
	cr_expect_str_eq(str_base("/usr/bin/gcc"), "gcc");
	cr_expect_str_eq(str_base("gcc"), "gcc");
	cr_expect_str_eq(str_base("dir/"), "");
	cr_expect_str_eq(str_base(""), "");
}

Test(str, reads_whole_numbers_only)
{
	static const struct {
		const char *text;
		int err;
		long value;
	} rows[] = {
		{"0", 0, 0},
		{"4096", 0, 4096},
		{"-10", 0, -10},
		{"007", 0, 7},
		{"-11", -ERANGE, 0},
		{"4097", -ERANGE, 0},
		{"99999999999999999999", -ERANGE, 0},
		{"-99999999999999999999", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"-", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"\t1", -EINVAL, 0},
		{"\n1", -EINVAL, 0},
		{"- 1", -EINVAL, 0},
		{"--1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"1k", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"1.0", -EINVAL, 0},
		{"four", -EINVAL, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		long v = 77;
		cr_expect_eq(str_to_long(rows[i].text, -10, 4096, &v), rows[i].err, "\"%s\"",
			rows[i].text);
		cr_expect_eq(v, rows[i].err ? 77 : rows[i].value, "\"%s\"", rows[i].text);
	}
}

Test(str, reads_the_largest_numbers)
{
	char *text = xasprintf("%ld", LONG_MIN);
	long v;
	cr_assert_eq(str_to_long(text, LONG_MIN, LONG_MAX, &v), 0);
	cr_expect_eq(v, LONG_MIN);
	free(text);
}

Test(str, hex_goes_there_and_back)
{
	static const uint8_t bytes[] = {0x00, 0x7f, 0x80, 0xff, 0x1a};
	char hex[11];
	uint8_t back[5];
	cr_expect_str_eq(str_hex(bytes, sizeof bytes, hex), "007f80ff1a");
	cr_assert_eq(str_unhex(hex, back, sizeof back), 0);
	cr_expect_eq(memcmp(bytes, back, sizeof back), 0);
	cr_assert_eq(str_unhex("007F80FF1A", back, sizeof back), 0);
	cr_expect_eq(memcmp(bytes, back, sizeof back), 0);
	cr_expect_str_eq(str_hex(bytes, 0, hex), "");
}

Test(str, refuses_what_is_not_hex)
{
	static const char *const bad[] = {
		"", "0", "00", "000", "00000", "00g0", "0 00", "-000", "00:0"};
	uint8_t out[2];
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_eq(str_unhex(bad[i], out, 2), -EINVAL, "\"%s\"", bad[i]);
}

Test(str, sizes_are_for_people)
{
	char b[STR_BYTES_MAX];
	cr_expect_str_eq(str_bytes(0, b), "0 B");
	cr_expect_str_eq(str_bytes(999, b), "999 B");
	cr_expect_str_eq(str_bytes(1234, b), "1.2 kB");
	cr_expect_str_eq(str_bytes(999600, b), "1.0 MB");
	cr_expect_str_eq(str_bytes(5e15, b), "5000 TB");
}

Test(strv, is_a_terminated_vector)
{
	struct strv sv = {0};
	for (int i = 0; i < 100; i++)
		strv_pushf(&sv, "-j%d", i);
	cr_assert_eq(sv.n, 100);
	cr_expect_null(sv.v[100]);
	cr_expect_str_eq(sv.v[0], "-j0");
	cr_expect_str_eq(sv.v[99], "-j99");
	cr_expect(strv_has(&sv, "-j42"));
	cr_expect_not(strv_has(&sv, "-j"));
	strv_fini(&sv);
	cr_expect_eq(sv.n, 0);
	cr_expect_null(sv.v);
}

Test(strv, copies_or_takes_over)
{
	char word[] = "make";
	struct strv sv = {0};
	strv_push(&sv, word);
	word[0] = 'f';
	strv_push_take(&sv, xstrdup("taken"));
	cr_expect_str_eq(sv.v[0], "make");
	cr_expect_str_eq(sv.v[1], "taken");
	cr_expect_null(sv.v[2]);
	strv_fini(&sv);
	strv_push(&sv, "again");
	cr_expect_str_eq(sv.v[0], "again");
	strv_fini(&sv);
	strv_fini(&sv);
	cr_expect_not(strv_has(&sv, "again"));
}
