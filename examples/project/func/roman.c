#include "func.h"

static const struct {
	int worth;
	const char *digits;
} table[] = {
	{1000, "M"},
	{900, "CM"},
	{500, "D"},
	{400, "CD"},
	{100, "C"},
	{90, "XC"},
	{50, "L"},
	{40, "XL"},
	{10, "X"},
	{9, "IX"},
	{5, "V"},
	{4, "IV"},
	{1, "I"},
};

struct value func_roman(struct args args)
{
	double number = args.v[0].number;
	if (number < 1 || number >= 4000)
		return value_fault("Rome had no such number");
	struct strbuf b = {0};
	int left = (int)number;
	for (size_t i = 0; left > 0; i++)
		for (; left >= table[i].worth; left -= table[i].worth)
			strbuf_puts(&b, table[i].digits);
	struct value v = value_text(arena_copy(args.arena, b.text, b.len));
	strbuf_free(&b);
	return v;
}
