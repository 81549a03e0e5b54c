/* fake_link - io/conn.h without sockets: connections whose frames wait in memory until the fuzzer says
 * go on. Both programs' logic runs on them as it does on real ones.
 *
 * Contract: nothing is delivered, and nobody is told of an end, but by the functions below. A frame is
 * checked on its way in as io/conn_read.c does it. Keys and TLS are taken for granted.
 */
#pragma once

#include "io/conn.h"

/* A dialled connection finds its node here: accept() of the address' port, or refuses when it is false. */
extern bool (*fake_link_accept)(int port);

/* Where the frames of this end go: to the other end, or (a wrapper's) to whoever plays farmcc. */
struct buf *fake_link_incoming(struct conn *c);
struct buf *fake_link_outgoing(struct conn *c);
/* The next frame to this end; false when there is none, or nobody listens. */
bool fake_link_deliver(struct conn *c);
/* Tells of new connections and of those that ended, until nothing is left to tell. */
void fake_link_settle(void);
/* The network cuts it. */
void fake_link_cut(struct conn *c);
/* Walks over those that live: the i-th end on which this sender's messages come in; NULL past the end. */
struct conn *fake_link_nth(enum msg_sender peer, size_t i);
/* The wrapper's connection that was accepted last. */
struct conn *fake_link_last_wrapper(void);
size_t fake_link_count(void);
