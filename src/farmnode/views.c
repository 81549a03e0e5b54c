/* An entry is made in the view's tree when it comes; a file, when its content is here. Contents that are
 * not here are owed: asked for once for each hash, whatever the views, and checked when they have come.
 * What can fail: the client (see the header), and this node's store, which is full or has no space. */
#include "views.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/idmap.h"
#include "base/vec.h"
#include "io/digest.h"

#include <search.h>
#include <string.h>
#include <unistd.h>

/* An entry whose content is owed. */
struct view_file {
	struct view *view;
	struct viewtree_node *node;
	uint32_t order;      /* among its view's entries */
	struct list pending; /* its view's, oldest first */
	struct list waiting; /* the content's, oldest first */
};

struct owed {
	uint8_t hash[VIEW_HASH_BYTES]; /* the key: first in the struct */
	uint64_t bytes;
	uint32_t number;
	struct list files;
};

struct view {
	struct viewstore *store;
	uint32_t number, entries;
	unsigned jobs;
	bool retired;
	struct viewtree tree;
	uint64_t tree_number;
	int tree_fd;
	char *tree_path;
	struct list pending;
	VEC(struct store_item *) used;
	VEC(uint64_t) copied; /* bytes of each copy, which the store has made room for */
	uint32_t failed_at;   /* the first entry that cannot be shown; UINT32_MAX: none */
	enum refusal failed_as;
	struct viewplan plan;
};

struct views {
	struct viewstore *store;
	struct view *current;
	uint32_t last_view, last_content; /* numbers that were used */
	void *owed;                       /* search tree by hash */
	struct idmap by_number;
	struct {
		struct owed *what; /* NULL: nothing is coming in */
		int fd;            /* -1: there is no room, and the bytes are only looked at */
		uint64_t file, bytes;
		struct digest *digest;
	} incoming;
};

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, VIEW_HASH_BYTES);
}

struct views *views_create(struct viewstore *vs)
{
	struct views *v = xcalloc(1, sizeof *v);
	v->store = vs;
	v->incoming.fd = -1;
	return v;
}

/* --- views */

static void fail(struct view *view, uint32_t order, enum refusal as)
{
	if (order >= view->failed_at)
		return;
	view->failed_at = order;
	view->failed_as = as;
}

static void drop_file(struct view_file *f)
{
	list_remove(&f->pending);
	list_remove(&f->waiting);
	free(f);
}

static void destroy(struct view *view)
{
	list_for_each_safe(l, &view->pending)
		drop_file(list_entry(l, struct view_file, pending));
	for (size_t i = 0; i < view->used.n; i++)
		store_unuse(view->store->store, view->used.v[i]);
	for (size_t i = 0; i < view->copied.n; i++)
		store_give_back(view->store->store, view->copied.v[i]);
	vec_fini(&view->used);
	vec_fini(&view->copied);
	if (view->tree_fd >= 0) {
		close(view->tree_fd);
		storedir_remove_tree(view->store->dir, view->store->loop, view->tree_number);
	}
	view->store->entries -= view->tree.nodes;
	viewtree_fini(&view->tree);
	viewplan_fini(&view->plan);
	free(view->tree_path);
	free(view);
}

static void retire(struct views *v)
{
	struct view *view = v->current;
	v->current = NULL;
	if (!view)
		return;
	view->retired = true;
	if (view->jobs == 0)
		destroy(view);
}

static void begin_view(struct views *v, uint32_t number)
{
	struct view *view = xcalloc(1, sizeof *view);
	retire(v);
	view->store = v->store;
	view->number = v->last_view = number;
	view->failed_at = UINT32_MAX;
	list_init(&view->pending);
	viewtree_init(&view->tree);
	view->tree_fd = storedir_make_tree(v->store->dir, &view->tree_number);
	if (view->tree_fd < 0)
		fail(view, 0, REFUSED_FULL);
	else
		view->tree_path = storedir_tree_path(v->store->dir, view->tree_number);
	v->current = view;
}

bool views_has(const struct views *v, uint32_t number)
{
	return v->current && v->current->number == number;
}

struct view *views_take(struct views *v, uint32_t *ret_entries)
{
	v->current->jobs++;
	*ret_entries = v->current->entries;
	return v->current;
}

void views_release(struct view *view)
{
	if (--view->jobs == 0 && view->retired)
		destroy(view);
}

enum views_state views_check(
	const struct view *view, uint32_t entries, enum refusal *ret_refusal, const char **ret_why)
{
	if (view->failed_at < entries || view->tree_fd < 0) {
		bool full = view->failed_as == REFUSED_FULL;
		*ret_refusal = view->failed_as;
		*ret_why = full ? "no room for the files" : "a file is gone, or cannot be shown";
		return VIEWS_FAILED;
	}
	if (list_empty(&view->pending))
		return VIEWS_READY;
	const struct view_file *oldest = list_entry(view->pending.next, struct view_file, pending);
	return oldest->order < entries ? VIEWS_WAITING : VIEWS_READY;
}

const struct viewplan *views_plan(
	struct view *view, const char *const needed[], const char **ret_why)
{
	if (view->tree.changed) {
		viewplan_fini(&view->plan);
		viewplan_make(&view->store->node, &view->tree, &view->plan);
	}
	*ret_why = view->plan.why;
	for (size_t i = 0; needed[i] && !*ret_why; i++)
		if (!viewplan_spares(&view->plan, needed[i]))
			*ret_why = "the view would hide the compiler";
	return *ret_why ? NULL : &view->plan;
}

const char *views_tree(const struct view *view)
{
	return view->tree_path;
}

/* --- entries */

/* Two names with the same contents are one file to gcc if their times are the same, or if they are one
 * inode. So the first is a link, and the others are copies, whose times differ where the client's do. */
static int make_copy(
	struct view *view, const struct viewtree_node *n, const struct store_item *item)
{
	char path[JOB_PATH_BYTES_MAX + 1];
	bool alike = n->mtime_s == n->first->mtime_s;
	/* a time that every file system has, and not the others' */
	uint64_t own_s = n->mtime_s > INT32_MAX ? INT32_MAX : n->mtime_s;
	if (own_s == STOREDIR_MTIME_S)
		own_s++;
	if (!store_reserve(view->store->store, n->bytes))
		return ERR_TOOBIG;
	vec_push(&view->copied, n->bytes);
	_cleanup_close_ int fd = item ? storedir_read(view->store->dir, item->number) : -1;
	if (item && fd < 0)
		return fd;
	viewtree_path(n, path);
	return storedir_copy(view->tree_fd, path, fd, alike ? STOREDIR_MTIME_S : own_s);
}

/* item: NULL for a file of no bytes. */
static void make_file(
	struct view *view, const struct viewtree_node *n, uint32_t order, struct store_item *item)
{
	char path[JOB_PATH_BYTES_MAX + 1];
	int err;
	if (!item || n->first != n) {
		err = make_copy(view, n, item);
	} else {
		store_use(view->store->store, item);
		vec_push(&view->used, item);
		viewtree_path(n, path);
		err = storedir_link(view->store->dir, view->tree_fd, path, item->number);
	}
	if (err)
		fail(view, order, REFUSED_FULL);
}

static struct owed *find_owed(const struct views *v, const uint8_t hash[VIEW_HASH_BYTES])
{
	void *found = tfind(hash, &v->owed, compare);
	return found ? *(struct owed **)found : NULL;
}

static struct owed *ask(struct views *v, const struct viewtree_node *n, struct buf *need)
{
	struct owed *o = xcalloc(1, sizeof *o);
	memcpy(o->hash, n->hash, sizeof o->hash);
	o->bytes = n->bytes;
	o->number = v->last_content;
	list_init(&o->files);
	if (!tsearch(o, &v->owed, compare))
		abort(); /* no memory, as in xmalloc() */
	idmap_put(&v->by_number, o->number, o);
	wr_u32(need, o->number);
	return o;
}

static bool is_hash_of_nothing(const uint8_t hash[VIEW_HASH_BYTES])
{
	uint8_t nothing[DIGEST_CONTENT_BYTES];
	digest_content("", 0, nothing);
	return memcmp(hash, nothing, sizeof nothing) == 0;
}

static int add_file(struct views *v, struct viewtree_node *n, uint32_t order, struct buf *need)
{
	if (n->bytes == 0 && !is_hash_of_nothing(n->hash))
		return ERR_DIGEST;
	struct store_item *item = store_find(v->store->store, n->hash);
	if (item || n->bytes == 0) {
		if (item && item->bytes != n->bytes)
			return ERR_DIGEST;
		make_file(v->current, n, order, item);
		return 0;
	}
	struct owed *o = find_owed(v, n->hash);
	if (o && o->bytes != n->bytes)
		return ERR_DIGEST;
	if (!o)
		o = ask(v, n, need);
	struct view_file *f = xcalloc(1, sizeof *f);
	*f = (struct view_file){.view = v->current, .node = n, .order = order};
	list_append(&v->current->pending, &f->pending);
	list_append(&o->files, &f->waiting);
	return 0;
}

/* What the entry, which is no file, is in the tree. Where nothing is, there are the directories above. */
static int make_entry(struct view *view, const struct view_entry *e)
{
	if (e->kind == VIEW_LINK)
		return storedir_symlink(view->tree_fd, e->path, e->target);
	size_t n = strlen(e->path);
	if (e->kind == VIEW_NOTHING)
		n -= 1 + strlen(str_base(e->path));
	_cleanup_free_ char *dir = xstrndup(e->path, n);
	return n ? storedir_dir(view->tree_fd, dir) : 0;
}

static int add_entry(struct views *v, const struct view_entry *e, struct buf *need)
{
	struct view *view = v->current;
	struct viewtree_node *n;
	bool is_new;
	if (e->kind == VIEW_FILE && ++v->last_content == 0)
		return ERR_TOOBIG;
	size_t before = view->tree.nodes;
	int err = viewtree_add(&view->tree, e, &n, &is_new);
	view->store->entries += view->tree.nodes - before;
	if (err || !is_new)
		return err;
	uint32_t order = view->entries++;
	if (!viewplan_allows(e) || strlen(e->path) > VIEWS_PATH_BYTES_MAX)
		fail(view, order, REFUSED_VIEW);
	else if (view->store->entries > view->store->entries_max || view->tree_fd < 0)
		fail(view, order, REFUSED_FULL);
	else if (e->kind == VIEW_FILE)
		return add_file(v, n, order, need);
	else if (make_entry(view, e) < 0)
		fail(view, order, REFUSED_FULL);
	return 0;
}

int views_files(struct views *v, const struct msg *m, struct buf *need)
{
	uint32_t number = m->files.view;
	if (number == 0 || number < v->last_view)
		return ERR_STATE;
	if (number > v->last_view)
		begin_view(v, number);
	struct rd r;
	rd_init(&r, m->files.entries, m->files.n);
	int err = 0;
	for (unsigned i = 0; i < m->files.count && !err; i++) {
		struct view_entry e;
		err = view_read(&r, &e);
		if (err)
			break;
		err = add_entry(v, &e, need);
		view_entry_fini(&e);
	}
	return err;
}

/* --- contents */

/* The files that wait for it are as they are; the client owes it no more. */
static void settle(struct views *v, struct owed *o)
{
	idmap_remove(&v->by_number, o->number);
	tdelete(o, &v->owed, compare);
	list_for_each_safe(l, &o->files)
		drop_file(list_entry(l, struct view_file, waiting));
	free(o);
}

static void fail_all(struct owed *o, enum refusal as)
{
	list_for_each(l, &o->files) {
		const struct view_file *f = list_entry(l, struct view_file, waiting);
		fail(f->view, f->order, as);
	}
}

static void make_all(struct owed *o, struct store_item *item)
{
	list_for_each(l, &o->files) {
		const struct view_file *f = list_entry(l, struct view_file, waiting);
		make_file(f->view, f->node, f->order, item);
	}
}

/* Nothing of it stays. */
static void drop_incoming(struct views *v)
{
	if (v->incoming.fd >= 0) {
		close(v->incoming.fd);
		storedir_drop(v->store->dir, v->incoming.file);
		store_give_back(v->store->store, v->incoming.what->bytes);
	}
	v->incoming.fd = -1;
}

static void stop_incoming(struct views *v)
{
	drop_incoming(v);
	digest_destroy(v->incoming.digest);
	v->incoming.digest = NULL;
	v->incoming.what = NULL;
}

static void start_incoming(struct views *v, struct owed *o)
{
	v->incoming.what = o;
	v->incoming.bytes = 0;
	v->incoming.digest = digest_create_content();
	if (!store_reserve(v->store->store, o->bytes))
		return;
	v->incoming.fd = storedir_begin(v->store->dir, &v->incoming.file);
	if (v->incoming.fd < 0) {
		v->incoming.fd = -1;
		store_give_back(v->store->store, o->bytes);
	}
}

/* All bytes have come, and are the right ones. Another client may have been faster. */
static void keep(struct views *v, struct owed *o)
{
	struct store_item *item = store_find(v->store->store, o->hash);
	if (!item && v->incoming.fd >= 0 && storedir_finish(v->incoming.fd) == 0) {
		item = store_add(v->store->store, o->hash, o->bytes, v->incoming.file);
		close(v->incoming.fd);
		v->incoming.fd = -1;
	}
	if (item)
		make_all(o, item);
	else
		fail_all(o, REFUSED_FULL);
}

int views_content(struct views *v, uint32_t number, const struct buf *block)
{
	struct owed *o = idmap_get(&v->by_number, number);
	if (!o || (v->incoming.what && v->incoming.what != o) || block->len == 0)
		return ERR_STATE;
	if (!v->incoming.what)
		start_incoming(v, o);
	if (block->len > o->bytes - v->incoming.bytes)
		return ERR_TOOBIG;
	digest_update(v->incoming.digest, block->data, block->len);
	v->incoming.bytes += block->len;
	if (v->incoming.fd >= 0 && fs_write_all(v->incoming.fd, block->data, block->len) < 0)
		drop_incoming(v);
	if (v->incoming.bytes < o->bytes)
		return 0;
	uint8_t hash[DIGEST_CONTENT_BYTES];
	digest_final(v->incoming.digest, hash);
	if (memcmp(hash, o->hash, sizeof hash) != 0)
		return ERR_DIGEST;
	keep(v, o);
	stop_incoming(v);
	settle(v, o);
	return 0;
}

int views_gone(struct views *v, uint32_t number)
{
	struct owed *o = idmap_get(&v->by_number, number);
	if (!o || (v->incoming.what && v->incoming.what != o))
		return ERR_STATE;
	if (v->incoming.what)
		stop_incoming(v);
	fail_all(o, REFUSED_VIEW);
	settle(v, o);
	return 0;
}

void views_destroy(struct views *v)
{
	size_t pos = 0;
	if (!v)
		return;
	if (v->incoming.what)
		stop_incoming(v);
	retire(v);
	for (struct owed *o; (pos = 0, o = idmap_next(&v->by_number, &pos));)
		settle(v, o);
	idmap_fini(&v->by_number);
	free(v);
}
