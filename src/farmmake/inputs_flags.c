/* Where a job's compiler looks: the chain, and the words that make a node's compiler look there.
 *
 * The node's compiler is told not to look where it is used to, so that it need not lie where this machine's
 * does. gcc then leaves out stdc-predef.h, too, which it includes by itself before all that -include names:
 * so that is named. A directory that is not there is not named; both compilers would pass over it.
 */
#include "inputs_impl.h"

#include "base/err.h"
#include "core/ccflags.h"

#include <string.h>

struct dir {
	uint64_t device, inode;
	uint32_t spot;
};

struct builder {
	struct inputs_world *world;
	struct inputs_job *job;
	uint32_t cwd;
	VEC(struct dir) dirs; /* all that are there */
};

/* Two names of one directory, without a symlink, are two directories to a node. */
static void add_dir(struct builder *b, const char *name, const struct spot *s, uint32_t spot)
{
	struct dir d = {s->state.device, s->state.inode, spot};
	for (size_t i = 0; i < b->dirs.n; i++) {
		const struct dir *old = &b->dirs.v[i];
		if (old->device == d.device && old->inode == d.inode && old->spot != spot)
			inputs_order_refuse(b->job, xasprintf("%s: is mounted twice", name));
	}
	vec_push(&b->dirs, d);
}

/* What gcc would warn of, or what would mean something else in a word, is refused. */
static bool is_there(struct builder *b, const char *name)
{
	struct inputs_walk walk;
	inputs_places_walk(&b->world->places, b->cwd, name, &walk);
	const struct spot *s = inputs_places_look(&b->world->places, walk.end);
	bool there = walk.way == WAY_THERE && s->kind == SPOT_DIR && name[0];
	if (there) {
		add_dir(b, name, s, walk.end);
		walk.dir = NO_SPOT;
		inputs_view_need_walk(b->world, &walk);
		inputs_view_need(b->world, walk.end, NEED_SEARCHED | NEED_EXISTS);
	} else if (walk.way != WAY_NOTHING || !name[0]) {
		inputs_order_refuse(b->job, xasprintf("%s: is no directory", name));
	} else if (b->job->warns_of_no_dir) {
		inputs_order_refuse(b->job, xasprintf("%s: is not there", name));
	}
	inputs_walk_fini(&walk);
	return there;
}

static void push_word(struct builder *b, const char *option, const char *value)
{
	char *word = xasprintf("%s%s", option, value);
	bool is_special = value[0] == '=' || str_starts(value, "$SYSROOT");
	if (is_special || strlen(word) > JOB_FLAG_BYTES_MAX ||
		!(ccflags_view_allows(word) || ccflags_node_allows(word)))
		inputs_order_refuse(b->job, xasprintf("%.80s: is no word for a node", word));
	strv_push_take(&b->job->answer.flags, word);
}

/* Names it for the node, too. */
static bool identify(void *ctx, enum incdirs_list list, const char *name, uint64_t *ret_device,
	uint64_t *ret_inode)
{
	static const char *const options[] = {[INCDIRS_QUOTE] = "-iquote",
		[INCDIRS_BRACKET] = "-I",
		[INCDIRS_SYSTEM] = "-isystem",
		[INCDIRS_AFTER] = "-idirafter"};
	struct builder *b = ctx;
	if (!is_there(b, name))
		return false;
	push_word(b, options[list], name);
	const struct dir *d = &b->dirs.v[b->dirs.n - 1];
	*ret_device = d->device;
	*ret_inode = d->inode;
	return true;
}

/* Is the file in the directory? What the answer relies on is needed. */
static bool has(struct builder *b, const char *dir, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	struct inputs_walk walk;
	inputs_places_walk(&b->world->places, b->cwd, path, &walk);
	inputs_view_need_walk(b->world, &walk);
	bool there = walk.way == WAY_THERE &&
		     inputs_places_look(&b->world->places, walk.end)->kind == SPOT_FILE;
	inputs_walk_fini(&walk);
	return there;
}

/* gcc looks for it as for <stdc-predef.h>, and for what -include names here, and as for "x.h". */
static void push_predef(struct builder *b, const struct incdirs *chain)
{
	static const char name[] = "stdc-predef.h";
	const struct inputs_job *job = b->job;
	bool found = false;
	if (!job->is_hosted || job->args.nostdinc || !job->own->is_gcc)
		return;
	for (size_t i = chain->bracket; i < chain->dirs.n && !found; i++)
		found = has(b, chain->dirs.v[i], name);
	if (!found)
		return;
	bool another = has(b, ".", name);
	for (size_t i = 0; i < chain->bracket; i++)
		another |= has(b, chain->dirs.v[i], name);
	if (another)
		inputs_order_refuse(b->job, xasprintf("there is another %s", name));
	push_word(b, "-include", name);
}

static void push_forced(struct builder *b, const struct incdirs *chain)
{
	const struct inputs_job *job = b->job;
	for (size_t i = 0; i < job->args.forced.n; i++) {
		if (i == job->args.imacros)
			push_predef(b, chain);
		push_word(
			b, i < job->args.imacros ? "-imacros" : "-include", job->args.forced.v[i]);
	}
	if (job->args.forced.n == job->args.imacros)
		push_predef(b, chain);
}

/* A compiler's own programs lie beside, or above, what it has of headers and libraries. */
static void spare_compiler(struct builder *b)
{
	struct inputs_walk walk;
	inputs_places_walk(&b->world->places, b->cwd, b->job->compiler, &walk);
	if (walk.way == WAY_THERE)
		inputs_view_spare(b->world, walk.end);
	inputs_walk_fini(&walk);
	for (size_t i = 0; i < b->job->own->dirs.n; i++) {
		const char *dir = b->job->own->dirs.v[i];
		if (!str_starts(str_base(dir), "include"))
			continue;
		inputs_places_walk(&b->world->places, b->cwd, dir, &walk);
		if (walk.way == WAY_THERE)
			inputs_view_spare(b->world, walk.end);
		inputs_walk_fini(&walk);
	}
}

bool inputs_flags_build(
	struct inputs_world *w, uint32_t cwd, struct inputs_job *job, struct incdirs *ret_chain)
{
	struct builder b = {.world = w, .job = job, .cwd = cwd};
	struct incdirs_world dirs = {.cpath = job->cpath,
		.lang_path = job->lang_path,
		.own = &job->own->dirs,
		.identify = identify,
		.ctx = &b};
	strv_push(&job->answer.flags, "-nostdinc");
	int err = incdirs_build(&job->args, &dirs, ret_chain);
	if (err) {
		inputs_order_refuse(job, xstrdup(err_str(err)));
	} else {
		spare_compiler(&b);
		push_forced(&b, ret_chain);
		if (job->answer.flags.n > JOB_FLAGS_MAX)
			inputs_order_refuse(job, xstrdup("more directories than a job may have"));
		if (job->answered)
			incdirs_fini(ret_chain);
	}
	vec_fini(&b.dirs);
	return !job->answered;
}
