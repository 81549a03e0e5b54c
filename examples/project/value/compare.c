#include "value.h"

#include <string.h>

int value_compare(struct value a, struct value b)
{
	bool a_text = a.kind == VALUE_TEXT, b_text = b.kind == VALUE_TEXT;
	if (a_text && b_text)
		return strcmp(a.text, b.text);
	if (a_text != b_text)
		return a_text - b_text;
	return (a.number > b.number) - (a.number < b.number);
}
