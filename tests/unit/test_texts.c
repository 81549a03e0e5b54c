#include "intake.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"

#include <criterion/criterion.h>
#include <string.h>

struct bench {
	char *dir, *path;
	struct texts *texts;
	struct blockmap *map; /* as farmcc sees it */
};

static struct bench set_up(void)
{
	struct bench b = {0};
	cr_assert_eq(fs_make_private_dir("/tmp", "test-texts-", &b.dir), 0);
	b.path = xasprintf("%s/blocks", b.dir);
	b.texts = texts_create(b.path);
	cr_assert_eq(blockmap_open(b.path, &b.map), 0);
	return b;
}

static void tear_down(struct bench *b)
{
	texts_destroy(b->texts);
	blockmap_close(b->map);
	fs_remove_tree(b->dir);
	free(b->dir);
	free(b->path);
}

static struct msg data(const char *text)
{
	struct msg m = {.type = MSG_DATA};
	m.data.stream = STREAM_TEXT;
	m.data.bytes = (const uint8_t *)text;
	m.data.n = strlen(text);
	m.data.raw_bytes = (uint32_t)m.data.n;
	return m;
}

static struct msg block(uint64_t key, uint32_t raw_bytes)
{
	struct msg m = {.type = MSG_CC_BLOCK};
	m.cc_block.key = (struct block_key){key, 0};
	m.cc_block.raw_bytes = raw_bytes;
	m.cc_block.text_bytes = raw_bytes + 1;
	m.cc_block.markers = "# 1 \"a.h\" 1\n";
	m.cc_block.markers_n = 12;
	return m;
}

static struct msg known(uint32_t id)
{
	struct msg m = {.type = MSG_CC_KNOWN};
	m.cc_known.n = 1;
	m.cc_known.ids[0] = id;
	return m;
}

/* Takes the messages in; the first error. */
static int take(
	struct bench *b, const struct msg *v, size_t n, struct chunks *ret, uint64_t *ret_left)
{
	struct intake in;
	int err = 0;
	chunks_init(ret, 1 << 20);
	intake_init(&in, b->texts, ret);
	for (size_t i = 0; i < n && !err; i++)
		err = intake_add(&in, &v[i]);
	*ret_left = in.left;
	intake_fini(&in);
	return err;
}

static void expect_text(const struct chunks *c, const char *expected)
{
	size_t cursor = 0, n = 0;
	struct msg m;
	while (chunks_next(c, &cursor, &m)) {
		cr_assert_eq(m.data.stream, STREAM_TEXT);
		cr_assert(strncmp(expected + n, (const char *)m.data.bytes, m.data.n) == 0);
		n += m.data.n;
	}
	cr_assert_eq(n, strlen(expected));
	cr_assert_eq(c->raw_bytes, n);
}

Test(texts, a_block_is_kept_and_named_by_others)
{
	struct bench b = set_up();
	struct chunks one, two;
	uint64_t left;
	const struct msg first[] = {
		data("int x;"), block(1, 10), data("01234"), data("56789"), data("y")};
	cr_assert_eq(take(&b, first, 5, &one, &left), 0);
	cr_assert_eq(left, 0);
	expect_text(&one, "int x;0123456789y");
	struct block_entry e;
	cr_assert(blockmap_find(b.map, (struct block_key){1, 0}, &e));
	cr_assert_eq(e.raw_bytes, 10);
	cr_assert_eq(e.markers_n, 12);
	const struct msg second[] = {known(e.id), data("z"), known(e.id)};
	cr_assert_eq(take(&b, second, 3, &two, &left), 0);
	expect_text(&two, "0123456789z0123456789");
	chunks_fini(&one);
	chunks_fini(&two);
	tear_down(&b);
}

Test(texts, the_first_of_two_that_send_the_same_block_is_kept)
{
	struct bench b = set_up();
	struct chunks c;
	uint64_t left;
	const struct msg twice[] = {
		block(1, 2), data("ab"), block(1, 2), data("ab"), block(2, 1), data("c"), known(1)};
	cr_assert_eq(take(&b, twice, 7, &c, &left), 0);
	expect_text(&c, "ababcc");
	chunks_fini(&c);
	tear_down(&b);
}

Test(texts, a_half_block_is_not_kept)
{
	struct bench b = set_up();
	struct chunks c;
	uint64_t left;
	const struct msg half[] = {block(1, 4), data("ab")};
	struct block_entry e;
	cr_assert_eq(take(&b, half, 2, &c, &left), 0);
	cr_assert_eq(left, 2);
	cr_assert_not(blockmap_find(b.map, (struct block_key){1, 0}, &e));
	chunks_fini(&c);
	tear_down(&b);
}

/* So many bytes, as they came in from somewhere. */
static struct chunks chunks_of(size_t n)
{
	static const uint8_t zeros[1 << 16];
	struct chunks c;
	chunks_init(&c, n);
	for (; n; n -= n < sizeof zeros ? n : sizeof zeros)
		cr_assert_eq(buf_append(&c.buf, zeros, n < sizeof zeros ? n : sizeof zeros), 0);
	return c;
}

Test(texts, the_store_has_an_end)
{
	enum { STORE_BYTES = 64 << 20, HALF_BYTES = STORE_BYTES / 2 };
	struct bench b = set_up();
	struct chunks half = chunks_of(HALF_BYTES), more = chunks_of(HALF_BYTES + 1),
		      byte = chunks_of(1);
	const struct chunks *const blocks[] = {&half, &more, &half, &byte};
	static const bool kept[] = {true, false, true, false};
	for (uint64_t i = 0; i < 4; i++) {
		const struct block_entry e = {.raw_bytes = 1, .text_bytes = 1};
		struct block_entry found;
		texts_keep(b.texts, (struct block_key){i, 0}, &e, blocks[i], 0);
		cr_expect_eq(blockmap_find(b.map, (struct block_key){i, 0}, &found), kept[i],
			"block %zu", (size_t)i);
	}
	chunks_fini(&half);
	chunks_fini(&more);
	chunks_fini(&byte);
	tear_down(&b);
}

Test(texts, what_a_wrapper_must_not_send)
{
	const struct {
		struct msg v[2];
	} rows[] = {
		{{block(1, 3), data("abcd")}}, /* more than was announced */
		{{block(1, 3), block(2, 3)}},  /* a block in a block */
		{{block(1, 3), known(0)}},     /* likewise */
		{{block(1, 0), data("a")}},    /* an empty block */
		{{data("a"), known(0)}},       /* a block that nobody sent */
		{{data("a"), known(UINT32_MAX)}},
	};
	struct bench b = set_up();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct chunks c;
		uint64_t left;
		cr_assert_eq(take(&b, rows[i].v, 2, &c, &left), ERR_STATE, "row %zu", i);
		chunks_fini(&c);
	}
	tear_down(&b);
}
