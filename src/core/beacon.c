/* beacon
 *
 *     0 greeting (wire.h): magic, version, key id, name     90 u16 TCP port, slots, free, queued,
 *    74 boot id                                                jail level, flags
 *    82 u64 sequence                                      102 toolchains   110 zero   120 MAC
 *
 * The greeting comes first in every version, so that a beacon of another one can be shown.
 */
#include "core/beacon.h"

#include "base/buf.h"
#include "base/err.h"

#include <string.h>

enum { ZERO_BYTES = 10, FLAG_DRAINING = 1 };

_Static_assert(
	WIRE_GREETING_BYTES + 8 + 8 + 6 * 2 + 8 + ZERO_BYTES + BEACON_MAC_BYTES == BEACON_BYTES,
	"the layout adds up");

void beacon_encode(const struct beacon *b, uint8_t out[BEACON_BYTES])
{
	struct wire_greeting g = {.version = b->version};
	memcpy(g.key_id, b->key_id, sizeof g.key_id);
	memcpy(g.name, b->name, sizeof g.name);
	memset(out, 0, BEACON_BYTES);
	wire_greeting_encode(&g, out);

	struct buf w = {.data = out,
		.len = WIRE_GREETING_BYTES,
		.cap = BEACON_BYTES,
		.max_bytes = BEACON_BYTES};
	wr_raw(&w, b->boot_id, sizeof b->boot_id);
	wr_u64(&w, b->sequence);
	wr_u16(&w, b->tcp_port);
	wr_u16(&w, b->slots);
	wr_u16(&w, b->free);
	wr_u16(&w, b->queued);
	wr_u16(&w, b->jail_level);
	wr_u16(&w, b->draining ? FLAG_DRAINING : 0);
	wr_raw(&w, b->toolchains, sizeof b->toolchains);
}

static int decode_rest(struct rd *r, struct beacon *b)
{
	static const uint8_t zero[ZERO_BYTES];
	uint8_t pad[ZERO_BYTES], mac[BEACON_MAC_BYTES];
	rd_raw(r, b->boot_id, sizeof b->boot_id);
	b->sequence = rd_u64(r);
	b->tcp_port = rd_u16(r);
	b->slots = rd_u16(r);
	b->free = rd_u16(r);
	b->queued = rd_u16(r);
	b->jail_level = rd_u16(r);
	unsigned flags = rd_u16(r);
	b->draining = flags & FLAG_DRAINING;
	rd_raw(r, b->toolchains, sizeof b->toolchains);
	rd_raw(r, pad, sizeof pad);
	rd_raw(r, mac, sizeof mac);
	if (rd_finish(r) || flags > FLAG_DRAINING || memcmp(pad, zero, sizeof pad) != 0 ||
		b->tcp_port == 0)
		return ERR_PROTO;
	return 0;
}

int beacon_decode(const uint8_t *in, size_t n, struct beacon *ret)
{
	struct wire_greeting g;
	if (n < WIRE_GREETING_BYTES || wire_greeting_decode(in, &g) < 0)
		return ERR_PROTO;
	struct beacon b = {.version = g.version};
	memcpy(b.key_id, g.key_id, sizeof b.key_id);
	memcpy(b.name, g.name, sizeof b.name);
	if (g.version == WIRE_VERSION) {
		struct rd r;
		rd_init(&r, in + WIRE_GREETING_BYTES, n - WIRE_GREETING_BYTES);
		int err = decode_rest(&r, &b);
		if (err)
			return err;
	}
	*ret = b;
	return 0;
}
