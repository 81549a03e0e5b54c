/* Files are matched by their outputs. What a file took is what somebody waits for: from the wrapper's question
 * to its end; where it was compiled is told besides.
 */
#include "doc.h"
#include "forms.h"

#include "base/log.h"
#include "base/str.h"

#include <string.h>

enum { SHOWN = 10, NAME_BYTES = 80 };

struct pair {
	const json_t *now, *then;
	double change_s;
};

static double length_of(const json_t *job)
{
	return doc_time(job, "done") - doc_time(job, "start");
}

static int by_output(const void *a, const void *b)
{
	return strcmp(doc_string(*(json_t *const *)a, "output"),
		doc_string(*(json_t *const *)b, "output"));
}

static int by_change(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	return (x->change_s < y->change_s) - (x->change_s > y->change_s);
}

static json_t **sort_jobs(const json_t *doc, size_t *ret_n)
{
	const json_t *jobs = json_object_get(doc, "jobs");
	*ret_n = json_array_size(jobs);
	json_t **sorted = xcalloc(*ret_n, sizeof *sorted);
	for (size_t i = 0; i < *ret_n; i++)
		sorted[i] = json_array_get(jobs, i);
	qsort(sorted, *ret_n, sizeof *sorted, by_output);
	return sorted;
}

/* Those that both have, malloc'd. *ret_added, *ret_gone: how many only one has. */
static struct pair *match(
	const json_t *doc, const json_t *old, size_t *ret_n, size_t *ret_added, size_t *ret_gone)
{
	size_t n, m, i = 0, k = 0;
	_cleanup_free_ json_t **now = sort_jobs(doc, &n), **then = sort_jobs(old, &m);
	struct pair *pairs = xcalloc(n, sizeof *pairs);
	*ret_n = 0;
	while (i < n && k < m) {
		int order = by_output(&now[i], &then[k]);
		if (order == 0)
			pairs[(*ret_n)++] = (struct pair){
				now[i], then[k], length_of(now[i]) - length_of(then[k])};
		i += order <= 0;
		k += order >= 0;
	}
	*ret_added = n - *ret_n;
	*ret_gone = m - *ret_n;
	return pairs;
}

static void print_pair(FILE *out, const struct pair *p)
{
	char name[NAME_BYTES];
	const char *now = doc_string(p->now, "where"), *then = doc_string(p->then, "where");
	fprintf(out, "  %+7.2f s  %s: %.2f s, was %.2f s", p->change_s,
		log_escape(doc_string(p->now, "source"), name, sizeof name), length_of(p->now),
		length_of(p->then));
	if (strcmp(now, then) != 0)
		fprintf(out, " (%s, was %s)", now, then);
	fputs("\n", out);
}

static void print_sums(FILE *out, const json_t *doc, const json_t *old)
{
	const json_t *now = json_object_get(doc, "build"), *then = json_object_get(old, "build");
	double a = doc_number(now, "wall_s"), b = doc_number(then, "wall_s");
	fprintf(out, "%.2f s, was %.2f s", a, b);
	if (b > 0)
		fprintf(out, " (%+.0f %%)", 100 * (a - b) / b);
	fprintf(out, "; %.0f of %.0f files on nodes, were %.0f of %.0f\n",
		doc_number(json_object_get(doc, "summary"), "remote"),
		doc_number(json_object_get(doc, "summary"), "jobs"),
		doc_number(json_object_get(old, "summary"), "remote"),
		doc_number(json_object_get(old, "summary"), "jobs"));
}

static void print_limit(FILE *out, const char *when, const json_t *doc)
{
	char text[300];
	const char *limit = doc_string(json_object_get(doc, "usage"), "limit_text");
	if (*limit)
		fprintf(out, "  %s %s\n", when, log_escape(limit, text, sizeof text));
}

void form_comparison(const json_t *doc, const json_t *old, FILE *out)
{
	size_t n, added, gone;
	_cleanup_free_ struct pair *pairs = match(doc, old, &n, &added, &gone);
	qsort(pairs, n, sizeof *pairs, by_change);
	print_sums(out, doc, old);
	print_limit(out, "now: ", doc);
	print_limit(out, "then:", old);
	for (size_t i = 0; i < n && i < SHOWN && pairs[i].change_s > 0; i++) {
		if (i == 0)
			fputs("slower:\n", out);
		print_pair(out, &pairs[i]);
	}
	for (size_t i = 0; i < n && i < SHOWN && pairs[n - 1 - i].change_s < 0; i++) {
		if (i == 0)
			fputs("faster:\n", out);
		print_pair(out, &pairs[n - 1 - i]);
	}
	if (added || gone)
		fprintf(out, "%zu new, %zu no more\n", added, gone);
}
