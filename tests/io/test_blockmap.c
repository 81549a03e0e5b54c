#include "io/blockmap.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct both {
	char *dir, *path;
	struct blockmap *writer, *reader;
};

static struct both open_both(void)
{
	struct both b = {0};
	cr_assert_eq(fs_make_private_dir("/tmp", "test-blockmap-", &b.dir), 0);
	b.path = xasprintf("%s/blocks", b.dir);
	cr_assert_eq(blockmap_create(b.path, &b.writer), 0);
	cr_assert_eq(blockmap_open(b.path, &b.reader), 0);
	return b;
}

static void close_both(struct both *b)
{
	blockmap_close(b->writer);
	blockmap_close(b->reader);
	fs_remove_tree(b->dir);
	free(b->dir);
	free(b->path);
}

static struct block_entry entry(uint32_t id, const char *markers)
{
	return (struct block_entry){.id = id,
		.raw_bytes = 10 * id,
		.text_bytes = 1,
		.markers = markers,
		.markers_n = strlen(markers)};
}

Test(blockmap, readers_see_what_is_added)
{
	struct both b = open_both();
	struct block_entry e = entry(7, "# 1 \"a.h\" 1\n"), found;
	struct block_key key = blockmap_key(b.writer, "text", 4, 0);
	cr_assert_not(blockmap_find(b.reader, key, &found));
	cr_assert_eq(blockmap_add(b.writer, key, &e), 0);
	cr_assert(blockmap_find(b.reader, key, &found));
	cr_assert_eq(found.id, 7);
	cr_assert_eq(found.raw_bytes, 70);
	cr_assert_eq(found.markers_n, e.markers_n);
	cr_assert(memcmp(found.markers, e.markers, e.markers_n) == 0);
	e.id = 8;
	cr_assert_eq(blockmap_add(b.writer, key, &e), ERR_STATE);
	cr_assert(blockmap_find(b.reader, key, &found) && found.id == 7);
	close_both(&b);
}

/* Of blocks that begin alike the last one comes first; those with another first line do not come. */
Test(blockmap, blocks_that_begin_alike_are_found_by_their_first_line)
{
	struct both b = open_both();
	static const char text[] = "# 1 \"a.h\" 1\nint a;\n", same[] = "# 1 \"a.h\" 1\n";
	uint64_t opening = blockmap_opening(text, sizeof text - 1), at = 0;
	cr_assert_eq(opening, blockmap_opening(same, sizeof same - 1));
	cr_assert_neq(opening, blockmap_opening("# 1 \"b.h\" 1\n", 12));
	struct block_entry found;
	cr_assert_not(blockmap_alike(b.reader, opening, &at, &found));
	for (uint32_t id = 1; id <= 40; id++) {
		struct block_entry e = entry(id, "");
		e.text_bytes = 100 + id;
		e.opening = id % 10 == 0 ? opening : opening + id % 10;
		struct block_key key = {id, id};
		cr_assert_eq(blockmap_add(b.writer, key, &e), 0);
	}
	for (uint32_t id = 40; id > 0; id -= 10) {
		cr_assert(blockmap_alike(b.reader, opening, &at, &found), "%u", id);
		cr_assert_eq(found.id, id);
		cr_assert_eq(found.text_bytes, 100 + id);
		cr_assert_eq(found.key.low, id);
	}
	cr_assert_not(blockmap_alike(b.reader, opening, &at, &found));
	close_both(&b);
}

Test(blockmap, a_key_is_of_text_context_and_build)
{
	struct both b = open_both(), other = open_both();
	struct block_key key = blockmap_key(b.writer, "text", 4, 0);
	const struct block_key others[] = {blockmap_key(b.writer, "text", 4, 1),
		blockmap_key(b.writer, "tExt", 4, 0), blockmap_key(b.writer, "text", 3, 0),
		blockmap_key(other.writer, "text", 4, 0)};
	struct block_key same = blockmap_key(b.reader, "text", 4, 0);
	cr_assert(key.low == same.low && key.high == same.high);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		cr_assert(key.low != others[i].low && key.high != others[i].high, "%zu", i);
	close_both(&b);
	close_both(&other);
}

Test(blockmap, takes_entries_until_it_is_full)
{
	struct both b = open_both();
	char *markers = xmalloc(JOB_MARKERS_BYTES_MAX + 2);
	memset(markers, 'm', JOB_MARKERS_BYTES_MAX + 1);
	markers[JOB_MARKERS_BYTES_MAX + 1] = '\0';
	struct block_entry too_long = entry(1, markers), found;
	cr_assert_eq(blockmap_add(b.writer, (struct block_key){1, 1}, &too_long), ERR_TOOBIG);
	markers[JOB_MARKERS_BYTES_MAX] = '\0';
	uint32_t n = 0;
	int err = 0;
	while (!err) {
		struct block_entry e = entry(n, n % 2 ? markers : "m\n");
		err = blockmap_add(b.writer, blockmap_key(b.writer, &n, sizeof n, 0), &e);
		n += !err;
	}
	cr_assert_eq(err, ERR_TOOBIG);
	cr_assert_gt(n, 1000);
	for (uint32_t i = 0; i < n; i++) {
		cr_assert(blockmap_find(b.reader, blockmap_key(b.reader, &i, sizeof i, 0), &found));
		cr_assert_eq(found.id, i);
		cr_assert_eq(found.markers_n, i % 2 ? JOB_MARKERS_BYTES_MAX : 2);
		cr_assert_eq(found.markers[found.markers_n - 1], i % 2 ? 'm' : '\n');
	}
	free(markers);
	close_both(&b);
}

Test(blockmap, neighbours_in_the_table_are_told_apart)
{
	struct both b = open_both();
	struct block_entry e = entry(0, "m"), found;
	uint64_t n = 0;
	/* all for the same slot */
	while (e.id = (uint32_t)n, blockmap_add(b.writer, (struct block_key){5, n}, &e) == 0)
		n++;
	cr_assert_geq(n, 8);
	cr_assert_lt(n, 100);
	for (uint64_t i = 0; i < n; i++) {
		cr_assert(blockmap_find(b.reader, (struct block_key){5, i}, &found));
		cr_assert_eq(found.id, i);
	}
	cr_assert_not(blockmap_find(b.reader, (struct block_key){5, n}, &found));
	close_both(&b);
}

Test(blockmap, files_that_cannot_be_used)
{
	struct both b = open_both();
	struct blockmap *m = NULL;
	struct stat st;
	cr_assert_eq(stat(b.path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0600);
	cr_assert_eq(blockmap_create(b.path, &m), -EEXIST);
	_cleanup_free_ char *missing = xasprintf("%s/none", b.dir);
	cr_assert_eq(blockmap_open(missing, &m), -ENOENT);
	cr_assert_null(m);
	blockmap_close(NULL);
	close_both(&b);
}

/* Nobody opens what could be made in part only, and would die by SIGBUS in it. */
Test(blockmap, a_file_that_cannot_grow_is_not_there)
{
	struct both b = open_both();
	struct blockmap *m = NULL;
	_cleanup_free_ char *path = xasprintf("%s/small", b.dir);
	struct rlimit small = {65536, 65536};
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	cr_expect_eq(blockmap_create(path, &m), -EFBIG);
	cr_expect_eq(access(path, F_OK), -1);
	cr_expect_eq(fs_write_atomic(path, "half", 4, 0600), 0);
	cr_expect_eq(blockmap_open(path, &m), ERR_TRUNCATED);
	cr_expect_null(m);
	close_both(&b);
}
