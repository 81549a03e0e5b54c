/* sock - messages over a blocking unix socket, with deadlines; for farmcc, which has no loop.
 *
 * Contract: one owner, one thread. A failure of any call means that the controller is gone: the
 * caller closes and compiles locally. SIGPIPE is never raised.
 */
#pragma once

#include "core/msg.h"

struct sock;

int sock_connect(const char *path, struct sock **ret);
void sock_close(struct sock *s);
/* Leaves the connection to the program that this process becomes, and frees the rest. */
void sock_keep(struct sock *s);
int sock_send(struct sock *s, const struct msg *m);
/* As sock_send(), but the message may wait for others: until many bytes do, or the next sock_send(). */
int sock_queue(struct sock *s, const struct msg *m);
/* The next message; timeout_ms < 0 waits for ever, ERR_TIMEOUT otherwise. The caller msg_fini()s
 * it; data.bytes is good until the next call. ERR_STATE for what a controller must not send. */
int sock_recv(struct sock *s, int timeout_ms, struct msg *ret);
