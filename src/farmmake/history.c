#include "history.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/str.h"

#include <unistd.h>

/* A file in the state directory, malloc'd; NULL when there is none. */
static char *path_of(const char *name)
{
	_cleanup_free_ char *dir = fs_xdg_dir("XDG_STATE_HOME", ".local/state");
	return dir ? xasprintf("%s/%s", dir, name) : NULL;
}

/* The same; the directory is made. */
static char *path_to_write(const char *name)
{
	_cleanup_free_ char *dir = fs_xdg_dir("XDG_STATE_HOME", ".local/state");
	return dir && fs_mkdirs(dir, 0755) == 0 ? xasprintf("%s/%s", dir, name) : NULL;
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
	_cleanup_free_ char *path = path_of("costs");
	struct cost_table *t = cost_create();
	if (path)
		read_file(t, path);
	return t;
}

void history_save(struct cost_table *t)
{
	_cleanup_free_ char *path = path_to_write("costs");
	if (path) {
		struct buf b;
		buf_init(&b, COST_FILE_BYTES_MAX);
		read_file(t, path); /* another build may have ended meanwhile */
		if (cost_write(t, &b) == 0)
			fs_write_atomic(path, b.data, b.len, 0644);
		buf_fini(&b);
	}
	cost_destroy(t);
}

bool history_had_nodes(void)
{
	_cleanup_free_ char *path = path_of("had-nodes");
	return path && access(path, F_OK) == 0;
}

void history_note_nodes(bool had_nodes)
{
	_cleanup_free_ char *path = had_nodes ? path_to_write("had-nodes") : path_of("had-nodes");
	if (path && had_nodes)
		fs_write_atomic(path, "", 0, 0644);
	else if (path)
		unlink(path);
}
