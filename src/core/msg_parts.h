/* msg_parts - how fields, and the structs that several messages have in common, are written and read.
 * For msg*.c only. Errors stay in the buf and in the rd. */
#pragma once

#include "core/msg.h"

/* An enumeration in one byte; a value outside it is an error of the sender. */
unsigned msg_rd_enum(struct rd *r, unsigned count);
bool msg_rd_bool(struct rd *r);
/* ERR_TOOBIG when n exceeds max. */
void msg_limit(struct buf *b, uint64_t n, uint64_t max);
void msg_wr_text(struct buf *b, const char *s, size_t max_bytes);
/* A number of bytes that will come. */
void msg_wr_size(struct buf *b, uint64_t n, uint64_t max);
uint64_t msg_rd_size(struct rd *r, uint64_t max);
void msg_wr_strv(struct buf *b, const struct strv *sv, size_t max_count, size_t max_bytes);
void msg_rd_strv(struct rd *r, struct strv *ret, size_t max_count, size_t max_bytes);
void msg_wr_spec(struct buf *b, const struct job_spec *s);
void msg_rd_spec(struct rd *r, struct job_spec *s);
void msg_wr_result(struct buf *b, const struct job_result *res);
void msg_rd_result(struct rd *r, struct job_result *res);
