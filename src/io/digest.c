/* digest - a thin layer over EVP. Both kinds are always there, so a failure of OpenSSL here is lack of
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

void digest_content(const void *data, size_t n, uint8_t out[DIGEST_CONTENT_BYTES])
{
	check(EVP_Digest(data, n, out, NULL, EVP_blake2b512(), NULL));
}

static struct digest *create(const EVP_MD *kind)
{
	struct digest *d = xcalloc(1, sizeof *d);
	d->md = EVP_MD_CTX_new();
	check(d->md != NULL);
	check(EVP_DigestInit_ex(d->md, kind, NULL));
	return d;
}

struct digest *digest_create(void)
{
	return create(EVP_sha256());
}

struct digest *digest_create_content(void)
{
	return create(EVP_blake2b512());
}

void digest_update(struct digest *d, const void *data, size_t n)
{
	check(EVP_DigestUpdate(d->md, data, n));
}

void digest_update_file(struct digest *d, const void *data, size_t n)
{
	char mark[24];
	digest_update(d, mark, (size_t)snprintf(mark, sizeof mark, "%zu\n", n));
	digest_update(d, data, n);
}

void digest_final(struct digest *d, uint8_t *out)
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
