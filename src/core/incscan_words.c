/* Words that most files do not have: the lexer asks what this found instead of looking for them.
 *
 * As in dtext_trap.c, whole blocks are passed over without a branch.
 */
#include "incscan_impl.h"

#include <string.h>

enum { BLOCK_BYTES = 256, LOOK_BYTES = 8 /* that may_begin() reads */ };

static bool is_word_at(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);
	return (size_t)(end - p) >= n && memcmp(p, word, n) == 0 &&
	       (p + n == end || !incscan_is_word(p[n]));
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && incscan_is_blank(*p))
		p++;
	return p;
}

/* "import X…;", "module X…;", "module;", and "export" in front of either. */
static bool is_module_line(const char *p, const char *end)
{
	if (is_word_at(p, end, "export"))
		p = skip_blanks(p + strlen("export"), end);
	bool import = is_word_at(p, end, "import");
	if (!import && !is_word_at(p, end, "module"))
		return false;
	p = skip_blanks(p + strlen("import"), end);
	if (p == end)
		return false;
	/* an operator behind it makes it a name like others */
	if (!(*p == '\\' || *p == '/' || *p == ':' || incscan_is_word(*p) ||
		    (import ? *p == '<' || *p == '"' : *p == ';')))
		return false;
	const char *eol = memchr(p, '\n', (size_t)(end - p));
	return memchr(p, ';', (size_t)((eol ? eol : end) - p)) != NULL;
}

/* p[0] may be what stands before a word. */
static bool may_begin(const char *p)
{
	uint8_t asks = (p[0] == '_') & (p[1] == '_') & (p[2] == 'h');
	uint8_t returns = (p[0] == '\r') & (p[1] != '\n');
	/* behind two letters: imPOrt, exPOrt, moDUle */
	uint8_t module = ((p[3] == 'p') & (p[4] == 'o')) | ((p[3] == 'd') & (p[4] == 'u'));
	return asks | returns | ((p[0] < '0') & module);
}

static bool block_may_hold(const char *p)
{
	uint8_t any = 0;
	for (int i = 0; i < BLOCK_BYTES; i++)
		any |= may_begin(p + i);
	return any;
}

static void add_module(const char *text, const char *p, struct incscan_words *w)
{
	if (w->modules < INCSCAN_CANDIDATES)
		w->module_at[w->modules++] = (size_t)(p - text);
}

static void look_at(const char *text, const char *p, const char *end, struct incscan_words *w)
{
	static const char *const asking[] = {"__has_include", "__has_embed"};
	for (size_t i = 0; i < sizeof asking / sizeof *asking; i++)
		w->asks |= (size_t)(end - p) >= strlen(asking[i]) &&
			   memcmp(p, asking[i], strlen(asking[i])) == 0;
	w->lone_return |= *p == '\r' && (end - p < 2 || p[1] != '\n');
	if (end - p > 1 && is_module_line(p + 1, end))
		add_module(text, p + 1, w);
}

void incscan_words_find(const char *text, size_t n, struct incscan_words *ret)
{
	const char *end = text + n;
	*ret = (struct incscan_words){0};
	if (is_module_line(text, end))
		add_module(text, text, ret);
	for (const char *p = text, *next; p < end; p = next) {
		bool whole = end - p >= BLOCK_BYTES + LOOK_BYTES;
		next = whole ? p + BLOCK_BYTES : end;
		if (whole && !block_may_hold(p))
			continue;
		for (; p < next; p++)
			if (end - p < LOOK_BYTES || may_begin(p))
				look_at(text, p, end, ret);
	}
}
