/* What became of the time of all cores, as a part of the report. */
#include "report_impl.h"

#include "base/str.h"
#include "core/limit.h"

enum { CHAIN_MAX = 500 };

json_t *report_slots(
	const struct usage *u, int place, const struct usage_frame *f, double *ret_busy_s)
{
	size_t n = usage_slots(u, place, f);
	_cleanup_free_ double *busy_s = xcalloc(n, sizeof *busy_s);
	usage_lanes(u, place, f, busy_s);
	json_t *row = json_array();
	*ret_busy_s = 0;
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(row, report_seconds(busy_s[i]));
		*ret_busy_s += busy_s[i];
	}
	return row;
}

static json_t *format_here(
	const struct usage *u, const struct usage_frame *f, const struct usage_sums *s)
{
	double busy_s;
	json_t *slots = report_slots(u, USAGE_HERE, f, &busy_s);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "slots_busy_s", slots, "compile_s",
		report_seconds(s->work_s[WORK_COMPILE]), "step_s",
		report_seconds(s->work_s[WORK_STEP]), "prepare_s",
		report_seconds(s->work_s[WORK_PREPARE]), "commit_s",
		report_seconds(s->work_s[WORK_COMMIT]), "overflow_s",
		report_seconds(s->work_s[WORK_OVERFLOW]), "idle_s", report_seconds(s->idle_here_s));
}

static json_t *format_nodes(const struct usage_sums *s)
{
	const double *idle_s = s->nodes_idle_s;
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "compile_s",
		report_seconds(s->nodes_busy_s), "link_s", report_seconds(idle_s[WAIT_LINK]),
		"credit_s", report_seconds(idle_s[WAIT_CREDIT]), "prepare_s",
		report_seconds(idle_s[WAIT_PREPARE]), "client_s",
		report_seconds(idle_s[WAIT_CLIENT]), "make_s", report_seconds(idle_s[WAIT_MAKE]),
		"absent_s", report_seconds(s->nodes_absent_s));
}

static json_t *format_chain(const struct usage *u)
{
	struct usage_link links[CHAIN_MAX];
	size_t n = usage_chain(u, links, CHAIN_MAX);
	json_t *rows = json_array();
	for (size_t i = n; i-- > 0;)
		json_array_append_new(
			rows, json_pack("{s:o, s:b, s:o, s:o}", "name", report_text(links[i].name),
				      "is_step", links[i].is_step, "begin",
				      report_seconds(links[i].begin), "end",
				      report_seconds(links[i].end)));
	return rows;
}

char *report_format_usage(const struct usage *u, const struct usage_frame *f)
{
	struct usage_sums s;
	usage_sum(u, f, &s);
	_cleanup_free_ char *text = NULL;
	enum limit limit = limit_find(&s, f->local_slots, &text);
	return report_dump(json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "here",
		format_here(u, f, &s), "nodes", format_nodes(&s), "here_full_s",
		report_seconds(s.here_full_wall_s), "nodes_full_s",
		report_seconds(s.nodes_full_wall_s), "lone_s", report_seconds(s.lone_wall_s),
		"limit", limit_name(limit), "limit_text", report_text(text), "chain",
		format_chain(u)));
}
