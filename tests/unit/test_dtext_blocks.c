#include "base/err.h"
#include "core/dtext.h"
#include "lib/block_walk.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define PROLOGUE(main)                                                                             \
	"# 0 \"" main "\"\n# 1 \"/src//\"\n# 0 \"<built-in>\"\n#define __STDC__ 1\n"               \
	"# 0 \"<command-line>\"\n#define D 1\n# 1 \"/usr/p.h\" 1 3 4\nint p;\n"                    \
	"# 0 \"<command-line>\" 2\n#define E 1\n# 1 \"" main "\"\n"

static int put(struct dtext *d, const char *text, struct buf *out)
{
	return dtext_feed(d, text, strlen(text), out);
}

/* Straight through dtext. */
static int feed(const char *text, struct buf *out)
{
	struct dtext *d = dtext_create();
	int err = put(d, text, out);
	if (!err)
		err = dtext_finish(d, out);
	dtext_destroy(d);
	return err;
}

static void expect_same(struct walk_memory *memory, const char *text)
{
	struct buf straight;
	buf_init(&straight, WALK_BYTES_MAX);
	int err = feed(text, &straight);
	for (size_t step = 1; step <= strlen(text) + 6; step += step < 9 ? 4 : strlen(text) / 3) {
		struct dtext *d = dtext_create();
		struct buf out;
		buf_init(&out, WALK_BYTES_MAX);
		cr_assert_eq(walk_text(memory, d, text, strlen(text), step, &out), err, "%s", text);
		if (!err) {
			cr_assert_eq(out.len, straight.len, "%s\n%.*s", text, (int)out.len,
				(const char *)out.data);
			cr_assert(memcmp(out.data, straight.data, out.len) == 0, "%s", text);
		}
		buf_fini(&out);
		dtext_destroy(d);
	}
	buf_fini(&straight);
}

/* Headers nested up to four deep, each with markers of all kinds in it. */
static void put_header(struct buf *b, unsigned number, unsigned depth)
{
	char text[300];
	int n = snprintf(text, sizeof text,
		"# 1 \"h%u.h\" 1%s\n#define H%u 1\nint h%u;\n# 30 \"h%u.h\"\nint later;\n", number,
		number % 3 == 0 ? " 3" : "", number, number, number);
	cr_assert_eq(buf_append(b, text, (size_t)n), 0);
	for (unsigned i = 0; depth < 4 && i < number % 4; i++) {
		put_header(b, number * 5 + i, depth + 1);
		n = snprintf(text, sizeof text, "# %u \"h%u.h\" 2%s\nlong back%u;\n", 31 + i,
			number, number % 3 == 0 ? " 3" : "", i);
		cr_assert_eq(buf_append(b, text, (size_t)n), 0);
	}
}

/* A main file that includes the headers from first to last. */
static char *make_text(const char *name, unsigned first, unsigned last)
{
	struct buf b;
	char text[400];
	buf_init(&b, WALK_BYTES_MAX);
	int n = snprintf(text, sizeof text,
		"# 0 \"%s\"\n# 0 \"<built-in>\"\n#define __STDC__ 1\n# 0 \"<command-line>\"\n"
		"# 1 \"/k/config.h\" 1\n#define K 1\n# 0 \"<command-line>\" 2\n# 1 \"%s\"\n",
		name, name);
	cr_assert_eq(buf_append(&b, text, (size_t)n), 0);
	for (unsigned i = first; i <= last; i++) {
		put_header(&b, i, 0);
		n = snprintf(text, sizeof text, "# %u \"%s\" 2\nint main%u;\n", i, name, i);
		cr_assert_eq(buf_append(&b, text, (size_t)n), 0);
	}
	cr_assert_eq(buf_append(&b, "int end;\n", 10), 0);
	return (char *)b.data;
}

Test(dtext_blocks, a_text_by_blocks_is_the_text)
{
	static const char *const texts[] = {
		"",
		"int x;\n",
		"# 1 \"a.c\"\n",
		PROLOGUE("a.c") "int x;\n",
		PROLOGUE("a.c") "# 1 \"a.h\" 1\nint a;\n# 2 \"a.c\" 2\nint x;",
		PROLOGUE(
			"a.c") "# 1 \"a.h\" 1\n# 1 \"b.h\" 1\nint b;\n# 2 \"a.h\" 2\n# 3 \"a.c\" 2\n",
		/* a block that ends inside an include */
		PROLOGUE("a.c") "# 1 \"a.h\" 1\nint a;\n# 1 \"a.h\" 1\nint a;\n# 2 \"a.h\" 2\n"
				"# 2 \"a.c\" 2\n",
		/* a line that goes on into the next block */
		PROLOGUE("a.c") "# 1 \"a.h\" 1\nint \\\n# 2 \"a.c\" 2\n",
		/* indented, escaped, renamed by the user */
		PROLOGUE("a.c") "  # 1 \"a.h\" 1\nint a;\n# 2 \"a.c\" 2\n",
		PROLOGUE(
			"a \\\"b\\\".c") "# 1 \"a.h\" 1\nint a;\n# 2 \"a \\\"b\\\".c\" 2\nint x;\n",
		PROLOGUE("a.c") "# 1 \"a.h\" 1\n# 7 \"parser.y\"\nint a;\n# 2 \"a.c\" 2\nint x;\n",
		PROLOGUE(
			"a.c") "# 7 \"parser.y\"\n# 1 \"a.h\" 1\nint a;\n# 9 \"parser.y\" 2\nint x;\n",
		/* traps, in a block and behind one */
		PROLOGUE("a.c") "# 1 \"a.h\" 1\nchar t[] = __TIME__;\n# 2 \"a.c\" 2\nint x;\n",
		PROLOGUE("a.c") "# 1 \"a.h\" 1\nint a;\n# 2 \"a.c\" 2\nchar t[] = __TIME__;\n",
		PROLOGUE("a.c") "# 1 \"a.h\" 1\nint a;\n# 2 \"b.c\" 2\nint x;\n",
	};
	struct walk_memory memory = {0};
	for (int again = 0; again < 2; again++)
		for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
			expect_same(&memory, texts[i]);
	walk_forget(&memory);
}

Test(dtext_blocks, neighbours_share_blocks)
{
	struct walk_memory memory = {0};
	char *one = make_text("one.c", 3, 40), *two = make_text("two.c", 7, 60);
	expect_same(&memory, one);
	size_t known = memory.n;
	cr_assert_gt(known, 30);
	memory.skipped = 0;
	expect_same(&memory, two);
	cr_assert_gt(memory.skipped, 30 * 3, "%zu blocks were met again", memory.skipped);
	/* the second text has new blocks for the headers that the first has not, and no others */
	char *three = make_text("three.c", 7, 40);
	known = memory.n;
	expect_same(&memory, three);
	cr_assert_eq(memory.n, known);
	walk_forget(&memory);
	free(one);
	free(two);
	free(three);
}

Test(dtext_blocks, a_context_for_the_prologue_and_one_for_the_rest)
{
	static const char head[] = "# 0 \"a.c\"\n# 0 \"<command-line>\"\n";
	struct dtext *d = dtext_create();
	struct buf out;
	buf_init(&out, 1 << 20);
	cr_assert_lt(dtext_context(d), 0);
	cr_assert_eq(put(d, head, &out), 0);
	int outside = dtext_context(d);
	cr_assert_gt(outside, 0);
	cr_assert_eq(put(d, "# 1 \"k.h\" 1\n", &out), 0);
	cr_assert_gt(dtext_context(d), 0);
	cr_assert_neq(dtext_context(d), outside);
	cr_assert_eq(put(d, "# 0 \"<command-line>\" 2\n# 1 \"a.c\"\n", &out), 0);
	cr_assert_eq(dtext_context(d), 0);
	cr_assert_eq(put(d, "int \\\n", &out), 0);
	cr_assert_lt(dtext_context(d), 0);
	cr_assert_eq(put(d, "x;\nint", &out), 0);
	cr_assert_lt(dtext_context(d), 0);
	buf_fini(&out);
	dtext_destroy(d);
}

Test(dtext_blocks, what_was_skipped_counts)
{
	static const char head[] = "# 0 \"a.c\"\n# 0 \"<command-line>\"\n# 1 \"a.c\"\n";
	struct dtext *d = dtext_create();
	struct buf out;
	buf_init(&out, 1 << 20);
	cr_assert_eq(put(d, head, &out), 0);
	/* the block enters a.h and leaves it to be left by what follows */
	cr_assert_eq(dtext_skip(d, "# 1 \"a.h\" 1\n", 12), 0);
	cr_assert_eq(put(d, "# 2 \"a.c\" 2\n", &out), 0);
	cr_assert_eq(put(d, "# 2 \"a.c\" 2\n", &out), ERR_UNSAFE);
	cr_assert_eq(dtext_skip(d, "# 1 \"a.h\" 1", 11), ERR_STATE);
	cr_assert_eq(dtext_skip(d, "int x;\n", 7), ERR_STATE);
	buf_fini(&out);
	dtext_destroy(d);
}
