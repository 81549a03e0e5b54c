#include "nodes.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "io/netif.h"
#include "lobby.h"
#include "peer.h"

#include <string.h>

enum { TICK_MS = 100, LATE_MS = 200, PEERS_MAX = 4096 };

/* A beacon can be an old one, played again: it may bring a node in, never end a link that lives. */
static void on_beacon(void *ctx, const struct beacon *b, const struct sockaddr *from, int err)
{
	struct farm *f = ctx;
	if (err) {
		char where[64];
		netif_format_address(from, where, sizeof where);
		log_warning("ignoring node %s at %s: %s", b->name, where, err_str(err));
		return;
	}
	if (b->draining)
		return;
	struct sockaddr_storage addr;
	memcpy(&addr, from, netif_address_len(from));
	netif_set_port((struct sockaddr *)&addr, b->tcp_port);
	struct peer *p = peer_find_name(f, b->name);
	if (!p && f->last_peer >= PEERS_MAX)
		return;
	if (!p)
		p = peer_create(f, (struct sockaddr *)&addr, b->name);
	peer_heard(p, (struct sockaddr *)&addr, b->boot_id);
}

static void on_tick(uv_timer_t *timer)
{
	struct farm *f = timer->data;
	uint64_t now = clock_now_ms();
	bool late = now > f->last_tick_ms + TICK_MS + LATE_MS;
	f->last_tick_ms = now;
	list_for_each(l, &f->peers) {
		struct peer *p = list_entry(l, struct peer, link);
		peer_check(p, now, late);
		if (p->is_static)
			peer_dial(p);
	}
	lobby_tick(f);
	farm_event(f, (struct sched_event){SCHED_TICK, .idle = f->has_idle_slot});
}

static void add_static(struct farm *f, const struct sockaddr *addr)
{
	struct peer *p = peer_create(f, addr, "");
	p->is_static = true;
	peer_dial(p);
}

struct resolve {
	uv_getaddrinfo_t req;
	struct farm *farm;
	char *text;
	int port;
};

static void on_resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *res)
{
	struct resolve *r = req->data;
	if (status == 0 && !r->farm->closing) {
		struct sockaddr_storage addr;
		memcpy(&addr, res->ai_addr, res->ai_addrlen);
		netif_set_port((struct sockaddr *)&addr, r->port);
		add_static(r->farm, (struct sockaddr *)&addr);
	} else if (status != 0 && status != UV_ECANCELED) {
		log_warning("cannot use node %s: %s", r->text, uv_strerror(status));
	}
	uv_freeaddrinfo(res);
	free(r->text);
	free(r);
}

static void resolve(struct farm *f, const char *text)
{
	struct resolve *r = xcalloc(1, sizeof *r);
	r->farm = f;
	r->req.data = r;
	r->text = xstrdup(text);
	r->port = NETIF_PORT;
	char *colon = strrchr(r->text, ':');
	long port;
	if (colon && str_to_long(colon + 1, 1, 65535, &port) == 0)
		*colon = '\0', r->port = (int)port;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	int err = uv_getaddrinfo(&f->loop, &r->req, on_resolved, r->text, NULL, &hints);
	if (err)
		on_resolved(&r->req, err, NULL);
}

static void start_discovery(struct farm *f)
{
	struct discover_conf conf = {
		.loop = &f->loop,
		.keys = &f->keys,
		.interfaces = &f->conf.interface,
		.port = (int)f->conf.port,
		.on_beacon = on_beacon,
		.ctx = f,
	};
	int err = discover_start(&conf, &f->discover);
	if (err)
		log_warning("cannot hear beacons on UDP port %ld: %s", f->conf.port, err_str(err));
}

void nodes_start(struct farm *f)
{
	uv_timer_init(&f->loop, &f->tick);
	f->tick.data = f;
	f->last_tick_ms = clock_now_ms();
	if (!f->has_key)
		return;
	uv_timer_start(&f->tick, on_tick, TICK_MS, TICK_MS);
	if (!f->conf.no_discovery)
		start_discovery(f);
	for (size_t i = 0; i < f->conf.node.n; i++) {
		struct sockaddr_storage addr;
		if (netif_parse_address(f->conf.node.v[i], NETIF_PORT, true, &addr) == 0)
			add_static(f, (struct sockaddr *)&addr);
		else
			resolve(f, f->conf.node.v[i]);
	}
}

static void on_discover_closed(void *ctx)
{
	struct farm *f = ctx;
	f->discover = NULL;
}

void nodes_stop(struct farm *f)
{
	uv_close((uv_handle_t *)&f->tick, NULL);
	if (f->discover)
		discover_close(f->discover, on_discover_closed, f);
}
