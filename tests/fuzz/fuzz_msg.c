/* One frame: what decodes encodes to the very same bytes. */
#include "fuzz.h"

#include "core/msg.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_header h;
	struct msg m;
	if (size < WIRE_HEADER_BYTES || wire_header_decode(data, &h) < 0 ||
		h.length != size - WIRE_HEADER_BYTES ||
		msg_decode(&h, data + WIRE_HEADER_BYTES, &m) < 0)
		return 0;
	assert(msg_name(m.type));
	struct buf out;
	buf_init(&out, WIRE_FRAME_MAX);
	assert(msg_encode(&m, &out) == 0);
	assert(out.len == size && memcmp(out.data, data, size) == 0);
	buf_fini(&out);
	msg_fini(&m);
	return 0;
}
