#include "chunks.h"

#include <string.h>

enum { PREFIX_BYTES = 1 + 1 + 4 + 4 };

void chunks_init(struct chunks *c, size_t max_bytes)
{
	buf_init(&c->buf, max_bytes);
	c->raw_bytes = 0;
}

void chunks_fini(struct chunks *c)
{
	buf_fini(&c->buf);
	c->raw_bytes = 0;
}

int chunks_add(struct chunks *c, const struct msg *data)
{
	int err = buf_reserve(&c->buf, PREFIX_BYTES + data->data.n);
	if (err)
		return err;
	wr_u8(&c->buf, (uint8_t)data->data.stream);
	wr_u8(&c->buf, (uint8_t)data->data.packing);
	wr_u32(&c->buf, data->data.raw_bytes);
	wr_bytes(&c->buf, data->data.bytes, data->data.n);
	c->raw_bytes += data->data.raw_bytes;
	return c->buf.err;
}

int chunks_append(struct chunks *c, const uint8_t *chunks, size_t n, uint64_t raw_bytes)
{
	int err = buf_append(&c->buf, chunks, n);
	c->raw_bytes += err ? 0 : raw_bytes;
	return err;
}

bool chunks_next(const struct chunks *c, size_t *cursor, struct msg *ret)
{
	if (*cursor == c->buf.len)
		return false;
	struct rd r;
	rd_init(&r, c->buf.data + *cursor, c->buf.len - *cursor);
	*ret = (struct msg){.type = MSG_DATA};
	ret->data.stream = (enum stream)rd_u8(&r);
	ret->data.packing = (enum packing)rd_u8(&r);
	ret->data.raw_bytes = rd_u32(&r);
	ret->data.bytes = rd_bytes(&r, &ret->data.n, WIRE_FRAME_MAX);
	*cursor = (size_t)(r.p - c->buf.data);
	return true;
}
