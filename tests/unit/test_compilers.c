#include "compilers.h"

#include "base/err.h"
#include "io/digest.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* The text of a toolchain of some version; native: what its second id begins with, 0: none. */
static const char *text_of(unsigned version, unsigned native)
{
	static char text[TOOLCHAIN_TEXT_MAX];
	struct toolchain t = {.kind = "gcc",
		.target = "t",
		.specs = "-",
		.cxx = "-",
		.bare_cxx = "-",
		.native = "-"};
	snprintf(t.version, sizeof t.version, "%u", version);
	memset(t.defaults, 'a', TOOLCHAIN_DIGEST_HEX);
	memset(t.canary, 'b', TOOLCHAIN_DIGEST_HEX);
	memset(t.bare, 'c', TOOLCHAIN_DIGEST_HEX);
	if (native)
		snprintf(t.native, sizeof t.native, "%064u", native);
	toolchain_format(&t, true, text, sizeof text);
	digest_sha256(text, strlen(text), t.id);
	toolchain_format(&t, false, text, sizeof text);
	return text;
}

static struct compiler_bits bits_of(struct compilers *c, unsigned version, unsigned native)
{
	struct compiler_bits bits = {-7, -7};
	cr_assert_eq(compilers_bits(c, text_of(version, native), NULL, &bits), 0);
	return bits;
}

Test(compilers, a_toolchain_has_a_bit_for_all_and_one_for_its_processor)
{
	struct compilers *c = compilers_create();
	struct compiler_bits a = bits_of(c, 12, 1), b = bits_of(c, 12, 2), none = bits_of(c, 12, 0);
	cr_expect_eq(a.all, b.all);
	cr_expect_eq(a.all, none.all);
	cr_expect_neq(a.native, b.native);
	cr_expect_neq(a.native, a.all);
	cr_expect_eq(none.native, SCHED_NO_TOOLCHAIN);
	struct compiler_bits again = bits_of(c, 12, 1);
	cr_expect_eq(again.native, a.native);
	compilers_destroy(c);
}

Test(compilers, processors_leave_room_for_toolchains)
{
	struct compilers *c = compilers_create();
	for (unsigned i = 1; i <= 32; i++)
		cr_expect_geq(bits_of(c, 1, i).native, 0, "%u", i);
	cr_expect_eq(bits_of(c, 1, 33).native, SCHED_NO_TOOLCHAIN);
	cr_expect_geq(bits_of(c, 1, 32).native, 0);
	for (unsigned version = 2; version <= 32; version++)
		cr_expect_lt(bits_of(c, version, 0).all, 64);
	struct compiler_bits untouched = {-7, -7};
	cr_expect_eq(compilers_bits(c, text_of(33, 0), NULL, &untouched), ERR_TOOBIG);
	cr_expect_eq(untouched.all, -7);
	compilers_destroy(c);
}

Test(compilers, what_has_a_wrong_id_is_none)
{
	struct compilers *c = compilers_create();
	char text[TOOLCHAIN_TEXT_MAX];
	snprintf(text, sizeof text, "%s", text_of(1, 1));
	*strstr(text, "version 1") += 1; /* another field, and then another version */
	struct compiler_bits bits;
	cr_expect_eq(compilers_bits(c, text, NULL, &bits), ERR_COMPILER);
	*strstr(text, "wersion 1") -= 1;
	strstr(text, "version 1")[8] = '2';
	cr_expect_eq(compilers_bits(c, text, NULL, &bits), ERR_COMPILER);
	compilers_destroy(c);
}
