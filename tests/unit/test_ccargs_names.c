/* Compilers' names, and words that come from a file. */
#include "core/ccargs.h"

#include <criterion/criterion.h>

Test(ccargs_names, response)
{
	static const struct {
		const char *text, *words[6];
	} cases[] = {
		{"", {NULL}},
		{" \t\n\v\f\r", {NULL}},
		{"-c x.c", {"-c", "x.c"}},
		{"  -c\n\tx.c\r\n", {"-c", "x.c"}},
		{"'a b' \"c d\"", {"a b", "c d"}},
		{"-DX='a \"b\"'", {"-DX=a \"b\""}},
		{"-DX=\\\"a\\ b\\\"", {"-DX=\"a b\""}},
		{"\"a\\\"b\" 'c\\'d'", {"a\"b", "c'd"}},
		{"\"it's\" 'say \"x\"'", {"it's", "say \"x\""}},
		{"a'b'c\"d\"e", {"abcde"}},
		{"'' \"\" x", {"", "", "x"}},
		{"a\\\nb", {"a\nb"}},
		{"open' to the end", {"open to the end"}},
		{"end\\", {"end"}},
		{"\\", {""}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct strv sv = {0};
		ccargs_split_response(cases[i].text, &sv);
		size_t n = 0;
		for (; n < 6 && cases[i].words[n]; n++)
			if (n < sv.n)
				cr_expect_str_eq(sv.v[n], cases[i].words[n], "[%s]", cases[i].text);
		cr_expect_eq(sv.n, n, "[%s]", cases[i].text);
		strv_fini(&sv);
	}
}

Test(ccargs_names, compiler_names)
{
	static const char *const yes[] = {"gcc", "cc", "g++", "c++", "clang", "clang++", "gcc-12",
		"g++-12", "clang-14", "clang++-14", "gcc-4.9", "x86_64-linux-gnu-gcc",
		"x86_64-linux-gnu-gcc-12", "arm-linux-gnueabihf-g++", "aarch64-none-elf-cc",
		"x86_64-w64-mingw32-c++"};
	static const char *const no[] = {"", "gcc-ar", "gcc-nm", "gcc-ranlib", "gcc-ar-12",
		"c89-gcc", "c99-gcc", "c89", "clang-format", "clang-cpp", "clang-cpp-14", "cpp",
		"cpp-12", "gccgo", "gccgo-12", "farmcc", "ccache", "distcc", "musl-gcc", "afl-gcc",
		"gnatgcc", "gcc-", "x86_64-linux-gnu-gcc-ar", "x86_64-linux-gnu-gnatgcc", "gcc-12x",
		"gcov", "g++filt", "accc", "-gcc"};
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		cr_expect(ccargs_is_compiler(yes[i]), "%s", yes[i]);
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		cr_expect_not(ccargs_is_compiler(no[i]), "%s", no[i]);
}

/* cc and c++ are whose file they are; a name that says more is believed as well. */
Test(ccargs_names, a_name_that_may_be_eithers)
{
	static const struct {
		const char *name, *file;
		bool is_clang;
	} rows[] = {
		{"cc", "/usr/bin/x86_64-linux-gnu-gcc-12", false},
		{"cc", "/usr/lib/llvm-14/bin/clang", true},
		{"c++", "/usr/lib/llvm-14/bin/clang", true},
		{"clang", "/opt/wrapper", true},
		{"gcc", "/usr/bin/x86_64-linux-gnu-gcc-12", false},
	};
	char *const args[] = {"-g", "-c", "x.c", NULL};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct ccargs a;
		ccargs_scan_file(rows[i].name, rows[i].file, args, &a);
		cr_expect_eq(a.verdict, CCARGS_REMOTE);
		cr_expect_eq(a.no_text != NULL, rows[i].is_clang, "%s, %s: %s", rows[i].name,
			rows[i].file, a.no_text ? a.no_text : "text");
		ccargs_fini(&a);
	}
}
