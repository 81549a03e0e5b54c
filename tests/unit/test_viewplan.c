/* Plans for views on one node, which is described by rows: a directory, a file, a link and its target. What
 * comes out is compared as a text: one letter for each kind of step, and its path. */
#include "core/viewplan.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *path, *target; /* target "": a file */
} has[] = {
	{"/usr", NULL},
	{"/usr/bin", NULL},
	{"/usr/bin/gcc", ""},
	{"/usr/include", NULL},
	{"/usr/include/stdio.h", ""},
	{"/usr/include/asm", "x86/asm"},
	{"/usr/local", NULL},
	{"/usr/local/include", NULL},
	{"/usr/local/include/zlib.h", ""},
	{"/usr/local/include/foo", NULL},
	{"/usr/lib", NULL},
	{"/usr/lib/gcc", NULL},
	{"/usr/lib/gcc/arm", NULL},
	{"/usr/lib/gcc/arm/include", NULL},
	{"/usr/share", NULL},
	{"/usr/src", NULL},
	{"/lib", "usr/lib"},
	{"/opt", NULL},
	{"/opt/tc", NULL},
	{"/opt/tc/bin", NULL},
	{"/etc", NULL},
	{"/etc/alternatives", NULL},
	{"/home", NULL},
};

static enum viewplan_place look(void *ctx, const char *path, char **ret_target)
{
	(void)ctx;
	for (size_t i = 0; i < sizeof has / sizeof *has; i++) {
		if (strcmp(has[i].path, path) != 0)
			continue;
		if (!has[i].target)
			return VIEWPLAN_IS_DIR;
		if (!has[i].target[0])
			return VIEWPLAN_IS_OTHER;
		*ret_target = xstrdup(has[i].target);
		return VIEWPLAN_IS_LINK;
	}
	return VIEWPLAN_NONE;
}

/* /usr/share has too much. */
static bool list(void *ctx, const char *path, struct strv *ret)
{
	size_t n = strlen(path);
	(void)ctx;
	for (size_t i = 0; i < sizeof has / sizeof *has; i++)
		if (strncmp(has[i].path, path, n) == 0 && has[i].path[n] == '/' &&
			!strchr(has[i].path + n + 1, '/'))
			strv_push(ret, has[i].path + n + 1);
	return strcmp(path, "/usr/share") != 0;
}

static struct viewtree tree;
static struct viewplan plan;
static struct strv areas;

static void set_up(void)
{
	static const char *const all[] = {"/usr", "/lib", "/etc/alternatives", "/opt/tc"};
	viewtree_init(&tree);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		strv_push(&areas, all[i]);
}

static void tear_down(void)
{
	viewplan_fini(&plan);
	viewtree_fini(&tree);
	strv_fini(&areas);
}

TestSuite(viewplan, .init = set_up, .fini = tear_down);

/* "w /path", or "l /path target" */
static void add(const char *row)
{
	static const char letters[] = "pwfln";
	char path[256] = "", target[64] = "", kind;
	struct viewtree_node *n;
	bool is_new;
	cr_assert_geq(sscanf(row, "%c %255s %63s", &kind, path, target), 2);
	const struct view_entry e = {.kind = (enum view_kind)(strchr(letters, kind) - letters),
		.path = path,
		.target = target};
	cr_assert_eq(viewtree_add(&tree, &e, &n, &is_new), 0, "%s", row);
}

static void make(void)
{
	const struct viewplan_node node = {&areas, look, list, NULL};
	viewplan_fini(&plan);
	viewplan_make(&node, &tree, &plan);
	cr_assert_not(tree.changed);
}

/* The plan for these rows, as text; what cannot be shown is "! ", a path and a reason. */
static char *plan_of(const char *const rows[])
{
	static char text[4096];
	size_t len = 0;
	tear_down();
	set_up();
	for (size_t i = 0; rows[i]; i++)
		add(rows[i]);
	make();
	text[0] = '\0';
	if (plan.why)
		snprintf(text, sizeof text, "! %s", plan.why);
	for (size_t i = 0; i < plan.n && !plan.why; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%c %s%s%s", i ? ", " : "",
			"ENDTL"[plan.v[i].kind], plan.v[i].path, plan.v[i].target ? " " : "",
			plan.v[i].target ? plan.v[i].target : "");
	return text;
}

#define EXPECT(expected, ...)                                                                      \
	cr_expect_str_eq(plan_of((const char *const[]){__VA_ARGS__, NULL}), expected)

Test(viewplan, what_is_none_of_the_nodes_is_shown_by_one_mount)
{
	EXPECT("T /home", "f /home/u/a.c", "p /home/u/inc", "l /home/u/l x", "w /home/v");
	EXPECT("T /home, T /srv", "f /home/u/a.c", "p /srv");
	EXPECT("T /x.c", "f /x.c");
	EXPECT("L /home u/home", "l /home u/home");
	EXPECT("", "n /work");
	EXPECT("T /tmp, T /usrlocal", "f /tmp/a.c", "p /usrlocal/x");
}

Test(viewplan, around_areas)
{
	EXPECT("D /opt, T /opt/src", "f /opt/src/a.c");
	EXPECT("D /opt, L /opt/l src", "l /opt/l src");
	EXPECT("D /opt", "p /opt", "n /opt/src");
	EXPECT("! /opt: holds what compilers need", "w /opt");
	EXPECT("! /opt: holds what compilers need", "l /opt x");
	EXPECT("! /opt: holds what compilers need", "n /opt");
}

Test(viewplan, what_is_known_whole_hides_the_nodes)
{
	EXPECT("T /usr/include", "w /usr/include", "f /usr/include/stdio.h", "n /usr/include/x.h");
	EXPECT("T /usr/include, T /usr/local/include", "w /usr/include", "w /usr/local/include");
	EXPECT("T /usr/lib/gcc/arm/include", "w /usr/lib/gcc/arm/include");
	EXPECT("! /usr: would hide what compilers need", "w /usr");
	EXPECT("! /lib: would hide what compilers need", "w /lib");
	EXPECT("! /opt/tc: would hide what compilers need", "w /opt/tc");
	EXPECT("! /usr/bin/gcc: is no directory on this node", "w /usr/bin/gcc");
	EXPECT("! /usr/include/asm: is no directory on this node", "w /usr/include/asm");
}

Test(viewplan, single_files_among_the_nodes_are_not_shown)
{
	EXPECT("! /usr/include/stdio.h: beside files of this node", "f /usr/include/stdio.h");
	EXPECT("! /usr/include/new.h: beside files of this node", "f /usr/include/new.h");
	EXPECT("! /opt/tc/x/a.h: beside files of this node", "f /opt/tc/x/a.h");
	EXPECT("", "p /usr/include", "p /usr/local/include/foo");
	EXPECT("! /usr/include/asm: is no directory on this node", "p /usr/include/asm");
}

Test(viewplan, links_that_are_the_same_are_fine)
{
	EXPECT("", "l /lib usr/lib", "l /usr/include/asm x86/asm");
	EXPECT("! /lib: is another link than on this node", "l /lib usr/lib64");
	EXPECT("! /usr/include/asm: is another link than on this node", "l /usr/include/asm /etc");
	EXPECT("! /usr/include/new: is another link than on this node", "l /usr/include/new x");
	EXPECT("! /usr/bin: is another link than on this node", "l /usr/bin x");
}

Test(viewplan, a_directory_that_is_missing_here)
{
	EXPECT("E /usr/lib/gcc, N /usr/lib/gcc/arm, D /usr/lib/gcc/x86, D /usr/lib/gcc/x86/12, "
	       "T /usr/lib/gcc/x86/12/include",
		"w /usr/lib/gcc/x86/12/include");
	EXPECT("E /usr/lib/gcc, N /usr/lib/gcc/arm, D /usr/lib/gcc/x86, D /usr/lib/gcc/x86/12, "
	       "T /usr/lib/gcc/arm/include, T /usr/lib/gcc/x86/12/include, T /usr/lib/gcc/x86/12/include-fixed",
		"w /usr/lib/gcc/x86/12/include", "w /usr/lib/gcc/x86/12/include-fixed",
		"w /usr/lib/gcc/arm/include");
	EXPECT("E /usr/lib/gcc, N /usr/lib/gcc/arm, D /usr/lib/gcc/x86", "p /usr/lib/gcc/x86");
	EXPECT("! /usr/share/x: is not on this node, in a directory with too much else",
		"w /usr/share/x/y");
}

Test(viewplan, where_nothing_is)
{
	EXPECT("", "n /usr/include/new.h", "n /usr/new", "n /etc/x.h");
	/* what is above nothing is there */
	EXPECT("E /usr/local/include, N /usr/local/include/foo, N /usr/local/include/zlib.h, "
	       "D /usr/local/include/new",
		"n /usr/local/include/new/x.h");
	EXPECT("E /usr/local/include/foo", "n /usr/local/include/foo");
	/* a file goes by making its directory anew without it, and without the others that are not there */
	EXPECT("E /usr/local/include, N /usr/local/include/foo", "n /usr/local/include/zlib.h",
		"n /usr/local/include/bar.h");
	EXPECT("! /lib: cannot be hidden", "n /lib");
	EXPECT("! /etc/alternatives: is the jail's own", "n /etc/alternatives");
	EXPECT("E /usr/src", "n /usr/src");
}

Test(viewplan, the_shelf)
{
	EXPECT("E /usr/src, T /usr/src", "p /usr/src/linux", "f /usr/src/a.c");
	EXPECT("E /usr/src, T /usr/include, T /usr/src", "f /usr/src/linux/a.c", "w /usr/include");
}

Test(viewplan, what_is_the_jails_own)
{
	static const char *const rows[] = {"f /proc/x", "w /proc", "l /dev /x", "n /proc/self",
		"w /etc", "f /etc/passwd", "l /etc/x /", "w /.farm", "p /.farm", "f /.farm/object",
		"n /.farm", "f /etc/alternatives/cc"};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *text = plan_of((const char *const[]){rows[i], NULL});
		cr_expect(strstr(text, "! ") == text, "%s: %s", rows[i], text);
	}
	EXPECT("", "p /proc", "p /dev", "p /etc/x");
	EXPECT("T /.farm2", "p /.farm2");
}

/* The reason names no more than a line's worth of what a peer wrote, and steps are counted. */
Test(viewplan, is_bounded)
{
	char row[64];
	for (int i = 0; i <= VIEWPLAN_STEPS_MAX; i++) {
		snprintf(row, sizeof row, "p /d%d", i);
		add(row);
	}
	make();
	cr_assert_not_null(plan.why);
	cr_expect(strstr(plan.why, "too many places"), "%s", plan.why);
}

Test(viewplan, compilers_are_spared)
{
	add("w /usr/lib/gcc/x86/12/include");
	make();
	cr_expect(viewplan_spares(&plan, "/usr/bin/gcc"));
	cr_expect(viewplan_spares(&plan, "/usr/lib/gcc/arm/cc1"));
	cr_expect_not(viewplan_spares(&plan, "/usr/lib/gcc/x86/12/include/cc1"));
	cr_expect_not(viewplan_spares(&plan, "/usr/lib/gcc/hppa"));
	add("w /usr/bin");
	make();
	cr_expect_not(viewplan_spares(&plan, "/usr/bin/gcc"));
	cr_expect(viewplan_spares(&plan, "/usr/binary"));
}

/* What comes below what is shown is shown, until a next plan. */
Test(viewplan, is_made_anew_when_it_matters)
{
	add("f /home/u/a.c");
	make();
	cr_expect_eq(plan.n, 1);
	add("f /home/u/b.c");
	cr_expect_not(tree.changed);
	add("f /work/b.c");
	cr_expect(tree.changed);
	make();
	cr_expect_eq(plan.n, 2);
}

Test(viewplan, specs_are_never_shown)
{
	const struct {
		const char *path;
		enum view_kind kind;
		bool allowed;
	} rows[] = {{"/home/u/specs", VIEW_FILE, false}, {"/usr/lib/gcc/specs", VIEW_LINK, false},
		{"/home/u/specs", VIEW_PLACE, true}, {"/home/u/specs", VIEW_NOTHING, true},
		{"/home/u/specs.h", VIEW_FILE, true}, {"/home/specs/a.h", VIEW_FILE, true}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct view_entry e = {.kind = rows[i].kind, .path = (char *)rows[i].path};
		cr_expect_eq(viewplan_allows(&e), rows[i].allowed, "%zu", i);
	}
}
