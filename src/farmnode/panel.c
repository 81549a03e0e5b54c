/* Small files of sysfs, written whole. What can fail is every one of them. */
#include "panel.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/vec.h"
#include "core/board.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LOOK_MS = 500, VALUE_BYTES_MAX = 64 * 1024 };

/* A group of cores that share a clock, or one core. */
struct clock_policy {
	char *ceiling; /* path */
	uint64_t min_khz, max_khz, before_khz;
};

struct panel {
	unsigned slots, used;
	char *light; /* path of the LED's directory; NULL: none is driven by us */
	unsigned light_max;
	char trigger[64]; /* what it was */
	VEC(struct clock_policy) clocks;
	struct board_level level;
	unsigned bright, fast; /* cores in use, as shown last */
	bool shown;
	uv_timer_t timer;
};

static const char *sysfs(void)
{
	const char *dir = getenv("FARMMAKE_TEST_SYSFS");
	return dir ? dir : "/sys";
}

/* malloc'd; NULL when it cannot be read */
static char *read_value(const char *dir, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	char *text = NULL;
	return fs_read_file(path, VALUE_BYTES_MAX, &text, NULL) < 0 ? NULL : text;
}

static uint64_t read_number(const char *dir, const char *name)
{
	_cleanup_free_ char *text = read_value(dir, name);
	return text ? strtoull(text, NULL, 10) : 0;
}

static int write_value(const char *path, const char *value)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC | O_TRUNC);
	if (fd < 0)
		return -errno;
	return fs_write_all(fd, value, strlen(value));
}

static int write_in(const char *dir, const char *name, const char *value)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	return write_value(path, value);
}

static int write_number(const char *path, uint64_t value)
{
	char text[32];
	snprintf(text, sizeof text, "%llu", (unsigned long long)value);
	return write_value(path, text);
}

static void open_light(struct panel *p, const char *name)
{
	_cleanup_free_ char *dir = xasprintf("%s/class/leds/%s", sysfs(), name);
	_cleanup_free_ char *triggers = strchr(name, '/') ? NULL : read_value(dir, "trigger");
	if (!triggers) {
		log_warning("no LED %s: nothing below /sys/class/leds has that name", name);
		return;
	}
	board_current_trigger(triggers, p->trigger);
	p->light_max = (unsigned)read_number(dir, "max_brightness");
	bool by_kernel = board_has_trigger(triggers, "activity");
	int err = write_in(dir, "trigger", by_kernel ? "activity" : "none");
	if (err) {
		log_warning("LED %s cannot be driven: %s", name, err_str(err));
		return;
	}
	p->light = dir;
	dir = NULL;
	if (by_kernel)
		p->light_max = 0;
	log_info("LED %s shows %s", name, by_kernel ? "activity" : "the slots in use");
}

static void open_clock(struct panel *p, const char *policy)
{
	_cleanup_free_ char *dir = xasprintf("%s/devices/system/cpu/cpufreq/%s", sysfs(), policy);
	struct clock_policy c = {.min_khz = read_number(dir, "cpuinfo_min_freq"),
		.max_khz = read_number(dir, "cpuinfo_max_freq"),
		.before_khz = read_number(dir, "scaling_max_freq")};
	c.ceiling = xasprintf("%s/scaling_max_freq", dir);
	/* one that people have lowered stays as low as that */
	if (c.before_khz && c.before_khz < c.max_khz)
		c.max_khz = c.before_khz;
	if (c.min_khz && c.max_khz > c.min_khz && access(c.ceiling, W_OK) == 0)
		vec_push(&p->clocks, c);
	else
		free(c.ceiling);
}

static void open_clocks(struct panel *p)
{
	_cleanup_free_ char *path = xasprintf("%s/devices/system/cpu/cpufreq", sysfs());
	DIR *d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));)
		if (str_starts(e->d_name, "policy"))
			open_clock(p, e->d_name);
	if (d)
		closedir(d);
	if (p->clocks.n)
		log_info("%zu clocks follow the slots in use", p->clocks.n);
	else
		log_warning("no clock that can be changed: nothing below %s", path);
}

static void show_light(struct panel *p)
{
	if (!p->light || !p->light_max || (p->shown && p->bright == p->used))
		return;
	char text[16];
	snprintf(text, sizeof text, "%u", board_brightness(p->used, p->slots, p->light_max));
	write_in(p->light, "brightness", text);
	p->bright = p->used;
}

static void show_clocks(struct panel *p)
{
	unsigned used = board_settle(&p->level, p->used, clock_now_ms());
	for (size_t i = 0; i < p->clocks.n && (!p->shown || p->fast != used); i++) {
		const struct clock_policy *c = &p->clocks.v[i];
		write_number(c->ceiling, board_ceiling_khz(used, p->slots, c->min_khz, c->max_khz));
	}
	p->fast = used;
}

static void show(struct panel *p)
{
	show_light(p);
	show_clocks(p);
	p->shown = true;
	if (p->clocks.n == 0 || p->fast == p->used)
		uv_timer_stop(&p->timer);
}

static void on_look(uv_timer_t *timer)
{
	show(timer->data);
}

struct panel *panel_open(uv_loop_t *loop, const char *led, bool dvfs, unsigned slots)
{
	if (!led && !dvfs)
		return NULL;
	struct panel *p = xcalloc(1, sizeof *p);
	p->slots = slots;
	uv_timer_init(loop, &p->timer);
	p->timer.data = p;
	if (led)
		open_light(p, led);
	if (dvfs)
		open_clocks(p);
	show(p);
	return p;
}

void panel_show(struct panel *p, unsigned used)
{
	if (!p || p->used == used)
		return;
	p->used = used;
	uv_timer_start(&p->timer, on_look, LOOK_MS, LOOK_MS);
	show(p);
}

static void on_closed(uv_handle_t *timer)
{
	struct panel *p = timer->data;
	vec_fini(&p->clocks);
	free(p->light);
	free(p);
}

void panel_close(struct panel *p)
{
	if (!p)
		return;
	if (p->light && p->light_max)
		write_in(p->light, "brightness", "0");
	if (p->light && p->trigger[0])
		write_in(p->light, "trigger", p->trigger);
	for (size_t i = 0; i < p->clocks.n; i++) {
		write_number(p->clocks.v[i].ceiling, p->clocks.v[i].before_khz);
		free(p->clocks.v[i].ceiling);
	}
	uv_close((uv_handle_t *)&p->timer, on_closed);
}
