/* buf - a growable byte buffer with a hard limit, and cursors that read and write typed fields.
 *
 * Contract: a buf never grows past max_bytes: that is how any size chosen by a peer or a file stays
 * bounded. Writers (wr_*) and readers (rd_*) keep the first error and then do nothing, so a caller
 * reads or writes all fields and checks once. Integers are big-endian on the wire; strings are a
 * u32 length and the bytes, without a terminator, and never contain NUL.
 *
 * Ownership: the buf owns its storage. rd_bytes() lends a pointer into the input.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t max_bytes;
	int err; /* the first failure of a wr_*, 0 so far */
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_fini(struct buf *b); /* may be repeated */
void buf_clear(struct buf *b);
/* Room for n more bytes at data + len; ERR_TOOBIG past the limit, -ENOMEM. */
int buf_reserve(struct buf *b, size_t n);
int buf_append(struct buf *b, const void *data, size_t n);
/* Drops the first n bytes. */
void buf_consume(struct buf *b, size_t n);

void wr_u8(struct buf *b, uint8_t v);
void wr_u16(struct buf *b, uint16_t v);
void wr_u32(struct buf *b, uint32_t v);
void wr_u64(struct buf *b, uint64_t v);
void wr_raw(struct buf *b, const void *data, size_t n); /* fixed size fields: no length in front */
void wr_bytes(struct buf *b, const void *data, size_t n);
void wr_str(struct buf *b, const char *s);

struct rd {
	const uint8_t *p, *end;
	int err;
};

void rd_init(struct rd *r, const void *data, size_t n);
uint8_t rd_u8(struct rd *r);
uint16_t rd_u16(struct rd *r);
uint32_t rd_u32(struct rd *r);
uint64_t rd_u64(struct rd *r);
void rd_raw(struct rd *r, void *out, size_t n);
/* Lends *ret_n bytes; NULL and 0 after an error. */
const uint8_t *rd_bytes(struct rd *r, size_t *ret_n, size_t max_bytes);
/* A malloc'd, terminated copy of at most max_bytes; NULL after an error. A NUL inside is ERR_PROTO. */
char *rd_str(struct rd *r, size_t max_bytes);
/* The first error, or ERR_PROTO when bytes are left over. */
int rd_finish(const struct rd *r);
