/* incdirs - where a compiler looks for the files that a source names, by gcc's rules.
 *
 * incdirs_parse() reads a command, incdirs_parse_probe() what the compiler says about directories of its
 * own, and incdirs_build() makes the one chain of them: for "x.h" it is searched from its start, behind
 * the directory of the file that asks; for <x.h> from where bracket says.
 *
 * Contract: pure. The compiler's own directories depend on some options; who asks it for them passes the
 * words in probe, the language, an environment without CPATH and its like, LC_ALL=C, and
 * "-v -E /dev/null".
 *
 * Ownership: each struct owns its strings until its fini.
 */
#pragma once

#include "base/str.h"

struct incdirs_args {
	struct strv quote, bracket, system, after; /* -iquote, -I, -isystem, -idirafter */
	struct strv forced;                        /* -imacros, then -include, in their order */
	size_t imacros;                            /* how many of these are -imacros */
	struct strv macros;                        /* -D: NAME or NAME=VALUE */
	struct strv probe; /* what decides about the compiler's own directories */
	bool nostdinc;
	char *reason; /* of ERR_UNSAFE, for people */
};

/* args: the command behind the compiler's name, response files expanded. ERR_UNSAFE when an option is
 * among them whose effect on the search is not known; only reason is set then. */
int incdirs_parse(char *const args[], struct incdirs_args *ret);
void incdirs_args_fini(struct incdirs_args *a);

/* The directories in which <x.h> is searched, as "gcc -v -E" says on stderr. ERR_COMPILER when it does
 * not, or when there are others for "x.h". */
int incdirs_parse_probe(const char *said, struct strv *ret);

/* As by the options -iquote, -I, -isystem and -idirafter. */
enum incdirs_list { INCDIRS_QUOTE, INCDIRS_BRACKET, INCDIRS_SYSTEM, INCDIRS_AFTER };

struct incdirs_world {
	const char *cpath;      /* the variable CPATH, or NULL */
	const char *lang_path;  /* C_INCLUDE_PATH or CPLUS_INCLUDE_PATH, or NULL */
	const struct strv *own; /* the compiler's directories */
	/* Asked once for each name in each list, list by list: is there a directory? *ret_device and *ret_inode
	 * tell whether two are the same. */
	bool (*identify)(void *ctx, enum incdirs_list list, const char *dir, uint64_t *ret_device,
		uint64_t *ret_inode);
	void *ctx;
};

struct incdirs {
	struct strv dirs;
	size_t bracket; /* where the search for <x.h> begins */
};

enum { INCDIRS_MAX = 1000 };

/* ERR_TOOBIG past INCDIRS_MAX. */
int incdirs_build(const struct incdirs_args *a, const struct incdirs_world *w, struct incdirs *ret);
void incdirs_fini(struct incdirs *d);
