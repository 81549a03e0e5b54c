#include "core/driver.h"

#include "base/buf.h"
#include "base/err.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
	VALUES_MAX = 1000,
	WORD_BYTES_MAX = 1 << 20,
};

/* A mark is MARK, three digits of its value's number, and 'x': to a driver a name like any other. */
#define MARK "farmMark"
enum { MARK_LEN = sizeof MARK - 1 + 4 };

/* Options whose value is a name that the driver hands on, as the next word or behind the option. */
static const char *const named[] = {"-D", "-U", "-I", "-MF", "-MT", "-MQ"};
static const char *const named_inside[] = {"-Wp,-MD,", "-Wp,-MMD,"};

static char *add_mark(struct driver_shape *s, const char *value, size_t n)
{
	strv_push_take(&s->values, xstrndup(value, n));
	return xasprintf(MARK "%03zux", s->values.n - 1);
}

/* Some values mean more to a driver: "-I-", "-I=include". */
static bool is_plain(const char *value)
{
	return value[0] && !strchr("-=$@", value[0]);
}

static void push_marked(struct driver_shape *s, const char *prefix, const char *value)
{
	_cleanup_free_ char *mark = add_mark(s, value, strlen(value));
	strv_pushf(&s->words, "%s%s", prefix, mark);
}

/* "dir/name.c": the directory and the name's stem are marks; what it ends in decides what it is. */
static int push_source(struct driver_shape *s, const char *source)
{
	const char *base = str_base(source), *dot = strrchr(base, '.');
	if (!dot || dot == base || source[0] == '-')
		return ERR_UNSAFE;
	_cleanup_free_ char *dir = NULL;
	if (base - source > 1)
		dir = add_mark(s, source, (size_t)(base - source) - 1);
	_cleanup_free_ char *stem = add_mark(s, base, (size_t)(dot - base));
	const char *slash = base == source ? "" : "/";
	strv_pushf(&s->words, "%s%s%s%s", dir ? dir : "", slash, stem, dot);
	return 0;
}

/* The option of the table that the word is, or begins with. */
static const char *option_of(const char *word, const char *const table[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_starts(word, table[i]))
			return table[i];
	return NULL;
}

/* Returns how many words it took. */
static size_t push_word(struct driver_shape *s, const char *word, const char *next)
{
	const char *option = option_of(word, named, sizeof named / sizeof *named);
	if (option && word[strlen(option)] == '\0' && next && is_plain(next)) {
		strv_push(&s->words, word);
		push_marked(s, "", next);
		return 2;
	}
	const char *inside =
		option_of(word, named_inside, sizeof named_inside / sizeof *named_inside);
	option = option ? option : inside;
	const char *value = option ? word + strlen(option) : "";
	if (is_plain(value) && !(inside && strchr(value, ',')))
		push_marked(s, option, value);
	else
		strv_push(&s->words, word);
	return 1;
}

int driver_shape_of(const struct strv *args, const char *source, struct driver_shape *ret)
{
	struct driver_shape s = {0};
	unsigned sources = 0;
	int err = 0;
	for (size_t i = 0; i < args->n && !err;) {
		const char *word = args->v[i], *next = i + 1 < args->n ? args->v[i + 1] : NULL;
		bool is_source = strcmp(word, source) == 0;
		if (strstr(word, MARK) || strchr(word, '\n') || s.values.n + 2 > VALUES_MAX)
			err = ERR_UNSAFE;
		else if (is_source)
			err = push_source(&s, source);
		sources += is_source;
		i += is_source ? 1 : push_word(&s, word, next);
	}
	if (!err && sources != 1)
		err = ERR_UNSAFE;
	if (err)
		driver_shape_fini(&s);
	else
		*ret = s;
	return err;
}

void driver_shape_fini(struct driver_shape *s)
{
	strv_fini(&s->words);
	strv_fini(&s->values);
}

/* One word of a command line as gcc prints it: bare, or in quotes with backslashes. Returns what is
 * behind it, or NULL when it does not end. */
static const char *parse_word(const char *p, struct buf *word)
{
	bool quoted = *p == '"';
	p += quoted;
	for (; *p && *p != '\n' && *p != (quoted ? '"' : ' '); p++) {
		if (quoted && *p == '\\' && p[1])
			p++;
		if (buf_append(word, p, 1) < 0)
			return NULL;
	}
	if (quoted && *p != '"')
		return NULL;
	return buf_append(word, "", 1) < 0 ? NULL : p + quoted;
}

static int parse_line(const char *p, struct strv *ret)
{
	struct buf word;
	buf_init(&word, WORD_BYTES_MAX);
	while (p && *p == ' ') {
		buf_clear(&word);
		p = parse_word(p + 1, &word);
		if (p)
			strv_push(ret, (const char *)word.data);
	}
	buf_fini(&word);
	return p && (*p == '\n' || *p == '\0') ? 0 : ERR_COMPILER;
}

/* gcc's own word for how it was called. */
static bool says_name(const char *line, const char *name)
{
	static const char key[] = "COLLECT_GCC=";
	size_t n = strlen(name);
	const char *value = line + sizeof key - 1;
	return str_starts(line, key) && strncmp(value, name, n) == 0 && value[n] == '\n';
}

int driver_parse(const char *said, const char *name, struct strv *ret)
{
	const char *command = NULL;
	bool has_name = false;
	for (const char *line = said; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		has_name |= says_name(line, name);
		if (*line != ' ')
			continue;
		if (command)
			return ERR_COMPILER;
		command = line;
	}
	struct strv words = {0};
	int err = command && has_name ? parse_line(command, &words) : ERR_COMPILER;
	if (err)
		strv_fini(&words);
	else
		*ret = words;
	return err;
}

/* The number of the mark at p, or -1. */
static long mark_at(const char *p)
{
	unsigned number;
	char x;
	return sscanf(p, MARK "%3u%c", &number, &x) == 2 && x == 'x' ? (long)number : -1;
}

static char *fill_word(const char *word, const struct driver_shape *s)
{
	struct strv parts = {0};
	size_t n = 1;
	const char *p = word;
	for (const char *mark; (mark = strstr(p, MARK));) {
		long number = mark_at(mark);
		assert(number >= 0 &&
			(size_t)number < s->values.n); /* no word of the shape has others */
		strv_push_take(&parts, xstrndup(p, (size_t)(mark - p)));
		strv_push(&parts, s->values.v[number]);
		p = mark + MARK_LEN;
	}
	strv_push(&parts, p);
	for (size_t i = 0; i < parts.n; i++)
		n += strlen(parts.v[i]);
	char *filled = xmalloc(n), *end = filled;
	for (size_t i = 0; i < parts.n; i++)
		end = stpcpy(end, parts.v[i]);
	*end = '\0';
	strv_fini(&parts);
	return filled;
}

void driver_fill(const struct strv *pattern, const struct driver_shape *s, struct strv *ret)
{
	for (size_t i = 0; i < pattern->n; i++)
		strv_push_take(ret, fill_word(pattern->v[i], s));
}
