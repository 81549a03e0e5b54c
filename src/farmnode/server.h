/* server - accepts clients, keeps their jobs, and carries out what nodeq decides.
 *
 * Contract: everything that may change the queue is told to server_post(), which applies the plan
 * before it returns (or, when called from within a plan, before the outer call returns). A slot may
 * be destroyed, and a session ended, by any such call; sessions themselves are freed from the loop
 * only.
 *
 * Ownership: the server owns listeners, sessions and slots. server_close() frees it, on_closed is
 * its last call.
 */
#pragma once

#include "base/vec.h"
#include "core/metrics.h"
#include "core/nodeq.h"
#include "io/jail.h"
#include "io/keyring.h"
#include "listen.h"
#include "outbox.h"
#include "toolchains.h"
#include "viewstore.h"

#include <uv.h>

enum {
	SERVER_CLIENTS_MAX = 256,
	SERVER_STRANGERS_MAX = 64, /* links that have not introduced themselves */
	SERVER_STRANGERS_PER_HOST_MAX = 8,
};

struct server_conf {
	uv_loop_t *loop;
	const struct keyring *keys; /* the node's; borrowed */
	const char *name;
	uint8_t boot_id[8];
	unsigned slots, preload, jail_level;
	/* For texts, results included; a client may have half of it. Results are dropped when all together
	 * take twice as much. */
	uint64_t budget_bytes;
	const struct toolchains *toolchains;
	const struct strv *closed; /* directories that no job may write in */
	struct jail_box *box;
	struct viewstore *views;    /* NULL: no views are shown */
	void (*on_load)(void *ctx); /* free or queued changed */
	void (*on_idle)(void *ctx); /* while draining: no job is left */
	void *ctx;
};

struct server {
	struct server_conf conf;
	struct nodeq *queue;
	struct nodeq_plan plan;
	VEC(struct nodeq_event) pending; /* events, while a plan is being carried out */
	bool applying, draining, idle, closing;
	unsigned free, queued; /* as last told */
	struct list sessions;  /* oldest first */
	struct list slots;
	uint32_t last_client;
	uint64_t last_complaint_ms;
	struct metrics totals; /* of what only grows */
	struct outbox_tools tools;
	struct buf block; /* one unpacked block of a text */
	uv_tcp_t listeners[LISTEN_MAX];
	size_t n_listeners, open_listeners;
	uv_timer_t beat;
	void (*on_closed)(void *ctx);
	void *closed_ctx;
};

/* Takes the sockets of listen over. What *ret is after a failure, server_close() ends as well. */
int server_create(const struct server_conf *conf, struct listen_set *listen, struct server **ret);
/* No new clients, no new jobs; what has not started is handed back. on_idle follows. */
void server_drain(struct server *s);
/* Ends all links, kills what still runs. */
void server_close(struct server *s, void (*on_closed)(void *ctx), void *ctx);

void server_post(struct server *s, enum nodeq_event_type type, uint32_t client, uint32_t job);
/* NODEQ_READY. */
void server_post_ready(struct server *s, uint32_t client, uint32_t job, uint32_t cost_ms);
struct slot *server_find_slot(const struct server *s, uint32_t client, uint32_t job);
void server_add_slot(struct server *s, struct slot *slot);
/* Bytes of the texts and results that are kept for a client, or for all when it is 0. */
uint64_t server_held_bytes(const struct server *s, uint32_t client);
/* All but the node's name and the program's version. */
void server_measure(const struct server *s, struct metrics *ret);
/* True at most once a second: for log lines that others can provoke. */
bool server_may_complain(struct server *s);
/* A session was freed. */
void server_session_gone(struct server *s);
