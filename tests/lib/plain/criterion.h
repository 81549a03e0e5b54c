/* criterion - what the unit tests use of it, for boards for which Debian has none: it starts tests by code that it has for
 * few processors. boards.sh puts this file where its header would be.
 *
 * Contract: one source includes it, and main() is here. Each test is a process of its own; the output is TAP.
 */
#pragma once

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of headers with names, such as write, that a test may have for its own. */
extern int fork(void), waitpid(int pid, int *status, int options);

struct plain_suite {
	const char *name;
	void (*init)(void), (*fini)(void);
	struct plain_suite *next;
};

struct plain_test {
	const char *suite, *name;
	void (*run)(void);
	struct plain_test *next;
};

enum { PLAIN_FAILED = 1, PLAIN_SKIPPED = 77 };

static struct plain_suite *plain_suites;
static struct plain_test *plain_tests, **plain_last = &plain_tests;
static bool plain_failed;

#define TestSuite(suite_, ...)                                                                     \
	__attribute__((constructor)) static void plain_add_##suite_(void)                          \
	{                                                                                          \
		static struct plain_suite s = {.name = #suite_, __VA_ARGS__};                      \
		s.next = plain_suites;                                                             \
		plain_suites = &s;                                                                 \
	}                                                                                          \
	struct plain_suite

#define Test(suite_, name_)                                                                        \
	static void plain_##suite_##_##name_(void);                                                \
	__attribute__((constructor)) static void plain_add_##suite_##_##name_(void)                \
	{                                                                                          \
		static struct plain_test t = {#suite_, #name_, plain_##suite_##_##name_, NULL};    \
		*plain_last = &t;                                                                  \
		plain_last = &t.next;                                                              \
	}                                                                                          \
	static void plain_##suite_##_##name_(void)

__attribute__((format(printf, 4, 5))) static inline void plain_fail(
	bool fatal, int line, const char *what, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	fprintf(stderr, "line %d: %s: ", line, what);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
	plain_failed = true;
	if (fatal)
		exit(PLAIN_FAILED);
}

#define plain_check(fatal, holds, what, ...)                                                       \
	((holds) ? (void)0 : plain_fail(fatal, __LINE__, what, "" __VA_ARGS__))
#define plain_compare(fatal, a, op, b, ...)                                                        \
	plain_check(fatal, (a)op(b), #a " " #op " " #b, __VA_ARGS__)

#define cr_assert(a, ...) plain_check(true, a, #a, __VA_ARGS__)
#define cr_expect(a, ...) plain_check(false, a, #a, __VA_ARGS__)
#define cr_assert_not(a, ...) plain_check(true, !(a), "not " #a, __VA_ARGS__)
#define cr_expect_not(a, ...) plain_check(false, !(a), "not " #a, __VA_ARGS__)
#define cr_assert_null(a, ...) plain_check(true, !(a), "no " #a, __VA_ARGS__)
#define cr_expect_null(a, ...) plain_check(false, !(a), "no " #a, __VA_ARGS__)
#define cr_assert_not_null(a, ...) plain_check(true, (a) != NULL, #a, __VA_ARGS__)
#define cr_expect_not_null(a, ...) plain_check(false, (a) != NULL, #a, __VA_ARGS__)
#define cr_assert_eq(a, b, ...) plain_compare(true, a, ==, b, __VA_ARGS__)
#define cr_expect_eq(a, b, ...) plain_compare(false, a, ==, b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...) plain_compare(true, a, !=, b, __VA_ARGS__)
#define cr_expect_neq(a, b, ...) plain_compare(false, a, !=, b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...) plain_compare(true, a, <, b, __VA_ARGS__)
#define cr_expect_lt(a, b, ...) plain_compare(false, a, <, b, __VA_ARGS__)
#define cr_assert_leq(a, b, ...) plain_compare(true, a, <=, b, __VA_ARGS__)
#define cr_expect_leq(a, b, ...) plain_compare(false, a, <=, b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...) plain_compare(true, a, >, b, __VA_ARGS__)
#define cr_expect_gt(a, b, ...) plain_compare(false, a, >, b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...) plain_compare(true, a, >=, b, __VA_ARGS__)
#define cr_expect_geq(a, b, ...) plain_compare(false, a, >=, b, __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...) plain_compare(true, strcmp(a, b), ==, 0, __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...) plain_compare(false, strcmp(a, b), ==, 0, __VA_ARGS__)
#define cr_expect_str_neq(a, b, ...) plain_compare(false, strcmp(a, b), !=, 0, __VA_ARGS__)
#define cr_assert_str_empty(a, ...) plain_check(true, (a)[0] == '\0', #a " is empty", __VA_ARGS__)
#define cr_expect_arr_eq(a, b, n, ...) plain_compare(false, memcmp(a, b, n), ==, 0, __VA_ARGS__)
#define cr_assert_float_eq(a, b, by, ...) plain_compare(true, fabs((a) - (b)), <=, by, __VA_ARGS__)
#define cr_expect_float_eq(a, b, by, ...) plain_compare(false, fabs((a) - (b)), <=, by, __VA_ARGS__)
#define cr_skip_test(...) exit(PLAIN_SKIPPED)

static void plain_run(const struct plain_test *t)
{
	const struct plain_suite *s = plain_suites;
	while (s && strcmp(s->name, t->suite) != 0)
		s = s->next;
	if (s && s->init)
		s->init();
	t->run();
	if (s && s->fini)
		s->fini();
	exit(plain_failed ? PLAIN_FAILED : 0);
}

int main(void)
{
	int n = 0, bad = 0;
	for (const struct plain_test *t = plain_tests; t; t = t->next) {
		fflush(stdout);
		int pid = fork();
		if (pid == 0)
			plain_run(t);
		int status = -1;
		waitpid(pid, &status, 0);
		bool skipped = status == PLAIN_SKIPPED << 8; /* as an exit status is kept */
		bad += status != 0 && !skipped;
		printf("%sok %d - %s::%s%s\n", status == 0 || skipped ? "" : "not ", ++n, t->suite,
			t->name, skipped ? " # SKIP" : "");
	}
	printf("1..%d\n", n);
	return bad != 0;
}
