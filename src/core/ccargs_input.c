/* Names: of compilers, and of the files that they are given. */
#include "ccargs_parts.h"

#include <string.h>

#define DIGITS "0123456789"

static const struct suffix {
	const char *suffix;
	enum ccargs_input input;
	const char *reason;
} suffixes[] = {
	{".c", CCARGS_INPUT_C, NULL},
	{".cc", CCARGS_INPUT_CXX, NULL},
	{".cp", CCARGS_INPUT_CXX, NULL},
	{".cxx", CCARGS_INPUT_CXX, NULL},
	{".cpp", CCARGS_INPUT_CXX, NULL},
	{".CPP", CCARGS_INPUT_CXX, NULL},
	{".c++", CCARGS_INPUT_CXX, NULL},
	{".C", CCARGS_INPUT_CXX, NULL},
	{".i", CCARGS_INPUT_LOCAL, "the source is preprocessed already"},
	{".ii", CCARGS_INPUT_LOCAL, "the source is preprocessed already"},
	{".s", CCARGS_INPUT_LOCAL, "assembler sources are assembled here"},
	{".S", CCARGS_INPUT_LOCAL, "assembler sources are assembled here"},
	{".sx", CCARGS_INPUT_LOCAL, "assembler sources are assembled here"},
	{".h", CCARGS_INPUT_LOCAL, "headers are precompiled here"},
	{".H", CCARGS_INPUT_LOCAL, "headers are precompiled here"},
	{".hh", CCARGS_INPUT_LOCAL, "headers are precompiled here"},
	{".hp", CCARGS_INPUT_LOCAL, "headers are precompiled here"},
	{".hpp", CCARGS_INPUT_LOCAL, "headers are precompiled here"},
	{".HPP", CCARGS_INPUT_LOCAL, "headers are precompiled here"},
	{".hxx", CCARGS_INPUT_LOCAL, "headers are precompiled here"},
	{".h++", CCARGS_INPUT_LOCAL, "headers are precompiled here"},
	{".tcc", CCARGS_INPUT_LOCAL, "headers are precompiled here"},
	{".m", CCARGS_INPUT_LOCAL, "the source is neither C nor C++"},
	{".mm", CCARGS_INPUT_LOCAL, "the source is neither C nor C++"},
	{".M", CCARGS_INPUT_LOCAL, "the source is neither C nor C++"},
	{".mi", CCARGS_INPUT_LOCAL, "the source is neither C nor C++"},
	{".mii", CCARGS_INPUT_LOCAL, "the source is neither C nor C++"},
	{".f", CCARGS_INPUT_LOCAL, "the source is neither C nor C++"},
	{".F", CCARGS_INPUT_LOCAL, "the source is neither C nor C++"},
	{".for", CCARGS_INPUT_LOCAL, "the source is neither C nor C++"},
	{".f90", CCARGS_INPUT_LOCAL, "the source is neither C nor C++"},
	{".F90", CCARGS_INPUT_LOCAL, "the source is neither C nor C++"},
	{".f95", CCARGS_INPUT_LOCAL, "the source is neither C nor C++"},
	{".f03", CCARGS_INPUT_LOCAL, "the source is neither C nor C++"},
	{".f08", CCARGS_INPUT_LOCAL, "the source is neither C nor C++"},
	{".go", CCARGS_INPUT_LOCAL, "the source is neither C nor C++"},
	{".d", CCARGS_INPUT_LOCAL, "the source is neither C nor C++"},
	{".ads", CCARGS_INPUT_LOCAL, "the source is neither C nor C++"},
	{".adb", CCARGS_INPUT_LOCAL, "the source is neither C nor C++"},
};

static enum ccargs_input of_language(const char *x_lang, const char **ret_reason)
{
	if (strcmp(x_lang, "c") == 0)
		return CCARGS_INPUT_C;
	if (strcmp(x_lang, "c++") == 0)
		return CCARGS_INPUT_CXX;
	*ret_reason = "nodes compile only -x c and -x c++";
	return CCARGS_INPUT_LOCAL;
}

enum ccargs_input ccargs_input_of(
	const char *name, const char *x_lang, bool is_cxx, const char **ret_reason)
{
	const char *no_file = name[0] == '@'              ? "a response file cannot be read"
			      : name[0] == '\0'           ? "a file name is empty"
			      : strcmp(name, "-") == 0    ? "the source comes from standard input"
			      : str_starts(name, "/dev/") ? "the source is a device"
							  : NULL;
	if (no_file) {
		*ret_reason = no_file;
		return CCARGS_INPUT_LOCAL;
	}
	if (x_lang)
		return of_language(x_lang, ret_reason);

	const char *dot = strrchr(str_base(name), '.');
	for (size_t i = 0; dot && i < sizeof suffixes / sizeof *suffixes; i++) {
		if (strcmp(dot, suffixes[i].suffix) != 0)
			continue;
		*ret_reason = suffixes[i].reason;
		bool is_c = suffixes[i].input == CCARGS_INPUT_C;
		return is_c && is_cxx ? CCARGS_INPUT_CXX : suffixes[i].input;
	}
	return CCARGS_INPUT_LINK;
}

bool ccargs_is_clang(const char *compiler)
{
	return strstr(str_base(compiler), "clang") != NULL;
}

bool ccargs_is_cxx(const char *compiler)
{
	return strstr(str_base(compiler), "++") != NULL;
}

/* "-12", "-12.2", or nothing. */
static bool is_version(const char *s)
{
	return *s == '\0' || (s[0] == '-' && s[1] && s[1 + strspn(s + 1, DIGITS ".")] == '\0');
}

/* "x86_64-linux-gnu-", or nothing. A triplet has a dash of its own; that tells it from the first
 * half of c99-gcc, musl-gcc or afl-gcc, which add options behind one's back. */
static bool is_triplet(const char *s, size_t n)
{
	return n == 0 || (s[n - 1] == '-' && memchr(s, '-', n - 1));
}

bool ccargs_is_compiler(const char *name)
{
	static const char *const drivers[] = {"gcc", "cc", "g++", "c++", "clang", "clang++"};
	for (size_t i = 0; i < sizeof drivers / sizeof *drivers; i++) {
		size_t n = strlen(drivers[i]);
		for (const char *p = strstr(name, drivers[i]); p; p = strstr(p + 1, drivers[i]))
			if (is_version(p + n) && is_triplet(name, (size_t)(p - name)))
				return true;
	}
	return false;
}
