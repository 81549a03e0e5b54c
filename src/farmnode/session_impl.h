/* session_impl - a session, as session.c and session_crowd.c know it. For these only. */
#pragma once

#include "io/conn.h"
#include "progress.h"
#include "session.h"

struct session {
	struct list link;
	struct server *server;
	struct conn *conn;
	uint32_t client;
	bool introduced; /* HELLO was accepted */
	bool builds;
	bool welcomed;
	bool ended;
	bool paused; /* it is not listened to */
	struct progress progress;
	struct outbox outbox;
	struct views *views; /* NULL: none are shown to it */
	char who[160];       /* safe to print */
};

/* Clients that have introduced themselves. */
unsigned session_count(const struct server *server);
/* May end the oldest of those that have not, now that this one has come. */
void session_limit_strangers(struct session *latest);
