/* distcall - one job at a distccd: a connection, a request, a reply.
 *
 * The happy path: distcall_start(), on_sent once the kernel has all of the request, on_end with a whole reply. All
 * that can fail ends in on_end with the reason: nobody there, or not in time (in_connect is true then); the
 * connection closed before there was an answer, which is how a distccd refuses (ERR_CLOSED); what is no
 * reply (ERR_PROTO, ERR_TOOBIG). An empty request asks whether anybody is there, and ends with 0 once somebody is.
 *
 * Contract: no callback comes from inside distcall_start(), and none after on_end or distcall_cancel(). A silent
 * machine that still has its power is not noticed here: whoever waits knows how long it may take.
 *
 * Ownership: the call frees itself when its socket is closed; the owner forgets it at on_end, or cancels it.
 */
#pragma once

#include "core/distcc.h"

#include <sys/socket.h>
#include <uv.h>

enum { DISTCALL_CONNECT_MS = 2000 };

struct distcall;

struct distcall_end {
	int err;
	bool in_connect;
	const struct distcc_reply *reply; /* NULL unless there is a whole one */
};

struct distcall_conf {
	uv_loop_t *loop;
	const struct sockaddr *addr;
	bool lzo;
	struct buf *request;        /* taken over, even if this fails */
	void (*on_sent)(void *ctx); /* may be NULL */
	void (*on_end)(void *ctx, const struct distcall_end *end);
	void *ctx;
};

int distcall_start(const struct distcall_conf *conf, struct distcall **ret);
/* A distccd whose client is gone stops its compiler. */
void distcall_cancel(struct distcall *c);
