/* The spans are core/usage's, and are laid on the same lanes. */
#include "doc.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/str.h"
#include "base/vec.h"
#include "core/lanes.h"
#include "core/report.h"
#include "core/usage.h"

#include <string.h>

enum { REPORT_BYTES_MAX = 1 << 30 };

char *doc_last(void)
{
	_cleanup_free_ char *dir = fs_xdg_dir("XDG_STATE_HOME", ".local/state");
	return dir ? xasprintf("%s/report.json", dir) : NULL;
}

int doc_read(const char *path, char **ret_text)
{
	_cleanup_free_ char *text = NULL, *why = NULL;
	int err = fs_read_file(path, REPORT_BYTES_MAX, &text, NULL);
	if (err) {
		log_error("%s: %s", path, err_str(err));
		return err;
	}
	err = report_validate(text, &why);
	if (err) {
		log_error("%s: not a report: %s", path, why);
		return err;
	}
	*ret_text = text;
	text = NULL;
	return 0;
}

json_t *doc_parse(const char *text)
{
	return json_loads(text, 0, NULL);
}

double doc_number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

const char *doc_string(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

bool doc_is_remote(const json_t *job)
{
	return strcmp(doc_string(job, "where"), "node") == 0;
}

double doc_time(const json_t *job, const char *moment)
{
	const json_t *t = json_object_get(json_object_get(job, "t"), moment);
	return json_is_number(t) ? json_number_value(t) : -1;
}

struct spans {
	VEC(struct doc_span) v;
	const json_t *nodes;
};

static void add(struct spans *s, const struct usage_span *p, const json_t *row)
{
	static const char *const what[WORK_COUNT] = {[WORK_COMPILE] = "compile",
		[WORK_OVERFLOW] = "compile",
		[WORK_STEP] = "step",
		[WORK_PREPARE] = "prepare",
		[WORK_COMMIT] = "commit"};
	if (p->end > p->begin)
		vec_push(&s->v, (struct doc_span){p->begin, p->end, (size_t)(p->place + 1), 0,
					what[p->work], row});
}

static int node_of(const struct spans *s, const char *name)
{
	for (size_t i = 0; name && i < json_array_size(s->nodes); i++)
		if (strcmp(doc_string(json_array_get(s->nodes, i), "name"), name) == 0)
			return (int)i;
	return USAGE_HERE;
}

static void add_job(struct spans *s, const json_t *row)
{
	struct usage_span spans[USAGE_SPANS_MAX];
	const struct usage_job job = {.node = node_of(s, doc_string(row, "node")),
		.t = {doc_time(row, "start"), doc_time(row, "cpp"), doc_time(row, "staged"),
			doc_time(row, "sent"), doc_time(row, "started"), doc_time(row, "compiled"),
			doc_time(row, "finished"), doc_time(row, "local"), doc_time(row, "done")}};
	size_t n = usage_spans(&job, spans);
	for (size_t i = 0; i < n; i++)
		add(s, &spans[i], row);
}

static void add_step(struct spans *s, const json_t *row)
{
	add(s,
		&(struct usage_span){
			USAGE_HERE, WORK_STEP, doc_number(row, "begin"), doc_number(row, "end")},
		row);
}

static int by_place(const void *a, const void *b)
{
	const struct doc_span *x = a, *y = b;
	return (x->place > y->place) - (x->place < y->place);
}

static size_t slots_of(const json_t *doc, size_t place)
{
	const json_t *build = json_object_get(doc, "build"), *nodes = json_object_get(doc, "nodes");
	return (size_t)(place ? doc_number(json_array_get(nodes, place - 1), "slots")
			      : doc_number(build, "local_slots"));
}

/* Those of one place, from the first on. Without slots they have no lane, and are left out. */
static void lay(const json_t *doc, struct doc_span *spans, size_t n)
{
	size_t slots = slots_of(doc, spans[0].place);
	_cleanup_free_ struct lanes_span *on = xcalloc(n, sizeof *on);
	for (size_t i = 0; i < n; i++)
		on[i] = (struct lanes_span){spans[i].begin, spans[i].end, 0, i};
	if (slots)
		lanes_assign(on, n, slots);
	for (size_t i = 0; i < n; i++) {
		struct doc_span *s = &spans[on[i].what];
		s->begin = on[i].begin;
		s->end = slots ? on[i].end : on[i].begin;
		s->lane = on[i].lane;
	}
}

size_t doc_spans(const json_t *doc, struct doc_span **ret)
{
	const json_t *jobs = json_object_get(doc, "jobs"), *steps = json_object_get(doc, "steps");
	struct spans s = {.nodes = json_object_get(doc, "nodes")};
	for (size_t i = 0; i < json_array_size(jobs); i++)
		add_job(&s, json_array_get(jobs, i));
	for (size_t i = 0; i < json_array_size(steps); i++)
		add_step(&s, json_array_get(steps, i));
	if (s.v.n)
		qsort(s.v.v, s.v.n, sizeof *s.v.v, by_place);
	for (size_t i = 0, end; i < s.v.n; i = end) {
		for (end = i + 1; end < s.v.n && s.v.v[end].place == s.v.v[i].place;)
			end++;
		lay(doc, &s.v.v[i], end - i);
	}
	*ret = s.v.v;
	return s.v.n;
}
