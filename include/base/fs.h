/* fs - files as wholes, and paths.
 *
 * Contract: blocking calls; for start-up, tools and farmcc, never inside an event loop's callback
 * unless the file is known to be small and local.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The whole file, malloc'd with a NUL behind it; ERR_TOOBIG past max_bytes. */
int fs_read_file(const char *path, size_t max_bytes, char **ret_data, size_t *ret_len);
/* Replaces path by rename, so that readers see the old contents or the new. */
int fs_write_atomic(const char *path, const void *data, size_t n, mode_t mode);
/* Creates path and what is missing above it. */
int fs_mkdirs(const char *path, mode_t mode);
/* Removes a directory and everything in it; follows no symlink. */
int fs_remove_tree(const char *path);
/* A new private directory "<parent>/<prefix>XXXXXX", mode 0700; malloc'd. */
int fs_make_private_dir(const char *parent, const char *prefix, char **ret_path);
bool fs_is_executable(const char *path); /* a regular file that this user may execute */
/* The first program of that name in the absolute directories of PATH; malloc'd, or NULL. */
char *fs_find_program(const char *name);
/* $XDG_RUNTIME_DIR, else $TMPDIR, else /tmp. */
const char *fs_runtime_parent(void);
/* "$ENV/farmmake" or "$HOME/FALLBACK/farmmake"; malloc'd, NULL when neither is set.
 * fs_xdg_dir("XDG_CONFIG_HOME", ".config"). */
char *fs_xdg_dir(const char *env, const char *fallback);
/* As many of n bytes as there are before the end, past EINTR and short reads. */
int fs_read_all(int fd, void *out, size_t n, size_t *ret_n);
/* All n bytes, past EINTR and short writes. */
int fs_write_all(int fd, const void *data, size_t n);

static inline void fs_cleanup_close(int *fd)
{
	extern int close(int);
	if (*fd >= 0)
		close(*fd);
}
#define _cleanup_close_ __attribute__((cleanup(fs_cleanup_close)))
