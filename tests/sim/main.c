/* sim - what to simulate, and what is printed of it.
 *
 *   sim golden DIR [--update]   the decisions of the short scenarios, compared with DIR/NAME.trace
 *   sim walk [SEEDS]            every scenario with so many seeds
 *   sim compare [SEEDS]         the same, beside a scheduler that only counts jobs
 *   sim scale                   the time per decision on 100 to 10000 cores
 */
#include "base/str.h"
#include "sim.h"

#include <string.h>

enum { GOLDEN = 3, JOBS_PER_CORE = 10, NS_MAX = 5000, NS_NOISE = 500 };

static bool differs(const char *path, const char *text)
{
	FILE *f = fopen(path, "r");
	if (!f) {
		perror(path);
		return true;
	}
	char line[1024];
	int number = 0;
	bool same = true;
	while (same && fgets(line, sizeof line, f)) {
		size_t n = strlen(line);
		number++;
		same = strncmp(text, line, n) == 0;
		if (same)
			text += n;
	}
	fclose(f);
	if (!same || *text)
		fprintf(stderr, "%s:%d: expected %s  decided  %.*s\n", path, number,
			same ? "the end\n" : line, (int)strcspn(text, "\n"), text);
	return !same || *text;
}

static int golden(const char *dir, bool update)
{
	int status = 0;
	for (size_t i = 0; i < GOLDEN; i++) {
		const struct sim_scenario *sc = sim_scenario(i);
		_cleanup_free_ char *path = xasprintf("%s/%s.trace", dir, sc->name);
		_cleanup_free_ char *text = NULL;
		size_t size;
		FILE *out = update ? fopen(path, "w") : open_memstream(&text, &size);
		if (!out) {
			perror(path);
			return 1;
		}
		sim_run(sc, 1, out);
		fclose(out);
		if (!update && differs(path, text))
			status = 1;
	}
	return status;
}

static int walk(unsigned seeds)
{
	const struct sim_scenario *sc;
	printf("%-22s %6s %6s %6s %6s %6s %8s %8s\n", "scenario", "remote", "local", "sent",
		"cancel", "killed", "s", "x bound");
	for (size_t i = 0; (sc = sim_scenario(i)); i++) {
		double s = 0, bound_s = 0;
		struct sim_stats r = {0};
		for (unsigned seed = 1; seed <= seeds; seed++) {
			r = sim_run(sc, seed, NULL);
			s += (double)r.makespan_us / 1e6;
			bound_s += (double)r.bound_us / 1e6;
		}
		printf("%-22s %6u %6u %6u %6u %6u %8.2f %8.3f\n", sc->name, r.remote, r.local,
			r.copies, r.cancelled, r.killed, s / seeds, s / bound_s);
	}
	return 0;
}

static double mean_s(const struct sim_scenario *sc, unsigned seeds, double *ret_bound_s)
{
	double us = 0, bound_us = 0;
	for (unsigned seed = 1; seed <= seeds; seed++) {
		struct sim_stats r = sim_run(sc, seed, NULL);
		us += (double)r.makespan_us;
		bound_us += (double)r.bound_us;
	}
	*ret_bound_s = bound_us / seeds / 1e6;
	return us / seeds / 1e6;
}

/* Nodes that differ are what learning is for: there it has to be better. */
static int compare(unsigned seeds)
{
	const struct sim_scenario *sc;
	int status = 0;
	printf("%-22s %9s %9s %9s %9s %9s\n", "scenario", "bound s", "s", "blind s", "x bound",
		"blind x");
	for (size_t i = 0; (sc = sim_scenario(i)); i++) {
		struct sim_scenario blind = *sc;
		double bound_s, s = mean_s(sc, seeds, &bound_s);
		blind.blind = true;
		double blind_s = mean_s(&blind, seeds, &bound_s);
		printf("%-22s %9.2f %9.2f %9.2f %9.3f %9.3f\n", sc->name, bound_s, s, blind_s,
			s / bound_s, blind_s / bound_s);
		if (str_starts(sc->name, "two-slow") && s >= blind_s)
			status = 1;
	}
	return status;
}

/* A step is timed by the clock, so some include a visit of another process: hence percentiles. */
static int scale(void)
{
	uint64_t first_ns = 0, ns = 0, most_ns = 0;
	printf("%6s %7s %9s %10s %10s %9s\n", "cores", "jobs", "steps", "ns, 50 %", "ns, 99 %",
		"x bound");
	for (unsigned cores = 100; cores <= 10000; cores *= 10) {
		struct sim_scenario sc = sim_scale(cores, cores * JOBS_PER_CORE);
		struct sim_stats r = sim_run(&sc, 1, NULL);
		ns = sim_percentile(&r, 50);
		most_ns = sim_percentile(&r, 99);
		first_ns = first_ns ? first_ns : ns;
		printf("%6u %7u %9lu %10lu %10lu %9.3f\n", cores, sc.jobs, (unsigned long)r.steps,
			(unsigned long)ns, (unsigned long)most_ns,
			(double)r.makespan_us / (double)r.bound_us);
	}
	/* log 10000 is twice log 100 */
	return most_ns > NS_MAX || ns > 2 * first_ns + NS_NOISE;
}

int main(int argc, char *argv[])
{
	const char *what = argc > 1 ? argv[1] : "";
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (strcmp(what, "golden") == 0 && argc > 2)
		return golden(argv[2], argc > 3 && strcmp(argv[3], "--update") == 0);
	if (strcmp(what, "walk") == 0)
		return walk(argc > 2 ? (unsigned)atoi(argv[2]) : 3);
	if (strcmp(what, "compare") == 0)
		return compare(argc > 2 ? (unsigned)atoi(argv[2]) : 3);
	if (strcmp(what, "scale") == 0)
		return scale();
	fprintf(stderr,
		"usage: sim golden DIR [--update] | walk [SEEDS] | compare [SEEDS] | scale\n");
	return 2;
}
