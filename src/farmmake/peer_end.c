#include "peer_end.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "distccd.h"
#include "record.h"
#include "tell.h"
#include "ways.h"

/* Failures that people can do something about are said once for each pause, the rest in detail only
 * when asked for. */
static void log_end(const struct peer *p, int err, size_t jobs)
{
	log_debug("%.3f link to node %s, %u, ends: %s", farm_seconds(p->farm), p->name, p->id,
		err_str(err));
	const char *name = p->name[0] ? p->name : p->address;
	if (p->state == PEER_UP && (jobs || !p->draining))
		log_warning("node %s is gone (%s)%s", name, err_str(err),
			jobs ? "; its jobs go elsewhere" : "");
	else if (p->state == PEER_DIALING && !p->duplicate &&
		 p->retry_pause_ms == PEER_RETRY_MIN_MS)
		log_warning("cannot use node %s: %s", name, err_str(err));
}

/* Its jobs are not there any more. Returns how many there were. */
static size_t drop_jobs(struct peer *p)
{
	size_t jobs = 0;
	list_for_each_safe(l, &p->jobs) {
		struct copy *c = list_entry(l, struct copy, peer_link);
		copy_detach(c);
		copy_reset(c);
		jobs++;
	}
	return jobs;
}

/* It was up, and is so no more. */
static void leave(struct peer *p, const char *why)
{
	record_presence(p->farm->record, p);
	tell_gone(p, why);
}

void peer_strike(struct peer *p, enum trust_offence offence, const char *about)
{
	char what[160];
	if (!trust_strike(&p->trust, offence))
		return;
	log_error("node %s %s (%s): it is in quarantine, and gets no more work in this build",
		p->name, trust_words(offence), log_escape(about, what, sizeof what));
	drop_jobs(p);
	if (p->distccd)
		distccd_left(p->distccd);
	if (p->state == PEER_UP)
		leave(p, trust_words(offence));
	p->state = PEER_QUARANTINE;
	if (p->conn)
		conn_abort(p->conn, ERR_REFUSED);
	farm_event(p->farm, (struct sched_event){SCHED_NODE_DISTRUSTED, .node = p->id});
	ways_review(p->farm);
}

void peer_gone(struct peer *p, int err)
{
	struct farm *f = p->farm;
	bool was_up = p->state == PEER_UP;
	size_t jobs = drop_jobs(p);
	if (p->distccd)
		distccd_left(p->distccd);
	if (!f->closing)
		log_end(p, err, jobs);
	p->lost = p->lost || (was_up && !p->draining && !f->closing);
	if (was_up && !f->closing)
		leave(p, p->draining ? "it was stopped" : err_str(err));
	p->state = PEER_IDLE;
	p->retry_at_ms = clock_now_ms() + p->retry_pause_ms;
	if (p->retry_pause_ms < PEER_RETRY_MAX_MS)
		p->retry_pause_ms *= 2;
	if (!was_up)
		return;
	farm_event(f, (struct sched_event){SCHED_NODE_DOWN, .node = p->id});
	ways_review(f);
}

void peer_on_closed(void *ctx, int err)
{
	struct peer *p = ctx;
	bool was_up = p->state == PEER_UP;
	p->conn = NULL;
	peer_view_reset(&p->view);
	if (was_up && trust_is_offence(err))
		peer_strike(p, TRUST_FRAME, err_str(err));
	if (p->state == PEER_QUARANTINE)
		return;
	peer_gone(p, err);
}
