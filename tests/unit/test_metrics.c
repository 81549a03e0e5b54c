#include "core/metrics.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char *write(const struct metrics *m)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	metrics_write(m, out);
	fclose(out);
	return text;
}

static const struct metrics some = {.node = "anvil",
	.version = "0.1.0",
	.slots = 4,
	.busy = 3,
	.waiting = 2,
	.clients = 1,
	.jail_level = 3,
	.toolchains = 2,
	.draining = true,
	.jobs = {1000000000000, 5, 4, 3, 2},
	.compile_us = 1500000,
	.moved_bytes = 123456789012345};

Test(metrics, every_value_has_a_head_and_a_line)
{
	static const char *const lines[] = {
		"# TYPE farmnode_slots gauge\nfarmnode_slots 4\n",
		"# TYPE farmnode_slots_busy gauge\nfarmnode_slots_busy 3\n",
		"\nfarmnode_jobs_waiting 2\n",
		"\nfarmnode_clients 1\n",
		"\nfarmnode_jail_level 3\n",
		"\nfarmnode_toolchains 2\n",
		"\nfarmnode_draining 1\n",
		"# TYPE farmnode_jobs_total counter\nfarmnode_jobs_total{outcome=\"ok\"} 1000000000000\n",
		"\nfarmnode_jobs_total{outcome=\"failed\"} 5\n",
		"\nfarmnode_jobs_total{outcome=\"refused\"} 4\n",
		"\nfarmnode_jobs_total{outcome=\"killed\"} 3\n",
		"\nfarmnode_jobs_total{outcome=\"limited\"} 2\n",
		"\nfarmnode_compile_seconds_total 1.5\n",
		"\nfarmnode_moved_bytes_total 123456789012345\n",
		"farmnode_info{node=\"anvil\",version=\"0.1.0\"} 1\n",
	};
	char *text = write(&some);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		cr_expect_not_null(strstr(text, lines[i]), "%s", lines[i]);
	free(text);
}

Test(metrics, names_cannot_end_a_label)
{
	struct metrics m = some;
	m.node = "a\"b\\c\nd";
	char *text = write(&m);
	cr_expect_not_null(strstr(text, "node=\"a\\\"b\\\\c\\nd\","), "%s", text);
	free(text);
}
