/* report_impl - what the writing parts of report share. For report*.c only. */
#pragma once

#include "core/usage.h"

#include <jansson.h>

/* JSON holds UTF-8 only, and a path may be anything. */
json_t *report_text(const char *s);
/* A duration, to the microsecond. */
json_t *report_seconds(double s);
/* One line, malloc'd; takes the row. */
char *report_dump(json_t *row);

/* How long each of the place's slots was busy. *ret_busy_s: all together. */
json_t *report_slots(
	const struct usage *u, int place, const struct usage_frame *f, double *ret_busy_s);
/* The object "usage". */
char *report_format_usage(const struct usage *u, const struct usage_frame *f);
