/* Source of any kind. A lexer that goes over the text byte by byte, after all splices are gone, finds no
 * directive that the scan does not have; blanks in the place of comments, and lines before and behind,
 * change nothing. A scan is whole, and a damaged one is refused or read within its bounds. */
#include "fuzz.h"

#include "base/buf.h"
#include "core/incscan.h"

#include <ctype.h>

enum { TEXT_BYTES_MAX = 8 << 20 };

/* Of what is no name, blanks say nothing: a comment is one, or as many as it has bytes. */
static bool is_same_text(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (*a && strchr(" \t\f\v\r", *a))
			a++;
		while (*b && strchr(" \t\f\v\r", *b))
			b++;
		if (*a != *b || !*a)
			return *a == *b;
	}
}

static bool has(const struct incscan *s, const struct incscan_item *wanted)
{
	struct incscan_item item;
	for (size_t at = 0; incscan_next(s, &at, &item);)
		if (item.kind == wanted->kind && item.form == wanted->form &&
			(item.form == INCSCAN_OTHER ? is_same_text(item.name, wanted->name)
						    : strcmp(item.name, wanted->name) == 0))
			return true;
	return false;
}

static size_t items_of(const struct incscan *s)
{
	size_t n = 0;
	struct incscan_item item;
	for (size_t at = 0; incscan_next(s, &at, &item);)
		n++;
	return n;
}

static void expect_same(const struct incscan *a, const struct incscan *b)
{
	struct incscan_item item;
	for (size_t at = 0; incscan_next(a, &at, &item);)
		assert(has(b, &item));
	assert(items_of(a) == items_of(b));
}

/* The text without splices; malloc'd. */
static char *join(const uint8_t *data, size_t n)
{
	char *text = xmalloc(n + 1), *to = text;
	for (size_t i = 0; i < n; i++) {
		size_t k = i + 1;
		while (data[i] == '\\' && k < n && strchr(" \t\f\v\r", data[k]))
			k++;
		if (data[i] == '\\' && k < n && data[k] == '\n')
			i = k;
		else
			*to++ = (char)data[i];
	}
	*to = '\0';
	return text;
}

/* Comments become blanks; false when dialects or literals might make more of the text than this sees. */
static bool blank_comments(char *p)
{
	static const char *const odd[] = {"R\"", "??", "\r", "'", "\\", "//*"};
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		if (strstr(p, odd[i]))
			return false;
	for (bool quoted = false; *p; p++) {
		if (*p == '"')
			quoted = !quoted;
		if (*p == '\n') {
			if (quoted)
				return false;
		} else if (!quoted && p[0] == '/' && p[1] == '/') {
			for (; *p && *p != '\n'; p++)
				if (p[0] == '/' && p[1] == '*')
					return false;
				else
					*p = ' ';
			if (!*p)
				break;
		} else if (!quoted && p[0] == '/' && p[1] == '*') {
			char *end = strstr(p + 2, "*/");
			if (!end)
				return false;
			memset(p, ' ', (size_t)(end + 2 - p));
			p = end + 1;
		}
	}
	return true;
}

static const char *skip_blanks(const char *p)
{
	while (*p && strchr(" \t\f\v", *p))
		p++;
	return p;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* A line of the blanked text, if it is an #include: the scan has it. */
static void check_line(const struct incscan *s, const char *p)
{
	static const char include[] = "include";
	p = skip_blanks(p);
	if (*p != '#')
		return;
	p = skip_blanks(p + 1);
	if (!str_starts(p, include) || is_word(p[strlen(include)]))
		return;
	p = skip_blanks(p + strlen(include));
	char close = *p == '"' ? '"' : *p == '<' ? '>' : '\0';
	const char *end = close ? strchr(p + 1, close) : NULL;
	if (!end)
		return;
	_cleanup_free_ char *name = xstrndup(p + 1, (size_t)(end - p) - 1);
	if (strlen(name) > INCSCAN_NAME_BYTES_MAX)
		return;
	assert(has(s, &(struct incscan_item){.kind = INCSCAN_INCLUDE,
			      .form = close == '"' ? INCSCAN_QUOTED : INCSCAN_ANGLED,
			      .name = name}));
}

/* Not with conditionals, of which the simple lexer knows nothing, nor in names with comments in them. */
static void check_lines(const struct incscan *s, char *blanked)
{
	if (strstr(blanked, "if") || strstr(blanked, "el"))
		return;
	for (char *line = blanked, *end; line; line = end ? end + 1 : NULL) {
		end = strchr(line, '\n');
		if (end)
			*end = '\0';
		check_line(s, line);
	}
}

static void check_text(const struct incscan *s, const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = join(data, size);
	/* what looks like a comment may be a part of a name in brackets */
	if (incscan_problem(s) || memchr(data, '\0', size) || strchr(text, '<') ||
		!blank_comments(text))
		return;
	struct incscan *blanked = incscan_create(text, strlen(text));
	expect_same(blanked, s);
	free(blanked);
	check_lines(s, text);
}

static void check_framed(const struct incscan *s, const uint8_t *data, size_t size)
{
	if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		return;
	struct buf b;
	buf_init(&b, TEXT_BYTES_MAX);
	wr_raw(&b, "int a;\n", 7);
	wr_raw(&b, data, size);
	struct incscan *framed = incscan_create((const char *)b.data, b.len);
	expect_same(framed, s);
	free(framed);
	buf_fini(&b);
}

/* Each byte of the block damaged in turn, of large ones some. */
static void check_damaged(const struct incscan *s)
{
	size_t n = incscan_bytes(s), step = n / 200 + 1;
	char *copy = xmalloc(n);
	bool simple;
	for (size_t i = 0; i < n; i += step) {
		memcpy(copy, s, n);
		copy[i] = (char)(copy[i] ^ 0x55);
		const struct incscan *damaged = incscan_check(copy, n);
		if (damaged)
			(void)(items_of(damaged) + incscan_defines(damaged, 7, &simple) +
				incscan_undefines(damaged, 7));
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!data) /* libFuzzer's empty input */
		return 0;
	struct incscan *s = incscan_create((const char *)data, size);
	assert(incscan_check(s, incscan_bytes(s)) == s);
	check_text(s, data, size);
	check_framed(s, data, size);
	check_damaged(s);
	free(s);
	return 0;
}
