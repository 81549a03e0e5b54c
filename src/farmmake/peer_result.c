#include "peer_result.h"

#include "base/err.h"
#include "core/lz.h"

#include <string.h>

static void hash_payload(struct wrapper *w, const struct msg *data)
{
	if (!w->digest)
		w->digest = digest_create();
	buf_clear(&w->scratch);
	if (msg_encode(data, &w->scratch) == 0)
		digest_update(w->digest, w->scratch.data + WIRE_HEADER_BYTES,
			w->scratch.len - WIRE_HEADER_BYTES);
}

/* Words of the node's compiler are looked at, never shown. */
static int listen_to(struct wrapper *w, const struct msg *data)
{
	buf_clear(&w->scratch);
	int err = lz_unpack(data, &w->scratch);
	if (!err)
		noise_feed(&w->said, w->scratch.data, w->scratch.len);
	return err;
}

int peer_result_add(struct wrapper *w, const struct msg *data)
{
	enum stream s = data->data.stream;
	if (s == STREAM_TEXT)
		return ERR_PROTO;
	w->stream_bytes[s] += data->data.raw_bytes;
	if (w->stream_bytes[s] > JOB_OUTPUT_BYTES_MAX)
		return ERR_TOOBIG;
	w->down_bytes += data->data.n;
	hash_payload(w, data);
	if (s == STREAM_STDERR)
		return listen_to(w, data);
	return s == STREAM_STDOUT ? 0 : chunks_add(&w->result, data);
}

static bool intact(struct wrapper *w, const struct job_result *r)
{
	uint8_t got[DIGEST_BYTES];
	if (!w->digest)
		w->digest = digest_create();
	digest_final(w->digest, got);
	digest_destroy(w->digest);
	w->digest = NULL;
	return memcmp(got, r->digest, sizeof got) == 0 &&
	       memcmp(w->stream_bytes, r->raw_bytes, sizeof w->stream_bytes) == 0;
}

enum peer_result peer_result_finish(struct wrapper *w, const struct job_result *r)
{
	enum peer_result verdict = PEER_RESULT_GOOD;
	if (!intact(w, r))
		verdict = PEER_RESULT_BROKEN;
	else if (r->wait_status != 0 || w->stream_bytes[STREAM_STDOUT] || !noise_is_all(&w->said) ||
		 !w->stream_bytes[STREAM_OUTPUT] ||
		 (w->spec.want_dwo && !w->stream_bytes[STREAM_DWO]))
		verdict = PEER_RESULT_REDO;
	w->outcome = *r;
	if (verdict != PEER_RESULT_GOOD)
		wrapper_reset_result(w);
	return verdict;
}
