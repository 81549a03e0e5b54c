#include "history.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/str.h"

#include <stdio.h>
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

enum { BUILDS_KEPT = 100, LINE_BYTES = 64, BUILDS_BYTES_MAX = BUILDS_KEPT * LINE_BYTES };

/* A line of the file is "KEY FILES", the last build first. */
struct known_build {
	uint64_t key, files;
};

static size_t read_builds(struct known_build ret[BUILDS_KEPT])
{
	_cleanup_free_ char *path = path_of("files"), *text = NULL;
	size_t n = 0;
	if (!path || fs_read_file(path, BUILDS_BYTES_MAX, &text, NULL) < 0)
		return 0;
	unsigned long long key, files;
	int used;
	for (const char *at = text;
		n < BUILDS_KEPT && sscanf(at, "%llx %llu\n%n", &key, &files, &used) == 2;
		at += used)
		ret[n++] = (struct known_build){key, files};
	return n;
}

uint64_t history_expected_files(uint64_t key)
{
	struct known_build builds[BUILDS_KEPT];
	size_t n = read_builds(builds);
	for (size_t i = 0; i < n; i++)
		if (builds[i].key == key)
			return builds[i].files;
	return 0;
}

void history_note_files(uint64_t key, uint64_t files)
{
	struct known_build builds[BUILDS_KEPT];
	_cleanup_free_ char *path = path_to_write("files");
	char text[BUILDS_BYTES_MAX + LINE_BYTES];
	size_t n = read_builds(builds), kept = 1;
	if (!path || files == 0)
		return;
	int len = snprintf(text, sizeof text, "%llx %llu\n", (unsigned long long)key,
		(unsigned long long)files);
	for (size_t i = 0; i < n && kept < BUILDS_KEPT; i++) {
		if (builds[i].key == key)
			continue;
		len += snprintf(text + len, sizeof text - (size_t)len, "%llx %llu\n",
			(unsigned long long)builds[i].key, (unsigned long long)builds[i].files);
		kept++;
	}
	fs_write_atomic(path, text, (size_t)len, 0644);
}
