#include "core/view.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

void view_entry_fini(struct view_entry *e)
{
	free(e->path);
	free(e->target);
	*e = (struct view_entry){0};
}

bool view_path_is_valid(const char *path)
{
	if (path[0] != '/' || strlen(path) > JOB_PATH_BYTES_MAX)
		return false;
	for (const char *p = path; *p;) {
		size_t n = strcspn(++p, "/");
		if (n == 0 || (p[0] == '.' && (n == 1 || (n == 2 && p[1] == '.'))))
			return false;
		p += n;
	}
	return true;
}

static bool is_valid(const struct view_entry *e)
{
	if (!view_path_is_valid(e->path) || e->bytes > VIEW_CONTENT_BYTES_MAX)
		return false;
	return e->kind != VIEW_LINK || (e->target && e->target[0]);
}

int view_write(const struct view_entry *e, struct buf *out)
{
	if (!is_valid(e))
		return ERR_PROTO;
	if (e->kind == VIEW_LINK && strlen(e->target) > JOB_PATH_BYTES_MAX)
		return ERR_TOOBIG;
	wr_u8(out, (uint8_t)e->kind);
	wr_str(out, e->path);
	if (e->kind == VIEW_LINK) {
		wr_str(out, e->target);
	} else if (e->kind == VIEW_FILE) {
		wr_raw(out, e->hash, sizeof e->hash);
		wr_u64(out, e->bytes);
		wr_u64(out, e->mtime_s);
	}
	return out->err;
}

int view_read(struct rd *r, struct view_entry *ret)
{
	struct view_entry e = {0};
	unsigned kind = rd_u8(r);
	if (!r->err && kind >= VIEW_KIND_COUNT)
		r->err = ERR_PROTO;
	e.kind = (enum view_kind)kind;
	e.path = rd_str(r, JOB_PATH_BYTES_MAX);
	if (e.kind == VIEW_LINK) {
		e.target = rd_str(r, JOB_PATH_BYTES_MAX);
	} else if (e.kind == VIEW_FILE) {
		rd_raw(r, e.hash, sizeof e.hash);
		e.bytes = rd_u64(r);
		e.mtime_s = rd_u64(r);
	}
	if (!r->err && !is_valid(&e))
		r->err = ERR_PROTO;
	if (r->err) {
		view_entry_fini(&e);
		return r->err;
	}
	*ret = e;
	return 0;
}
