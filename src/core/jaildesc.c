/* jaildesc - the fields in the order of the struct; a vector is its length and its strings. */
#include "core/jaildesc.h"

#include "base/err.h"
#include "base/vec.h"

enum {
	ARGV_MAX = JOB_FLAGS_MAX + 16, /* the flags, and what the jail puts around them */
	ARG_BYTES_MAX = JOB_FLAG_BYTES_MAX,
	BINDS_MAX = 64,
};

const char *const jail_system_paths[] = {
	"/usr",
	"/bin",
	"/sbin",
	"/lib",
	"/lib32",
	"/lib64",
	"/libx32",
	"/etc/ld.so.cache",
	"/etc/alternatives",
	NULL,
};

static void write_strv(struct buf *out, const struct strv *sv)
{
	wr_u32(out, (uint32_t)sv->n);
	for (size_t i = 0; i < sv->n; i++)
		wr_str(out, sv->v[i]);
}

static void read_strv(struct rd *r, struct strv *ret, size_t max_strings)
{
	size_t n = rd_u32(r);
	if (!r->err && n > max_strings)
		r->err = ERR_TOOBIG;
	for (size_t i = 0; !r->err && i < n; i++) {
		char *s = rd_str(r, ARG_BYTES_MAX);
		if (s)
			strv_push_take(ret, s);
	}
}

static void write_plan(struct buf *out, const struct viewplan *p)
{
	wr_u32(out, (uint32_t)p->n);
	for (size_t i = 0; i < p->n; i++) {
		wr_u32(out, p->v[i].kind);
		wr_str(out, p->v[i].path);
		wr_str(out, p->v[i].target ? p->v[i].target : "");
	}
}

static void read_plan(struct rd *r, struct viewplan *ret)
{
	size_t n = rd_u32(r);
	if (!r->err && n > VIEWPLAN_STEPS_MAX)
		r->err = ERR_TOOBIG;
	for (size_t i = 0; !r->err && i < n; i++) {
		uint32_t kind = rd_u32(r);
		if (!r->err && kind >= VIEWPLAN_KIND_COUNT)
			r->err = ERR_PROTO;
		vec_push(
			ret, (struct viewplan_step){(enum viewplan_kind)kind,
				     rd_str(r, JOB_PATH_BYTES_MAX), rd_str(r, JOB_PATH_BYTES_MAX)});
	}
}

void jail_desc_fini(struct jail_desc *d)
{
	free(d->cwd);
	free(d->source);
	for (size_t i = 0; i < JAIL_OUT_COUNT; i++)
		free(d->out[i]);
	strv_fini(&d->argv);
	strv_fini(&d->binds);
	free(d->tree);
	viewplan_fini(&d->plan);
	*d = (struct jail_desc){0};
}

int jail_desc_encode(const struct jail_desc *d, struct buf *out)
{
	if (d->argv.n > ARGV_MAX || d->binds.n > BINDS_MAX || d->plan.n > VIEWPLAN_STEPS_MAX)
		return ERR_TOOBIG;
	wr_str(out, d->cwd);
	wr_str(out, d->source);
	for (size_t i = 0; i < JAIL_OUT_COUNT; i++)
		wr_str(out, d->out[i]);
	write_strv(out, &d->argv);
	write_strv(out, &d->binds);
	wr_str(out, d->tree);
	write_plan(out, &d->plan);
	wr_u64(out, d->tmpfs_bytes);
	wr_u64(out, d->memory_bytes);
	wr_u32(out, d->cpu_s);
	wr_u32(out, d->wall_s);
	wr_u32(out, d->nice);
	wr_u32(out, d->way);
	wr_u32(out, d->level);
	wr_u32(out, d->is_trial);
	wr_u32(out, d->has_cgroup);
	wr_u32(out, d->utf8);
	wr_u32(out, d->no_clock);
	return out->err;
}

int jail_desc_decode(const void *data, size_t n, struct jail_desc *ret)
{
	struct rd r;
	rd_init(&r, data, n);
	struct jail_desc d = {0};
	d.cwd = rd_str(&r, JOB_PATH_BYTES_MAX);
	d.source = rd_str(&r, JOB_PATH_BYTES_MAX);
	for (size_t i = 0; i < JAIL_OUT_COUNT; i++)
		d.out[i] = rd_str(&r, JOB_PATH_BYTES_MAX);
	read_strv(&r, &d.argv, ARGV_MAX);
	read_strv(&r, &d.binds, BINDS_MAX);
	d.tree = rd_str(&r, JOB_PATH_BYTES_MAX);
	read_plan(&r, &d.plan);
	d.tmpfs_bytes = rd_u64(&r);
	d.memory_bytes = rd_u64(&r);
	d.cpu_s = rd_u32(&r);
	d.wall_s = rd_u32(&r);
	d.nice = rd_u32(&r);
	d.way = rd_u32(&r);
	d.level = rd_u32(&r);
	d.is_trial = rd_u32(&r);
	d.has_cgroup = rd_u32(&r);
	d.utf8 = rd_u32(&r);
	d.no_clock = rd_u32(&r);
	int err = rd_finish(&r);
	if (err) {
		jail_desc_fini(&d);
		return err;
	}
	*ret = d;
	return 0;
}
