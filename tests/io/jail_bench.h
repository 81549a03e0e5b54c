/* jail_bench - what the tests of the jail share: one jail, one loop, the last job's outcome.
 *
 * Contract: bench_set_up and bench_tear_down are the suite's init and fini; without user namespaces
 * the first skips the test and says why.
 */
#pragma once

#include "io/jail.h"

struct jail_bench {
	uv_loop_t loop;
	struct jail_box *box;
	struct strv binds;
	char *dir; /* bound into the jail */
	bool done;
	struct jail_outcome out;
};

extern struct jail_bench bench;
extern const char bench_text[]; /* a small C source */

void bench_set_up(void);
void bench_tear_down(void);
/* Another jail, with these limits. */
void bench_open_box(uint64_t memory_bytes, uint32_t wall_s);

int bench_text_fd(const char *text);
struct job_spec bench_spec(const char *cwd, const char *source, const char *output);
/* Start and run take spec over. */
struct jail *bench_start(const char *compiler, struct job_spec *spec, const char *text);
struct jail_outcome *bench_run(const char *compiler, struct job_spec *spec, const char *text);
void bench_on_done(void *ctx, struct jail_outcome *o); /* ctx: struct jail_bench */

/* A stream of the last job; malloc'd, "" when there is none. */
char *bench_contents(enum stream stream);
void bench_assert_compiled(void);
