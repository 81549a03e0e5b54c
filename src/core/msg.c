#include "core/msg.h"

#include "base/err.h"
#include "core/view.h"
#include "msg_parts.h"

#include <assert.h>
#include <string.h>

enum {
	TEXT_MAX = 8192,
	REASON_MAX = 512,
	CLIENT_MAX = 200,
	TOOLCHAINS_MAX = 64,
	TOOLCHAIN_TEXT_MAX = 2048,
	WORDS_MAX = 1024,
	SEARCH_PATH_MAX = 4096,
	MACRO_MAX = 128,
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

static void wr_welcome(struct buf *b, const struct msg *m)
{
	wr_u16(b, m->welcome.version);
	msg_wr_text(b, m->welcome.name, WIRE_NAME_MAX);
	wr_raw(b, m->welcome.boot_id, sizeof m->welcome.boot_id);
	wr_u16(b, m->welcome.slots);
	wr_u16(b, m->welcome.preload);
	wr_u16(b, m->welcome.jail_level);
	wr_u16(b, m->welcome.credits);
	wr_u8(b, m->welcome.shows_views);
	msg_wr_strv(b, &m->welcome.toolchains, TOOLCHAINS_MAX, TOOLCHAIN_TEXT_MAX);
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
	m->welcome.shows_views = msg_rd_bool(r);
	msg_rd_strv(r, &m->welcome.toolchains, TOOLCHAINS_MAX, TOOLCHAIN_TEXT_MAX);
}

static void wr_begin(struct buf *b, const struct msg *m)
{
	wr_u16(b, m->cc_begin.version);
	wr_u8(b, m->cc_begin.distributable);
	msg_wr_text(b, m->cc_begin.reason, REASON_MAX);
	msg_wr_text(b, m->cc_begin.compiler, JOB_PATH_BYTES_MAX);
	msg_wr_spec(b, &m->cc_begin.spec);
	msg_wr_strv(b, &m->cc_begin.words, WORDS_MAX, JOB_FLAG_BYTES_MAX);
	msg_wr_strv(b, &m->cc_begin.deps_flags, WORDS_MAX, JOB_FLAG_BYTES_MAX);
	msg_wr_text(b, m->cc_begin.cpath, SEARCH_PATH_MAX);
	msg_wr_text(b, m->cc_begin.lang_path, SEARCH_PATH_MAX);
	msg_wr_text(b, m->cc_begin.no_text, REASON_MAX);
	msg_wr_text(b, m->cc_begin.no_view, REASON_MAX);
}

static void rd_begin(struct rd *r, struct msg *m)
{
	m->cc_begin.version = rd_u16(r);
	m->cc_begin.distributable = msg_rd_bool(r);
	m->cc_begin.reason = rd_str(r, REASON_MAX);
	m->cc_begin.compiler = rd_str(r, JOB_PATH_BYTES_MAX);
	msg_rd_spec(r, &m->cc_begin.spec);
	msg_rd_strv(r, &m->cc_begin.words, WORDS_MAX, JOB_FLAG_BYTES_MAX);
	msg_rd_strv(r, &m->cc_begin.deps_flags, WORDS_MAX, JOB_FLAG_BYTES_MAX);
	m->cc_begin.cpath = rd_str(r, SEARCH_PATH_MAX);
	m->cc_begin.lang_path = rd_str(r, SEARCH_PATH_MAX);
	m->cc_begin.no_text = rd_str(r, REASON_MAX);
	m->cc_begin.no_view = rd_str(r, REASON_MAX);
}

static void wr_dirs(struct buf *b, const struct msg *m)
{
	msg_wr_text(b, m->cc_dirs.text, JOB_DIRS_BYTES_MAX);
	msg_wr_strv(b, &m->cc_dirs.macros, JOB_MACROS_MAX, MACRO_MAX);
}

static void rd_dirs(struct rd *r, struct msg *m)
{
	m->cc_dirs.text = rd_str(r, JOB_DIRS_BYTES_MAX);
	msg_rd_strv(r, &m->cc_dirs.macros, JOB_MACROS_MAX, MACRO_MAX);
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

/* Packed bytes are all that is left of the payload. */
static void rd_block_bytes(struct rd *r, enum packing packing, uint32_t raw_bytes, size_t *ret_n)
{
	*ret_n = r->err ? 0 : (size_t)(r->end - r->p);
	if (!r->err && packing == PACKING_STORED && *ret_n != raw_bytes)
		r->err = ERR_PROTO;
	r->p = r->end;
}

static void rd_data(struct rd *r, struct msg *m)
{
	m->data.stream = (enum stream)msg_rd_enum(r, STREAM_COUNT);
	m->data.packing = (enum packing)msg_rd_enum(r, PACKING_COUNT);
	m->data.raw_bytes = rd_u32(r);
	m->data.bytes = r->p;
	rd_block_bytes(r, m->data.packing, m->data.raw_bytes, &m->data.n);
}

static void wr_content(struct buf *b, const struct msg *m)
{
	wr_u32(b, m->content.number);
	wr_u8(b, (uint8_t)m->content.packing);
	wr_u32(b, m->content.raw_bytes);
	wr_raw(b, m->content.bytes, m->content.n);
	if (!b->err && m->content.packing == PACKING_STORED && m->content.n != m->content.raw_bytes)
		b->err = ERR_PROTO;
}

static void rd_content(struct rd *r, struct msg *m)
{
	m->content.number = rd_u32(r);
	m->content.packing = (enum packing)msg_rd_enum(r, PACKING_COUNT);
	m->content.raw_bytes = rd_u32(r);
	m->content.bytes = r->p;
	rd_block_bytes(r, m->content.packing, m->content.raw_bytes, &m->content.n);
}

static void wr_files(struct buf *b, const struct msg *m)
{
	wr_u32(b, m->files.view);
	wr_u16(b, m->files.count);
	wr_raw(b, m->files.entries, m->files.n);
}

/* Every entry is looked at: who receives them need not doubt them. */
static void rd_files(struct rd *r, struct msg *m)
{
	m->files.view = rd_u32(r);
	m->files.count = rd_u16(r);
	m->files.entries = r->p;
	for (unsigned i = 0; i < m->files.count && !r->err; i++) {
		struct view_entry e;
		if (view_read(r, &e) == 0)
			view_entry_fini(&e);
	}
	m->files.n = (size_t)(r->p - m->files.entries);
}

static void wr_need(struct buf *b, const struct msg *m)
{
	wr_u16(b, m->need.count);
	wr_raw(b, m->need.numbers, m->need.count * sizeof(uint32_t));
}

static void rd_need(struct rd *r, struct msg *m)
{
	m->need.count = rd_u16(r);
	m->need.numbers = r->p;
	for (unsigned i = 0; i < m->need.count && !r->err; i++)
		rd_u32(r);
}

static void wr_block(struct buf *b, const struct msg *m)
{
	wr_u64(b, m->cc_block.key.low);
	wr_u64(b, m->cc_block.key.high);
	wr_u32(b, m->cc_block.raw_bytes);
	wr_u32(b, m->cc_block.text_bytes);
	wr_u64(b, m->cc_block.opening);
	msg_limit(b, m->cc_block.markers_n, JOB_MARKERS_BYTES_MAX);
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

static void wr_prelude(struct buf *b, const struct msg *m)
{
	msg_limit(b, m->cc_prelude.n, JOB_PRELUDE_BYTES_MAX);
	wr_bytes(b, m->cc_prelude.text, m->cc_prelude.n);
}

static void rd_prelude(struct rd *r, struct msg *m)
{
	m->cc_prelude.text = (const char *)rd_bytes(r, &m->cc_prelude.n, JOB_PRELUDE_BYTES_MAX);
}

static void wr_known(struct buf *b, const struct msg *m)
{
	msg_limit(b, m->cc_known.n, JOB_KNOWN_MAX);
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
		msg_wr_text(b, m->cc_toolchain.compiler, JOB_PATH_BYTES_MAX);
		msg_wr_text(b, m->cc_toolchain.text, TEXT_MAX);
		break;
	case MSG_CC_DIRS: wr_dirs(b, m); break;
	case MSG_CC_STAGED:
		msg_wr_size(b, m->cc_staged.raw_bytes, JOB_TEXT_BYTES_MAX);
		wr_u64(b, m->cc_staged.cpu_us);
		break;
	case MSG_CC_LOCAL: msg_wr_text(b, m->cc_local, REASON_MAX); break;
	case MSG_CC_DONE:
		wr_u32(b, (uint32_t)m->cc_done.wait_status);
		wr_u64(b, m->cc_done.cpu_us);
		break;
	case MSG_CC_BLOCK: wr_block(b, m); break;
	case MSG_CC_PRELUDE: wr_prelude(b, m); break;
	case MSG_CC_KNOWN: wr_known(b, m); break;
	case MSG_CC_HEAVY:
		wr_u16(b, m->cc_heavy.version);
		wr_u64(b, m->cc_heavy.input_bytes);
		break;
	case MSG_CC_CHECKED: wr_u8(b, (uint8_t)m->cc_checked); break;
	case MSG_CC_VERDICT:
		wr_u8(b, (uint8_t)m->cc_verdict.verdict);
		msg_wr_text(b, m->cc_verdict.reason, REASON_MAX);
		break;
	case MSG_CC_RESULT:
	case MSG_RESULT: msg_wr_result(b, &m->result); break;
	case MSG_HELLO:
		wr_u16(b, m->hello.version);
		wr_u8(b, (uint8_t)m->hello.role);
		msg_wr_text(b, m->hello.client, CLIENT_MAX);
		break;
	case MSG_JOB: msg_wr_spec(b, &m->job_spec.spec); break;
	case MSG_JOB_TEXT_END:
		msg_wr_size(b, m->job_text_end.raw_bytes, JOB_TEXT_BYTES_MAX);
		wr_u32(b, m->job_text_end.cost_ms);
		break;
	case MSG_WELCOME: wr_welcome(b, m); break;
	case MSG_CREDITS: wr_u16(b, m->credits); break;
	case MSG_REFUSED:
		wr_u8(b, (uint8_t)m->refused.refusal);
		msg_wr_text(b, m->refused.text, REASON_MAX);
		break;
	case MSG_FILES: wr_files(b, m); break;
	case MSG_CONTENT: wr_content(b, m); break;
	case MSG_CONTENT_GONE: wr_u32(b, m->content_gone); break;
	case MSG_NEED: wr_need(b, m); break;
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
	case MSG_CC_DIRS: rd_dirs(r, m); break;
	case MSG_CC_STAGED:
		m->cc_staged.raw_bytes = msg_rd_size(r, JOB_TEXT_BYTES_MAX);
		m->cc_staged.cpu_us = rd_u64(r);
		break;
	case MSG_CC_LOCAL: m->cc_local = rd_str(r, REASON_MAX); break;
	case MSG_CC_DONE:
		m->cc_done.wait_status = (int32_t)rd_u32(r);
		m->cc_done.cpu_us = rd_u64(r);
		break;
	case MSG_CC_BLOCK: rd_block(r, m); break;
	case MSG_CC_PRELUDE: rd_prelude(r, m); break;
	case MSG_CC_KNOWN: rd_known(r, m); break;
	case MSG_CC_HEAVY:
		m->cc_heavy.version = rd_u16(r);
		m->cc_heavy.input_bytes = rd_u64(r);
		break;
	case MSG_CC_CHECKED: m->cc_checked = (enum checked)msg_rd_enum(r, CHECKED_COUNT); break;
	case MSG_CC_VERDICT:
		m->cc_verdict.verdict = (enum verdict)msg_rd_enum(r, VERDICT_COUNT);
		m->cc_verdict.reason = rd_str(r, REASON_MAX);
		break;
	case MSG_CC_RESULT:
	case MSG_RESULT: msg_rd_result(r, &m->result); break;
	case MSG_HELLO:
		m->hello.version = rd_u16(r);
		m->hello.role = (enum role)msg_rd_enum(r, ROLE_COUNT);
		m->hello.client = rd_str(r, CLIENT_MAX);
		break;
	case MSG_JOB: msg_rd_spec(r, &m->job_spec.spec); break;
	case MSG_JOB_TEXT_END:
		m->job_text_end.raw_bytes = msg_rd_size(r, JOB_TEXT_BYTES_MAX);
		m->job_text_end.cost_ms = rd_u32(r);
		break;
	case MSG_WELCOME: rd_welcome(r, m); break;
	case MSG_CREDITS: m->credits = rd_u16(r); break;
	case MSG_REFUSED:
		m->refused.refusal = (enum refusal)msg_rd_enum(r, REFUSED_COUNT);
		m->refused.text = rd_str(r, REASON_MAX);
		break;
	case MSG_FILES: rd_files(r, m); break;
	case MSG_CONTENT: rd_content(r, m); break;
	case MSG_CONTENT_GONE: m->content_gone = rd_u32(r); break;
	case MSG_NEED: rd_need(r, m); break;
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
	assert(row);
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
		strv_fini(&m->cc_begin.words);
		strv_fini(&m->cc_begin.deps_flags);
		free(m->cc_begin.cpath);
		free(m->cc_begin.lang_path);
		free(m->cc_begin.no_text);
		free(m->cc_begin.no_view);
		break;
	case MSG_CC_DIRS:
		free(m->cc_dirs.text);
		strv_fini(&m->cc_dirs.macros);
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
	case MSG_CC_PRELUDE:
	case MSG_CC_HEAVY:
	case MSG_CC_CHECKED:
	case MSG_CC_CHECK:
	case MSG_CC_RESULT:
	case MSG_RESULT:
	case MSG_JOB_TEXT_END:
	case MSG_CREDITS:
	case MSG_FILES:
	case MSG_CONTENT:
	case MSG_CONTENT_GONE:
	case MSG_NEED:
	case MSG_DATA:
	case MSG_CANCEL:
	case MSG_STARTED:
	case MSG_DRAIN:
	case MSG_BEAT: break;
	}
	*m = (struct msg){.type = m->type};
}
