#include "distccd.h"

#include "base/err.h"
#include "base/log.h"
#include "compilers.h"
#include "distccd_job.h"
#include "distccd_trial.h"
#include "io/distcall.h"
#include "io/netif.h"
#include "lobby.h"
#include "peer.h"
#include "tell.h"
#include "ways.h"

#include <stdio.h>
#include <string.h>

enum { PATIENCE_MS = 10000, PATIENCE_TIMES = 8 }; /* and so many times what the job should take */

struct distccd {
	struct peer *peer;
	struct distcc_address address;
	struct distcall *hello;
	struct distccd_trial *trials[COMPILERS_BITS];
	char *names[COMPILERS_BITS];
	uint64_t tried; /* toolchains */
	double t_heard; /* seconds since the build's start */
};

struct peer *distccd_create(
	struct farm *f, const struct sockaddr *addr, const struct distcc_address *a)
{
	struct peer *p = peer_create(f, addr, "");
	struct distccd *d = xcalloc(1, sizeof *d);
	snprintf(p->name, sizeof p->name, "%.40s:%u", a->host, a->port);
	netif_format_address(addr, p->address, sizeof p->address);
	p->distccd = d;
	d->peer = p;
	d->address = *a;
	return p;
}

static void end_trials(struct distccd *d)
{
	for (size_t i = 0; i < COMPILERS_BITS; i++) {
		if (d->trials[i])
			distccd_trial_cancel(d->trials[i]);
		d->trials[i] = NULL;
	}
}

void distccd_close(struct distccd *d)
{
	if (d->hello)
		distcall_cancel(d->hello);
	d->hello = NULL;
	end_trials(d);
}

static void forget_names(struct distccd *d)
{
	for (size_t i = 0; i < COMPILERS_BITS; i++) {
		free(d->names[i]);
		d->names[i] = NULL;
	}
	d->tried = 0;
}

void distccd_destroy(struct distccd *d)
{
	if (!d)
		return;
	forget_names(d);
	free(d);
}

bool distccd_any(const struct farm *f)
{
	list_for_each(l, &f->peers)
		if (list_entry(l, struct peer, link)->distccd)
			return true;
	return false;
}

const char *distccd_name(const struct distccd *d, int bit)
{
	return d->names[bit];
}

bool distccd_speaks_lzo(const struct distccd *d)
{
	return d->address.lzo;
}

void distccd_heard(struct peer *p)
{
	p->distccd->t_heard = farm_seconds(p->farm);
}

bool distccd_is_trying(const struct farm *f, int bit)
{
	list_for_each(l, &f->peers) {
		const struct distccd *d = list_entry(l, struct peer, link)->distccd;
		if (d && d->trials[bit])
			return true;
	}
	return false;
}

static uint64_t toolchains_of(const struct distccd *d)
{
	uint64_t mask = 0;
	for (int i = 0; i < COMPILERS_BITS; i++)
		mask |= (uint64_t)(d->names[i] != NULL) << i;
	return mask;
}

/* Whatever it is when it is back, it has to show it again. */
void distccd_left(struct distccd *d)
{
	end_trials(d);
	forget_names(d);
}

/* name: its own there; NULL: it has none. */
static void on_tried(void *ctx, int bit, const char *name)
{
	struct distccd *d = ctx;
	struct farm *f = d->peer->farm;
	d->trials[bit] = NULL;
	if (name) {
		d->names[bit] = xstrdup(name);
		if (f->conf.verbose)
			log_info("distccd %s has this compiler as %s", d->peer->name, name);
		farm_event(f, (struct sched_event){SCHED_NODE_TOOLCHAINS, .node = d->peer->id,
				      .toolchains = toolchains_of(d)});
	}
	lobby_call(f);
}

static void try_compiler(void *ctx, const struct compiler *cc)
{
	struct distccd *d = ctx;
	uint64_t bit = UINT64_C(1) << cc->bits.all;
	char name[DISTCC_NAME_BYTES];
	if (d->peer->state != PEER_UP || d->tried & bit || !distcc_name(&cc->toolchain, 0, name))
		return;
	const struct distccd_trial_conf conf = {
		.peer = d->peer,
		.compiler = cc,
		.calls = d->address.slots,
		.on_end = on_tried,
		.ctx = d,
	};
	d->tried |= bit;
	d->trials[cc->bits.all] = distccd_trial_start(&conf);
}

void distccd_review(struct farm *f)
{
	list_for_each(l, &f->peers) {
		struct distccd *d = list_entry(l, struct peer, link)->distccd;
		if (d)
			compilers_each_known(f->compilers, try_compiler, d);
	}
}

static void come_up(struct peer *p)
{
	const struct distcc_address *a = &p->distccd->address;
	p->state = PEER_UP;
	p->lost = p->suspect = false;
	p->t_up = farm_seconds(p->farm);
	p->slots = p->credits = a->slots;
	ways_join(p);
	farm_event(p->farm, (struct sched_event){SCHED_NODE_UP, .node = p->id,
				    .credits = peer_usable_credits(p), .slots = a->slots,
				    .here = netif_is_here((const struct sockaddr *)&p->addr),
				    .toolchains = toolchains_of(p->distccd)});
	tell_node(p);
	ways_review(p->farm);
	distccd_review(p->farm);
	lobby_call(p->farm);
}

static void on_hello(void *ctx, const struct distcall_end *end)
{
	struct peer *p = ctx;
	p->distccd->hello = NULL;
	if (end->err)
		peer_gone(p, end->err);
	else
		come_up(p);
}

void distccd_dial(struct peer *p)
{
	struct buf nothing = {0};
	const struct distcall_conf conf = {.loop = &p->farm->loop,
		.addr = (const struct sockaddr *)&p->addr,
		.request = &nothing,
		.on_end = on_hello,
		.ctx = p};
	p->state = PEER_DIALING;
	int err = distcall_start(&conf, &p->distccd->hello);
	if (err)
		peer_gone(p, err);
}

/* Has it been there for much longer than it should take? */
static bool is_overdue(const struct copy *c)
{
	const struct farm *f = c->peer->farm;
	double speed = sched_node_speed(f->sched, c->peer->id);
	double may_ms = PATIENCE_MS + PATIENCE_TIMES * (double)c->wrapper->cost_us / 1000 / speed;
	return c->t_started >= 0 && (farm_seconds(f) - c->t_started) * 1000 > may_ms;
}

/* One at a time: what follows from it may be anything. */
void distccd_check(struct peer *p)
{
	list_for_each(l, &p->jobs) {
		struct copy *c = list_entry(l, struct copy, peer_link);
		if (!is_overdue(c))
			continue;
		if (p->distccd->t_heard > c->t_started) /* one of several machines, perhaps */
			peer_refuse(p, c, true);
		else
			peer_gone(p, ERR_TIMEOUT);
		return;
	}
}

void distccd_send(struct peer *p, struct copy *c)
{
	const char *why = distccd_job_start(p, c);
	if (!why)
		return;
	log_debug("distccd %s cannot have %s: %s", p->name, c->wrapper->spec.source, why);
	peer_refuse(p, c, peer_any_farmnode_up(p->farm));
}
