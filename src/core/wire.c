#include "core/wire.h"

#include "base/err.h"

#include <errno.h>
#include <string.h>

static const uint8_t greeting_magic[4] = {'F', 'A', 'R', 'M'};

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8), p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16)), put16(p + 2, (uint16_t)v);
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

void wire_header_encode(const struct wire_header *h, uint8_t out[WIRE_HEADER_BYTES])
{
	put32(out, h->length);
	put16(out + 4, h->type);
	put16(out + 6, 0);
	put32(out + 8, h->job);
}

int wire_header_decode(const uint8_t in[WIRE_HEADER_BYTES], struct wire_header *ret)
{
	if (get32(in) > WIRE_PAYLOAD_MAX)
		return ERR_TOOBIG;
	if (get16(in + 6) != 0)
		return ERR_PROTO;
	*ret = (struct wire_header){
		.length = get32(in), .type = get16(in + 4), .job = get32(in + 8)};
	return 0;
}

void wire_greeting_encode(const struct wire_greeting *g, uint8_t out[WIRE_GREETING_BYTES])
{
	memset(out, 0, WIRE_GREETING_BYTES);
	memcpy(out, greeting_magic, 4);
	put16(out + 4, g->version);
	memcpy(out + 6, g->key_id, WIRE_KEY_ID_BYTES);
	memcpy(out + 6 + WIRE_KEY_ID_BYTES, g->name, strnlen(g->name, WIRE_NAME_MAX));
}

int wire_greeting_decode(const uint8_t in[WIRE_GREETING_BYTES], struct wire_greeting *ret)
{
	if (memcmp(in, greeting_magic, 4) != 0)
		return ERR_PROTO;
	struct wire_greeting g = {.version = get16(in + 4)};
	memcpy(g.key_id, in + 6, WIRE_KEY_ID_BYTES);
	memcpy(g.name, in + 6 + WIRE_KEY_ID_BYTES, WIRE_NAME_MAX);
	if (wire_name_check(g.name) < 0)
		return ERR_PROTO;
	for (size_t i = 6 + WIRE_KEY_ID_BYTES + strlen(g.name); i < WIRE_GREETING_BYTES; i++)
		if (in[i] != 0)
			return ERR_PROTO;
	*ret = g;
	return 0;
}

int wire_name_check(const char *name)
{
	static const char legal[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t n = strspn(name, legal);
	if (n == 0 || n > WIRE_NAME_MAX || name[n] || name[0] == '-' || name[0] == '.')
		return -EINVAL;
	return 0;
}
