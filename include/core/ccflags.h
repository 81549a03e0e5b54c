/* ccflags - what each compiler option means to a farm: one table for client and node.
 *
 * The client asks where an option must go when a compile is split into preprocessing here and
 * compiling there. The node asks whether an option may reach its compiler at all. An option that
 * the table does not know keeps a compile local; it is never an error.
 *
 * Contract: pure; the table is const.
 */
#pragma once

#include "base/str.h"
#include "core/job.h"

#include <stdbool.h>
#include <stddef.h>

enum ccflag_use {
	CCFLAG_BOTH, /* to the preprocessor here and the compiler there (-O2, -std=, -f…, -m…, -W…, -D…) */
	CCFLAG_NATIVE, /* likewise, to nodes on which it means the same: that depends on the processor (-march=native) */
	CCFLAG_SOURCE, /* likewise, but the compiler needs the source itself, no text will do; the row says why */
	CCFLAG_CPP, /* to the preprocessor only (-I…, -include, -isystem …) */
	CCFLAG_DEPS, /* writes dependencies: to the preprocessor only, and it writes the file (-MD, -MF …) */
	CCFLAG_STAGE, /* chooses what the compile makes (-c, -S, -E, -o, -x): handled by ccargs */
	CCFLAG_LINK,  /* only a linker reads it (-l, -L, -Wl,…): ignored with -c or -S */
	CCFLAG_DRIVER, /* questions to the driver (-v, --version, -print-…): the command is passed through */
	CCFLAG_LOCAL, /* keeps the compile here; the row says why */
};

enum ccflag_form {
	CCFLAG_EXACT,    /* -c */
	CCFLAG_SWITCH,   /* -fX, and -fno-X */
	CCFLAG_JOINED,   /* -std=X, -fvisibility=X: the value follows in the same word */
	CCFLAG_SEPARATE, /* -include X: the value is the next word */
	CCFLAG_EITHER,   /* -I X and -IX */
};

/* What a node takes as the value of an option that goes there. */
enum ccflag_value {
	CCFLAG_VALUE_NONE,
	CCFLAG_VALUE_NUMBER, /* digits, 0x… */
	CCFLAG_VALUE_WORD,   /* letters, digits and _ . : = + - */
	CCFLAG_VALUE_LIST,   /* words with commas between them */
	CCFLAG_VALUE_MACROS, /* what follows -Wp,-D: macros, each further one with its ,-D or ,-U */
	CCFLAG_VALUE_TEXT,   /* anything, but not nothing */
	CCFLAG_VALUE_LLVM, /* an option of LLVM's that says what a sanitizer's code is, and nothing else */
};

/* Besides the bits by enum side, in what an option makes: the object has the output's name in it. */
enum { CCFLAG_NAMES_OUTPUT = 1 << SIDE_COUNT };

struct ccflag {
	const char *spelling; /* the option, or the part before a joined value */
	enum ccflag_form form;
	enum ccflag_use use;
	enum ccflag_value value;
	const char *reason; /* CCFLAG_LOCAL and _SOURCE: why, as the end of "-fX …"; else NULL */
	uint8_t makes;      /* bits by enum side, and CCFLAG_NAMES_OUTPUT */
};

/* The row for arg, the longest spelling first; NULL when the table does not know it. *ret_words is
 * 1, or 2 when the value is the next word. "-fno-X" finds the row of the switch -fX. */
const struct ccflag *ccflags_find(const char *arg, size_t *ret_words);

/* May this word reach a node's compiler? True only for complete CCFLAG_BOTH and _NATIVE options whose value is
 * of the harmless form that the table gives (numbers, names, paths to be mapped), one word each:
 * "--param=X", "-mllvm=X". -D and -U are allowed with any value. */
bool ccflags_node_allows(const char *arg);

/* The same for a compile that reads a view (INPUT_VIEW), besides those above: where to look for headers,
 * what to include, how to write the dependency file, and what needs the source itself. */
bool ccflags_view_allows(const char *arg);
/* Is the compiler's own command line part of the object? gcc leaves out what says where files are, clang does not. */
bool ccflags_records_command(const char *flag);

/* The first of the flags that means what the processor is, or NULL: only where it means the same may such a job
 * go (toolchain_native_id()). */
const char *ccflags_native(const struct strv *flags);

/* Row i of the table, for tests and documentation; NULL past the end. */
const struct ccflag *ccflags_row(size_t i);
