/* A datagram from anybody: what decodes is bounded, and stays itself when it is sent on. */
#include "fuzz.h"

#include "core/beacon.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct beacon b, again;
	uint8_t once[BEACON_BYTES], twice[BEACON_BYTES];
	if (beacon_decode(data, size, &b) < 0)
		return 0;
	assert(strlen(b.name) <= WIRE_NAME_MAX);
	if (b.version != WIRE_VERSION)
		return 0;
	assert(size == BEACON_BYTES);
	beacon_encode(&b, once);
	assert(beacon_decode(once, sizeof once, &again) == 0);
	beacon_encode(&again, twice);
	assert(memcmp(once, twice, sizeof once) == 0);
	return 0;
}
