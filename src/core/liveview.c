/* From the top: the build, this machine, the nodes, and whatever is at work, as much of it as there is room for. */
#include "core/liveview.h"

#include "base/log.h"
#include "base/str.h"

#include <stdarg.h>
#include <string.h>

enum { NAME_BYTES = 200, LINE_BYTES = 1024, HEAD_LINES = 4, NODE_PART = 2 };

static const char *const sorts[LIVEVIEW_SORTS] = {"time", "node", "source"};

const char *liveview_sort_name(enum liveview_sort s)
{
	return sorts[s];
}

const char *liveview_time(double s, char out[static LIVEVIEW_TIME_BYTES])
{
	unsigned long n = s > 0 ? (unsigned long)s : 0;
	if (n >= 3600)
		snprintf(out, LIVEVIEW_TIME_BYTES, "%lu:%02lu:%02lu", n / 3600 % 100000,
			n / 60 % 60, n % 60);
	else
		snprintf(out, LIVEVIEW_TIME_BYTES, "%lu:%02lu", n / 60, n % 60);
	return out;
}

struct page {
	const struct live *l;
	const struct liveview *v;
	double now;
	struct liveview_lines *out;
};

__attribute__((format(printf, 3, 4))) static void put(
	struct page *p, bool is_head, const char *fmt, ...)
{
	char text[LINE_BYTES];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	size_t width = p->v->width < LINE_BYTES ? p->v->width : LINE_BYTES - 1;
	text[width] = '\0';
	vec_push(p->out, (struct liveview_line){xstrdup(text), is_head});
}

static void put_build(struct page *p)
{
	char make[NAME_BYTES], dir[NAME_BYTES], time[LIVEVIEW_TIME_BYTES],
		right[NAME_BYTES + LIVEVIEW_TIME_BYTES];
	snprintf(right, sizeof right, "%s  %s", log_escape(p->l->dir, dir, sizeof dir),
		liveview_time(p->l->over ? p->l->t : p->now, time));
	log_escape(p->l->make, make, sizeof make);
	int room = (int)p->v->width - (int)strlen(right) - 2;
	if (room < (int)strlen(make) && room < (int)p->v->width / 2)
		put(p, true, "%-*s  %s", (int)p->v->width - 2 - (int)strlen(time), make, time);
	else
		put(p, true, "%-*.*s  %s", room, room, make, right);
}

static void put_files(struct page *p)
{
	const struct live *l = p->l;
	char left[LIVEVIEW_TIME_BYTES], expected[64] = "", more[100] = "";
	double left_s = live_left_s(l, p->now);
	if (l->expected > 0)
		snprintf(expected, sizeof expected, " of about %llu (%.0f %%)",
			(unsigned long long)l->expected,
			100.0 * (l->done < l->expected ? l->done : (double)l->expected) /
				(double)l->expected);
	if (l->over)
		snprintf(more, sizeof more, "   make has ended with %lld", (long long)l->status);
	else if (left_s >= 0)
		snprintf(more, sizeof more, "   %s left", liveview_time(left_s, left));
	put(p, false, "files   %u%s, %u on nodes   %.1f/s%s", l->done, expected, l->on_nodes,
		live_rate(l, l->over ? l->t : p->now), more);
}

static void put_here(struct page *p)
{
	const struct live *l = p->l;
	char failed[32] = "";
	if (l->failed)
		snprintf(failed, sizeof failed, "   %u failed", l->failed);
	put(p, false, "here    %u of %llu slots   %llu tokens lent%s%s", live_here(l),
		(unsigned long long)l->slots, (unsigned long long)l->lent, failed,
		l->is_short ? "   memory is short" : "");
}

static int by_use(const void *a, const void *b)
{
	const struct live_node *x = *(const struct live_node *const *)a,
			       *y = *(const struct live_node *const *)b;
	if (!x->why != !y->why)
		return x->why ? 1 : -1;
	if (x->running != y->running)
		return x->running < y->running ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void put_node(struct page *p, const struct live_node *n)
{
	char name[NAME_BYTES], why[NAME_BYTES], link[STR_BYTES_MAX], speed[16] = "-";
	if (n->speed)
		snprintf(speed, sizeof speed, "%.2f", (double)n->speed / 100);
	put(p, false, "%-16.16s %3u/%-3llu %5u %6u  %6s %8s  %4llu  %s%s",
		log_escape(n->name, name, sizeof name), n->running, (unsigned long long)n->slots,
		n->waiting, n->done, speed, str_bytes(n->rate, link), (unsigned long long)n->level,
		n->why ? "gone: " : "", n->why ? log_escape(n->why, why, sizeof why) : "");
}

static void put_nodes(struct page *p, size_t room)
{
	const struct live *l = p->l;
	_cleanup_free_ const struct live_node **sorted = xcalloc(l->nodes.n, sizeof *sorted);
	for (size_t i = 0; i < l->nodes.n; i++)
		sorted[i] = &l->nodes.v[i];
	qsort(sorted, l->nodes.n, sizeof *sorted, by_use);
	put(p, true, "%-16s %7s %5s %6s  %6s %8s  %4s", "NODE", "SLOTS", "QUEUE", "DONE", "SPEED",
		"LINK/s", "JAIL");
	size_t shown = l->nodes.n <= room ? l->nodes.n : room ? room - 1 : 0;
	for (size_t i = 0; i < shown; i++)
		put_node(p, sorted[i]);
	if (shown < l->nodes.n && room)
		put(p, false, "and %zu more", l->nodes.n - shown);
	if (l->nodes.n == 0 && room)
		put(p, false, "none yet");
}

/* Something at work, here or there. */
struct task {
	const char *what, *source, *where;
	double since;
};

static const char *const words[JOURNAL_PHASES] = {[JOURNAL_ASKED] = "waits",
	[JOURNAL_PREPARE] = "prepare",
	[JOURNAL_READY] = "ready",
	[JOURNAL_SENT] = "sent",
	[JOURNAL_RUNNING] = "compile",
	[JOURNAL_RETURNED] = "returned",
	[JOURNAL_BACK] = "result",
	[JOURNAL_HERE] = "compile"};

static struct task task_of_job(const struct live *l, const struct live_job *j)
{
	const struct live_node *n = j->node ? live_find_node(l, j->node) : NULL;
	bool away = n && (j->phase == JOURNAL_SENT || j->phase == JOURNAL_RUNNING);
	return (struct task){words[j->phase], j->source, away ? n->name : "here", j->since};
}

static int by_time(const void *a, const void *b)
{
	const struct task *x = a, *y = b;
	if (x->since != y->since)
		return x->since < y->since ? -1 : 1;
	return strcmp(x->source, y->source);
}

static int by_node(const void *a, const void *b)
{
	const struct task *x = a, *y = b;
	int order = strcmp(x->where, y->where);
	return order ? order : by_time(a, b);
}

static int by_source(const void *a, const void *b)
{
	const struct task *x = a, *y = b;
	int order = strcmp(x->source, y->source);
	return order ? order : by_time(a, b);
}

static bool is_wanted(const struct task *t, const char *filter)
{
	return !filter || !*filter || strstr(t->source, filter) || strstr(t->where, filter) ||
	       strstr(t->what, filter);
}

/* malloc'd */
static struct task *collect(const struct page *p, size_t *ret_n)
{
	static int (*const orders[LIVEVIEW_SORTS])(const void *a, const void *b) = {
		by_time, by_node, by_source};
	const struct live *l = p->l;
	struct task *tasks = xcalloc(l->jobs.n + l->steps.n, sizeof *tasks);
	size_t n = 0;
	for (size_t i = 0; i < l->jobs.n; i++) {
		tasks[n] = task_of_job(l, &l->jobs.v[i]);
		n += is_wanted(&tasks[n], p->v->filter);
	}
	for (size_t i = 0; i < l->steps.n; i++) {
		tasks[n] = (struct task){
			l->steps.v[i].name, l->steps.v[i].command, "here", l->steps.v[i].begin};
		n += is_wanted(&tasks[n], p->v->filter);
	}
	qsort(tasks, n, sizeof *tasks, orders[p->v->sort]);
	*ret_n = n;
	return tasks;
}

static void put_tasks(struct page *p, size_t room)
{
	size_t n;
	_cleanup_free_ struct task *tasks = collect(p, &n);
	put(p, true, "%7s  %-16s %-10s %s", "TIME", "WHERE", "WHAT", "SOURCE");
	size_t first = p->v->scroll < n ? p->v->scroll : n ? n - 1 : 0;
	for (size_t i = first; i < n && i < first + room; i++) {
		char where[NAME_BYTES], what[NAME_BYTES], source[NAME_BYTES];
		put(p, false, "%7.1f  %-16.16s %-10.10s %s", p->now - tasks[i].since,
			log_escape(tasks[i].where, where, sizeof where),
			log_escape(tasks[i].what, what, sizeof what),
			log_escape(tasks[i].source, source, sizeof source));
	}
}

void liveview_layout(
	const struct live *l, const struct liveview *v, double now, struct liveview_lines *ret)
{
	struct page p = {l, v, now, ret};
	size_t rest = v->height > HEAD_LINES + 3 ? v->height - HEAD_LINES - 3
						 : 0; /* two heads, and one between */
	size_t nodes = l->nodes.n ? l->nodes.n : 1;
	if (nodes > rest / NODE_PART)
		nodes = rest / NODE_PART;
	put_build(&p);
	put_files(&p);
	put_here(&p);
	put(&p, false, "%s", "");
	put_nodes(&p, nodes);
	put(&p, false, "%s", "");
	put_tasks(&p, rest - nodes);
	while (ret->n < v->height)
		put(&p, false, "%s", "");
	while (ret->n > v->height)
		free(ret->v[--ret->n].text);
}

void liveview_free(struct liveview_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		free(lines->v[i].text);
	vec_fini(lines);
}

const char *liveview_progress(const struct live *l, double now, char *out, size_t width)
{
	char left[LIVEVIEW_TIME_BYTES], expected[48] = "", estimate[48] = "", text[LINE_BYTES];
	unsigned up = 0, running = 0;
	for (size_t i = 0; i < l->nodes.n; i++) {
		up += !l->nodes.v[i].why;
		running += l->nodes.v[i].running;
	}
	double left_s = live_left_s(l, now);
	if (l->expected)
		snprintf(expected, sizeof expected, " of about %llu",
			(unsigned long long)l->expected);
	if (left_s >= 0)
		snprintf(estimate, sizeof estimate, ", %s left", liveview_time(left_s, left));
	snprintf(text, sizeof text,
		"farmmake: %u%s files, %.1f/s; %u compile%s on %u node%s, %u here%s", l->done,
		expected, live_rate(l, now), running, running == 1 ? "" : "s", up,
		up == 1 ? "" : "s", live_here(l), estimate);
	snprintf(out, width + 1, "%s", text);
	return out;
}
