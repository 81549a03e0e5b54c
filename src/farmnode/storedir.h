/* storedir - the files of the store: contents by number, and the trees of views, made of links to them.
 *
 * All is in one directory that belongs to one node: only it, and its jails by the tree that is theirs, look
 * into it. What a node that died has left is removed by the next one.
 *
 * Contract: paths are valid ones of a view, and nothing but these functions changes a tree. No symlink is
 * followed. Calls block, as long as a memory file system does.
 *
 * Ownership: descriptors that are returned are the caller's.
 */
#pragma once

#include <stdint.h>
#include <uv.h>

struct storedir;

/* The time of every content, whatever it is at the client. */
enum { STOREDIR_MTIME_S = 1 };

/* Makes a directory of its own below parent. */
int storedir_open(const char *parent, struct storedir **ret);
void storedir_close(struct storedir *d); /* removes everything; NULL is fine */
uint64_t storedir_free_bytes(const struct storedir *d);

/* A new content; its descriptor, or -errno. */
int storedir_begin(struct storedir *d, uint64_t *ret_number);
/* It is complete, and will not change. */
int storedir_finish(int content_fd);
void storedir_drop(struct storedir *d, uint64_t number);

/* A new tree; its descriptor, or -errno. */
int storedir_make_tree(struct storedir *d, uint64_t *ret_number);
char *storedir_tree_path(const struct storedir *d, uint64_t tree); /* malloc'd */
/* By and by, in another thread. */
void storedir_remove_tree(struct storedir *d, uv_loop_t *loop, uint64_t tree);

/* Each makes the directories above. */
int storedir_dir(int tree_fd, const char *path);
int storedir_symlink(int tree_fd, const char *path, const char *target);
int storedir_link(const struct storedir *d, int tree_fd, const char *path, uint64_t number);
/* A file of its own, with the contents of content_fd, or empty when that is -1. */
int storedir_copy(int tree_fd, const char *path, int content_fd, uint64_t mtime_s);
int storedir_read(
	const struct storedir *d, uint64_t number); /* a content's descriptor, or -errno */
