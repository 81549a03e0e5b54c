/* Jobs that are views: trees made by hand, and the steps that show them. Where a program has to try
 * something that no compiler does, a shell stands in for the compiler, and its script for the flags. */
#include "jail_bench.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/vec.h"
#include "core/side.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *tree;
static struct viewplan plan;

static void set_up(void)
{
	bench_set_up();
	cr_assert_eq(fs_make_private_dir("/tmp", "farmjail-view-", &tree), 0);
	cr_assert_eq(chmod(tree, 0755), 0);
}

static void tear_down(void)
{
	viewplan_fini(&plan);
	fs_remove_tree(tree);
	free(tree);
	bench_tear_down();
}

TestSuite(jail_view, .init = set_up, .fini = tear_down, .timeout = 60);

static void put(const char *path, const char *text)
{
	_cleanup_free_ char *at = xasprintf("%s%s", tree, path);
	_cleanup_free_ char *dir = xstrndup(at, (size_t)(str_base(at) - at));
	cr_assert_eq(fs_mkdirs(dir, 0755), 0);
	cr_assert_eq(fs_write_atomic(at, text, strlen(text), 0444), 0);
}

static void put_link(const char *path, const char *target)
{
	_cleanup_free_ char *at = xasprintf("%s%s", tree, path);
	cr_assert_eq(symlink(target, at), 0);
}

static void step(enum viewplan_kind kind, const char *path, const char *target)
{
	vec_push(&plan,
		(struct viewplan_step){kind, xstrdup(path), target ? xstrdup(target) : NULL});
}

/* Takes spec. */
static void start(const char *compiler, struct job_spec *spec)
{
	struct jail *j = NULL;
	for (size_t i = 0; i < STREAM_COUNT && bench.done; i++)
		if (bench.out.fd[i] >= 0)
			close(bench.out.fd[i]);
	bench.done = false;
	spec->input_kind = INPUT_VIEW;
	const struct jail_order order = {.loop = &bench.loop,
		.box = bench.box,
		.compiler = compiler,
		.spec = spec,
		.text_fd = -1,
		.tree = tree,
		.plan = &plan,
		.on_done = bench_on_done,
		.ctx = &bench};
	cr_assert_eq(jail_start(&order, &j), 0);
	job_spec_fini(spec);
}

/* Takes spec. */
static struct jail_outcome *run(const char *compiler, struct job_spec *spec)
{
	start(compiler, spec);
	uv_run(&bench.loop, UV_RUN_DEFAULT);
	cr_assert(bench.done);
	return &bench.out;
}

static void compile(const char *cwd, const char *flag)
{
	struct job_spec spec = bench_spec(cwd, "a.c", "-not used");
	if (flag)
		strv_push(&spec.flags, flag);
	run("/usr/bin/gcc", &spec);
}

/* What a script leaves in the output. */
static char *script(const char *text)
{
	struct job_spec spec = bench_spec("/home/u", "a.c", "a.o");
	strv_push(&spec.flags, "-c");
	strv_push(&spec.flags, text);
	struct jail_outcome *o = run("/bin/sh", &spec);
	cr_assert_eq(o->err, 0, "%s", o->why);
	return bench_contents(STREAM_OUTPUT);
}

static bool fails_with(const char *word)
{
	_cleanup_free_ char *err = bench_contents(STREAM_STDERR);
	cr_assert_eq(bench.out.err, 0, "%s", bench.out.why);
	cr_assert(WIFEXITED(bench.out.wait_status));
	return WEXITSTATUS(bench.out.wait_status) == 1 && strstr(err, word);
}

Test(jail_view, a_source_and_what_it_includes)
{
	put("/home/u/src/a.c",
		"#include \"../inc/b.h\"\n#include <stddef.h>\nint f(void) { return B; }\n");
	put("/home/u/inc/b.h", "#define B 42\n");
	step(VIEWPLAN_TREE, "/home", NULL);
	compile("/home/u/src", NULL);
	bench_assert_compiled();
	cr_assert_eq(bench.out.fd[STREAM_DEPS], -1);
}

/* The result is what the compiler makes of the same files in the same place. */
Test(jail_view, the_object_is_the_local_one)
{
	put("/src/a.c", bench_text);
	_cleanup_free_ char *cwd = xasprintf("%s/src", tree), *inner = xasprintf("%s%s", tree, cwd);
	_cleanup_free_ char *command =
		xasprintf("mkdir -p %s && cp %s/a.c %s && cd %s && gcc -g -c -o ../a.o a.c", inner,
			cwd, inner, cwd);
	_cleanup_free_ char *object = xasprintf("%s/a.o", tree);
	cr_assert_eq(system(command), 0);
	step(VIEWPLAN_TREE, "/tmp", NULL);
	compile(cwd, "-g");
	bench_assert_compiled();
	_cleanup_free_ char *remote = bench_contents(STREAM_OUTPUT), *local = NULL;
	size_t n;
	cr_assert_eq(fs_read_file(object, 1 << 20, &local, &n), 0);
	cr_expect(n == bench.out.bytes[STREAM_OUTPUT] && memcmp(local, remote, n) == 0);
}

Test(jail_view, dependencies_come_back)
{
	static const struct {
		enum deps_kind kind;
		const char *has, *has_not;
	} rows[] = {{DEPS_ALL, "stddef.h", "\n/nothing"}, {DEPS_USER, "b.h", "stddef.h"},
		{DEPS_CPP_ALL, "stddef.h", "\n/nothing"}, {DEPS_CPP_USER, "b.h", "stddef.h"}};
	put("/home/u/a.c", "#include \"b.h\"\n#include <stddef.h>\n");
	put("/home/u/b.h", "");
	step(VIEWPLAN_TREE, "/home", NULL);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct job_spec spec = bench_spec("/home/u", "a.c", "a.o");
		spec.deps = rows[i].kind;
		strv_push(&spec.flags, "-MTmine");
		run("/usr/bin/gcc", &spec);
		bench_assert_compiled();
		_cleanup_free_ char *deps = bench_contents(STREAM_DEPS);
		cr_expect(str_starts(deps, "mine: a.c"), "%zu: %s", i, deps);
		cr_expect(strstr(deps, rows[i].has), "%zu: %s", i, deps);
		cr_expect_null(strstr(deps, rows[i].has_not), "%zu: %s", i, deps);
	}
}

Test(jail_view, messages_are_the_users)
{
	static const char *const quotes[] = {
		[MESSAGES_ASCII] = "'x'", [MESSAGES_UTF8] = "\u2018x\u2019"};
	put("/home/u/a.c", "int f(void) { int x; return x; }\n");
	step(VIEWPLAN_TREE, "/home", NULL);
	for (enum messages m = MESSAGES_ASCII; m <= MESSAGES_UTF8; m++) {
		struct job_spec spec = bench_spec("/home/u", "a.c", "a.o");
		spec.messages = m;
		strv_push(&spec.flags, "-Wuninitialized");
		run("/usr/bin/gcc", &spec);
		bench_assert_compiled();
		_cleanup_free_ char *err = bench_contents(STREAM_STDERR);
		cr_expect(strstr(err, quotes[m]), "%s", err);
		cr_expect(strstr(err, "    1 | int f(void)") && strstr(err, "^"), "%s", err);
		cr_expect_null(strchr(err, '\033'));
	}
}

Test(jail_view, a_whole_directory_hides_the_nodes)
{
	put("/home/u/a.c", "#include <stdio.h>\n");
	put("/usr/include/limits.h", "");
	step(VIEWPLAN_TREE, "/home", NULL);
	compile("/home/u", NULL);
	bench_assert_compiled(); /* the node's own */
	step(VIEWPLAN_TREE, "/usr/include", NULL);
	compile("/home/u", NULL);
	cr_expect(fails_with("stdio.h: No such file"));
	put("/usr/include/stdio.h", "#error mine\n");
	compile("/home/u", NULL);
	cr_expect(fails_with("#error mine"));
}

Test(jail_view, nothing_hides_the_nodes)
{
	put("/home/u/a.c", "#include <stdio.h>\n");
	step(VIEWPLAN_TREE, "/home", NULL);
	step(VIEWPLAN_EMPTY, "/usr/include", NULL);
	compile("/home/u", NULL);
	cr_expect(fails_with("stdio.h: No such file"));
}

/* A directory of the node's is made anew, with a part of what was in it and something else. */
Test(jail_view, places_that_the_node_has_not)
{
	put("/home/u/a.c", "#include \"/usr/local/farm/include/x.h\"\n");
	put("/usr/local/farm/include/x.h", "int x;\n");
	step(VIEWPLAN_TREE, "/home", NULL);
	step(VIEWPLAN_EMPTY, "/usr/local", NULL);
	step(VIEWPLAN_NODE, "/usr/local/lib", NULL);
	step(VIEWPLAN_DIR, "/usr/local/farm", NULL);
	step(VIEWPLAN_TREE, "/usr/local/farm/include", NULL);
	compile("/home/u", NULL);
	bench_assert_compiled();
	_cleanup_free_ char *names = script("ls /usr/local >/.farm/object; : >/usr/local/y");
	cr_expect_str_eq(names, "farm\nlib\n");
}

Test(jail_view, names_and_directories_by_links)
{
	put("/home/u/src/a.c", "#include \"in/b.h\"\nconst char *f(void) { return __FILE__; }\n");
	put("/home/u/inc/b.h", "");
	put_link("/home/u/src/in", "../inc");
	step(VIEWPLAN_TREE, "/home", NULL);
	step(VIEWPLAN_LINK, "/logical", "home/u/src");
	compile("/logical", "-g");
	bench_assert_compiled();
	_cleanup_free_ char *object = bench_contents(STREAM_OUTPUT);
	/* debug information has the name by which the client came */
	cr_expect(memmem(object, bench.out.bytes[STREAM_OUTPUT], "/logical", 9));
	cr_expect_null(memmem(object, bench.out.bytes[STREAM_OUTPUT], "/home/u", 7));
	compile("/home/u/inc/../src", NULL);
	bench_assert_compiled();
}

Test(jail_view, links_lead_nowhere_else)
{
	static const char *const targets[] = {"/etc/passwd", "/proc/self/root/etc/passwd",
		"/proc/1/root/etc/passwd", "/proc/self/cwd/../../etc/passwd",
		"../../../../../../etc/passwd", "self"};
	put("/home/u/a.c", "#include \"self\"\n");
	step(VIEWPLAN_TREE, "/home", NULL);
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		_cleanup_free_ char *at = xasprintf("%s/home/u/self", tree);
		unlink(at);
		put_link("/home/u/self", targets[i]);
		compile("/home/u", NULL);
		cr_expect(fails_with("self: "), "%s", targets[i]);
	}
}

/* Nobody makes such plans; the jail does not follow them all the same. */
Test(jail_view, a_mount_never_follows_a_link)
{
	static const char *const paths[] = {"/link", "/link/alternatives", "/none"};
	put("/home/u/a.c", "");
	put_link("/link", "/etc");
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		viewplan_fini(&plan);
		step(VIEWPLAN_TREE, "/home", NULL);
		step(VIEWPLAN_TREE, paths[i], NULL);
		compile("/home/u", NULL);
		cr_expect_eq(bench.out.err, ERR_JAIL, "%s", paths[i]);
		cr_expect(str_starts(bench.out.why, "mounts of the view: "), "%s", bench.out.why);
	}
}

Test(jail_view, a_directory_that_is_not_there)
{
	put("/home/u/a.c", "");
	step(VIEWPLAN_TREE, "/home", NULL);
	compile("/home/v", NULL);
	cr_expect_eq(bench.out.err, ERR_JAIL);
}

Test(jail_view, only_the_desk_can_be_written)
{
	static const char text[] =
		"t() { \"$@\" 2>/dev/null && echo \"$*\" >>/.farm/object; }\n"
		"w() { (: >>\"$1\") 2>/dev/null && echo \"writes $1\" >>/.farm/object; }\n"
		": >/.farm/object\n"
		"for f in /home/u/a.c /home/u/new /home/new /new /tmp/new /usr/new /usr/include/new "
		"/usr/local/new /dev/new; do w $f; done\n"
		"t ln /home/u/a.c /.farm/hard\n"
		"t ln /.farm/object /home/u/hard\n"
		"t mv /home/u/a.c /home/u/b.c\n"
		"t rm -f /home/u/a.c\n"
		"t chmod 644 /home/u/a.c\n"
		"t touch /home/u/a.c\n"
		"t mkdir /home/u/dir\n"
		"t /home/u/program\n"
		"w $TMPDIR/kept\n";
	put("/home/u/a.c", "int x;\n");
	put("/usr/include/x.h", "");
	_cleanup_free_ char *copy = xasprintf(
		"cp /bin/true %s/home/u/program && chmod 755 %s/home/u/program", tree, tree);
	cr_assert_eq(system(copy), 0);
	step(VIEWPLAN_EMPTY, "/usr/local", NULL);
	step(VIEWPLAN_TREE, "/home", NULL);
	step(VIEWPLAN_TREE, "/usr/include", NULL);
	_cleanup_free_ char *done = script(text);
	cr_expect_str_eq(done, "writes /.farm/kept\n");
	_cleanup_free_ char *at = xasprintf("%s/home/u/a.c", tree), *still = NULL;
	cr_assert_eq(fs_read_file(at, 64, &still, NULL), 0);
	cr_expect_str_eq(still, "int x;\n");
}

/* What comes to be in the tree is seen by a job that runs. */
Test(jail_view, a_tree_that_grows)
{
	put("/home/u/a.c", "");
	step(VIEWPLAN_TREE, "/home", NULL);
	struct job_spec spec = bench_spec("/home/u", "a.c", "a.o");
	strv_push(&spec.flags, "-c");
	strv_push(&spec.flags, "until [ -e late ]; do :; done; cat late >/.farm/object");
	start("/bin/sh", &spec);
	put("/home/u/late", "here");
	uv_run(&bench.loop, UV_RUN_DEFAULT);
	_cleanup_free_ char *got = bench_contents(STREAM_OUTPUT);
	cr_expect_str_eq(got, "here");
}

Test(jail_view, a_trial_that_works_and_ones_that_do_not)
{
	char *why = NULL;
	step(VIEWPLAN_TREE, "/farm", NULL);
	cr_expect_eq(jail_box_try_view(bench.box, "/usr/bin/gcc", tree, &plan, &why), ERR_JAIL);
	cr_expect_not_null(why);
	free(why);
	put(JAIL_TRIAL_SOURCE, "int f(void) { return 1; }\n");
	cr_expect_eq(jail_box_try_view(bench.box, "/usr/bin/gcc", tree, &plan, &why), 0);
	cr_expect_eq(jail_box_try_view(bench.box, "/bin/true", tree, &plan, &why), ERR_JAIL);
	free(why);
	cr_expect_eq(jail_box_try_view(bench.box, "/usr/bin/gcc", "/nonexistent", &plan, &why),
		ERR_JAIL);
	free(why);
}

/* A compiler is given the output's own name, and writes on the desk all the same. */
Test(jail_view, files_beside_the_object)
{
	put("/home/u/a.c", "int f(void) { return 1; }\n");
	put("/home/u/out/nothing", "");
	put_link("/home/u/out/a.o", VIEWPLAN_OUTPUT);
	for (enum side i = 0; i < SIDE_COUNT; i++) {
		_cleanup_free_ char *name = side_name("/home/u/out/a.o", i);
		put_link(name, side_table[i].desk);
	}
	step(VIEWPLAN_TREE, "/home", NULL);
	struct job_spec spec = bench_spec("/home/u", "a.c", "out/a.o");
	spec.names_output = true;
	spec.sides = 1 << SIDE_NOTES | 1 << SIDE_STACK | 1 << SIDE_CALLS;
	strv_push(&spec.flags, "--coverage");
	strv_push(&spec.flags, "-fstack-usage");
	strv_push(&spec.flags, "-fcallgraph-info");
	run("/usr/bin/gcc", &spec);
	bench_assert_compiled();
	cr_expect_not(bench.out.lacks_side);
	_cleanup_free_ char *object = bench_contents(STREAM_OUTPUT);
	cr_expect(memmem(object, bench.out.bytes[STREAM_OUTPUT], "/home/u/out/a.gcda", 18));
	_cleanup_free_ char *stack = bench_contents(STREAM_STACK);
	cr_expect(str_starts(stack, "a.c:1:5:f\t"), "%s", stack);
	_cleanup_free_ char *calls = bench_contents(STREAM_CALLS);
	cr_expect(str_starts(calls, "graph: "), "%s", calls);
	_cleanup_free_ char *notes = bench_contents(STREAM_NOTES);
	cr_expect_eq(memcmp(notes, "oncg", 4), 0);
	cr_expect_eq(bench.out.fd[STREAM_DWO], -1);
}

Test(jail_view, a_file_that_is_not_made)
{
	put("/home/u/a.c", "int x;\n");
	put_link("/home/u/a.o", VIEWPLAN_OUTPUT);
	step(VIEWPLAN_TREE, "/home", NULL);
	struct job_spec spec = bench_spec("/home/u", "a.c", "a.o");
	spec.names_output = true;
	spec.sides = 1 << SIDE_NOTES;
	run("/usr/bin/gcc", &spec);
	bench_assert_compiled();
	cr_expect(bench.out.lacks_side);
}

Test(jail_view, an_output_without_a_link_cannot_be_written)
{
	put("/home/u/a.c", "int x;\n");
	step(VIEWPLAN_TREE, "/home", NULL);
	struct job_spec spec = bench_spec("/home/u", "a.c", "a.o");
	spec.names_output = true;
	run("/usr/bin/gcc", &spec);
	cr_expect(fails_with("Read-only file system"));
}
