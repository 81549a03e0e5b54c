/* Reads a text in each dialect that makes a difference to it, which for most is one. */
#include "core/incscan.h"

#include "base/str.h"
#include "core/dtext.h"
#include "incscan_impl.h"

#include <string.h>

enum { TEXT_BYTES_MAX = 256 << 20, LINE_BYTES_MAX = 1 << 20 };

/* Without its splices; malloc'd. */
static char *join_lines(const char *text, size_t n, size_t *ret_n)
{
	char *joined = xmalloc(n + 1), *to = joined;
	for (const char *p = text, *end = text + n; p < end;) {
		const char *next = incscan_skip_splices(p, end);
		if (next == p)
			*to++ = *next++;
		p = next;
	}
	*ret_n = (size_t)(to - joined);
	return joined;
}

/* With ??= and ??/ replaced; malloc'd. */
static char *replace_trigraphs(const char *text, size_t n, size_t *ret_n)
{
	char *replaced = xmalloc(n + 1), *to = replaced;
	for (const char *p = text, *end = text + n; p < end; p++) {
		bool trigraph = end - p >= 3 && p[0] == '?' && p[1] == '?';
		char c = trigraph && p[2] == '=' ? '#' : trigraph && p[2] == '/' ? '\\' : *p;
		p += c != *p ? 2 : 0;
		*to++ = c;
	}
	*ret_n = (size_t)(to - replaced);
	return replaced;
}

/* Words that mean something wherever they stand, in assembly and behind macros as well. */
static unsigned find_traps(const char *text, size_t n)
{
	static const struct {
		enum dtext_trap trap;
		enum incscan_flag flag;
	} rows[] = {
		{DTEXT_TRAP_TIME, INCSCAN_TIME},
		{DTEXT_TRAP_DATE, INCSCAN_DATE},
		{DTEXT_TRAP_TIMESTAMP, INCSCAN_TIMESTAMP},
		{DTEXT_TRAP_INCBIN, INCSCAN_INCBIN},
		{DTEXT_TRAP_INCLUDE, INCSCAN_ASM_INCLUDE},
	};
	static const struct {
		const char *word;
		enum incscan_flag flag;
	} pragmas[] = {
		{"dependency", INCSCAN_FILE_DATES},
		{"pch_preprocess", INCSCAN_PCH},
	};
	unsigned traps = dtext_traps(text, n), flags = 0;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		flags |= traps & rows[i].trap ? rows[i].flag : 0;
	if (!(traps & DTEXT_TRAP_PRAGMA))
		return flags;
	for (size_t i = 0; i < sizeof pragmas / sizeof *pragmas; i++)
		if (memmem(text, n, pragmas[i].word, strlen(pragmas[i].word)))
			flags |= pragmas[i].flag;
	return flags;
}

static void start(struct incscan_lexer *l, unsigned dialect, const char *text, size_t n)
{
	*l = (struct incscan_lexer){.start = text,
		.p = text,
		.mark = text,
		.end = text + n,
		.mark_bol = true,
		.dialect = dialect,
		.line = l->line};
}

/* Words may be hidden from who looks for them: once more, with an eye on that. */
static void read_split(struct incscan_lexer *l, struct incscan_words *words, size_t items_before)
{
	size_t n, joined_n;
	const char *text = l->start;
	n = (size_t)(l->end - text);
	_cleanup_free_ char *joined = join_lines(text, n, &joined_n);
	struct incscan_out *out = l->out;
	out->flags |= find_traps(joined, joined_n);
	words->asks = true;
	out->items.len = items_before;
	start(l, l->dialect, text, n);
	l->words = words;
	l->out = out;
	incscan_lex(l);
}

/* Returns the dialects that would read the text differently. */
static unsigned read_as(unsigned dialect, const char *text, size_t n, struct incscan_out *out)
{
	_cleanup_free_ char *replaced = NULL;
	if (dialect & DIALECT_TRIGRAPHS)
		text = replaced = replace_trigraphs(text, n, &n);
	struct incscan_words words;
	incscan_words_find(text, n, &words);
	if (words.lone_return)
		out->trouble = TROUBLE_RETURN;
	if (words.modules == INCSCAN_CANDIDATES)
		out->flags |= INCSCAN_MODULES;
	struct incscan_lexer l;
	buf_init(&l.line, LINE_BYTES_MAX);
	start(&l, dialect, text, n);
	l.words = &words;
	l.out = out;
	size_t items_before = out->items.len;
	incscan_lex(&l);
	if (l.splits)
		read_split(&l, &words, items_before);
	buf_fini(&l.line);
	if (l.guard && !l.unguarded) {
		out->flags |= INCSCAN_GUARDED;
		out->guard = incscan_hash(l.guard, l.guard_len);
	}
	return l.matters;
}

/* What another dialect finds counts as well, and a guard only when all agree about it. */
static unsigned read_also(unsigned dialect, const char *text, size_t n, struct incscan_out *out)
{
	bool guarded = out->flags & INCSCAN_GUARDED;
	uint32_t guard = out->guard;
	size_t before = out->items.len;
	out->flags &= ~(unsigned)INCSCAN_GUARDED;
	unsigned matters = read_as(dialect, text, n, out);
	if (!guarded || out->guard != guard)
		out->flags &= ~(unsigned)INCSCAN_GUARDED;
	/* mostly it is what the first dialect found */
	if (before && out->items.len == 2 * before &&
		memcmp(out->items.data, out->items.data + before, before) == 0)
		out->items.len = before;
	return matters;
}

/* In each dialect that makes a difference. */
static void read_all(const char *text, size_t n, struct incscan_out *out)
{
	if (n > TEXT_BYTES_MAX) {
		out->trouble = TROUBLE_SIZE;
		return;
	}
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		n -= 3;
	}
	out->flags = find_traps(text, n);
	unsigned matters = read_as(DIALECT_USUAL, text, n, out);
	/* a dialect may read what another one passes over, and then more matters */
	for (unsigned tried = 1u << DIALECT_USUAL, other = 0; other < DIALECT_COUNT; other++) {
		if ((tried & 1u << other) || ((other ^ DIALECT_USUAL) & ~matters))
			continue;
		tried |= 1u << other;
		unsigned more = read_also(other, text, n, out) & ~matters;
		matters |= more;
		if (more)
			other = -1u;
	}
}

struct incscan *incscan_create(const char *text, size_t n)
{
	struct incscan_out out = {0};
	read_all(text, n, &out);
	return incscan_out_finish(&out);
}

void incscan_definitions(const char *text, size_t n, const char *macro, struct strv *ret)
{
	struct incscan_out out = {.wanted = macro, .definitions = ret};
	read_all(text, n, &out);
	free(incscan_out_finish(&out));
}
