/* report_made JOBS NODES - the report of a build that never was: for those who show reports. */
#include "core/report.h"

#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>

enum { NODE_SLOTS = 8, LOCAL_SLOTS = 4 };

static uint32_t seed = 1;

/* The same numbers every time. */
static double random_s(double most_s)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) / (double)(1 << 24) * most_s;
}

static void add_job(struct report *r, uint32_t id, double begin, int node)
{
	_cleanup_free_ char *source = xasprintf("drivers/part%u/file%u.c", id / 50, id),
			    *output = xasprintf("drivers/part%u/file%u.o", id / 50, id);
	double staged = begin + random_s(0.02), sent = staged + random_s(0.01),
	       started = sent + random_s(0.02), compiled = started + 0.1 + random_s(0.9),
	       finished = compiled + random_s(0.02);
	struct report_job j = {.id = id,
		.source = source,
		.output = output,
		.compiler = "/usr/bin/gcc",
		.remote = node >= 0,
		.node = node,
		.reason = node >= 0 ? "" : "the farm is fully fed",
		.is_view = true,
		.bytes = {200000, 0, 20000},
		.cpu = {0.002, compiled - started},
		.t = {begin, -1, staged, sent, started, compiled, finished, -1, finished + 0.002}};
	if (node < 0)
		j.t = (struct usage_times){begin, -1, -1, -1, -1, -1, -1, begin, begin + 0.5};
	report_add_job(r, &j);
}

int main(int argc, char **argv)
{
	unsigned jobs = argc > 1 ? (unsigned)atoi(argv[1]) : 10,
		 nodes = argc > 2 ? (unsigned)atoi(argv[2]) : 2;
	struct report *r = report_create();
	/* so many as keep the nodes nearly busy */
	double pause_s = 0.62 / (nodes * NODE_SLOTS), wall_s = jobs * pause_s + 2.5;
	for (unsigned i = 0; i < nodes; i++) {
		_cleanup_free_ char *name = xasprintf("board%02u", i + 1),
				    *address = xasprintf("10.0.0.%u:3634", i + 1);
		int node = report_add_node(
			r, &(struct report_node){
				   .name = name, .address = address, .slots = NODE_SLOTS});
		report_add_presence(r, node, 0.3, wall_s);
	}
	for (unsigned i = 0; i < jobs; i++)
		add_job(r, i + 1, 0.4 + i * pause_s, i % 40 == 7 ? -1 : (int)(i % nodes));
	for (double t = 0.5; t < wall_s - 2; t += 1.7)
		report_add_step(r,
			&(struct report_step){"ld", "ld -r -o built-in.a </script>", t, t + 0.4});
	report_add_step(
		r, &(struct report_step){"ld", "ld -o vmlinux", wall_s - 1.5, wall_s - 0.1});
	struct report_build b = {.started_unix_s = 1506609000,
		.wall_s = wall_s,
		.cpu_s = 1,
		.make = "make",
		.args = (char *const[]){(char *)"all", NULL},
		.cwd = "/home/u/linux",
		.local_slots = LOCAL_SLOTS};
	_cleanup_free_ char *json =
		report_to_json(r, &b, &(struct report_totals){.max_local_running = LOCAL_SLOTS});
	fputs(json, stdout);
	report_destroy(r);
	return fflush(stdout) == 0 ? 0 : 1;
}
