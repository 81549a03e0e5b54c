/* Reading settings from farm.json, the environment and the command line.
 *
 * The happy path: a name is looked up among the rows as its source spells it, and its value is
 * checked against the row and stored.
 *
 * Possible failures, all ERR_CONFIG with one line of text: a syntax error or a duplicate key in the
 * file, an unknown name, a value of the wrong type or out of range, an option without its value.
 */
#include "conf_impl.h"

#include "base/err.h"
#include "base/log.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Names that farmmake sets for its children, and those that are not about the table. */
static const char *const foreign[] = {
	"FARMMAKE_BINDIR",
	"FARMMAKE_CONFIG",
	"FARMMAKE_FIFO",
	"FARMMAKE_HELPER_DIR",
	"FARMMAKE_SOCKET",
};

static int fail(char **ret_why, char *why)
{
	*ret_why = why;
	return ERR_CONFIG;
}

/* Behind the string that begins at p, in text that is known to be JSON. */
static const char *skip_string(const char *p)
{
	for (p++; *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p + 1;
}

static bool is_key(const char *start, const char *end, const char *key)
{
	if (end[strspn(end, " \t\r\n")] != ':')
		return false;
	json_auto_t *s = json_loadb(start, (size_t)(end - start), JSON_DECODE_ANY, NULL);
	return s && strcmp(json_string_value(s), key) == 0;
}

/* jansson tells no positions of what is well-formed: the line of a key of the outermost object. */
static int line_of(const char *text, const char *key)
{
	int line = 1, depth = 0;
	for (const char *p = text; *p;) {
		if (*p == '"') {
			const char *end = skip_string(p);
			if (depth == 1 && is_key(p, end, key))
				return line;
			p = end;
			continue;
		}
		line += *p == '\n';
		depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
		p++;
	}
	return 1;
}

/* What is wrong with one member of the file; NULL: nothing, and it is stored. */
static char *take_member(struct conf_pass *p, const char *key, const json_t *value)
{
	size_t i;
	const struct conf_row *row = conf_find(CONF_FILE, key, &i);
	if (!row)
		return conf_unknown(CONF_FILE, "key", key);
	if (conf_set_json(p, i, value))
		return NULL;
	_cleanup_free_ char *expected = conf_expected(row, true);
	return xasprintf("%s: %s", key, expected);
}

int conf_parse_json(struct conf *c, const char *path, const char *text, char **ret_why)
{
	struct conf_pass p = {.conf = c, .source = CONF_FILE};
	json_error_t e;
	char near[2 * JSON_ERROR_TEXT_LENGTH]; /* quotes the file, line ends too */
	json_auto_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &e);
	if (!root)
		return fail(ret_why, xasprintf("%s:%d: %s", path, e.line,
					     log_escape(e.text, near, sizeof near)));
	if (!json_is_object(root))
		return fail(ret_why, xasprintf("%s:1: expected an object: { … }", path));
	const char *key;
	json_t *value;
	json_object_foreach(root, key, value)
	{
		_cleanup_free_ char *why = take_member(&p, key, value);
		if (why)
			return fail(ret_why, xasprintf("%s:%d: %s", path, line_of(text, key), why));
	}
	return 0;
}

static bool is_foreign(const char *name)
{
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
		if (strcmp(name, foreign[i]) == 0)
			return true;
	return str_starts(name, "FARMMAKE_TEST_");
}

/* Stores text, or says what is wrong with it. */
static int take_text(struct conf_pass *p, size_t i, const char *text, char **ret_why)
{
	if (conf_set_text(p, i, text))
		return 0;
	char spelt[CONF_NAME_BYTES], shown[128];
	_cleanup_free_ char *expected = conf_expected(conf_row(i), false);
	return fail(
		ret_why, xasprintf("%s: %s, not \"%s\"", conf_spell(conf_row(i), p->source, spelt),
				 expected, log_escape(text, shown, sizeof shown)));
}

int conf_parse_env(struct conf *c, char *const env[], char **ret_why)
{
	struct conf_pass p = {.conf = c, .source = CONF_ENV};
	for (; *env; env++) {
		size_t i, n = strcspn(*env, "=");
		if (!str_starts(*env, "FARMMAKE_") || !(*env)[n] || !(*env)[n + 1])
			continue; /* an empty variable is as good as none */
		_cleanup_free_ char *name = xstrndup(*env, n);
		if (is_foreign(name))
			continue;
		if (!conf_find(CONF_ENV, name, &i))
			return fail(ret_why, conf_unknown(CONF_ENV, "variable", name));
		int err = take_text(&p, i, *env + n + 1, ret_why);
		if (err)
			return err;
	}
	return 0;
}

/* The value of the option at argv[*k], in the same word or in the next one, at which *k is left. */
static const char *value_of(char *const argv[], size_t *k)
{
	const char *equals = strchr(argv[*k], '=');
	if (equals)
		return equals + 1;
	const char *next = argv[*k + 1];
	if (!next || next[0] == '-')
		return NULL;
	++*k;
	return next;
}

/* The --farm-* at argv[*k]. */
static int take_option(
	struct conf_pass *p, char *const argv[], size_t *k, char **config, char **ret_why)
{
	size_t i = 0;
	_cleanup_free_ char *name = xstrndup(argv[*k], strcspn(argv[*k], "="));
	if (strcmp(argv[*k], "--farm-run") == 0) {
		p->conf->run = true;
		return 0;
	}
	bool is_config = strcmp(name, "--farm-config") == 0;
	const struct conf_row *row = is_config ? NULL : conf_find(CONF_OPTION, name, &i);
	if (!row && !is_config)
		return fail(ret_why, conf_unknown(CONF_OPTION, "option", name));
	if (row && row->type == CONF_BOOL && !strchr(argv[*k], '='))
		return take_text(p, i, "yes", ret_why);
	const char *value = value_of(argv, k);
	if (!value || (is_config && !*value))
		return fail(ret_why, xasprintf("%s needs %s", name, row ? row->value : "FILE"));
	if (row)
		return take_text(p, i, value, ret_why);
	free(*config);
	*config = xstrdup(value);
	return 0;
}

int conf_parse_options(
	struct conf *c, char *const argv[], struct strv *rest, char **ret_config, char **ret_why)
{
	struct conf_pass p = {.conf = c, .source = CONF_OPTION};
	_cleanup_free_ char *config = NULL;
	bool ours = true;
	for (size_t k = 0; argv[k]; k++) {
		if (strcmp(argv[k], "--") == 0)
			ours = false;
		if (!ours || !str_starts(argv[k], "--farm-")) {
			strv_push(rest, argv[k]);
			continue;
		}
		int err = take_option(&p, argv, &k, &config, ret_why);
		if (err)
			return err;
	}
	if (ret_config && config) {
		*ret_config = config;
		config = NULL;
	}
	return 0;
}

char *conf_help(void)
{
	char *text = xstrdup("");
	const struct conf_row *row;
	for (size_t i = 0; (row = conf_row(i)); i++) {
		char option[CONF_NAME_BYTES];
		conf_spell(row, CONF_OPTION, option);
		if (row->value) {
			size_t n = strlen(option);
			snprintf(option + n, sizeof option - n, " %s", row->value);
		}
		_cleanup_free_ char *shorter = text;
		text = xasprintf("%s  %-28s %s\n", shorter, option, row->doc);
	}
	_cleanup_free_ char *shorter = text;
	return xasprintf("%s  %-28s %s\n  %-28s %s\n", shorter, "--farm-config FILE",
		"read the settings in FILE instead of farm.json", "--farm-run -- COMMAND...",
		"run this command in the place of make");
}

void conf_init(struct conf *c)
{
	*c = (struct conf){0};
	struct conf_pass p = {.conf = c, .source = CONF_DEFAULT};
	const struct conf_row *row;
	for (size_t i = 0; (row = conf_row(i)); i++) {
		bool ok = !row->fallback || conf_set_text(&p, i, row->fallback);
		assert(ok);
		(void)ok;
	}
}

void conf_fini(struct conf *c)
{
	const struct conf_row *row;
	for (size_t i = 0; (row = conf_row(i)); i++) {
		if (row->type == CONF_LIST)
			strv_fini(conf_field(c, row));
		if (row->type == CONF_STRING)
			free(*(char **)conf_field(c, row));
	}
	*c = (struct conf){0};
}
