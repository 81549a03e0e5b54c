/* jobserver_world - a jobserver, a loop and a directory, and what it takes to watch a make in them.
 *
 * Jobs write "b" and "e" lines to a log, so widths are read from it and never from the clock.
 */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "io/jobserver.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WORLD_DEADLINE_MS = 40000 };

struct world {
	uv_loop_t loop;
	uv_timer_t tick;
	struct jobserver *js;
	char *dir;
	unsigned repaid;
	uv_process_t make;
	bool ended;
	int64_t status;
	int signal;
};

static inline void world_repaid(void *ctx, unsigned n)
{
	((struct world *)ctx)->repaid += n;
}

static inline void world_tick(uv_timer_t *timer)
{
	(void)timer;
}

static inline void world_init(struct world *w)
{
	*w = (struct world){0};
	cr_assert_eq(fs_make_private_dir(fs_runtime_parent(), "farmmake-test-", &w->dir), 0);
	cr_assert_eq(uv_loop_init(&w->loop), 0);
	uv_timer_init(&w->loop, &w->tick);
	uv_timer_start(&w->tick, world_tick, 2, 2);
}

static inline int world_create(
	struct world *w, enum make_style style, unsigned slots, const struct make_auth *outer)
{
	struct jobserver_conf conf = {.loop = &w->loop,
		.style = style,
		.local_slots = slots,
		.width = slots,
		.dir = w->dir,
		.outer = outer,
		.on_repaid = world_repaid,
		.ctx = w};
	return jobserver_create(&conf, &w->js);
}

#define world_until(w, condition)                                                                  \
	do {                                                                                       \
		uint64_t give_up_ms_ = clock_now_ms() + WORLD_DEADLINE_MS;                         \
		while (!(condition)) {                                                             \
			cr_assert_lt(clock_now_ms(), give_up_ms_, "never: %s", #condition);        \
			uv_run(&(w)->loop, UV_RUN_ONCE);                                           \
		}                                                                                  \
	} while (0)

static inline void world_closed(void *ctx)
{
	*(bool *)ctx = true;
}

static inline void world_close_jobserver(struct world *w)
{
	bool closed = false;
	jobserver_close(w->js, world_closed, &closed);
	world_until(w, closed);
	w->js = NULL;
}

static inline void world_fini(struct world *w)
{
	if (w->js)
		world_close_jobserver(w);
	uv_close((uv_handle_t *)&w->tick, NULL);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	cr_assert_eq(uv_loop_close(&w->loop), 0);
	cr_assert_eq(fs_remove_tree(w->dir), 0);
	free(w->dir);
}

/* A file of the world's directory, malloc'd; "" when there is none. */
static inline char *world_read(const struct world *w, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", w->dir, name);
	char *text;
	return fs_read_file(path, 1 << 24, &text, NULL) == 0 ? text : xstrdup("");
}

static inline void world_write(const struct world *w, const char *name, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", w->dir, name);
	cr_assert_eq(fs_write_atomic(path, text, strlen(text), 0755), 0);
}

/* How many log lines begin with kind. */
static inline unsigned world_count(const struct world *w, char kind)
{
	_cleanup_free_ char *log = world_read(w, "log");
	unsigned n = 0;
	for (const char *p = log; *p; p += *p == '\n') {
		n += *p == kind;
		p += strcspn(p, "\n");
	}
	return n;
}

/* The most jobs that ran at once. */
static inline unsigned world_peak(const struct world *w)
{
	_cleanup_free_ char *log = world_read(w, "log");
	unsigned now = 0, peak = 0;
	for (const char *p = log; *p; p += *p == '\n') {
		now += *p == 'b', now -= *p == 'e';
		peak = now > peak ? now : peak;
		p += strcspn(p, "\n");
	}
	return peak;
}
