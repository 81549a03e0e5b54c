/* What concerns all sessions of a node: finding, counting, and limiting them. */
#include "session_impl.h"

#include "base/err.h"
#include "io/netif.h"

static struct session *entry(struct list *l)
{
	return list_entry(l, struct session, link);
}

struct session *session_find(const struct server *server, uint32_t client)
{
	list_for_each(l, &server->sessions)
		if (entry(l)->client == client && !entry(l)->ended)
			return entry(l);
	return NULL;
}

void session_each(struct server *server, void (*fn)(struct session *s))
{
	list_for_each_safe(l, &server->sessions)
		fn(entry(l));
}

void session_measure(const struct server *server, struct metrics *m)
{
	list_for_each(l, &server->sessions) {
		const struct session *s = entry(l);
		m->clients += s->builds;
		m->moved_bytes += conn_moved_bytes(s->conn);
	}
}

unsigned session_count(const struct server *server)
{
	unsigned n = 0;
	list_for_each(l, &server->sessions)
		n += entry(l)->introduced;
	return n;
}

/* Honest clients introduce themselves in milliseconds; so the oldest stranger is the one to go. One
 * host's strangers push out each other, before they push out those of others. */
void session_limit_strangers(struct session *latest)
{
	struct server *server = latest->server;
	const struct sockaddr *from = conn_peer_address(latest->conn);
	unsigned all = 0, from_host = 0;
	struct session *oldest = NULL, *oldest_from_host = NULL;
	list_for_each(l, &server->sessions) {
		struct session *s = entry(l);
		if (s->introduced || s->ended)
			continue;
		all++;
		oldest = oldest ? oldest : s;
		if (!netif_same_source(conn_peer_address(s->conn), from))
			continue;
		from_host++;
		oldest_from_host = oldest_from_host ? oldest_from_host : s;
	}
	if (from_host > SERVER_STRANGERS_PER_HOST_MAX)
		session_end(oldest_from_host, ERR_REFUSED);
	else if (all > SERVER_STRANGERS_MAX)
		session_end(oldest, ERR_REFUSED);
}
