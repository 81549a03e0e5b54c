/* What a job may ask of a node, and what may be said on farmnode's command line. */
#include "check.h"
#include "opts.h"
#include "paths.h"

#include <criterion/criterion.h>
#include <string.h>

Test(node_paths, clean)
{
	static const char *const clean[] = {"/", "/a", "/a/b", "/..a/b..", "/.a", "/a/...", "/a b"};
	static const char *const other[] = {
		"", "a", "./a", "//", "/a/", "/a//b", "/a/./b", "/a/..", "/../a", "/."};
	for (size_t i = 0; i < sizeof clean / sizeof *clean; i++)
		cr_assert(paths_is_clean(clean[i]), "%s", clean[i]);
	for (size_t i = 0; i < sizeof other / sizeof *other; i++)
		cr_assert_not(paths_is_clean(other[i]), "%s", other[i]);
}

Test(node_paths, resolve)
{
	static const struct {
		const char *cwd, *path, *want;
	} rows[] = {
		{"/a/b", "c", "/a/b/c"},
		{"/a/b", "./c//d/.", "/a/b/c/d"},
		{"/a/b", "../c", "/a/c"},
		{"/a/b", "../../../../etc/x", "/etc/x"},
		{"/a/b", "..", "/a"},
		{"/a/b", "../..", "/"},
		{"/a/b", "/x/../y", "/y"},
		{"/a/b", "", "/a/b"},
		{"/", "x", "/x"},
		{"/", "..", "/"},
		{"/a", "..x/.y", "/a/..x/.y"},
	};
	char out[64];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		cr_assert_eq(paths_resolve(rows[i].cwd, rows[i].path, out, sizeof out), 0);
		cr_assert_str_eq(out, rows[i].want);
	}
	for (size_t size = 1; size < 7; size++)
		cr_assert_neq(paths_resolve("/a/b", "cc", out, size), 0, "%zu", size);
	cr_assert_eq(paths_resolve("/a/b", "cc", out, 8), 0);
}

Test(node_paths, below)
{
	cr_assert(paths_is_below("/usr", "/usr"));
	cr_assert(paths_is_below("/usr/lib", "/usr"));
	cr_assert(paths_is_below("/usr", "/"));
	cr_assert_not(paths_is_below("/usrlocal", "/usr"));
	cr_assert_not(paths_is_below("/us", "/usr"));
}

/* One field changed in a job that is allowed. */
struct change {
	const char *cwd, *source, *output, *flag;
	enum lang lang;
	int refusal; /* -1: allowed */
};

static const struct change changes[] = {
	{.refusal = -1},
	{.flag = "-O2", .refusal = -1},
	{.source = "../lib/x.c", .refusal = -1},
	{.source = "/home/u/x.c", .refusal = -1},
	{.output = "/tmp/x.o", .refusal = -1},
	{.cwd = "/usr/src/linux", .refusal = -1},
	{.cwd = "/usrlocal", .refusal = -1},
	{.lang = LANG_CXX, .refusal = REFUSED_TOOLCHAIN},
	{.flag = "-march=native", .refusal = REFUSED_FLAG}, /* by the first id */
	{.flag = "-fplugin=x.so", .refusal = REFUSED_FLAG},
	{.flag = "-wrapper", .refusal = REFUSED_FLAG},
	{.flag = "-specs=x", .refusal = REFUSED_FLAG},
	{.flag = "-B/tmp", .refusal = REFUSED_FLAG},
	{.flag = "@file", .refusal = REFUSED_FLAG},
	{.flag = "-I/etc", .refusal = REFUSED_FLAG},
	{.flag = "-o", .refusal = REFUSED_FLAG},
	{.flag = "x.c", .refusal = REFUSED_FLAG},
	{.flag = "", .refusal = REFUSED_FLAG},
	{.cwd = "", .refusal = REFUSED_FLAG},
	{.cwd = "home", .refusal = REFUSED_FLAG},
	{.cwd = "/", .refusal = REFUSED_FLAG},
	{.cwd = "/home/u/", .refusal = REFUSED_FLAG},
	{.cwd = "/home/../etc", .refusal = REFUSED_FLAG},
	{.cwd = "/usr", .refusal = REFUSED_FLAG},
	{.cwd = "/etc/x", .refusal = REFUSED_FLAG},
	{.cwd = "/proc/1", .refusal = REFUSED_FLAG},
	{.cwd = "/opt/tc/bin", .refusal = REFUSED_FLAG},
	{.source = "", .refusal = REFUSED_FLAG},
	{.source = "-x.c", .refusal = REFUSED_FLAG},
	{.source = "@x.c", .refusal = REFUSED_FLAG},
	{.source = "x/", .refusal = REFUSED_FLAG},
	{.source = "..", .refusal = REFUSED_FLAG},
	{.source = ".", .refusal = REFUSED_FLAG},
	{.source = "../../etc/passwd", .refusal = REFUSED_FLAG},
	{.source = "/dev/null", .refusal = REFUSED_FLAG},
	{.output = "/usr/lib/x.o", .refusal = REFUSED_FLAG},
	{.output = "/opt/tc/lib/x.o", .refusal = REFUSED_FLAG},
	{.output = "./x.c", .refusal = REFUSED_FLAG},
};

static char *copy(const char *changed, const char *usual)
{
	return xstrdup(changed ? changed : usual);
}

Test(node_check, jobs)
{
	const struct toolchain c_only = {.kind = "gcc", .target = "t", .cxx = "-", .native = "-"};
	struct strv closed = {0};
	strv_push(&closed, "/opt/tc");
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		const struct change *c = &changes[i];
		struct job_spec spec = {.lang = c->lang,
			.cwd = copy(c->cwd, "/home/u"),
			.source = copy(c->source, "x.c"),
			.output = copy(c->output, "x.o")};
		if (c->flag)
			strv_push(&spec.flags, c->flag);
		struct check_refusal refusal = {.code = REFUSED_COUNT};
		bool allowed = check_job(&spec, &c_only, &closed, &refusal);
		cr_assert_eq(allowed, c->refusal < 0, "row %zu", i);
		if (!allowed)
			cr_assert_eq((int)refusal.code, c->refusal, "row %zu: %s", i, refusal.text);
		job_spec_fini(&spec);
	}
	strv_fini(&closed);
}

static bool allows(
	const struct toolchain *t, const uint8_t id[TOOLCHAIN_ID_BYTES], const char *flag)
{
	struct job_spec spec = {
		.cwd = xstrdup("/home/u"), .source = xstrdup("x.c"), .output = xstrdup("x.o")};
	memcpy(spec.toolchain, id, sizeof spec.toolchain);
	strv_push(&spec.flags, flag);
	struct check_refusal refusal;
	bool allowed = check_job(&spec, t, &(struct strv){0}, &refusal);
	job_spec_fini(&spec);
	return allowed;
}

/* Who names the toolchain so knows that the processor is the same. */
Test(node_check, native_jobs_need_the_second_id)
{
	struct toolchain t = {.kind = "gcc", .target = "t", .cxx = "-", .id = {1}};
	uint8_t native[TOOLCHAIN_ID_BYTES];
	memset(t.native, 'a', TOOLCHAIN_DIGEST_HEX);
	memset(native, 0xaa, sizeof native);
	cr_expect(allows(&t, native, "-march=native"));
	cr_expect(allows(&t, native, "-mcpu=native+crypto"));
	cr_expect(allows(&t, t.id, "-march=x86-64-v3"));
	cr_expect_not(allows(&t, t.id, "-mtune=native"));
}

/* Of a view's job: what is changed about one that is allowed. */
static const struct {
	const char *cwd, *source, *output, *flag;
	enum deps_kind deps;
	enum messages messages;
	bool names_output, is_text;
	unsigned sides;
	uint32_t view;
	int refusal; /* -1: allowed */
} view_changes[] = {
	{.view = 1, .refusal = -1},
	{.view = 1, .flag = "-O2", .refusal = -1},
	{.view = 1, .flag = "-I/etc", .refusal = -1},
	{.view = 1, .flag = "-includeconfig.h", .refusal = -1},
	{.view = 1, .flag = "-MTx.o", .refusal = -1},
	{.view = 1, .deps = DEPS_CPP_USER, .refusal = -1},
	{.view = 1, .messages = MESSAGES_UTF8, .refusal = -1},
	{.view = 1, .cwd = "/usr/include", .refusal = -1},
	{.view = 1, .cwd = "/", .refusal = -1},
	{.view = 1, .source = "/usr/include/x.c", .refusal = -1},
	{.view = 1, .output = "/etc/passwd", .refusal = -1}, /* not used */
	{.view = 1, .output = "@x", .refusal = -1},
	{.view = 1, .messages = MESSAGES_HERE, .refusal = REFUSED_FLAG},
	{.view = 1, .sides = 1 << SIDE_NOTES, .names_output = true, .refusal = -1},
	{.view = 1, .flag = "-ftest-coverage", .names_output = true, .refusal = -1},
	{.view = 1, .flag = "-gsplit-dwarf", .names_output = true, .refusal = -1},
	{.view = 1, .sides = 1 << SIDE_DWO, .refusal = REFUSED_FLAG},
	{.view = 1, .output = "@x", .names_output = true, .refusal = REFUSED_FLAG},
	{.view = 1, .output = "-x", .names_output = true, .refusal = REFUSED_FLAG},
	{.view = 1, .output = "", .names_output = true, .refusal = REFUSED_FLAG},
	{.view = 1, .flag = "-fstack-usage=x", .refusal = REFUSED_FLAG},
	{.view = 1, .flag = "-MF/x", .refusal = REFUSED_FLAG},
	{.view = 1, .flag = "-MD", .refusal = REFUSED_FLAG},
	{.view = 1, .flag = "-Wp,-MD,x", .refusal = REFUSED_FLAG},
	{.view = 1, .flag = "-B/x", .refusal = REFUSED_FLAG},
	{.view = 1, .flag = "@x", .refusal = REFUSED_FLAG},
	{.view = 1, .source = "", .refusal = REFUSED_FLAG},
	{.view = 1, .source = "-x.c", .refusal = REFUSED_FLAG},
	{.view = 1, .source = "@x.c", .refusal = REFUSED_FLAG},
	{.view = 1, .cwd = "", .refusal = REFUSED_FLAG},
	{.view = 1, .cwd = "x", .refusal = REFUSED_FLAG},
	{.view = 1, .cwd = "/a/..", .refusal = REFUSED_FLAG},
	{.is_text = true, .refusal = -1},
	{.is_text = true, .view = 1, .refusal = REFUSED_FLAG},
	{.is_text = true, .deps = DEPS_ALL, .refusal = REFUSED_FLAG},
	{.is_text = true, .flag = "-MTx.o", .refusal = REFUSED_FLAG},
	{.is_text = true, .flag = "-gsplit-dwarf", .sides = 1 << SIDE_DWO, .refusal = -1},
	{.is_text = true, .sides = 1 << SIDE_STACK, .refusal = REFUSED_FLAG},
	{.is_text = true, .names_output = true, .refusal = REFUSED_FLAG},
	{.is_text = true, .flag = "-fstack-usage", .refusal = REFUSED_FLAG},
};

Test(node_check, jobs_of_views)
{
	const struct toolchain c_only = {.kind = "gcc", .target = "t", .cxx = "-", .native = "-"};
	for (size_t i = 0; i < sizeof view_changes / sizeof *view_changes; i++) {
		struct job_spec spec = {
			.input_kind = view_changes[i].is_text ? INPUT_TEXT : INPUT_VIEW,
			.view = view_changes[i].view,
			.deps = view_changes[i].deps,
			.messages = view_changes[i].messages,
			.sides = (uint8_t)view_changes[i].sides,
			.names_output = view_changes[i].names_output,
			.cwd = copy(view_changes[i].cwd, "/home/u"),
			.source = copy(view_changes[i].source, "x.c"),
			.output = copy(view_changes[i].output, "x.o")};
		if (view_changes[i].flag)
			strv_push(&spec.flags, view_changes[i].flag);
		struct check_refusal refusal = {.code = REFUSED_COUNT};
		bool allowed = check_job(&spec, &c_only, &(struct strv){0}, &refusal);
		cr_expect_eq(allowed, view_changes[i].refusal < 0, "row %zu", i);
		if (!allowed)
			cr_expect_eq((int)refusal.code, view_changes[i].refusal, "row %zu", i);
		job_spec_fini(&spec);
	}
}

Test(node_check, no_toolchain)
{
	struct job_spec spec = {
		.cwd = xstrdup("/home/u"), .source = xstrdup("x.c"), .output = xstrdup("x.o")};
	struct check_refusal refusal;
	cr_assert_not(check_job(&spec, NULL, &(struct strv){0}, &refusal));
	cr_assert_eq(refusal.code, REFUSED_TOOLCHAIN);
	job_spec_fini(&spec);
}

Test(node_check, what_a_peer_wrote_is_printable)
{
	struct job_spec spec = {
		.cwd = xstrdup("/home/u"), .source = xstrdup("x.c"), .output = xstrdup("x.o")};
	char flag[1000];
	memset(flag, '\n', sizeof flag);
	flag[sizeof flag - 1] = '\0';
	strv_push(&spec.flags, flag);
	const struct toolchain c_only = {.cxx = "-"};
	struct check_refusal refusal;
	cr_assert_not(check_job(&spec, &c_only, &(struct strv){0}, &refusal));
	cr_assert_null(strchr(refusal.text, '\n'));
	job_spec_fini(&spec);
}

Test(node_check, clang_records_its_command)
{
	const struct toolchain gcc = {.kind = "gcc", .target = "t", .cxx = "-"},
			       clang = {.kind = "clang", .target = "t", .cxx = "-"};
	static const char *const flags[] = {"-frecord-gcc-switches", "-grecord-gcc-switches"};
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		struct job_spec spec = {.input_kind = INPUT_VIEW,
			.messages = MESSAGES_UTF8,
			.view = 1,
			.cwd = copy(NULL, "/home/u"),
			.source = copy(NULL, "x.c"),
			.output = copy(NULL, "x.o")};
		strv_push(&spec.flags, flags[i]);
		struct check_refusal refusal;
		cr_expect(check_job(&spec, &gcc, &(struct strv){0}, &refusal));
		cr_expect_not(check_job(&spec, &clang, &(struct strv){0}, &refusal));
		cr_expect_eq((int)refusal.code, REFUSED_FLAG);
		job_spec_fini(&spec);
	}
}

Test(node_opts, all_kinds)
{
	char *argv[] = {"--slots", "3", "--preload=0", "--interface", "lo", "--interface=eth7",
		"--no-beacon", "--daemon", "--foreground", "--key=a", "--key", "b", "--log-level",
		"debug", NULL};
	struct opts o;
	char *why = NULL;
	cr_assert_eq(opts_parse(argv, &o, &why), 0);
	cr_assert_eq(o.slots, 3);
	cr_assert_eq(o.preload, 0);
	cr_assert_eq(o.interfaces.n, 2);
	cr_assert_str_eq(o.interfaces.v[1], "eth7");
	cr_assert(o.no_beacon && !o.daemon);
	cr_assert_str_eq(o.key, "b");
	cr_assert_eq(o.log_level, LOG_DEBUG);
	opts_fini(&o);
}

Test(node_opts, defaults)
{
	struct opts o;
	char *why = NULL;
	cr_assert_eq(opts_parse((char *[]){NULL}, &o, &why), 0);
	cr_assert_eq(o.slots, -1);
	cr_assert_eq(o.preload, -1);
	cr_assert_null(o.listen);
	opts_fini(&o);
}

Test(node_opts, errors)
{
	static const struct {
		const char *arg, *value, *why;
	} rows[] = {
		{"--slots", "0", "--slots: '0' is no number from 1 to 4096"},
		{"--slots", "x", "--slots: 'x' is no number from 1 to 4096"},
		{"--slots", NULL, "--slots needs a value: N"},
		{"--slot", "1", "unknown option '--slot' (see --help)"},
		{"slots", NULL, "unknown option 'slots' (see --help)"},
		{"--", NULL, "unknown option '--' (see --help)"},
		{"--daemon=yes", NULL, "--daemon takes no value"},
		{"--key", "", "--key: empty value"},
		{"--bind=", NULL, "--bind: empty value"},
		{"--log-level", "loud",
			"--log-level: 'loud' is none of error, warning, info, debug"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *argv[] = {(char *)rows[i].arg, (char *)rows[i].value, NULL};
		struct opts o;
		char *why = NULL;
		cr_assert_neq(opts_parse(argv, &o, &why), 0, "row %zu", i);
		cr_assert_str_eq(why, rows[i].why);
		free(why);
		opts_fini(&o);
	}
}
