#include "base/fs.h"

#include "base/err.h"
#include "base/str.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char *dir;

static void setup(void)
{
	cr_assert_eq(fs_make_private_dir(fs_runtime_parent(), "test_fs.", &dir), 0);
	cr_assert_eq(chdir(dir), 0);
}

static void teardown(void)
{
	cr_assert_eq(chdir("/"), 0);
	cr_assert_eq(fs_remove_tree(dir), 0);
	free(dir);
}

TestSuite(fs, .init = setup, .fini = teardown);

static void put(const char *path, const char *text)
{
	cr_assert_eq(fs_write_atomic(path, text, strlen(text), 0644), 0, "%s", path);
}

static size_t count_entries(const char *path)
{
	size_t n = 0;
	DIR *d = opendir(path);
	cr_assert_not_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static mode_t mode_of(const char *path)
{
	struct stat st;
	cr_assert_eq(lstat(path, &st), 0, "%s", path);
	return st.st_mode & 07777;
}

Test(fs, private_directory_is_private)
{
	char *other = NULL;
	cr_expect_eq(mode_of(dir), 0700);
	cr_assert_eq(fs_make_private_dir(".", "x", &other), 0);
	cr_expect(str_starts(other, "./x"));
	free(other);
	other = NULL;
	cr_expect_eq(fs_make_private_dir("nowhere", "x", &other), -ENOENT);
	cr_expect_null(other);
}

Test(fs, reads_what_was_written)
{
	char big[10000], *data = NULL;
	size_t n;
	memset(big, 'x', sizeof big);
	big[5000] = '\0';
	cr_assert_eq(fs_write_atomic("f", big, sizeof big, 0600), 0);
	cr_assert_eq(fs_read_file("f", sizeof big, &data, &n), 0);
	cr_assert_eq(n, sizeof big);
	cr_expect_eq(memcmp(data, big, n), 0);
	cr_expect_eq(data[n], '\0');
	free(data);
}

Test(fs, reads_sizes_around_its_buffer)
{
	static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 8192, 8193};
	char bytes[8193];
	memset(bytes, 'y', sizeof bytes);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		char *data = NULL;
		size_t n = 1;
		cr_assert_eq(fs_write_atomic("f", bytes, sizes[i], 0600), 0);
		cr_assert_eq(fs_read_file("f", sizes[i], &data, &n), 0, "%zu", sizes[i]);
		cr_expect_eq(n, sizes[i]);
		cr_expect_eq(strlen(data), sizes[i]);
		free(data);
	}
}

Test(fs, reads_nothing_on_failure)
{
	char *data = NULL;
	size_t n = 77;
	put("f", "12345");
	cr_expect_eq(fs_read_file("f", 4, &data, &n), ERR_TOOBIG);
	cr_expect_eq(fs_read_file("missing", 4, &data, &n), -ENOENT);
	cr_expect_eq(fs_read_file(".", 4, &data, &n), -EISDIR);
	cr_expect_eq(fs_read_file("f/g", 4, &data, &n), -ENOTDIR);
	cr_expect_null(data);
	cr_expect_eq(n, 77);
	cr_expect_eq(fs_read_file("f", 5, &data, NULL), 0);
	cr_expect_str_eq(data, "12345");
	free(data);
}

Test(fs, reads_past_short_reads_to_the_end_or_the_limit)
{
	char out[8] = "", more;
	size_t n = 77;
	int ends[2];
	cr_assert_eq(pipe(ends), 0);
	pid_t writer = fork();
	cr_assert_geq(writer, 0);
	if (writer == 0) {
		for (const char *p = "abcde"; *p; p++)
			if (write(ends[1], p, 1) == 1)
				usleep(5000);
		_exit(0);
	}
	close(ends[1]);
	cr_expect_eq(fs_read_all(ends[0], out, 3, &n), 0);
	cr_expect_eq(n, 3);
	cr_expect_str_eq(out, "abc");
	cr_expect_eq(fs_read_all(ends[0], out, sizeof out, &n), 0);
	cr_expect_eq(n, 2);
	cr_expect_eq(memcmp(out, "dec", 3), 0);
	cr_expect_eq(read(ends[0], &more, 1), 0);
	close(ends[0]);
	n = 77;
	cr_expect_eq(fs_read_all(ends[0], out, 1, &n), -EBADF);
	cr_expect_eq(n, 77);
}

Test(fs, atomic_write_replaces_and_leaves_nothing_beside)
{
	char *data;
	umask(0077);
	put("f", "old");
	cr_assert_eq(fs_write_atomic("f", "new", 3, 0640), 0);
	cr_assert_eq(fs_read_file("f", 100, &data, NULL), 0);
	cr_expect_str_eq(data, "new");
	cr_expect_eq(mode_of("f"), 0640);
	cr_expect_eq(count_entries("."), 1);
	free(data);
}

Test(fs, atomic_write_replaces_a_link_and_not_its_target)
{
	char *data;
	put("target", "old");
	cr_assert_eq(symlink("target", "link"), 0);
	put("link", "new");
	cr_assert_eq(fs_read_file("target", 100, &data, NULL), 0);
	cr_expect_str_eq(data, "old");
	free(data);
}

Test(fs, failed_atomic_write_keeps_the_old_contents)
{
	char *data, big[8192] = {0};
	cr_expect_eq(fs_write_atomic("nowhere/f", "x", 1, 0600), -ENOENT);
	cr_assert_eq(fs_mkdirs("d", 0700), 0);
	cr_expect_eq(fs_write_atomic("d", "x", 1, 0600), -EISDIR);
	put("f", "old");
	signal(SIGXFSZ, SIG_IGN);
	const struct rlimit before = {RLIM_INFINITY, RLIM_INFINITY}, small = {4096, RLIM_INFINITY};
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	int err = fs_write_atomic("f", big, sizeof big, 0600);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	cr_expect_eq(err, -EFBIG);
	cr_assert_eq(fs_read_file("f", 100, &data, NULL), 0);
	cr_expect_str_eq(data, "old");
	cr_expect_eq(count_entries("."), 2);
	free(data);
}

Test(fs, makes_directories_once_and_again)
{
	cr_expect_eq(fs_mkdirs("a/b//c", 0755), 0);
	cr_expect_eq(fs_mkdirs("a/b/c", 0755), 0);
	cr_expect_eq(fs_mkdirs("a/b/c/", 0755), 0);
	cr_expect_eq(fs_mkdirs("/", 0755), 0);
	cr_assert_eq(symlink("a", "l"), 0);
	cr_expect_eq(fs_mkdirs("l/x", 0755), 0);
	cr_expect_eq(access("a/x", F_OK), 0);
}

Test(fs, makes_no_directory_over_a_file)
{
	put("f", "");
	cr_expect_eq(fs_mkdirs("f", 0755), -ENOTDIR);
	cr_expect_eq(fs_mkdirs("f/g", 0755), -ENOTDIR);
	cr_expect_eq(fs_mkdirs("", 0755), -ENOENT);
}

Test(fs, removes_a_tree_but_not_what_links_point_to)
{
	cr_assert_eq(fs_mkdirs("keep", 0755), 0);
	put("keep/f", "");
	cr_assert_eq(fs_mkdirs("tree/a/b", 0755), 0);
	put("tree/a/f", "");
	cr_assert_eq(symlink("../keep", "tree/link"), 0);
	cr_assert_eq(symlink("missing", "tree/dangling"), 0);
	cr_assert_eq(mkfifo("tree/fifo", 0600), 0);
	cr_expect_eq(fs_remove_tree("tree"), 0);
	cr_expect_neq(access("tree", F_OK), 0);
	cr_expect_eq(access("keep/f", F_OK), 0);
	cr_expect_eq(fs_remove_tree("tree"), -ENOENT);
}

Test(fs, removes_a_link_that_it_is_given_as_tree)
{
	cr_assert_eq(fs_mkdirs("keep", 0755), 0);
	cr_assert_eq(symlink("keep", "link"), 0);
	cr_expect_eq(fs_remove_tree("link"), 0);
	cr_expect_eq(access("keep", F_OK), 0);
}

Test(fs, knows_executables)
{
	put("plain", "");
	cr_assert_eq(fs_write_atomic("tool", "", 0, 0755), 0);
	cr_assert_eq(symlink("tool", "link"), 0);
	cr_assert_eq(symlink("missing", "dangling"), 0);
	cr_expect(fs_is_executable("tool"));
	cr_expect(fs_is_executable("link"));
	cr_expect_not(fs_is_executable("plain"));
	cr_expect_not(fs_is_executable("dangling"));
	cr_expect_not(fs_is_executable("."));
	cr_expect_not(fs_is_executable("missing"));
}

Test(fs, finds_the_runtime_parent)
{
	setenv("XDG_RUNTIME_DIR", dir, 1);
	setenv("TMPDIR", "/", 1);
	cr_expect_str_eq(fs_runtime_parent(), dir);
	setenv("XDG_RUNTIME_DIR", "relative", 1);
	setenv("TMPDIR", dir, 1);
	cr_expect_str_eq(fs_runtime_parent(), dir);
	unsetenv("XDG_RUNTIME_DIR");
	setenv("TMPDIR", "/nowhere", 1);
	cr_expect_str_eq(fs_runtime_parent(), "/tmp");
}

static void expect_xdg(const char *env, const char *home, const char *expected)
{
	env ? setenv("XDG_CONFIG_HOME", env, 1) : unsetenv("XDG_CONFIG_HOME");
	home ? setenv("HOME", home, 1) : unsetenv("HOME");
	char *path = fs_xdg_dir("XDG_CONFIG_HOME", ".config");
	if (expected)
		cr_expect_str_eq(path, expected);
	else
		cr_expect_null(path);
	free(path);
}

Test(fs, finds_xdg_directories)
{
	expect_xdg("/c", "/home/u", "/c/farmmake");
	expect_xdg(NULL, "/home/u", "/home/u/.config/farmmake");
	expect_xdg("", "/home/u", "/home/u/.config/farmmake");
	expect_xdg("relative", "/home/u", "/home/u/.config/farmmake");
	expect_xdg(NULL, "relative", NULL);
	expect_xdg(NULL, NULL, NULL);
}

Test(fs, writes_all_to_a_pipe_and_reports_its_end)
{
	int ends[2];
	char got[6];
	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	cr_expect_eq(fs_write_all(ends[1], "hello", 5), 0);
	cr_expect_eq(fs_write_all(ends[1], "", 0), 0);
	cr_expect_eq(read(ends[0], got, sizeof got), 5);
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	cr_expect_eq(fs_write_all(ends[1], "x", 1), -EPIPE);
	close(ends[1]);
	cr_expect_eq(fs_write_all(-1, "x", 1), -EBADF);
}
