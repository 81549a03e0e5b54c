#include "base/buf.h"

#include "base/err.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t max_bytes)
{
	*b = (struct buf){.max_bytes = max_bytes};
}

void buf_fini(struct buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = b->cap = 0;
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->err = 0;
}

int buf_reserve(struct buf *b, size_t n)
{
	if (n > b->max_bytes || b->len > b->max_bytes - n)
		return ERR_TOOBIG;
	size_t need = b->len + n;
	if (need <= b->cap)
		return 0;
	size_t cap = b->cap ? b->cap : 256;
	while (cap < need)
		cap *= 2;
	if (cap > b->max_bytes)
		cap = b->max_bytes;
	uint8_t *data = realloc(b->data, cap);
	if (!data)
		return -ENOMEM;
	b->data = data;
	b->cap = cap;
	return 0;
}

int buf_append(struct buf *b, const void *data, size_t n)
{
	if (n == 0)
		return 0;
	int err = buf_reserve(b, n);
	if (err)
		return err;
	memcpy(b->data + b->len, data, n);
	b->len += n;
	return 0;
}

void buf_consume(struct buf *b, size_t n)
{
	if (n == 0)
		return; /* data may still be NULL */
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
}

void wr_raw(struct buf *b, const void *data, size_t n)
{
	if (!b->err)
		b->err = buf_append(b, data, n);
}

void wr_u8(struct buf *b, uint8_t v)
{
	wr_raw(b, &v, 1);
}

void wr_u16(struct buf *b, uint16_t v)
{
	uint8_t raw[2] = {(uint8_t)(v >> 8), (uint8_t)v};
	wr_raw(b, raw, sizeof raw);
}

void wr_u32(struct buf *b, uint32_t v)
{
	uint8_t raw[4];
	for (int i = 0; i < 4; i++)
		raw[i] = (uint8_t)(v >> (24 - 8 * i));
	wr_raw(b, raw, sizeof raw);
}

void wr_u64(struct buf *b, uint64_t v)
{
	wr_u32(b, (uint32_t)(v >> 32));
	wr_u32(b, (uint32_t)v);
}

void wr_bytes(struct buf *b, const void *data, size_t n)
{
	if (n > UINT32_MAX) {
		if (!b->err)
			b->err = ERR_TOOBIG;
		return;
	}
	wr_u32(b, (uint32_t)n);
	wr_raw(b, data, n);
}

void wr_str(struct buf *b, const char *s)
{
	wr_bytes(b, s, strlen(s));
}

void rd_init(struct rd *r, const void *data, size_t n)
{
	*r = (struct rd){.p = data, .end = (const uint8_t *)data + n};
}

/* Lends the next n bytes, or sets the error. */
static const uint8_t *take(struct rd *r, size_t n)
{
	if (!r->err && (size_t)(r->end - r->p) < n)
		r->err = ERR_TRUNCATED;
	if (r->err)
		return NULL;
	const uint8_t *p = r->p;
	r->p += n;
	return p;
}

static uint64_t take_int(struct rd *r, size_t n)
{
	const uint8_t *p = take(r, n);
	uint64_t v = 0;
	for (size_t i = 0; p && i < n; i++)
		v = v << 8 | p[i];
	return v;
}

uint8_t rd_u8(struct rd *r)
{
	return (uint8_t)take_int(r, 1);
}

uint16_t rd_u16(struct rd *r)
{
	return (uint16_t)take_int(r, 2);
}

uint32_t rd_u32(struct rd *r)
{
	return (uint32_t)take_int(r, 4);
}

uint64_t rd_u64(struct rd *r)
{
	return take_int(r, 8);
}

void rd_raw(struct rd *r, void *out, size_t n)
{
	const uint8_t *p = take(r, n);
	if (p && n)
		memcpy(out, p, n);
	else
		memset(out, 0, n);
}

const uint8_t *rd_bytes(struct rd *r, size_t *ret_n, size_t max_bytes)
{
	size_t n = rd_u32(r);
	if (!r->err && n > max_bytes)
		r->err = ERR_TOOBIG;
	const uint8_t *p = take(r, n);
	*ret_n = p ? n : 0;
	return p;
}

char *rd_str(struct rd *r, size_t max_bytes)
{
	size_t n;
	const uint8_t *p = rd_bytes(r, &n, max_bytes);
	if (!p)
		return NULL;
	if (n && memchr(p, 0, n)) {
		r->err = ERR_PROTO;
		return NULL;
	}
	char *s = malloc(n + 1);
	if (!s) {
		r->err = -ENOMEM;
		return NULL;
	}
	memcpy(s, p, n);
	s[n] = '\0';
	return s;
}

int rd_finish(const struct rd *r)
{
	if (r->err)
		return r->err;
	return r->p == r->end ? 0 : ERR_PROTO;
}
