/* Each limit has a score, the seconds of the build in which it was what everything else waited for. The
 * highest is told.
 */
#include "core/limit.h"

#include "base/log.h"
#include "base/str.h"

/* What held the build up for less than that is no answer. */
#define LEAST_PART 0.1

struct facts {
	const struct usage_sums *s;
	unsigned local_slots;
};

static double per_node_core(const struct facts *f, double core_s)
{
	return f->s->nodes_peak ? core_s / f->s->nodes_peak : 0;
}

static double percent(double part, double all)
{
	return all > 0 ? 100 * part / all : 0;
}

static double score_client(const struct facts *f)
{
	return f->s->here_full_wall_s;
}

static double score_serial(const struct facts *f)
{
	return f->s->lone_wall_s;
}

static double score_nodes(const struct facts *f)
{
	return f->s->nodes_full_wall_s;
}

static double score_link(const struct facts *f)
{
	return per_node_core(f, f->s->nodes_idle_s[WAIT_LINK]);
}

/* What is done alone has been told already. */
static double score_make(const struct facts *f)
{
	double idle_s = f->s->nodes_peak
				? per_node_core(f, f->s->nodes_idle_s[WAIT_MAKE])
				: f->s->idle_here_s / (f->local_slots ? f->local_slots : 1);
	return idle_s > f->s->lone_wall_s ? idle_s - f->s->lone_wall_s : 0;
}

static char *tell_client(const struct facts *f)
{
	const struct usage_sums *s = f->s;
	double all = f->local_slots * s->wall_s;
	return xasprintf(
		"client-bound: all cores here were busy for %.0f %% of the build; compiles took %.0f %%, other "
		"recipes %.0f %%, preprocessing %.0f %%, results %.0f %%",
		percent(s->here_full_wall_s, s->wall_s), percent(s->work_s[WORK_COMPILE], all),
		percent(s->work_s[WORK_STEP], all), percent(s->work_s[WORK_PREPARE], all),
		percent(s->work_s[WORK_COMMIT], all));
}

static char *tell_serial(const struct facts *f)
{
	const struct usage_sums *s = f->s;
	char name[100];
	return xasprintf("serial: %.1f s with one thing at a time, %.1f s of it the %s %s",
		s->lone_wall_s, s->longest_lone_s,
		s->longest_lone_is_step ? "recipe" : "compile of",
		log_escape(s->longest_lone, name, sizeof name));
}

static char *tell_nodes(const struct facts *f)
{
	return xasprintf(
		"too few nodes: their %u cores, or nearly all, were busy for %.0f %% of the build, and jobs waited",
		f->s->nodes_peak, percent(f->s->nodes_full_wall_s, f->s->wall_s));
}

static char *tell_link(const struct facts *f)
{
	return xasprintf(
		"link-bound: the nodes' cores were idle for %.0f %% of the build while jobs and results were on "
		"their way",
		percent(score_link(f), f->s->wall_s));
}

static char *tell_make(const struct facts *f)
{
	return xasprintf(
		"make-bound: %s idle for %.0f %% of the build, and make had nothing else to run",
		f->s->nodes_peak ? "the nodes' cores were" : "cores here were",
		percent(score_make(f), f->s->wall_s));
}

static const struct {
	const char *name;
	double (*score)(const struct facts *f);
	char *(*tell)(const struct facts *f);
} limits[LIMIT_COUNT] = {
	[LIMIT_NONE] = {"none", NULL, NULL},
	[LIMIT_CLIENT] = {"client", score_client, tell_client},
	[LIMIT_SERIAL] = {"serial", score_serial, tell_serial},
	[LIMIT_NODES] = {"nodes", score_nodes, tell_nodes},
	[LIMIT_LINK] = {"link", score_link, tell_link},
	[LIMIT_MAKE] = {"make", score_make, tell_make},
};

const char *limit_name(enum limit l)
{
	return limits[l].name;
}

enum limit limit_find(const struct usage_sums *s, unsigned local_slots, char **ret_text)
{
	const struct facts f = {s, local_slots};
	enum limit best = LIMIT_NONE;
	double best_s = s->wall_s * LEAST_PART;
	for (enum limit l = LIMIT_NONE + 1; l < LIMIT_COUNT; l++) {
		double score_s = limits[l].score(&f);
		if (score_s > best_s) {
			best = l;
			best_s = score_s;
		}
	}
	*ret_text = best == LIMIT_NONE ? xstrdup("") : limits[best].tell(&f);
	return best;
}
