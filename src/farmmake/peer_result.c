#include "peer_result.h"

#include "base/err.h"
#include "base/log.h"
#include "core/cost.h"
#include "core/lz.h"
#include "core/side.h"
#include "peer.h"
#include "tell.h"

#include <string.h>

static void hash_payload(struct copy *c, const struct msg *data)
{
	if (!c->digest)
		c->digest = digest_create();
	buf_clear(&c->wrapper->scratch);
	if (msg_encode(data, &c->wrapper->scratch) == 0)
		digest_update(c->digest, c->wrapper->scratch.data + WIRE_HEADER_BYTES,
			c->wrapper->scratch.len - WIRE_HEADER_BYTES);
}

/* Words of the node's compiler are looked at, never shown. */
static int listen_to(struct copy *c, const struct msg *data)
{
	buf_clear(&c->wrapper->scratch);
	int err = lz_unpack(data, &c->wrapper->scratch);
	if (!err)
		noise_feed(&c->said, c->wrapper->scratch.data, c->wrapper->scratch.len);
	return err;
}

int peer_result_add(struct copy *c, const struct msg *data)
{
	enum stream s = data->data.stream;
	if (s == STREAM_TEXT)
		return ERR_PROTO;
	c->stream_bytes[s] += data->data.raw_bytes;
	if (c->stream_bytes[s] > JOB_OUTPUT_BYTES_MAX)
		return ERR_TOOBIG;
	c->wrapper->down_bytes += data->data.n;
	if (!c->peer->distccd)
		hash_payload(c, data);
	if (c->wrapper->spec.input_kind == INPUT_VIEW)
		return copy_keep(c, data);
	if (s == STREAM_STDERR)
		return listen_to(c, data);
	return s == STREAM_STDOUT ? 0 : copy_keep(c, data);
}

static bool intact(struct copy *c, const struct job_result *r)
{
	uint8_t got[DIGEST_BYTES];
	if (!c->digest)
		c->digest = digest_create();
	digest_final(c->digest, got);
	digest_destroy(c->digest);
	c->digest = NULL;
	return memcmp(got, r->digest, sizeof got) == 0 &&
	       memcmp(c->stream_bytes, r->raw_bytes, sizeof c->stream_bytes) == 0;
}

/* Can the user be given what the node's compiler has said? A view's words are the compiler's own, a text's
 * are not. */
static bool is_speakable(const struct copy *c)
{
	bool is_silent = !c->stream_bytes[STREAM_STDOUT] && !c->stream_bytes[STREAM_STDERR];
	const struct wrapper *w = c->wrapper;
	if (w->spec.input_kind == INPUT_VIEW)
		return is_silent || w->direct.messages != MESSAGES_HERE;
	return !c->stream_bytes[STREAM_STDOUT] && noise_is_all(&c->said);
}

static bool is_whole(const struct copy *c)
{
	const struct job_spec *spec = &c->wrapper->spec;
	bool want_dwo = side_is_in(spec->sides, SIDE_DWO);
	return c->stream_bytes[STREAM_OUTPUT] && (!want_dwo || c->stream_bytes[STREAM_DWO]) &&
	       (spec->deps == DEPS_NONE || c->stream_bytes[STREAM_DEPS]);
}

enum peer_result peer_result_judge(struct copy *c, int32_t wait_status)
{
	if (wait_status == 0 && is_speakable(c) && is_whole(c))
		return PEER_RESULT_GOOD;
	copy_reset(c);
	return PEER_RESULT_REDO;
}

enum peer_result peer_result_finish(struct copy *c, const struct job_result *r)
{
	if (intact(c, r))
		return peer_result_judge(c, r->wait_status);
	copy_reset(c);
	return PEER_RESULT_BROKEN;
}

void peer_result_begin(struct peer *p, struct copy *c)
{
	c->t_started = farm_seconds(p->farm);
	tell_phase(c->wrapper, p, true);
	farm_event(p->farm,
		(struct sched_event){SCHED_JOB_STARTED, .job = c->wrapper->id, .node = p->id});
}

/* The node says how long its compiler took, not when that was over. */
static void note_times(struct wrapper *w, const struct copy *c, uint64_t wall_us)
{
	w->t.finished = farm_seconds(w->farm);
	w->t.started = c->t_started;
	w->t.compiled = -1;
	double compiled = c->t_started + (double)wall_us / 1e6;
	if (c->t_started >= 0)
		w->t.compiled = compiled < w->t.finished ? compiled : w->t.finished;
}

void peer_result_return(
	struct peer *p, struct copy *c, const struct job_result *r, enum peer_result verdict)
{
	struct wrapper *w = c->wrapper;
	struct sched_event ev = {SCHED_JOB_RESULT, .job = w->id, .node = p->id,
		.wall_us = r->wall_us, .ok = verdict == PEER_RESULT_GOOD};
	if (ev.ok)
		trust_forgive(&p->trust);
	if (w->spec.input_kind == INPUT_VIEW)
		p->view_refusals = 0;
	p->retry_pause_ms = PEER_RETRY_MIN_MS;
	log_debug("%.3f result %u from %u", farm_seconds(p->farm), w->id, p->id);
	note_times(w, c, r->wall_us);
	w->outcome = *r;
	w->good = c;
	w->remote_cpu_us += r->cpu_us;
	w->done_by = p;
	copy_detach(c);
	tell_returned(w);
	farm_event(p->farm, ev);
	if (ev.ok)
		cost_learn(p->farm->costs, w->cost_key, w->text_bytes,
			(uint64_t)((double)ev.wall_us * sched_node_speed(p->farm->sched, p->id)));
}
