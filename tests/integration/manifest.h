/* manifest - a client's side of a view, written as text: one entry in a line, and what to do wrong.
 *
 *     place PATH | whole PATH | nothing PATH | link PATH TARGET
 *     file PATH MTIME SOURCE      SOURCE: @LOCAL-FILE, or =TEXT in which "\n" is a line's end
 *
 * Contract: entries may be invalid ones: they are encoded as they stand.
 */
#pragma once

#include "base/vec.h"
#include "core/lz.h"
#include "io/conn.h"

struct manifest_content {
	uint8_t hash[64];
	char *data;
	size_t n;
};

enum manifest_trick {
	MANIFEST_HALF = 1,     /* the second half of each hash is another */
	MANIFEST_POISON = 2,   /* contents that are sent are not those that were announced */
	MANIFEST_GONE = 4,     /* each is said to be gone */
	MANIFEST_WITHHOLD = 8, /* nothing is sent */
	MANIFEST_LONGER = 16,  /* more bytes than were announced */
	MANIFEST_TWICE = 32,   /* two contents at once */
	MANIFEST_ODD = 64,     /* a content that nobody asked for */
};

struct manifest {
	VEC(struct manifest_content) contents; /* of this link; the first has number 1 */
	unsigned tricks;
};

/* Sends a text's entries, and remembers the contents. */
void manifest_send(struct manifest *m, struct conn *conn, uint32_t view, const char *text);
/* Answers a NEED. Returns how many contents were asked for. */
unsigned manifest_answer(
	struct manifest *m, struct conn *conn, struct lz *lz, const struct msg *need);
void manifest_fini(struct manifest *m);
