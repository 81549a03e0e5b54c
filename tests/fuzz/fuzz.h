/* fuzz - what the fuzz targets share.
 *
 * A target is one function, LLVMFuzzerTestOneInput(). Under clang libFuzzer calls it with what it
 * makes up; replay.c calls it with the corpus, everywhere. Targets check laws by assert(), so that
 * both find more than crashes.
 */
#pragma once

#include "base/str.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input up to its first NUL, as a string; malloc'd. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = xmalloc(size + 1); /* the data has no end that a string function would see */
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* One word for each line. ret->v may be NULL when there is none. */
static inline void fuzz_lines(const char *text, struct strv *ret)
{
	*ret = (struct strv){0};
	while (*text) {
		const char *end = text;
		while (*end && *end != '\n')
			end++;
		strv_push_take(ret, xstrndup(text, (size_t)(end - text)));
		text = *end ? end + 1 : end;
	}
}

/* For functions that want a terminated vector even when it is empty. */
static inline char **fuzz_argv(const struct strv *words)
{
	static char *none[] = {NULL};
	return words->v ? words->v : none;
}
