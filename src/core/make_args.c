/* make_args - make's command line, read as make's own getopt_long would read it.
 *
 * A -j that make would complain about stays where it is, so that make complains.
 */
#include "core/makeflags.h"

#include <string.h>

enum takes { NOTHING, ATTACHED, REQUIRED };

static const struct long_option {
	const char *name;
	char letter; /* 0: there is no short form */
	enum takes takes;
} long_options[] = {
	{"always-make", 'B', NOTHING},
	{"assume-new", 'W', REQUIRED},
	{"assume-old", 'o', REQUIRED},
	{"check-symlink-times", 'L', NOTHING},
	{"debug", 0, ATTACHED},
	{"directory", 'C', REQUIRED},
	{"dry-run", 'n', NOTHING},
	{"environment-overrides", 'e', NOTHING},
	{"eval", 'E', REQUIRED},
	{"file", 'f', REQUIRED},
	{"help", 'h', NOTHING},
	{"ignore-errors", 'i', NOTHING},
	{"include-dir", 'I', REQUIRED},
	{"jobs", 'j', ATTACHED},
	{"jobserver-auth", 0, REQUIRED},
	{"jobserver-fds", 0, REQUIRED},
	{"jobserver-style", 0, REQUIRED},
	{"just-print", 'n', NOTHING},
	{"keep-going", 'k', NOTHING},
	{"load-average", 'l', ATTACHED},
	{"makefile", 'f', REQUIRED},
	{"max-load", 'l', ATTACHED},
	{"new-file", 'W', REQUIRED},
	{"no-builtin-rules", 'r', NOTHING},
	{"no-builtin-variables", 'R', NOTHING},
	{"no-keep-going", 'S', NOTHING},
	{"no-print-directory", 0, NOTHING},
	{"no-silent", 0, NOTHING},
	{"old-file", 'o', REQUIRED},
	{"output-sync", 'O', ATTACHED},
	{"print-data-base", 'p', NOTHING},
	{"print-directory", 'w', NOTHING},
	{"question", 'q', NOTHING},
	{"quiet", 's', NOTHING},
	{"recon", 'n', NOTHING},
	{"shuffle", 0, ATTACHED},
	{"silent", 's', NOTHING},
	{"stop", 'S', NOTHING},
	{"sync-mutex", 0, REQUIRED},
	{"temp-stdin", 0, REQUIRED},
	{"touch", 't', NOTHING},
	{"trace", 0, NOTHING},
	{"version", 'v', NOTHING},
	{"warn-undefined-variables", 0, NOTHING},
	{"what-if", 'W', REQUIRED},
};

static const char passthrough_letters[] = "nqtpvh";

struct scan {
	char *const *next;
	struct make_args *out;
};

static enum takes letter_takes(char c)
{
	return strchr("CfIoWE", c) ? REQUIRED : strchr("jlO", c) ? ATTACHED : NOTHING;
}

/* An exact name, or an abbreviation that means one option only; else NULL. */
static const struct long_option *find_long(const char *name, size_t n)
{
	const struct long_option *found = NULL;
	for (size_t i = 0; i < sizeof long_options / sizeof *long_options; i++) {
		const struct long_option *o = &long_options[i];
		if (strncmp(o->name, name, n) != 0)
			continue;
		if (o->name[n] == '\0')
			return o;
		if (found && (!o->letter || o->letter != found->letter))
			return NULL;
		found = o;
	}
	return found;
}

static bool all_digits(const char *s)
{
	return s[strspn(s, "0123456789")] == '\0';
}

/* The word after a bare -j belongs to it when it has digits only; so does an empty one. */
static const char *take_number(struct scan *s)
{
	return *s->next && all_digits(*s->next) ? *s->next++ : NULL;
}

/* value is NULL for a bare -j. Returns false when make refuses it. */
static bool take_jobs(struct make_args *out, const char *value)
{
	/* the conversion, overflow included, is that of make's atoi() where a long has 64 bits */
	int n = value ? (int)strtoll(value, NULL, 10) : 0;
	if (value && (n < 1 || !all_digits(value))) {
		if (!out->bad_jobs)
			out->bad_jobs = xstrdup(value);
		return false;
	}
	out->has_jobs = true;
	out->jobs = n;
	return true;
}

/* Keeps the word as it is, and the one after it when that is its argument. */
static void keep(struct scan *s, const char *word, bool and_next)
{
	strv_push(&s->out->args, word);
	if (and_next && *s->next)
		strv_push(&s->out->args, *s->next++);
}

static void note_letter(struct make_args *out, char letter)
{
	if (letter && strchr(passthrough_letters, letter))
		out->passthrough = true;
}

static void read_long(struct scan *s, const char *word)
{
	const char *name = word + 2, *equals = strchr(name, '=');
	const struct long_option *o =
		find_long(name, equals ? (size_t)(equals - name) : strlen(name));
	if (!o || (equals && o->takes == NOTHING)) {
		keep(s, word, false);
		return;
	}
	note_letter(s->out, o->letter);
	if (o->letter != 'j') {
		keep(s, word, o->takes == REQUIRED && !equals);
		return;
	}
	const char *number = equals ? equals + 1 : take_number(s);
	if (take_jobs(s->out, number))
		return;
	keep(s, word, false);
	if (!equals)
		strv_push(&s->out->args, number);
}

/* The j at letter p of a cluster takes the rest of it, or the next word. */
static void read_cluster_jobs(struct scan *s, const char *word, const char *p)
{
	const char *number = p[1] ? p + 1 : take_number(s);
	if (!take_jobs(s->out, number)) {
		keep(s, word, false);
		if (!p[1])
			strv_push(&s->out->args, number);
	} else if (p > word + 1) {
		strv_push_take(&s->out->args, xstrndup(word, (size_t)(p - word)));
	}
}

static void read_cluster(struct scan *s, const char *word)
{
	for (const char *p = word + 1; *p; p++) {
		note_letter(s->out, *p);
		if (*p == 'j') {
			read_cluster_jobs(s, word, p);
			return;
		}
		if (letter_takes(*p) != NOTHING) {
			keep(s, word, letter_takes(*p) == REQUIRED && !p[1]);
			return;
		}
	}
	keep(s, word, false);
}

void make_args_scan(char *const argv[], struct make_args *ret)
{
	*ret = (struct make_args){0};
	struct scan s = {.next = argv, .out = ret};
	while (*s.next) {
		const char *word = *s.next++;
		if (word[0] != '-' || !word[1]) {
			keep(&s, word, false);
		} else if (word[1] != '-') {
			read_cluster(&s, word);
		} else if (word[2]) {
			read_long(&s, word);
		} else {
			strv_push(&ret->args, word);
			break;
		}
	}
	while (*s.next)
		strv_push(&ret->args, *s.next++);
}

void make_args_fini(struct make_args *a)
{
	strv_fini(&a->args);
	free(a->bad_jobs);
	*a = (struct make_args){0};
}
