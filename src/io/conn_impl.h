/* conn_impl - what the three parts of conn share: conn_open.c makes connections, conn_read.c turns
 * bytes into messages, conn.c writes and closes. */
#pragma once

#include "io/conn.h"
#include "tls.h"

#include "base/buf.h"

/*
 *  dialled:  CONNECTING -> GREETING -> HANDSHAKE -> OPEN -> FLUSHING -> CLOSED
 *  accepted:                           HANDSHAKE -> OPEN
 *  wrapper:                                         OPEN        (any state may go to CLOSED)
 */
enum conn_state {
	CONN_CONNECTING,
	CONN_GREETING,  /* the node's greeting is awaited */
	CONN_HANDSHAKE, /* TLS */
	CONN_OPEN,
	CONN_FLUSHING, /* the owner has closed: the queue goes out, what comes in is dropped */
	CONN_CLOSED,   /* handles and requests are on their way out */
};

struct conn {
	struct conn_conf conf; /* ops is NULL when nobody is to be told */
	enum conn_state state;
	enum msg_phase phase; /* of the peer's messages */
	int err;              /* for on_closed */
	unsigned pending;     /* open handles and requests in flight: at 0 the conn ends */

	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	};
	uv_timer_t timer; /* of connect, handshake with introduction, and flushing */
	uv_connect_t connect;
	uv_shutdown_t shutdown;

	struct tls *tls; /* NULL for a wrapper */
	bool dialled;
	const struct keyring *keys;
	bool foreign; /* the greeting names a key that we do not have */
	bool old_key;
	char node_name[WIRE_NAME_MAX + 1]; /* expected at first, proved once ready */
	bool ready;

	struct buf queue; /* encoded messages, from queue_head on */
	size_t queue_head;
	size_t in_flight_bytes; /* handed to uv_write() */
	bool above_high;

	struct buf in; /* a part of a greeting or of a frame */
	uint64_t heard_ms;
	uint64_t moved_bytes;
	struct sockaddr_storage peer; /* of a node link */
	char peer_text[64];
	pid_t peer_pid; /* of a wrapper */
};

/* conn.c */
struct conn *conn_new(const struct conn_conf *conf);
/* The stream handle has been initialised. */
void conn_hold(struct conn *c);
void conn_release(struct conn *c);
/* The only way to CLOSED: on_closed(err) follows from the loop. */
void conn_die(struct conn *c, int err);
void conn_start_timer(struct conn *c, uint64_t timeout_ms);
void conn_write(struct conn *c, const void *data, size_t n);
/* Hands TLS's output to the socket. */
void conn_write_tls(struct conn *c);

/* conn_read.c */
void conn_start_reading(struct conn *c);
