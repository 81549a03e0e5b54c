/* words - command lines as one string, for tests that need no quotes. */
#pragma once

#include "base/str.h"

#include <string.h>

/* Words are separated by single blanks. */
static inline void words_split(const char *line, struct strv *ret)
{
	strv_fini(ret);
	ret->v = xcalloc(1, sizeof *ret->v);
	ret->cap = 1;
	while (*line) {
		size_t n = strcspn(line, " ");
		strv_push_take(ret, xstrndup(line, n));
		line += n + (line[n] == ' ');
	}
}

/* malloc'd. */
static inline char *words_join(const struct strv *sv)
{
	char *line = xstrdup("");
	for (size_t i = 0; i < sv->n; i++) {
		char *longer = xasprintf("%s%s%s", line, i ? " " : "", sv->v[i]);
		free(line);
		line = longer;
	}
	return line;
}
