#include "jail_bench.h"

#include "base/err.h"
#include "base/fs.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(jail, .init = bench_set_up, .fini = bench_tear_down, .timeout = 60);

/* The output is what this shell command leaves in file. */
static void __attribute__((format(printf, 2, 3)))
assert_equals_local(const char *file, const char *fmt, ...)
{
	char command[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	cr_assert_eq(system(command), 0, "%s", command);
	char *local;
	size_t n;
	cr_assert_eq(fs_read_file(file, 1 << 20, &local, &n), 0, "%s", file);
	_cleanup_free_ char *remote = bench_contents(STREAM_OUTPUT);
	cr_assert_eq(bench.out.bytes[STREAM_OUTPUT], n);
	cr_assert_eq(memcmp(remote, local, n), 0);
	free(local);
}

/* A directory beside the bound one, with the text in src/a.c: where a client might work. */
static char *make_tree(void)
{
	char *tree;
	cr_assert_eq(fs_make_private_dir("/tmp", "farmjail-tree-", &tree), 0);
	char command[512];
	snprintf(command, sizeof command, "cd %s && mkdir -p src obj/deep x && chmod -R 755 .",
		tree);
	cr_assert_eq(system(command), 0);
	_cleanup_free_ char *source = xasprintf("%s/src/a.c", tree);
	cr_assert_eq(fs_write_atomic(source, bench_text, strlen(bench_text), 0644), 0);
	return tree;
}

Test(jail, object_is_the_local_one)
{
	char *tree = make_tree();
	_cleanup_free_ char *absolute = xasprintf("%s/src/a.c", tree);
	const struct {
		const char *cwd, *source, *output;
	} cases[] = {
		{"", "src/a.c", "a.o"},
		{"", "./src/a.c", "obj/deep/a.o"},
		{"", "x/../src/a.c", "obj/a.o"},
		{"/x", "../src/a.c", "../obj/deep/../bench.o"},
		{"/obj", absolute, "c.o"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		_cleanup_free_ char *cwd = xasprintf("%s%s", tree, cases[i].cwd);
		_cleanup_free_ char *file = xasprintf("%s/%s", cwd, cases[i].output);
		struct job_spec spec = bench_spec(cwd, cases[i].source, cases[i].output);
		strv_push(&spec.flags, "-g");
		strv_push(&spec.flags, "-O2");
		bench_run("/usr/bin/gcc", &spec, bench_text);
		bench_assert_compiled();
		assert_equals_local(file, "cd %s && gcc -g -O2 -c -o %s %s", cwd, cases[i].output,
			cases[i].source);
	}
	fs_remove_tree(tree);
	free(tree);
}

Test(jail, assembly_cxx_and_split_debug_information)
{
	char *tree = make_tree();
	_cleanup_free_ char *assembly = xasprintf("%s/a.s", tree);
	_cleanup_free_ char *dwo = xasprintf("%s/obj/a.dwo", tree);
	struct job_spec spec = bench_spec(tree, "src/a.c", "a.s");
	spec.output_kind = OUTPUT_ASSEMBLY;
	bench_run("/usr/bin/gcc", &spec, bench_text);
	bench_assert_compiled();
	assert_equals_local(assembly, "cd %s && gcc -S -o a.s src/a.c", tree);

	spec = bench_spec(tree, "src/a.c", "obj/a.o");
	spec.sides = 1 << SIDE_DWO;
	strv_push(&spec.flags, "-g");
	strv_push(&spec.flags, "-gsplit-dwarf");
	bench_run("/usr/bin/gcc", &spec, bench_text);
	bench_assert_compiled();
	cr_assert_geq(bench.out.fd[STREAM_DWO], 0);
	char command[256];
	snprintf(command, sizeof command, "cd %s && gcc -g -gsplit-dwarf -c -o obj/a.o src/a.c",
		tree);
	cr_assert_eq(system(command), 0);
	char *local;
	size_t n;
	cr_assert_eq(fs_read_file(dwo, 1 << 20, &local, &n), 0);
	_cleanup_free_ char *remote = bench_contents(STREAM_DWO);
	cr_assert(n == bench.out.bytes[STREAM_DWO] && memcmp(local, remote, n) == 0);
	free(local);

	spec = bench_spec(tree, "src/a.c", "a.o");
	spec.lang = LANG_CXX;
	bench_run("/usr/bin/gcc", &spec,
		"template <typename T> T id(T v) { return v; }\n"
		"long f() { return id(3l); }\n");
	bench_assert_compiled();
	fs_remove_tree(tree);
	free(tree);
}

Test(jail, directories_of_all_kinds)
{
	static const char *const good[] = {"/home/u/src", "/root/x", "/tmp", "/usr/src/linux/lib",
		"/var/tmp/y", "/srv", "/sys/z"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct job_spec spec = bench_spec(good[i], "a.c", "a.o");
		bench_run("/usr/bin/gcc", &spec, bench_text);
		cr_expect_eq(bench.out.err, 0, "%s: %s", good[i], bench.out.why);
		bench_assert_compiled();
	}
	static const char *const bad[] = {"/", "/usr/x", "/lib/x", "/bin", "/dev/x", "/proc",
		"/proc/1", "/etc/alternatives", "/etc/ld.so.cache"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct job_spec spec = bench_spec(bad[i], "a.c", "a.o");
		bench_run("/usr/bin/gcc", &spec, bench_text);
		cr_expect_eq(bench.out.err, ERR_JAIL, "%s", bad[i]);
		cr_expect_eq(
			strncmp(bench.out.why, "job directories: ", 17), 0, "%s", bench.out.why);
	}
	struct job_spec spec = bench_spec("/home/u", "a.c", "/usr/x.o");
	cr_expect_eq(bench_run("/usr/bin/gcc", &spec, bench_text)->err, ERR_JAIL);
}

Test(jail, names_that_are_options_are_refused)
{
	static const char *const bad[] = {"-c", "@a.c", ""};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct job_spec spec = bench_spec("/home/u", bad[i], "a.o");
		struct jail *j;
		int fd = bench_text_fd("");
		const struct jail_order order = {.loop = &bench.loop,
			.box = bench.box,
			.compiler = "/usr/bin/gcc",
			.spec = &spec,
			.text_fd = fd,
			.on_done = bench_on_done,
			.ctx = &bench};
		cr_expect_eq(jail_start(&order, &j), -EINVAL);
		close(fd);
		job_spec_fini(&spec);
	}
}

Test(jail, a_failed_compile_is_an_outcome)
{
	struct job_spec spec = bench_spec("/home/u", "a.c", "a.o");
	bench_run("/usr/bin/gcc", &spec, "int f( { }\n");
	cr_assert_eq(bench.out.err, 0);
	cr_assert(WIFEXITED(bench.out.wait_status) && WEXITSTATUS(bench.out.wait_status) == 1);
	cr_assert_eq(bench.out.fd[STREAM_OUTPUT], -1);
	_cleanup_free_ char *err = bench_contents(STREAM_STDERR);
	cr_assert(strstr(err, "a.c:1:"), "%s", err);
	cr_assert_gt(bench.out.cpu_us, 0);
	cr_assert_gt(bench.out.max_rss_kib, 0);
}

Test(jail, compiler_that_is_not_there)
{
	struct job_spec spec = bench_spec("/home/u", "a.c", "a.o");
	bench_run("/home/u/gcc", &spec, "");
	cr_assert_eq(bench.out.err, ERR_JAIL);
	cr_assert_str_eq(bench.out.why, "execute: No such file or directory");
}

enum { USER_FAILED = 1, USER_UNKNOWN, TREE_CLOSED };

static int run_as_user(const char *tree)
{
	if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
		return USER_UNKNOWN;
	if (access(tree, X_OK) < 0)
		return TREE_CLOSED;
	uv_loop_fork(&bench.loop);
	struct job_spec spec = bench_spec("/home/u", "a.c", "a.o");
	bench_run("/usr/bin/gcc", &spec, bench_text);
	bool good = !bench.out.err && !bench.out.wait_status && bench.out.fd[STREAM_OUTPUT] >= 0;
	return good ? 0 : USER_FAILED;
}

Test(jail, runs_as_an_ordinary_user)
{
	if (getuid() != 0)
		cr_skip_test("every other test does");
	pid_t user = fork();
	if (user == 0)
		_exit(run_as_user(getenv("FARMMAKE_HELPER_DIR")));
	int status;
	cr_assert_eq(waitpid(user, &status, 0), user);
	cr_assert(WIFEXITED(status));
	if (WEXITSTATUS(status) == USER_UNKNOWN)
		cr_skip_test("this root is none");
	if (WEXITSTATUS(status) == TREE_CLOSED)
		cr_skip_test("the build tree is closed to others");
	cr_assert_eq(WEXITSTATUS(status), 0);
}

Test(jail, many_at_once)
{
	enum { JOBS = 16 };
	struct jail_bench each[JOBS] = {0};
	for (size_t i = 0; i < JOBS; i++) {
		struct job_spec spec = bench_spec("/home/u", "a.c", "a.o");
		struct jail *j;
		const struct jail_order order = {.loop = &bench.loop,
			.box = bench.box,
			.compiler = "/usr/bin/gcc",
			.spec = &spec,
			.text_fd = bench_text_fd(bench_text),
			.on_done = bench_on_done,
			.ctx = &each[i]};
		cr_assert_eq(jail_start(&order, &j), 0);
		job_spec_fini(&spec);
	}
	uv_run(&bench.loop, UV_RUN_DEFAULT);
	for (size_t i = 0; i < JOBS; i++) {
		cr_expect(each[i].done && !each[i].out.err && each[i].out.wait_status == 0);
		for (size_t s = 0; s < STREAM_COUNT; s++)
			if (each[i].out.fd[s] >= 0)
				close(each[i].out.fd[s]);
	}
}

Test(jail, helper_that_is_none)
{
	const struct jail_box_conf missing = {.helper = "/nonexistent/farmjail"};
	struct jail_box *box;
	cr_assert_eq(jail_box_create(&missing, &box), -ENOENT);
	const struct jail_box_conf other = {.helper = "/bin/true", .wall_s = 1};
	cr_assert_eq(jail_box_create(&other, &box), 0);
	char *why = NULL;
	int level = 0;
	cr_assert_eq(jail_box_self_test(box, "/usr/bin/gcc", &level, &why), ERR_JAIL);
	cr_assert_eq(level, 0);
	cr_assert_str_eq(why, "the jail does not work: farmjail ended with status 0");
	free(why);
	jail_box_destroy(box);
}

Test(jail, self_test_names_its_level)
{
	char *why = NULL;
	int level = 0;
	cr_assert_eq(jail_box_self_test(bench.box, "/usr/bin/gcc", &level, &why), 0);
	cr_assert(level == JAIL_LEVEL_NAMESPACES || level == JAIL_LEVEL_LANDLOCK);
	cr_assert_null(why);
	cr_assert_not(jail_box_needs_root(bench.box));
	cr_assert_eq(jail_box_self_test(bench.box, "/bin/true", &level, &why), 0);
	cr_assert_eq(jail_box_self_test(bench.box, "/bin/false", &level, &why), ERR_JAIL);
	free(why);
}

/* What the trial finds without the walls: otherwise its silence behind them would mean nothing. */
Test(jail, a_trial_sees_a_wall_that_is_missing)
{
	/* "/" is the directory of an output, so that Landlock lets it be written */
	struct job_spec spec = bench_spec("/farm", "a.c", "/a.o");
	const struct jail_order order = {.loop = &bench.loop,
		.box = bench.box,
		.compiler = "/bin/true",
		.spec = &spec,
		.text_fd = bench_text_fd(""),
		.is_trial = true,
		.on_done = bench_on_done,
		.ctx = &bench};
	struct jail *j;
	cr_assert_eq(jail_start(&order, &j), 0);
	job_spec_fini(&spec);
	uv_run(&bench.loop, UV_RUN_DEFAULT);
	cr_assert_eq(bench.out.err, 0, "%s", bench.out.why);
	cr_assert_eq(bench.out.loose, 1u << JAIL_WALL_BESIDE);
}
