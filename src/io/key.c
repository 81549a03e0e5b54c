/* key
 *
 * The happy path: a line is exactly what key_format() writes. OpenSSL's primitives fail only when
 * memory is gone or its library is broken: both end the program, as xmalloc() does.
 */
#include "io/key.h"

#include "base/err.h"
#include "base/str.h"
#include "io/digest.h"
#include "openssl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SECRET_BYTES = 32, ID_HEX = 2 * WIRE_KEY_ID_BYTES, SECRET_HEX = 2 * SECRET_BYTES };

static const char label_magic[] = "farmmake-key-1";
static const char label_id[] = "farmmake/1 key id";
static const char label_node[] = "farmmake/1 node ";
static const char label_tls[] = "farmmake/1 tls";
static const char label_beacon[] = "farmmake/1 beacon";

static void must(bool worked)
{
	if (!worked) {
		fputs("farmmake: OpenSSL cannot derive keys\n", stderr);
		abort();
	}
}

/* HKDF-SHA256 without salt: the secret is uniformly random already. */
static void derive(const uint8_t secret[SECRET_BYTES], const char *info, uint8_t out[SECRET_BYTES])
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret, SECRET_BYTES),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, strlen(info)),
		OSSL_PARAM_END,
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	must(ctx && EVP_KDF_derive(ctx, out, SECRET_BYTES, params) == 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static void name_farm_key(struct key *k)
{
	uint8_t text[sizeof label_id + SECRET_BYTES], sum[DIGEST_BYTES];
	memcpy(text, label_id, sizeof label_id);
	memcpy(text + sizeof label_id, k->secret, SECRET_BYTES);
	digest_sha256(text, sizeof text, sum);
	memcpy(k->farm_id, sum, sizeof k->farm_id);
	OPENSSL_cleanse(text, sizeof text);
}

int key_generate(struct key *ret)
{
	struct key k = {.is_farm = true};
	if (RAND_priv_bytes(k.secret, sizeof k.secret) != 1)
		return -EIO;
	name_farm_key(&k);
	*ret = k;
	key_wipe(&k);
	return 0;
}

/* Cuts the next word off *text; NULL unless it is followed by a space or the end. */
static char *cut_word(char **text)
{
	char *word = *text;
	char *end = strchrnul(word, ' ');
	*text = *end ? end + 1 : end;
	*end = '\0';
	return *word ? word : NULL;
}

/* What follows the magic word. */
static int parse_fields(char *text, struct key *k)
{
	const char *kind = cut_word(&text);
	if (!kind)
		return ERR_KEYFILE;
	k->is_farm = strcmp(kind, "farm") == 0;
	if (!k->is_farm) {
		const char *name = cut_word(&text), *id = cut_word(&text);
		if (strcmp(kind, "node") != 0 || !name || wire_name_check(name) < 0 || !id ||
			str_unhex(id, k->farm_id, sizeof k->farm_id) < 0)
			return ERR_KEYFILE;
		strcpy(k->node, name);
	}
	if (str_unhex(text, k->secret, sizeof k->secret) < 0)
		return ERR_KEYFILE;
	if (k->is_farm)
		name_farm_key(k);
	return 0;
}

int key_parse(char *line, struct key *ret)
{
	const char *magic = cut_word(&line);
	if (!magic || strcmp(magic, label_magic) != 0)
		return ERR_KEYFILE;
	struct key k = {0};
	int err = parse_fields(line, &k);
	if (!err)
		*ret = k;
	key_wipe(&k);
	return err;
}

void key_format(const struct key *k, char out[KEY_TEXT_MAX])
{
	char secret[SECRET_HEX + 1], id[ID_HEX + 1];
	str_hex(k->secret, sizeof k->secret, secret);
	if (k->is_farm)
		snprintf(out, KEY_TEXT_MAX, "%s farm %s\n", label_magic, secret);
	else
		snprintf(out, KEY_TEXT_MAX, "%s node %s %s %s\n", label_magic, k->node,
			str_hex(k->farm_id, sizeof k->farm_id, id), secret);
	OPENSSL_cleanse(secret, sizeof secret);
}

int key_for_node(const struct key *k, const char *name, struct key *ret)
{
	if (wire_name_check(name) < 0)
		return -EINVAL;
	if (!k->is_farm) {
		if (strcmp(k->node, name) != 0)
			return ERR_KEY;
		*ret = *k;
		return 0;
	}
	struct key node = {0};
	char info[sizeof label_node + WIRE_NAME_MAX];
	snprintf(info, sizeof info, "%s%s", label_node, name);
	derive(k->secret, info, node.secret);
	memcpy(node.farm_id, k->farm_id, sizeof node.farm_id);
	strcpy(node.node, name);
	*ret = node;
	key_wipe(&node);
	return 0;
}

void key_tls_psk(const struct key *node_key, uint8_t out[SECRET_BYTES])
{
	derive(node_key->secret, label_tls, out);
}

void key_beacon_secret(const struct key *node_key, uint8_t out[SECRET_BYTES])
{
	derive(node_key->secret, label_beacon, out);
}

static void compute_mac(
	const uint8_t secret[SECRET_BYTES], const uint8_t *beacon, uint8_t out[BEACON_MAC_BYTES])
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	must(HMAC(EVP_sha256(), secret, SECRET_BYTES, beacon, BEACON_BYTES - BEACON_MAC_BYTES, mac,
		     NULL) != NULL);
	memcpy(out, mac, BEACON_MAC_BYTES);
}

void key_sign_beacon(const struct key *node_key, uint8_t beacon[BEACON_BYTES])
{
	uint8_t secret[SECRET_BYTES];
	key_beacon_secret(node_key, secret);
	compute_mac(secret, beacon, beacon + BEACON_BYTES - BEACON_MAC_BYTES);
	OPENSSL_cleanse(secret, sizeof secret);
}

bool key_check_beacon(const uint8_t secret[SECRET_BYTES], const uint8_t beacon[BEACON_BYTES])
{
	uint8_t mac[BEACON_MAC_BYTES];
	compute_mac(secret, beacon, mac);
	return CRYPTO_memcmp(mac, beacon + BEACON_BYTES - BEACON_MAC_BYTES, sizeof mac) == 0;
}

void key_wipe(struct key *k)
{
	OPENSSL_cleanse(k, sizeof *k);
}
