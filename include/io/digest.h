/* digest - SHA-256, and BLAKE2b-512 for contents of files, by OpenSSL, in one call or in pieces. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_BYTES = 32, DIGEST_CONTENT_BYTES = 64 };

void digest_sha256(const void *data, size_t n, uint8_t out[DIGEST_BYTES]);
void digest_content(const void *data, size_t n, uint8_t out[DIGEST_CONTENT_BYTES]);

struct digest;
struct digest *digest_create(void);         /* SHA-256 */
struct digest *digest_create_content(void); /* BLAKE2b-512 */
void digest_update(struct digest *d, const void *data, size_t n);
/* Of a file among others: its length in decimal and a newline go before it. */
void digest_update_file(struct digest *d, const void *data, size_t n);
/* out: as many bytes as the kind has. Then only destroy. */
void digest_final(struct digest *d, uint8_t *out);
void digest_destroy(struct digest *d);
