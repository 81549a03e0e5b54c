#include "core/noise.h"

#include <string.h>

static bool starts(const char *line, size_t len, const char *prefix)
{
	size_t n = strlen(prefix);
	return len >= n && memcmp(line, prefix, n) == 0;
}

static bool ends(const char *line, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);
	return len >= n && memcmp(line + len - n, suffix, n) == 0;
}

static bool is_noise(const char *line, size_t len)
{
	return ends(line, len, ": warning: style of line directive is a GCC extension") ||
	       starts(line, len, "In file included from ") ||
	       starts(line, len, "                 from ") || ends(line, len, ": At top level:") ||
	       (ends(line, len, "':") && memmem(line, len, ": In function '", 15));
}

void noise_init(struct noise *n)
{
	n->has_words = false;
	n->len = 0;
}

void noise_feed(struct noise *n, const uint8_t *text, size_t len)
{
	const uint8_t *end = text + len;
	while (text < end && !n->has_words) {
		const uint8_t *nl = memchr(text, '\n', (size_t)(end - text));
		size_t part = (size_t)((nl ? nl : end) - text);
		if (part > sizeof n->line - n->len) {
			n->has_words = true;
			return;
		}
		memcpy(n->line + n->len, text, part);
		n->len += part;
		text += part + (nl != NULL);
		if (nl) {
			n->has_words = !is_noise(n->line, n->len);
			n->len = 0;
		}
	}
}

bool noise_is_all(const struct noise *n)
{
	return !n->has_words && n->len == 0;
}
