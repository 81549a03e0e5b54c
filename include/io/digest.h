/* digest - SHA-256 by OpenSSL, in one call or in pieces; BLAKE2b, which names contents. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_BYTES = 32, DIGEST_BLAKE2B_BYTES = 64 };

void digest_sha256(const void *data, size_t n, uint8_t out[DIGEST_BYTES]);
void digest_blake2b(const void *data, size_t n, uint8_t out[DIGEST_BLAKE2B_BYTES]);

struct digest;
struct digest *digest_create(void);
void digest_update(struct digest *d, const void *data, size_t n);
void digest_final(struct digest *d, uint8_t out[DIGEST_BYTES]); /* then only destroy */
void digest_destroy(struct digest *d);
