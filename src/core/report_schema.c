/* The schema "farmmake-report/3" as tables, and the walk that compares a document with them. */
#include "report_schema.h"

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "core/report.h"

#include <stdio.h>
#include <string.h>

enum kind {
	TEXT,
	TEXT_OR_NULL,
	INSTANT,
	WORDS,
	WHOLE,
	COUNT,
	RATE,
	SECONDS,
	SPANS,
	LENGTHS,
	MOMENT,
	FLAG,
	OBJECT,
	ROWS
};

struct field {
	const char *name; /* NULL ends a table */
	enum kind kind;
	const struct field *inner; /* of OBJECT and ROWS */
	const char *only[2];       /* of TEXT: the legal values, if there are but a few */
};

static const struct field moments[] = {
	{"start", MOMENT},
	{"cpp", MOMENT},
	{"staged", MOMENT},
	{"sent", MOMENT},
	{"started", MOMENT},
	{"compiled", MOMENT},
	{"finished", MOMENT},
	{"local", MOMENT},
	{"done", MOMENT},
	{NULL},
};

static const struct field job_bytes[] = {{"text", COUNT}, {"up", COUNT}, {"down", COUNT}, {NULL}};

static const struct field job_cpu[] = {{"local_s", SECONDS}, {"remote_s", SECONDS}, {NULL}};

static const struct field job[] = {
	{"id", COUNT},
	{"source", TEXT},
	{"output", TEXT},
	{"compiler", TEXT},
	{"where", TEXT, .only = {"node", "local"}},
	{"node", TEXT_OR_NULL},
	{"reason", TEXT},
	{"input", TEXT_OR_NULL},
	{"no_view", TEXT},
	{"t", OBJECT, moments},
	{"bytes", OBJECT, job_bytes},
	{"cpu", OBJECT, job_cpu},
	{"retries", COUNT},
	{"checked", TEXT_OR_NULL},
	{"promised", FLAG},
	{NULL},
};

static const struct field node[] = {
	{"name", TEXT},
	{"address", TEXT},
	{"kind", TEXT, .only = {"farmnode", "distccd"}},
	{"slots", COUNT},
	{"jobs", COUNT},
	{"busy_s", SECONDS},
	{"slots_busy_s", LENGTHS},
	{"present", SPANS},
	{"bytes_up", COUNT},
	{"bytes_down", COUNT},
	{"lost", FLAG},
	{"quarantine", TEXT},
	{"suspicious", WORDS},
	{NULL},
};

static const struct field build[] = {
	{"started", INSTANT},
	{"wall_s", SECONDS},
	{"cpu_s", SECONDS},
	{"exit_status", WHOLE},
	{"make", TEXT},
	{"args", WORDS},
	{"cwd", TEXT},
	{"local_slots", COUNT},
	{NULL},
};

static const struct field step[] = {
	{"name", TEXT},
	{"command", TEXT},
	{"begin", SECONDS},
	{"end", SECONDS},
	{NULL},
};

static const struct field usage_here[] = {
	{"slots_busy_s", LENGTHS},
	{"compile_s", SECONDS},
	{"step_s", SECONDS},
	{"prepare_s", SECONDS},
	{"commit_s", SECONDS},
	{"overflow_s", SECONDS},
	{"idle_s", SECONDS},
	{NULL},
};

static const struct field usage_nodes[] = {
	{"compile_s", SECONDS},
	{"link_s", SECONDS},
	{"credit_s", SECONDS},
	{"prepare_s", SECONDS},
	{"client_s", SECONDS},
	{"make_s", SECONDS},
	{"absent_s", SECONDS},
	{NULL},
};

static const struct field chain[] = {
	{"name", TEXT},
	{"is_step", FLAG},
	{"begin", SECONDS},
	{"end", SECONDS},
	{NULL},
};

static const struct field usage[] = {
	{"here", OBJECT, usage_here},
	{"nodes", OBJECT, usage_nodes},
	{"here_full_s", SECONDS},
	{"nodes_full_s", SECONDS},
	{"lone_s", SECONDS},
	{"limit", TEXT},
	{"limit_text", TEXT},
	{"chain", ROWS, chain},
	{NULL},
};

static const struct field summary_tokens[] = {{"lent_peak", COUNT}, {"lost", COUNT}, {NULL}};

static const struct field summary[] = {
	{"jobs", COUNT},
	{"remote", COUNT},
	{"local", COUNT},
	{"failed", COUNT},
	{"retried", COUNT},
	{"views", COUNT},
	{"contents_up", COUNT},
	{"checked", COUNT},
	{"suspicious", COUNT},
	{"unpromised", COUNT},
	{"files_per_s", RATE},
	{"max_local_running", COUNT},
	{"tokens", OBJECT, summary_tokens},
	{NULL},
};

static const struct field document[] = {
	{"schema", TEXT, .only = {"farmmake-report/3"}},
	{"build", OBJECT, build},
	{"nodes", ROWS, node},
	{"jobs", ROWS, job},
	{"steps", ROWS, step},
	{"usage", OBJECT, usage},
	{"summary", OBJECT, summary},
	{NULL},
};

static const char *const expected[] = {
	[TEXT] = "a string",
	[TEXT_OR_NULL] = "a string or null",
	[INSTANT] = "a time as in 2017-09-28T14:30:00Z",
	[WORDS] = "an array of strings",
	[WHOLE] = "a whole number",
	[COUNT] = "a whole number, not negative",
	[RATE] = "a number, not negative",
	[SECONDS] = "a number of seconds, not negative",
	[SPANS] = "an array of pairs of numbers, the second not less than the first",
	[LENGTHS] = "an array of numbers, not negative",
	[MOMENT] = "a number of seconds, not negative, or null",
	[FLAG] = "true or false",
	[OBJECT] = "an object",
	[ROWS] = "an array of objects",
};

static bool is_legal_text(const struct field *f, const json_t *v)
{
	if (!json_is_string(v))
		return false;
	for (size_t i = 0; i < 2 && f->only[i]; i++)
		if (strcmp(json_string_value(v), f->only[i]) == 0)
			return true;
	return !f->only[0];
}

static bool is_instant(const json_t *v)
{
	const char *s = json_is_string(v) ? json_string_value(v) : "";
	const char *form = "0000-00-00T00:00:00Z"; /* 0: any digit */
	for (; *form && *s; form++, s++)
		if (*form == '0' ? *s < '0' || *s > '9' : *s != *form)
			return false;
	return !*form && !*s;
}

static bool is_word(const json_t *v)
{
	return json_is_string(v);
}

static bool is_length(const json_t *v)
{
	return json_is_number(v) && json_number_value(v) >= 0;
}

static bool is_span(const json_t *v)
{
	const json_t *begin = json_array_get(v, 0), *end = json_array_get(v, 1);
	return json_array_size(v) == 2 && is_length(begin) && is_length(end) &&
	       json_number_value(begin) <= json_number_value(end);
}

static bool all_are(const json_t *v, bool (*is_one)(const json_t *v))
{
	for (size_t i = 0; i < json_array_size(v); i++)
		if (!is_one(json_array_get(v, i)))
			return false;
	return json_is_array(v);
}

static bool is_of_kind(const struct field *f, const json_t *v)
{
	switch (f->kind) {
	case TEXT: return is_legal_text(f, v);
	case TEXT_OR_NULL: return json_is_string(v) || json_is_null(v);
	case INSTANT: return is_instant(v);
	case WORDS: return all_are(v, is_word);
	case WHOLE: return json_is_integer(v);
	case COUNT: return json_is_integer(v) && json_integer_value(v) >= 0;
	case RATE:
	case SECONDS: return is_length(v);
	case MOMENT: return json_is_null(v) || is_length(v);
	case LENGTHS: return all_are(v, is_length);
	case SPANS: return all_are(v, is_span);
	case FLAG: return json_is_boolean(v);
	case OBJECT: return json_is_object(v);
	case ROWS: return json_is_array(v);
	}
	return false;
}

static bool is_known(const struct field *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return true;
	return false;
}

static char *complain(const char *where, const char *what)
{
	char shown[200];
	return xasprintf(
		"%s: %s", *where ? log_escape(where, shown, sizeof shown) : "report", what);
}

static char *complain_kind(const char *where, const struct field *f)
{
	_cleanup_free_ char *what =
		!f->only[0]   ? xasprintf("expected %s", expected[f->kind])
		: !f->only[1] ? xasprintf("expected \"%s\"", f->only[0])
			      : xasprintf("expected \"%s\" or \"%s\"", f->only[0], f->only[1]);
	return complain(where, what);
}

static char *find_unknown(const struct field *table, json_t *object, const char *where)
{
	const char *key;
	json_t *value;
	json_object_foreach(object, key, value)
	{
		_cleanup_free_ char *name = xasprintf("%s%s%s", where, *where ? "." : "", key);
		if (!is_known(table, key))
			return complain(name, "unknown field");
	}
	return NULL;
}

/* What is wrong with v, whose path is where; NULL: nothing. Goes as deep as the tables do. */
static char *check(const struct field *f, json_t *v, const char *where)
{
	char *why = NULL;
	if (!v)
		return complain(where, "missing");
	if (!is_of_kind(f, v))
		return complain_kind(where, f);
	if (f->kind == ROWS) {
		const struct field row = {.kind = OBJECT, .inner = f->inner};
		for (size_t i = 0; !why && i < json_array_size(v); i++) {
			_cleanup_free_ char *name = xasprintf("%s[%zu]", where, i);
			why = check(&row, json_array_get(v, i), name);
		}
	}
	if (f->kind == OBJECT) {
		for (const struct field *m = f->inner; !why && m->name; m++) {
			_cleanup_free_ char *name =
				xasprintf("%s%s%s", where, *where ? "." : "", m->name);
			why = check(m, json_object_get(v, m->name), name);
		}
		if (!why)
			why = find_unknown(f->inner, v, where);
	}
	return why;
}

int report_load(const char *json, json_t **ret, char **ret_why)
{
	static const struct field root = {.kind = OBJECT, .inner = document};
	json_error_t e;
	char near[2 * JSON_ERROR_TEXT_LENGTH]; /* quotes the file, line ends too */
	json_t *doc = json_loads(json, JSON_REJECT_DUPLICATES, &e);
	char *why = doc ? check(&root, doc, "")
			: xasprintf("line %d: %s", e.line, log_escape(e.text, near, sizeof near));
	if (why) {
		json_decref(doc);
		*ret_why = why;
		return ERR_CONFIG;
	}
	*ret = doc;
	return 0;
}

int report_validate(const char *json, char **ret_why)
{
	json_t *doc = NULL;
	int err = report_load(json, &doc, ret_why);
	json_decref(doc);
	return err;
}
