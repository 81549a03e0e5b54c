/* conn - a framed, bounded, bidirectional stream of messages over TLS or a unix socket.
 *
 * The happy path: conn_dial() or conn_accept_*(), on_ready once when messages may be sent (for a
 * node link: greeting read, TLS 1.3 PSK done), on_msg for each message that is legal for the peer
 * and the phase, conn_close() by the owner, on_closed. Possible failures all end in on_closed with
 * the reason: refused or timed out connect, ERR_VERSION or ERR_KEY seen in the greeting, ERR_TLS
 * (the peer does not hold the key), ERR_NAME, ERR_PROTO/ERR_STATE/ERR_TOOBIG for what a peer must
 * not send, ERR_CLOSED for an orderly end, ERR_TRUNCATED for another one, ERR_TIMEOUT.
 *
 * Contract: on_closed fires exactly once and last, never from inside conn_dial/accept/send/close
 * themselves; the conn is freed right after it. A callback may call conn_close() and conn_send().
 * After conn_close() only on_closed follows. The phase of the peer's messages starts as HELLO and
 * is moved on by conn_opened(); a node link that does not get so far in time ends with ERR_TIMEOUT.
 * The program ignores SIGPIPE.
 *
 * Bounds: conn_send() past CONN_QUEUE_MAX queued bytes fails with ERR_TOOBIG; a sender of bulk data
 * stops at CONN_HIGH_BYTES and goes on in on_drain, which fires when the queue has fallen below
 * CONN_LOW_BYTES after having been above CONN_HIGH_BYTES.
 */
#pragma once

#include "core/msg.h"
#include "io/keyring.h"

#include <sys/socket.h>
#include <uv.h>

enum {
	CONN_HIGH_BYTES = 512 * 1024,
	CONN_LOW_BYTES = 128 * 1024,
	CONN_QUEUE_MAX = 16 * 1024 * 1024,
	CONN_CONNECT_MS = 2000,   /* for the TCP connect */
	CONN_HANDSHAKE_MS = 4000, /* from accept or connect to conn_opened() */
};

struct conn;

struct conn_ops {
	void (*on_ready)(void *ctx);
	/* m is fini'd by conn after the call; a callee that keeps its strings moves them out and
	 * sets them to NULL. */
	void (*on_msg)(void *ctx, struct msg *m);
	void (*on_drain)(void *ctx); /* may be NULL */
	void (*on_closed)(void *ctx, int err);
};

/* What the far side is allowed to say. */
struct conn_conf {
	uv_loop_t *loop;
	enum msg_sender peer; /* MSG_FROM_… */
	const struct conn_ops *ops;
	void *ctx;
};

/* A client's link to a node. keys: the farm's, or that node's; borrowed for the conn's life.
 * node_name: expected name, or NULL to take the one in the greeting. */
int conn_dial(const struct conn_conf *conf, const struct sockaddr *addr, const struct keyring *keys,
	const char *node_name, struct conn **ret);
/* A node's end: accepts from a listening TCP handle. keys: the node's, borrowed. */
int conn_accept_tls(const struct conn_conf *conf, uv_stream_t *listener, const struct keyring *keys,
	struct conn **ret);
/* farmmake's end of a wrapper: accepts from a listening unix socket; ready at once (on_ready is
 * not called). */
int conn_accept_pipe(const struct conn_conf *conf, uv_stream_t *listener, struct conn **ret);

void conn_opened(struct conn *c); /* the introductions are over */
int conn_send(struct conn *c, const struct msg *m);
size_t conn_queued_bytes(const struct conn *c);
/* Stops or resumes reading from the peer (backpressure). What was read already, 64 KiB at most, is
 * still delivered. A peer with more to send gives up after TCP_USER_TIMEOUT, 5 s. */
void conn_pause(struct conn *c, bool paused);
/* Sends what is queued, as far as the peer takes it within a second, and closes. Idempotent. */
void conn_close(struct conn *c);
/* Closes without sending what is queued. err is what on_closed will be given. */
void conn_abort(struct conn *c, int err);
/* "192.168.1.7:3634"; for a wrapper "pid 1234". */
const char *conn_peer_text(const struct conn *c);
/* Of a wrapper's link; 0 when it is not known. */
pid_t conn_peer_pid(const struct conn *c);
/* Of a node link: the peer's address. */
const struct sockaddr *conn_peer_address(const struct conn *c);
/* Bytes that went through the socket so far, both ways. */
uint64_t conn_moved_bytes(const struct conn *c);
/* The node's name as proved by TLS; "" before on_ready and for a wrapper. */
const char *conn_node_name(const struct conn *c);
/* Once ready: whether TLS was made with another than the first of our keys. */
bool conn_has_old_key(const struct conn *c);
/* When the last byte of the peer arrived. */
uint64_t conn_last_heard_ms(const struct conn *c);
