/* liveview - a running build as lines of a screen.
 *
 * Contract: pure. Lines are printable ASCII and never wider than the screen; what others have named is escaped.
 */
#pragma once

#include "live.h"

enum liveview_sort { LIVEVIEW_BY_TIME, LIVEVIEW_BY_NODE, LIVEVIEW_BY_SOURCE, LIVEVIEW_SORTS };

struct liveview {
	unsigned width, height;
	enum liveview_sort sort;
	const char *filter; /* words that a row of the lower part has to have; "" for all */
	unsigned scroll;    /* rows of the lower part that are passed over */
};

struct liveview_line {
	char *text;
	bool is_head;
};

struct liveview_lines { /* a vec */
	struct liveview_line *v;
	size_t n, cap;
};

/* Exactly height lines. */
void liveview_layout(
	const struct live *l, const struct liveview *v, double now, struct liveview_lines *ret);
void liveview_free(struct liveview_lines *lines);
const char *liveview_sort_name(enum liveview_sort s);

/* The same in one line, at most width columns. Returns out. */
const char *liveview_progress(const struct live *l, double now, char *out, size_t width);

enum { LIVEVIEW_TIME_BYTES = 16 };
/* "0:07", "1:02:03". Returns out. */
const char *liveview_time(double s, char out[static LIVEVIEW_TIME_BYTES]);
