/* The format: "Trace Event Format", as Chrome's about:tracing and Perfetto read it. Times are microseconds. */
#include "doc.h"
#include "forms.h"

#include "base/str.h"

static void put(FILE *out, bool *is_first, json_t *event)
{
	fputs(*is_first ? "\n" : ",\n", out);
	*is_first = false;
	json_dumpf(event, out, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(event);
}

static json_int_t us(double s)
{
	return (json_int_t)(s * 1e6 + 0.5);
}

static json_t *name_process(size_t pid, const char *name)
{
	return json_pack("{s:s, s:s, s:I, s:I, s:{s:s}}", "name", "process_name", "ph", "M", "pid",
		(json_int_t)pid, "tid", (json_int_t)0, "args", "name", name);
}

static json_t *name_thread(size_t pid, size_t tid)
{
	return json_pack("{s:s, s:s, s:I, s:I, s:{s:o}}", "name", "thread_name", "ph", "M", "pid",
		(json_int_t)pid, "tid", (json_int_t)tid, "args", "name",
		json_sprintf("slot %zu", tid));
}

static void name_place(FILE *out, bool *is_first, size_t pid, const char *name, size_t slots)
{
	put(out, is_first, name_process(pid, name));
	for (size_t i = 1; i <= slots; i++)
		put(out, is_first, name_thread(pid, i));
}

/* The row itself tells the rest. */
static json_t *span_event(const struct doc_span *s)
{
	const char *source = doc_string(s->row, "source");
	json_int_t begin = us(s->begin);
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:O}", "name",
		source ? source : doc_string(s->row, "name"), "cat", s->what, "ph", "X", "pid",
		(json_int_t)s->place + 1, "tid", (json_int_t)s->lane + 1, "ts", begin, "dur",
		us(s->end) - begin, "args", s->row);
}

void form_trace(const json_t *doc, FILE *out)
{
	const json_t *nodes = json_object_get(doc, "nodes");
	bool is_first = true;
	fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[", out);
	name_place(out, &is_first, 1, "here",
		(size_t)doc_number(json_object_get(doc, "build"), "local_slots"));
	for (size_t i = 0; i < json_array_size(nodes); i++) {
		const json_t *node = json_array_get(nodes, i);
		name_place(out, &is_first, i + 2, doc_string(node, "name"),
			(size_t)doc_number(node, "slots"));
	}
	struct doc_span *spans;
	size_t n = doc_spans(doc, &spans);
	for (size_t i = 0; i < n; i++)
		if (spans[i].end > spans[i].begin)
			put(out, &is_first, span_event(&spans[i]));
	free(spans);
	fputs("\n]}\n", out);
}
