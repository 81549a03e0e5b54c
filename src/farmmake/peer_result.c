#include "peer_result.h"

#include "base/err.h"

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
	/* words of the node's compiler are counted, never shown */
	if (s == STREAM_STDOUT || s == STREAM_STDERR)
		return 0;
	return chunks_add(&w->result, data);
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
	else if (r->wait_status != 0 || w->stream_bytes[STREAM_STDOUT] ||
		 w->stream_bytes[STREAM_STDERR] || !w->stream_bytes[STREAM_OUTPUT] ||
		 (w->spec.want_dwo && !w->stream_bytes[STREAM_DWO]))
		verdict = PEER_RESULT_REDO;
	w->outcome = *r;
	if (verdict != PEER_RESULT_GOOD)
		wrapper_reset_result(w);
	return verdict;
}
