#include "history.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/str.h"

static char *path_of(const char *dir)
{
	return dir ? xasprintf("%s/costs", dir) : NULL;
}

static void read_file(struct cost_table *t, const char *path)
{
	_cleanup_free_ char *data = NULL;
	size_t n;
	if (fs_read_file(path, COST_FILE_BYTES_MAX, &data, &n) == 0 && cost_read(t, data, n) < 0)
		log_debug("%s is no table of costs; it will be replaced", path);
}

struct cost_table *history_load(void)
{
	_cleanup_free_ char *dir = fs_xdg_dir("XDG_STATE_HOME", ".local/state");
	_cleanup_free_ char *path = path_of(dir);
	struct cost_table *t = cost_create();
	if (path)
		read_file(t, path);
	return t;
}

void history_save(struct cost_table *t)
{
	_cleanup_free_ char *dir = fs_xdg_dir("XDG_STATE_HOME", ".local/state");
	_cleanup_free_ char *path = path_of(dir);
	if (path && fs_mkdirs(dir, 0755) == 0) {
		struct buf b;
		buf_init(&b, COST_FILE_BYTES_MAX);
		read_file(t, path); /* another build may have ended meanwhile */
		if (cost_write(t, &b) == 0)
			fs_write_atomic(path, b.data, b.len, 0644);
		buf_fini(&b);
	}
	cost_destroy(t);
}
