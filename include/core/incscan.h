/* incscan - which files one file of C or C++ may name to the preprocessor, told from its bytes alone.
 *
 * Both branches of a conditional count, but for "#if 0" and "#if 1". Where dialects read a text
 * differently (raw strings, trigraphs, digit separators, no // comments) it is read in each way, and
 * all that was found counts: so whatever the options, no directive that a compiler obeys is missing.
 *
 * Contract: pure. A scan is one block of bytes without pointers: it may be copied, kept in a map that
 * processes share, and used after incscan_check() has found it whole. incscan_create() never fails on
 * a text: what it cannot read for certain is a scan with an incscan_problem().
 *
 * Ownership: incscan_create() gives the block to the caller, who frees it with free(). Names in items
 * are the block's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct incscan;
struct strv;

enum incscan_kind {
	INCSCAN_INCLUDE, /* also #import */
	INCSCAN_INCLUDE_NEXT,
	INCSCAN_HAS_INCLUDE, /* asks whether the file is there */
	INCSCAN_HAS_INCLUDE_NEXT,
	INCSCAN_EMBED,  /* reads it, not as source; also __has_embed, #pragma GCC dependency */
	INCSCAN_DEFINE, /* of a macro that is all one name of a file, or another macro's */
};

enum incscan_form {
	INCSCAN_QUOTED,
	INCSCAN_ANGLED,
	INCSCAN_MACRO, /* the name is a macro's */
	INCSCAN_OTHER, /* anything else that a macro may turn into a name */
};

struct incscan_item {
	enum incscan_kind kind;
	enum incscan_form form; /* of a definition: its value's */
	const char *name;       /* of a file without its quotes, of a macro; else the text */
	/* INCSCAN_DEFINE: the macro's value. Else macros, each followed by a blank, without any one of
	 * which the directive is not reached. */
	const char *more;
};

/* What makes a compile of the file mean something else elsewhere. */
enum incscan_flag {
	INCSCAN_TIME = 1 << 0,        /* __TIME__ */
	INCSCAN_DATE = 1 << 1,        /* __DATE__ */
	INCSCAN_TIMESTAMP = 1 << 2,   /* __TIMESTAMP__ */
	INCSCAN_INCBIN = 1 << 3,      /* the assembler's .incbin reads a file */
	INCSCAN_ASM_INCLUDE = 1 << 4, /* the assembler's .include */
	INCSCAN_FILE_DATES = 1 << 5,  /* #pragma GCC dependency compares them */
	INCSCAN_PCH = 1 << 6,         /* #pragma GCC pch_preprocess */
	INCSCAN_MODULES = 1 << 7,     /* a line that C++ takes for one of a module */
	INCSCAN_ONCE = 1 << 8,        /* harmless: #pragma once, whatever is defined */
	INCSCAN_GUARDED = 1 << 9,     /* harmless: names nothing once its own guard is defined */
	INCSCAN_USES_NEXT = 1 << 10, /* harmless: looks behind the directory that it was found in */
};

enum { INCSCAN_NAME_BYTES_MAX = 4095 };

struct incscan *incscan_create(const char *text, size_t n);
size_t incscan_bytes(const struct incscan *s);
/* The scan that data, aligned for an uint32_t, holds; NULL when it is none that is whole. */
const struct incscan *incscan_check(const void *data, size_t n);

unsigned incscan_flags(const struct incscan *s);
/* For people, why the file cannot be read for certain; NULL when it can. Static storage. */
const char *incscan_problem(const struct incscan *s);
/* The item at *at, which it moves on; false behind the last one. Starts with 0. */
bool incscan_next(const struct incscan *s, size_t *at, struct incscan_item *ret);

/* Macros are known by their hashes: what is said to be defined may be another one. */
uint32_t incscan_hash(const char *name, size_t n);
/* All that the file defines; some may be there twice. */
const uint32_t *incscan_macros(const struct incscan *s, size_t *ret_n);
/* Does the file define the macro? *ret_simple: only as INCSCAN_DEFINE items say. */
bool incscan_defines(const struct incscan *s, uint32_t macro, bool *ret_simple);
/* The same, but not only where the macro has to be defined already. */
bool incscan_introduces(const struct incscan *s, uint32_t macro);
bool incscan_undefines(const struct incscan *s, uint32_t macro);
/* The macro of INCSCAN_GUARDED. */
uint32_t incscan_guard(const struct incscan *s);

/* What a text has behind the macro's name where it defines it, comments being blanks: "(x) #x", " value".
 * A scan has no room for that. Some may be there twice. */
void incscan_definitions(const char *text, size_t n, const char *macro, struct strv *ret);
