/* value - what a cell holds: nothing, a number, a text, or a fault. */
#pragma once

#include "util.h"

enum value_kind { VALUE_EMPTY, VALUE_NUMBER, VALUE_TEXT, VALUE_FAULT };

struct value {
	enum value_kind kind;
	double number;
	const char *text; /* VALUE_TEXT, and what is wrong in a VALUE_FAULT */
};

struct value value_empty(void);
struct value value_number(double number);
struct value value_text(const char *text);
struct value value_fault(const char *why);
bool value_truth(struct value v);

int value_compare(struct value a, struct value b); /* numbers before texts; < 0, 0, > 0 */
const char *value_show(struct arena *a, struct value v);
