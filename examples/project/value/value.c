#include "value.h"

struct value value_empty(void)
{
	return (struct value){.kind = VALUE_EMPTY};
}

struct value value_number(double number)
{
	return (struct value){.kind = VALUE_NUMBER, .number = number};
}

struct value value_text(const char *text)
{
	return (struct value){.kind = VALUE_TEXT, .text = text};
}

struct value value_fault(const char *why)
{
	return (struct value){.kind = VALUE_FAULT, .text = why};
}

bool value_truth(struct value v)
{
	return v.kind == VALUE_TEXT ? *v.text != 0 : v.number != 0;
}
