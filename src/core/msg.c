#include "core/msg.h"

#include "base/err.h"

#include <string.h>

enum {
	TEXT_MAX = 8192,
	REASON_MAX = 512,
	CLIENT_MAX = 200,
	TOOLCHAINS_MAX = 64,
	TOOLCHAIN_TEXT_MAX = 2048,
};

static const struct msg_row rows[] = {
#define XX(n, code, s, p, max) {#n, MSG_##n, MSG_FROM_##s, MSG_IN_##p, max},
	MSG_MAP(XX)
#undef XX
};

const struct msg_row *msg_row(size_t i)
{
	return i < sizeof rows / sizeof *rows ? &rows[i] : NULL;
}

static const struct msg_row *find(enum msg_type type)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].type == type)
			return &rows[i];
	return NULL;
}

const char *msg_name(enum msg_type type)
{
	const struct msg_row *row = find(type);
	return row ? row->name : NULL;
}

bool msg_allowed(enum msg_type type, enum msg_sender sender, enum msg_phase phase)
{
	const struct msg_row *row = find(type);
	return row && (row->senders & sender) && (row->phases & phase);
}

/* An enumeration in one byte; a value outside it is an error of the sender. */
static unsigned rd_enum(struct rd *r, unsigned count)
{
	unsigned v = rd_u8(r);
	if (!r->err && v >= count)
		r->err = ERR_PROTO;
	return r->err ? 0 : v;
}

static bool rd_bool(struct rd *r)
{
	return rd_enum(r, 2) != 0;
}

static void limit(struct buf *b, uint64_t n, uint64_t max)
{
	if (!b->err && n > max)
		b->err = ERR_TOOBIG;
}

static void wr_text(struct buf *b, const char *s, size_t max_bytes)
{
	limit(b, strlen(s), max_bytes);
	wr_str(b, s);
}

/* A number of bytes that will come. */
static void wr_size(struct buf *b, uint64_t n, uint64_t max)
{
	limit(b, n, max);
	wr_u64(b, n);
}

static uint64_t rd_size(struct rd *r, uint64_t max)
{
	uint64_t n = rd_u64(r);
	if (!r->err && n > max)
		r->err = ERR_TOOBIG;
	return n;
}

static void wr_strv(struct buf *b, const struct strv *sv, size_t max_count, size_t max_bytes)
{
	limit(b, sv->n, max_count);
	wr_u16(b, (uint16_t)sv->n);
	for (size_t i = 0; i < sv->n && !b->err; i++)
		wr_text(b, sv->v[i], max_bytes);
}

static void rd_strv(struct rd *r, struct strv *ret, size_t max_count, size_t max_bytes)
{
	size_t n = rd_u16(r);
	if (!r->err && n > max_count)
		r->err = ERR_TOOBIG;
	for (size_t i = 0; i < n && !r->err; i++) {
		char *s = rd_str(r, max_bytes);
		if (s)
			strv_push_take(ret, s);
	}
}

static void wr_spec(struct buf *b, const struct job_spec *s)
{
	wr_raw(b, s->toolchain, sizeof s->toolchain);
	wr_u8(b, (uint8_t)s->lang);
	wr_u8(b, (uint8_t)s->input_kind);
	wr_u8(b, (uint8_t)s->output_kind);
	wr_u8(b, s->want_dwo);
	wr_text(b, s->cwd, JOB_PATH_BYTES_MAX);
	wr_text(b, s->source, JOB_PATH_BYTES_MAX);
	wr_text(b, s->output, JOB_PATH_BYTES_MAX);
	wr_strv(b, &s->flags, JOB_FLAGS_MAX, JOB_FLAG_BYTES_MAX);
}

static void rd_spec(struct rd *r, struct job_spec *s)
{
	rd_raw(r, s->toolchain, sizeof s->toolchain);
	s->lang = (enum lang)rd_enum(r, LANG_COUNT);
	s->input_kind = (enum input_kind)rd_enum(r, INPUT_KIND_COUNT);
	s->output_kind = (enum output_kind)rd_enum(r, OUTPUT_KIND_COUNT);
	s->want_dwo = rd_bool(r);
	s->cwd = rd_str(r, JOB_PATH_BYTES_MAX);
	s->source = rd_str(r, JOB_PATH_BYTES_MAX);
	s->output = rd_str(r, JOB_PATH_BYTES_MAX);
	rd_strv(r, &s->flags, JOB_FLAGS_MAX, JOB_FLAG_BYTES_MAX);
}

static void wr_result(struct buf *b, const struct job_result *res)
{
	wr_u32(b, (uint32_t)res->wait_status);
	wr_u64(b, res->cpu_us);
	wr_u64(b, res->wall_us);
	wr_u64(b, res->max_rss_kib);
	for (int i = 0; i < STREAM_COUNT; i++)
		wr_size(b, res->raw_bytes[i], JOB_OUTPUT_BYTES_MAX);
	wr_raw(b, res->digest, sizeof res->digest);
}

static void rd_result(struct rd *r, struct job_result *res)
{
	res->wait_status = (int32_t)rd_u32(r);
	res->cpu_us = rd_u64(r);
	res->wall_us = rd_u64(r);
	res->max_rss_kib = rd_u64(r);
	for (int i = 0; i < STREAM_COUNT; i++)
		res->raw_bytes[i] = rd_size(r, JOB_OUTPUT_BYTES_MAX);
	rd_raw(r, res->digest, sizeof res->digest);
}

static void wr_welcome(struct buf *b, const struct msg *m)
{
	wr_u16(b, m->welcome.version);
	wr_text(b, m->welcome.name, WIRE_NAME_MAX);
	wr_raw(b, m->welcome.boot_id, sizeof m->welcome.boot_id);
	wr_u16(b, m->welcome.slots);
	wr_u16(b, m->welcome.preload);
	wr_u16(b, m->welcome.jail_level);
	wr_u16(b, m->welcome.credits);
	wr_strv(b, &m->welcome.toolchains, TOOLCHAINS_MAX, TOOLCHAIN_TEXT_MAX);
}

static void rd_welcome(struct rd *r, struct msg *m)
{
	m->welcome.version = rd_u16(r);
	m->welcome.name = rd_str(r, WIRE_NAME_MAX);
	rd_raw(r, m->welcome.boot_id, sizeof m->welcome.boot_id);
	m->welcome.slots = rd_u16(r);
	m->welcome.preload = rd_u16(r);
	m->welcome.jail_level = rd_u16(r);
	m->welcome.credits = rd_u16(r);
	rd_strv(r, &m->welcome.toolchains, TOOLCHAINS_MAX, TOOLCHAIN_TEXT_MAX);
}

static void wr_begin(struct buf *b, const struct msg *m)
{
	wr_u16(b, m->cc_begin.version);
	wr_u8(b, m->cc_begin.distributable);
	wr_text(b, m->cc_begin.reason, REASON_MAX);
	wr_text(b, m->cc_begin.compiler, JOB_PATH_BYTES_MAX);
	wr_spec(b, &m->cc_begin.spec);
}

static void rd_begin(struct rd *r, struct msg *m)
{
	m->cc_begin.version = rd_u16(r);
	m->cc_begin.distributable = rd_bool(r);
	m->cc_begin.reason = rd_str(r, REASON_MAX);
	m->cc_begin.compiler = rd_str(r, JOB_PATH_BYTES_MAX);
	rd_spec(r, &m->cc_begin.spec);
}

static void wr_data(struct buf *b, const struct msg *m)
{
	wr_u8(b, (uint8_t)m->data.stream);
	wr_u8(b, (uint8_t)m->data.packing);
	wr_u32(b, m->data.raw_bytes);
	wr_raw(b, m->data.bytes, m->data.n);
	if (!b->err && m->data.packing == PACKING_STORED && m->data.n != m->data.raw_bytes)
		b->err = ERR_PROTO;
}

static void rd_data(struct rd *r, struct msg *m)
{
	m->data.stream = (enum stream)rd_enum(r, STREAM_COUNT);
	m->data.packing = (enum packing)rd_enum(r, PACKING_COUNT);
	m->data.raw_bytes = rd_u32(r);
	m->data.bytes = r->p;
	m->data.n = r->err ? 0 : (size_t)(r->end - r->p);
	if (!r->err && m->data.packing == PACKING_STORED && m->data.n != m->data.raw_bytes)
		r->err = ERR_PROTO;
	r->p = r->end;
}

static void wr_block(struct buf *b, const struct msg *m)
{
	wr_u64(b, m->cc_block.key.low);
	wr_u64(b, m->cc_block.key.high);
	wr_u32(b, m->cc_block.raw_bytes);
	wr_u32(b, m->cc_block.text_bytes);
	wr_u64(b, m->cc_block.opening);
	limit(b, m->cc_block.markers_n, JOB_MARKERS_BYTES_MAX);
	wr_bytes(b, m->cc_block.markers, m->cc_block.markers_n);
}

static void rd_block(struct rd *r, struct msg *m)
{
	m->cc_block.key.low = rd_u64(r);
	m->cc_block.key.high = rd_u64(r);
	m->cc_block.raw_bytes = rd_u32(r);
	m->cc_block.text_bytes = rd_u32(r);
	m->cc_block.opening = rd_u64(r);
	m->cc_block.markers =
		(const char *)rd_bytes(r, &m->cc_block.markers_n, JOB_MARKERS_BYTES_MAX);
}

static void wr_known(struct buf *b, const struct msg *m)
{
	limit(b, m->cc_known.n, JOB_KNOWN_MAX);
	wr_u16(b, m->cc_known.n);
	for (size_t i = 0; i < m->cc_known.n && !b->err; i++)
		wr_u32(b, m->cc_known.ids[i]);
}

static void rd_known(struct rd *r, struct msg *m)
{
	uint16_t n = rd_u16(r);
	if (!r->err && n > JOB_KNOWN_MAX)
		r->err = ERR_TOOBIG;
	for (size_t i = 0; i < n && !r->err; i++)
		m->cc_known.ids[i] = rd_u32(r);
	m->cc_known.n = n;
}

static void wr_payload(struct buf *b, const struct msg *m)
{
	switch (m->type) {
	case MSG_CC_BEGIN: wr_begin(b, m); break;
	case MSG_CC_TOOLCHAIN:
		wr_text(b, m->cc_toolchain.compiler, JOB_PATH_BYTES_MAX);
		wr_text(b, m->cc_toolchain.text, TEXT_MAX);
		break;
	case MSG_CC_STAGED:
		wr_size(b, m->cc_staged.raw_bytes, JOB_TEXT_BYTES_MAX);
		wr_u64(b, m->cc_staged.cpu_us);
		break;
	case MSG_CC_LOCAL: wr_text(b, m->cc_local, REASON_MAX); break;
	case MSG_CC_DONE:
		wr_u32(b, (uint32_t)m->cc_done.wait_status);
		wr_u64(b, m->cc_done.cpu_us);
		break;
	case MSG_CC_BLOCK: wr_block(b, m); break;
	case MSG_CC_KNOWN: wr_known(b, m); break;
	case MSG_CC_HEAVY:
		wr_u16(b, m->cc_heavy.version);
		wr_u64(b, m->cc_heavy.input_bytes);
		break;
	case MSG_CC_CHECKED: wr_u8(b, (uint8_t)m->cc_checked); break;
	case MSG_CC_VERDICT:
		wr_u8(b, (uint8_t)m->cc_verdict.verdict);
		wr_text(b, m->cc_verdict.reason, REASON_MAX);
		break;
	case MSG_CC_RESULT:
	case MSG_RESULT: wr_result(b, &m->result); break;
	case MSG_HELLO:
		wr_u16(b, m->hello.version);
		wr_u8(b, (uint8_t)m->hello.role);
		wr_text(b, m->hello.client, CLIENT_MAX);
		break;
	case MSG_JOB: wr_spec(b, &m->job_spec.spec); break;
	case MSG_JOB_TEXT_END:
		wr_size(b, m->job_text_end.raw_bytes, JOB_TEXT_BYTES_MAX);
		wr_u32(b, m->job_text_end.cost_ms);
		break;
	case MSG_WELCOME: wr_welcome(b, m); break;
	case MSG_CREDITS: wr_u16(b, m->credits); break;
	case MSG_REFUSED:
		wr_u8(b, (uint8_t)m->refused.refusal);
		wr_text(b, m->refused.text, REASON_MAX);
		break;
	case MSG_DATA: wr_data(b, m); break;
	case MSG_CC_CHECK:
	case MSG_CANCEL:
	case MSG_STARTED:
	case MSG_DRAIN:
	case MSG_BEAT: break;
	}
}

static void rd_payload(struct rd *r, struct msg *m)
{
	switch (m->type) {
	case MSG_CC_BEGIN: rd_begin(r, m); break;
	case MSG_CC_TOOLCHAIN:
		m->cc_toolchain.compiler = rd_str(r, JOB_PATH_BYTES_MAX);
		m->cc_toolchain.text = rd_str(r, TEXT_MAX);
		break;
	case MSG_CC_STAGED:
		m->cc_staged.raw_bytes = rd_size(r, JOB_TEXT_BYTES_MAX);
		m->cc_staged.cpu_us = rd_u64(r);
		break;
	case MSG_CC_LOCAL: m->cc_local = rd_str(r, REASON_MAX); break;
	case MSG_CC_DONE:
		m->cc_done.wait_status = (int32_t)rd_u32(r);
		m->cc_done.cpu_us = rd_u64(r);
		break;
	case MSG_CC_BLOCK: rd_block(r, m); break;
	case MSG_CC_KNOWN: rd_known(r, m); break;
	case MSG_CC_HEAVY:
		m->cc_heavy.version = rd_u16(r);
		m->cc_heavy.input_bytes = rd_u64(r);
		break;
	case MSG_CC_CHECKED: m->cc_checked = (enum checked)rd_enum(r, CHECKED_COUNT); break;
	case MSG_CC_VERDICT:
		m->cc_verdict.verdict = (enum verdict)rd_enum(r, VERDICT_COUNT);
		m->cc_verdict.reason = rd_str(r, REASON_MAX);
		break;
	case MSG_CC_RESULT:
	case MSG_RESULT: rd_result(r, &m->result); break;
	case MSG_HELLO:
		m->hello.version = rd_u16(r);
		m->hello.role = (enum role)rd_enum(r, ROLE_COUNT);
		m->hello.client = rd_str(r, CLIENT_MAX);
		break;
	case MSG_JOB: rd_spec(r, &m->job_spec.spec); break;
	case MSG_JOB_TEXT_END:
		m->job_text_end.raw_bytes = rd_size(r, JOB_TEXT_BYTES_MAX);
		m->job_text_end.cost_ms = rd_u32(r);
		break;
	case MSG_WELCOME: rd_welcome(r, m); break;
	case MSG_CREDITS: m->credits = rd_u16(r); break;
	case MSG_REFUSED:
		m->refused.refusal = (enum refusal)rd_enum(r, REFUSED_COUNT);
		m->refused.text = rd_str(r, REASON_MAX);
		break;
	case MSG_DATA: rd_data(r, m); break;
	case MSG_CC_CHECK:
	case MSG_CANCEL:
	case MSG_STARTED:
	case MSG_DRAIN:
	case MSG_BEAT: break;
	}
}

int msg_encode(const struct msg *m, struct buf *out)
{
	const struct msg_row *row = find(m->type);
	size_t start = out->len;
	wr_raw(out, (uint8_t[WIRE_HEADER_BYTES]){0}, WIRE_HEADER_BYTES);
	wr_payload(out, m);
	int err = out->err;
	size_t n = out->len - start - (err ? 0 : WIRE_HEADER_BYTES);
	if (!err && n > row->max_bytes)
		err = ERR_TOOBIG;
	if (err) {
		out->len = start;
		out->err = 0;
		return err;
	}
	struct wire_header h = {.length = (uint32_t)n, .type = (uint16_t)m->type, .job = m->job};
	wire_header_encode(&h, out->data + start);
	return 0;
}

int msg_decode(const struct wire_header *h, const uint8_t *payload, struct msg *ret)
{
	const struct msg_row *row = find((enum msg_type)h->type);
	if (!row)
		return ERR_PROTO;
	if (h->length > row->max_bytes)
		return ERR_TOOBIG;
	struct msg m = {.type = row->type, .job = h->job};
	struct rd r;
	rd_init(&r, payload, h->length);
	rd_payload(&r, &m);
	int err = rd_finish(&r);
	if (err)
		msg_fini(&m);
	else
		*ret = m;
	return err;
}

void msg_fini(struct msg *m)
{
	switch (m->type) {
	case MSG_CC_BEGIN:
		free(m->cc_begin.reason);
		free(m->cc_begin.compiler);
		job_spec_fini(&m->cc_begin.spec);
		break;
	case MSG_CC_TOOLCHAIN:
		free(m->cc_toolchain.compiler);
		free(m->cc_toolchain.text);
		break;
	case MSG_CC_LOCAL: free(m->cc_local); break;
	case MSG_CC_VERDICT: free(m->cc_verdict.reason); break;
	case MSG_HELLO: free(m->hello.client); break;
	case MSG_JOB: job_spec_fini(&m->job_spec.spec); break;
	case MSG_WELCOME:
		free(m->welcome.name);
		strv_fini(&m->welcome.toolchains);
		break;
	case MSG_REFUSED: free(m->refused.text); break;
	case MSG_CC_STAGED:
	case MSG_CC_DONE:
	case MSG_CC_BLOCK:
	case MSG_CC_KNOWN:
	case MSG_CC_HEAVY:
	case MSG_CC_CHECKED:
	case MSG_CC_CHECK:
	case MSG_CC_RESULT:
	case MSG_RESULT:
	case MSG_JOB_TEXT_END:
	case MSG_CREDITS:
	case MSG_DATA:
	case MSG_CANCEL:
	case MSG_STARTED:
	case MSG_DRAIN:
	case MSG_BEAT: break;
	}
	*m = (struct msg){.type = m->type};
}
