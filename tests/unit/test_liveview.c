#include "core/liveview.h"

#include <criterion/criterion.h>
#include <string.h>

static struct live l;
static struct liveview_lines lines;

static void setup(void)
{
	live_init(&l);
}

static void teardown(void)
{
	liveview_free(&lines);
	live_fini(&l);
}

TestSuite(liveview, .init = setup, .fini = teardown);

static void tell(struct journal_event e)
{
	live_apply(&l, &e);
}

/* Two nodes, one of them gone; 12 of about 40 files. */
static void a_build(void)
{
	tell((struct journal_event){JOURNAL_BUILD, .name = "make -k all", .text = "/home/u/src",
		.slots = 2, .expected = 40});
	tell((struct journal_event){JOURNAL_NODE, .t = 0.5, .id = 1, .name = "anvil",
		.text = "10.0.0.7:3634", .slots = 4, .level = 3});
	tell((struct journal_event){JOURNAL_NODE, .t = 0.5, .id = 2, .name = "bel\x1blows",
		.text = "10.0.0.8:3634", .slots = 4, .level = 3});
	tell((struct journal_event){JOURNAL_LOAD, .t = 1, .id = 1, .moved = 0, .speed = 125});
	tell((struct journal_event){JOURNAL_LOAD, .t = 2, .id = 1, .moved = 1200000, .speed = 125});
	tell((struct journal_event){JOURNAL_GONE, .t = 2, .id = 2, .text = "timed out"});
	for (uint64_t i = 1; i <= 12; i++) {
		tell((struct journal_event){JOURNAL_BEGIN, .t = 2, .id = i, .name = "a.c"});
		tell((struct journal_event){
			JOURNAL_END, .t = 3, .id = i, .node = i < 11, .ok = i != 5});
	}
	tell((struct journal_event){JOURNAL_BEGIN, .t = 4, .id = 20, .name = "net/core/dev.c"});
	tell((struct journal_event){
		JOURNAL_PHASE, .t = 4.5, .id = 20, .phase = JOURNAL_RUNNING, .node = 1});
	tell((struct journal_event){JOURNAL_BEGIN, .t = 5, .id = 21, .name = "mm/slub.c"});
	tell((struct journal_event){JOURNAL_PHASE, .t = 5, .id = 21, .phase = JOURNAL_PREPARE});
	tell((struct journal_event){
		JOURNAL_STEP, .t = 4.8, .id = 99, .name = "ld", .text = "ld -r -o built-in.o"});
	tell((struct journal_event){JOURNAL_POOL, .t = 5, .lent = 6, .is_short = true});
}

static void lay(struct liveview v)
{
	liveview_free(&lines);
	liveview_layout(&l, &v, 6, &lines);
	cr_assert_eq(lines.n, v.height);
	for (size_t i = 0; i < lines.n; i++) {
		cr_assert_leq(strlen(lines.v[i].text), v.width, "%s", lines.v[i].text);
		for (const char *c = lines.v[i].text; *c; c++)
			cr_assert(*c >= ' ' && *c < 0x7f, "%s", lines.v[i].text);
	}
}

static void expect(size_t line, const char *text)
{
	cr_expect_str_eq(lines.v[line].text, text);
}

Test(liveview, a_screen_of_80_by_24)
{
	a_build();
	lay((struct liveview){80, 24, LIVEVIEW_BY_TIME, "", 0});
	expect(0,
		"make -k all                                                    /home/u/src  0:06");
	expect(1, "files   12 of about 40 (30 %), 10 on nodes   2.0/s   0:14 left");
	expect(2, "here    2 of 2 slots   6 tokens lent   1 failed   memory is short");
	expect(3, "");
	expect(4, "NODE               SLOTS QUEUE   DONE   SPEED   LINK/s  JAIL");
	expect(5, "anvil              1/4       0     10    1.25   1.2 MB     3  ");
	expect(6, "bel\\x1blows        0/4       0      0       -      0 B     3  gone: timed out");
	expect(7, "");
	expect(8, "   TIME  WHERE            WHAT       SOURCE");
	expect(9, "    1.5  anvil            compile    net/core/dev.c");
	expect(10, "    1.2  here             ld         ld -r -o built-in.o");
	expect(11, "    1.0  here             prepare    mm/slub.c");
	expect(12, "");
	cr_expect(lines.v[4].is_head && lines.v[8].is_head && !lines.v[5].is_head);
}

Test(liveview, rows_are_sorted_filtered_and_passed_over)
{
	a_build();
	lay((struct liveview){80, 24, LIVEVIEW_BY_NODE, "", 0});
	expect(11, "    1.0  here             prepare    mm/slub.c");
	lay((struct liveview){80, 24, LIVEVIEW_BY_SOURCE, "", 0});
	expect(10, "    1.0  here             prepare    mm/slub.c");
	lay((struct liveview){80, 24, LIVEVIEW_BY_TIME, "anvil", 0});
	expect(9, "    1.5  anvil            compile    net/core/dev.c");
	expect(10, "");
	lay((struct liveview){80, 24, LIVEVIEW_BY_TIME, "", 2});
	expect(9, "    1.0  here             prepare    mm/slub.c");
	lay((struct liveview){80, 24, LIVEVIEW_BY_TIME, "", 200});
	expect(9, "    1.0  here             prepare    mm/slub.c");
}

Test(liveview, every_size_has_room_for_something)
{
	a_build();
	for (unsigned h = 0; h < 30; h++)
		for (unsigned w = 0; w < 120; w += 7)
			lay((struct liveview){w, h, LIVEVIEW_BY_TIME, "", 0});
}

Test(liveview, of_nothing)
{
	lay((struct liveview){80, 10, LIVEVIEW_BY_TIME, NULL, 0});
	expect(1, "files   0, 0 on nodes   0.0/s");
	expect(5, "none yet");
}

Test(liveview, many_nodes_leave_room_for_jobs)
{
	a_build();
	for (uint64_t i = 10; i < 60; i++)
		tell((struct journal_event){
			JOURNAL_NODE, .t = 0.5, .id = i, .name = "n", .text = "", .slots = 4});
	lay((struct liveview){80, 24, LIVEVIEW_BY_TIME, "", 0});
	expect(5, "anvil              1/4       0     10    1.25   1.2 MB     3  ");
	expect(12, "and 45 more");
	expect(15, "    1.5  anvil            compile    net/core/dev.c");
}

Test(liveview, the_end_stays_as_it_was)
{
	a_build();
	tell((struct journal_event){JOURNAL_OVER, .t = 5.5, .status = 2});
	lay((struct liveview){80, 24, LIVEVIEW_BY_TIME, "", 0});
	expect(0,
		"make -k all                                                    /home/u/src  0:05");
	expect(1, "files   12 of about 40 (30 %), 10 on nodes   2.2/s   make has ended with 2");
}

Test(liveview, progress_is_one_line)
{
	char out[200];
	a_build();
	cr_expect_str_eq(liveview_progress(&l, 6, out, 80),
		"farmmake: 12 of about 40 files, 2.0/s; 1 compile on 1 node, 2 here, 0:14 left");
	cr_expect_eq(strlen(liveview_progress(&l, 6, out, 30)), 30);
	cr_expect_str_eq(liveview_progress(&l, 6, out, 0), "");
}

Test(liveview, times_are_for_people)
{
	char t[LIVEVIEW_TIME_BYTES];
	cr_expect_str_eq(liveview_time(-1, t), "0:00");
	cr_expect_str_eq(liveview_time(59.9, t), "0:59");
	cr_expect_str_eq(liveview_time(3599, t), "59:59");
	cr_expect_str_eq(liveview_time(3723, t), "1:02:03");
}
