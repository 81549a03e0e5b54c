/* digest - a thin layer over EVP. Both are always there, so a failure of OpenSSL here is lack of
 * memory, and ends the program. */
#include "io/digest.h"

#include "base/str.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

struct digest {
	EVP_MD_CTX *md;
};

static void check(int ok)
{
	if (ok == 1)
		return;
	fputs("farmmake: OpenSSL cannot compute digests\n", stderr);
	abort();
}

void digest_sha256(const void *data, size_t n, uint8_t out[DIGEST_BYTES])
{
	check(EVP_Digest(data, n, out, NULL, EVP_sha256(), NULL));
}

void digest_blake2b(const void *data, size_t n, uint8_t out[DIGEST_BLAKE2B_BYTES])
{
	check(EVP_Digest(data, n, out, NULL, EVP_blake2b512(), NULL));
}

struct digest *digest_create(void)
{
	struct digest *d = xcalloc(1, sizeof *d);
	d->md = EVP_MD_CTX_new();
	check(d->md != NULL);
	check(EVP_DigestInit_ex(d->md, EVP_sha256(), NULL));
	return d;
}

void digest_update(struct digest *d, const void *data, size_t n)
{
	check(EVP_DigestUpdate(d->md, data, n));
}

void digest_final(struct digest *d, uint8_t out[DIGEST_BYTES])
{
	check(EVP_DigestFinal_ex(d->md, out, NULL));
}

void digest_destroy(struct digest *d)
{
	if (!d)
		return;
	EVP_MD_CTX_free(d->md);
	free(d);
}
