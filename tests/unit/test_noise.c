#include "core/noise.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct {
	const char *text;
	bool noise;
} cases[] = {
	{"", true},
	{"a.c:1: warning: style of line directive is a GCC extension\n", true},
	{"In file included from a.c:3:\nb.h:1: warning: style of line directive is a GCC extension\n",
		true},
	{"In file included from b.h:3,\n                 from a.c:1:\n"
	 "c.h:1:3: warning: style of line directive is a GCC extension\n",
		true},
	{"a.c:1: warning: style of line directive is a GCC extension", false}, /* no end */
	{"a.c:1: error: style of line directive is a GCC extension\n", false},
	{"a.c:1: warning: style of line directive is a GCC extension [-Werror]\n", false},
	{"a.c:7:1: warning: unused variable 'x'\n", false},
	{"a.c:1: warning: style of line directive is a GCC extension\na.c: note: x\n", false},
	{"a.c: In function 'f':\na.c:2: warning: style of line directive is a GCC extension\n"
	 "a.c: At top level:\n",
		true},
	{"a.c: In function 'f': x\n", false},
	{"\n", false},
	{"In file included from\n", false},
};

Test(noise, whole)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct noise n;
		noise_init(&n);
		noise_feed(&n, (const uint8_t *)cases[i].text, strlen(cases[i].text));
		cr_assert_eq(noise_is_all(&n), cases[i].noise, "%s", cases[i].text);
	}
}

Test(noise, byte_by_byte)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct noise n;
		noise_init(&n);
		for (const char *p = cases[i].text; *p; p++)
			noise_feed(&n, (const uint8_t *)p, 1);
		cr_assert_eq(noise_is_all(&n), cases[i].noise, "%s", cases[i].text);
	}
}

Test(noise, line_without_end_is_bounded)
{
	struct noise n;
	noise_init(&n);
	for (int i = 0; i < 100000; i++)
		noise_feed(&n, (const uint8_t *)"xxxxxxxxxxxxxxxx", 16);
	cr_assert_not(noise_is_all(&n));
}
