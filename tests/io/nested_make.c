/* nested_make SLOTS MAKE [ARG]... - runs MAKE under a jobserver that is nested in the one MAKEFLAGS
 * names. Says on stdout whether it could join, how many tokens it held at most and how many are
 * missing. */
#include "base/err.h"
#include "base/fs.h"
#include "io/jobserver.h"

#include <stdio.h>
#include <string.h>

enum { CHILD_FDS = 16, EXIT_BROKEN = 99 };

struct run {
	struct jobserver *js;
	unsigned peak;
	int64_t status;
	uv_timer_t sample;
};

static void on_repaid(void *ctx, unsigned n)
{
	(void)ctx, (void)n;
}

static void on_exit_of_make(uv_process_t *process, int64_t status, int signal)
{
	struct run *r = process->data;
	r->status = signal ? 128 + signal : status;
	uv_close((uv_handle_t *)process, NULL);
	uv_close((uv_handle_t *)&r->sample, NULL);
}

static void on_sample(uv_timer_t *timer)
{
	struct run *r = timer->data;
	unsigned base = jobserver_ledger(r->js)->base;
	r->peak = base > r->peak ? base : r->peak;
}

static int spawn(uv_loop_t *loop, uv_process_t *process, struct run *r, char **argv)
{
	uv_stdio_container_t stdio[CHILD_FDS] = {0};
	for (int i = 0; i < 3; i++)
		stdio[i] = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = i};
	int read_fd, write_fd, child_r, child_w;
	jobserver_fds(r->js, &read_fd, &write_fd, &child_r, &child_w);
	if (read_fd >= 0) {
		stdio[child_r] = (uv_stdio_container_t){UV_INHERIT_FD, .data.fd = read_fd};
		stdio[child_w] = (uv_stdio_container_t){UV_INHERIT_FD, .data.fd = write_fd};
	}
	_cleanup_free_ char *flags = jobserver_makeflags(r->js, NULL);
	setenv("MAKEFLAGS", flags, 1);
	uv_process_options_t options = {.exit_cb = on_exit_of_make,
		.file = argv[0],
		.args = argv,
		.stdio_count = CHILD_FDS,
		.stdio = stdio};
	process->data = r;
	return uv_spawn(loop, process, &options);
}

static int run(uv_loop_t *loop, char **argv, struct jobserver_conf *conf)
{
	struct run r = {0};
	int err = jobserver_create(conf, &r.js);
	if (err == ERR_STATE) {
		puts("not joined");
		return 0;
	}
	if (err)
		return EXIT_BROKEN;
	uv_timer_init(loop, &r.sample);
	r.sample.data = &r;
	uv_timer_start(&r.sample, on_sample, 2, 2);
	uv_process_t process;
	if (spawn(loop, &process, &r, argv) < 0)
		return EXIT_BROKEN;
	uv_run(loop, UV_RUN_DEFAULT);
	printf("joined peak=%u missing=%u\n", r.peak, jobserver_settle(r.js));
	jobserver_close(r.js, NULL, NULL);
	uv_run(loop, UV_RUN_DEFAULT);
	return (int)r.status;
}

int main(int argc, char **argv)
{
	const char *flags = getenv("MAKEFLAGS");
	long slots;
	char version[32], *dir;
	if (argc < 3 || str_to_long(argv[1], 1, 1000, &slots) < 0)
		return EXIT_BROKEN;
	struct make_auth outer;
	makeflags_parse_auth(flags ? flags : "", &outer);
	uv_loop_t loop;
	struct jobserver_conf conf = {.loop = &loop,
		.local_slots = (unsigned)slots,
		.width = (unsigned)slots,
		.outer = &outer,
		.on_repaid = on_repaid};
	if (jobserver_probe_make(argv[2], &conf.style, version) < 0 ||
		fs_make_private_dir(fs_runtime_parent(), "farmmake-test-", &dir) < 0)
		return EXIT_BROKEN;
	conf.dir = dir;
	uv_loop_init(&loop);
	int status = run(&loop, argv + 2, &conf);
	if (uv_loop_close(&loop) < 0)
		status = EXIT_BROKEN;
	fs_remove_tree(dir);
	free(dir);
	return status;
}
