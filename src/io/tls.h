/* tls - one end of a TLS 1.3 connection, in memory.
 *
 * Both ends prove that they hold the key of one node; there are no certificates, no tickets, no
 * early data. Ciphertext goes in by tls_feed() and comes out by tls_take(); who owns the socket is
 * none of its business.
 *
 * Contract: after each call that may produce ciphertext (handshake, read, write, shutdown) the
 * owner takes it. After an error only tls_take() (the alert for the peer) and tls_destroy() follow.
 */
#pragma once

#include "io/keyring.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls;

/* The client that holds this key of a node, or the node, which takes any of its keys. */
int tls_create_client(const struct key *node_key, struct tls **ret);
int tls_create_server(const struct keyring *node_keys, struct tls **ret);
void tls_destroy(struct tls *t);
int tls_feed(struct tls *t, const void *data, size_t n);
/* 0 when done, -EAGAIN when more must be fed, ERR_TLS. */
int tls_handshake(struct tls *t);
/* At least one byte, or -EAGAIN, ERR_CLOSED after the peer's orderly end, ERR_TLS. */
int tls_read(struct tls *t, void *out, size_t n, size_t *ret_n);
/* Encrypts up to n bytes. */
int tls_write(struct tls *t, const void *data, size_t n, size_t *ret_n);
void tls_shutdown(struct tls *t);
/* Once the handshake is done: which of the keys it was made with. */
size_t tls_key_index(const struct tls *t);
size_t tls_pending(const struct tls *t); /* bytes to take */
void tls_take(struct tls *t, void *out, size_t n);
