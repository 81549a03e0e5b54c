/* report_samples - a build, a node and two jobs, for tests of reports. */
#pragma once

#include "core/report.h"

static const struct report_build build = {
	.started_unix_s = 1506609000,
	.wall_s = 4.0,
	.cpu_s = 0.25,
	.exit_status = 2,
	.make = "make",
	.args = (char *const[]){(char *)"-k", (char *)"CC=gcc -m32", NULL},
	.cwd = "/home/u/src",
	.local_slots = 2,
};
static const struct report_totals totals = {
	.max_local_running = 2, .lent_peak = 8, .tokens_lost = 0};

static const struct report_node board = {.name = "board1", .address = "10.0.0.7:3634", .slots = 4};

static inline struct report_job away(uint32_t id, int node)
{
	return (struct report_job){
		.id = id,
		.source = "src/a.c",
		.output = "a.o",
		.compiler = "/usr/bin/gcc",
		.remote = true,
		.node = node,
		.reason = "",
		.t = {0.1 + 0.2, 0.5, 0.75, 1, 1.25, 3, 3.25, -1, 3.5},
		.bytes = {5000, 1000, 500},
		.cpu = {0.05, 1.9},
	};
}

static inline struct report_job here(uint32_t id, const char *reason)
{
	return (struct report_job){
		.id = id,
		.source = "src/b.c",
		.output = "b.o",
		.compiler = "/usr/bin/gcc",
		.node = -1,
		.reason = reason,
		.t = {0.5, -1, -1, -1, -1, -1, -1, 0.5, 2},
		.cpu = {1.5, 0},
	};
}
