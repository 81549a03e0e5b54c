/* wire - frames, and the greeting that a node sends before TLS begins.
 *
 * A frame is a 12 byte header and its payload:
 *     u32 payload bytes | u16 type | u16 zero | u32 job
 * all big-endian. Header and payload together never exceed WIRE_FRAME_MAX, so heartbeats are never
 * stuck behind bulk data. The greeting is WIRE_GREETING_BYTES of clear text; it is a hint that
 * turns "handshake failed" into a useful message, and nothing in it is believed before TLS.
 *
 * Contract: pure functions on memory.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
	WIRE_VERSION = 3,
	WIRE_HEADER_BYTES = 12,
	WIRE_FRAME_MAX = 64 * 1024,
	WIRE_PAYLOAD_MAX = WIRE_FRAME_MAX - WIRE_HEADER_BYTES,
	WIRE_NAME_MAX = 63, /* bytes of a node's name */
	WIRE_KEY_ID_BYTES = 4,
	WIRE_GREETING_BYTES = 4 + 2 + WIRE_KEY_ID_BYTES + 64,
};

struct wire_header {
	uint32_t length; /* payload bytes */
	uint16_t type;
	uint32_t job; /* 0 for frames that belong to no job */
};

void wire_header_encode(const struct wire_header *h, uint8_t out[WIRE_HEADER_BYTES]);
/* ERR_TOOBIG, or ERR_PROTO when the reserved field is not zero. */
int wire_header_decode(const uint8_t in[WIRE_HEADER_BYTES], struct wire_header *ret);

struct wire_greeting {
	uint16_t version;
	uint8_t key_id[WIRE_KEY_ID_BYTES]; /* of the farm key, from which the node's was derived */
	char name[WIRE_NAME_MAX + 1];
};

void wire_greeting_encode(const struct wire_greeting *g, uint8_t out[WIRE_GREETING_BYTES]);
/* ERR_PROTO when it is no greeting or the name is not printable ASCII. Any version is accepted:
 * the caller compares. */
int wire_greeting_decode(const uint8_t in[WIRE_GREETING_BYTES], struct wire_greeting *ret);

/* A node's name: 1 to WIRE_NAME_MAX of [A-Za-z0-9._-], not beginning with '-' or '.'. */
int wire_name_check(const char *name);
