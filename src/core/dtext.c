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
	DISCARDED_BYTES_MAX = 64 << 10, /* one marker */
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
	struct buf *markers;  /* where they are recorded, or NULL */
	struct buf *macros;   /* where what is dropped goes, or NULL */
	struct buf discarded; /* what would be written for a block that is skipped */
	struct level *levels; /* DEPTH_MAX, of includes; 0 is the main file */
	unsigned depth;
	dtext_file_fn on_file;
	bool skipping; /* in dtext_skip() */
	void *on_file_ctx;
	const char *trap;
};

static int trap(struct dtext *d, const char *why)
{
	d->trap = why;
	return ERR_UNSAFE;
}

static bool name_is(const struct dtext_marker *m, const char *name, size_t n)
{
	return m->name_len == n && memcmp(m->name, name, n) == 0;
}

static bool is_current(const struct dtext *d, const struct dtext_marker *m)
{
	if (d->names.len == 0) /* there is no file yet */
		return m->name_len == 0;
	size_t at = d->levels[d->depth].name_at;
	return name_is(m, (const char *)d->names.data + at, d->names.len - at);
}

static bool is_outside(const struct dtext_marker *m)
{
	return name_is(m, "<built-in>", 10) || name_is(m, "<command-line>", 14);
}

static bool is_directory(const struct dtext_marker *m)
{
	return m->name_len >= 2 && memcmp(m->name + m->name_len - 2, "//", 2) == 0;
}

/* Undoes gcc's escapes: \\, \" and three octal digits. */
static char *unescape(const struct dtext_marker *m)
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

static int report_file(struct dtext *d, const struct dtext_marker *m)
{
	if (!d->on_file || (d->skipping && m->name_len && m->name[0] == '/'))
		return 0;
	_cleanup_free_ char *path = unescape(m);
	const char *why = d->on_file(d->on_file_ctx, path, m->system);
	return why ? trap(d, why) : 0;
}

static int rename_current(struct dtext *d, const struct dtext_marker *m)
{
	d->names.len = d->levels[d->depth].name_at;
	return buf_append(&d->names, m->name, m->name_len);
}

static int enter(struct dtext *d, const struct dtext_marker *m)
{
	if (d->depth + 1 == DEPTH_MAX)
		return trap(d, "includes are nested too deeply");
	d->levels[++d->depth] = (struct level){d->names.len, m->system};
	int err = buf_append(&d->names, m->name, m->name_len);
	return err ? err : report_file(d, m);
}

static int leave(struct dtext *d, const struct dtext_marker *m)
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
static int write_return(const struct dtext_marker *m, uint64_t line, struct buf *out)
{
	int err = write_line(out, "# ", line, " \"\" 2", 5);
	out->len -= err ? 0 : 1;
	if (!err)
		err = buf_append(out, m->flags, m->flags_len);
	return err ? err : buf_append(out, "\n", 1);
}

/* "# LINE" and everything that followed it */
static int write_same(const struct dtext_marker *m, struct buf *out)
{
	const char *tail = m->name - 2;
	return write_line(out, "# ", m->line, tail, (size_t)(m->flags + m->flags_len - tail));
}

/* A change of line, or the user's own #line. gcc itself only jumps forward, over what a conditional
 * took out and is longer than the empty lines that it would write, and never names a file anew. */
static int write_change(struct dtext *d, const struct dtext_marker *m, struct buf *out)
{
	if (is_current(d, m) && m->line >= d->line + SKIP_LINES && !m->system)
		return write_line(out, "#line ", m->line, NULL, 0);
	int err = rename_current(d, m);
	if (err || m->flags_len)
		return err ? err : write_same(m, out);
	return write_line(out, "#line ", m->line, m->name - 2, m->name_len + 3);
}

static int on_prologue(struct dtext *d, const struct dtext_marker *m, struct buf *out)
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

static int on_start(struct dtext *d, const struct dtext_marker *m)
{
	if (m->line != 0 || m->enter || m->leave)
		return trap(d, not_gcc);
	d->section = IN_PROLOGUE;
	d->dropping = true;
	int err = buf_append(&d->names, m->name, m->name_len);
	return err ? err : report_file(d, m);
}

static int on_marker(struct dtext *d, const struct dtext_marker *m, struct buf *out)
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
	struct buf *to_buf = d->dropping ? d->macros : out;
	return to_buf ? buf_append(to_buf, from, (size_t)(to - from)) : 0;
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

/* A change of line alone leaves no trace behind it. */
static int record(struct dtext *d, const struct dtext_marker *m, const char *line, const char *end)
{
	bool matters = m->enter || m->leave || !is_current(d, m) || d->section == IN_PROLOGUE;
	return d->markers && matters ? buf_append(d->markers, line, (size_t)(end - line)) : 0;
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
		struct dtext_marker m;
		if (dtext_parse_marker(hash, nl ? nl : end, &m)) {
			err = record(d, &m, hash, p);
			if (!err)
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
	/* not zeroed: most of it is never touched, and that is a page each */
	d->levels = xmalloc(DEPTH_MAX * sizeof *d->levels);
	d->levels[0] = (struct level){0};
	buf_init(&d->names, NAMES_BYTES_MAX);
	buf_init(&d->carry, JOB_TEXT_BYTES_MAX);
	buf_init(&d->discarded, DISCARDED_BYTES_MAX);
	return d;
}

void dtext_destroy(struct dtext *d)
{
	if (!d)
		return;
	buf_fini(&d->names);
	buf_fini(&d->carry);
	buf_fini(&d->discarded);
	free(d->levels);
	free(d);
}

void dtext_on_file(struct dtext *d, dtext_file_fn fn, void *ctx)
{
	d->on_file = fn;
	d->on_file_ctx = ctx;
}

void dtext_keep_macros(struct dtext *d, struct buf *macros)
{
	d->macros = macros;
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

int dtext_context(const struct dtext *d)
{
	if (d->section == AT_START || d->continued || d->carry.len)
		return ERR_STATE;
	return d->section == IN_MAIN ? 0 : 1 + (int)d->depth;
}

void dtext_record(struct dtext *d, struct buf *markers)
{
	d->markers = markers;
}

int dtext_skip(struct dtext *d, const char *markers, size_t n)
{
	int err = 0;
	const char *end = markers + n, *nl;
	d->skipping = true;
	for (const char *p = markers; !err && p < end; p = nl + 1) {
		struct dtext_marker m;
		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl || !dtext_parse_marker(p, nl, &m))
			return ERR_STATE;
		buf_clear(&d->discarded);
		err = on_marker(d, &m, &d->discarded);
	}
	d->skipping = false;
	return err;
}

const char *dtext_trap(const struct dtext *d)
{
	return d->trap;
}
