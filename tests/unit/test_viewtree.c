#include "core/viewtree.h"

#include "base/err.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct viewtree tree;

static void set_up(void)
{
	viewtree_init(&tree);
}

static void tear_down(void)
{
	viewtree_fini(&tree);
}

TestSuite(viewtree, .init = set_up, .fini = tear_down);

static int add(struct view_entry e, struct viewtree_node **ret, bool *ret_new)
{
	struct viewtree_node *n = NULL;
	bool is_new = false;
	int err = viewtree_add(&tree, &e, &n, &is_new);
	if (ret)
		*ret = n;
	if (ret_new)
		*ret_new = is_new;
	return err;
}

static struct view_entry file(const char *path, uint8_t hash, uint64_t bytes, uint64_t mtime_s)
{
	struct view_entry e = {
		.kind = VIEW_FILE, .path = (char *)path, .bytes = bytes, .mtime_s = mtime_s};
	e.hash[63] = hash;
	return e;
}

static struct view_entry other(enum view_kind kind, const char *path)
{
	static char target[] = "x";
	return (struct view_entry){.kind = kind, .path = (char *)path, .target = target};
}

Test(viewtree, what_is_said_twice_is_known)
{
	const struct view_entry all[] = {file("/a/b/c.h", 1, 2, 3), other(VIEW_PLACE, "/a/d"),
		other(VIEW_WHOLE, "/a/e"), other(VIEW_LINK, "/l"), other(VIEW_NOTHING, "/a/n")};
	bool is_new;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		cr_expect_eq(add(all[i], NULL, &is_new), 0);
		cr_expect(is_new);
	}
	size_t nodes = tree.nodes;
	cr_expect_eq(nodes, 7);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		cr_expect_eq(add(all[i], NULL, &is_new), 0);
		cr_expect_not(is_new);
	}
	cr_expect_eq(tree.nodes, nodes);
}

/* A directory that is above something may be said to be more, once. */
Test(viewtree, directories_above)
{
	bool is_new;
	cr_assert_eq(add(file("/a/b/c.h", 1, 2, 3), NULL, NULL), 0);
	cr_expect_eq(add(other(VIEW_WHOLE, "/a/b"), NULL, &is_new), 0);
	cr_expect(is_new);
	cr_expect_eq(add(other(VIEW_PLACE, "/a/b"), NULL, NULL), ERR_PROTO);
	cr_expect_eq(add(other(VIEW_PLACE, "/a"), NULL, &is_new), 0);
	cr_expect(is_new);
	cr_expect_eq(add(other(VIEW_WHOLE, "/a"), NULL, NULL), ERR_PROTO);
}

Test(viewtree, contradictions)
{
	cr_assert_eq(add(file("/a/f", 1, 2, 3), NULL, NULL), 0);
	cr_assert_eq(add(other(VIEW_LINK, "/a/l"), NULL, NULL), 0);
	cr_assert_eq(add(other(VIEW_NOTHING, "/a/n"), NULL, NULL), 0);
	const struct view_entry bad[] = {file("/a/f", 2, 2, 3), file("/a/f", 1, 3, 3),
		file("/a/f", 1, 2, 4), other(VIEW_LINK, "/a/f"), other(VIEW_NOTHING, "/a"),
		file("/a", 1, 2, 3), other(VIEW_LINK, "/a"), file("/a/f/x", 1, 2, 3),
		other(VIEW_PLACE, "/a/l/x"), other(VIEW_NOTHING, "/a/n/x/y"),
		other(VIEW_PLACE, "/a/n")};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_eq(add(bad[i], NULL, NULL), ERR_PROTO, "%zu: %s", i, bad[i].path);
	struct view_entry link = other(VIEW_LINK, "/a/l");
	link.target = (char[]){"y"};
	cr_expect_eq(add(link, NULL, NULL), ERR_PROTO);
}

Test(viewtree, the_first_with_some_contents_is_the_first)
{
	struct viewtree_node *first, *same, *another;
	cr_assert_eq(add(file("/a", 1, 2, 3), &first, NULL), 0);
	cr_assert_eq(add(file("/b/c", 1, 2, 4), &same, NULL), 0);
	cr_assert_eq(add(file("/d", 2, 2, 3), &another, NULL), 0);
	cr_expect_eq(first->first, first);
	cr_expect_eq(same->first, first);
	cr_expect_eq(another->first, another);
}

Test(viewtree, paths_and_children)
{
	struct viewtree_node *n;
	char path[JOB_PATH_BYTES_MAX + 1];
	cr_assert_eq(add(file("/usr/include/x.h", 1, 2, 3), &n, NULL), 0);
	viewtree_path(n, path);
	cr_expect_str_eq(path, "/usr/include/x.h");
	viewtree_path(&tree.root, path);
	cr_expect_str_eq(path, "");
	struct viewtree_node *usr = viewtree_child(&tree, &tree.root, "usr/include", 3);
	cr_assert_not_null(usr);
	cr_expect_eq(viewtree_child(&tree, usr, "include", 7), n->parent);
	cr_expect_null(viewtree_child(&tree, usr, "includ", 6));
	cr_expect_null(viewtree_child(&tree, usr, path, 4000));
}

Test(viewtree, names_are_bounded)
{
	char path[VIEWTREE_NAME_BYTES_MAX + 3] = "/";
	memset(path + 1, 'x', VIEWTREE_NAME_BYTES_MAX + 1);
	cr_expect_eq(add(other(VIEW_PLACE, path), NULL, NULL), ERR_TOOBIG);
	path[VIEWTREE_NAME_BYTES_MAX + 1] = '\0';
	cr_expect_eq(add(other(VIEW_PLACE, path), NULL, NULL), 0);
}

Test(viewtree, entries_are_bounded)
{
	char path[32];
	for (unsigned i = 0; i < VIEW_ENTRIES_MAX; i++) {
		snprintf(path, sizeof path, "/%u", i);
		cr_assert_eq(add(other(VIEW_PLACE, path), NULL, NULL), 0);
	}
	cr_expect_eq(add(other(VIEW_PLACE, "/x"), NULL, NULL), ERR_TOOBIG);
	cr_expect_eq(add(other(VIEW_PLACE, path), NULL, NULL), 0);
}

Test(viewtree, text_is_bounded)
{
	static char path[JOB_PATH_BYTES_MAX + 1], target[JOB_PATH_BYTES_MAX + 1];
	memset(target, 'x', JOB_PATH_BYTES_MAX);
	int err = 0;
	unsigned i = 0;
	for (; !err && i < VIEW_ENTRIES_MAX; i++) {
		struct view_entry e = {VIEW_LINK, .path = path, .target = target};
		snprintf(path, sizeof path, "/%u", i);
		err = add(e, NULL, NULL);
	}
	cr_expect_eq(err, ERR_TOOBIG);
	cr_expect_leq(i, VIEWTREE_TEXT_BYTES_MAX / JOB_PATH_BYTES_MAX + 1);
}

/* What a mount shows anyway needs no new plan. */
Test(viewtree, changes_that_matter)
{
	struct viewtree_node *n;
	cr_expect(tree.changed);
	cr_assert_eq(add(other(VIEW_PLACE, "/home/u"), &n, NULL), 0);
	tree.changed = false;
	cr_assert_eq(add(file("/home/v", 1, 2, 3), NULL, NULL), 0);
	cr_expect(tree.changed);
	n->shown = true;
	tree.changed = false;
	cr_assert_eq(add(file("/home/u/a/b.c", 1, 2, 3), NULL, NULL), 0);
	cr_assert_eq(add(other(VIEW_WHOLE, "/home/u/a"), NULL, NULL), 0);
	cr_expect_not(tree.changed);
	cr_assert_eq(add(other(VIEW_WHOLE, "/home"), NULL, NULL), 0);
	cr_expect(tree.changed);
}
