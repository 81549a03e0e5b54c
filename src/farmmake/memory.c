#include "memory.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/str.h"

#include <string.h>

enum { LOOK_MS = 500, FILE_BYTES_MAX = 64 * 1024 };

/* NULL when it is not there. */
static char *read_file(const char *name)
{
	const char *dir = getenv("FARMMAKE_TEST_PROC");
	_cleanup_free_ char *path = xasprintf("%s/%s", dir ? dir : "/proc", name);
	char *text = NULL;
	return fs_read_file(path, FILE_BYTES_MAX, &text, NULL) < 0 ? NULL : text;
}

static void look(struct farm *f)
{
	_cleanup_free_ char *meminfo = read_file("meminfo");
	_cleanup_free_ char *pressure = read_file("pressure/memory");
	struct guard_sample s = {.now_ms = clock_now_ms()};
	if (!meminfo || !guard_parse(meminfo, pressure, &s))
		return;
	bool was_short = f->guard.is_short;
	unsigned n = guard_look(&f->guard, &s);
	if (f->guard.is_short != was_short && f->conf.verbose)
		log_info("memory is %s: %llu MiB available", was_short ? "enough again" : "short",
			(unsigned long long)s.available_kib / 1024);
	if (n)
		farm_lend(f, n);
}

static void on_look(uv_timer_t *timer)
{
	look(timer->data);
}

void memory_start(struct farm *f)
{
	uv_timer_init(&f->loop, &f->memory_timer);
	f->memory_timer.data = f;
	look(f);
	uv_timer_start(&f->memory_timer, on_look, LOOK_MS, LOOK_MS);
}

void memory_stop(struct farm *f)
{
	uv_close((uv_handle_t *)&f->memory_timer, NULL);
}
