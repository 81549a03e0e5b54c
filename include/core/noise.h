/* noise - tells what a node's compiler says of the text alone from what it says of the source.
 *
 * The text has line markers where the source has includes, and under -pedantic gcc warns about each
 * of them. Nodes compile without colours and caret lines, so such a warning is one line, with the
 * lines that say where it is before it. Anything else is a word for the user.
 *
 * Contract: pure and streaming: lines may be split anywhere between two feeds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct noise {
	bool has_words;
	size_t len;
	char line[4096]; /* the start of a line whose end is still to come */
};

void noise_init(struct noise *n);
void noise_feed(struct noise *n, const uint8_t *text, size_t len);
/* At the end: was there nothing but noise? */
bool noise_is_all(const struct noise *n);
