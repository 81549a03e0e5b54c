#include "core/board.h"

#include <criterion/criterion.h>

Test(board, a_light_is_dark_only_without_work)
{
	static const struct {
		unsigned used, slots, max, want;
	} rows[] = {
		{0, 4, 255, 0},
		{1, 4, 255, 64},
		{2, 4, 255, 128},
		{4, 4, 255, 255},
		{5, 4, 255, 255},
		{1, 4, 1, 1}, /* one that is on or off */
		{0, 4, 1, 0},
		{1, 4096, 255, 1},
		{0, 0, 255, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_expect_eq(board_brightness(rows[i].used, rows[i].slots, rows[i].max),
			rows[i].want, "%zu", i);
}

Test(board, cores_run_as_fast_as_there_is_work)
{
	static const struct {
		unsigned used, slots;
		uint64_t min, max, want;
	} rows[] = {
		{0, 4, 600000, 1800000, 600000},
		{1, 4, 600000, 1800000, 900000},
		{3, 4, 600000, 1800000, 1500000},
		{4, 4, 600000, 1800000, 1800000},
		{9, 4, 600000, 1800000, 1800000},
		{2, 4, 600000, 600000, 600000},
		{2, 4, 700000, 600000, 700000},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_expect_eq(
			board_ceiling_khz(rows[i].used, rows[i].slots, rows[i].min, rows[i].max),
			rows[i].want, "%zu", i);
}

Test(board, a_rise_shows_at_once_and_a_fall_when_it_lasts)
{
	struct board_level l = {0};
	cr_expect_eq(board_settle(&l, 3, 1000), 3);
	cr_expect_eq(board_settle(&l, 2, 1100), 3);
	cr_expect_eq(board_settle(&l, 3, 1200), 3); /* between two jobs */
	cr_expect_eq(board_settle(&l, 0, 2000), 3);
	cr_expect_eq(board_settle(&l, 1, 2500), 3);
	cr_expect_eq(board_settle(&l, 0, 3999), 3);
	cr_expect_eq(board_settle(&l, 0, 4000), 1); /* one was used in between */
	cr_expect_eq(board_settle(&l, 0, 4100), 1);
	cr_expect_eq(board_settle(&l, 0, 6100), 0);
	cr_expect_eq(board_settle(&l, 4, 6200), 4);
}

Test(board, triggers_are_words_of_a_list)
{
	char name[64];
	static const char list[] = "none rc-feedback [mmc0] timer activity-x default-on\n";
	cr_expect(board_has_trigger(list, "mmc0"));
	cr_expect(board_has_trigger(list, "default-on"));
	cr_expect_not(board_has_trigger(list, "activity"));
	cr_expect(board_has_trigger("none [activity]\n", "activity"));
	cr_expect_not(board_has_trigger("", "activity"));
	cr_expect_str_eq(board_current_trigger(list, name), "mmc0");
	cr_expect_str_eq(board_current_trigger("none timer\n", name), "");
	cr_expect_str_eq(board_current_trigger("[", name), "");
	cr_expect_str_eq(board_current_trigger("none [half", name), "half");
}
