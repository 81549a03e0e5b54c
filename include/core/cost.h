/* cost - what compiles took before, to say what they will take.
 *
 * A cost is how many microseconds a node of speed 1 works on a job (core/sched.h). Known jobs are
 * named by a hash of their source and of the flags that decide how much work it makes; for others
 * there is the size of their text.
 *
 * Contract: pure. Of fixed size: where it is full, what has not been seen for the longest time goes.
 * cost_read() fills in what this build has not learned itself, so a table that is read once more
 * before it is written keeps what another build has learned meanwhile.
 */
#pragma once

#include "base/buf.h"

enum { COST_FILE_BYTES_MAX = 2 << 20 };

struct cost_table;

struct cost_table *cost_create(void);
void cost_destroy(struct cost_table *t);
/* flags: NULL-terminated, or NULL. */
uint64_t cost_key(const char *cwd, const char *source, char *const flags[]);
/* 0 when nothing is known of it and text_bytes is 0. */
uint64_t cost_guess(const struct cost_table *t, uint64_t key, uint64_t text_bytes);
/* text_bytes: 0 when there is no text. */
void cost_learn(struct cost_table *t, uint64_t key, uint64_t text_bytes, uint64_t cost_us);
/* A compile that failed as a view, and did not here, is to be no view again. */
void cost_mark_viewless(struct cost_table *t, uint64_t key);
bool cost_is_viewless(const struct cost_table *t, uint64_t key);

/* ERR_PROTO, and nothing is read, for what cost_write() did not write. */
int cost_read(struct cost_table *t, const void *data, size_t n);
int cost_write(const struct cost_table *t, struct buf *out);
