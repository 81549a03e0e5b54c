/* A report told in a few lines: how long, where the files went, why some stayed here, each node. */
#include "report_schema.h"

#include "base/log.h"
#include "base/str.h"
#include "core/report.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { REASONS_SHOWN = 4, NODES_SHOWN = 6, LINKS_SHOWN = 4, NAME_BYTES = 100, LIMIT_BYTES = 400 };

struct tally {
	const char *reason;
	size_t n;
};

struct traffic {
	double text, up, down; /* bytes; text is what was sent, before packing */
};

static double number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static size_t count(const json_t *object, const char *key)
{
	return (size_t)json_integer_value(json_object_get(object, key));
}

static const char *string(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool is_local(const json_t *job)
{
	return strcmp(string(job, "where"), "local") == 0;
}

static double ratio(double a, double b)
{
	return b > 0 ? a / b : 0;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_number(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;
	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return strcmp(x->reason, y->reason);
}

static int by_jobs(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	size_t n = count(x, "jobs"), m = count(y, "jobs");
	if (n != m)
		return n < m ? 1 : -1;
	return strcmp(string(x, "name"), string(y, "name"));
}

/* What a job is counted under; NULL: nothing. */
typedef const char *(*reason_fn)(const json_t *job);

static const char *reason_of_local(const json_t *job)
{
	return is_local(job) ? string(job, "reason") : NULL;
}

static const char *reason_of_text(const json_t *job)
{
	return is_local(job) || !*string(job, "no_view") ? NULL : string(job, "no_view");
}

/* Each reason with its number, the commonest first. Returns how many. */
static size_t tally_reasons(const json_t *jobs, reason_fn reason_of, struct tally **ret)
{
	size_t n = 0, n_jobs = json_array_size(jobs), n_tallies = 0;
	_cleanup_free_ const char **reasons = xcalloc(n_jobs, sizeof *reasons);
	for (size_t i = 0; i < n_jobs; i++) {
		const char *reason = reason_of(json_array_get(jobs, i));
		if (reason)
			reasons[n++] = reason;
	}
	qsort(reasons, n, sizeof *reasons, by_text);
	struct tally *tallies = xcalloc(n, sizeof *tallies);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || strcmp(reasons[i - 1], reasons[i]) != 0)
			tallies[n_tallies++].reason = reasons[i];
		tallies[n_tallies - 1].n++;
	}
	qsort(tallies, n_tallies, sizeof *tallies, by_number);
	*ret = tallies;
	return n_tallies;
}

static struct traffic sum_traffic(const json_t *jobs)
{
	struct traffic sum = {0};
	for (size_t i = 0; i < json_array_size(jobs); i++) {
		const json_t *bytes = json_object_get(json_array_get(jobs, i), "bytes");
		sum.up += number(bytes, "up");
		sum.down += number(bytes, "down");
		if (count(bytes, "up") > 0)
			sum.text += number(bytes, "text");
	}
	return sum;
}

static void print_build(FILE *out, const json_t *build, const json_t *sums)
{
	size_t jobs = count(sums, "jobs"), failed = count(sums, "failed");
	fprintf(out, "%zu file%s in %.2f s", jobs, plural(jobs), number(build, "wall_s"));
	if (jobs)
		fprintf(out, ", %.1f per second", number(sums, "files_per_s"));
	if (failed)
		fprintf(out, ", %zu failed", failed);
	fprintf(out, "; exit status %d\n", (int)number(build, "exit_status"));
}

static int by_length(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	double n = number(x, "end") - number(x, "begin"), m = number(y, "end") - number(y, "begin");
	return (n < m) - (n > m);
}

/* malloc'd. */
static json_t **sort_rows(const json_t *rows, int (*order)(const void *a, const void *b))
{
	size_t n = json_array_size(rows);
	json_t **sorted = xcalloc(n, sizeof *sorted);
	for (size_t i = 0; i < n; i++)
		sorted[i] = json_array_get(rows, i);
	qsort(sorted, n, sizeof *sorted, order);
	return sorted;
}

static void print_limit(FILE *out, const json_t *usage)
{
	const json_t *chain = json_object_get(usage, "chain");
	const char *limit = string(usage, "limit_text");
	char shown[LIMIT_BYTES];
	if (*limit)
		fprintf(out, "  %s\n", log_escape(limit, shown, sizeof shown));
	size_t n = json_array_size(chain);
	_cleanup_free_ json_t **sorted = sort_rows(chain, by_length);
	for (size_t i = 0; i < n && i < LINKS_SHOWN; i++)
		fprintf(out, "%s %s %.1f s", i ? "," : "  its end hung on:",
			log_escape(string(sorted[i], "name"), shown, NAME_BYTES),
			number(sorted[i], "end") - number(sorted[i], "begin"));
	if (n)
		fputs(n > LINKS_SHOWN ? ", ...\n" : "\n", out);
}

static void print_reasons(FILE *out, const json_t *jobs, reason_fn reason_of)
{
	struct tally *tallies = NULL;
	size_t n = tally_reasons(jobs, reason_of, &tallies);
	for (size_t i = 0; i < n && i < REASONS_SHOWN; i++) {
		char shown[NAME_BYTES];
		log_escape(tallies[i].reason, shown, sizeof shown);
		fprintf(out, "  %12zu  %s\n", tallies[i].n, *shown ? shown : "no reason given");
	}
	if (n > REASONS_SHOWN)
		fprintf(out, "%14s  and for %zu other reason%s\n", "", n - REASONS_SHOWN,
			plural(n - REASONS_SHOWN));
	free(tallies);
}

static void print_inputs(FILE *out, const json_t *sums, const json_t *jobs)
{
	size_t remote = count(sums, "remote"), views = count(sums, "views");
	char up[STR_BYTES_MAX];
	if (!views)
		return;
	fprintf(out, "            %4zu read there (%s of sources sent), %zu preprocessed here\n",
		views, str_bytes(number(sums, "contents_up"), up), remote - views);
	print_reasons(out, jobs, reason_of_text);
}

static void print_places(FILE *out, const json_t *doc)
{
	const json_t *sums = json_object_get(doc, "summary"), *jobs = json_object_get(doc, "jobs");
	size_t remote = count(sums, "remote"), retried = count(sums, "retried");
	size_t slots = count(json_object_get(doc, "build"), "local_slots");
	if (!count(sums, "jobs"))
		return;
	fprintf(out, "  on nodes  %4zu (%.1f %%)", remote,
		100 * ratio((double)remote, number(sums, "jobs")));
	if (retried)
		fprintf(out, ", %zu of all sent more than once", retried);
	fputs("\n", out);
	print_inputs(out, sums, jobs);
	fprintf(out, "  here      %4zu, at most %zu at once on %zu slot%s\n", count(sums, "local"),
		count(sums, "max_local_running"), slots, plural(slots));
	print_reasons(out, jobs, reason_of_local);
}

static void print_checks(FILE *out, const json_t *doc)
{
	size_t checked = count(json_object_get(doc, "summary"), "checked"), differ = 0, n = 0;
	const json_t *jobs = json_object_get(doc, "jobs");
	for (size_t i = 0; i < json_array_size(jobs); i++) {
		const char *how = string(json_array_get(jobs, i), "checked");
		differ += how && strcmp(how, "differs") == 0;
		n += how && strcmp(how, "same") == 0;
	}
	if (checked)
		fprintf(out, "  checked   %4zu: %zu the same, %zu different, %zu unclear\n",
			checked, n, differ, checked - n - differ);
}

static void print_unpromised(FILE *out, const json_t *doc)
{
	size_t n = count(json_object_get(doc, "summary"), "unpromised");
	if (n)
		fprintf(out,
			"  of distccds %2zu, which may differ from what the compiler here makes "
			"(--farm-identical)\n",
			n);
}

static void print_traffic(FILE *out, const json_t *doc)
{
	const json_t *tokens = json_object_get(json_object_get(doc, "summary"), "tokens");
	struct traffic sum = sum_traffic(json_object_get(doc, "jobs"));
	char up[STR_BYTES_MAX], down[STR_BYTES_MAX], text[STR_BYTES_MAX];
	if (sum.up > 0)
		fprintf(out, "  sent %s (%s of text, %.1f:1), received %s\n", str_bytes(sum.up, up),
			str_bytes(sum.text, text), ratio(sum.text, sum.up),
			str_bytes(sum.down, down));
	size_t peak = count(tokens, "lent_peak"), lost = count(tokens, "lost");
	if (peak || lost)
		fprintf(out, "  tokens: at most %zu lent, %zu lost\n", peak, lost);
}

static void print_node(FILE *out, const json_t *node, double wall_s)
{
	char name[NAME_BYTES], address[NAME_BYTES], up[STR_BYTES_MAX], down[STR_BYTES_MAX];
	size_t slots = count(node, "slots"), jobs = count(node, "jobs");
	double busy = ratio(number(node, "busy_s"), (double)slots * wall_s);
	fprintf(out, "  %s (%s): %zu file%s on %zu slot%s, %.0f %% busy; %s up, %s down%s\n",
		log_escape(string(node, "name"), name, sizeof name),
		log_escape(string(node, "address"), address, sizeof address), jobs, plural(jobs),
		slots, plural(slots), 100 * busy, str_bytes(number(node, "bytes_up"), up),
		str_bytes(number(node, "bytes_down"), down),
		json_is_true(json_object_get(node, "lost")) ? "; was lost" : "");
	const char *why = string(node, "quarantine");
	size_t suspicious = json_array_size(json_object_get(node, "suspicious"));
	if (*why)
		fprintf(out, "    in quarantine: it %s\n", log_escape(why, name, sizeof name));
	if (suspicious)
		fprintf(out, "    %zu file%s of it %s suspicious\n", suspicious, plural(suspicious),
			suspicious == 1 ? "is" : "are");
}

static void print_nodes(FILE *out, const json_t *doc)
{
	const json_t *nodes = json_object_get(doc, "nodes");
	double wall_s = number(json_object_get(doc, "build"), "wall_s");
	size_t n = json_array_size(nodes);
	_cleanup_free_ json_t **sorted = sort_rows(nodes, by_jobs);
	for (size_t i = 0; i < n && i < NODES_SHOWN; i++)
		print_node(out, sorted[i], wall_s);
	if (n > NODES_SHOWN)
		fprintf(out, "  and %zu more node%s\n", n - NODES_SHOWN, plural(n - NODES_SHOWN));
	if (n == 0)
		fputs("  no nodes\n", out);
}

int report_summary(const char *json, char **ret_text, char **ret_why)
{
	json_t *doc;
	int err = report_load(json, &doc, ret_why);
	if (err)
		return err;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert(out);
	print_build(out, json_object_get(doc, "build"), json_object_get(doc, "summary"));
	print_limit(out, json_object_get(doc, "usage"));
	print_places(out, doc);
	print_checks(out, doc);
	print_unpromised(out, doc);
	print_traffic(out, doc);
	print_nodes(out, doc);
	if (fclose(out) != 0)
		abort();
	json_decref(doc);
	*ret_text = text;
	return 0;
}
