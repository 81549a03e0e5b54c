/* Fields are separated by ';', so that formulas may hold commas; '#' at a line's start is a note. */
#include "sheet.h"

#include <string.h>

static void put_trimmed(struct sheet *s, struct ref at, const char *field, size_t n)
{
	while (n && *field == ' ')
		field++, n--;
	while (n && field[n - 1] == ' ')
		n--;
	if (n)
		grid_put(s, at, arena_copy(&s->arena, field, n));
}

static void read_line(struct sheet *s, int row, const char *line, size_t n)
{
	for (int column = 0;; column++) {
		const char *end = memchr(line, ';', n);
		size_t len = end ? (size_t)(end - line) : n;
		put_trimmed(s, (struct ref){column, row}, line, len);
		if (!end)
			return;
		line += len + 1, n -= len + 1;
	}
}

void csv_read(struct sheet *s, const char *text)
{
	for (int row = 0; *text;) {
		size_t n = strcspn(text, "\n");
		if (*text != '#')
			read_line(s, row++, text, n);
		text += n + (text[n] == '\n');
	}
}
