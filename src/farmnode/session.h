/* session - one client's link, and the messages on it.
 *
 * The happy path: session_accept(), the client's HELLO, WELCOME with its first credits, jobs, its
 * end. Whatever a client must not do, and every failure of the link, ends the session: its jobs are
 * killed and forgotten at once, the struct is freed when the link is closed.
 *
 * Contract: after session_end() all calls are allowed and do nothing.
 */
#pragma once

#include "server.h"

struct session;

void session_accept(struct server *server, uv_stream_t *listener);
/* NULL when that client is gone. */
struct session *session_find(const struct server *server, uint32_t client);

void session_each(struct server *server, void (*fn)(struct session *s));

/* Adds what the sessions that live have moved, and how many clients there are. */
void session_measure(const struct server *server, struct metrics *m);

/* All of these accept NULL, for a client that is gone. */
void session_credits(struct session *s, unsigned credits); /* the first ones welcome it */
void session_started(struct session *s, uint32_t job);
void session_refuse(struct session *s, uint32_t job, enum refusal code, const char *text);
void session_deliver(struct session *s, struct slot *slot); /* its results wait to be sent */
void session_pump(struct session *s);
/* err: 0 sends what is queued first. */
void session_end(struct session *s, int err);

/* For session_each(). */
void session_tick(
	struct session *s); /* a heartbeat, when it is owed a result; the end, when it stalls */
void session_drain(struct session *s);
