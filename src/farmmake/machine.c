#include "machine.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/str.h"
#include "wrapper.h"

#include <stdlib.h>

enum {
	LOOK_MS = 500,
	FILE_BYTES_MAX = 64 * 1024,
	LINK_FACTOR = 3, /* memory of GNU ld for its input: 54 MiB for 18 MiB of C++ with -g3 */
};

/* NULL when it is not there. */
static char *read_file(const char *name)
{
	const char *dir = getenv("FARMMAKE_TEST_PROC");
	_cleanup_free_ char *path = xasprintf("%s/%s", dir ? dir : "/proc", name);
	char *text = NULL;
	return fs_read_file(path, FILE_BYTES_MAX, &text, NULL) < 0 ? NULL : text;
}

static void let_begin(struct farm *f)
{
	const struct guard_sample *s = &f->guard.last;
	uint64_t available_kib = s->total_kib ? s->available_kib : UINT64_MAX;
	uint32_t wrapper;
	while (heavy_next(&f->heavy, available_kib, clock_now_ms(), &wrapper))
		wrapper_go(idmap_get(&f->wrappers, wrapper));
}

void machine_ask(struct farm *f, uint32_t wrapper, uint64_t input_bytes)
{
	heavy_ask(&f->heavy, wrapper, input_bytes / 1024 * LINK_FACTOR, clock_now_ms());
	let_begin(f);
}

void machine_end(struct farm *f, uint32_t wrapper)
{
	heavy_end(&f->heavy, wrapper);
	if (!f->closing)
		let_begin(f);
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
	let_begin(timer->data);
}

void machine_start(struct farm *f)
{
	uv_timer_init(&f->loop, &f->machine_timer);
	f->machine_timer.data = f;
	look(f);
	uv_timer_start(&f->machine_timer, on_look, LOOK_MS, LOOK_MS);
}

void machine_stop(struct farm *f)
{
	uv_close((uv_handle_t *)&f->machine_timer, NULL);
}
