/* ccargs - what a gcc or clang command line asks for, and how a farm would do it.
 *
 * ccargs_scan() says one of three things about a command:
 *   CCARGS_PASS    no compile (a link, -E, --version, of /dev/null, …): run it as it stands, nobody is told
 *   CCARGS_LOCAL   a compile that has to stay here, with the reason
 *   CCARGS_REMOTE  a compile of one source to one object or assembly file that can be split
 * and for the last one the two halves: the arguments for the preprocessor here, which also writes
 * the dependency file exactly as the whole compile would have, and the flags for the node. If the node is
 * to read the sources themselves (INPUT_VIEW) there is one half, and core/incdirs says what is missing.
 *
 * Contract: pure. Response files must be expanded before (ccargs_split_response parses their text).
 * Whatever is not understood for certain is CCARGS_LOCAL, never an error: the compiler itself will
 * complain about a bad command line.
 *
 * Ownership: the struct owns everything in it; ccargs_fini() frees it.
 */
#pragma once

#include "base/str.h"
#include "core/job.h"

enum ccargs_verdict { CCARGS_PASS, CCARGS_LOCAL, CCARGS_REMOTE };

struct ccargs {
	enum ccargs_verdict verdict;
	char *reason; /* CCARGS_LOCAL: for people, as in "-march=native depends on this machine" */
	enum lang lang;
	enum output_kind output_kind;
	uint8_t sides;          /* bits by enum side: what it writes besides */
	bool names_output;      /* an option records the output's name, or another made of it */
	char *source;           /* as written; also set for CCARGS_LOCAL when there is one */
	char *output;           /* as written, or the name that the compiler would choose */
	char *side[SIDE_COUNT]; /* where it would write those; else NULL */
	struct strv
		cpp; /* CCARGS_REMOTE: arguments behind the compiler's name; text goes to stdout */
	struct strv
		flags; /* CCARGS_REMOTE: for the node; each allowed by ccflags_node_allows(), or for a
			    * view by ccflags_view_allows() */
	/* CCARGS_REMOTE: why not as a text, why not as a view; NULL when it can be. Never both. */
	char *no_text, *no_view;
	enum deps_kind deps;    /* of a view's job; the preprocessor of a text has its own */
	struct strv deps_flags; /* their targets */
	char *deps_file;        /* where they go; NULL for DEPS_NONE */
};

/* args: the command without the compiler's name; compiler: that name, as called ("x86_64-linux-
 * gnu-g++-12"), which decides between C and C++ and between gcc and clang. */
void ccargs_scan(const char *compiler, char *const args[], struct ccargs *ret);
/* The same for a name such as cc that may be either's: file, behind all links, says which it is. */
void ccargs_scan_file(
	const char *compiler, const char *file, char *const args[], struct ccargs *ret);
void ccargs_fini(struct ccargs *a);
/* The command's own words, of those for the preprocessor; they stay the struct's. */
struct strv ccargs_words(const struct ccargs *a);

/* Splits the text of a response file (@file) into words as gcc does: white space separates, quotes
 * and backslashes as in libiberty's buildargv. */
void ccargs_split_response(const char *text, struct strv *ret);

/* Is this the name of a C or C++ compiler driver ("gcc", "c++", "arm-linux-gnueabihf-gcc-12",
 * "clang-14")? Decides which names farmcc is linked under and what farmnode looks at. */
bool ccargs_is_compiler(const char *name);
