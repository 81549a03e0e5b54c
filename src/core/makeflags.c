#include "core/makeflags.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* As make splits MAKEFLAGS: at blanks, unless a backslash stands before one. Returns the word and
 * moves *p behind it; NULL at the end. */
static const char *next_word(const char **p, size_t *ret_len)
{
	const char *word = *p + strspn(*p, " \t"), *end = word;
	while (*end && *end != ' ' && *end != '\t')
		end += end[0] == '\\' && end[1] ? 2 : 1;
	*p = end;
	*ret_len = (size_t)(end - word);
	return end > word ? word : NULL;
}

static bool is_word(const char *word, size_t n, const char *text)
{
	return strlen(text) == n && memcmp(word, text, n) == 0;
}

static bool has_feature(const char *features, const char *name)
{
	size_t n;
	for (const char *word; (word = next_word(&features, &n));)
		if (is_word(word, n, name))
			return true;
	return false;
}

enum make_style makeflags_style(const char *version, const char *features)
{
	int major, minor;
	if (!has_feature(features, "jobserver") || sscanf(version, "%d.%d", &major, &minor) != 2)
		return MAKE_NONE;
	if (has_feature(features, "jobserver-fifo"))
		return MAKE_FIFO;
	return major < 4 || (major == 4 && minor < 2) ? MAKE_FDS : MAKE_AUTH;
}

/* make's first word without a dash, unless it sets a variable. */
static bool is_letters(const char *word, size_t n)
{
	return word[0] != '-' && !memchr(word, '=', n);
}

/* A descriptor number and the end character behind it; -1 when it is none. */
static int parse_fd(const char **p, char end)
{
	int64_t fd = 0;
	const char *s = *p;
	for (; *s >= '0' && *s <= '9' && fd <= INT_MAX; s++)
		fd = fd * 10 + (*s - '0');
	if (s == *p || *s != end || fd > INT_MAX)
		return -1;
	*p = s + (end != '\0');
	return (int)fd;
}

static void parse_auth_value(const char *value, struct make_auth *ret)
{
	ret->kind = AUTH_NONE;
	if (str_starts(value, "fifo:")) {
		const char *path = value + strlen("fifo:");
		if (*path && strlen(path) < sizeof ret->path) {
			ret->kind = AUTH_FIFO;
			snprintf(ret->path, sizeof ret->path, "%s", path);
		}
		return;
	}
	int read_fd = parse_fd(&value, ',');
	int write_fd = read_fd < 0 ? -1 : parse_fd(&value, '\0');
	if (write_fd < 0)
		return;
	ret->kind = AUTH_FDS;
	ret->read_fd = read_fd;
	ret->write_fd = write_fd;
}

static const char *auth_value(const char *word)
{
	static const char *const names[] = {"--jobserver-auth=", "--jobserver-fds="};
	for (size_t i = 0; i < 2; i++)
		if (str_starts(word, names[i]))
			return word + strlen(names[i]);
	return NULL;
}

void makeflags_parse_auth(const char *makeflags, struct make_auth *ret)
{
	*ret = (struct make_auth){.kind = AUTH_NONE, .read_fd = -1, .write_fd = -1};
	bool first = true;
	size_t n;
	for (const char *start; (start = next_word(&makeflags, &n)); first = false) {
		_cleanup_free_ char *word = xstrndup(start, n);
		if (strcmp(word, "--") == 0)
			return;
		if (first && is_letters(word, n))
			ret->dry_run = strchr(word, 'n') != NULL;
		const char *value = auth_value(word);
		if (value)
			parse_auth_value(value, ret);
	}
}

static bool is_ours(const char *word)
{
	return str_starts(word, "--jobserver-") || str_starts(word, "--sync-mutex");
}

/* Fills words with what stands before "--"; returns the rest from there on, or NULL. The letters
 * of a first word get their dash, so that all words read like a command line. */
static const char *split(const char *makeflags, struct strv *words)
{
	size_t n;
	for (const char *word; (word = next_word(&makeflags, &n));) {
		if (is_word(word, n, "--"))
			return word;
		bool letters = words->n == 0 && is_letters(word, n);
		strv_pushf(words, "%s%.*s", letters ? "-" : "", (int)n, word);
	}
	return NULL;
}

/* Frees left. */
static char *join(char *left, const char *right)
{
	char *both = xasprintf("%s %s", left, right);
	free(left);
	return both;
}

static char *style_words(const struct make_pool *p)
{
	switch (p->style) {
	case MAKE_NONE: break;
	case MAKE_FDS: return xasprintf("-j --jobserver-fds=%d,%d", p->read_fd, p->write_fd);
	case MAKE_AUTH:
		return xasprintf("-j%u --jobserver-auth=%d,%d", p->width, p->read_fd, p->write_fd);
	case MAKE_FIFO: return xasprintf("-j%u --jobserver-auth=fifo:%s", p->width, p->fifo);
	}
	return xasprintf("-j%u", p->width);
}

/* Letters stay letters: clients look for the n of a dry run in a first word without a dash. */
static bool keeps_letters(const char *user, const struct make_args *a)
{
	size_t n;
	const char *word = next_word(&user, &n);
	return word && is_letters(word, n) && a->args.n && a->args.v[0][1] == word[0];
}

char *makeflags_build(const struct make_pool *pool, const char *user)
{
	if (!user)
		user = "";
	struct strv words = {0};
	const char *variables = split(user, &words);
	struct make_args a = {0};
	if (words.n)
		make_args_scan(words.v, &a);
	bool letters = keeps_letters(user, &a);
	char *out = xstrdup(letters ? a.args.v[0] + 1 : "");
	for (size_t i = letters; i < a.args.n; i++)
		if (!is_ours(a.args.v[i]))
			out = join(out, a.args.v[i]);
	_cleanup_free_ char *ours = style_words(pool);
	out = join(out, ours);
	if (variables)
		out = join(out, variables);
	make_args_fini(&a);
	strv_fini(&words);
	return out;
}

char *makeflags_point(const char *makeflags, int read_fd, int write_fd)
{
	const char *rest = makeflags, *p = makeflags;
	char *out = xstrdup("");
	size_t n;
	for (const char *word; (word = next_word(&p, &n)) && !is_word(word, n, "--");) {
		const char *value = auth_value(word);
		if (!value)
			continue;
		char *longer =
			xasprintf("%s%.*s%d,%d", out, (int)(value - rest), rest, read_fd, write_fd);
		free(out);
		out = longer;
		rest = p;
	}
	char *whole = xasprintf("%s%s", out, rest);
	free(out);
	return whole;
}
