/* tls
 *
 * The happy path: tls_handshake() until it is done, then tls_read() and tls_write(). A peer with
 * another key fails in the check of the PSK binder, on the server; the client hears an alert. A
 * peer without a PSK finds no certificate to go on with.
 */
#include "tls.h"

#include "base/err.h"
#include "base/str.h"
#include "openssl.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

enum { PSK_BYTES = 32, IDENTITY_MAX = 4 + WIRE_NAME_MAX + 1 + 2 * WIRE_KEY_ID_BYTES };

struct psk {
	uint8_t secret[PSK_BYTES];
	char identity[IDENTITY_MAX + 1]; /* which node, and which of its keys */
};

struct tls {
	SSL *ssl; /* owns the two BIOs */
	BIO *in, *out;
	struct psk psks[KEYRING_MAX]; /* until the handshake is done */
	size_t psks_n, chosen;
};

/* Whether AES has instructions of its own; without them ChaCha20 is several times faster. */
static bool has_aes(void)
{
#if defined(__x86_64__) || defined(__i386__)
	return __builtin_cpu_supports("aes");
#elif defined(__aarch64__)
	return getauxval(AT_HWCAP) & (1 << 3); /* HWCAP_AES */
#elif defined(__arm__)
	return getauxval(AT_HWCAP2) & (1 << 0); /* HWCAP2_AES */
#else
	return true;
#endif
}

/* SHA-256 suites only: an external PSK is bound to one hash. */
static const char *suites(void)
{
	return has_aes() ? "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256"
			 : "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";
}

/* The PSK in the dress of a session to resume. */
static SSL_SESSION *make_session(SSL *ssl, const struct psk *psk)
{
	static const unsigned char aes_128_gcm_sha256[2] = {0x13, 0x01};
	SSL_SESSION *s = SSL_SESSION_new();
	if (s && SSL_SESSION_set1_master_key(s, psk->secret, sizeof psk->secret) &&
		SSL_SESSION_set_cipher(s, SSL_CIPHER_find(ssl, aes_128_gcm_sha256)) &&
		SSL_SESSION_set_protocol_version(s, TLS1_3_VERSION))
		return s;
	SSL_SESSION_free(s);
	return NULL;
}

static int on_use_psk(SSL *ssl, const EVP_MD *md, const unsigned char **ret_identity, size_t *ret_n,
	SSL_SESSION **ret_session)
{
	const struct tls *t = SSL_get_app_data(ssl);
	*ret_session = NULL;
	if (md && EVP_MD_get_type(md) != NID_sha256) /* after a HelloRetryRequest */
		return 1;
	*ret_session = make_session(ssl, &t->psks[0]);
	*ret_identity = (const unsigned char *)t->psks[0].identity;
	*ret_n = strlen(t->psks[0].identity);
	return *ret_session != NULL;
}

static int on_find_psk(SSL *ssl, const unsigned char *identity, size_t n, SSL_SESSION **ret_session)
{
	struct tls *t = SSL_get_app_data(ssl);
	*ret_session = NULL;
	for (size_t i = 0; i < t->psks_n; i++) {
		const struct psk *psk = &t->psks[i];
		if (n != strlen(psk->identity) || memcmp(identity, psk->identity, n) != 0)
			continue;
		t->chosen = i;
		*ret_session = make_session(ssl, psk);
		return *ret_session != NULL;
	}
	return 1;
}

static SSL_CTX *make_ctx(bool server)
{
	SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
	if (!ctx)
		return NULL;
	if (!SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) ||
		!SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) ||
		!SSL_CTX_set_ciphersuites(ctx, suites()) ||
		!SSL_CTX_set1_groups_list(ctx, "X25519") || !SSL_CTX_set_num_tickets(ctx, 0)) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (server) {
		SSL_CTX_set_psk_find_session_callback(ctx, on_find_psk);
	} else {
		/* with an empty store: whoever comes with a certificate is refused */
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
		SSL_CTX_set_psk_use_session_callback(ctx, on_use_psk);
	}
	return ctx;
}

/* Every connection's settings are the same, and cost more than the connection does: made once for
 * each side, they live as long as the process. NULL without memory. */
static SSL_CTX *get_ctx(bool server)
{
	static SSL_CTX *made[2];
	if (!made[server])
		made[server] = make_ctx(server);
	return made[server];
}

static bool make_bios(struct tls *t)
{
	t->in = BIO_new(BIO_s_mem());
	t->out = BIO_new(BIO_s_mem());
	if (!t->in || !t->out) {
		BIO_free(t->in);
		BIO_free(t->out);
		return false;
	}
	SSL_set_bio(t->ssl, t->in, t->out);
	return true;
}

static int create(bool server, struct tls **ret)
{
	struct tls *t = xcalloc(1, sizeof *t);
	SSL_CTX *ctx = get_ctx(server);
	t->ssl = ctx ? SSL_new(ctx) : NULL;
	/* the callbacks could not do without t */
	if (!t->ssl || !make_bios(t) || !SSL_set_app_data(t->ssl, t)) {
		ERR_clear_error();
		tls_destroy(t);
		return -ENOMEM;
	}
	if (server)
		SSL_set_accept_state(t->ssl);
	else
		SSL_set_connect_state(t->ssl);
	*ret = t;
	return 0;
}

static void add_psk(struct tls *t, const struct key *node_key)
{
	struct psk *psk = &t->psks[t->psks_n++];
	char id[2 * WIRE_KEY_ID_BYTES + 1];
	key_tls_psk(node_key, psk->secret);
	snprintf(psk->identity, sizeof psk->identity, "fm1|%s|%s", node_key->node,
		str_hex(node_key->farm_id, sizeof node_key->farm_id, id));
}

int tls_create_client(const struct key *node_key, struct tls **ret)
{
	int err = create(false, ret);
	if (!err)
		add_psk(*ret, node_key);
	return err;
}

int tls_create_server(const struct keyring *node_keys, struct tls **ret)
{
	int err = create(true, ret);
	for (size_t i = 0; !err && i < node_keys->n; i++)
		add_psk(*ret, &node_keys->keys[i]);
	return err;
}

void tls_destroy(struct tls *t)
{
	if (!t)
		return;
	SSL_free(t->ssl);
	OPENSSL_cleanse(t->psks, sizeof t->psks);
	free(t);
}

int tls_feed(struct tls *t, const void *data, size_t n)
{
	size_t written;
	return BIO_write_ex(t->in, data, n, &written) && written == n ? 0 : -ENOMEM;
}

/* What a call that did not succeed means. Comes before any BIO is touched: writing to one would
 * clear the flags that SSL_get_error() looks at. */
static int classify(const struct tls *t, int rc)
{
	int why = SSL_get_error(t->ssl, rc);
	ERR_clear_error();
	switch (why) {
	case SSL_ERROR_WANT_READ: return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN: return ERR_CLOSED;
	default: return ERR_TLS;
	}
}

int tls_handshake(struct tls *t)
{
	ERR_clear_error();
	int rc = SSL_do_handshake(t->ssl);
	if (rc != 1)
		return classify(t, rc) == -EAGAIN ? -EAGAIN : ERR_TLS;
	OPENSSL_cleanse(t->psks, sizeof t->psks);
	return SSL_session_reused(t->ssl) == 1 ? 0 : ERR_TLS;
}

int tls_read(struct tls *t, void *out, size_t n, size_t *ret_n)
{
	ERR_clear_error();
	int rc = SSL_read_ex(t->ssl, out, n, ret_n);
	return rc == 1 ? 0 : classify(t, rc);
}

int tls_write(struct tls *t, const void *data, size_t n, size_t *ret_n)
{
	ERR_clear_error();
	int rc = SSL_write_ex(t->ssl, data, n, ret_n);
	return rc == 1 ? 0 : classify(t, rc);
}

void tls_shutdown(struct tls *t)
{
	ERR_clear_error();
	SSL_shutdown(t->ssl);
	ERR_clear_error();
}

size_t tls_key_index(const struct tls *t)
{
	return t->chosen;
}

size_t tls_pending(const struct tls *t)
{
	return BIO_ctrl_pending(t->out);
}

void tls_take(struct tls *t, void *out, size_t n)
{
	size_t got;
	int rc = BIO_read_ex(t->out, out, n, &got);
	assert(rc == 1 && got == n);
	(void)rc;
}
