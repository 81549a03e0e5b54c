/* The sequences are those of every terminal since the VT100: save and restore the cursor (ESC 7, ESC 8), the
 * scrolling region (ESC [ r), and moves. Each change is one write, so nothing comes in between.
 */
#include "progress.h"

#include "base/fs.h"
#include "base/str.h"
#include "core/liveview.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { ROWS_MIN = 4, WIDTH_MAX = 500, IDLE_LOOKS = 3 };

struct progress {
	uv_signal_t resized;
	unsigned rows, columns; /* of the terminal, as far as known; 0: look */
	bool shown;             /* the last row is ours */
	unsigned idle;          /* looks at which nothing was compiled */
};

static void on_resized(uv_signal_t *handle, int signum)
{
	struct progress *p = handle->data;
	(void)signum;
	p->rows = 0;
}

struct progress *progress_open(uv_loop_t *loop)
{
	const char *term = getenv("TERM");
	if (!isatty(STDERR_FILENO) || !term || !*term || strcmp(term, "dumb") == 0)
		return NULL;
	struct progress *p = xcalloc(1, sizeof *p);
	uv_signal_init(loop, &p->resized);
	p->resized.data = p;
	uv_signal_start(&p->resized, on_resized, SIGWINCH);
	uv_unref((uv_handle_t *)&p->resized);
	return p;
}

/* Programs that use the whole screen want each key at once; and who is in the background keeps quiet. */
static bool is_ours(void)
{
	struct termios t;
	return tcgetattr(STDERR_FILENO, &t) == 0 && (t.c_lflag & ICANON) &&
	       tcgetpgrp(STDERR_FILENO) == getpgrp();
}

static void say(const char *text)
{
	fs_write_all(STDERR_FILENO, text, strlen(text));
}

static bool measure(struct progress *p)
{
	struct winsize size;
	if (p->rows)
		return true;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row < ROWS_MIN ||
		size.ws_col == 0)
		return false;
	p->rows = size.ws_row;
	p->columns = size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
	p->shown = false;
	return true;
}

/* A line is made free for it, and the cursor stays above. */
static void take(struct progress *p)
{
	char text[64];
	snprintf(text, sizeof text, "\n\0337\033[1;%ur\0338\033[1A", p->rows - 1);
	say(text);
	p->shown = true;
}

static void give_back(struct progress *p)
{
	char text[64];
	snprintf(text, sizeof text, "\0337\033[r\033[%u;1H\033[2K\0338", p->rows);
	say(text);
	p->shown = false;
}

static void draw(const struct progress *p, const struct live *l, double now)
{
	char line[WIDTH_MAX + 1], text[WIDTH_MAX + 64];
	liveview_progress(l, now, line, p->columns - 1);
	snprintf(text, sizeof text, "\0337\033[%u;1H\033[7m%s\033[0m\033[K\0338", p->rows, line);
	say(text);
}

void progress_show(struct progress *p, const struct live *l, double now)
{
	if (!p)
		return;
	if (!is_ours()) {
		p->shown = false;
		return;
	}
	p->idle = l->jobs.n ? 0 : p->idle + 1;
	if (p->idle > IDLE_LOOKS) {
		if (p->shown)
			give_back(p);
		return;
	}
	if (l->begun == 0 || !measure(p))
		return;
	if (!p->shown)
		take(p);
	draw(p, l, now);
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void progress_close(struct progress *p)
{
	if (!p)
		return;
	if (p->shown && is_ours())
		give_back(p);
	uv_close((uv_handle_t *)&p->resized, on_closed);
}
