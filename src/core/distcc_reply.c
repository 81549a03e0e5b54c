/* Replies: DONE, STAT, SERR, SOUT, DOTO, always all of them and in this order; the last three have bodies. */
#include "core/distcc.h"

#include "base/err.h"
#include "core/lz.h"

#include <assert.h>
#include <string.h>

enum { PACKET_DONE, PACKET_STAT, PACKET_PARTS, PACKET_END = PACKET_PARTS + DISTCC_PARTS };

static const char names[PACKET_END][5] = {"DONE", "STAT", "SERR", "SOUT", "DOTO"};

static const size_t part_max[DISTCC_PARTS] = {
	[DISTCC_STDERR] = DISTCC_SAID_BYTES_MAX,
	[DISTCC_STDOUT] = DISTCC_SAID_BYTES_MAX,
	[DISTCC_OBJECT] = JOB_OUTPUT_BYTES_MAX,
};

void distcc_reply_init(struct distcc_reply *r, bool lzo)
{
	*r = (struct distcc_reply){.lzo = lzo};
	for (size_t i = 0; i < DISTCC_PARTS; i++)
		buf_init(&r->part[i], part_max[i]);
}

void distcc_reply_fini(struct distcc_reply *r)
{
	for (size_t i = 0; i < DISTCC_PARTS; i++)
		buf_fini(&r->part[i]);
}

/* The eight digits behind the name; false: they are none. */
static bool read_number(const char *p, uint32_t *ret)
{
	uint32_t value = 0;
	for (size_t i = 0; i < 8; i++) {
		char c = p[i];
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
		value = value << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	*ret = value;
	return true;
}

static void next_packet(struct distcc_reply *r)
{
	r->head_n = 0;
	r->is_whole = ++r->packet == PACKET_END;
}

/* A whole head. */
static int on_head(struct distcc_reply *r)
{
	uint32_t number;
	if (memcmp(r->head, names[r->packet], 4) != 0 || !read_number(r->head + 4, &number))
		return ERR_PROTO;
	if (r->packet == PACKET_DONE && number != (r->lzo ? 2 : 1))
		return ERR_PROTO;
	if (r->packet == PACKET_STAT)
		r->wait_status = (int32_t)number;
	r->left = r->packet >= PACKET_PARTS ? number : 0;
	if (r->left && r->left > part_max[r->packet - PACKET_PARTS])
		return ERR_TOOBIG;
	if (r->left == 0)
		next_packet(r);
	return 0;
}

static int take_body(struct distcc_reply *r, const uint8_t *p, size_t n)
{
	int err = buf_append(&r->part[r->packet - PACKET_PARTS], p, n);
	if (err)
		return err;
	r->left -= n;
	if (r->left == 0)
		next_packet(r);
	return 0;
}

int distcc_reply_feed(struct distcc_reply *r, const uint8_t *p, size_t n)
{
	int err = 0;
	while (!err && n) {
		if (r->is_whole)
			return ERR_PROTO;
		size_t want = r->left ? r->left : sizeof r->head - r->head_n;
		size_t take = n < want ? n : want;
		if (r->left) {
			err = take_body(r, p, take);
		} else {
			memcpy(r->head + r->head_n, p, take);
			r->head_n += take;
			if (r->head_n == sizeof r->head)
				err = on_head(r);
		}
		p += take;
		n -= take;
	}
	return err;
}

int distcc_reply_unpack(const struct distcc_reply *r, enum distcc_part part, struct buf *out)
{
	assert(r->is_whole);
	const struct buf *in = &r->part[part];
	if (!r->lzo || in->len == 0)
		return buf_append(out, in->data, in->len);
	return lz_unpack_whole(in->data, in->len, out);
}
