/* ccargs_parts - what ccargs.c asks about one word, or about one group of words. For ccargs*.c. */
#pragma once

#include "core/ccargs.h"

enum ccargs_input {
	CCARGS_INPUT_LINK, /* an object, a library, a linker script */
	CCARGS_INPUT_C,    /* a source that could go to a node */
	CCARGS_INPUT_CXX,
	CCARGS_INPUT_LOCAL, /* a source that could not */
};

/* What the compiler takes an input for. x_lang: what the last -x said, or NULL; is_cxx: the driver
 * is g++ or the like. *ret_reason is set for CCARGS_INPUT_LOCAL. */
enum ccargs_input ccargs_input_of(
	const char *name, const char *x_lang, bool is_cxx, const char **ret_reason);
bool ccargs_is_clang(const char *compiler);
bool ccargs_is_cxx(const char *compiler);

/* The name that gcc makes of a source's; malloc'd. */
char *ccargs_object_name(const char *source, enum output_kind kind);

/* The dependency options of a command, collected word by word. All zero: none so far. */
struct ccargs_deps {
	bool has_mode;       /* -MD or -MMD */
	bool has_file;       /* -MF */
	bool has_target;     /* -MT or -MQ */
	bool has_phony;      /* -MP */
	bool has_cpp_mode;   /* -Wp,-MD,F or -Wp,-MMD,F */
	bool has_cpp_more;   /* another -Wp,-M… */
	const char *problem; /* why this combination is left to the compiler, for people */
};

/* spelling: of the table's row; value: behind it, or NULL. */
void ccargs_deps_add(struct ccargs_deps *d, const char *spelling, const char *value);
/* NULL, or why the options are left to the compiler. */
const char *ccargs_deps_problem(const struct ccargs_deps *d);
/* Adds what gcc's driver adds when it compiles, but not when it only preprocesses. output: what -o
 * says, or NULL. */
void ccargs_deps_complete(
	const struct ccargs_deps *d, const char *source, const char *output, struct strv *cpp);
