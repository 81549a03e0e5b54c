/* key - a farm's key, and what is derived from it.
 *
 * As text a key is one line of a key file (io/keyring.h):
 *     farmmake-key-1 farm HEX64
 *     farmmake-key-1 node NAME FARMKEYID8 HEX64
 * The farm key is 32 random bytes. A node's key is HKDF-SHA256 of it, bound to the node's name, so a
 * stolen board can impersonate itself only. From the node's key come the TLS PSK and the beacon key.
 *
 * Contract: secrets stay in struct key; key_wipe() cleans it. Nothing here logs.
 */
#pragma once

#include "core/beacon.h"
#include "core/wire.h"

#include <stdbool.h>

struct key {
	bool is_farm; /* holds the farm's secret; else one node's */
	uint8_t secret[32];
	uint8_t farm_id[WIRE_KEY_ID_BYTES]; /* names the farm key without telling it */
	char node[WIRE_NAME_MAX + 1];       /* whose key; "" for the farm's */
};

int key_generate(struct key *ret);
enum { KEY_TEXT_MAX = 256 };
/* A line without its newline, which is cut to pieces; ERR_KEYFILE. */
int key_parse(char *line, struct key *ret);
/* With a newline. */
void key_format(const struct key *k, char out[KEY_TEXT_MAX]);
/* The key of one node: derived from the farm's, or k itself when it is that node's.
 * ERR_KEY when k belongs to another node; -EINVAL for a bad name. */
int key_for_node(const struct key *k, const char *name, struct key *ret);
/* What TLS uses on connections to this node. node_key is no farm key. */
void key_tls_psk(const struct key *node_key, uint8_t out[32]);
/* Fills in the MAC of an encoded beacon. */
void key_sign_beacon(const struct key *node_key, uint8_t beacon[BEACON_BYTES]);
/* What this node's beacons are checked with: who hears many keeps it, and wipes it. */
void key_beacon_secret(const struct key *node_key, uint8_t out[32]);
bool key_check_beacon(const uint8_t secret[32], const uint8_t beacon[BEACON_BYTES]);
void key_wipe(struct key *k);
