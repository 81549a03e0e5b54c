#include "viewstore.h"

#include "base/capacity.h"
#include "base/err.h"
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RAM_PART = 8, FREE_PART = 2 };

static const uint64_t default_bytes_max = (uint64_t)2 << 30;

static void on_evict(void *ctx, const struct store_item *item)
{
	struct viewstore *vs = ctx;
	storedir_drop(vs->dir, item->number);
}

static enum viewplan_place look(void *ctx, const char *path, char **ret_target)
{
	char target[PATH_MAX];
	struct stat st;
	(void)ctx;
	if (lstat(path, &st) < 0)
		return VIEWPLAN_NONE;
	if (S_ISDIR(st.st_mode))
		return VIEWPLAN_IS_DIR;
	ssize_t n = S_ISLNK(st.st_mode) ? readlink(path, target, sizeof target) : -1;
	if (n < 0)
		return VIEWPLAN_IS_OTHER;
	*ret_target = xstrndup(target, (size_t)n);
	return VIEWPLAN_IS_LINK;
}

static bool list(void *ctx, const char *path, struct strv *ret)
{
	(void)ctx;
	DIR *d = opendir(path);
	if (!d)
		return false;
	for (struct dirent *e; ret->n <= VIEWPLAN_COVERED_MAX && (e = readdir(d));)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			strv_push(ret, e->d_name);
	closedir(d);
	return ret->n <= VIEWPLAN_COVERED_MAX;
}

static uint64_t lower(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void add_area(struct viewstore *vs, const char *path)
{
	struct stat st;
	if (lstat(path, &st) == 0)
		strv_push(&vs->areas, path);
}

int viewstore_create(
	const char *parent, uint64_t max_bytes, const struct strv *binds, struct viewstore **ret)
{
	struct viewstore *vs = xcalloc(1, sizeof *vs);
	int err = storedir_open(parent, &vs->dir);
	if (err) {
		free(vs);
		return err;
	}
	const uint64_t memory_bytes = capacity_memory_bytes();
	if (max_bytes == 0)
		max_bytes = lower(memory_bytes / RAM_PART, default_bytes_max);
	max_bytes = lower(max_bytes, storedir_free_bytes(vs->dir) / FREE_PART);
	vs->store = store_create(max_bytes, on_evict, vs);
	vs->entries_max =
		(size_t)lower(memory_bytes / VIEWSTORE_RAM_PER_ENTRY, VIEWSTORE_ENTRIES_MAX);
	for (size_t i = 0; jail_system_paths[i]; i++)
		add_area(vs, jail_system_paths[i]);
	for (size_t i = 0; i < binds->n; i++)
		add_area(vs, binds->v[i]);
	vs->node = (struct viewplan_node){&vs->areas, look, list, vs};
	*ret = vs;
	return 0;
}

void viewstore_destroy(struct viewstore *vs)
{
	if (!vs)
		return;
	store_destroy(vs->store);
	storedir_close(vs->dir);
	strv_fini(&vs->areas);
	free(vs);
}

/* A tree with one source in it. */
static int make_trial_tree(struct viewstore *vs, int tree_fd)
{
	static const char text[] = "int farm(void) { return 42; }\n";
	uint64_t number;
	_cleanup_close_ int fd = storedir_begin(vs->dir, &number);
	if (fd < 0)
		return fd;
	int err = fs_write_all(fd, text, sizeof text - 1);
	if (!err)
		err = storedir_finish(fd);
	if (!err)
		err = storedir_link(vs->dir, tree_fd, JAIL_TRIAL_SOURCE, number);
	storedir_drop(vs->dir, number);
	return err;
}

int viewstore_try(struct viewstore *vs, struct jail_box *box, const char *compiler, char **ret_why)
{
	struct viewtree tree;
	struct viewplan plan;
	struct viewtree_node *n;
	bool is_new;
	uint64_t number = 0;
	_cleanup_close_ int fd = storedir_make_tree(vs->dir, &number);
	int err = fd < 0 ? fd : make_trial_tree(vs, fd);
	if (err) {
		*ret_why = xstrdup(err_str(err));
		return err;
	}
	char source[] = JAIL_TRIAL_SOURCE;
	const struct view_entry e = {.kind = VIEW_FILE, .path = source};
	viewtree_init(&tree);
	err = viewtree_add(&tree, &e, &n, &is_new);
	if (!err) {
		viewplan_make(&vs->node, &tree, &plan);
		_cleanup_free_ char *path = storedir_tree_path(vs->dir, number);
		err = plan.why ? ERR_JAIL : jail_box_try_view(box, compiler, path, &plan, ret_why);
		if (plan.why)
			*ret_why = xstrdup(plan.why);
		fs_remove_tree(path);
		viewplan_fini(&plan);
	}
	viewtree_fini(&tree);
	return err;
}
