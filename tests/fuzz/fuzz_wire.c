/* Frame headers: what decodes encodes to the same bytes. Greetings: to the same greeting. */
#include "fuzz.h"

#include "core/wire.h"

#include <string.h>

static void try_header(const uint8_t in[WIRE_HEADER_BYTES])
{
	struct wire_header h;
	uint8_t out[WIRE_HEADER_BYTES];
	if (wire_header_decode(in, &h) < 0)
		return;
	assert(h.length <= WIRE_PAYLOAD_MAX);
	wire_header_encode(&h, out);
	assert(memcmp(in, out, sizeof out) == 0);
}

static void try_greeting(const uint8_t in[WIRE_GREETING_BYTES])
{
	struct wire_greeting g, again;
	uint8_t out[WIRE_GREETING_BYTES];
	if (wire_greeting_decode(in, &g) < 0)
		return;
	assert(strlen(g.name) <= WIRE_NAME_MAX);
	wire_greeting_encode(&g, out);
	assert(wire_greeting_decode(out, &again) == 0);
	assert(strcmp(g.name, again.name) == 0 && g.version == again.version);
	assert(memcmp(g.key_id, again.key_id, sizeof g.key_id) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size >= WIRE_HEADER_BYTES)
		try_header(data);
	if (size >= WIRE_GREETING_BYTES)
		try_greeting(data);
	_cleanup_free_ char *name = fuzz_text(data, size);
	assert(wire_name_check(name) < 0 || strlen(name) <= WIRE_NAME_MAX);
	return 0;
}
