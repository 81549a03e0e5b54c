#include "io/jail.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A jail, a directory that is bound into it, and the last job's outcome. */
struct bench {
	uv_loop_t loop;
	struct jail_box *box;
	struct strv binds;
	char *dir;
	bool done;
	struct jail_outcome out;
};

static struct bench b;

static void open_box(uint64_t memory_bytes, uint32_t wall_s)
{
	const struct jail_box_conf conf = {
		.binds = &b.binds, .memory_bytes = memory_bytes, .wall_s = wall_s};
	jail_box_destroy(b.box);
	b.box = NULL;
	cr_assert_eq(jail_box_create(&conf, &b.box), 0);
}

static void set_up(void)
{
	cr_assert_eq(uv_loop_init(&b.loop), 0);
	cr_assert_eq(fs_make_private_dir("/tmp", "farmjail-test-", &b.dir), 0);
	cr_assert_eq(chmod(b.dir, 0755), 0);
	strv_push(&b.binds, b.dir);
	open_box((uint64_t)4 << 30, 30);
	char *why = NULL;
	int level;
	if (jail_box_self_test(b.box, "/usr/bin/gcc", &level, &why) < 0) {
		bool denied = strstr(why, "namespaces:") || strstr(why, "user map:");
		cr_assert(denied, "%s", why);
		cr_skip_test("no user namespaces here: %s", why);
	}
}

static void drop_outcome(void)
{
	for (size_t i = 0; i < STREAM_COUNT && b.done; i++)
		if (b.out.fd[i] >= 0)
			close(b.out.fd[i]);
	b.done = false;
}

static void tear_down(void)
{
	drop_outcome();
	cr_expect_eq(uv_loop_close(&b.loop), 0, "handles are left");
	jail_box_destroy(b.box);
	strv_fini(&b.binds);
	fs_remove_tree(b.dir);
	free(b.dir);
}

TestSuite(jail, .init = set_up, .fini = tear_down, .timeout = 60);

static void on_done(void *ctx, struct jail_outcome *o)
{
	struct bench *bench = ctx;
	cr_assert_not(bench->done, "told twice");
	bench->out = *o;
	bench->done = true;
}

static int text_fd(const char *text)
{
	int fd = memfd_create("text", MFD_CLOEXEC);
	cr_assert(fd >= 0);
	cr_assert_eq(fs_write_all(fd, text, strlen(text)), 0);
	return fd;
}

static struct job_spec spec_of(const char *cwd, const char *source, const char *output)
{
	return (struct job_spec){
		.cwd = xstrdup(cwd), .source = xstrdup(source), .output = xstrdup(output)};
}

/* Takes spec. */
static struct jail *start(const char *compiler, struct job_spec *spec, const char *text)
{
	drop_outcome();
	struct jail *j = NULL;
	int err = jail_start(&b.loop, b.box, compiler, spec, text_fd(text), on_done, &b, &j);
	cr_assert_eq(err, 0, "%s", err_str(err));
	cr_assert_not(b.done, "on_done from inside jail_start");
	job_spec_fini(spec);
	return j;
}

static struct jail_outcome *run(const char *compiler, struct job_spec *spec, const char *text)
{
	start(compiler, spec, text);
	uv_run(&b.loop, UV_RUN_DEFAULT);
	cr_assert(b.done);
	return &b.out;
}

static char *contents(enum stream stream)
{
	static char none[] = "";
	if (b.out.fd[stream] < 0)
		return xstrdup(none);
	size_t n = b.out.bytes[stream];
	char *data = xcalloc(1, n + 1);
	cr_assert_eq(read(b.out.fd[stream], data, n), (ssize_t)n);
	return data;
}

static void assert_compiled(void)
{
	_cleanup_free_ char *err = contents(STREAM_STDERR);
	cr_assert_eq(b.out.err, 0, "%s", b.out.why);
	cr_assert_eq(b.out.wait_status, 0, "%s", err);
	cr_assert_not(b.out.over_limit);
	cr_assert_geq(b.out.fd[STREAM_OUTPUT], 0);
	cr_assert_gt(b.out.bytes[STREAM_OUTPUT], 0);
}

/* The output is what this shell command leaves in file. */
static void assert_equals_local(const char *file, const char *fmt, ...)
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
	_cleanup_free_ char *remote = contents(STREAM_OUTPUT);
	cr_assert_eq(b.out.bytes[STREAM_OUTPUT], n);
	cr_assert_eq(memcmp(remote, local, n), 0);
	free(local);
}

static const char c_text[] = "#include <stdarg.h>\n"
			     "struct point { int x, y; };\n"
			     "int f(struct point p) { return p.x * p.y + __LINE__; }\n"
			     "const char *g(void) { return __FILE__; }\n";

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
	cr_assert_eq(fs_write_atomic(source, c_text, strlen(c_text), 0644), 0);
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
		{"/x", "../src/a.c", "../obj/deep/../b.o"},
		{"/obj", absolute, "c.o"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		_cleanup_free_ char *cwd = xasprintf("%s%s", tree, cases[i].cwd);
		_cleanup_free_ char *file = xasprintf("%s/%s", cwd, cases[i].output);
		struct job_spec spec = spec_of(cwd, cases[i].source, cases[i].output);
		strv_push(&spec.flags, "-g");
		strv_push(&spec.flags, "-O2");
		run("/usr/bin/gcc", &spec, c_text);
		assert_compiled();
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
	struct job_spec spec = spec_of(tree, "src/a.c", "a.s");
	spec.output_kind = OUTPUT_ASSEMBLY;
	run("/usr/bin/gcc", &spec, c_text);
	assert_compiled();
	assert_equals_local(assembly, "cd %s && gcc -S -o a.s src/a.c", tree);

	spec = spec_of(tree, "src/a.c", "obj/a.o");
	spec.want_dwo = true;
	strv_push(&spec.flags, "-g");
	strv_push(&spec.flags, "-gsplit-dwarf");
	run("/usr/bin/gcc", &spec, c_text);
	assert_compiled();
	cr_assert_geq(b.out.fd[STREAM_DWO], 0);
	char command[256];
	snprintf(command, sizeof command, "cd %s && gcc -g -gsplit-dwarf -c -o obj/a.o src/a.c",
		tree);
	cr_assert_eq(system(command), 0);
	char *local;
	size_t n;
	cr_assert_eq(fs_read_file(dwo, 1 << 20, &local, &n), 0);
	_cleanup_free_ char *remote = contents(STREAM_DWO);
	cr_assert(n == b.out.bytes[STREAM_DWO] && memcmp(local, remote, n) == 0);
	free(local);

	spec = spec_of(tree, "src/a.c", "a.o");
	spec.lang = LANG_CXX;
	run("/usr/bin/gcc", &spec,
		"template <typename T> T id(T v) { return v; }\n"
		"long f() { return id(3l); }\n");
	assert_compiled();
	fs_remove_tree(tree);
	free(tree);
}

Test(jail, directories_of_all_kinds)
{
	static const char *const good[] = {"/home/u/src", "/root/x", "/tmp", "/usr/src/linux/lib",
		"/var/tmp/y", "/srv", "/sys/z"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct job_spec spec = spec_of(good[i], "a.c", "a.o");
		run("/usr/bin/gcc", &spec, c_text);
		cr_expect_eq(b.out.err, 0, "%s: %s", good[i], b.out.why);
		assert_compiled();
	}
	static const char *const bad[] = {"/", "/usr/x", "/lib/x", "/bin", "/dev/x", "/proc",
		"/proc/1", "/etc/alternatives", "/etc/ld.so.cache"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct job_spec spec = spec_of(bad[i], "a.c", "a.o");
		run("/usr/bin/gcc", &spec, c_text);
		cr_expect_eq(b.out.err, ERR_JAIL, "%s", bad[i]);
		cr_expect_eq(strncmp(b.out.why, "job directories: ", 17), 0, "%s", b.out.why);
	}
	struct job_spec spec = spec_of("/home/u", "a.c", "/usr/x.o");
	cr_expect_eq(run("/usr/bin/gcc", &spec, c_text)->err, ERR_JAIL);
}

Test(jail, names_that_are_options_are_refused)
{
	static const char *const bad[] = {"-c", "@a.c", ""};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct job_spec spec = spec_of("/home/u", bad[i], "a.o");
		struct jail *j;
		int fd = text_fd("");
		cr_expect_eq(jail_start(&b.loop, b.box, "/usr/bin/gcc", &spec, fd, on_done, &b, &j),
			-EINVAL);
		close(fd);
		job_spec_fini(&spec);
	}
}

Test(jail, a_failed_compile_is_an_outcome)
{
	struct job_spec spec = spec_of("/home/u", "a.c", "a.o");
	run("/usr/bin/gcc", &spec, "int f( { }\n");
	cr_assert_eq(b.out.err, 0);
	cr_assert(WIFEXITED(b.out.wait_status) && WEXITSTATUS(b.out.wait_status) == 1);
	cr_assert_eq(b.out.fd[STREAM_OUTPUT], -1);
	_cleanup_free_ char *err = contents(STREAM_STDERR);
	cr_assert(strstr(err, "a.c:1:"), "%s", err);
	cr_assert_gt(b.out.cpu_us, 0);
	cr_assert_gt(b.out.max_rss_kib, 0);
}

Test(jail, compiler_that_is_not_there)
{
	struct job_spec spec = spec_of("/home/u", "a.c", "a.o");
	run("/home/u/gcc", &spec, "");
	cr_assert_eq(b.out.err, ERR_JAIL);
	cr_assert_str_eq(b.out.why, "execute: No such file or directory");
}

Test(jail, sources_cannot_read_the_node)
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
		struct job_spec spec = spec_of("/home/u", "a.c", "a.o");
		run("/usr/bin/gcc", &spec, texts[i]);
		cr_assert_eq(b.out.err, 0);
		cr_expect_neq(b.out.wait_status, 0, "text %zu", i);
		_cleanup_free_ char *err = contents(STREAM_STDERR);
		cr_expect_null(strstr(err, "root:x:0:0\n"), "%s", err);
		cr_expect_eq(b.out.fd[STREAM_OUTPUT], -1);
	}
}

/* The intruder (intruder.c), where the jail sees it; its path tells its processes from any others. */
static char *make_intruder(void)
{
	_cleanup_free_ char *built =
		xasprintf("%s/../tests/io/intruder", getenv("FARMMAKE_HELPER_DIR"));
	char *path = xasprintf("%s/intruder", b.dir), *program;
	size_t n;
	cr_assert_eq(fs_read_file(built, 1 << 20, &program, &n), 0, "%s", built);
	cr_assert_eq(fs_write_atomic(path, program, n, 0755), 0);
	free(program);
	return path;
}

static struct jail *start_intruder(const char *path, const char *what)
{
	struct job_spec spec = spec_of("/home/u", "a.c", "a.o");
	return start(path, &spec, what);
}

static void run_intruder(const char *what)
{
	_cleanup_free_ char *path = make_intruder();
	start_intruder(path, what);
	uv_run(&b.loop, UV_RUN_DEFAULT);
	cr_assert_eq(b.out.err, 0, "%s", b.out.why);
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
		uv_run(&b.loop, UV_RUN_NOWAIT);
	}
	return clock_now_ms() - start_ms;
}

Test(jail, programs_cannot_get_out)
{
	setenv("FARMJAIL_TEST_SECRET", "1", 1);
	run_intruder("escape");
	cr_assert(b.out.fd[STREAM_OUTPUT] >= 0);
	_cleanup_free_ char *could = contents(STREAM_OUTPUT);
	cr_assert_str_eq(could, "");
	cr_assert_eq(b.out.wait_status, 0);
}

/* Where there is Landlock, the job cannot make such things at all, and fails. */
Test(jail, outputs_that_are_no_files_are_refused)
{
	static const char *const kinds[] = {"link", "fifo", "alias"};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		run_intruder(kinds[i]);
		cr_expect(b.out.over_limit || b.out.wait_status, "%s", kinds[i]);
		cr_expect_eq(b.out.fd[STREAM_OUTPUT], -1);
	}
	struct job_spec spec = spec_of("/home/u", "a.c", "/tmp");
	run("/usr/bin/gcc", &spec, c_text);
	cr_expect(b.out.over_limit);
	cr_expect_eq(b.out.fd[STREAM_OUTPUT], -1);
}

Test(jail, memory_and_processes_are_bounded)
{
	open_box((uint64_t)256 << 20, 30);
	run_intruder("eat");
	_cleanup_free_ char *mebibytes = contents(STREAM_OUTPUT);
	cr_expect(atoi(mebibytes) > 100 && atoi(mebibytes) < 256, "%s MiB", mebibytes);
	run_intruder("fork");
	_cleanup_free_ char *forks = contents(STREAM_OUTPUT);
	cr_expect(atoi(forks) > 8 && atoi(forks) <= 400, "%s processes", forks);
	_cleanup_free_ char *path = xasprintf("%s/intruder", b.dir);
	cr_expect_eq(count_processes(path), 0);
}

Test(jail, time_is_bounded)
{
	open_box(0, 1);
	uint64_t start_ms = clock_now_ms();
	run_intruder("spin");
	cr_expect(b.out.over_limit);
	cr_expect_geq(b.out.wall_us, 990000);
	cr_expect_lt(clock_now_ms() - start_ms, 8000);
	_cleanup_free_ char *path = xasprintf("%s/intruder", b.dir);
	cr_expect_eq(count_processes(path), 0);
}

Test(jail, kill_takes_everything_with_it)
{
	_cleanup_free_ char *path = make_intruder();
	struct jail *j = start_intruder(path, "spin");
	await_processes(path, 4);
	jail_kill(j);
	cr_assert_not(b.done);
	cr_expect_lt(await_processes(path, 0), 1000);
	uv_run(&b.loop, UV_RUN_DEFAULT);
	cr_assert_eq(b.out.err, -ECANCELED);
	for (size_t i = 0; i < STREAM_COUNT; i++)
		cr_expect_eq(b.out.fd[i], -1);
}

Test(jail, kill_at_once)
{
	for (int i = 0; i < 20; i++) {
		struct job_spec spec = spec_of("/home/u", "a.c", "a.o");
		jail_kill(start("/usr/bin/gcc", &spec, c_text));
		uv_run(&b.loop, UV_RUN_DEFAULT);
		cr_assert_eq(b.out.err, -ECANCELED);
	}
}

Test(jail, dies_with_its_node)
{
	_cleanup_free_ char *path = make_intruder();
	pid_t node = fork();
	if (node == 0) {
		uv_loop_fork(&b.loop);
		start_intruder(path, "spin");
		for (;;)
			pause();
	}
	await_processes(path, 4);
	kill(node, SIGKILL);
	cr_expect_lt(await_processes(path, 0), 1000);
	waitpid(node, NULL, 0);
}

Test(jail, runs_as_an_ordinary_user)
{
	if (getuid() != 0)
		cr_skip_test("every other test does");
	_cleanup_free_ char *helper = realpath(getenv("FARMMAKE_HELPER_DIR"), NULL);
	pid_t user = fork();
	if (user == 0) {
		if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
			_exit(2);
		if (access(helper, X_OK) < 0)
			_exit(3);
		uv_loop_fork(&b.loop);
		struct job_spec spec = spec_of("/home/u", "a.c", "a.o");
		run("/usr/bin/gcc", &spec, c_text);
		_exit(b.out.err || b.out.wait_status || b.out.fd[STREAM_OUTPUT] < 0);
	}
	int status;
	waitpid(user, &status, 0);
	if (WEXITSTATUS(status) == 3)
		cr_skip_test("the build tree is closed to others");
	cr_assert_eq(status, 0);
}

Test(jail, many_at_once)
{
	enum { JOBS = 16 };
	struct bench each[JOBS] = {0};
	for (size_t i = 0; i < JOBS; i++) {
		struct job_spec spec = spec_of("/home/u", "a.c", "a.o");
		struct jail *j;
		cr_assert_eq(jail_start(&b.loop, b.box, "/usr/bin/gcc", &spec, text_fd(c_text),
				     on_done, &each[i], &j),
			0);
		job_spec_fini(&spec);
	}
	uv_run(&b.loop, UV_RUN_DEFAULT);
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
	cr_assert_eq(jail_box_self_test(b.box, "/usr/bin/gcc", &level, &why), 0);
	cr_assert(level == 2 || level == 3);
	cr_assert_null(why);
	cr_assert_eq(jail_box_self_test(b.box, "/bin/true", &level, &why), 0);
	cr_assert_eq(jail_box_self_test(b.box, "/bin/false", &level, &why), ERR_JAIL);
	free(why);
}
