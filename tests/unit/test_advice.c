#include "core/advice.h"
#include "core/ccargs.h"
#include "core/ccflags.h"
#include "core/dtext.h"

#include <criterion/criterion.h>
#include <string.h>

Test(advice, there_is_some_about_every_option_that_stays_here)
{
	size_t n = 0;
	for (size_t i = 0; ccflags_row(i); i++) {
		const struct ccflag *row = ccflags_row(i);
		if (row->use != CCFLAG_LOCAL)
			continue;
		cr_expect_not_null(advice_for(row->reason), "%s %s", row->spelling, row->reason);
		n++;
	}
	cr_assert_gt(n, 20);
}

Test(advice, there_is_some_about_commands)
{
	static const char *const commands[][4] = {
		{"-c", "a.c", "b.c"},
		{"a.c", "-o", "a"},
		{"-c", "a.s"},
		{"-c", "a.i"},
		{"-c", "a.h"},
		{"-c", "a.m"},
		{"-c", "-"},
		{"-c", "-save-temps", "a.c"},
		{"-c", "-fno-such-option", "a.c"},
		{"-c", "a.c", "-o", "/dev/null"},
	};
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		char *args[5] = {0};
		for (size_t k = 0; k < 4; k++)
			args[k] = (char *)commands[i][k];
		struct ccargs a;
		ccargs_scan("gcc", args, &a);
		cr_assert_eq(a.verdict, CCARGS_LOCAL, "%zu", i);
		cr_expect_not_null(advice_for(a.reason), "%s", a.reason);
		ccargs_fini(&a);
	}
}

Test(advice, there_is_some_about_what_a_text_holds)
{
	static const char *const texts[] = {"# 1 \"a.c\"\nint x = __TIME__[0];\n",
		"# 1 \"a.c\"\nconst char *s = __TIMESTAMP__;\n",
		"# 1 \"a.c\"\nasm(\".incbin \\\"x\\\"\");\n"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct dtext *d = dtext_create();
		struct buf out;
		buf_init(&out, 1 << 20);
		int err = dtext_feed(d, texts[i], strlen(texts[i]), &out);
		if (!err)
			err = dtext_finish(d, &out);
		cr_assert_not_null(dtext_trap(d), "%zu", i);
		cr_expect_not_null(advice_for(dtext_trap(d)), "%s", dtext_trap(d));
		buf_fini(&out);
		dtext_destroy(d);
	}
}

Test(advice, there_is_none_about_what_nobody_says)
{
	cr_expect_null(advice_for(""));
	cr_expect_null(advice_for("it rains"));
}
