#include "core/toolchain.h"

#include "base/err.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HEX_1 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define WORD_63 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabc"

#define BODY "kind gcc\n" TARGET_AND_ON
#define TARGET_AND_ON                                                                              \
	"target x86_64-linux-gnu\nversion 12.2.0\nspecs " HEX_A "\ndefaults " HEX_B                \
	"\ncanary " HEX_1 "\n"
#define BARE "bare " HEX_B "\nbare_cxx -\n"
#define IDS BARE "id " HEX_1 "\nnative " HEX_B "\n"
#define TEXT BODY "cxx " HEX_A "\n" IDS

static struct toolchain sample(void)
{
	struct toolchain t;
	cr_assert_eq(toolchain_parse(TEXT, &t), 0);
	return t;
}

Test(toolchain, parses_what_it_formats)
{
	struct toolchain t = sample();
	cr_assert_str_eq(t.kind, "gcc");
	cr_assert_str_eq(t.target, "x86_64-linux-gnu");
	cr_assert_str_eq(t.version, "12.2.0");
	cr_assert_str_eq(t.cxx, HEX_A);
	cr_assert_eq(t.id[0], 0x01);
	cr_assert_eq(t.id[31], 0xef);
	cr_assert_str_eq(t.native, HEX_B);
	char out[TOOLCHAIN_TEXT_MAX];
	toolchain_format(&t, false, out, sizeof out);
	cr_assert_str_eq(out, TEXT);
	toolchain_format(&t, true, out, sizeof out);
	cr_assert_str_eq(out, BODY "cxx " HEX_A "\n" BARE);
}

Test(toolchain, format_is_cut_to_the_room_there_is)
{
	struct toolchain t = sample();
	char out[9];
	toolchain_format(&t, false, out, sizeof out);
	cr_assert_str_eq(out, "kind gcc");
}

Test(toolchain, longest_words_fit_the_text)
{
	struct toolchain t = sample();
	strcpy(t.kind, "clang");
	strcpy(t.target, WORD_63);
	strcpy(t.version, WORD_63);
	char out[TOOLCHAIN_TEXT_MAX];
	toolchain_format(&t, false, out, sizeof out);
	struct toolchain again;
	cr_assert_eq(toolchain_parse(out, &again), 0);
	cr_assert(toolchain_same(&t, &again));
}

Test(toolchain, refuses_anything_else)
{
	const char *const bad[] = {
		"",
		"kind gcc\n",
		TEXT "x",
		TEXT "\n",
		BODY "cxx " HEX_A "\n",
		BODY "cxx " HEX_A "\n" BARE "id " HEX_1 "\n",
		BODY "cxx " HEX_A "\n" BARE "id -\nnative " HEX_B "\n",
		BODY "cxx " HEX_A "\nnative " HEX_B "\n" BARE "id " HEX_1 "\n",
		BODY "cxx " HEX_A "\n" BARE "id " HEX_1 "\nnative \n",
		BODY "cxx " HEX_A "\n" BARE "id " HEX_1 "\nnative " HEX_B,
		BODY "cxx " HEX_A "\n" BARE "id " HEX_1 "\nnative " HEX_B "b\n",
		BODY "cxx \n" IDS,
		BODY "cxx " HEX_A "a\n" IDS,
		"kind icc\n" TARGET_AND_ON "cxx -\n" IDS,
		"kind  gcc\n" TARGET_AND_ON "cxx -\n" IDS,
		"target x\n" TEXT,
		"kind gcc\ntarget a b\nversion 1\nspecs -\ndefaults " HEX_A "\ncanary " HEX_A
		"\ncxx -\n" IDS,
		"kind gcc\ntarget " WORD_63 "d\nversion 1\nspecs -\ndefaults " HEX_A
		"\ncanary " HEX_A "\ncxx -\n" IDS,
		"kind gcc\ntarget t\nversion \nspecs -\ndefaults " HEX_A "\ncanary " HEX_A
		"\ncxx -\n" IDS,
		"kind gcc\ntarget t\nversion 1\nspecs -\ndefaults -\ncanary " HEX_A "\ncxx -\n" IDS,
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct toolchain t = {.version = "untouched"};
		cr_expect_eq(toolchain_parse(bad[i], &t), ERR_COMPILER, "text %zu", i);
		cr_expect_str_eq(t.version, "untouched");
	}
}

Test(toolchain, names_the_first_difference)
{
	struct toolchain a = sample(), b = sample();
	cr_assert_null(toolchain_difference(&a, &b));
	cr_assert(toolchain_same(&a, &b));
	strcpy(b.cxx, "-");
	cr_assert_str_eq(toolchain_difference(&a, &b), "cxx");
	strcpy(b.version, "12.3.0");
	cr_assert_str_eq(toolchain_difference(&a, &b), "version");
	strcpy(b.kind, "clang");
	cr_assert_str_eq(toolchain_difference(&a, &b), "kind");
	cr_assert_not(toolchain_same(&a, &b));
}

Test(toolchain, cxx_is_a_property_of_its_own)
{
	struct toolchain t;
	cr_assert_eq(toolchain_parse(BODY "cxx -\n" IDS, &t), 0);
	cr_assert(toolchain_compiles(&t, LANG_C));
	cr_assert_not(toolchain_compiles(&t, LANG_CXX));
	t = sample();
	cr_assert(toolchain_compiles(&t, LANG_CXX));
}

Test(toolchain, has_an_id_for_its_processor)
{
	struct toolchain a = sample(), b = a;
	uint8_t id[TOOLCHAIN_ID_BYTES] = {0};
	cr_assert(toolchain_native_id(&a, id));
	cr_expect_eq(id[0], 0xbb);
	cr_expect(toolchain_is_native(&a, id));
	cr_expect_not(toolchain_is_native(&a, a.id));
	strcpy(b.native, HEX_A);
	cr_expect_not(toolchain_is_native(&b, id));
	cr_expect(toolchain_same(&a, &b), "it is no part of what a toolchain is");
}

Test(toolchain, may_have_no_id_for_its_processor)
{
	struct toolchain t;
	uint8_t id[TOOLCHAIN_ID_BYTES] = {1};
	cr_assert_eq(toolchain_parse(BODY "cxx -\n" BARE "id " HEX_1 "\nnative -\n", &t), 0);
	cr_expect_not(toolchain_native_id(&t, id));
	cr_expect_eq(id[0], 1);
	cr_expect_not(toolchain_is_native(&t, (uint8_t[TOOLCHAIN_ID_BYTES]){0}));
}
