/* The happy path: blocks of each stream that the client gets, in the order of enum stream, then the
 * RESULT with the digest of all of them. The digest covers the payloads as they go out, so each
 * block is encoded once for it. What can fail: the link. */
#include "outbox.h"

#include "base/err.h"
#include "core/wire.h"

#include <errno.h>
#include <unistd.h>

void outbox_tools_init(struct outbox_tools *t)
{
	t->lz = lz_create();
	buf_init(&t->frame, WIRE_FRAME_MAX);
}

void outbox_tools_fini(struct outbox_tools *t)
{
	lz_destroy(t->lz);
	buf_fini(&t->frame);
}

void outbox_init(struct outbox *o)
{
	list_init(&o->slots);
}

void outbox_add(struct outbox *o, struct slot *s)
{
	s->digest = digest_create();
	s->stream = STREAM_STDOUT;
	s->offset = 0;
	list_append(&o->slots, &s->outbox);
}

bool outbox_is_empty(const struct outbox *o)
{
	return list_empty(&o->slots);
}

static int read_block(const struct slot *s, uint8_t *out, size_t *ret_n)
{
	uint64_t left = s->outcome.bytes[s->stream] - s->offset;
	size_t want = left < LZ_BLOCK_BYTES ? (size_t)left : LZ_BLOCK_BYTES;
	ssize_t n = pread(s->outcome.fd[s->stream], out, want, (off_t)s->offset);
	if (n < 0)
		return -errno;
	*ret_n = (size_t)n;
	return (size_t)n == want ? 0 : ERR_TRUNCATED;
}

static int send_block(struct slot *s, struct conn *link, struct outbox_tools *t)
{
	size_t n = 0;
	int err = read_block(s, t->raw, &n);
	if (err)
		return err;
	struct msg m = {.job = s->job};
	lz_pack(t->lz, t->raw, n, t->packed, &m);
	m.data.stream = s->stream;
	buf_clear(&t->frame);
	err = msg_encode(&m, &t->frame);
	if (err)
		return err;
	digest_update(
		s->digest, t->frame.data + WIRE_HEADER_BYTES, t->frame.len - WIRE_HEADER_BYTES);
	s->offset += n;
	return conn_send(link, &m);
}

static int send_result(struct slot *s, struct conn *link)
{
	struct msg m = {.type = MSG_RESULT, .job = s->job};
	m.result.wait_status = s->outcome.wait_status;
	m.result.cpu_us = s->outcome.cpu_us;
	m.result.wall_us = s->outcome.wall_us;
	m.result.max_rss_kib = s->outcome.max_rss_kib;
	for (enum stream i = 0; i < STREAM_COUNT; i++)
		m.result.raw_bytes[i] = slot_sends(s, i) ? s->outcome.bytes[i] : 0;
	digest_final(s->digest, m.result.digest);
	return conn_send(link, &m);
}

/* Goes on to a stream that has something left. */
static void skip_empty(struct slot *s)
{
	while (s->stream < STREAM_COUNT &&
		(!slot_sends(s, s->stream) || s->offset == s->outcome.bytes[s->stream])) {
		s->stream++;
		s->offset = 0;
	}
}

int outbox_step(struct outbox *o, struct conn *link, struct outbox_tools *t, struct slot **ret_sent)
{
	struct slot *s = list_entry(o->slots.next, struct slot, outbox);
	skip_empty(s);
	if (s->stream < STREAM_COUNT) {
		*ret_sent = NULL;
		return send_block(s, link, t);
	}
	int err = send_result(s, link);
	if (err)
		return err;
	list_remove(&s->outbox);
	*ret_sent = s;
	return 0;
}
