/* What the jail is there for: sources and programs that want out, or too much. */
#include "jail_bench.h"

#include "base/clock.h"
#include "base/fs.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(jail_hostile, .init = bench_set_up, .fini = bench_tear_down, .timeout = 60);

Test(jail_hostile, sources_cannot_read_the_node)
{
	static const char *const texts[] = {
		"__asm__(\".incbin \\\"/etc/passwd\\\"\");\n",
		"__asm__(\".include \\\"/etc/hostname\\\"\");\n",
		"__asm__(\".incbin \\\"/etc/shadow\\\"\");\n",
		"#include \"/etc/passwd\"\n",
		"#if __has_include(\"/etc/passwd\")\n#error root:x:0:0\n#endif\n#error gone\n",
		"# 1 \"/etc/passwd\"\nint f( { }\n",
		"# 1 \"/proc/1/environ\"\nint f( { }\n",
		"# 1 \"/root/.bashrc\"\nint f( { }\n",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct job_spec spec = bench_spec("/home/u", "a.c", "a.o");
		bench_run("/usr/bin/gcc", &spec, texts[i]);
		cr_assert_eq(bench.out.err, 0);
		cr_expect_neq(bench.out.wait_status, 0, "text %zu", i);
		_cleanup_free_ char *err = bench_contents(STREAM_STDERR);
		cr_expect_null(strstr(err, "root:x:0:0\n"), "%s", err);
		cr_expect_eq(bench.out.fd[STREAM_OUTPUT], -1);
	}
}

/* The intruder (intruder.c), where the jail sees it; its path tells its processes from any others. */
static char *make_intruder(void)
{
	_cleanup_free_ char *built =
		xasprintf("%s/../tests/io/intruder", getenv("FARMMAKE_HELPER_DIR"));
	char *path = xasprintf("%s/intruder", bench.dir), *program;
	size_t n;
	cr_assert_eq(fs_read_file(built, 1 << 20, &program, &n), 0, "%s", built);
	cr_assert_eq(fs_write_atomic(path, program, n, 0755), 0);
	free(program);
	return path;
}

static struct jail *start_intruder(const char *path, const char *what)
{
	struct job_spec spec = bench_spec("/home/u", "a.c", "a.o");
	return bench_start(path, &spec, what);
}

static void run_intruder(const char *what)
{
	_cleanup_free_ char *path = make_intruder();
	start_intruder(path, what);
	uv_run(&bench.loop, UV_RUN_DEFAULT);
	cr_assert_eq(bench.out.err, 0, "%s", bench.out.why);
}

/* How many processes run this program. */
static unsigned count_processes(const char *path)
{
	unsigned n = 0;
	DIR *d = opendir("/proc");
	for (struct dirent *e; (e = readdir(d));) {
		char name[64 + sizeof e->d_name], line[256] = "";
		snprintf(name, sizeof name, "/proc/%s/cmdline", e->d_name);
		_cleanup_close_ int fd = open(name, O_RDONLY);
		if (fd >= 0 && read(fd, line, sizeof line - 1) > 0)
			n += strcmp(line, path) == 0;
	}
	closedir(d);
	return n;
}

/* Waits until that many processes are there; the time it took. */
static uint64_t await_processes(const char *path, unsigned n)
{
	uint64_t start_ms = clock_now_ms();
	while (count_processes(path) != n) {
		cr_assert_lt(clock_now_ms(), start_ms + 10000, "%u processes, not %u",
			count_processes(path), n);
		uv_run(&bench.loop, UV_RUN_NOWAIT);
	}
	return clock_now_ms() - start_ms;
}

Test(jail_hostile, programs_cannot_get_out)
{
	setenv("FARMJAIL_TEST_SECRET", "1", 1);
	run_intruder("escape");
	cr_assert(bench.out.fd[STREAM_OUTPUT] >= 0);
	_cleanup_free_ char *could = bench_contents(STREAM_OUTPUT);
	cr_assert_str_eq(could, "");
	cr_assert_eq(bench.out.wait_status, 0);
}

/* Where there is Landlock, the job cannot make such things at all, and fails. */
Test(jail_hostile, outputs_that_are_no_files_are_refused)
{
	static const char *const kinds[] = {"link", "fifo", "alias"};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		run_intruder(kinds[i]);
		cr_expect(bench.out.over_limit || bench.out.wait_status, "%s", kinds[i]);
		cr_expect_eq(bench.out.fd[STREAM_OUTPUT], -1);
	}
	struct job_spec spec = bench_spec("/home/u", "a.c", "/tmp");
	bench_run("/usr/bin/gcc", &spec, bench_text);
	cr_expect(bench.out.over_limit);
	cr_expect_eq(bench.out.fd[STREAM_OUTPUT], -1);
}

Test(jail_hostile, memory_and_processes_are_bounded)
{
	bench_open_box((uint64_t)256 << 20, 30);
	run_intruder("eat");
	_cleanup_free_ char *mebibytes = bench_contents(STREAM_OUTPUT);
	cr_expect(atoi(mebibytes) > 100 && atoi(mebibytes) < 256, "%s MiB", mebibytes);
	run_intruder("fork");
	_cleanup_free_ char *forks = bench_contents(STREAM_OUTPUT);
	cr_expect(atoi(forks) > 8 && atoi(forks) <= 400, "%s processes", forks);
	_cleanup_free_ char *path = xasprintf("%s/intruder", bench.dir);
	cr_expect_eq(count_processes(path), 0);
}

/* A process may have ten times as much as its job. */
Test(jail_hostile, control_groups_bound_jobs)
{
	const struct jail_box_conf conf = {.binds = &bench.binds,
		.memory_bytes = (uint64_t)1280 << 20,
		.job_bytes = (uint64_t)128 << 20,
		.all_bytes = (uint64_t)256 << 20,
		.wall_s = 30};
	jail_box_destroy(bench.box);
	bench.box = NULL;
	cr_assert_eq(jail_box_create(&conf, &bench.box), 0);
	if (!jail_box_has_groups(bench.box))
		cr_skip_test("no control group with memory and pids is delegated to this process");
	run_intruder("eat");
	_cleanup_free_ char *mebibytes = bench_contents(STREAM_OUTPUT);
	cr_expect(bench.out.wait_status || atoi(mebibytes) < 128, "%s MiB", mebibytes);
	run_intruder("fork");
	_cleanup_free_ char *forks = bench_contents(STREAM_OUTPUT);
	cr_expect(atoi(forks) > 8 && atoi(forks) <= 128, "%s processes", forks);
}

Test(jail_hostile, files_are_bounded)
{
	const struct jail_box_conf conf = {
		.binds = &bench.binds, .tmpfs_bytes = (uint64_t)64 << 20, .wall_s = 30};
	jail_box_destroy(bench.box);
	bench.box = NULL;
	cr_assert_eq(jail_box_create(&conf, &bench.box), 0);
	run_intruder("fill");
	_cleanup_free_ char *mebibytes = bench_contents(STREAM_OUTPUT);
	cr_expect(atoi(mebibytes) > 32 && atoi(mebibytes) <= 64, "%s MiB", mebibytes);
	run_intruder("litter");
	_cleanup_free_ char *files = bench_contents(STREAM_OUTPUT);
	cr_expect(atoi(files) > 1000 && atoi(files) < 65536, "%s files", files);
}

Test(jail_hostile, time_is_bounded)
{
	bench_open_box(0, 1);
	uint64_t start_ms = clock_now_ms();
	run_intruder("spin");
	cr_expect(bench.out.over_limit);
	cr_expect_geq(bench.out.wall_us, 990000);
	cr_expect_lt(clock_now_ms() - start_ms, 8000);
	_cleanup_free_ char *path = xasprintf("%s/intruder", bench.dir);
	cr_expect_eq(count_processes(path), 0);
}

Test(jail_hostile, kill_takes_everything_with_it)
{
	_cleanup_free_ char *path = make_intruder();
	struct jail *j = start_intruder(path, "spin");
	await_processes(path, 4);
	jail_kill(j);
	cr_assert_not(bench.done);
	cr_expect_lt(await_processes(path, 0), 1000);
	uv_run(&bench.loop, UV_RUN_DEFAULT);
	cr_assert_eq(bench.out.err, -ECANCELED);
	for (size_t i = 0; i < STREAM_COUNT; i++)
		cr_expect_eq(bench.out.fd[i], -1);
}

Test(jail_hostile, kill_at_once)
{
	for (int i = 0; i < 20; i++) {
		struct job_spec spec = bench_spec("/home/u", "a.c", "a.o");
		jail_kill(bench_start("/usr/bin/gcc", &spec, bench_text));
		uv_run(&bench.loop, UV_RUN_DEFAULT);
		cr_assert_eq(bench.out.err, -ECANCELED);
	}
}

Test(jail_hostile, dies_with_its_node)
{
	_cleanup_free_ char *path = make_intruder();
	pid_t node = fork();
	if (node == 0) {
		uv_loop_fork(&bench.loop);
		start_intruder(path, "spin");
		for (;;)
			pause();
	}
	await_processes(path, 4);
	kill(node, SIGKILL);
	cr_expect_lt(await_processes(path, 0), 1000);
	waitpid(node, NULL, 0);
}
