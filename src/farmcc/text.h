/* text - the preprocessor's output on its way to farmmake.
 *
 * The text is cut into blocks (core/dtext.h). A block that farmmake has already, from another source
 * that included the same, is named; any other is rewritten, packed and sent. A source shares most of
 * its text with its neighbours, so this is where the time of a remote compile is saved.
 *
 * Contract: streaming; nothing but a block and its rewritten form is held here. ERR_UNSAFE: text_trap()
 * says why the compile must stay local; ERR_TOOBIG: the text exceeds JOB_TEXT_BYTES_MAX.
 */
#pragma once

#include "io/sock.h"

struct text;

enum { TEXT_STEP_BYTES = 32 << 10 };

/* dir: the build's, with a "/" at its end. cwd: where relative names of sources begin. */
struct text *text_create(struct sock *sock, const char *dir, const char *cwd);
void text_destroy(struct text *t);

/* From the beginning on: keeps the definitions that the text leaves out. */
void text_keep_prelude(struct text *t);
/* Sends them, unless there are more than may be sent. */
int text_send_prelude(struct text *t);

/* Where the next n bytes of the text, at most TEXT_STEP_BYTES, are to be put. NULL: it is too long, or there
 * is no memory. */
char *text_room(struct text *t);
/* They are there. */
int text_grown(struct text *t, size_t n);
/* It does not grow any more. *ret_raw_bytes: of the whole text, as farmmake has it. */
int text_finish(struct text *t, uint64_t *ret_raw_bytes);
const char *text_trap(const struct text *t);
