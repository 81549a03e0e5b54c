/* The happy path: whole lines are looked at for traps, copied in runs, and only lines that are line
 * markers are rewritten. What is left of a line waits in `carry` for the next feed.
 *
 * Failure modes: a trap (ERR_UNSAFE); text that is not what gcc 11 or newer writes, or whose
 * markers do not nest (ERR_UNSAFE too: nothing can be promised about it); buf's errors.
 *
 * A gcc before 11 numbers the section <built-in> 1 instead of 0, and does not know a return to "".
 */
#include "core/dtext.h"

#include "base/err.h"
#include "base/str.h"
#include "core/job.h"
#include "dtext_private.h"

#include <ctype.h>
#include <string.h>

enum {
	DEPTH_MAX = 1024,          /* gcc itself stops at 200 */
	NAMES_BYTES_MAX = 4 << 20, /* of all open files' names */
	SKIP_LINES = 8,            /* gcc writes up to this many empty lines rather than a marker */
};

static const char not_gcc[] = "the preprocessor is not gcc 11 or newer";

enum section {
	AT_START,    /* before the first line */
	IN_PROLOGUE, /* built-in macros, the command line, and what -include brought in */
	IN_MAIN,     /* the main file and what it includes */
};

struct level {
	size_t name_at; /* in names; the name goes on to the next level's, or to the end */
	bool system;
};

struct dtext {
	enum section section;
	bool dropping;  /* in a section that the node's compiler writes by itself */
	bool continued; /* the last line ended in a backslash */
	uint64_t line;  /* number of the next line, as the preprocessor counts */
	struct buf names, carry;
	struct level levels[DEPTH_MAX]; /* of includes; 0 is the main file */
	unsigned depth;
	dtext_file_fn on_file;
	void *on_file_ctx;
	const char *trap;
};

/* # LINE "NAME" FLAGS; name as written, escapes and all */
struct marker {
	uint64_t line;
	const char *name;
	size_t name_len;
	bool enter, leave, system;
	const char *flags; /* what follows the closing quote, without 1 and 2 */
	size_t flags_len;
};

static int trap(struct dtext *d, const char *why)
{
	d->trap = why;
	return ERR_UNSAFE;
}

static const char *parse_name(const char *p, const char *end, struct marker *ret)
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

/* Exactly as gcc writes it. */
static bool parse_marker(const char *p, const char *end, struct marker *ret)
{
	*ret = (struct marker){0};
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

static bool name_is(const struct marker *m, const char *name, size_t n)
{
	return m->name_len == n && memcmp(m->name, name, n) == 0;
}

static bool is_current(const struct dtext *d, const struct marker *m)
{
	size_t at = d->levels[d->depth].name_at;
	return name_is(m, (const char *)d->names.data + at, d->names.len - at);
}

static bool is_outside(const struct marker *m)
{
	return name_is(m, "<built-in>", 10) || name_is(m, "<command-line>", 14);
}

static bool is_directory(const struct marker *m)
{
	return m->name_len >= 2 && memcmp(m->name + m->name_len - 2, "//", 2) == 0;
}

/* Undoes gcc's escapes: \\, \" and three octal digits. */
static char *unescape(const struct marker *m)
{
	char *s = xmalloc(m->name_len + 1), *out = s;
	for (size_t i = 0; i < m->name_len; i++) {
		const char *p = m->name + i;
		if (*p == '\\' && m->name_len - i >= 4 && p[1] >= '0' && p[1] <= '3') {
			*out++ = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
			i += 3;
		} else {
			*out++ = *p == '\\' ? p[1] : *p;
			i += *p == '\\';
		}
	}
	*out = '\0';
	return s;
}

static int report_file(struct dtext *d, const struct marker *m)
{
	if (!d->on_file)
		return 0;
	_cleanup_free_ char *path = unescape(m);
	const char *why = d->on_file(d->on_file_ctx, path);
	return why ? trap(d, why) : 0;
}

static int rename_current(struct dtext *d, const struct marker *m)
{
	d->names.len = d->levels[d->depth].name_at;
	return buf_append(&d->names, m->name, m->name_len);
}

static int enter(struct dtext *d, const struct marker *m)
{
	if (d->depth + 1 == DEPTH_MAX)
		return trap(d, "includes are nested too deeply");
	d->levels[++d->depth] = (struct level){d->names.len, m->system};
	int err = buf_append(&d->names, m->name, m->name_len);
	return err ? err : report_file(d, m);
}

static int leave(struct dtext *d, const struct marker *m)
{
	if (d->depth == 0)
		return trap(d, "line markers do not nest");
	d->names.len = d->levels[d->depth--].name_at;
	d->levels[d->depth].system = m->system;
	bool home = d->section == IN_PROLOGUE && d->depth == 0 ? is_outside(m) : is_current(d, m);
	return home ? 0 : trap(d, "line markers do not nest");
}

static int write_line(
	struct buf *out, const char *before, uint64_t line, const char *tail, size_t tail_len)
{
	char digits[20], *p = digits + sizeof digits;
	do
		*--p = (char)('0' + line % 10);
	while (line /= 10);
	int err = buf_append(out, before, strlen(before));
	if (!err)
		err = buf_append(out, p, (size_t)(digits + sizeof digits - p));
	if (!err)
		err = buf_append(out, tail, tail_len);
	return err ? err : buf_append(out, "\n", 1);
}

/* The name that a return pops to is left to gcc: it takes the pointer that it had before. */
static int write_return(const struct marker *m, uint64_t line, struct buf *out)
{
	int err = write_line(out, "# ", line, " \"\" 2", 5);
	out->len -= err ? 0 : 1;
	if (!err)
		err = buf_append(out, m->flags, m->flags_len);
	return err ? err : buf_append(out, "\n", 1);
}

/* "# LINE" and everything that followed it */
static int write_same(const struct marker *m, struct buf *out)
{
	const char *tail = m->name - 2;
	return write_line(out, "# ", m->line, tail, (size_t)(m->flags + m->flags_len - tail));
}

/* A change of line, or the user's own #line. gcc itself only jumps forward, over what a conditional
 * took out and is longer than the empty lines that it would write, and never names a file anew. */
static int write_change(struct dtext *d, const struct marker *m, struct buf *out)
{
	if (is_current(d, m) && m->line >= d->line + SKIP_LINES && !m->system)
		return write_line(out, "#line ", m->line, NULL, 0);
	int err = rename_current(d, m);
	if (err || m->flags_len)
		return err ? err : write_same(m, out);
	return write_line(out, "#line ", m->line, m->name - 2, m->name_len + 3);
}

static int on_prologue(struct dtext *d, const struct marker *m, struct buf *out)
{
	if (m->leave) {
		d->dropping = true;
		return write_return(m, 1, out);
	}
	if (m->line == 1 && is_current(d, m)) {
		d->section = IN_MAIN;
		d->dropping = false;
		return write_line(out, "#line ", 1, NULL, 0);
	}
	d->dropping = true;
	bool known = is_outside(m) || is_directory(m) || is_current(d, m);
	return known ? 0 : trap(d, "line markers of an unknown kind");
}

static int on_start(struct dtext *d, const struct marker *m)
{
	if (m->line != 0 || m->enter || m->leave)
		return trap(d, not_gcc);
	d->section = IN_PROLOGUE;
	d->dropping = true;
	int err = buf_append(&d->names, m->name, m->name_len);
	return err ? err : report_file(d, m);
}

static int on_marker(struct dtext *d, const struct marker *m, struct buf *out)
{
	if (d->continued)
		return trap(d, "a line marker inside a continued line");
	if (d->section == AT_START)
		return on_start(d, m);
	int err = m->enter ? enter(d, m) : m->leave ? leave(d, m) : 0;
	if (!err && d->section == IN_PROLOGUE && d->depth == 0)
		err = on_prologue(d, m, out);
	else if (!err && m->enter)
		err = write_same(m, out);
	else if (!err && m->leave)
		err = write_return(m, m->line, out);
	else if (!err)
		err = write_change(d, m, out);
	if (m->enter)
		d->dropping = false;
	d->line = m->line;
	return err;
}

/* A line that begins with '#' and is no marker. */
static int on_directive(struct dtext *d, const char *p, const char *end)
{
	static const char pragma[] = "#pragma", embed[] = "#embed";
	size_t n = (size_t)(end - p);
	if (n > sizeof embed && memcmp(p, embed, sizeof embed - 1) == 0)
		return trap(d, "#embed reads a file");
	if (n <= sizeof pragma || memcmp(p, pragma, sizeof pragma - 1) != 0)
		return 0;
	bool system = d->levels[d->depth].system;
	const char *why = dtext_pragma_trap(p + sizeof pragma - 1, end, system);
	return why ? trap(d, why) : 0;
}

/* A directive's indentation is still in front of the marker that it became. */
static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p;
}

/* Does the line that ends at nl go on behind it? */
static bool is_continued(const char *text, const char *nl)
{
	if (nl > text && nl[-1] == '\r')
		nl--;
	return nl > text && nl[-1] == '\\';
}

/* In blocks of a constant size, which the compiler turns into vector code. */
static uint64_t count_lines(const char *p, const char *end)
{
	uint64_t n = 0;
	for (; end - p >= 64; p += 64) {
		uint8_t block = 0;
		for (int i = 0; i < 64; i++)
			block = (uint8_t)(block + (p[i] == '\n'));
		n += block;
	}
	for (; p < end; p++)
		n += *p == '\n';
	return n;
}

static int keep(const struct dtext *d, const char *from, const char *to, struct buf *out)
{
	return d->dropping ? 0 : buf_append(out, from, (size_t)(to - from));
}

/* The next line behind p that begins with '#', blanks aside; NULL at the end. *ret_hash: its '#'. */
static const char *find_hashed(
	const char *text, const char *p, const char *end, const char **ret_hash)
{
	for (; p < end && (p = memchr(p, '#', (size_t)(end - p))); p++) {
		const char *line = p;
		while (line > text && (line[-1] == ' ' || line[-1] == '\t'))
			line--;
		if (line == text || line[-1] == '\n') {
			*ret_hash = p;
			return line;
		}
	}
	return NULL;
}

/* Goes on to line, which stands behind p, both in text. */
static void pass_lines(struct dtext *d, const char *text, const char *p, const char *line)
{
	d->line += count_lines(p, line);
	if (line > text)
		d->continued = is_continued(text, line - 1);
}

/* Whole lines; only the last line of all may lack its end. Most lines are nobody's business: they are
 * counted and copied, in runs. */
static int feed_lines(struct dtext *d, const char *text, size_t n, struct buf *out)
{
	if (n == 0)
		return 0;
	const char *why = dtext_find_trap(text, n);
	const char *end = text + n, *run = text, *counted = text, *line, *hash;
	int err = why ? trap(d, why) : 0;
	if (!err && d->section == AT_START && *skip_blanks(text, end) != '#')
		err = trap(d, not_gcc);
	for (const char *p = text; !err && (line = find_hashed(text, p, end, &hash));) {
		const char *nl = memchr(hash, '\n', (size_t)(end - hash));
		p = nl ? nl + 1 : end;
		pass_lines(d, text, counted, line);
		counted = line;
		struct marker m;
		if (parse_marker(hash, nl ? nl : end, &m)) {
			err = keep(d, run, hash, out);
			if (!err)
				err = on_marker(d, &m, out);
			run = counted = p;
		} else {
			err = d->section == AT_START ? trap(d, not_gcc)
						     : on_directive(d, hash, nl ? nl : end);
		}
	}
	if (err)
		return err;
	if (counted < end)
		pass_lines(d, text, counted, end);
	return keep(d, run, end, out);
}

struct dtext *dtext_create(void)
{
	struct dtext *d = xcalloc(1, sizeof *d);
	buf_init(&d->names, NAMES_BYTES_MAX);
	buf_init(&d->carry, JOB_TEXT_BYTES_MAX);
	return d;
}

void dtext_destroy(struct dtext *d)
{
	if (!d)
		return;
	buf_fini(&d->names);
	buf_fini(&d->carry);
	free(d);
}

void dtext_on_file(struct dtext *d, dtext_file_fn fn, void *ctx)
{
	d->on_file = fn;
	d->on_file_ctx = ctx;
}

int dtext_feed(struct dtext *d, const char *in, size_t n, struct buf *out)
{
	const char *last = n ? memrchr(in, '\n', n) : NULL;
	if (!last)
		return buf_append(&d->carry, in, n);
	size_t whole = (size_t)(last + 1 - in), head = 0;
	int err = 0;
	if (d->carry.len) {
		head = (size_t)((const char *)memchr(in, '\n', n) + 1 - in);
		err = buf_append(&d->carry, in, head);
		if (!err)
			err = feed_lines(d, (const char *)d->carry.data, d->carry.len, out);
		buf_clear(&d->carry);
	}
	if (!err)
		err = feed_lines(d, in + head, whole - head, out);
	return err ? err : buf_append(&d->carry, in + whole, n - whole);
}

int dtext_finish(struct dtext *d, struct buf *out)
{
	int err = feed_lines(d, (const char *)d->carry.data, d->carry.len, out);
	buf_clear(&d->carry);
	if (!err && d->section != IN_MAIN)
		err = trap(d, d->section == AT_START ? not_gcc : "the text ended early");
	return err;
}

const char *dtext_trap(const struct dtext *d)
{
	return d->trap;
}
