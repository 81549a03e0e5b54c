/* Each way in which a tree may change under an answer: the next one has another view, and says what is there. */
#include "lib/inputs_tree.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <time.h>

static struct tree t;

static void fill_tree(void)
{
	tree_put(&t, "sys/stdio.h", "");
	tree_put(&t, "src/x.c", "#include \"x.h\"\n#include <y.h>\n");
	tree_put(&t, "src/x.h", "int x;\n");
	tree_put(&t, "first/z.h", "");
	tree_put(&t, "inc/y.h", "int y;\n");
}

static void begin(void)
{
	tree_open(&t);
	fill_tree();
}

static void end(void)
{
	tree_close(&t);
}

/* Newer kernels make the times of most file systems different for whoever has looked at them; not those of
 * this one. */
static void begin_coarse(void)
{
	tree_open(&t);
	if (unshare(CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0)) < 0 ||
		mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("none", t.top, "ramfs", 0, NULL) < 0)
		fprintf(stderr, "no ramfs: its clock may be too fine to show anything\n");
	fill_tree();
}

static void end_coarse(void)
{
	umount2(t.top, MNT_DETACH);
	tree_close(&t);
}

TestSuite(stale, .init = begin, .fini = end);
TestSuite(tick, .init = begin_coarse, .fini = end_coarse);

static uint32_t ask(void)
{
	return tree_view(&t, "src", "x.c", "-I../first -I../inc -c x.c");
}

/* Until the times of all files are old enough to be believed, and an answer has found them so. */
static uint32_t settle(void)
{
	ask();
	nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
	return ask();
}

static void assert_shows(const char *path, const char *text)
{
	cr_assert(tree_shows(&t, path, text), "%s is not '%s'", path, text);
}

Test(stale, nothing_changes)
{
	uint32_t view = settle();
	for (int i = 0; i < 5; i++)
		cr_expect_eq(ask(), view);
	tree_put(&t, "src/x.o", ""); /* the directory changes, and nothing of interest in it */
	cr_expect_eq(ask(), view);
}

Test(stale, a_file_with_the_size_and_time_that_it_had)
{
	uint32_t view = settle();
	_cleanup_free_ char *path = tree_path(&t, "src/x.h");
	struct stat st;
	cr_assert_eq(stat(path, &st), 0);
	tree_put(&t, "src/x.h", "int z;\n");
	cr_assert_eq(utimensat(AT_FDCWD, path, (struct timespec[]){st.st_atim, st.st_mtim}, 0), 0);
	cr_expect_eq(ask(), view + 1);
	assert_shows("src/x.h", "int z;\n");
}

Test(stale, a_file_that_is_as_it_was_but_newer)
{
	uint32_t view = settle();
	_cleanup_free_ char *path = tree_path(&t, "src/x.h");
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	tree_put(&t, "src/x.h", "int x;\n");
	now.tv_sec += 10;
	cr_assert_eq(utimensat(AT_FDCWD, path, (struct timespec[]){now, now}, 0), 0);
	cr_expect_eq(ask(), view + 1);
	cr_expect_eq(tree_entry(&t, "src/x.h")->mtime_s, (uint64_t)now.tv_sec);
}

Test(stale, a_header_in_front_of_another)
{
	uint32_t view = settle();
	tree_put(&t, "first/y.h", "#include \"z.h\"\n");
	cr_expect_eq(ask(), view + 1);
	assert_shows("first/y.h", "#include \"z.h\"\n");
	assert_shows("first/z.h", "");
	cr_expect_null(tree_entry(&t, "inc/y.h"));
	tree_remove(&t, "first/y.h");
	cr_expect_eq(ask(), view + 2);
	assert_shows("inc/y.h", "int y;\n");
	cr_expect_null(tree_entry(&t, "first/y.h"));
}

Test(stale, a_directory_of_the_chain_comes_and_goes)
{
	settle();
	tree_rename(&t, "first", "away");
	ask();
	cr_expect_null(tree_entry(&t, "first"));
	tree_put(&t, "first/y.h", "int first;\n");
	ask();
	assert_shows("first/y.h", "int first;\n");
	cr_expect(strstr(tree_flags(&t), "-I../first"));
}

Test(stale, a_directory_is_renamed)
{
	tree_put(&t, "src/sub/a.h", "int one;\n");
	tree_put(&t, "src/other/a.h", "int two;\n");
	tree_put(&t, "src/x.h", "#include \"sub/a.h\"\n");
	uint32_t view = settle();
	assert_shows("src/sub/a.h", "int one;\n");
	tree_rename(&t, "src/sub", "src/old");
	tree_rename(&t, "src/other", "src/sub");
	cr_expect_eq(ask(), view + 1);
	assert_shows("src/sub/a.h", "int two;\n");
	tree_rename(&t, "src/sub", "src/other");
	tree_link(&t, "old", "src/sub");
	cr_expect_eq(ask(), view + 2);
	assert_shows("src/old/a.h", "int one;\n");
	cr_expect(tree_has(&t, VIEW_LINK, "src/sub"));
	cr_expect_null(tree_entry(&t, "src/sub/a.h"));
}

/* The same files are there, by way of a symlink. */
Test(stale, a_directory_is_moved_and_a_symlink_left)
{
	uint32_t view = settle();
	tree_rename(&t, "inc", "moved");
	tree_link(&t, "moved", "inc");
	cr_expect_eq(ask(), view + 1);
	assert_shows("moved/y.h", "int y;\n");
	cr_expect(tree_has(&t, VIEW_LINK, "inc"));
	cr_expect_null(tree_entry(&t, "inc/y.h"));
}

Test(stale, a_symlink_is_retargeted)
{
	tree_put(&t, "one/l.h", "int one;\n");
	tree_put(&t, "two/l.h", "int two;\n");
	tree_put(&t, "src/x.h", "#include \"../link/l.h\"\n");
	tree_link(&t, "one", "link");
	uint32_t view = settle();
	assert_shows("one/l.h", "int one;\n");
	tree_remove(&t, "link");
	tree_link(&t, "two", "link");
	cr_expect_eq(ask(), view + 1);
	assert_shows("two/l.h", "int two;\n");
	cr_expect_null(tree_entry(&t, "one/l.h"));
}

Test(stale, the_working_directory_is_another)
{
	tree_put(&t, "copy/x.c", "#include \"x.h\"\n");
	tree_put(&t, "copy/x.h", "int copy;\n");
	tree_link(&t, "src", "cwd");
	tree_view(&t, "cwd", "x.c", "-I../inc -c x.c");
	assert_shows("src/x.h", "int x;\n");
	tree_remove(&t, "cwd");
	tree_link(&t, "copy", "cwd");
	tree_view(&t, "cwd", "x.c", "-I../inc -c x.c");
	assert_shows("copy/x.h", "int copy;\n");
	cr_expect_null(tree_entry(&t, "src/x.h"));
}

Test(stale, a_file_is_gone)
{
	tree_put(&t, "src/x.h", "#if __has_include(\"a.h\")\n#include \"a.h\"\n#endif\n");
	tree_put(&t, "src/a.h", "int a;\n");
	uint32_t view = settle();
	tree_remove(&t, "src/a.h");
	cr_expect_eq(ask(), view + 1);
	cr_expect_null(tree_entry(&t, "src/a.h"));
}

/* What is below a new header was asked for earlier, and has changed meanwhile: more than one round. */
Test(stale, a_change_behind_a_change)
{
	tree_put(&t, "src/b.h", "#include \"c.h\"\n");
	tree_put(&t, "src/c.h", "int c;\n");
	tree_put(&t, "src/x.h", "#include \"b.h\"\n");
	settle();
	tree_put(&t, "src/x.h", "int x;\n");
	ask();
	cr_expect_null(tree_entry(&t, "src/c.h"));
	tree_put(&t, "src/b.h", "#include \"d.h\"\n");
	tree_put(&t, "src/d.h", "#include \"c.h\"\n");
	tree_put(&t, "src/c.h", "#include \"e.h\"\n");
	tree_put(&t, "src/e.h", "int e;\n");
	tree_put(&t, "src/x.h", "#include \"b.h\"\n");
	ask();
	assert_shows("src/d.h", "#include \"c.h\"\n");
	assert_shows("src/c.h", "#include \"e.h\"\n");
	assert_shows("src/e.h", "int e;\n");
}

/* Within one tick of the clock, with the size that it had. */
Test(tick, edits)
{
	for (unsigned i = 0; i < 200; i++) {
		_cleanup_free_ char *text = xasprintf("int x%u;\n", i % 10);
		tree_put(&t, "src/x.h", text);
		ask();
		assert_shows("src/x.h", text);
	}
}

Test(tick, new_headers)
{
	uint32_t view = ask();
	for (unsigned i = 0; i < 200; i++) {
		tree_put(&t, "first/y.h", "int first;\n");
		uint32_t next = ask();
		cr_assert_gt(next, view);
		assert_shows("first/y.h", "int first;\n");
		tree_remove(&t, "first/y.h");
		view = ask();
		cr_assert_gt(view, next);
		assert_shows("inc/y.h", "int y;\n");
		cr_assert_null(tree_entry(&t, "first/y.h"));
	}
}

Test(tick, symlinks)
{
	tree_put(&t, "one/l.h", "int one;\n");
	tree_put(&t, "two/l.h", "int two;\n");
	tree_put(&t, "src/x.h", "#include \"../link/l.h\"\n");
	for (unsigned i = 0; i < 200; i++) {
		tree_link(&t, i % 2 ? "one" : "two", "link");
		ask();
		cr_assert_str_eq(tree_entry(&t, "link")->target, i % 2 ? "one" : "two");
		cr_assert(tree_entry(&t, i % 2 ? "one/l.h" : "two/l.h"));
		tree_remove(&t, "link");
	}
}
