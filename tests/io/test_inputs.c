/* What the answers for a tree at rest say: entries, flags, reasons; and who waits for whom. */
#include "lib/inputs_tree.h"

#include "core/lz.h"

static struct tree t;

static void open_tree(void)
{
	tree_open(&t);
}

static void close_tree(void)
{
	tree_close(&t);
}

TestSuite(inputs, .init = open_tree, .fini = close_tree);

static void assert_refused(const char *words, const char *reason)
{
	tree_ask(&t, "src", "x.c", words);
	cr_assert_eq(t.answer.outcome, INPUTS_NONE, "%s", words);
	cr_assert(strstr(t.answer.reason, reason), "%s: %s", words, t.answer.reason);
}

Test(inputs, plain_tree)
{
	tree_put(&t, "src/x.c", "#include \"x.h\"\n#include <stdio.h>\n");
	tree_put(&t, "src/x.h", "#include \"sub/y.h\"\n");
	tree_put(&t, "src/sub/y.h", "int y;\n");
	tree_put(&t, "src/other.h", "int other;\n");
	cr_expect_eq(tree_view(&t, "src", "x.c", "-c x.c"), 1);
	cr_expect(tree_shows(&t, "src/x.h", "#include \"sub/y.h\"\n"));
	cr_expect(tree_shows(&t, "src/sub/y.h", "int y;\n"));
	cr_expect(tree_shows(&t, "sys/stdio.h", "int puts(const char *);\n"));
	cr_expect(tree_has(&t, VIEW_FILE, "src/x.c"));
	cr_expect(tree_has(&t, VIEW_WHOLE, "src"));
	cr_expect(tree_has(&t, VIEW_WHOLE, "sys"));
	cr_expect_null(tree_entry(&t, "src/other.h"));
	cr_expect_null(tree_entry(&t, "src/sub"), "it is below one that is whole");
	cr_expect_eq(t.answer.count, 6);
	cr_expect_eq(t.answer.bytes, 34 + 19 + 7 + 24);
	cr_expect_eq(tree_view(&t, "src", "x.c", "-c x.c"), 1);
	cr_expect_eq(t.answer.count, 6);
}

Test(inputs, what_is_not_there_is_not_shown_by_the_node)
{
	tree_put(&t, "a/src/x.c",
		"#if __has_include(\"../../b/none.h\")\n#include \"../../b/none.h\"\n"
		"#endif\n#if __has_include(\"../../sys/none.h\")\n#endif\n");
	tree_view(&t, "a/src", "x.c", "-c x.c");
	cr_expect(tree_has(&t, VIEW_NOTHING, "b"));
	cr_expect(tree_has(&t, VIEW_WHOLE, "sys"));
	cr_expect_null(tree_entry(&t, "sys/none.h"), "its directory is whole");
}

Test(inputs, a_directory_that_is_left_again_is_a_place)
{
	tree_put(&t, "src/x.c", "#include \"../turn/../inc/x.h\"\n#include \"../inc/y.h\"\n");
	tree_put(&t, "inc/x.h", "int x;\n");
	tree_put(&t, "inc/y.h", "int y;\n");
	tree_put(&t, "turn/z.h", "int z;\n");
	uint32_t view = tree_view(&t, "src", "x.c", "-c x.c");
	cr_expect(tree_has(&t, VIEW_PLACE, "turn"));
	cr_expect(tree_shows(&t, "inc/x.h", "int x;\n"));
	cr_expect(tree_has(&t, VIEW_WHOLE, "inc"));
	/* a place of this view cannot become whole */
	tree_put(&t, "src/z.c", "#include \"../turn/z.h\"\n");
	cr_expect_eq(tree_view(&t, "src", "z.c", "-c z.c"), view + 1);
	cr_expect(tree_has(&t, VIEW_WHOLE, "turn"));
	cr_expect_eq(tree_view(&t, "src", "x.c", "-c x.c"), view + 1);
	cr_expect(tree_has(&t, VIEW_WHOLE, "turn"));
}

Test(inputs, what_is_whole_stays_whole_below_another)
{
	tree_put(&t, "a/b/x.c", "int x;\n");
	tree_put(&t, "a/y.c", "int y;\n");
	uint32_t view = tree_view(&t, "a/b", "x.c", "-c x.c");
	cr_expect(tree_has(&t, VIEW_WHOLE, "a/b"));
	cr_expect_eq(tree_view(&t, "a", "y.c", "-Ib -c y.c"), view);
	cr_expect(tree_has(&t, VIEW_WHOLE, "a"));
	cr_expect(tree_has(&t, VIEW_WHOLE, "a/b"), "it is said to be, in this view");
}

Test(inputs, empty_directories_of_the_chain)
{
	tree_put(&t, "a/x.c", "int x;\n");
	tree_put(&t, "a/empty/y/z", "");
	tree_view(&t, "a", "x.c", "-Iempty/y -Inone -c x.c");
	cr_expect(tree_has(&t, VIEW_PLACE, "a/empty/y"));
	cr_expect(strstr(tree_flags(&t), "-Iempty/y"));
	cr_expect_null(strstr(tree_flags(&t), "none"));
}

Test(inputs, symlinks)
{
	tree_put(&t, "real/sub/x.h", "#include \"y.h\"\n");
	tree_put(&t, "real/sub/y.h", "int y;\n");
	tree_put(&t, "src/x.c", "#include <x.h>\n#include <other.h>\n");
	tree_link(&t, "../real", "src/one");
	tree_link(&t, "one/sub/", "src/two");
	tree_link(&t, "y.h", "real/sub/other.h");
	tree_link(&t, "src", "cwd");
	tree_view(&t, "cwd", "x.c", "-Itwo -c x.c");
	cr_expect_str_eq(tree_entry(&t, "src/one")->target, "../real");
	cr_expect_str_eq(tree_entry(&t, "src/two")->target, "one/sub/");
	cr_expect_str_eq(tree_entry(&t, "cwd")->target, "src");
	cr_expect_str_eq(tree_entry(&t, "real/sub/other.h")->target, "y.h");
	cr_expect(tree_shows(&t, "real/sub/x.h", "#include \"y.h\"\n"));
	cr_expect(tree_shows(&t, "real/sub/y.h", "int y;\n"));
	cr_expect(tree_has(&t, VIEW_WHOLE, "real/sub"));
	cr_expect_null(tree_entry(&t, "src/two/x.h"), "no path has a symlink in it");
}

Test(inputs, one_file_by_two_names)
{
	tree_put(&t, "src/x.c", "#include \"a/../x.h\"\n#include \"x.h\"\n#include \"hard.h\"\n");
	tree_put(&t, "src/a/z.h", "");
	tree_put(&t, "src/x.h", "int x;\n");
	_cleanup_free_ char *from = tree_path(&t, "src/x.h"), *to = tree_path(&t, "src/hard.h");
	cr_assert_eq(link(from, to), 0);
	tree_view(&t, "src", "x.c", "-c x.c");
	cr_expect(tree_shows(&t, "src/x.h", "int x;\n")); /* once */
	cr_expect(tree_shows(&t, "src/hard.h", "int x;\n"));
	cr_expect(tree_has(&t, VIEW_PLACE, "src/a"));
}

Test(inputs, symlinks_without_an_end)
{
	tree_put(&t, "src/x.c", "#include \"x.h\"\n");
	tree_link(&t, "y.h", "src/x.h");
	tree_link(&t, "x.h", "src/y.h");
	assert_refused("-c x.c", "x.h: cannot be read");
	tree_remove(&t, "src/y.h");
	tree_view(&t, "src", "x.c", "-c x.c"); /* now it leads nowhere, as for gcc */
	cr_expect(tree_has(&t, VIEW_LINK, "src/x.h"));
	cr_expect_null(tree_entry(&t, "src/y.h"));
}

Test(inputs, no_files)
{
	tree_put(&t, "src/x.c", "#include \"x.h\"\n#if __has_include(\"y.h\")\n#endif\n");
	tree_put(&t, "src/dir.h/z.h", "");
	_cleanup_free_ char *fifo = tree_path(&t, "src/x.h"), *other = tree_path(&t, "src/y.h");
	cr_assert_eq(mkfifo(fifo, 0644), 0);
	assert_refused("-c x.c", "x.h: cannot be read");
	tree_remove(&t, "src/x.h");
	cr_assert_eq(mkfifo(other, 0644), 0);
	assert_refused("-c x.c", "y.h: is no file that can be sent");
	tree_remove(&t, "src/y.h");
	tree_put(&t, "src/y.h", "");
	cr_assert_eq(truncate(other, VIEW_CONTENT_BYTES_MAX + 1), 0);
	assert_refused("-c x.c", "y.h: is no file that can be sent");
	tree_remove(&t, "src/y.h");
	tree_view(&t, "src", "x.c", "-c x.c");
}

Test(inputs, a_file_where_a_directory_is_named)
{
	tree_put(&t, "src/x.c", "#if __has_include(\"../y/z.h\")\n#endif\n");
	tree_put(&t, "y", "text");
	tree_view(&t, "src", "x.c", "-c x.c");
	cr_expect(tree_has(&t, VIEW_WHOLE, ""));
	cr_expect_null(tree_entry(&t, "y"));
}

Test(inputs, flags)
{
	tree_put(&t, "src/x.c", "int x;\n");
	tree_put(&t, "src/forced.h", "");
	tree_put(&t, "src/macros.h", "");
	tree_put(&t, "sys/stdc-predef.h", "#define A\n");
	for (const char *name = "abcdef"; *name; name++) {
		_cleanup_free_ char *path = xasprintf("src/%c/z", *name);
		tree_put(&t, path, "");
	}
	struct inputs_order order = tree_order(&t, "src", "x.c",
		"-idirafter a -Ib -iquote c -isystem d -include forced.h -imacros macros.h -O2 -c x.c");
	order.cpath = "e:";
	order.lang_path = "f:none";
	tree_ask_order(&t, &order);
	_cleanup_free_ char *flags =
		xasprintf("-nostdinc -iquotec -Ib -Ie -I. -isystemd -isystemf -isystem%s/sys "
			  "-idiraftera -imacrosmacros.h -includestdc-predef.h -includeforced.h",
			t.top);
	cr_expect_str_eq(tree_flags(&t), flags);
	cr_expect(tree_shows(&t, "sys/stdc-predef.h", "#define A\n"));
	tree_view(&t, "src", "x.c", "-nostdinc -Ib -c x.c");
	cr_expect_str_eq(tree_flags(&t), "-nostdinc -Ib");
	tree_view(&t, "src", "x.c", "-ffreestanding -Ib -c x.c");
	cr_expect_null(strstr(tree_flags(&t), "predef"));
	tree_put(&t, "src/stdc-predef.h", "#define B\n");
	assert_refused("-c x.c", "there is another stdc-predef.h");
}

Test(inputs, refused)
{
	tree_put(&t, "src/x.c", "int x;\n");
	tree_put(&t, "src/file", "");
	assert_refused("-I- -c x.c", "-I-");
	assert_refused("-Ifile -c x.c", "file: is no directory");
	assert_refused("-Ifile/x -c x.c", "file/x: is no directory");
	assert_refused("-Wmissing-include-dirs -Inone -c x.c", "none: is not there");
	tree_view(
		&t, "src", "x.c", "-Wmissing-include-dirs -Wno-missing-include-dirs -Inone -c x.c");
	const char *const kept[] = {"/usr", "/usr/lib", "/", "/etc", "/tmp", "/dev"};
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		_cleanup_free_ char *words = xasprintf("-I%s -c x.c", kept[i]);
		_cleanup_free_ char *reason = xasprintf("looks for headers in %s", kept[i]);
		assert_refused(words, reason);
	}
	tree_put(&t, "src/time.h", "const char *t = __TIME__;\n");
	assert_refused("-include time.h -c x.c", "__TIME__");
	tree_put(&t, "src/asm.h", "asm(\".incbin \\\"x\\\"\");\n");
	assert_refused("-include asm.h -c x.c", ".incbin");
	tree_put(&t, "src/asm.h", "int harmless;\n");
	tree_view(&t, "src", "x.c", "-include asm.h -c x.c");
	tree_ask(&t, "src", "none.c", "-c none.c");
	cr_expect_eq(t.answer.outcome, INPUTS_NONE);
	tree_put(&t, "src/none.c", "int none;\n");
	tree_view(&t, "src", "none.c", "-c none.c");
}

Test(inputs, several_working_directories_share_a_view)
{
	tree_put(&t, "inc/x.h", "int x;\n");
	tree_put(&t, "a/x.c", "#include \"x.h\"\n");
	tree_put(&t, "b/x.c", "#include \"x.h\"\n");
	uint32_t view = tree_view(&t, "a", "x.c", "-I../inc -c x.c");
	const struct view_entry *shared = tree_entry(&t, "inc/x.h");
	cr_expect_eq(tree_view(&t, "b", "x.c", "-I../inc -c x.c"), view);
	cr_expect_eq(tree_entry(&t, "inc/x.h"), shared);
}

static void on_content(void *ctx, const struct chunks *content)
{
	struct buf *out = ctx;
	struct msg m;
	buf_init(out, VIEW_CONTENT_BYTES_MAX);
	if (!content)
		out->err = -ENOENT;
	for (size_t at = 0; content && chunks_next(content, &at, &m);)
		cr_assert_eq(lz_unpack(&m, out), 0);
}

static void load(const char *path, struct buf *ret)
{
	size_t i = 0;
	while (inputs_entry(t.in, t.answer.entries[i]) != tree_entry(&t, path))
		i++;
	inputs_load(t.in, t.answer.entries[i], on_content, ret);
	uv_run(&t.loop, UV_RUN_DEFAULT);
}

Test(inputs, contents)
{
	struct buf x, y, z;
	char *large = xcalloc(200001, 1);
	memset(large, '\n', 200000);
	tree_put(&t, "src/x.c", "#include \"y.h\"\n#include \"z.h\"\n#include \"e.h\"\n");
	tree_put(&t, "src/y.h", large);
	tree_put(&t, "src/z.h", "int z;\n");
	tree_put(&t, "src/e.h", "");
	tree_view(&t, "src", "x.c", "-c x.c");
	load("src/y.h", &y);
	cr_expect_eq(y.len, 200000);
	cr_expect_eq(memcmp(y.data, large, y.len), 0);
	load("src/e.h", &x);
	cr_expect_eq(x.len + (size_t)x.err, 0);
	tree_put(&t, "src/z.h", "int c;\n");
	tree_remove(&t, "src/y.h");
	load("src/z.h", &z);
	cr_expect_eq(z.err, -ENOENT, "it has changed");
	buf_fini(&y);
	load("src/y.h", &y);
	cr_expect_eq(y.len, 200000, "what was packed is kept");
	buf_fini(&x);
	buf_fini(&y);
	buf_fini(&z);
	free(large);
}

/* RFC 7693 */
Test(inputs, the_hash_is_blake2b)
{
	uint8_t hash[DIGEST_CONTENT_BYTES];
	char hex[2 * sizeof hash + 1];
	digest_content("abc", 3, hash);
	cr_expect_str_eq(str_hex(hash, sizeof hash, hex),
		"ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
		"7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
}

/* More names than are kept: all is begun anew, with another view. */
Test(inputs, too_much_is_forgotten)
{
	struct buf text;
	buf_init(&text, 1 << 20);
	for (unsigned i = 0; i < 30000; i++) {
		_cleanup_free_ char *line = xasprintf("#include <%u.h>\n", i);
		wr_raw(&text, line, strlen(line));
	}
	wr_raw(&text, "", 1);
	tree_put(&t, "src/x.c", "#include \"a/x.h\"\n");
	tree_put(&t, "src/a/x.h", (char *)text.data);
	buf_fini(&text);
	for (const char *name = "bcdefg"; *name; name++) {
		_cleanup_free_ char *path = xasprintf("src/%c/z", *name);
		tree_put(&t, path, "");
	}
	uint32_t view = tree_view(&t, "src", "x.c", "-Ib -Ic -Id -Ie -If -Ig -c x.c");
	size_t entries = t.answer.count;
	cr_expect_eq(tree_view(&t, "src", "x.c", "-Ib -Ic -Id -Ie -If -Ig -c x.c"), view + 1);
	cr_expect_eq(t.answer.count, entries);
	cr_expect(tree_has(&t, VIEW_FILE, "src/a/x.h"));
	tree_put(&t, "src/y.c", "int y;\n");
	view = tree_view(&t, "src", "y.c", "-c y.c");
	cr_expect_eq(tree_view(&t, "src", "y.c", "-c y.c"), view, "so little is kept");
}

static void count(void *ctx, struct inputs_answer *answer)
{
	unsigned *counts = ctx;
	counts[answer->outcome]++;
}

Test(inputs, one_asks_the_compiler_and_the_others_wait)
{
	unsigned counts[3] = {0};
	tree_put(&t, "src/x.c", "int x;\n");
	struct inputs_order order = tree_order(&t, "src", "x.c", "-c x.c");
	uint32_t first = inputs_ask(t.in, &order, count, counts);
	uint32_t second = inputs_ask(t.in, &order, count, counts);
	inputs_ask(t.in, &order, count, counts);
	inputs_ask(t.in, &order, count, counts);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	cr_expect_eq(counts[INPUTS_DIRS], 1);
	inputs_cancel(t.in, second);
	inputs_cancel(t.in, first); /* it was answered, and gives up */
	uv_run(&t.loop, UV_RUN_DEFAULT);
	cr_expect_eq(counts[INPUTS_DIRS], 2);
	tree_learn(&t, &order);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	cr_expect_eq(counts[INPUTS_VIEW], 1);
	cr_expect_eq(counts[INPUTS_NONE], 0);
	/* -m32 is another compiler, which says nothing */
	order = tree_order(&t, "src", "x.c", "-m32 -c x.c");
	inputs_ask(t.in, &order, count, counts);
	inputs_ask(t.in, &order, count, counts);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	cr_expect_eq(counts[INPUTS_DIRS], 3);
	inputs_learn_dirs(t.in, &order, "", &(struct strv){0});
	uv_run(&t.loop, UV_RUN_DEFAULT);
	cr_expect_eq(counts[INPUTS_NONE], 1);
}

Test(inputs, cancelled)
{
	unsigned counts[3] = {0};
	tree_put(&t, "src/x.c", "int x;\n");
	tree_view(&t, "src", "x.c", "-c x.c");
	struct inputs_order order = tree_order(&t, "src", "x.c", "-c x.c");
	uint32_t numbers[4];
	for (size_t i = 0; i < 4; i++) /* the first is on its way, the others wait */
		numbers[i] = inputs_ask(t.in, &order, count, counts);
	inputs_cancel(t.in, numbers[0]);
	inputs_cancel(t.in, numbers[2]);
	inputs_cancel(t.in, 12345);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	cr_expect_eq(counts[INPUTS_VIEW], 2);
}

static void never(void *ctx, struct inputs_answer *answer)
{
	(void)ctx, (void)answer;
	cr_assert_fail("a callback after inputs_close()");
}

static void never_content(void *ctx, const struct chunks *content)
{
	(void)ctx, (void)content;
	cr_assert_fail("a callback after inputs_close()");
}

static void close_inside(void *ctx, struct inputs_answer *answer)
{
	struct tree *tree = ctx;
	(void)answer;
	inputs_close(tree->in, tree_on_closed, tree);
}

Test(inputs, closed_while_busy)
{
	tree_put(&t, "src/x.c", "int x;\n");
	tree_view(&t, "src", "x.c", "-c x.c");
	struct inputs_order order = tree_order(&t, "src", "x.c", "-c x.c");
	for (int i = 0; i < 100; i++)
		inputs_ask(t.in, &order, never, NULL);
	inputs_load(t.in, t.answer.entries[t.answer.count - 1], never_content, NULL);
	inputs_close(t.in, tree_on_closed, &t);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	cr_assert_null(t.in);
}

Test(inputs, closed_by_a_callback)
{
	tree_put(&t, "src/x.c", "int x;\n");
	tree_view(&t, "src", "x.c", "-c x.c");
	struct inputs_order order = tree_order(&t, "src", "x.c", "-c x.c");
	inputs_ask(t.in, &order, close_inside, &t);
	inputs_ask(t.in, &order, never, NULL);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	cr_assert_null(t.in);
}

static const char *link_at(const char *path)
{
	const struct view_entry *e = tree_entry(&t, path);
	return e && e->kind == VIEW_LINK ? e->target : "no link";
}

static void ask_for_output(const char *cwd, const char *output, unsigned sides)
{
	struct inputs_order order = tree_order(&t, cwd, "x.c", "-c x.c");
	order.output = output;
	order.sides = sides;
	tree_ask_order(&t, &order);
}

Test(inputs, names_that_the_compiler_writes_lead_to_the_desk)
{
	tree_put(&t, "src/x.c", "int x;\n");
	tree_put(&t, "out/real/x.o", "is there from the last build");
	tree_link(&t, "../out/real", "src/o");
	ask_for_output("src", "o/x.o", 1 << SIDE_NOTES | 1 << SIDE_DWO);
	cr_assert_eq(t.answer.outcome, INPUTS_VIEW, "%s", t.answer.reason);
	uint32_t view = t.answer.view;
	cr_expect_str_eq(link_at("src/o"), "../out/real");
	cr_expect_str_eq(link_at("out/real/x.o"), "/.farm/object");
	cr_expect_str_eq(link_at("out/real/x.gcno"), "/.farm/notes");
	cr_expect_str_eq(link_at("out/real/x.dwo"), "/.farm/dwo");
	cr_expect_null(tree_entry(&t, "out/real/x.su"));
	/* what is written there changes nothing */
	tree_put(&t, "out/real/x.o", "another object");
	ask_for_output("src", "o/x.o", 1 << SIDE_STACK);
	cr_expect_eq(t.answer.view, view);
	cr_expect_str_eq(link_at("out/real/x.su"), "/.farm/stack");
	cr_expect_null(tree_entry(&t, "out/real/x.gcno"));
}

Test(inputs, an_output_that_nobody_can_write)
{
	tree_put(&t, "src/x.c", "#include \"x.su\"\n");
	tree_put(&t, "src/x.su", "int x;\n");
	static const struct {
		const char *output, *reason;
	} rows[] = {{"none/x.o", "none/: is no directory"}, {"x.c/x.o", "x.c/: is no directory"},
		{"..", "..: is no file"}, {"x.o", "x.su: is read and written"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ask_for_output("src", rows[i].output, 1 << SIDE_STACK);
		cr_assert_eq(t.answer.outcome, INPUTS_NONE, "%s", rows[i].output);
		cr_expect_str_eq(t.answer.reason, rows[i].reason);
	}
}
