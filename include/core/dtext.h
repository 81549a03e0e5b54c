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
 * preprocessor opened it. Returns NULL, or a trap (static storage). */
typedef const char *(*dtext_file_fn)(void *ctx, const char *path);
void dtext_on_file(struct dtext *d, dtext_file_fn fn, void *ctx);

/* Appends the rewritten form of the next n bytes to out. ERR_UNSAFE when a trap was met; buf's
 * errors otherwise. */
int dtext_feed(struct dtext *d, const char *in, size_t n, struct buf *out);
/* The end of the text: writes what is still held back. */
int dtext_finish(struct dtext *d, struct buf *out);
/* What was met, for people: "__TIME__ depends on the clock"; NULL so far. */
const char *dtext_trap(const struct dtext *d);

/* Does gcc -fdirectives-only lose or misread something in this file of source? NULL, or what. */
const char *dtext_check_source(const char *text, size_t n);
