#include "wrapper.h"

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "compilers.h"
#include "core/ccflags.h"
#include "core/cost.h"
#include "distccd.h"
#include "lobby.h"
#include "machine.h"
#include "peer.h"
#include "record.h"
#include "tell.h"
#include "watch.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum { TEXT_PACKED_MAX = 64 << 20 }; /* more than this is compiled here */

enum { COPIES = sizeof((struct wrapper *)0)->copies / sizeof(struct copy) };

/* In these phases a process of this wrapper uses a core here. */
static bool works(enum wrapper_phase p)
{
	return p == WRAPPER_PROBING || p == WRAPPER_LOOKING || p == WRAPPER_CPP ||
	       p == WRAPPER_LOCAL;
}

static void set_phase(struct wrapper *w, enum wrapper_phase p)
{
	struct farm *f = w->farm;
	f->at_work = f->at_work - works(w->phase) + works(p);
	if (f->at_work > f->at_work_peak)
		f->at_work_peak = f->at_work;
	w->phase = p;
	if (p == WRAPPER_LOCAL)
		w->t.local = farm_seconds(f);
	if (p != WRAPPER_HEAVY && p != WRAPPER_DONE)
		tell_phase(w, NULL, false);
}

static void set_reason(struct wrapper *w, const char *why)
{
	free(w->reason);
	w->reason = xstrdup(why);
}

void wrapper_verdict(struct wrapper *w, enum verdict v, const char *why)
{
	struct msg m = {.type = MSG_CC_VERDICT};
	m.cc_verdict.verdict = v;
	m.cc_verdict.reason = (char *)why;
	if (conn_send(w->conn, &m) < 0)
		conn_abort(w->conn, ERR_TOOBIG);
}

static void drop_results(struct wrapper *w)
{
	for (size_t i = 0; i < COPIES; i++)
		copy_reset(&w->copies[i]);
}

/* To the scheduler a toolchain is a number. */
static const char *explain(const struct wrapper *w, const char *why)
{
	bool lacks =
		w->is_native && w->compiler->state == COMPILER_KNOWN && sched_lacks_toolchain(why);
	return lacks ? "no node has this processor with this toolchain" : why;
}

void wrapper_local(struct wrapper *w, const char *why, bool idle)
{
	why = explain(w, why);
	set_reason(w, why);
	set_phase(w, WRAPPER_LOCAL);
	chunks_fini(&w->text);
	drop_results(w);
	wrapper_verdict(w, idle ? VERDICT_IDLE : VERDICT_LOCAL, why);
}

/* It goes to no node, though the scheduler has made room for it. */
static void stay(struct wrapper *w, const char *why)
{
	wrapper_local(w, why, false);
	farm_event(w->farm, (struct sched_event){SCHED_JOB_LOCAL, .job = w->id});
}

void wrapper_preprocess(struct wrapper *w)
{
	if (w->direct.no_text[0]) {
		stay(w, w->direct.no_text);
		return;
	}
	set_phase(w, WRAPPER_CPP);
	w->t.cpp = farm_seconds(w->farm);
	wrapper_verdict(w, distccd_any(w->farm) ? VERDICT_PREPROCESS_ALL : VERDICT_PREPROCESS, "");
}

void wrapper_prepare(struct wrapper *w)
{
	if (!direct_is_open(w)) {
		wrapper_preprocess(w);
		return;
	}
	set_phase(w, WRAPPER_LOOKING);
	direct_look(w);
}

void wrapper_stage(struct wrapper *w, uint64_t text_bytes, uint64_t held_bytes)
{
	set_phase(w, WRAPPER_AWAY);
	w->t.staged = farm_seconds(w->farm);
	w->text_bytes = text_bytes;
	w->cost_us = cost_guess(w->farm->costs, w->cost_key, text_bytes);
	farm_event(w->farm, (struct sched_event){SCHED_JOB_STAGED, .job = w->id,
				    .bytes = held_bytes, .cost_us = w->cost_us});
}

struct copy *wrapper_copy(struct wrapper *w, const struct peer *p)
{
	for (size_t i = 0; i < COPIES; i++)
		if (w->copies[i].peer == p)
			return &w->copies[i];
	return NULL;
}

void wrapper_go(struct wrapper *w)
{
	wrapper_verdict(w, VERDICT_LOCAL, "");
}

/* Sends blocks of the result until the wrapper's queue is full. */
static void pump_result(struct wrapper *w)
{
	struct msg m;
	while (conn_queued_bytes(w->conn) < CONN_HIGH_BYTES &&
		chunks_next(&w->good->result, &w->deliver_cursor, &m)) {
		if (conn_send(w->conn, &m) < 0) {
			conn_abort(w->conn, ERR_TOOBIG);
			return;
		}
	}
}

void wrapper_deliver(struct wrapper *w)
{
	set_phase(w, WRAPPER_DELIVERED);
	chunks_fini(&w->text);
	struct msg check = {.type = MSG_CC_CHECK};
	struct msg m = {.type = MSG_CC_RESULT, .result = w->outcome};
	w->deliver_cursor = 0;
	if (w->spec.input_kind == INPUT_TEXT) /* these were words about the text */
		m.result.raw_bytes[STREAM_STDOUT] = m.result.raw_bytes[STREAM_STDERR] = 0;
	w->is_checked =
		trust_wants_check(w->farm->check_seed, w->id, (unsigned)w->farm->conf.verify) &&
		!(w->done_by->distccd && distcc_shows_words(&w->spec));
	if ((w->is_checked && conn_send(w->conn, &check) < 0) || conn_send(w->conn, &m) < 0)
		conn_abort(w->conn, ERR_TOOBIG);
	else
		pump_result(w);
}

static void ask_scheduler(struct wrapper *w, int bit)
{
	set_phase(w, WRAPPER_ASKED);
	w->in_sched = true;
	farm_event(w->farm, (struct sched_event){SCHED_JOB_ASK, .job = w->id, .toolchain = bit,
				    .cost_us = cost_guess(w->farm->costs, w->cost_key, 0)});
}

/* Its bit, and the id by which a node knows it. */
static int choose_toolchain(struct wrapper *w)
{
	const struct compiler *cc = w->compiler;
	if (w->is_native) {
		toolchain_native_id(&cc->toolchain, w->spec.toolchain);
		return cc->bits.native;
	}
	memcpy(w->spec.toolchain, cc->toolchain.id, sizeof w->spec.toolchain);
	return cc->bits.all;
}

void wrapper_ask(struct wrapper *w)
{
	struct compiler *cc = w->compiler;
	if (cc->state == COMPILER_UNKNOWN && peer_any_up(w->farm)) {
		cc->state = COMPILER_PROBING;
		set_phase(w, WRAPPER_PROBING);
		wrapper_verdict(w, VERDICT_PROBE, "");
	} else if (lobby_enter(w)) {
		set_phase(w, WRAPPER_WAITING);
	} else if (cc->state == COMPILER_KNOWN) {
		ask_scheduler(w, choose_toolchain(w));
	} else {
		ask_scheduler(w, cc->state == COMPILER_BAD ? SCHED_NO_TOOLCHAIN : SCHED_NOT_YET);
	}
}

void wrapper_ask_again(struct wrapper *w)
{
	w->in_sched = false;
	w->has_waited = false;
	wrapper_ask(w);
}

static int on_begin(struct wrapper *w, struct msg *m)
{
	if (m->cc_begin.version != WIRE_VERSION)
		return ERR_VERSION;
	conn_opened(w->conn);
	w->t.start = farm_seconds(w->farm);
	watch_add(w->farm, w);
	w->spec = m->cc_begin.spec;
	w->compiler_path = m->cc_begin.compiler;
	m->cc_begin.spec = (struct job_spec){0};
	m->cc_begin.compiler = NULL;
	tell_begin(w);
	direct_begin(w, m);
	if (!m->cc_begin.distributable) {
		set_reason(w, m->cc_begin.reason);
		set_phase(w, WRAPPER_LOCAL);
		return 0;
	}
	w->cost_key = cost_key(w->spec.cwd, w->spec.source, w->spec.flags.v);
	w->is_native = ccflags_native(&w->spec.flags);
	w->compiler = compilers_get(w->farm->compilers, w->compiler_path);
	wrapper_ask(w);
	return 0;
}

static int on_heavy(struct wrapper *w, const struct msg *m)
{
	if (m->cc_heavy.version != WIRE_VERSION)
		return ERR_VERSION;
	conn_opened(w->conn);
	set_phase(w, WRAPPER_HEAVY);
	machine_ask(w->farm, w->id, m->cc_heavy.input_bytes);
	return 0;
}

static int on_toolchain(struct wrapper *w, const struct msg *m)
{
	if (w->phase != WRAPPER_PROBING)
		return ERR_STATE;
	compilers_learn(w->farm->compilers, w->compiler, m->cc_toolchain.text);
	distccd_review(w->farm);
	wrapper_ask(w);
	lobby_call(w->farm);
	farm_event(w->farm, (struct sched_event){SCHED_RECALL});
	return 0;
}

static int on_dirs(struct wrapper *w, const struct msg *m)
{
	if (w->phase != WRAPPER_LOOKING || !w->direct.owes)
		return ERR_STATE;
	direct_learn_dirs(w, m);
	return 0;
}

/* A text that there is no room for is given up; what still comes of it is passed over. */
static int on_text(struct wrapper *w, const struct msg *m)
{
	if (w->phase != WRAPPER_CPP)
		return ERR_STATE;
	int err = w->text_is_lost ? 0 : intake_add(&w->intake, m);
	if (err != ERR_TOOBIG && err != -ENOMEM)
		return err;
	w->text_is_lost = true;
	chunks_fini(&w->text);
	return 0;
}

static int on_prelude(struct wrapper *w, const struct msg *m)
{
	if (w->phase != WRAPPER_CPP || w->prelude.len)
		return ERR_STATE;
	return buf_append(&w->prelude, m->cc_prelude.text, m->cc_prelude.n);
}

static int on_staged_in_vain(struct wrapper *w, const struct msg *m)
{
	w->local_cpu_us += m->cc_staged.cpu_us;
	stay(w, "the preprocessed text is too large");
	return 0;
}

static int on_staged(struct wrapper *w, const struct msg *m)
{
	if (w->phase == WRAPPER_CPP && w->text_is_lost)
		return on_staged_in_vain(w, m);
	if (w->phase != WRAPPER_CPP || w->intake.left ||
		m->cc_staged.raw_bytes != w->text.raw_bytes)
		return ERR_STATE;
	w->local_cpu_us += m->cc_staged.cpu_us;
	wrapper_stage(w, w->text.raw_bytes, w->text.buf.cap);
	return 0;
}

static int on_local(struct wrapper *w, const struct msg *m)
{
	if (w->phase != WRAPPER_CPP && w->phase != WRAPPER_DELIVERED)
		return ERR_STATE;
	set_reason(w, m->cc_local);
	set_phase(w, WRAPPER_LOCAL);
	chunks_fini(&w->text);
	drop_results(w);
	farm_event(w->farm, (struct sched_event){SCHED_JOB_LOCAL, .job = w->id});
	return 0;
}

static void learn_local_cost(const struct wrapper *w)
{
	double us = 1e6 * (farm_seconds(w->farm) - w->t.local);
	if (w->in_sched && w->wait_status == 0)
		cost_learn(w->farm->costs, w->cost_key, w->text_bytes,
			(uint64_t)(us * sched_node_speed(w->farm->sched, 0)));
}

static int on_checked(struct wrapper *w, const struct msg *m)
{
	if (w->phase != WRAPPER_LOCAL || !w->is_checked || w->checked_by)
		return ERR_STATE;
	w->checked_by = w->done_by;
	w->checked = m->cc_checked;
	log_debug("%.3f checked %u of node %s: %d", farm_seconds(w->farm), w->id,
		w->checked_by->name, w->checked);
	if (w->checked == CHECKED_DIFFERS)
		peer_strike(w->checked_by, TRUST_OBJECT, w->spec.source);
	return 0;
}

/* The compiler here has ended well: did that of the node? A view may have lacked something. */
static void judge_failure(const struct wrapper *w)
{
	if (!w->done_by || w->outcome.wait_status == 0 || w->wait_status != 0)
		return;
	if (w->spec.input_kind == INPUT_TEXT)
		peer_strike(w->done_by, TRUST_FAILURE, w->spec.source);
	else
		cost_mark_viewless(w->farm->costs, w->cost_key);
}

static int on_done(struct wrapper *w, const struct msg *m)
{
	if (w->phase != WRAPPER_LOCAL && w->phase != WRAPPER_DELIVERED)
		return ERR_STATE;
	w->local_cpu_us += m->cc_done.cpu_us;
	w->wait_status = m->cc_done.wait_status;
	if (w->phase == WRAPPER_LOCAL) {
		judge_failure(w);
		w->done_by = NULL;
		learn_local_cost(w);
	}
	set_phase(w, WRAPPER_DONE);
	return 0;
}

static int dispatch(struct wrapper *w, struct msg *m)
{
	if (m->type == MSG_CC_BEGIN)
		return w->phase == WRAPPER_NEW ? on_begin(w, m) : ERR_STATE;
	if (m->type == MSG_CC_HEAVY)
		return w->phase == WRAPPER_NEW ? on_heavy(w, m) : ERR_STATE;
	if (m->type == MSG_CC_TOOLCHAIN)
		return on_toolchain(w, m);
	if (m->type == MSG_CC_DIRS)
		return on_dirs(w, m);
	if (m->type == MSG_DATA || m->type == MSG_CC_BLOCK || m->type == MSG_CC_KNOWN)
		return on_text(w, m);
	if (m->type == MSG_CC_PRELUDE)
		return on_prelude(w, m);
	if (m->type == MSG_CC_STAGED)
		return on_staged(w, m);
	if (m->type == MSG_CC_LOCAL)
		return on_local(w, m);
	if (m->type == MSG_CC_CHECKED)
		return on_checked(w, m);
	if (m->type == MSG_CC_DONE)
		return on_done(w, m);
	return ERR_STATE;
}

static void on_msg(void *ctx, struct msg *m)
{
	struct wrapper *w = ctx;
	int err = dispatch(w, m);
	if (err)
		conn_abort(w->conn, err);
}

static void on_drain(void *ctx)
{
	struct wrapper *w = ctx;
	if (w->phase == WRAPPER_DELIVERED)
		pump_result(w);
}

static void on_closed(void *ctx, int err)
{
	struct wrapper *w = ctx;
	struct farm *f = w->farm;
	if (err != ERR_CLOSED && !f->closing)
		log_warning("lost a compiler wrapper for %s: %s",
			w->spec.source ? w->spec.source : "?", err_str(err));
	lobby_leave(w);
	if (w->phase == WRAPPER_PROBING) {
		w->compiler->state = COMPILER_UNKNOWN;
		if (!f->closing)
			lobby_call(f);
	}
	bool heavy = w->phase == WRAPPER_HEAVY;
	record_job(f->record, w);
	if (w->t.start >= 0)
		tell_end(w);
	bool ok = w->phase == WRAPPER_DONE && w->wait_status == 0;
	set_phase(w, WRAPPER_DONE);
	if (w->in_sched)
		farm_event(f, (struct sched_event){SCHED_JOB_GONE, .job = w->id, .ok = ok});
	watch_remove(f, w);
	idmap_remove(&f->wrappers, w->id);
	intake_fini(&w->intake);
	direct_end(w);
	if (heavy)
		machine_end(f, w->id);
	chunks_fini(&w->text);
	for (size_t i = 0; i < COPIES; i++) {
		assert(!w->copies[i].peer);
		copy_fini(&w->copies[i]);
	}
	buf_fini(&w->scratch);
	buf_fini(&w->prelude);
	job_spec_fini(&w->spec);
	free(w->compiler_path);
	free(w->reason);
	free(w);
}

void wrapper_accept(struct farm *f)
{
	static const struct conn_ops ops = {
		.on_msg = on_msg, .on_drain = on_drain, .on_closed = on_closed};
	struct wrapper *w = xcalloc(1, sizeof *w);
	w->farm = f;
	w->reason = xstrdup("");
	w->t = (struct usage_times){-1, -1, -1, -1, -1, -1, -1, -1, -1};
	list_init(&w->lobby_link);
	for (size_t i = 0; i < COPIES; i++)
		copy_init(&w->copies[i], w);
	chunks_init(&w->text, TEXT_PACKED_MAX);
	intake_init(&w->intake, f->texts, &w->text);
	buf_init(&w->scratch, WIRE_FRAME_MAX);
	buf_init(&w->prelude, JOB_PRELUDE_BYTES_MAX);
	struct conn_conf conf = {.loop = &f->loop, .peer = MSG_FROM_CC, .ops = &ops, .ctx = w};
	int err = conn_accept_pipe(&conf, (uv_stream_t *)&f->listener, &w->conn);
	if (err) {
		log_warning("cannot accept a compiler wrapper: %s", err_str(err));
		free(w->reason);
		free(w);
		return;
	}
	w->id = ++f->last_job;
	idmap_put(&f->wrappers, w->id, w);
}

void wrapper_close_all(struct farm *f)
{
	struct wrapper *w;
	for (size_t pos = 0; (w = idmap_next(&f->wrappers, &pos));)
		conn_abort(w->conn, ERR_CLOSED);
}
