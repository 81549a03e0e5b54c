#include "msg_parts.h"

#include "base/err.h"

#include <string.h>

/* An enumeration in one byte; a value outside it is an error of the sender. */
unsigned msg_rd_enum(struct rd *r, unsigned count)
{
	unsigned v = rd_u8(r);
	if (!r->err && v >= count)
		r->err = ERR_PROTO;
	return r->err ? 0 : v;
}

bool msg_rd_bool(struct rd *r)
{
	return msg_rd_enum(r, 2) != 0;
}

void msg_limit(struct buf *b, uint64_t n, uint64_t max)
{
	if (!b->err && n > max)
		b->err = ERR_TOOBIG;
}

void msg_wr_text(struct buf *b, const char *s, size_t max_bytes)
{
	msg_limit(b, strlen(s), max_bytes);
	wr_str(b, s);
}

/* A number of bytes that will come. */
void msg_wr_size(struct buf *b, uint64_t n, uint64_t max)
{
	msg_limit(b, n, max);
	wr_u64(b, n);
}

uint64_t msg_rd_size(struct rd *r, uint64_t max)
{
	uint64_t n = rd_u64(r);
	if (!r->err && n > max)
		r->err = ERR_TOOBIG;
	return n;
}

void msg_wr_strv(struct buf *b, const struct strv *sv, size_t max_count, size_t max_bytes)
{
	msg_limit(b, sv->n, max_count);
	wr_u16(b, (uint16_t)sv->n);
	for (size_t i = 0; i < sv->n && !b->err; i++)
		msg_wr_text(b, sv->v[i], max_bytes);
}

void msg_rd_strv(struct rd *r, struct strv *ret, size_t max_count, size_t max_bytes)
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

void msg_wr_spec(struct buf *b, const struct job_spec *s)
{
	wr_raw(b, s->toolchain, sizeof s->toolchain);
	wr_u8(b, (uint8_t)s->lang);
	wr_u8(b, (uint8_t)s->input_kind);
	wr_u8(b, (uint8_t)s->output_kind);
	wr_u8(b, s->sides);
	wr_u8(b, s->names_output);
	wr_u8(b, (uint8_t)s->deps);
	wr_u8(b, (uint8_t)s->messages);
	wr_u32(b, s->view);
	msg_wr_text(b, s->cwd, JOB_PATH_BYTES_MAX);
	msg_wr_text(b, s->source, JOB_PATH_BYTES_MAX);
	msg_wr_text(b, s->output, JOB_PATH_BYTES_MAX);
	msg_wr_strv(b, &s->flags, JOB_FLAGS_MAX, JOB_FLAG_BYTES_MAX);
}

void msg_rd_spec(struct rd *r, struct job_spec *s)
{
	rd_raw(r, s->toolchain, sizeof s->toolchain);
	s->lang = (enum lang)msg_rd_enum(r, LANG_COUNT);
	s->input_kind = (enum input_kind)msg_rd_enum(r, INPUT_KIND_COUNT);
	s->output_kind = (enum output_kind)msg_rd_enum(r, OUTPUT_KIND_COUNT);
	s->sides = (uint8_t)msg_rd_enum(r, 1 << SIDE_COUNT);
	s->names_output = msg_rd_bool(r);
	s->deps = (enum deps_kind)msg_rd_enum(r, DEPS_KIND_COUNT);
	s->messages = (enum messages)msg_rd_enum(r, MESSAGES_COUNT);
	s->view = rd_u32(r);
	s->cwd = rd_str(r, JOB_PATH_BYTES_MAX);
	s->source = rd_str(r, JOB_PATH_BYTES_MAX);
	s->output = rd_str(r, JOB_PATH_BYTES_MAX);
	msg_rd_strv(r, &s->flags, JOB_FLAGS_MAX, JOB_FLAG_BYTES_MAX);
}

void msg_wr_result(struct buf *b, const struct job_result *res)
{
	wr_u32(b, (uint32_t)res->wait_status);
	wr_u64(b, res->cpu_us);
	wr_u64(b, res->wall_us);
	wr_u64(b, res->max_rss_kib);
	for (int i = 0; i < STREAM_COUNT; i++)
		msg_wr_size(b, res->raw_bytes[i], JOB_OUTPUT_BYTES_MAX);
	wr_raw(b, res->digest, sizeof res->digest);
}

void msg_rd_result(struct rd *r, struct job_result *res)
{
	res->wait_status = (int32_t)rd_u32(r);
	res->cpu_us = rd_u64(r);
	res->wall_us = rd_u64(r);
	res->max_rss_kib = rd_u64(r);
	for (int i = 0; i < STREAM_COUNT; i++)
		res->raw_bytes[i] = msg_rd_size(r, JOB_OUTPUT_BYTES_MAX);
	rd_raw(r, res->digest, sizeof res->digest);
}
