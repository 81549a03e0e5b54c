#include "player.h"

#include "base/err.h"
#include "fake_link.h"
#include "stage.h"
#include "wrapper.h"

#include <assert.h>
#include <stdio.h>

struct player player;

static void cc_say(struct cc *cc, const struct msg *m)
{
	assert(msg_encode(m, fake_link_incoming(cc->conn)) == 0);
}

static void cc_end(struct cc *cc)
{
	cc_say(cc, &(struct msg){.type = MSG_CC_DONE});
	cc->delivered = true;
}

void player_begin(struct cc *cc, uint8_t kind, unsigned number)
{
	wrapper_accept(player.farm);
	cc->conn = fake_link_last_wrapper();
	cc->text_n = 1 + kind * 587u;
	cc->text = xmalloc(cc->text_n);
	for (size_t i = 0; i < cc->text_n; i++)
		cc->text[i] = (uint8_t)(i % 251 + number + kind + i / 5000);
	buf_init(&cc->object, 1 << 20);
	struct msg m = {.type = MSG_CC_BEGIN};
	m.cc_begin.version = WIRE_VERSION;
	m.cc_begin.distributable = kind != 255;
	char source[16], reason[] = "odd", none[] = "", cwd[] = "/farm/t", output[] = "t.o",
			 path[] = "/usr/bin/gcc";
	snprintf(source, sizeof source, "t%u.c", number);
	m.cc_begin.reason = kind == 255 ? reason : none;
	m.cc_begin.compiler = path;
	m.cc_begin.cpath = m.cc_begin.lang_path = none;
	m.cc_begin.no_text = m.cc_begin.no_view = none;
	m.cc_begin.spec = (struct job_spec){.cwd = cwd, .source = source, .output = output};
	cc_say(cc, &m);
	if (kind == 255)
		cc_end(cc); /* it does not ask */
}

static void cc_preprocess(struct cc *cc)
{
	static uint8_t packed[LZ_PACKED_MAX];
	for (size_t at = 0; at < cc->text_n;) {
		size_t n = cc->text_n - at < LZ_BLOCK_BYTES ? cc->text_n - at : LZ_BLOCK_BYTES;
		struct msg m = {.job = 0};
		lz_pack(player.lz, cc->text + at, n, packed, &m);
		cc_say(cc, &m);
		at += n;
	}
	struct msg m = {.type = MSG_CC_STAGED, .cc_staged = {cc->text_n, 1000}};
	cc_say(cc, &m);
}

static void cc_check_object(struct cc *cc)
{
	if (cc->object.len < cc->object_bytes)
		return;
	if (!player.tainted) {
		assert(!stage_fails(cc->text, cc->text_n) && !stage_warns(cc->text, cc->text_n));
		assert(cc->object.len == cc->text_n);
		for (size_t i = 0; i < cc->text_n; i++)
			assert(cc->object.data[i] == stage_compile(cc->text[i]));
	}
	cc_end(cc);
}

static void cc_hear(struct cc *cc, const struct msg *m)
{
	struct msg answer = {.type = MSG_CC_TOOLCHAIN};
	char path[] = "/usr/bin/gcc";
	switch ((int)m->type) {
	case MSG_CC_VERDICT:
		if (m->cc_verdict.verdict == VERDICT_PREPROCESS) {
			cc_preprocess(cc);
		} else if (m->cc_verdict.verdict == VERDICT_PROBE) {
			answer.cc_toolchain.compiler = path;
			answer.cc_toolchain.text = player.toolchain;
			cc_say(cc, &answer);
		} else {
			assert(!cc->delivered);
			cc_end(cc);
		}
		break;
	case MSG_CC_RESULT:
		cc->object_bytes = m->result.raw_bytes[STREAM_OUTPUT];
		assert(m->result.wait_status == 0 && cc->object_bytes);
		break;
	case MSG_DATA:
		assert(m->data.stream == STREAM_OUTPUT && lz_unpack(m, &cc->object) == 0);
		cc_check_object(cc);
		break;
	default: assert(m->type == MSG_CC_VERDICT); /* farmmake says nothing else */
	}
}

void player_pump(struct cc *cc)
{
	bool moved = true;
	while (moved && cc->conn) {
		struct buf *out = fake_link_outgoing(cc->conn);
		moved = fake_link_deliver(cc->conn);
		while (out->len) {
			struct wire_header h;
			struct msg m;
			assert(wire_header_decode(out->data, &h) == 0);
			assert(msg_decode(&h, out->data + WIRE_HEADER_BYTES, &m) == 0);
			cc_hear(cc, &m);
			msg_fini(&m);
			buf_consume(out, WIRE_HEADER_BYTES + h.length);
			moved = true;
		}
		if (cc->delivered && !moved) {
			conn_abort(cc->conn, ERR_CLOSED);
			cc->conn = NULL;
		}
	}
}
