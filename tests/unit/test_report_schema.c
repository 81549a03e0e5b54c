#include "report_samples.h"

#include "base/err.h"
#include "base/str.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

/* A report with one job and one node, to be spoilt. */
static json_t *sound_doc(void)
{
	struct report *r = report_create();
	struct report_job j = away(1, report_add_node(r, &board));
	report_add_job(r, &j);
	_cleanup_free_ char *json = report_to_json(r, &build, &totals);
	report_destroy(r);
	return json_loads(json, 0, NULL);
}

static void refuse(json_t *doc, const char *expected)
{
	char *json = json_dumps(doc, JSON_ENCODE_ANY), *why = NULL;
	cr_expect_eq(report_validate(json, &why), ERR_CONFIG, "%s", expected);
	cr_assert_not_null(why, "%s", expected);
	cr_expect_str_eq(why, expected);
	free(why);
	free(json);
}

/* The object at a path of names and "0", for the first row. */
static json_t *walk(json_t *doc, const char *path)
{
	char *copy = xstrdup(path), *save = NULL;
	for (char *w = strtok_r(copy, ".", &save); w; w = strtok_r(NULL, ".", &save))
		doc = json_is_array(doc) ? json_array_get(doc, 0) : json_object_get(doc, w);
	free(copy);
	cr_assert_not_null(doc, "%s", path);
	return doc;
}

Test(report_schema, validation_refuses_each_wrong_value)
{
	static const struct {
		const char *object, *key, *json, *expected;
	} rows[] = {
		{"", "schema", "\"farmmake-report/4\"", "schema: expected \"farmmake-report/3\""},
		{"", "schema", "1", "schema: expected \"farmmake-report/3\""},
		{"", "nodes", "{}", "nodes: expected an array of objects"},
		{"", "jobs", "[1]", "jobs[0]: expected an object"},
		{"", "extra", "1", "extra: unknown field"},
		{"build", "started", "\"yesterday\"",
			"build.started: expected a time as in 2017-09-28T14:30:00Z"},
		{"build", "started", "\"2017-09-28T14:30:00Z \"",
			"build.started: expected a time as in 2017-09-28T14:30:00Z"},
		{"build", "started", "1",
			"build.started: expected a time as in 2017-09-28T14:30:00Z"},
		{"build", "args", "[\"a\", 1]", "build.args: expected an array of strings"},
		{"build", "args", "\"a\"", "build.args: expected an array of strings"},
		{"build", "exit_status", "0.5", "build.exit_status: expected a whole number"},
		{"build", "wall_s", "-1",
			"build.wall_s: expected a number of seconds, not negative"},
		{"build", "wall_s", "null",
			"build.wall_s: expected a number of seconds, not negative"},
		{"nodes.0", "lost", "0", "nodes[0].lost: expected true or false"},
		{"nodes.0", "slots", "-1", "nodes[0].slots: expected a whole number, not negative"},
		{"jobs.0", "where", "\"moon\"", "jobs[0].where: expected \"node\" or \"local\""},
		{"jobs.0", "node", "1", "jobs[0].node: expected a string or null"},
		{"jobs.0", "reason", "null", "jobs[0].reason: expected a string"},
		{"jobs.0", "exit_status", "0", "jobs[0].exit_status: unknown field"},
		{"jobs.0", "t", "null", "jobs[0].t: expected an object"},
		{"jobs.0.t", "sent", "\"1\"",
			"jobs[0].t.sent: expected a number of seconds, not negative, or null"},
		{"jobs.0.t", "\x1b", "1", "jobs[0].t.\\x1b: unknown field"},
		{"jobs.0.bytes", "up", "1.5",
			"jobs[0].bytes.up: expected a whole number, not negative"},
		{"summary", "files_per_s", "-1",
			"summary.files_per_s: expected a number, not negative"},
		{"summary.tokens", "lost", "true",
			"summary.tokens.lost: expected a whole number, not negative"},
	};
	json_t *sound = sound_doc();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *doc = json_deep_copy(sound), *value;
		value = json_loads(rows[i].json, JSON_DECODE_ANY, NULL);
		json_object_set_new(walk(doc, rows[i].object), rows[i].key, value);
		refuse(doc, rows[i].expected);
		json_decref(doc);
	}
	json_decref(sound);
}

Test(report_schema, validation_misses_every_field_that_is_not_there)
{
	static const char *const objects[][2] = {
		{"", ""},
		{"build", "build."},
		{"nodes.0", "nodes[0]."},
		{"jobs.0", "jobs[0]."},
		{"jobs.0.t", "jobs[0].t."},
		{"jobs.0.bytes", "jobs[0].bytes."},
		{"jobs.0.cpu", "jobs[0].cpu."},
		{"summary", "summary."},
		{"summary.tokens", "summary.tokens."},
	};
	json_t *sound = sound_doc();
	for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
		const char *key;
		json_t *value;
		json_object_foreach(walk(sound, objects[i][0]), key, value)
		{
			json_t *doc = json_deep_copy(sound);
			json_object_del(walk(doc, objects[i][0]), key);
			char *expected = xasprintf("%s%s: missing", objects[i][1], key);
			refuse(doc, expected);
			free(expected);
			json_decref(doc);
		}
	}
	json_decref(sound);
}

Test(report_schema, validation_refuses_what_is_no_document)
{
	static const char *const rows[][2] = {
		{"", "line 1: '[' or '{' expected near end of file"},
		{"[]", "report: expected an object"},
		{"{}", "schema: missing"},
		{"{\n\"a\": 1,\n\"a\": 2}", "line 3: duplicate object key near '\"a\"'"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *why = NULL, *text = NULL;
		cr_expect_eq(report_validate(rows[i][0], &why), ERR_CONFIG);
		cr_expect_str_eq(why, rows[i][1]);
		free(why);
		cr_expect_eq(report_summary(rows[i][0], &text, &why), ERR_CONFIG);
		cr_expect_null(text);
		free(why);
	}
}
