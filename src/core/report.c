/* The record of one build, and its JSON: sums are made when it is written, rows are one line each.
 *
 * Nothing can fail but memory: names that are not UTF-8 are written with U+FFFD, times that never
 * happened as null.
 */
#include "core/report.h"

#include "base/str.h"

#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct node {
	char *name, *address, *quarantine;
	unsigned slots, jobs;
	bool lost, suspicious;
	struct strv outputs; /* of the jobs that it did */
	double busy_s;
	uint64_t up, down, contents;
};

struct report {
	struct node *nodes;
	size_t n_nodes, cap_nodes;
	struct strv jobs; /* finished rows: a tenth of what their json_t would take */
	unsigned remote, views, failed, retried, checked;
};

/* JSON holds UTF-8 only, and a path may be anything. */
static json_t *text(const char *s)
{
	json_t *v = json_string(s);
	if (v)
		return v;
	static const char replacement[] = "\xef\xbf\xbd";
	_cleanup_free_ char *safe = xcalloc(strlen(s) * 3 + 1, 1);
	for (char *out = safe; *s; s++) {
		bool plain = (unsigned char)*s < 0x80;
		memcpy(out, plain ? s : replacement, plain ? 1 : 3);
		out += plain ? 1 : 3;
	}
	return json_string(safe);
}

/* A duration, to the microsecond. */
static json_t *seconds(double s)
{
	return json_real(s > 0 && s < 1e12 ? (double)(int64_t)(s * 1e6 + 0.5) / 1e6 : 0);
}

/* A time since the build's start; negative: it never came. */
static json_t *moment(double s)
{
	return s >= 0 ? seconds(s) : json_null();
}

static json_int_t whole(uint64_t v)
{
	return (json_int_t)v;
}

/* One line, malloc'd. */
static char *dump(json_t *row)
{
	assert(row);
	char *line = json_dumps(row, JSON_COMPACT | JSON_REAL_PRECISION(15));
	assert(line);
	json_decref(row);
	return line;
}

struct report *report_create(void)
{
	return xcalloc(1, sizeof(struct report));
}

void report_destroy(struct report *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_nodes; i++) {
		free(r->nodes[i].name);
		free(r->nodes[i].address);
		free(r->nodes[i].quarantine);
		strv_fini(&r->nodes[i].outputs);
	}
	free(r->nodes);
	strv_fini(&r->jobs);
	free(r);
}

static struct node *find_node(struct report *r, const char *name)
{
	for (size_t i = 0; i < r->n_nodes; i++)
		if (strcmp(r->nodes[i].name, name) == 0)
			return &r->nodes[i];
	return NULL;
}

static struct node *append_node(struct report *r, const char *name)
{
	if (r->n_nodes == r->cap_nodes) {
		r->cap_nodes = r->cap_nodes ? 2 * r->cap_nodes : 8;
		r->nodes = xrealloc(r->nodes, r->cap_nodes * sizeof *r->nodes);
	}
	struct node *n = &r->nodes[r->n_nodes++];
	*n = (struct node){.name = xstrdup(name)};
	return n;
}

int report_add_node(struct report *r, const struct report_node *from)
{
	struct node *n = find_node(r, from->name);
	if (!n)
		n = append_node(r, from->name);
	free(n->address);
	n->address = xstrdup(from->address);
	n->slots = from->slots;
	n->lost = from->lost;
	free(n->quarantine);
	n->quarantine = xstrdup(from->quarantine ? from->quarantine : "");
	n->suspicious = from->suspicious;
	n->contents = from->content_bytes;
	return (int)(n - r->nodes);
}

/* What the job adds to the sums. */
static void count(struct report *r, struct node *n, const struct report_job *j)
{
	r->remote += j->remote;
	r->views += j->remote && j->is_view;
	r->failed += j->exit_status != 0;
	r->retried += j->retries > 0;
	r->checked += j->checked != NULL;
	if (!n)
		return;
	n->jobs += j->remote;
	if (j->remote)
		strv_push(&n->outputs, j->output);
	n->up += j->bytes.up;
	n->down += j->bytes.down;
	if (j->t.started >= 0 && j->t.finished > j->t.started)
		n->busy_s += j->t.finished - j->t.started;
}

void report_add_job(struct report *r, const struct report_job *j)
{
	assert(j->node < (int)r->n_nodes);
	struct node *n = j->node >= 0 ? &r->nodes[j->node] : NULL;
	count(r, n, j);
	json_t *t = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "start", moment(j->t.start),
		"cpp", moment(j->t.cpp), "staged", moment(j->t.staged), "sent", moment(j->t.sent),
		"started", moment(j->t.started), "finished", moment(j->t.finished), "done",
		moment(j->t.done));
	json_t *bytes = json_pack("{s:I, s:I, s:I}", "text", whole(j->bytes.text), "up",
		whole(j->bytes.up), "down", whole(j->bytes.down));
	json_t *cpu = json_pack("{s:o, s:o}", "local_s", seconds(j->cpu.local_s), "remote_s",
		seconds(j->cpu.remote_s));
	const char *input = !j->remote ? NULL : j->is_view ? "view" : "text";
	json_t *row = json_pack(
		"{s:I, s:o, s:o, s:o, s:s, s:o, s:o, s:s?, s:o, s:o, s:o, s:o, s:I, s:s?}", "id",
		whole(j->id), "source", text(j->source), "output", text(j->output), "compiler",
		text(j->compiler), "where", j->remote ? "node" : "local", "node",
		n ? text(n->name) : json_null(), "reason", text(j->reason), "input", input,
		"no_view", text(j->no_view ? j->no_view : ""), "t", t, "bytes", bytes, "cpu", cpu,
		"retries", whole(j->retries), "checked", j->checked);
	strv_push_take(&r->jobs, dump(row));
}

/* "2017-09-28T14:30:00Z" */
static json_t *instant(int64_t unix_s)
{
	struct tm tm = {0};
	gmtime_r(&(time_t){unix_s}, &tm);
	return json_sprintf("%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
		tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static char *format_build(const struct report_build *b)
{
	json_t *args = json_array();
	for (char *const *arg = b->args; *arg; arg++)
		json_array_append_new(args, text(*arg));
	return dump(json_pack("{s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:I}", "started",
		instant(b->started_unix_s), "wall_s", seconds(b->wall_s), "cpu_s",
		seconds(b->cpu_s), "exit_status", b->exit_status, "make", text(b->make), "args",
		args, "cwd", text(b->cwd), "local_slots", whole(b->local_slots)));
}

unsigned report_suspicious(const struct report *r)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n_nodes; i++)
		n += r->nodes[i].suspicious ? r->nodes[i].outputs.n : 0;
	return (unsigned)n;
}

static char *format_node(const struct node *n)
{
	json_t *outputs = json_array();
	for (size_t i = 0; n->suspicious && i < n->outputs.n; i++)
		json_array_append_new(outputs, text(n->outputs.v[i]));
	return dump(json_pack("{s:o, s:o, s:I, s:I, s:o, s:I, s:I, s:b, s:o, s:o}", "name",
		text(n->name), "address", text(n->address), "slots", whole(n->slots), "jobs",
		whole(n->jobs), "busy_s", seconds(n->busy_s), "bytes_up",
		whole(n->up + n->contents), "bytes_down", whole(n->down), "lost", n->lost,
		"quarantine", text(n->quarantine), "suspicious", outputs));
}

static char *format_summary(
	const struct report *r, const struct report_build *b, const struct report_totals *t)
{
	double rate = b->wall_s > 0 ? (double)r->jobs.n / b->wall_s : 0;
	json_t *tokens = json_pack(
		"{s:I, s:I}", "lent_peak", whole(t->lent_peak), "lost", whole(t->tokens_lost));
	return dump(json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:o}",
		"jobs", whole(r->jobs.n), "remote", whole(r->remote), "local",
		whole(r->jobs.n - r->remote), "failed", whole(r->failed), "retried",
		whole(r->retried), "views", whole(r->views), "contents_up", whole(t->content_bytes),
		"checked", whole(r->checked), "suspicious", whole(report_suspicious(r)),
		"files_per_s", seconds(rate), "max_local_running", whole(t->max_local_running),
		"tokens", tokens));
}

static void print_rows(FILE *out, const char *name, const struct strv *rows)
{
	fprintf(out, "\"%s\": [", name);
	for (size_t i = 0; i < rows->n; i++)
		fprintf(out, "%s\n%s", i ? "," : "", rows->v[i]);
	fputs("\n],\n", out);
}

char *report_to_json(
	const struct report *r, const struct report_build *b, const struct report_totals *t)
{
	_cleanup_free_ char *build = format_build(b), *sums = format_summary(r, b, t);
	struct strv nodes = {0};
	for (size_t i = 0; i < r->n_nodes; i++)
		strv_push_take(&nodes, format_node(&r->nodes[i]));
	char *json = NULL;
	size_t size;
	FILE *out = open_memstream(&json, &size);
	assert(out);
	fprintf(out, "{\n\"schema\": \"farmmake-report/1\",\n\"build\": %s,\n", build);
	print_rows(out, "nodes", &nodes);
	print_rows(out, "jobs", &r->jobs);
	fprintf(out, "\"summary\": %s\n}\n", sums);
	if (fclose(out) != 0)
		abort();
	strv_fini(&nodes);
	return json;
}
