#include "nodes.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "distccd.h"
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

/* distccd: NULL for a farmnode. */
static void add_static(
	struct farm *f, const struct sockaddr *addr, const struct distcc_address *distccd)
{
	struct peer *p = distccd ? distccd_create(f, addr, distccd) : peer_create(f, addr, "");
	p->is_static = true;
	peer_dial(p);
}

struct resolve {
	uv_getaddrinfo_t req;
	struct farm *farm;
	char *host;
	int port;
	struct distcc_address distccd;
	bool is_distccd;
};

static void on_resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *res)
{
	struct resolve *r = req->data;
	if (status == 0 && !r->farm->closing) {
		struct sockaddr_storage addr;
		memcpy(&addr, res->ai_addr, res->ai_addrlen);
		netif_set_port((struct sockaddr *)&addr, r->port);
		add_static(r->farm, (struct sockaddr *)&addr, r->is_distccd ? &r->distccd : NULL);
	} else if (status != 0 && status != UV_ECANCELED) {
		log_warning("cannot use node %s: %s", r->host, uv_strerror(status));
	}
	uv_freeaddrinfo(res);
	free(r->host);
	free(r);
}

static void start_resolving(struct resolve *r)
{
	r->req.data = r;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	int err = uv_getaddrinfo(&r->farm->loop, &r->req, on_resolved, r->host, NULL, &hints);
	if (err)
		on_resolved(&r->req, err, NULL);
}

static void add_farmnode(struct farm *f, const char *text)
{
	struct sockaddr_storage addr;
	if (netif_parse_address(text, NETIF_PORT, true, &addr) == 0) {
		add_static(f, (struct sockaddr *)&addr, NULL);
		return;
	}
	struct resolve *r = xcalloc(1, sizeof *r);
	r->farm = f;
	r->host = xstrdup(text);
	r->port = NETIF_PORT;
	char *colon = strrchr(r->host, ':');
	long port;
	if (colon && str_to_long(colon + 1, 1, 65535, &port) == 0)
		*colon = '\0', r->port = (int)port;
	start_resolving(r);
}

static void add_distccd(struct farm *f, const char *text)
{
	struct distcc_address a;
	struct sockaddr_storage addr;
	if (distcc_parse_address(text, &a) < 0) {
		log_warning("cannot use node %s: not of the form distcc://HOST[:PORT]/SLOTS[,lzo]",
			text);
		return;
	}
	if (f->conf.identical) {
		if (f->conf.verbose)
			log_info("distccd %s is left out: it cannot promise the same objects",
				a.host);
		return;
	}
	_cleanup_free_ char *where = distcc_host_port(&a);
	if (netif_parse_address(where, DISTCC_PORT, true, &addr) == 0) {
		add_static(f, (struct sockaddr *)&addr, &a);
		return;
	}
	struct resolve *r = xcalloc(1, sizeof *r);
	r->farm = f;
	r->host = xstrdup(a.host);
	r->port = a.port;
	r->distccd = a;
	r->is_distccd = true;
	start_resolving(r);
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

bool nodes_has_distccd(const struct conf *c)
{
	for (size_t i = 0; i < c->node.n; i++)
		if (distcc_is_address(c->node.v[i]))
			return true;
	return false;
}

void nodes_start(struct farm *f)
{
	uv_timer_init(&f->loop, &f->tick);
	f->tick.data = f;
	f->last_tick_ms = clock_now_ms();
	if (f->has_key || nodes_has_distccd(&f->conf))
		uv_timer_start(&f->tick, on_tick, TICK_MS, TICK_MS);
	if (f->has_key && !f->conf.no_discovery)
		start_discovery(f);
	for (size_t i = 0; i < f->conf.node.n; i++) {
		const char *text = f->conf.node.v[i];
		if (distcc_is_address(text))
			add_distccd(f, text);
		else if (f->has_key)
			add_farmnode(f, text);
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
