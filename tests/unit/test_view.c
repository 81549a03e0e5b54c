#include "base/err.h"
#include "core/ccflags.h"
#include "core/view.h"

#include <criterion/criterion.h>
#include <string.h>

Test(view, paths)
{
	static const char *const good[] = {
		"/a", "/usr/include", "/a/...", "/a/..b", "/a b/\xff", "/.a"};
	static const char *const bad[] = {
		"", "/", "a", "/a/", "//a", "/a//b", "/./a", "/a/.", "/a/..", "/.."};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		cr_expect(view_path_is_valid(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_not(view_path_is_valid(bad[i]), "%s", bad[i]);
	char path[JOB_PATH_BYTES_MAX + 2];
	memset(path, 'x', sizeof path);
	path[0] = '/';
	path[JOB_PATH_BYTES_MAX + 1] = '\0';
	cr_expect_not(view_path_is_valid(path));
	path[JOB_PATH_BYTES_MAX] = '\0';
	cr_expect(view_path_is_valid(path));
}

static int write_one(struct view_entry e)
{
	struct buf b;
	buf_init(&b, 1 << 16);
	int err = view_write(&e, &b);
	buf_fini(&b);
	return err;
}

Test(view, what_is_not_valid_is_not_written)
{
	cr_expect_eq(write_one((struct view_entry){
			     VIEW_FILE, .path = "/a", .bytes = VIEW_CONTENT_BYTES_MAX}),
		0);
	cr_expect_eq(write_one((struct view_entry){
			     VIEW_FILE, .path = "/a", .bytes = VIEW_CONTENT_BYTES_MAX + 1}),
		ERR_PROTO);
	cr_expect_eq(
		write_one((struct view_entry){VIEW_LINK, .path = "/a", .target = ""}), ERR_PROTO);
	cr_expect_eq(write_one((struct view_entry){VIEW_LINK, .path = "/a"}), ERR_PROTO);
	cr_expect_eq(write_one((struct view_entry){VIEW_PLACE, .path = "/a/../b"}), ERR_PROTO);
}

Test(view, flags_of_views)
{
	static const char *const good[] = {"-I.", "-Iinclude", "-iquote..", "-isystem/usr/include",
		"-idirafterx", "-includea.h", "-imacrosb.h", "-MP", "-MTx.o", "-MQa b.o", "-Wp,-MP",
		"-g3", "-flto", "-flto=auto", "-flto=thin", "-flto=4"};
	static const char *const bad[] = {"-I", "-I-", "-include", "-MD", "-MF", "-MFx",
		"-Wp,-MD,x", "-MMDx", "-Wp,-MTa,-o,b", "-Wp,-MQ,", "-nostdincx", "@x", "-iprefixx",
		"--sysroot=/", "-flto=/x", "-flto-report", "-o", "x.c", ""};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		cr_expect(ccflags_view_allows(good[i]), "%s", good[i]);
		cr_expect_not(ccflags_node_allows(good[i]), "%s", good[i]);
	}
	cr_expect(ccflags_view_allows("-Wp,-MT,x.o"));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_not(ccflags_view_allows(bad[i]), "%s", bad[i]);
}
