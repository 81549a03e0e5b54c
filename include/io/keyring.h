/* keyring - the keys that are good at present: one, or two while a farm changes its key.
 *
 * A key file holds one line for each (io/key.h), mode 0600. The first key is the current one: a node
 * names it in its greeting, and a client takes it where it does not know better. The other is the
 * old one, or the next one, of somebody who has not changed yet; it opens the same doors. All keys
 * of a ring are a farm's, or those of one node, and no two have the same id.
 *
 * Contract: a ring that was loaded or generated has at least one key. keyring_wipe() cleans it.
 */
#pragma once

#include "io/key.h"

#include <stddef.h>

enum { KEYRING_MAX = 2, KEYRING_TEXT_MAX = KEYRING_MAX * KEY_TEXT_MAX };

struct keyring {
	size_t n;
	struct key keys[KEYRING_MAX];
};

/* Where a user's key file is, if nothing else is said: $XDG_CONFIG_HOME/farmmake/key, or
 * ~/.config/farmmake/key; malloc'd, NULL when neither variable is set. */
char *keyring_usual_path(void);
/* One new farm key. */
int keyring_generate(struct keyring *ret);
/* ERR_KEYMODE when group or others may read it, ERR_KEYFILE for anything but a key file, -errno. */
int keyring_load(const char *path, struct keyring *ret);
/* The file's text. */
void keyring_format(const struct keyring *r, char out[KEYRING_TEXT_MAX]);
/* The keys of one node, in the same order; key_for_node()'s errors. */
int keyring_for_node(const struct keyring *r, const char *name, struct keyring *ret);
/* NULL when there is none of this id. */
const struct key *keyring_find(const struct keyring *r, const uint8_t id[WIRE_KEY_ID_BYTES]);
/* A new farm key becomes the current one, beside the old. ERR_STATE when there are two already, ERR_KEY for
 * keys of a node. */
int keyring_rotate(struct keyring *r);
/* Forgets the old key. ERR_STATE when there is only one. */
int keyring_retire(struct keyring *r);
void keyring_wipe(struct keyring *r);

/* No core file, and no debugger of this user, sees this process' memory from now on. */
void keyring_guard_process(void);
