#include "jail_bench.h"

#include "base/err.h"
#include "base/fs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct jail_bench bench;

const char bench_text[] = "#include <stdarg.h>\n"
			  "struct point { int x, y; };\n"
			  "int f(struct point p) { return p.x * p.y + __LINE__; }\n"
			  "const char *g(void) { return __FILE__; }\n";

void bench_open_box(uint64_t memory_bytes, uint32_t wall_s)
{
	const struct jail_box_conf conf = {
		.binds = &bench.binds, .memory_bytes = memory_bytes, .wall_s = wall_s};
	jail_box_destroy(bench.box);
	bench.box = NULL;
	cr_assert_eq(jail_box_create(&conf, &bench.box), 0);
}

static void drop_outcome(void)
{
	for (size_t i = 0; i < STREAM_COUNT && bench.done; i++)
		if (bench.out.fd[i] >= 0)
			close(bench.out.fd[i]);
	bench.done = false;
}

void bench_tear_down(void)
{
	drop_outcome();
	cr_expect_eq(uv_loop_close(&bench.loop), 0, "handles are left");
	jail_box_destroy(bench.box);
	strv_fini(&bench.binds);
	fs_remove_tree(bench.dir);
	free(bench.dir);
}

void bench_set_up(void)
{
	cr_assert_eq(uv_loop_init(&bench.loop), 0);
	cr_assert_eq(fs_make_private_dir("/tmp", "farmjail-test-", &bench.dir), 0);
	cr_assert_eq(chmod(bench.dir, 0755), 0);
	strv_push(&bench.binds, bench.dir);
	bench_open_box((uint64_t)4 << 30, 30);
	char *why = NULL;
	int level;
	if (jail_box_self_test(bench.box, "/usr/bin/gcc", &level, &why) < 0) {
		static char reason[128];
		bool denied = strstr(why, "namespaces:") || strstr(why, "user map:");
		snprintf(reason, sizeof reason, "no user namespaces here: %s", why);
		free(why);
		cr_assert(denied, "%s", reason);
		bench_tear_down();
		cr_skip_test("%s", reason);
	}
}

void bench_on_done(void *ctx, struct jail_outcome *o)
{
	struct jail_bench *into = ctx;
	cr_assert_not(into->done, "told twice");
	into->out = *o;
	into->done = true;
}

int bench_text_fd(const char *text)
{
	int fd = memfd_create("text", MFD_CLOEXEC);
	cr_assert(fd >= 0);
	cr_assert_eq(fs_write_all(fd, text, strlen(text)), 0);
	return fd;
}

struct job_spec bench_spec(const char *cwd, const char *source, const char *output)
{
	return (struct job_spec){
		.cwd = xstrdup(cwd), .source = xstrdup(source), .output = xstrdup(output)};
}

/* Takes spec. */
struct jail *bench_start(const char *compiler, struct job_spec *spec, const char *text)
{
	drop_outcome();
	struct jail *j = NULL;
	const struct jail_order order = {.loop = &bench.loop,
		.box = bench.box,
		.compiler = compiler,
		.spec = spec,
		.text_fd = bench_text_fd(text),
		.on_done = bench_on_done,
		.ctx = &bench};
	int err = jail_start(&order, &j);
	cr_assert_eq(err, 0, "%s", err_str(err));
	cr_assert_not(bench.done, "on_done from inside jail_start");
	job_spec_fini(spec);
	return j;
}

struct jail_outcome *bench_run(const char *compiler, struct job_spec *spec, const char *text)
{
	bench_start(compiler, spec, text);
	uv_run(&bench.loop, UV_RUN_DEFAULT);
	cr_assert(bench.done);
	return &bench.out;
}

char *bench_contents(enum stream stream)
{
	static char none[] = "";
	if (bench.out.fd[stream] < 0)
		return xstrdup(none);
	size_t n = bench.out.bytes[stream];
	char *data = xcalloc(1, n + 1);
	cr_assert_eq(pread(bench.out.fd[stream], data, n, 0), (ssize_t)n);
	return data;
}

void bench_assert_compiled(void)
{
	_cleanup_free_ char *err = bench_contents(STREAM_STDERR);
	cr_assert_eq(bench.out.err, 0, "%s", bench.out.why);
	cr_assert_eq(bench.out.wait_status, 0, "%s", err);
	cr_assert_not(bench.out.over_limit);
	cr_assert_geq(bench.out.fd[STREAM_OUTPUT], 0);
	cr_assert_gt(bench.out.bytes[STREAM_OUTPUT], 0);
}
