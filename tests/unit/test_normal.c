#include "normal.h"
#include "processor.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

/* What becomes of it; "no" when it is not replaced. */
static const char *commands(const char *text)
{
	static char words[512];
	struct buf out;
	buf_init(&out, sizeof words - 1);
	bool ok = normal_commands(text, &out);
	cr_assert_eq(out.err, 0);
	snprintf(words, sizeof words, "%.*s", (int)out.len, (const char *)out.data);
	buf_fini(&out);
	return ok ? words : "no";
}

Test(normal, commands_are_words_without_places)
{
	cr_expect_str_eq(
		commands(" /usr/lib/cc1 -quiet - \"-march=a\" --param \"l1-cache-size=48\"\n"),
		"-quiet\n-\n\"-march=a\"\n--param\n\"l1-cache-size=48\"\n");
	cr_expect_str_eq(
		commands(" \"/opt/bin/clang\" \"-cc1\" \"-target-cpu\" \"a\" \"-fdir=/tmp/x\"\n"),
		"\"-cc1\"\n\"-target-cpu\"\n\"a\"\n");
}

/* A compiler that is installed elsewhere has them told. */
Test(normal, options_with_places_are_left_out)
{
	cr_expect_str_eq(commands(" /a/cc1 -quiet -iprefix /a/lib/ -"), "-quiet\n-\n");
	cr_expect_str_eq(commands(" cc1 -a -fdir=/b /c -d"), "cc1\n-a\n-d\n");
	cr_expect_str_eq(commands(" cc1 \"-resource-dir\" \"/a\" \"-idir\" \"/b\"\n"), "cc1\n");
}

Test(normal, only_commands_count)
{
	cr_expect_str_eq(
		commands(
			"COLLECT_GCC_OPTIONS='-march=native'\nTarget: x86_64\n -c\nThread model: posix\n -S"),
		"-c\n-S\n");
	cr_expect_str_eq(commands(""), "");
	cr_expect_str_eq(commands("\n\nx\n"), "");
}

/* As cross compilers say it: another program would find out. */
Test(normal, native_has_to_be_replaced)
{
	cr_expect_str_eq(commands(" cc1 -march=native\n"), "no");
	cr_expect_str_eq(commands(" cc1 x\n as \"-mcpu=native\"\n"), "no");
}

Test(processor, is_the_same_on_each_core)
{
	cpu_set_t all;
	uint8_t first[DIGEST_BYTES] = {0}, other[DIGEST_BYTES];
	cr_assert_eq(sched_getaffinity(0, sizeof all, &all), 0);
	if (!processor_digest(first))
		cr_skip_test("nobody can tell what this processor is");
	for (size_t i = 0; i < CPU_SETSIZE; i++) {
		cpu_set_t one;
		CPU_ZERO(&one);
		CPU_SET(i, &one);
		if (!CPU_ISSET(i, &all) || sched_setaffinity(0, sizeof one, &one) < 0)
			continue;
		cr_assert(processor_digest(other));
		cr_expect_arr_eq(first, other, sizeof first, "core %zu", i);
	}
}
