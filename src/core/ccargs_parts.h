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
	enum deps_kind
		kind; /* the driver's (-MD, -MMD) or, when there are none, the preprocessor's */
	bool has_driver_kind, has_cpp_kind;
	bool has_target;     /* -MT or -MQ */
	bool has_phony;      /* -MP */
	bool has_cpp_more;   /* a -Wp,-M… beside -Wp,-MD,F or -Wp,-MMD,F */
	char *file;          /* -MF, or of -Wp,-MD,F; NULL when there is none */
	struct strv flags;   /* targets and -MP, each in one word */
	const char *problem; /* why this combination is left to the compiler, for people */
};

/* spelling: of the table's row; value: what belongs to it, "" when nothing does. */
void ccargs_deps_add(struct ccargs_deps *d, const char *spelling, const char *value);
/* NULL, or why the options are left to the compiler. */
const char *ccargs_deps_problem(const struct ccargs_deps *d);
/* Adds what gcc's driver adds when it compiles, but not when it only preprocesses. output: what -o
 * says, or NULL. */
void ccargs_deps_complete(
	const struct ccargs_deps *d, const char *source, const char *output, struct strv *cpp);
/* The same for a compile whose output has another name: what it is to write. a->output is known;
 * has_output: by -o. */
void ccargs_deps_describe(
	const struct ccargs_deps *d, bool is_clang, bool has_output, struct ccargs *a);
void ccargs_deps_fini(struct ccargs_deps *d);
