/* dtext - turns the output of "gcc -E -fdirectives-only" into text that compiles, under the source's
 * own name, to the object that the untouched source gives.
 *
 * The rules are in doc/architecture.md, "The text": built-in and command-line sections are dropped,
 * nesting is kept, and the main file is never renamed by a line marker, because gcc compares the
 * pointer of a file's name with the main file's.
 *
 * The text is also watched for what would behave differently elsewhere (__TIME__, .incbin, …): the
 * trap is named and the compile stays local. gcc leaves some things out of the text without a trace
 * (#pragma message, GCC poison, what follows an unpaired quote in a dead branch): these show in the
 * sources only, so each file that the text names goes through dtext_check_source() as well.
 *
 * Contract: pure and streaming: lines may be split anywhere between two feeds. After ERR_UNSAFE the
 * only call that makes sense is dtext_trap() or dtext_destroy().
 */
#pragma once

#include "base/buf.h"

struct dtext;

struct dtext *dtext_create(void);
void dtext_destroy(struct dtext *d);

/* Called for the main file and then for each file that is entered, repeats included. path: as the
 * preprocessor opened it; system: it was found where the system's headers are. Returns NULL, or a trap
 * (static storage). */
typedef const char *(*dtext_file_fn)(void *ctx, const char *path, bool system);
void dtext_on_file(struct dtext *d, dtext_file_fn fn, void *ctx);

/* The built-in and the command line's macros, which the text leaves out, are appended here; NULL: nowhere. */
void dtext_keep_macros(struct dtext *d, struct buf *macros);

/* Appends the rewritten form of the next n bytes to out. ERR_UNSAFE when a trap was met; buf's
 * errors otherwise. */
int dtext_feed(struct dtext *d, const char *in, size_t n, struct buf *out);
/* The end of the text: writes what is still held back. */
int dtext_finish(struct dtext *d, struct buf *out);
/* What was met, for people: "__TIME__ depends on the clock"; NULL so far. */
const char *dtext_trap(const struct dtext *d);

/* Blocks. A text is cut where files begin and end, at places that the text itself chooses. What becomes of
 * a block, a part that begins where a file does, depends on its bytes and on dtext_context() alone: who
 * has fed it once and kept what came out may skip it in any other text. */
enum {
	DTEXT_MAIN_BYTES_MAX = 512
}; /* a longer name of the main file costs blocks, and nothing else */

struct dtext_cutter {
	size_t scanned; /* bytes that were looked at; then the last cut, or a line end */
	bool begun;
	bool at_block;   /* a block begins at the last cut */
	bool in_main;    /* nothing but the main file is open */
	size_t main_len; /* of the main file's name */
	char main[DTEXT_MAIN_BYTES_MAX];
};

/* Starts all 0. text: as before, and perhaps more behind it. Returns the offset of the next line at which
 * it is cut, or n when there is none in the whole lines seen so far. */
size_t dtext_cut(struct dtext_cutter *c, const char *text, size_t n);
/* Would the text be cut at this line if a block went before it? end: the line's. */
bool dtext_cuts_block(const struct dtext_cutter *c, const char *line, const char *end);
/* What goes before at is known, and need not be looked through. */
void dtext_cut_skip(struct dtext_cutter *c, size_t at);
/* The first n bytes of the text, all of them before c->scanned, will be missing from now on. */
void dtext_cut_dropped(struct dtext_cutter *c, size_t n);
/* Part of a block's identity, when one begins here; negative when none can. */
int dtext_context(const struct dtext *d);
/* From now on the line markers of what is fed go to markers too; NULL: no more. */
void dtext_record(struct dtext *d, struct buf *markers);
/* Goes over a block whose markers these are. ERR_UNSAFE as dtext_feed(). Of the files in it only those with
 * relative names are reported: the others are what they were when the block was fed. */
int dtext_skip(struct dtext *d, const char *markers, size_t n);

/* Does gcc -fdirectives-only lose or misread something in this file of source? NULL, or what. */
const char *dtext_check_source(const char *text, size_t n);

/* The traps that show in a text of any kind. */
enum dtext_trap {
	DTEXT_TRAP_TIME = 1 << 0,
	DTEXT_TRAP_TIMESTAMP = 1 << 1,
	DTEXT_TRAP_DATE = 1 << 2,
	DTEXT_TRAP_INCBIN = 1 << 3,
	DTEXT_TRAP_INCLUDE = 1 << 4, /* the assembler's */
	DTEXT_TRAP_PRAGMA = 1 << 5,  /* a _Pragma that speaks to the preprocessor */
};
/* Those of the text, or'ed. */
unsigned dtext_traps(const char *text, size_t n);
/* The first of them, as dtext_trap() names it; NULL: none. */
const char *dtext_find_trap(const char *text, size_t n);
