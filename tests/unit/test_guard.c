#include "core/guard.h"

#include <criterion/criterion.h>
#include <string.h>

enum { MIB = 1024, GIB = 1024 * MIB };

static struct guard_sample sample(uint64_t now_ms, uint64_t total_kib, uint64_t available_kib)
{
	return (struct guard_sample){
		.now_ms = now_ms, .total_kib = total_kib, .available_kib = available_kib};
}

Test(guard, what_is_low_depends_on_the_machine)
{
	static const struct {
		uint64_t total_kib, available_kib;
		bool is_short;
	} rows[] = {
		{512 * MIB, 33 * MIB, false},
		{512 * MIB, 31 * MIB, true},
		{8 * GIB, 513 * MIB, false},
		{8 * GIB, 511 * MIB, true},
		{16 * UINT64_C(1024) * MIB, 1025 * MIB, false},
		{256 * UINT64_C(1048576), 1025 * MIB, false},
		{256 * UINT64_C(1048576), 1023 * MIB, true},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct guard g = {0};
		struct guard_sample s = sample(5000, rows[i].total_kib, rows[i].available_kib);
		guard_look(&g, &s);
		cr_expect_eq(g.is_short, rows[i].is_short, "row %zu", i);
	}
}

/* A course of samples: when, what is available of 1600 MiB (100 MiB is low), ms of waiting since the
 * last; and whether memory is short then. */
struct moment {
	uint64_t now_ms, available_mib, waited_ms;
	bool is_short;
};

static void follow(const char *what, const struct moment *m, size_t n)
{
	struct guard g = {0};
	uint64_t stall_us = 123456;
	for (size_t i = 0; i < n; i++) {
		struct guard_sample s = sample(m[i].now_ms, 1600 * MIB, m[i].available_mib * MIB);
		stall_us += m[i].waited_ms * 1000;
		s.has_stall = true;
		s.stall_us = stall_us;
		guard_look(&g, &s);
		cr_expect_eq(g.is_short, m[i].is_short, "%s, at %zu", what, i);
	}
}

#define course(what, ...)                                                                          \
	follow(what, (const struct moment[]){__VA_ARGS__},                                         \
		sizeof((const struct moment[]){__VA_ARGS__}) / sizeof(struct moment))

Test(guard, hysteresis)
{
	course("little, then more, then enough", {500, 150, 0, false}, {1000, 99, 0, true},
		{1500, 110, 0, true}, {9000, 190, 0, true}, {9500, 201, 0, true},
		{11900, 300, 0, true}, {12000, 300, 0, false}, {12500, 110, 0, false});
	course("a relapse begins the wait again", {500, 90, 0, true}, {3000, 300, 0, true},
		{3400, 150, 0, true}, {5000, 300, 0, true}, {6300, 300, 0, true},
		{6400, 300, 0, false});
	course("waiting", {500, 1000, 0, false}, {1000, 1000, 49, false}, {1500, 1000, 51, true},
		{2000, 1000, 0, true}, {4400, 1000, 0, true}, {4500, 1000, 0, false});
	course("a little waiting keeps it short", {500, 1000, 0, false}, {1000, 1000, 400, true},
		{1500, 1000, 5, true}, {4500, 1000, 30, true}, {7500, 1000, 29, false});
	course("samples at once are one", {500, 1000, 0, false}, {500, 1000, 100, false},
		{550, 10, 0, false}, {1000, 1000, 0, true});
}

Test(guard, pressure_may_be_absent_or_begin_anew)
{
	struct guard g = {0};
	struct guard_sample s = sample(1000, GIB, GIB / 2);
	guard_look(&g, &s);
	s = (struct guard_sample){2000, GIB, GIB / 2, true, 900000};
	guard_look(&g, &s);
	cr_expect_not(g.is_short, "there is nothing to compare it with");
	s = (struct guard_sample){3000, GIB, GIB / 2, true, 5};
	guard_look(&g, &s);
	cr_expect_not(g.is_short);
}

Test(guard, tokens_are_held_back_and_given_up_first)
{
	struct guard g = {0};
	cr_expect_eq(guard_lend(&g, 3, 0), 3, "without a look nothing is short");
	cr_expect_eq(guard_owe(&g, 1), 1);
	struct guard_sample s = sample(1000, 1600 * MIB, 50 * MIB);
	cr_expect_eq(guard_look(&g, &s), 0);
	cr_expect_eq(guard_lend(&g, 2, 1), 1, "one repays a debt");
	cr_expect_eq(guard_lend(&g, 4, 0), 0);
	cr_expect_eq(g.held, 5);
	cr_expect_eq(guard_owe(&g, 2), 0, "theirs were never lent");
	cr_expect_eq(guard_owe(&g, 4), 1);
	cr_expect_eq(guard_lend(&g, 2, 0), 0);
	s = sample(2000, 1600 * MIB, 800 * MIB);
	cr_expect_eq(guard_look(&g, &s), 0, "not yet");
	s.now_ms = 4000;
	cr_expect_eq(guard_look(&g, &s), 2);
	s.now_ms = 5000;
	cr_expect_eq(guard_look(&g, &s), 0, "once");
	cr_expect_eq(guard_owe(&g, 2), 2);
}

static const char meminfo[] = "MemTotal:       24684092 kB\n"
			      "MemFree:        21886108 kB\n"
			      "MemAvailable:   24134576 kB\n"
			      "Buffers:           12345 kB\n";
static const char pressure[] = "some avg10=0.12 avg60=1.00 avg300=0.00 total=4567\n"
			       "full avg10=0.00 avg60=0.00 avg300=0.00 total=12\n";

Test(guard, parse)
{
	struct guard_sample s = {.now_ms = 7};
	cr_assert(guard_parse(meminfo, pressure, &s));
	cr_expect(s.now_ms == 7 && s.total_kib == 24684092 && s.available_kib == 24134576);
	cr_expect(s.has_stall && s.stall_us == 4567);
	cr_assert(guard_parse(meminfo, NULL, &s));
	cr_expect_not(s.has_stall);
	cr_assert(guard_parse(meminfo, "", &s));
	cr_expect_not(s.has_stall);
}

Test(guard, what_is_no_meminfo)
{
	static const char *const bad[] = {"", "MemTotal: 5 kB\n", "MemAvailable: 5 kB\n",
		"MemTotal: x kB\nMemAvailable: 5 kB\n", "MemTotal: 0 kB\nMemAvailable: 0 kB\n"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct guard_sample s = {.now_ms = 3, .total_kib = 4};
		cr_expect_not(guard_parse(bad[i], pressure, &s), "%s", bad[i]);
		cr_expect(s.now_ms == 3 && s.total_kib == 4);
	}
}
