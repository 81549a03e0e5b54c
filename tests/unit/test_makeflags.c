#include "core/makeflags.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(makeflags, style)
{
	static const struct {
		const char *version, *features;
		enum make_style style;
	} cases[] = {
		{"3.81", "target-specific else-if archives jobserver check-symlink", MAKE_FDS},
		{"3.82", "jobserver", MAKE_FDS},
		{"4.1", "guile jobserver load", MAKE_FDS},
		{"4.2.1", "jobserver", MAKE_AUTH},
		{"4.3", "output-sync jobserver check-symlink", MAKE_AUTH},
		{"4.4", "jobserver jobserver-fifo", MAKE_FIFO},
		{"4.4.1", "output-sync jobserver jobserver-fifo load", MAKE_FIFO},
		{"4.4.1", "jobserver", MAKE_AUTH},
		{"5.0", "jobserver", MAKE_AUTH},
		{"5.0", "jobserver jobserver-fifo", MAKE_FIFO},
		{"4.3", "", MAKE_NONE},
		{"4.3", "target-specific nojobserver jobservers", MAKE_NONE},
		{"4.4.1", "jobserver-fifo", MAKE_NONE},
		{"", "jobserver", MAKE_NONE},
		{"four", "jobserver", MAKE_NONE},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(makeflags_style(cases[i].version, cases[i].features), cases[i].style,
			"%s, %s", cases[i].version, cases[i].features);
}

/* "3,4", the path of a fifo, or "none"; "n " in front of it for a dry run. */
static char *show_auth(const struct make_auth *a)
{
	const char *dry = a->dry_run ? "n " : "";
	if (a->kind == AUTH_FDS)
		return xasprintf("%s%d,%d", dry, a->read_fd, a->write_fd);
	return xasprintf("%s%s", dry, a->kind == AUTH_FIFO ? a->path : "none");
}

Test(makeflags, parse_auth)
{
	static const struct {
		const char *makeflags, *want;
	} cases[] = {
		{"", "none"},
		{"k", "none"},
		{"n", "n none"},
		{" -j4", "none"},
		{"-n", "none"},
		{" -j4 --jobserver-auth=3,4", "3,4"},
		{"--jobserver-auth=3,4", "3,4"},
		{" -j --jobserver-fds=3,4 -- CC=gcc", "3,4"},
		{"--jobserver-fds=3,4 -j", "3,4"},
		{"k -j4 --jobserver-auth=3,4", "3,4"},
		{"kn -j4 --jobserver-auth=3,4", "n 3,4"},
		{"  nk -j4 --jobserver-auth=3,4", "n 3,4"},
		{"CC=clang --jobserver-auth=3,4", "3,4"},
		{"-j4 n --jobserver-auth=3,4", "3,4"},
		{" -j4 --jobserver-auth=fifo:/tmp/GMfifo29416 -- CC=gcc", "/tmp/GMfifo29416"},
		{" -j4 -- A=1 --jobserver-auth=3,4", "none"},
		{" -j4 -- A=--jobserver-auth=3,4", "none"},
		{"A=--jobserver-auth=3,4", "none"},
		{" -j4 A=x\\ --jobserver-auth=3,4", "none"},
		{" --jobserver-auth=5,6 --jobserver-auth=3,4", "3,4"},
		{" --jobserver-fds=7,8 --jobserver-auth=7,8", "7,8"},
		{" -j4 --jobserver-auth=3,4 --jobserver-auth=-2,-2", "none"},
		{" --jobserver-auth=fifo:/a --jobserver-auth=3,4", "3,4"},
		{" --jobserver-auth=3,4 --jobserver-auth=fifo:/a", "/a"},
		{" -j4\t--jobserver-auth=3,4\t-k", "3,4"},
		{" --jobserver-auth=3,4x", "none"},
		{" --jobserver-auth=3", "none"},
		{" --jobserver-auth=3,", "none"},
		{" --jobserver-auth=,4", "none"},
		{" --jobserver-auth=-1,4", "none"},
		{" --jobserver-auth=3,-4", "none"},
		{" --jobserver-auth=3,4,5", "none"},
		{" --jobserver-auth=99999999999999999999,4", "none"},
		{" --jobserver-auth=2147483648,4", "none"},
		{" --jobserver-auth=2147483647,4", "2147483647,4"},
		{" --jobserver-auth=", "none"},
		{" --jobserver-auth=fifo:", "none"},
		{" --jobserver-auth=gmake_semaphore_1234", "none"},
		{" --jobserver-auth", "none"},
		{"\\", "none"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct make_auth a;
		makeflags_parse_auth(cases[i].makeflags, &a);
		_cleanup_free_ char *got = show_auth(&a);
		cr_expect_str_eq(got, cases[i].want, "\"%s\": %s", cases[i].makeflags, got);
	}
}

Test(makeflags, a_path_that_is_too_long_is_no_jobserver)
{
	struct make_auth a;
	_cleanup_free_ char *flags = xasprintf("--jobserver-auth=fifo:/%04095d", 0);
	makeflags_parse_auth(flags, &a);
	cr_expect_eq(a.kind, AUTH_NONE);
	flags[strlen(flags) - 1] = '\0';
	makeflags_parse_auth(flags, &a);
	cr_expect_eq(a.kind, AUTH_FIFO);
}

Test(makeflags, build_by_style)
{
	static const char *const want[] = {
		[MAKE_NONE] = " -j8",
		[MAKE_FDS] = " -j --jobserver-fds=10,11",
		[MAKE_AUTH] = " -j8 --jobserver-auth=10,11",
		[MAKE_FIFO] = " -j8 --jobserver-auth=fifo:/d/tokens",
	};
	for (enum make_style s = MAKE_NONE; s <= MAKE_FIFO; s++) {
		_cleanup_free_ char *out =
			makeflags_build(&(struct make_pool){s, 8, 10, 11, "/d/tokens"}, NULL);
		cr_expect_str_eq(out, want[s]);
	}
}

Test(makeflags, build_keeps_what_is_the_users)
{
#define OURS " -j8 --jobserver-auth=10,11"
	static const struct {
		const char *user, *want;
	} cases[] = {
		{"", OURS},
		{"   ", OURS},
		{"k", "k" OURS},
		{" ks", "ks" OURS},
		{"-k", " -k" OURS},
		{"k -j4 --jobserver-auth=3,4", "k" OURS},
		{" -j4 --jobserver-auth=3,4 -- CC=gcc", OURS " -- CC=gcc"},
		{" -j --jobserver-fds=3,4", OURS},
		{"k -j4 -l2.5 -Otarget --no-print-directory",
			"k -l2.5 -Otarget --no-print-directory" OURS},
		{"-j", OURS},
		{"j", OURS},
		{"j8", OURS},
		{"kj8", "k" OURS},
		{"kj 8 -s", "k -s" OURS},
		{"j 8 -s", " -s" OURS},
		{"-j 8 k", " k" OURS},
		{"-kj8", " -k" OURS},
		{"--jobs", OURS},
		{"--jobs=8", OURS},
		{"--jobs 8 -k", " -k" OURS},
		{"kj0", "kj0" OURS},
		{" --sync-mutex=fnm:/tmp/Gm1 -k", " -k" OURS},
		{" --jobserver-style=pipe", OURS},
		{"CC=clang k", " CC=clang k" OURS},
		{" -Iinc\\ -j4 -k", " -Iinc\\ -j4 -k" OURS},
		{" -I -j4", " -I -j4" OURS},
		{"w -- A=b\\ -j4 --jobserver-auth=x  C=",
			"w" OURS " -- A=b\\ -j4 --jobserver-auth=x  C="},
		{"-- A=1", OURS " -- A=1"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		_cleanup_free_ char *out = makeflags_build(
			&(struct make_pool){MAKE_AUTH, 8, 10, 11, NULL}, cases[i].user);
		cr_expect_str_eq(out, cases[i].want, "\"%s\": \"%s\"", cases[i].user, out);
	}
#undef OURS
}

/* "kept words|jobs|passthrough|bad": jobs is "-" when there is no -j. */
static char *show_args(const struct make_args *a)
{
	char *out = xstrdup("");
	for (size_t i = 0; i < a->args.n; i++) {
		char *longer = xasprintf("%s%s%s", out, i ? " " : "", a->args.v[i]);
		free(out);
		out = longer;
	}
	char jobs[24] = "-";
	if (a->has_jobs)
		snprintf(jobs, sizeof jobs, "%ld", a->jobs);
	char *all = xasprintf("%s|%s|%s%s%s", out, jobs, a->passthrough ? "pass" : "",
		a->bad_jobs ? "|bad " : "", a->bad_jobs ? a->bad_jobs : "");
	free(out);
	return all;
}

/* Words are separated by one blank; "''" is an empty word. */
static void check_args(const char *line, const char *want)
{
	struct strv argv = {0};
	for (const char *p = line; *p; p += *p == ' ') {
		size_t n = strcspn(p, " ");
		strv_pushf(&argv, "%.*s", n == 2 && p[0] == '\'' ? 0 : (int)n, p);
		p += n;
	}
	char *none[] = {NULL};
	struct make_args a;
	make_args_scan(argv.v ? argv.v : none, &a);
	_cleanup_free_ char *got = show_args(&a);
	cr_expect_str_eq(got, want, "make %s: %s", line, got);
	make_args_fini(&a);
	strv_fini(&argv);
}

Test(makeflags, point)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{"", ""},
		{" -j4 --jobserver-auth=10,11", " -j4 --jobserver-auth=7,8"},
		{"ks -j --jobserver-fds=3,4 --sync-mutex=x -- CC=gcc",
			"ks -j --jobserver-fds=7,8 --sync-mutex=x -- CC=gcc"},
		{"-j2 --jobserver-auth=-2,-2", "-j2 --jobserver-auth=7,8"},
		{" -j2 --jobserver-auth=fifo:/d/tokens -k", " -j2 --jobserver-auth=7,8 -k"},
		{"--jobserver-auth=3,4 --jobserver-auth=5,6",
			"--jobserver-auth=7,8 --jobserver-auth=7,8"},
		{"w -- A=--jobserver-auth=3,4 --jobserver-auth=5,6",
			"w -- A=--jobserver-auth=3,4 --jobserver-auth=5,6"},
		{"no\\ --jobserver-auth=1,2", "no\\ --jobserver-auth=1,2"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		_cleanup_free_ char *got = makeflags_point(cases[i].from, 7, 8);
		cr_expect_str_eq(got, cases[i].to);
	}
}

Test(make_args, jobs)
{
	static const char *const cases[][2] = {
		{"", "|-|"},
		{"all", "all|-|"},
		{"-j", "|0|"},
		{"-j8", "|8|"},
		{"-j 8", "|8|"},
		{"-j08 all", "all|8|"},
		{"-j 007 all", "all|7|"},
		{"--jobs", "|0|"},
		{"--jobs all", "all|0|"},
		{"--jobs=8", "|8|"},
		{"--jobs 8 all", "all|8|"},
		{"-j all", "all|0|"},
		{"-j 4x", "4x|0|"},
		{"-j +4", "+4|0|"},
		{"-j -5", "-5|0|"},
		{"-j -k", "-k|0|"},
		{"-kj8", "-k|8|"},
		{"-kj 8 all", "-k all|8|"},
		{"-kj all", "-k all|0|"},
		{"-k -j8 -s CC=gcc", "-k -s CC=gcc|8|"},
		{"-j8 -j", "|0|"},
		{"-j -j8", "|8|"},
		{"all -j8 install", "all install|8|"},
		{"-- -j8", "-- -j8|-|"},
		{"-j 3 -- -j8 -n", "-- -j8 -n|3|"},
		{"- -j8", "-|8|"},
		{"-j8 --jobs=4 -kj2", "-k|2|"},
		{"-j 4294967297", "|1|"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_args(cases[i][0], cases[i][1]);
}

/* GNU make 4.3 stops with a message for each of these, so it must see them. */
Test(make_args, what_make_refuses_stays)
{
	static const char *const cases[][2] = {
		{"-j 0", "-j 0|-||bad 0"},
		{"-j0 all", "-j0 all|-||bad 0"},
		{"-j8k", "-j8k|-||bad 8k"},
		{"-jx -s", "-jx -s|-||bad x"},
		{"-j-5", "-j-5|-||bad -5"},
		{"-j+4", "-j+4|-||bad +4"},
		{"-kj8s", "-kj8s|-||bad 8s"},
		{"-kj 0", "-kj 0|-||bad 0"},
		{"-j ''", "-j |-||bad "},
		{"--jobs=x", "--jobs=x|-||bad x"},
		{"--jobs= all", "--jobs= all|-||bad "},
		{"--jobs 0", "--jobs 0|-||bad 0"},
		{"--job=8", "--job=8|-|"},
		{"--jo", "--jo|-|"},
		{"--j 3", "--j 3|-|"},
		{"-j 2147483648", "-j 2147483648|-||bad 2147483648"},
		{"-j8 -j0", "-j0|8||bad 0"},
		{"--keep-going=1 -j2", "--keep-going=1|2|"},
		{"--nonsense -j2", "--nonsense|2|"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_args(cases[i][0], cases[i][1]);
}

Test(make_args, arguments_of_other_options_are_no_options)
{
	static const char *const cases[][2] = {
		{"-C -j8", "-C -j8|-|"},
		{"-C dir -j8", "-C dir|8|"},
		{"-Cdir -j8", "-Cdir|8|"},
		{"-kC -j8", "-kC -j8|-|"},
		{"-fj8 -n", "-fj8 -n|-|pass"},
		{"-f -n", "-f -n|-|"},
		{"-I -n -o -q -W -t -E -p", "-I -n -o -q -W -t -E -p|-|"},
		{"-l -j8", "-l|8|"},
		{"-l 4 -j8", "-l 4|8|"},
		{"-lj8", "-lj8|-|"},
		{"-O -j8", "-O|8|"},
		{"-Oline -j8", "-Oline|8|"},
		{"-f", "-f|-|"},
		{"--file -j8", "--file -j8|-|"},
		{"--file=-j8 -j2", "--file=-j8|2|"},
		{"--fi -n", "--fi -n|-|"},
		{"--directory", "--directory|-|"},
		{"--eval -n -j2", "--eval -n|2|"},
		{"--debug -j2", "--debug|2|"},
		{"--output-sync -j2", "--output-sync|2|"},
		{"--load-average -j2", "--load-average|2|"},
		{"--what-if -n", "--what-if -n|-|"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_args(cases[i][0], cases[i][1]);
}

Test(make_args, passthrough)
{
	static const char *const pass[] = {"-n", "-q", "-t", "-p", "-v", "-h", "-kn", "-sn", "-nk",
		"--dry-run", "--just-print", "--recon", "--question", "--touch",
		"--print-data-base", "--version", "--help", "--dry", "--just", "--rec", "--que",
		"--to", "--print-da", "--vers", "--hel", "all -n"};
	static const char *const build[] = {"-k", "-s", "-B", "-w", "--", "-- -n", "-Cn", "-C -n",
		"--no-print-directory", "--quiet", "--trace", "--t", "--qu", "--pri", "n", "-"};
	struct make_args a;
	for (size_t i = 0; i < sizeof pass / sizeof *pass; i++) {
		_cleanup_free_ char *want = xasprintf("%s|-|pass", pass[i]);
		check_args(pass[i], want);
	}
	for (size_t i = 0; i < sizeof build / sizeof *build; i++) {
		_cleanup_free_ char *want = xasprintf("%s|-|", build[i]);
		check_args(build[i], want);
	}
	char *const n_after_bad[] = {"-j0n", NULL};
	make_args_scan(n_after_bad, &a);
	cr_expect(!a.passthrough && a.bad_jobs);
	make_args_fini(&a);
}
