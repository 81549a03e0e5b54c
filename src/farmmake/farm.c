/* Events in, plan out: the one place that steps the scheduler and does what it says. */
#include "farm.h"

#include "base/clock.h"
#include "base/log.h"
#include "peer.h"
#include "wrapper.h"

#include <assert.h>
#include <string.h>

double farm_seconds(const struct farm *f)
{
	return (double)(clock_now_us() - f->start_us) / 1e6;
}

static void note_repaid(struct farm *f, unsigned n)
{
	if (n)
		farm_event(f, (struct sched_event){SCHED_REPAID, .n = n});
}

void farm_lend(struct farm *f, unsigned n)
{
	unsigned owed = jobserver_ledger(f->js)->owed;
	note_repaid(f, jobserver_lend(f->js, guard_lend(&f->guard, n, owed)));
}

static void owe(struct farm *f, unsigned n)
{
	unsigned owed = guard_owe(&f->guard, n);
	if (owed)
		jobserver_owe(f->js, owed);
	note_repaid(f, n - owed);
}

static void send_job(struct farm *f, const struct sched_action *a)
{
	struct wrapper *w = idmap_get(&f->wrappers, a->job);
	struct peer *p = peer_find(f, a->node);
	assert(w && p);
	peer_send(p, w);
}

static void apply(struct farm *f, const struct sched_action *a)
{
	if (log_get_level() >= LOG_DEBUG) {
		char text[128];
		log_debug("%.3f %s", farm_seconds(f), sched_action_format(a, text, sizeof text));
	}
	switch (a->type) {
	case SCHED_DO_PREPROCESS: wrapper_prepare(idmap_get(&f->wrappers, a->job)); break;
	case SCHED_DO_LOCAL: wrapper_local(idmap_get(&f->wrappers, a->job), a->why, a->idle); break;
	case SCHED_DO_ASK: wrapper_ask_again(idmap_get(&f->wrappers, a->job)); break;
	case SCHED_DO_SEND: send_job(f, a); break;
	case SCHED_DO_CANCEL: peer_cancel(peer_find(f, a->node), a->job); break;
	case SCHED_DO_DELIVER: wrapper_deliver(idmap_get(&f->wrappers, a->job)); break;
	case SCHED_DO_LEND: farm_lend(f, a->n); break;
	case SCHED_DO_OWE: owe(f, a->n); break;
	}
}

void farm_event(struct farm *f, struct sched_event ev)
{
	ev.now_us = clock_now_us();
	vec_push(&f->events, ev);
	if (f->stepping)
		return;
	f->stepping = true;
	for (size_t i = 0; i < f->events.n; i++) {
		f->plan.n = 0;
		struct sched_event next = f->events.v[i]; /* the array may move */
		sched_step(f->sched, &next, &f->plan);
		for (size_t k = 0; k < f->plan.n; k++)
			apply(f, &f->plan.v[k]);
		if (log_get_level() >= LOG_DEBUG)
			sched_check(f->sched);
	}
	f->events.n = 0;
	f->stepping = false;
}
