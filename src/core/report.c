/* The record of one build, and its JSON: sums are made when it is written, rows are one line each.
 *
 * Nothing can fail but memory: names that are not UTF-8 are written with U+FFFD, times that never
 * happened as null.
 */
#include "core/report.h"

#include "report_impl.h"

#include "base/str.h"
#include "core/sched.h"

#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct node {
	char *name, *address, *quarantine;
	unsigned slots, jobs;
	bool lost, suspicious, is_distccd;
	struct strv outputs; /* of the jobs that it did */
	json_t *present;
	uint64_t up, down, contents;
};

struct report {
	struct node *nodes;
	size_t n_nodes, cap_nodes;
	struct strv jobs, steps; /* finished rows: a tenth of what their json_t would take */
	struct usage *usage;
	unsigned remote, views, failed, retried, checked, unpromised;
};

json_t *report_text(const char *s)
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

/* To the microsecond, as it is written; negative ones stay that. */
static double rounded(double s)
{
	return s >= 0 && s < 1e12 ? (double)(int64_t)(s * 1e6 + 0.5) / 1e6 : s < 0 ? s : 0;
}

json_t *report_seconds(double s)
{
	return json_real(s > 0 ? rounded(s) : 0);
}

/* A time since the build's start; negative: it never came. */
static json_t *moment(double s)
{
	return s >= 0 ? report_seconds(s) : json_null();
}

static json_int_t whole(uint64_t v)
{
	return (json_int_t)v;
}

char *report_dump(json_t *row)
{
	assert(row);
	char *line = json_dumps(row, JSON_COMPACT | JSON_REAL_PRECISION(15));
	assert(line);
	json_decref(row);
	return line;
}

struct report *report_create(void)
{
	struct report *r = xcalloc(1, sizeof *r);
	r->usage = usage_create();
	return r;
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
		json_decref(r->nodes[i].present);
	}
	free(r->nodes);
	strv_fini(&r->jobs);
	strv_fini(&r->steps);
	usage_destroy(r->usage);
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
	*n = (struct node){.name = xstrdup(name), .present = json_array()};
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
	n->is_distccd = from->is_distccd;
	n->lost = from->lost;
	free(n->quarantine);
	n->quarantine = xstrdup(from->quarantine ? from->quarantine : "");
	n->suspicious = from->suspicious;
	n->contents = from->content_bytes;
	usage_set_node(r->usage, (int)(n - r->nodes), n->slots);
	return (int)(n - r->nodes);
}

void report_add_presence(struct report *r, int node, double begin, double end)
{
	assert(node >= 0 && node < (int)r->n_nodes);
	usage_add_presence(r->usage, node, rounded(begin), rounded(end));
	json_array_append_new(r->nodes[node].present,
		json_pack("[o, o]", report_seconds(begin), report_seconds(end)));
}

void report_add_step(struct report *r, const struct report_step *s)
{
	usage_add_step(r->usage, s->name, rounded(s->begin), rounded(s->end));
	strv_push_take(&r->steps,
		report_dump(json_pack("{s:o, s:o, s:o, s:o}", "name", report_text(s->name),
			"command", report_text(s->command), "begin", report_seconds(s->begin),
			"end", report_seconds(s->end))));
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
	r->unpromised += j->remote && n->is_distccd;
	if (j->remote)
		strv_push(&n->outputs, j->output);
	n->up += j->bytes.up;
	n->down += j->bytes.down;
}

static json_t *format_times(const struct usage_times *t)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "start", moment(t->start),
		"cpp", moment(t->cpp), "staged", moment(t->staged), "sent", moment(t->sent),
		"started", moment(t->started), "compiled", moment(t->compiled), "finished",
		moment(t->finished), "local", moment(t->local), "done", moment(t->done));
}

/* Whoever reads the report lays the same spans on the same lanes. */
static struct usage_times round_all(const struct usage_times *t)
{
	return (struct usage_times){rounded(t->start), rounded(t->cpp), rounded(t->staged),
		rounded(t->sent), rounded(t->started), rounded(t->compiled), rounded(t->finished),
		rounded(t->local), rounded(t->done)};
}

void report_add_job(struct report *r, const struct report_job *j)
{
	assert(j->node < (int)r->n_nodes);
	struct node *n = j->node >= 0 ? &r->nodes[j->node] : NULL;
	count(r, n, j);
	usage_add_job(
		r->usage, &(struct usage_job){j->source, n ? j->node : USAGE_HERE,
				  !j->remote && sched_is_overflow(j->reason), round_all(&j->t)});
	json_t *bytes = json_pack("{s:I, s:I, s:I}", "text", whole(j->bytes.text), "up",
		whole(j->bytes.up), "down", whole(j->bytes.down));
	json_t *cpu = json_pack("{s:o, s:o}", "local_s", report_seconds(j->cpu.local_s), "remote_s",
		report_seconds(j->cpu.remote_s));
	const char *input = !j->remote ? NULL : j->is_view ? "view" : "text";
	json_t *row = json_pack(
		"{s:I, s:o, s:o, s:o, s:s, s:o, s:o, s:s?, s:o, s:o, s:o, s:o, s:I, s:s?, s:b}",
		"id", whole(j->id), "source", report_text(j->source), "output",
		report_text(j->output), "compiler", report_text(j->compiler), "where",
		j->remote ? "node" : "local", "node", n ? report_text(n->name) : json_null(),
		"reason", report_text(j->reason), "input", input, "no_view",
		report_text(j->no_view ? j->no_view : ""), "t", format_times(&j->t), "bytes", bytes,
		"cpu", cpu, "retries", whole(j->retries), "checked", j->checked, "promised",
		!(j->remote && n->is_distccd));
	strv_push_take(&r->jobs, report_dump(row));
}

/* "2017-09-28T14:30:00Z" */
static json_t *instant(int64_t unix_s)
{
	struct tm tm = {0};
	gmtime_r(&(time_t){(time_t)unix_s}, &tm);
	return json_sprintf("%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
		tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static char *format_build(const struct report_build *b)
{
	json_t *args = json_array();
	for (char *const *arg = b->args; *arg; arg++)
		json_array_append_new(args, report_text(*arg));
	return report_dump(json_pack("{s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:I}", "started",
		instant(b->started_unix_s), "wall_s", report_seconds(b->wall_s), "cpu_s",
		report_seconds(b->cpu_s), "exit_status", b->exit_status, "make",
		report_text(b->make), "args", args, "cwd", report_text(b->cwd), "local_slots",
		whole(b->local_slots)));
}

unsigned report_suspicious(const struct report *r)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n_nodes; i++)
		n += r->nodes[i].suspicious ? r->nodes[i].outputs.n : 0;
	return (unsigned)n;
}

static char *format_node(const struct report *r, size_t i, const struct usage_frame *f)
{
	const struct node *n = &r->nodes[i];
	json_t *outputs = json_array();
	double busy_s;
	json_t *slots_busy = report_slots(r->usage, (int)i, f, &busy_s);
	for (size_t k = 0; n->suspicious && k < n->outputs.n; k++)
		json_array_append_new(outputs, report_text(n->outputs.v[k]));
	return report_dump(
		json_pack("{s:o, s:o, s:s, s:I, s:I, s:o, s:o, s:O, s:I, s:I, s:b, s:o, s:o}",
			"name", report_text(n->name), "address", report_text(n->address), "kind",
			n->is_distccd ? "distccd" : "farmnode", "slots", whole(n->slots), "jobs",
			whole(n->jobs), "busy_s", report_seconds(busy_s), "slots_busy_s",
			slots_busy, "present", n->present, "bytes_up", whole(n->up + n->contents),
			"bytes_down", whole(n->down), "lost", n->lost, "quarantine",
			report_text(n->quarantine), "suspicious", outputs));
}

static char *format_summary(
	const struct report *r, const struct report_build *b, const struct report_totals *t)
{
	double rate = b->wall_s > 0 ? (double)r->jobs.n / b->wall_s : 0;
	json_t *tokens = json_pack(
		"{s:I, s:I}", "lent_peak", whole(t->lent_peak), "lost", whole(t->tokens_lost));
	return report_dump(json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:o}", "jobs",
		whole(r->jobs.n), "remote", whole(r->remote), "local", whole(r->jobs.n - r->remote),
		"failed", whole(r->failed), "retried", whole(r->retried), "views", whole(r->views),
		"contents_up", whole(t->content_bytes), "checked", whole(r->checked), "suspicious",
		whole(report_suspicious(r)), "unpromised", whole(r->unpromised), "files_per_s",
		report_seconds(rate), "max_local_running", whole(t->max_local_running), "tokens",
		tokens));
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
	const struct usage_frame f = {.wall_s = b->wall_s, .local_slots = b->local_slots};
	_cleanup_free_ char *build = format_build(b), *sums = format_summary(r, b, t),
			    *usage = report_format_usage(r->usage, &f);
	struct strv nodes = {0};
	for (size_t i = 0; i < r->n_nodes; i++)
		strv_push_take(&nodes, format_node(r, i, &f));
	char *json = NULL;
	size_t size;
	FILE *out = open_memstream(&json, &size);
	assert(out);
	fprintf(out, "{\n\"schema\": \"farmmake-report/3\",\n\"build\": %s,\n", build);
	print_rows(out, "nodes", &nodes);
	print_rows(out, "jobs", &r->jobs);
	print_rows(out, "steps", &r->steps);
	fprintf(out, "\"usage\": %s,\n\"summary\": %s\n}\n", usage, sums);
	if (fclose(out) != 0)
		abort();
	strv_fini(&nodes);
	return json;
}
