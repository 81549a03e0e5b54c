#include "io/probe.h"

#include "base/err.h"
#include "base/fs.h"
#include "io/digest.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *dir;

static void set_up(void)
{
	cr_assert_eq(fs_make_private_dir("/tmp", "farmprobe-test-", &dir), 0);
}

static void tear_down(void)
{
	fs_remove_tree(dir);
	free(dir);
}

TestSuite(probe, .init = set_up, .fini = tear_down, .timeout = 100);

static struct toolchain measured(const char *compiler)
{
	struct toolchain t;
	int err = probe_run(compiler, NULL, 2, &t);
	cr_assert_eq(err, 0, "%s: %s", compiler, err_str(err));
	return t;
}

static void assert_same(const char *one, const char *other)
{
	struct toolchain a = measured(one), b = measured(other);
	const char *difference = toolchain_difference(&a, &b);
	cr_assert_null(difference, "%s and %s: %s", one, other, difference);
	cr_assert_eq(memcmp(a.id, b.id, sizeof a.id), 0);
	cr_assert_str_eq(a.native, b.native);
}

/* The first line of what a shell command prints. */
static char *output_of(const char *command)
{
	char line[4096] = "";
	FILE *p = popen(command, "r");
	cr_assert(p && fgets(line, sizeof line, p), "%s", command);
	pclose(p);
	line[strcspn(line, "\n")] = '\0';
	return xstrdup(line);
}

static void copy_program(const char *from, const char *to)
{
	char *data;
	size_t n;
	cr_assert_eq(fs_read_file(from, 64 << 20, &data, &n), 0, "%s", from);
	cr_assert_eq(fs_write_atomic(to, data, n, 0755), 0, "%s", to);
	free(data);
}

/* gcc installed once more, under another name and prefix; malloc'd path of the driver. */
static char *install_gcc(void)
{
	_cleanup_free_ char *real = realpath("/usr/bin/gcc", NULL);
	_cleanup_free_ char *lib = output_of("dirname $(gcc -print-prog-name=cc1)");
	cr_assert(str_starts(lib, "/usr/"));
	_cleanup_free_ char *bin = xasprintf("%s/bin", dir);
	_cleanup_free_ char *own_lib = xasprintf("%s/%s", dir, lib + strlen("/usr/"));
	cr_assert_eq(fs_mkdirs(bin, 0755) | fs_mkdirs(own_lib, 0755), 0);
	static const char *const parts[] = {"cc1", "cc1plus", "include", "liblto_plugin.so"};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		_cleanup_free_ char *from = xasprintf("%s/%s", lib, parts[i]);
		_cleanup_free_ char *to = xasprintf("%s/%s", own_lib, parts[i]);
		cr_assert_eq(symlink(from, to), 0);
	}
	char *driver = xasprintf("%s/bin/arm-board-gcc", dir);
	copy_program(real, driver);
	return driver;
}

Test(probe, says_what_a_compiler_is)
{
	struct toolchain t = measured("/usr/bin/gcc");
	_cleanup_free_ char *version = output_of("gcc -dumpfullversion");
	_cleanup_free_ char *target = output_of("gcc -dumpmachine");
	cr_expect_str_eq(t.kind, "gcc");
	cr_expect_str_eq(t.version, version);
	cr_expect_str_eq(t.target, target);
	cr_expect_str_neq(t.specs, "-");
	cr_expect(toolchain_compiles(&t, LANG_CXX));

	char text[TOOLCHAIN_TEXT_MAX];
	uint8_t id[DIGEST_BYTES];
	toolchain_format(&t, true, text, sizeof text);
	digest_sha256(text, strlen(text), id);
	cr_expect_eq(memcmp(id, t.id, sizeof id), 0);
}

Test(probe, names_do_not_matter)
{
	assert_same("/usr/bin/gcc", "/usr/bin/g++");
	_cleanup_free_ char *link = xasprintf("%s/link", dir);
	cr_assert_eq(symlink("/usr/bin/gcc", link), 0);
	assert_same("/usr/bin/gcc", link);
}

Test(probe, prefixes_do_not_matter)
{
	_cleanup_free_ char *driver = install_gcc();
	_cleanup_free_ char *command = xasprintf("%s -print-prog-name=cc1", driver);
	_cleanup_free_ char *cc1 = output_of(command);
	cr_assert(str_starts(cc1, dir), "%s", cc1);
	assert_same("/usr/bin/gcc", driver);
}

Test(probe, environment_does_not_matter)
{
	struct toolchain a = measured("/usr/bin/gcc");
	setenv("GCC_EXEC_PREFIX", "/nonexistent/", 1);
	setenv("CPATH", "/nonexistent", 1);
	setenv("LC_ALL", "de_DE.UTF-8", 1);
	setenv("TMPDIR", dir, 1);
	setenv("COLUMNS", "40", 1);
	struct toolchain b = measured("/usr/bin/gcc");
	cr_assert(toolchain_same(&a, &b));
	cr_assert_str_eq(a.native, b.native);
}

Test(probe, gcc_without_cxx)
{
	_cleanup_free_ char *driver = install_gcc();
	_cleanup_free_ char *command = xasprintf("find %s -name cc1plus -delete", dir);
	cr_assert_eq(system(command), 0);
	struct toolchain with = measured("/usr/bin/gcc"), without = measured(driver);
	cr_assert_str_eq(without.cxx, "-");
	cr_assert_not(toolchain_compiles(&without, LANG_CXX));
	cr_assert_str_eq(toolchain_difference(&with, &without), "cxx");
}

Test(probe, another_assembler_is_another_toolchain)
{
	_cleanup_free_ char *driver = install_gcc();
	_cleanup_free_ char *find = xasprintf("dirname $(%s -print-prog-name=cc1)", driver);
	_cleanup_free_ char *lib = output_of(find);
	_cleanup_free_ char *as = xasprintf("%s/as", lib);
	const char script[] =
		"#!/bin/sh\nexec /usr/bin/as --generate-missing-build-notes=yes \"$@\"\n";
	cr_assert_eq(fs_write_atomic(as, script, strlen(script), 0755), 0);
	struct toolchain a = measured("/usr/bin/gcc"), b = measured(driver);
	cr_assert_str_eq(toolchain_difference(&a, &b), "canary");
}

Test(probe, clang_is_another)
{
	if (!fs_is_executable("/usr/bin/clang"))
		cr_skip_test("no clang here");
	struct toolchain a = measured("/usr/bin/gcc"), b = measured("/usr/bin/clang");
	cr_expect_str_eq(b.kind, "clang");
	cr_expect_str_eq(b.specs, "-");
	cr_expect_str_eq(toolchain_difference(&a, &b), "kind");
	if (fs_is_executable("/usr/bin/clang++"))
		assert_same("/usr/bin/clang", "/usr/bin/clang++");
}

Test(probe, refuses_what_is_no_compiler)
{
	_cleanup_free_ char *script = xasprintf("%s/gcc", dir);
	_cleanup_free_ char *front = xasprintf("%s/ccache", dir);
	_cleanup_free_ char *through = xasprintf("%s/cc", dir);
	const char text[] = "#!/bin/sh\nexec gcc \"$@\"\n";
	cr_assert_eq(fs_write_atomic(script, text, strlen(text), 0755), 0);
	copy_program("/bin/true", front);
	cr_assert_eq(symlink(front, through), 0);
	const char *const bad[] = {"/nonexistent/gcc", "/etc/passwd", "/usr/bin", "/bin/true",
		"/bin/cat", "gcc", "", "--cache", script, front, through};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct toolchain t = {.version = "untouched"};
		cr_expect_eq(probe_run(bad[i], NULL, 2, &t), ERR_COMPILER, "%s", bad[i]);
		cr_expect_str_eq(t.version, "untouched");
	}
}

/* A compiler of the tests' own cannot be a script, so the prefix's cc1 is: it is what every measurement
 * needs. It runs one command, the real cc1 and another command. */
static void surround_cc1(const char *driver, const char *before, const char *after)
{
	_cleanup_free_ char *find = xasprintf("dirname $(%s -print-prog-name=cc1)", driver);
	_cleanup_free_ char *lib = output_of(find);
	_cleanup_free_ char *cc1 = xasprintf("%s/cc1", lib);
	_cleanup_free_ char *real = realpath(cc1, NULL);
	_cleanup_free_ char *text =
		xasprintf("#!/bin/sh\n%s\n%s \"$@\"\ns=$?\n%s\nexit $s\n", before, real, after);
	cr_assert_eq(unlink(cc1), 0);
	cr_assert_eq(fs_write_atomic(cc1, text, strlen(text), 0755), 0);
}

/* It leaves a mark each time it runs. */
static void count_runs(const char *driver, char **ret_log)
{
	*ret_log = xasprintf("%s/log", dir);
	_cleanup_free_ char *begins = xasprintf("echo + >>%s", *ret_log);
	_cleanup_free_ char *ends = xasprintf("echo - >>%s", *ret_log);
	surround_cc1(driver, begins, ends);
}

/* How many ran at the same time. */
static int most_at_once(const char *log)
{
	char *text;
	int now = 0, most = 0;
	cr_assert_eq(fs_read_file(log, 1 << 20, &text, NULL), 0);
	for (const char *c = text; *c; c++) {
		now += (*c == '+') - (*c == '-');
		most = now > most ? now : most;
	}
	cr_assert_eq(now, 0);
	free(text);
	return most;
}

Test(probe, uses_as_many_cores_as_it_may)
{
	_cleanup_free_ char *driver = install_gcc();
	_cleanup_free_ char *log = NULL;
	struct toolchain one, more;
	count_runs(driver, &log);
	cr_assert_eq(probe_run(driver, NULL, 1, &one), 0);
	cr_expect_eq(most_at_once(log), 1);
	unlink(log);
	cr_assert_eq(probe_run(driver, NULL, 1000, &more), 0);
	cr_expect_gt(most_at_once(log), 1);
	cr_expect(toolchain_same(&one, &more));
}

static bool was_run(const char *log)
{
	bool there = access(log, F_OK) == 0;
	unlink(log);
	return there;
}

static void touch(const char *path)
{
	const struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

Test(probe, cache_runs_nothing_until_the_compiler_changes)
{
	_cleanup_free_ char *driver = install_gcc();
	_cleanup_free_ char *log = NULL;
	_cleanup_free_ char *cache = xasprintf("%s/new/cache", dir);
	count_runs(driver, &log);
	struct toolchain first, again;
	cr_assert_eq(probe_run(driver, cache, 2, &first), 0);
	cr_assert(was_run(log));
	cr_assert_eq(probe_run(driver, cache, 2, &again), 0);
	cr_expect_not(was_run(log), "the cache was not used");
	cr_expect(toolchain_same(&first, &again));
	cr_expect_eq(memcmp(first.id, again.id, sizeof first.id), 0);
	cr_expect_str_eq(first.native, again.native);

	touch(driver);
	cr_assert_eq(probe_run(driver, cache, 2, &again), 0);
	cr_expect(was_run(log), "an upgraded driver was not noticed");
	_cleanup_free_ char *find = xasprintf("%s -print-prog-name=cc1", driver);
	_cleanup_free_ char *cc1 = output_of(find);
	touch(cc1);
	cr_assert_eq(probe_run(driver, cache, 2, &again), 0);
	cr_expect(was_run(log), "an upgraded cc1 was not noticed");
	cr_assert_eq(probe_run(driver, cache, 2, &again), 0);
	cr_expect_not(was_run(log));
}

Test(probe, damaged_cache_is_measured_anew)
{
	_cleanup_free_ char *cache = xasprintf("%s/cache", dir);
	struct toolchain first, again;
	cr_assert_eq(probe_run("/usr/bin/gcc", cache, 2, &first), 0);
	static const char *const damage[] = {
		"sed -i 's/^version.*/version 99/' *.txt",
		"sed -i 's/^state .*/state 00/' *.txt",
		"sed -i 's/^part.*/part x/' *.txt",
		"sed -i '/^part/d' *.txt",
		"truncate -s 300 *.txt",
		"truncate -s 0 *.txt",
		"rm *.txt && rmdir ../cache && touch ../cache",
	};
	for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
		_cleanup_free_ char *command = xasprintf("cd %s && %s", cache, damage[i]);
		cr_assert_eq(system(command), 0, "%s", command);
		cr_assert_eq(probe_run("/usr/bin/gcc", cache, 2, &again), 0, "%s", command);
		cr_expect(toolchain_same(&first, &again), "%s", command);
	}
}

/* Whether a shell command succeeds, or fails, within 20 s. */
static bool comes_to(bool succeed, const char *command)
{
	for (int tenths = 0; tenths < 200; tenths++) {
		if ((system(command) == 0) == succeed)
			return true;
		usleep(100 * 1000);
	}
	return false;
}

static void ends_by(int signal)
{
	_cleanup_free_ char *driver = install_gcc();
	_cleanup_free_ char *pids = xasprintf("%s/pids", dir);
	_cleanup_free_ char *hang = xasprintf("echo $$ >>%s; exec sleep 1000", pids);
	_cleanup_free_ char *runs = xasprintf("test -s %s && kill -0 $(cat %s)", pids, pids);
	_cleanup_free_ char *left = xasprintf("ls -d %s/farmprobe-* >/dev/null 2>&1", dir);
	_cleanup_free_ char *helper = probe_find_helper("farmprobe");
	surround_cc1(driver, hang, "");
	setenv("TMPDIR", dir, 1);
	unsetenv("XDG_RUNTIME_DIR");
	char *const argv[] = {helper, driver, NULL};
	pid_t pid;
	cr_assert_eq(posix_spawn(&pid, helper, NULL, NULL, argv, environ), 0);
	cr_assert(comes_to(true, runs), "it does not measure");
	cr_assert_eq(system(left), 0);
	int status;
	kill(pid, signal);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	cr_expect_neq(system(left), 0, "its directory stays");
	cr_expect(comes_to(false, runs), "its compiler runs on");
}

Test(probe, leaves_nothing_when_asked_to_end)
{
	ends_by(SIGTERM);
}

Test(probe, leaves_nothing_when_interrupted)
{
	ends_by(SIGINT);
}

Test(probe, finds_helpers)
{
	_cleanup_free_ char *found = probe_find_helper("farmprobe");
	cr_assert_not_null(found);
	cr_assert(fs_is_executable(found));
	cr_assert_null(probe_find_helper("farm-no-such-helper"));

	_cleanup_free_ char *home = xasprintf("%s/farmx", dir);
	_cleanup_free_ char *program = xasprintf("%s/farmx/farmx", dir);
	cr_assert_eq(mkdir(home, 0755), 0);
	copy_program("/bin/true", program);
	setenv("FARMMAKE_HELPER_DIR", dir, 1);
	_cleanup_free_ char *own = probe_find_helper("farmx");
	cr_assert_str_eq(own, program);
}
