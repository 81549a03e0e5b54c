/* Each look is one lstat, or none where nothing is and nothing came. A changed spot gets the next version,
 * so whoever remembers a way knows by its spots whether it still leads where it did.
 */
#include "inputs_places.h"

#include "base/hash.h"
#include "base/str.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000LL

enum {
	TABLE_SIZE_MIN = 4096,
	LINKS_MAX = 40, /* as the kernel's */
	YOUNG_NS = 20 * 1000 * 1000,
	YOUNG_ELSEWHERE_S = 2,
};

/* Those of linux/magic.h that are kept here, and some that it lacks. */
static const uint64_t local_types[] = {EXT4_SUPER_MAGIC, BTRFS_SUPER_MAGIC, TMPFS_MAGIC,
	OVERLAYFS_SUPER_MAGIC, F2FS_SUPER_MAGIC, SQUASHFS_MAGIC, RAMFS_MAGIC, 0x58465342 /* XFS */,
	0x2fc12fc1 /* ZFS */, 0xca451a4e /* bcachefs */};

static bool is_local(struct inputs_places *p, dev_t device, const char *path)
{
	for (size_t i = 0; i < p->devices.n; i++)
		if (p->devices.v[i].device == device)
			return p->devices.v[i].local;
	struct inputs_device d = {.device = device};
	struct statfs fs;
	if (statfs(path, &fs) == 0)
		for (size_t i = 0; i < sizeof local_types / sizeof *local_types; i++)
			d.local |= (uint64_t)(uint32_t)fs.f_type == local_types[i];
	vec_push(&p->devices, d);
	return d.local;
}

static int64_t ns_of(const struct timespec *t)
{
	return t->tv_sec * NS_PER_S + t->tv_nsec;
}

/* now: before st was read. Every change sets ctime, and nobody else can. Another machine's clock may be a little
 * behind, and how fine its directories' times are is not known. */
static struct inputs_state state_of(struct inputs_places *p, const char *path,
	const struct stat *st, const struct timespec *now)
{
	struct inputs_state s = {.device = st->st_dev,
		.inode = st->st_ino,
		.bytes = st->st_size,
		.mtime = st->st_mtim,
		.ctime = st->st_ctim};
	int64_t window = YOUNG_NS;
	if (!is_local(p, st->st_dev, path))
		window = S_ISDIR(st->st_mode) ? INT64_MAX / 2 : YOUNG_ELSEWHERE_S * NS_PER_S;
	s.young = ns_of(&s.ctime) > ns_of(now) - window;
	return s;
}

/* Certainly the same, and so is all that hangs on it. */
static bool is_unchanged(const struct inputs_state *old, const struct inputs_state *new)
{
	return !old->young && old->device == new->device && old->inode == new->inode &&
	       old->bytes == new->bytes &&ns_of(&old->mtime) == ns_of(&new->mtime) &&
	       ns_of(&old->ctime) == ns_of(&new->ctime);
}

/* What relied on it is about another view from now on. */
static void change(struct inputs_places *p, struct spot *s)
{
	s->version = ++p->version;
	s->entry = s->whole_entry = 0;
	if (s->view == p->view)
		p->view++;
}

static void become(struct inputs_places *p, struct spot *s, enum spot_kind kind)
{
	if (s->kind == kind)
		return;
	s->kind = kind;
	s->read = false;
	s->content = 0;
	free(s->target);
	s->target = NULL;
	change(p, s);
}

static void read_link(struct inputs_places *p, struct spot *s)
{
	char target[PATH_MAX];
	ssize_t n = readlink(s->path, target, sizeof target - 1);
	if (n <= 0) {
		become(p, s, SPOT_ODD);
		return;
	}
	target[n] = '\0';
	become(p, s, SPOT_LINK);
	if (s->target && strcmp(s->target, target) == 0)
		return;
	if (s->target)
		change(p, s);
	free(s->target);
	s->target = xstrdup(target);
}

static void look_anew(struct inputs_places *p, struct spot *s)
{
	struct timespec now;
	struct stat st;
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (lstat(s->path, &st) < 0) {
		bool nothing = errno == ENOENT || errno == ENOTDIR;
		become(p, s, nothing ? SPOT_NOTHING : SPOT_ODD);
		return;
	}
	struct inputs_state state = state_of(p, s->path, &st, &now);
	bool same = is_unchanged(&s->state, &state);
	s->state = state;
	if (S_ISDIR(st.st_mode)) {
		s->generation += !(same && s->kind == SPOT_DIR);
		become(p, s, SPOT_DIR);
	} else if (S_ISREG(st.st_mode)) {
		s->read = s->read && same;
		become(p, s, SPOT_FILE);
	} else if (S_ISLNK(st.st_mode)) {
		if (!same || s->kind != SPOT_LINK)
			read_link(p, s);
	} else {
		become(p, s, SPOT_ODD);
	}
}

static void look(struct inputs_places *p, struct spot *s)
{
	if (s->epoch == p->epoch)
		return;
	s->epoch = p->epoch;
	if (s->kind == SPOT_DESK)
		return;
	struct spot *parent = &p->spots.v[s->parent];
	if (parent == s) {
		look_anew(p, s);
		return;
	}
	look(p, parent);
	if (parent->kind != SPOT_DIR) {
		become(p, s, SPOT_GONE);
		return;
	}
	if (s->kind == SPOT_NOTHING && s->generation == parent->generation)
		return;
	look_anew(p, s);
	if (s->kind == SPOT_NOTHING)
		s->generation = parent->generation;
}

struct spot *inputs_places_look(struct inputs_places *p, uint32_t spot)
{
	struct spot *s = &p->spots.v[spot];
	look(p, s);
	return s;
}

uint32_t inputs_places_content(struct inputs_places *p, uint32_t spot)
{
	struct spot *s = inputs_places_look(p, spot);
	if (s->kind != SPOT_FILE || s->read)
		return s->content;
	struct timespec now;
	struct stat st;
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	time_t mtime_s = s->content_mtime_s;
	uint32_t content = inputs_files_take(p->files, s->path, &st);
	if (content) {
		s->state = state_of(p, s->path, &st, &now);
		s->content_mtime_s = st.st_mtim.tv_sec;
		s->read = true;
	}
	if (s->content != content || s->content_mtime_s != mtime_s)
		change(p, s);
	s->content = content;
	return content;
}

static uint64_t hash_name(uint32_t parent, const char *name, size_t n)
{
	uint64_t h = hash_bytes(hash_basis ^ parent, name, n);
	return h ^ h >> 29;
}

static void grow(struct inputs_places *p)
{
	free(p->slots);
	p->size = p->size ? 2 * p->size : TABLE_SIZE_MIN;
	p->slots = xcalloc(p->size, sizeof *p->slots);
	for (uint32_t i = 0; i < p->spots.n; i++) {
		size_t k = (size_t)p->spots.v[i].hash & (p->size - 1);
		while (p->slots[k])
			k = (k + 1) & (p->size - 1);
		p->slots[k] = i + 1;
	}
}

static bool is_child(const struct spot *s, uint32_t parent, const char *name, size_t n)
{
	const char *own = strrchr(s->path, '/') + 1;
	return s->parent == parent && strncmp(own, name, n) == 0 && own[n] == '\0';
}

static uint32_t child_of(struct inputs_places *p, uint32_t parent, const char *name, size_t n)
{
	uint64_t hash = hash_name(parent, name, n);
	size_t i = (size_t)hash & (p->size - 1);
	for (; p->slots[i]; i = (i + 1) & (p->size - 1)) {
		const struct spot *s = &p->spots.v[p->slots[i] - 1];
		if (s->hash == hash && is_child(s, parent, name, n))
			return p->slots[i] - 1;
	}
	const char *above = parent ? p->spots.v[parent].path : "";
	struct spot s = {.parent = parent, .hash = hash};
	s.path = xasprintf("%s/%.*s", above, (int)n, name);
	vec_push(&p->spots, s);
	p->slots[i] = (uint32_t)p->spots.n;
	if (p->spots.n > p->size / 2)
		grow(p);
	return (uint32_t)p->spots.n - 1;
}

/* One walk on its way. */
struct walker {
	struct inputs_places *p;
	struct inputs_walk *out;
	char *rest; /* malloc'd when a symlink is in it */
	const char *at;
	uint32_t here;
	unsigned links;
	bool last_followed; /* the path's last name was a symlink */
};

static void follow(struct walker *w, uint32_t link)
{
	const struct spot *s = &w->p->spots.v[link];
	vec_push(&w->out->via, link);
	w->last_followed |= w->at[strspn(w->at, "/")] == '\0';
	char *rest = xasprintf("%s%s", s->target, w->at);
	free(w->rest);
	w->at = w->rest = rest;
	if (rest[0] == '/')
		w->here = 0;
}

/* Takes one name; false when the walk has ended. */
static bool step(struct walker *w, const char *name, size_t n)
{
	if (n == 1 && name[0] == '.')
		return true;
	if (n == 2 && name[0] == '.' && name[1] == '.') {
		vec_push(&w->out->via, w->here);
		w->here = w->p->spots.v[w->here].parent;
		return true;
	}
	bool is_last = w->at[strspn(w->at, "/")] == '\0';
	if (is_last && !w->last_followed)
		w->out->dir = w->here;
	uint32_t child = child_of(w->p, w->here, name, n);
	const struct spot *s = inputs_places_look(w->p, child);
	w->out->end = child;
	switch (s->kind) {
	case SPOT_DIR: w->here = child; return true;
	case SPOT_LINK:
		w->out->way = WAY_ODD;
		if (++w->links > LINKS_MAX)
			return false;
		follow(w, child);
		return true;
	case SPOT_GONE:
	case SPOT_NOTHING: w->out->way = WAY_NOTHING; return false;
	case SPOT_FILE: w->out->way = *w->at ? WAY_BLOCKED : WAY_THERE; return false;
	case SPOT_DESK:
	case SPOT_ODD: w->out->way = WAY_ODD; return false;
	}
	return false;
}

void inputs_places_walk(
	struct inputs_places *p, uint32_t start, const char *path, struct inputs_walk *ret)
{
	*ret = (struct inputs_walk){.dir = NO_SPOT};
	struct walker w = {.p = p, .out = ret, .at = path, .here = path[0] == '/' ? 0 : start};
	if (inputs_places_look(p, w.here)->kind != SPOT_DIR) {
		ret->way = WAY_BLOCKED;
		ret->end = w.here;
		return;
	}
	for (;;) {
		w.at += strspn(w.at, "/");
		size_t n = strcspn(w.at, "/");
		if (n == 0)
			break;
		const char *name = w.at;
		w.at += n;
		if (!step(&w, name, n)) {
			free(w.rest);
			return;
		}
	}
	free(w.rest);
	ret->way = WAY_THERE;
	ret->end = w.here;
}

uint32_t inputs_places_lead(
	struct inputs_places *p, uint32_t dir, const char *name, const char *target)
{
	uint32_t spot = child_of(p, dir, name, strlen(name));
	struct spot *s = &p->spots.v[spot];
	if (s->kind != SPOT_DESK && s->epoch)
		return NO_SPOT;
	if (s->kind == SPOT_DESK)
		return strcmp(s->target, target) == 0 ? spot : NO_SPOT;
	s->kind = SPOT_DESK;
	s->target = xstrdup(target);
	return spot;
}

void inputs_walk_fini(struct inputs_walk *w)
{
	vec_fini(&w->via);
}

void inputs_places_init(struct inputs_places *p, struct inputs_files *files)
{
	*p = (struct inputs_places){.epoch = 1, .view = 1, .files = files};
	struct spot root = {.path = xstrdup("/"), .hash = hash_name(0, "", 0)};
	vec_push(&p->spots, root);
	grow(p);
}

void inputs_places_fini(struct inputs_places *p)
{
	for (size_t i = 0; i < p->spots.n; i++) {
		free(p->spots.v[i].path);
		free(p->spots.v[i].target);
	}
	vec_fini(&p->spots);
	vec_fini(&p->devices);
	free(p->slots);
	*p = (struct inputs_places){0};
}

void inputs_places_begin_epoch(struct inputs_places *p)
{
	p->epoch++;
}
