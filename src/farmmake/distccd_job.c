/* While a worker has the job, its copy may be gone: then nobody is left but the job, which frees itself. */
#include "distccd_job.h"

#include "base/err.h"
#include "compilers.h"
#include "core/distcc.h"
#include "core/lz.h"
#include "distccd.h"
#include "io/distcall.h"
#include "peer.h"
#include "peer_result.h"

#include <string.h>

struct distccd_job {
	uv_work_t work;
	bool packing;      /* by a worker */
	struct copy *copy; /* NULL: cancelled */
	struct distcall *call;
	bool lzo;
	struct strv words;
	struct buf text;      /* its head, and then all of it */
	struct chunks chunks; /* what follows the head */
	struct buf request;
	int err;
};

static void destroy(struct distccd_job *j)
{
	strv_fini(&j->words);
	buf_fini(&j->text);
	chunks_fini(&j->chunks);
	buf_fini(&j->request);
	free(j);
}

void distccd_job_cancel(struct distccd_job *j)
{
	j->copy = NULL;
	if (j->call)
		distcall_cancel(j->call);
	if (!j->packing)
		destroy(j);
}

static int unpack_text(struct distccd_job *j)
{
	struct msg m;
	size_t cursor = 0;
	int err = 0;
	while (!err && chunks_next(&j->chunks, &cursor, &m))
		err = lz_unpack(&m, &j->text);
	return err;
}

/* In a worker. */
static void pack(uv_work_t *work)
{
	struct distccd_job *j = work->data;
	j->err = unpack_text(j);
	if (!j->err && distcc_names_file(j->text.data, j->text.len))
		j->err = ERR_UNSAFE;
	if (!j->err)
		j->err = distcc_request_text(&j->words, j->lzo, &j->text, &j->request);
	chunks_fini(&j->chunks);
	buf_fini(&j->text);
}

static void on_sent(void *ctx)
{
	struct distccd_job *j = ctx;
	peer_result_begin(j->copy->peer, j->copy);
}

/* As if a node had sent it in blocks. */
static int keep_stream(struct copy *c, enum stream stream, const struct buf *b)
{
	int err = 0;
	for (size_t at = 0; !err && at < b->len;) {
		size_t left = b->len - at, n = left < LZ_BLOCK_BYTES ? left : LZ_BLOCK_BYTES;
		struct msg m = {.type = MSG_DATA};
		m.data.stream = stream;
		m.data.packing = PACKING_STORED;
		m.data.raw_bytes = (uint32_t)n;
		m.data.bytes = b->data + at;
		m.data.n = n;
		err = peer_result_add(c, &m);
		at += n;
	}
	return err;
}

static int keep_reply(struct copy *c, const struct distcc_reply *r)
{
	static const enum stream streams[DISTCC_PARTS] = {
		[DISTCC_STDERR] = STREAM_STDERR,
		[DISTCC_STDOUT] = STREAM_STDOUT,
		[DISTCC_OBJECT] = STREAM_OUTPUT,
	};
	int err = 0;
	for (enum distcc_part i = 0; !err && i < DISTCC_PARTS; i++) {
		struct buf raw;
		buf_init(&raw, JOB_OUTPUT_BYTES_MAX);
		err = distcc_reply_unpack(r, i, &raw);
		if (!err)
			err = keep_stream(c, streams[i], &raw);
		buf_fini(&raw);
	}
	return err;
}

static void finish(struct peer *p, struct copy *c, const struct distcc_reply *r)
{
	double s = farm_seconds(p->farm) - c->t_started;
	struct job_result result = {.wait_status = r->wait_status, .wall_us = (uint64_t)(s * 1e6)};
	int err = keep_reply(c, r);
	if (trust_is_offence(err)) {
		peer_strike(p, TRUST_FRAME, c->wrapper->spec.source);
		return;
	}
	if (err) { /* no memory for it */
		peer_refuse(p, c, false);
		return;
	}
	memcpy(result.raw_bytes, c->stream_bytes, sizeof result.raw_bytes);
	peer_result_return(p, c, &result, peer_result_judge(c, r->wait_status));
}

static void on_end(void *ctx, const struct distcall_end *end)
{
	struct distccd_job *j = ctx;
	struct copy *c = j->copy;
	struct peer *p = c->peer;
	c->call = NULL;
	destroy(j);
	distccd_heard(p);
	if (end->reply)
		finish(p, c, end->reply);
	else if (end->in_connect)
		peer_gone(p, end->err);
	else if (trust_is_offence(end->err))
		peer_strike(p, TRUST_FRAME, c->wrapper->spec.source);
	else
		peer_refuse(p, c, true);
}

static int call(struct distccd_job *j)
{
	struct peer *p = j->copy->peer;
	const struct distcall_conf conf = {.loop = &p->farm->loop,
		.addr = (const struct sockaddr *)&p->addr,
		.lzo = j->lzo,
		.request = &j->request,
		.on_sent = on_sent,
		.on_end = on_end,
		.ctx = j};
	j->copy->wrapper->up_bytes += j->request.len;
	p->moved_bytes += j->request.len;
	return distcall_start(&conf, &j->call);
}

static void on_packed(uv_work_t *work, int status)
{
	struct distccd_job *j = work->data;
	j->packing = false;
	if (!j->copy) {
		destroy(j);
		return;
	}
	int err = status ? status : j->err;
	if (!err)
		err = call(j);
	if (!err)
		return;
	struct copy *c = j->copy;
	c->call = NULL;
	destroy(j);
	peer_refuse(c->peer, c, err == ERR_UNSAFE && peer_any_farmnode_up(c->wrapper->farm));
}

static int take_text(struct distccd_job *j, const struct wrapper *w)
{
	const struct chunks *from = &w->text;
	buf_init(&j->text, JOB_TEXT_BYTES_MAX + JOB_PRELUDE_BYTES_MAX);
	buf_init(&j->request, UINT32_MAX);
	chunks_init(&j->chunks, from->buf.max_bytes);
	int err = chunks_append(&j->chunks, from->buf.data, from->buf.len, from->raw_bytes);
	return err ? err
		   : distcc_head(&w->spec, (const char *)w->prelude.data, w->prelude.len, &j->text);
}

const char *distccd_job_start(struct peer *p, struct copy *c)
{
	const struct wrapper *w = c->wrapper;
	struct strv words = {0};
	if (w->prelude.len == 0)
		return "the text came without the macros that hold from the start";
	const char *why =
		distcc_words(&w->spec, distccd_name(p->distccd, w->compiler->bits.all), &words);
	if (why)
		return why;
	struct distccd_job *j = xcalloc(1, sizeof *j);
	j->copy = c;
	j->lzo = distccd_speaks_lzo(p->distccd);
	j->words = words;
	j->work.data = j;
	int err = take_text(j, w);
	if (!err)
		err = uv_queue_work(&p->farm->loop, &j->work, pack, on_packed);
	if (err) {
		destroy(j);
		return "no memory for it";
	}
	j->packing = true;
	c->call = j;
	return NULL;
}
