/* Line markers, and where they cut the text into blocks. */
#include "core/dtext.h"
#include "dtext_private.h"

#include <ctype.h>
#include <string.h>

/* Deep inside, one in so many markers that enter a file begins a block: some 20 kilobytes of text. */
enum { CUT_EVERY = 4, STEP = 64 };

static const char *parse_name(const char *p, const char *end, struct dtext_marker *ret)
{
	if (p == end || *p != '"')
		return NULL;
	const char *q = p + 1;
	while (q < end && *q != '"')
		q += *q == '\\' ? 2 : 1;
	if (q >= end)
		return NULL;
	ret->name = p + 1;
	ret->name_len = (size_t)(q - ret->name);
	return q + 1;
}

bool dtext_parse_marker(const char *p, const char *end, struct dtext_marker *ret)
{
	*ret = (struct dtext_marker){0};
	if (end - p < 5 || p[1] != ' ' || !isdigit((unsigned char)p[2]))
		return false;
	for (p += 2; p < end && isdigit((unsigned char)*p) && ret->line < UINT32_MAX; p++)
		ret->line = ret->line * 10 + (uint64_t)(*p - '0');
	if (p == end || *p++ != ' ')
		return false;
	p = parse_name(p, end, ret);
	if (!p)
		return false;
	if (end - p >= 2 && (p[1] == '1' || p[1] == '2')) {
		ret->enter = p[1] == '1';
		ret->leave = p[1] == '2';
		p += 2;
	}
	ret->flags = p;
	ret->flags_len = (size_t)(end - p);
	ret->system = ret->flags_len >= 2 && p[1] == '3';
	for (; p < end; p += 2)
		if (end - p < 2 || p[0] != ' ' || p[1] < '3' || p[1] > '4')
			return false;
	return true;
}

/* The last flag of a marker but for those that say what kind of file it is: 1, 2, or neither. Found from
 * the end, because most markers enter and leave nothing. */
static char movement(const char *p, const char *end)
{
	while (end - p > 2 && end[-2] == ' ' && (end[-1] == '3' || end[-1] == '4'))
		end -= 2;
	return end - p > 2 && end[-2] == ' ' ? end[-1] : 0;
}

/* Deep inside, the marker alone decides, so that two texts are cut alike wherever they are alike. */
static bool is_chosen(const char *p, const char *end)
{
	uint32_t h = 2166136261u; /* FNV-1a */
	for (; p < end; p++)
		h = (h ^ (uint8_t)*p) * 16777619u;
	return (h >> 16) % CUT_EVERY == 0;
}

/* The first line names the main file. */
static void start(struct dtext_cutter *c, const char *text, const char *end)
{
	struct dtext_marker m;
	const char *nl = memchr(text, '\n', (size_t)(end - text));
	c->begun = true;
	c->in_main = true;
	if (nl && dtext_parse_marker(text, nl, &m) && m.name_len <= sizeof c->main) {
		c->main_len = m.name_len;
		memcpy(c->main, m.name, m.name_len);
	}
}

static bool names_main(const struct dtext_cutter *c, const struct dtext_marker *m)
{
	static const char command_line[] = "<command-line>";
	bool is_main = m->name_len == c->main_len && memcmp(m->name, c->main, c->main_len) == 0;
	return is_main || (m->name_len == sizeof command_line - 1 &&
				  memcmp(m->name, command_line, m->name_len) == 0);
}

/* Markers at which it may be cut enter or leave a file. */
static bool parse_move(const char *p, const char *end, struct dtext_marker *ret)
{
	char way = movement(p, end);
	return (way == '1' || way == '2') && dtext_parse_marker(p, end, ret);
}

/* Is this line a cut? Files that the main file itself includes begin and end at one. */
static bool is_cut(struct dtext_cutter *c, const char *p, const char *end)
{
	struct dtext_marker m;
	if (!parse_move(p, end, &m))
		return false;
	bool was_in_main = c->in_main;
	c->at_block = m.enter;
	c->in_main = m.leave && names_main(c, &m);
	return m.enter ? was_in_main || is_chosen(p, end) : c->in_main;
}

bool dtext_cuts_block(const struct dtext_cutter *c, const char *line, const char *end)
{
	struct dtext_marker m;
	return parse_move(line, end, &m) && (m.enter ? is_chosen(line, end) : names_main(c, &m));
}

/* In steps of a constant size, which the compiler turns into vector code. */
static bool may_have_marker(const char *p)
{
	uint8_t hit = 0;
	for (int i = 0; i < STEP; i++)
		hit |= (uint8_t)((p[i] == '#') & (p[i + 1] == ' '));
	return hit;
}

/* The first line that is cut and whose '#' is at p or behind, or NULL. end: of the last whole line. */
static const char *find_cut(struct dtext_cutter *c, const char *p, const char *end)
{
	while (p < end) {
		bool whole = end - p >= STEP;
		const char *stop = whole ? p + STEP : end;
		if (whole && !may_have_marker(p)) {
			p = stop;
			continue;
		}
		for (; (p = memchr(p, '#', (size_t)(stop - p))); p++) {
			const char *nl = p[1] == ' ' && p[-1] == '\n'
						 ? memchr(p, '\n', (size_t)(end + 1 - p))
						 : NULL;
			if (nl && is_cut(c, p, nl))
				return p;
		}
		p = stop;
	}
	return NULL;
}

size_t dtext_cut(struct dtext_cutter *c, const char *text, size_t n)
{
	const char *end = n ? memrchr(text, '\n', n) : NULL; /* of the last whole line */
	if (!end)
		return n;
	if (!c->begun)
		start(c, text, end + 1);
	/* neither a line end nor what was cut before is looked at again */
	const char *cut = find_cut(c, text + c->scanned + 1, end);
	c->scanned = (size_t)((cut ? cut : end) - text);
	return cut ? c->scanned : n;
}

void dtext_cut_skip(struct dtext_cutter *c, size_t at)
{
	c->scanned = at - 1; /* the line end before it */
}

void dtext_cut_dropped(struct dtext_cutter *c, size_t n)
{
	c->scanned -= n;
}
